//! Error answers in all their shapes.

use std::borrow::Cow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::request::Head;
use super::timestamp::http_date;
use crate::error::{ApiError, Error};

/// No controller is waited for longer than this, whatever it asks for.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
/// How much is kept of an answer that is not the controller's own.
const EXCERPT: usize = 200;
/// How much is kept of the controller's own words.
const MESSAGE: usize = 1000;
/// How much of a body is looked at for an excerpt.
const LOOKED_AT: usize = 16 * 1024;

/// Reads an answer that is not a success. Status decides, never the shape of the body: envelope, bare
/// `{code,message}`, OAuth `{error,error_description}`, a JSON string, HTML, text or nothing.
pub(crate) fn read(operation: &str, head: &Head, body: &[u8]) -> ApiError {
    let mut said = words(body).unwrap_or_else(|| Words { message: excerpt(head, body), ..Words::default() });
    if (300..400).contains(&head.status) {
        said = Words {
            message: "redirects are not followed; is this the address of a controller, without a proxy's login page?"
                .to_owned(),
            ..Words::default()
        };
    }
    if said.message.is_empty() {
        said.message = "the answer gives no reason".to_owned();
    }
    ApiError {
        status: head.status,
        code: said.code.unwrap_or_else(|| format!("HTTP_{}", head.status)),
        message: said.message,
        cause: said.cause,
        request_id: said.request_id,
        retry_after: head.retry_after.as_deref().and_then(|text| wait(text, head.date.as_deref())),
        operation: operation.to_owned(),
    }
}

/// Sorts a refusal by what the caller can do: 401 unauthorized, 429, 503 and what was not even begun busy, 501
/// unsupported, else API.
pub(crate) fn into_error(answer: ApiError) -> Error {
    match answer.status {
        _ if answer.was_not_carried_out() => Error::Busy(Box::new(answer)),
        401 => Error::Unauthorized(Box::new(answer)),
        429 | 503 => Error::Busy(Box::new(answer)),
        501 => {
            Error::Unsupported(format!("{}: not implemented by this controller: {}", answer.operation, answer.message))
        }
        _ => Error::Api(Box::new(answer)),
    }
}

/// What an error answer says.
#[derive(Default)]
struct Words {
    code: Option<String>,
    message: String,
    cause: Option<Box<RawValue>>,
    request_id: Option<String>,
}

/// An object that may be any of the three shapes, or the inside of the first. Nothing in it is sure of its type.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape<'a> {
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow, rename = "error_description")]
    error_description: Option<&'a RawValue>,
    #[serde(borrow)]
    code: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    cause: Option<&'a RawValue>,
    #[serde(borrow)]
    request_id: Option<&'a RawValue>,
}

fn words(body: &[u8]) -> Option<Words> {
    let body = body.trim_ascii();
    match body.first()? {
        b'"' => {
            let text: String = serde_json::from_slice(body).ok()?;
            Some(Words { message: printable(text.chars(), MESSAGE), ..Words::default() })
        }
        b'{' => object_words(&serde_json::from_slice(body).ok()?),
        _ => None,
    }
}

fn object_words(shape: &Shape<'_>) -> Option<Words> {
    match shape.error {
        Some(inner) if inner.get().starts_with('{') => {
            // An envelope within the envelope is nobody's answer: only one level is opened.
            let inner: Shape<'_> = serde_json::from_str(inner.get()).ok()?;
            Some(plain_words(inner.code, inner.message, &inner))
        }
        Some(error) => Some(plain_words(Some(error), shape.error_description, shape)),
        None if shape.code.is_some() || shape.message.is_some() => Some(plain_words(shape.code, shape.message, shape)),
        None => None,
    }
}

fn plain_words(code: Option<&RawValue>, message: Option<&RawValue>, rest: &Shape<'_>) -> Words {
    let short = |raw: Option<&RawValue>| scalar(raw).map(|text| printable(text.chars(), EXCERPT));
    Words {
        code: short(code).filter(|code| !code.is_empty()),
        message: scalar(message).map(|text| printable(text.chars(), MESSAGE)).unwrap_or_default(),
        cause: rest.cause.map(ToOwned::to_owned),
        request_id: short(rest.request_id).filter(|id| !id.is_empty()),
    }
}

/// The text of a JSON string, or a number or boolean as it is written.
fn scalar(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    let text = raw?.get();
    match text.as_bytes().first()? {
        b'"' => serde_json::from_str::<String>(text).ok().map(Cow::Owned),
        b'{' | b'[' => None,
        _ => Some(Cow::Borrowed(text)),
    }
}

