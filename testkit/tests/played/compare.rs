//! What a recorded answer and another one must have in common.

use serde_json::Value;

use super::exchange::Exchange;
use super::oidc;
use super::shape::Shape;
use super::verdicts;
use crate::wire::Answer;

/// Lists of which every row is known from the recordings.
const WHOLE_LISTS: [&str; 5] = [
    "listSessions",
    "listServiceTerminators",
    "getCurrentIdentityEdgeRouters",
    "listCurrentIdentityAuthenticators",
    "listExternalJwtSigners",
];
/// Values that have to be the same.
const SAME: [&str; 20] = [
    "/authQueries/0/typeId",
    "/authQueries/0/isTotpEnrolled",
    "/code",
    "/message",
    "/expires_in",
    "/token_type",
    "/scope",
    "/error/message",
    "/error/cause/reason",
    "/error/code",
    "/error/cause/code",
    "/error/cause/field",
    "/meta/pagination/limit",
    "/data/isMfaComplete",
    "/data/isMfaRequired",
    "/data/isMfaEnabled",
    "/data/isVerified",
    "/data/isCertExtendable",
    "/data/authQueries/0/typeId",
    "/data/authQueries/1/typeId",
];

/// Where they differ.
pub(crate) fn differences(exchange: &Exchange, answer: &Answer) -> Vec<String> {
    let mut found = Vec::new();
    let mut equal = |what: &str, recorded: Option<String>, own: Option<String>| {
        if recorded != own {
            found.push(format!("{what}: {recorded:?} was recorded, not {own:?}"));
        }
    };
    equal("status", Some(exchange.status.to_string()), Some(answer.status.to_string()));
    let recorded = |name: &str| exchange.answer_header(name).map(str::to_owned);
    for name in ["Content-Type", "Content-Encoding", "Content-Transfer-Encoding", "Retry-After", "Expiration-Seconds"] {
        // Of access tokens it tells what is left.
        let told = name == "Expiration-Seconds";
        if !(told && (exchange.note.contains("1 minute") || exchange.header("Authorization").is_some())) {
            equal(name, recorded(name), answer.header(name).map(str::to_owned));
        }
    }
    let challenge = "WWW-Authenticate";
    equal(challenge, recorded(challenge).map(challenges), answer.header(challenge).map(str::to_owned).map(challenges));
    for name in ["Zt-Session", "Expires-At", "Expiration-Seconds", "Ziti-Instance-Id", "Date", "Location", "Connection"]
    {
        let there = |value: Option<&str>| Some(value.is_some().to_string());
        equal(&format!("{name} is there"), there(recorded(name).as_deref()), there(answer.header(name)));
    }
    equal("Location", recorded("Location").map(place), answer.header("Location").map(str::to_owned).map(place));
    let repeated = "Ziti-Authenticator-Extend-Requested";
    let times = |headers: &[(String, String)]| headers.iter().filter(|(name, _)| name == repeated).count().to_string();
    equal(repeated, Some(times(&exchange.answer_headers)), Some(times(&answer.headers)));
    found.extend(body_differences(exchange, answer));
    found
}

/// Where an answer sends to, without what is random in it: whether that is relative, the path, what the query holds.
fn place(location: String) -> String {
    let (path, query) = location.split_once('?').unwrap_or((&location, ""));
    let host = path.split('/').nth(2).filter(|_| path.contains("/oidc/") && path.contains("://")).unwrap_or_default();
    let random = ["authRequestID=", "id=", "code="];
    let told = query.split('&').map(|pair| random.into_iter().find(|name| pair.starts_with(name)).unwrap_or(pair));
    format!("{}?{}", path.replacen(host, "", usize::from(!host.is_empty())), told.collect::<Vec<_>>().join("&"))
}

/// Realms and errors of a challenge, without the texts and ids around them.
fn challenges(value: String) -> String {
    let words = value.split([',', ' ']).filter(|word| word.starts_with("realm=") || word.starts_with("error="));
    words.collect::<Vec<_>>().join(" ")
}

fn body_differences(exchange: &Exchange, answer: &Answer) -> Vec<String> {
    let Some(recorded) = &exchange.answer else { return Vec::new() };
    let parsed = (serde_json::from_slice::<Value>(recorded), serde_json::from_slice::<Value>(&answer.body));
    match parsed {
        (Ok(recorded), Ok(own)) => {
            let mut found = Shape::of(&recorded).differences(&Shape::of(&own), "");
            found.extend(verdicts::differences(&recorded, &own));
            found.extend(token_differences(&recorded, &own, ""));
            if recorded["error"].is_string() && error(&recorded) != error(&own) {
                found.push(format!("{:?} was recorded, not {:?}", error(&recorded), error(&own)));
            }
            for at in SAME {
                let (recorded, own) = (recorded.pointer(at), own.pointer(at));
                if recorded != own {
                    found.push(format!("{at}: {recorded:?} was recorded, not {own:?}"));
                }
            }
            if WHOLE_LISTS.iter().any(|operation| exchange.is(operation)) {
                let total = |body: &Value| body.pointer("/meta/pagination/totalCount").cloned();
                if total(&recorded) != total(&own) {
                    found.push(format!("{:?} rows were recorded, not {:?}", total(&recorded), total(&own)));
                }
            }
            found
        }
        (Err(_), Err(_)) if text_kind(recorded) == text_kind(&answer.body) => Vec::new(),
        (recorded, own) => vec![format!("the bodies are of different kinds: {recorded:?}, {own:?}")],
    }
}

/// What OAuth says of an error, without the id at its end.
fn error(body: &Value) -> (Option<&str>, Option<&str>) {
    let description = body["error_description"].as_str();
    (body["error"].as_str(), description.map(|text| text.split(" with id ").next().unwrap()))
}

/// Where the claims of tokens differ in what there is of them.
fn token_differences(recorded: &Value, own: &Value, at: &str) -> Vec<String> {
    let shape = |token: &str| oidc::claims(token).map(|claims| Shape::of(&claims));
    match (recorded, own) {
        (Value::Object(recorded), Value::Object(own)) => recorded
            .iter()
            .filter_map(|(name, value)| Some(token_differences(value, own.get(name)?, &format!("{at}.{name}"))))
            .flatten()
            .collect(),
        (Value::Array(recorded), Value::Array(own)) => {
            recorded.iter().zip(own).flat_map(|(recorded, own)| token_differences(recorded, own, at)).collect()
        }
        (Value::String(recorded), Value::String(own)) => {
            shape(recorded).zip(shape(own)).map_or_else(Vec::new, |(recorded, own)| recorded.differences(&own, at))
        }
        _ => Vec::new(),
    }
}

/// What kind of text a body is that is not JSON.
fn text_kind(body: &[u8]) -> String {
    if body.starts_with(b"\x89PNG\r\n\x1a\n") {
        return "a picture".to_owned();
    }
    let text = String::from_utf8_lossy(body);
    for (begin, kind) in [("<!DOCTYPE html>", "a page"), ("<a href=", "a link")] {
        if text.starts_with(begin) {
            return kind.to_owned();
        }
    }
    match text.matches("-----BEGIN CERTIFICATE-----").count() {
        0 if text.is_empty() => "empty".to_owned(),
        0 => {
            let longest = text.split('\n').map(str::len).max().unwrap_or_default();
            format!("lines of {longest}, final newline: {}", text.ends_with('\n'))
        }
        certificates => format!("{certificates} certificates"),
    }
}