/// The start of an answer that is not the controller's own: a proxy's page, or text.
fn excerpt(head: &Head, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(LOOKED_AT)]);
    let is_html = head.content_type.as_deref().is_some_and(|kind| kind.to_ascii_lowercase().contains("html"));
    if is_html || text.trim_start().starts_with('<') {
        printable(without_tags(&text).chars(), EXCERPT)
    } else {
        printable(text.chars(), EXCERPT)
    }
}

/// The text between the tags of a page, without scripts and styles.
fn without_tags(page: &str) -> String {
    let mut out = String::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        out.push(' ');
        let tag = &rest[at..];
        let close = ["script", "style", "!--"].into_iter().find_map(|name| {
            let start = tag.get(1..=name.len())?;
            start.eq_ignore_ascii_case(name).then_some(if name == "!--" { "-->" } else { "</" })
        });
        let end = match close {
            Some(close) => tag.find(close).map(|end| if close == "-->" { end + close.len() } else { end }),
            None => tag.find('>').map(|end| end + 1),
        };
        // A closing tag of a script is found at its own "<" and stripped in the next round.
        rest = match end {
            Some(end) if end > 0 => &tag[end..],
            _ => "",
        };
    }
    out.push_str(rest);
    out
}

/// At most `limit` characters: white space becomes single spaces, control characters go.
fn printable(text: impl Iterator<Item = char>, limit: usize) -> String {
    let mut out = String::new();
    let mut length = 0;
    let mut space = false;
    for c in text {
        if c.is_whitespace() {
            space = !out.is_empty();
            continue;
        }
        if c.is_control() {
            continue;
        }
        if length + usize::from(space) >= limit {
            out.push('…');
            break;
        }
        if std::mem::take(&mut space) {
            out.push(' ');
            length += 1;
        }
        out.push(c);
        length += 1;
    }
    out
}

/// Reads `Retry-After`: seconds, or a date that is taken relative to the answer's own `Date`.
fn wait(text: &str, date: Option<&str>) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than a number holds is a long time too.
        let seconds = text.parse().map_or(LONGEST_WAIT, Duration::from_secs);
        return Some(seconds.min(LONGEST_WAIT));
    }
    let then = http_date(text)?;
    let now = date.and_then(http_date).or_else(local_seconds)?;
    let seconds = u64::try_from(then.saturating_sub(now)).unwrap_or(0);
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

fn local_seconds() -> Option<i64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> ApiError {
        read("GET /things", &Head { status, ..Head::default() }, body.as_bytes())
    }

    fn parts(answer: &ApiError) -> (&str, &str) {
        (&answer.code, &answer.message)
    }

    #[test]
    fn the_envelope_keeps_code_message_cause_and_request() {
        let answer = answer(
            602,
            r#"{"error":{"cause":{"field":"method","reason":"method in query is required","value":""},
                "code":"COULD_NOT_VALIDATE","message":"invalid","requestId":"954wlXThB"},"meta":{}}"#,
        );
        assert_eq!((answer.status, parts(&answer)), (602, ("COULD_NOT_VALIDATE", "invalid")));
        assert_eq!(answer.cause_field().as_deref(), Some("method"));
        assert_eq!(answer.request_id.as_deref(), Some("954wlXThB"));
        assert!(matches!(into_error(answer), Error::Api(_)));
    }

    #[test]
    fn every_other_shape_is_read_too() {
        for (body, code, message) in [
            (
                r#"{"code":"REQUEST_ENTITY_TOO_LARGE","message":"too big","cause":null}"#,
                "REQUEST_ENTITY_TOO_LARGE",
                "too big",
            ),
            (r#"{"error":"invalid_grant","error_description":"gone"}"#, "invalid_grant", "gone"),
            (r#"{"error":"invalid_grant"}"#, "invalid_grant", "the answer gives no reason"),
            (r#""operation x has not yet been implemented""#, "HTTP_499", "operation x has not yet been implemented"),
            (r#"{"error":{"message":"no code"}}"#, "HTTP_499", "no code"),
            (r#"{"error":{"code":17,"message":"number"}}"#, "17", "number"),
            (r#"{"error":{"code":{"a":1},"message":["x"]}}"#, "HTTP_499", "the answer gives no reason"),
            (r#"{"error":{"code":null,"message":null}}"#, "HTTP_499", "the answer gives no reason"),
            (r#"{"error":null,"code":"X","message":"bare"}"#, "X", "bare"),
            ("", "HTTP_499", "the answer gives no reason"),
            ("  \r\n", "HTTP_499", "the answer gives no reason"),
            ("404 page not found\n", "HTTP_499", "404 page not found"),
            ("{}", "HTTP_499", "{}"),
            (r#"{"error":{"code":"X""#, "HTTP_499", r#"{"error":{"code":"X""#),
            ("[1,2]", "HTTP_499", "[1,2]"),
        ] {
            assert_eq!(parts(&answer(499, body)), (code, message), "{body}");
        }
    }

    #[test]
    fn a_page_becomes_a_short_line_of_text() {
        let page = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title><style>b{c:d}</style>\
                    <script>if (a<b) x()</script></head><!-- <p>no</p> -->\
                    <body><h1>502</h1>\n\tnginx\u{7}</body></html>";
        assert_eq!(parts(&answer(502, page)), ("HTTP_502", "502 Bad Gateway 502 nginx"));
        let head = Head { status: 500, content_type: Some("Text/HTML; charset=utf-8".to_owned()), ..Head::default() };
        assert_eq!(read("GET /things", &head, b"oops <br").message, "oops");
    }

    #[test]
    fn long_answers_are_cut() {
        let message = answer(500, &"é".repeat(100_000)).message;
        assert_eq!((message.chars().count(), message.ends_with('…')), (201, true));
        let message = answer(500, &format!(r#"{{"code":"X","message":"{}"}}"#, "m ".repeat(5000))).message;
        assert!(message.chars().count() <= 1001, "{}", message.len());
        assert!(answer(500, &"<".repeat(100_000)).message.len() < 300);
    }

    #[test]
    fn bytes_that_are_no_text_are_read() {
        let read = |body: &[u8]| read("GET /things", &Head { status: 500, ..Head::default() }, body).message;
        assert_eq!(read(b"\xff\xfe\x00oops\x1b[0m"), "\u{fffd}\u{fffd}oops[0m");
        assert_eq!(read(b"\"\xff\""), "\"\u{fffd}\"");
        assert!(read("[".repeat(100_000).as_bytes()).ends_with('…'));
        let deep = format!(r#"{{"code":"X","cause":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(answer(500, &deep).status, 500);
    }

    #[test]
    fn a_redirect_says_that_it_is_not_followed() {
        let answer = answer(302, "<a href=\"https://elsewhere.test\">Found</a>");
        assert_eq!(answer.code, "HTTP_302");
        assert!(answer.message.contains("redirects are not followed"));
    }

    #[test]
    fn the_status_decides_what_the_caller_can_do() {
        let body = r#"{"error":{"code":"ANY","message":"m"}}"#;
        let sorted = |status| into_error(answer(status, body));
        assert!(matches!(sorted(401), Error::Unauthorized(_)));
        assert!(matches!(sorted(429), Error::Busy(_)));
        assert!(matches!(sorted(503), Error::Busy(_)));
        for status in [302, 400, 403, 404, 500, 502, 601, 606] {
            assert!(matches!(sorted(status), Error::Api(answer) if answer.status == status));
        }
        let message =
            into_error(answer(501, "\"operation service.PatchService has not yet been implemented\"")).to_string();
        assert!(message.contains("not implemented by this controller: operation service.PatchService"), "{message}");
    }

    #[test]
    fn retry_after_is_obeyed_and_capped() {
        let date = Some("Sun, 22 Nov 2026 07:13:06 GMT");
        for (text, seconds) in [
            ("5", Some(5)),
            (" 0 ", Some(0)),
            ("1000000000", Some(3600)),
            ("99999999999999999999999999", Some(3600)),
            ("Sun, 22 Nov 2026 07:13:16 GMT", Some(10)),
            ("Sun, 22 Nov 2026 07:13:00 GMT", Some(0)),
            ("Sun, 22 Nov 2099 07:13:00 GMT", Some(3600)),
            ("-5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(wait(text, date), seconds.map(Duration::from_secs), "{text}");
        }
        assert_eq!(wait("Sun, 22 Nov 2020 07:13:16 GMT", None), Some(Duration::ZERO));
        let head = Head { status: 429, retry_after: Some("7".to_owned()), ..Head::default() };
        assert_eq!(read("GET /things", &head, b"").retry_after, Some(Duration::from_secs(7)));
    }
}
