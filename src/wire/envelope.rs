//! `{"data": …, "meta": …}`, and where in it reading failed.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor};
use zeroize::Zeroize;

use super::fields::{self, Field, Outcome};
use super::json::Json;
use super::page::{Meta, Pagination};
use crate::error::Error;

/// Reads the `data` of an enveloped answer. `operation` is `METHOD /path`, for the error.
pub(crate) fn data<T: Field>(operation: &str, body: &[u8]) -> Result<T, Error> {
    let (value, _) = tree(operation, body, false)?;
    fields::read(operation, "data", value).model
}

/// The same of a body that is wiped if a secret was read from it.
pub(crate) fn data_once<T: Field>(operation: &str, body: &mut [u8]) -> Result<T, Error> {
    let (value, _) = tree(operation, body, false)?;
    let Outcome { model, has_secret } = fields::read(operation, "data", value);
    wipe_if(has_secret, body);
    model
}

fn wipe_if(has_secret: bool, body: &mut [u8]) {
    if has_secret {
        body.zeroize();
    }
}

/// Reads an answer that is not enveloped.
pub(crate) fn bare<T: Field>(operation: &str, body: &[u8]) -> Result<T, Error> {
    let seed = PhantomData::<Json<'_>>;
    let value = parse(body, seed).map_err(|error| explain(operation, body, seed, &error))?;
    fields::read(operation, "answer", value).model
}

/// The same of a body that is wiped: what it holds may be a secret even where it cannot be read.
pub(crate) fn bare_once<T: Field>(operation: &str, body: &mut [u8]) -> Result<T, Error> {
    let model = bare(operation, body);
    body.zeroize();
    model
}

/// Reads the rows of a page, and where it lies. The body is wiped if a secret was read from it.
pub(crate) fn rows_once<T: Field>(operation: &str, body: &mut [u8]) -> Result<(Vec<T>, Pagination), Error> {
    let (value, pagination) = tree(operation, body, true)?;
    let Outcome { model, has_secret } = fields::read(operation, "data", value);
    wipe_if(has_secret, body);
    Ok((model?, pagination))
}

/// The same of a body that a test goes on using.
#[cfg(test)]
pub(crate) fn rows<T: Field>(operation: &str, body: &[u8]) -> Result<(Vec<T>, Pagination), Error> {
    rows_once(operation, &mut body.to_vec())
}

/// The `data` of an answer, whatever it is.
fn tree<'a>(operation: &str, body: &'a [u8], paged: bool) -> Result<(Json<'a>, Pagination), Error> {
    let envelope = || Envelope { data: PhantomData::<Json<'_>>, paged };
    parse(body, envelope()).map_err(|error| explain(operation, body, envelope(), &error))
}

/// How to read an envelope: its `data` by a seed, and whether `meta.pagination` matters.
pub(crate) struct Envelope<S> {
    pub(crate) data: S,
    pub(crate) paged: bool,
}

/// Reads all of `body`, as fast as can be. Looking at its UTF-8 at once is a tenth cheaper than string by string.
pub(crate) fn parse<'de, S>(body: &'de [u8], seed: S) -> Result<S::Value, serde_json::Error>
where
    S: DeserializeSeed<'de>,
{
    let text = str::from_utf8(body).map_err(|_| serde_json::Error::custom("the body is not UTF-8"))?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = seed.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// Reads `body` once more to find the place at which it cannot be read. `error` is what [`parse`] said.
pub(crate) fn explain<'de, S>(operation: &str, body: &'de [u8], seed: S, error: &serde_json::Error) -> Error
where
    S: DeserializeSeed<'de>,
{
    tracked(operation, body, seed).err().unwrap_or_else(|| Error::Decode {
        operation: operation.to_owned(),
        path: TOP.to_owned(),
        message: without_values(error),
    })
}

/// Reads JSON that was kept as it came, and lies at `place` in the answer to `operation`.
pub(crate) fn kept<T: Field>(operation: &str, place: &str, json: &str) -> Result<T, Error> {
    // It was JSON when its answer was read, so all that can be wrong is that it is too deep, or a number too large.
    let value = parse(json.as_bytes(), PhantomData::<Json<'_>>).map_err(|error| Error::Decode {
        operation: operation.to_owned(),
        path: place.to_owned(),
        message: without_values(&error),
    })?;
    fields::read(operation, place, value).model
}

/// The same for types of the caller's, in one pass that keeps track of the place: they are not worth a second reader.
pub(crate) fn kept_as<T: DeserializeOwned>(operation: &str, place: &str, json: &str) -> Result<T, Error> {
    tracked(operation, json.as_bytes(), PhantomData::<T>).map_err(|error| below(place, error))
}

/// The same error with a place that begins further up.
fn below(place: &str, error: Error) -> Error {
    let Error::Decode { operation, path, message } = error else { return error };
    let path = match path.as_str() {
        TOP => place.to_owned(),
        path if path.starts_with('[') => format!("{place}{path}"),
        path => format!("{place}.{path}"),
    };
    Error::Decode { operation, path, message }
}

/// Reads all of `body`, with the place in the error.
fn tracked<'de, S>(operation: &str, body: &'de [u8], seed: S) -> Result<S::Value, Error>
where
    S: DeserializeSeed<'de>,
{
    let decode = |path: String, message: String| Error::Decode { operation: operation.to_owned(), path, message };
    if body.trim_ascii().is_empty() {
        return Err(decode(TOP.to_owned(), "the body is empty".to_owned()));
    }
    let text = str::from_utf8(body)
        .map_err(|error| decode(format!("byte {}", error.valid_up_to()), "the body is not UTF-8".to_owned()))?;
    let mut track = serde_path_to_error::Track::new();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = seed
        .deserialize(serde_path_to_error::Deserializer::new(&mut deserializer, &mut track))
        .map_err(|error| decode(path_text(&track.path()), without_values(&error)))?;
    deserializer.end().map_err(|error| decode(TOP.to_owned(), without_values(&error)))?;
    Ok(value)
}

/// Stands where a path would be empty.
const TOP: &str = "the top level";

/// Paths hold keys that the controller chose: no control characters, and an end.
fn path_text(path: &serde_path_to_error::Path) -> String {
    if path.iter().next().is_none() {
        return TOP.to_owned();
    }
    path.to_string().chars().filter(|c| !c.is_control()).take(200).collect()
}

/// What serde says, without the values it quotes: an answer holds tokens. Names of our own fields stay.
pub(crate) fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find(['"', '`']) {
        let is_field = rest[..at].ends_with("missing field ") || rest[..at].ends_with("duplicate field ");
        let (kept, quoted) = rest.split_at(at);
        let end = end_of_quoted(quoted);
        out.push_str(if is_field { &rest[..at + end] } else { kept.trim_end() });
        rest = &quoted[end..];
    }
    out.push_str(rest);
    out
}

/// The length of the quoted text at the start of `text`. Within double quotes serde escapes, within backticks
/// it does not: there only the last one surely ends the value.
fn end_of_quoted(text: &str) -> usize {
    if text.starts_with('`') {
        return text.rfind('`').filter(|&end| end > 0).map_or(text.len(), |end| end + 1);
    }
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Key {
    Data,
    Meta,
    #[serde(other)]
    Other,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Envelope<S> {
    type Value = (S::Value, Pagination);

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for Envelope<S> {
    type Value = (S::Value, Pagination);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a field data")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut seed = Some(self.data);
        let mut data = None;
        let mut pagination = Pagination::default();
        while let Some(key) = map.next_key()? {
            match key {
                Key::Data => {
                    let seed = seed.take().ok_or_else(|| A::Error::duplicate_field("data"))?;
                    data = Some(map.next_value_seed(seed)?);
                }
                Key::Meta if self.paged => pagination = map.next_value::<Option<Meta>>()?.unwrap_or_default().into(),
                Key::Meta | Key::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let data = data.ok_or_else(|| A::Error::missing_field("data"))?;
        Ok((data, pagination))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::secret::Secret;

    fn refusal<T: Field + fmt::Debug>(body: &[u8]) -> (String, String) {
        match data::<T>("GET /things", body) {
            Err(Error::Decode { operation, path, message }) => {
                assert_eq!(operation, "GET /things");
                (path, message)
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn data_is_read_whatever_stands_beside_it() {
        for body in [
            r#"{"data":[1,2],"meta":{}}"#,
            r#"{"meta":null,"data":[1,2]}"#,
            r#"{"meta":"odd","more":{"data":3},"data":[1,2]}"#,
            " {\"data\" : [1,2]}\r\n",
        ] {
            assert_eq!(data::<Vec<u64>>("GET /things", body.as_bytes()).unwrap(), [1, 2], "{body}");
        }
    }

    #[test]
    fn a_body_is_wiped_if_it_held_a_secret() {
        let wiped = |body: &str, read: fn(&mut [u8])| {
            let mut bytes = body.as_bytes().to_vec();
            read(&mut bytes);
            match bytes == body.as_bytes() {
                true => false,
                false => {
                    assert!(bytes.iter().all(|byte| *byte == 0), "{body}");
                    true
                }
            }
        };
        let body = r#"{"data":["a"]}"#;
        assert!(wiped(body, |body| assert_eq!(rows_once::<Secret>("GET /x", body).unwrap().0[0].expose(), "a")));
        assert!(!wiped(body, |body| assert_eq!(rows_once::<String>("GET /x", body).unwrap().0, ["a"])));
        assert!(wiped(body, |body| drop(data_once::<Vec<Option<Secret>>>("GET /x", body).unwrap())));
        assert!(!wiped(body, |body| drop(data_once::<Vec<String>>("GET /x", body).unwrap())));
        let fault = r#"{"data":["a",7]}"#;
        assert!(wiped(fault, |body| drop(rows_once::<Secret>("GET /x", body).unwrap_err())));
        assert!(wiped(fault, |body| drop(data_once::<Vec<Secret>>("GET /x", body).unwrap_err())));
        assert!(!wiped(r#"{"data":[null]}"#, |body| drop(data_once::<Vec<Option<Secret>>>("GET /x", body).unwrap())));
    }

    #[test]
    fn data_that_may_be_null_is_read_from_null() {
        assert_eq!(data::<Option<u64>>("GET /things", br#"{"data":null}"#).unwrap(), None);
    }

    #[test]
    fn answers_without_data_say_what_is_wrong() {
        for (body, wanted) in [
            ("", "the body is empty"),
            (" \n", "the body is empty"),
            ("{}", "missing field `data`"),
            ("null", "expected an object with a field data"),
            ("[]", "expected an object with a field data"),
            ("[[]]", "expected an object with a field data"),
            ("true", "expected an object with a field data"),
            ("\u{feff}{\"data\":[]}", "expected value"),
            (r#"{"data":[]} x"#, "trailing characters"),
            (r#"{"data":[],"data":[]}"#, "duplicate field `data`"),
        ] {
            let (path, message) = refusal::<Vec<u64>>(body.as_bytes());
            assert!(!path.is_empty() && message.contains(wanted), "{body}: {path}: {message}");
        }
        assert!(refusal::<String>(br#"{"data":null}"#).1.contains("is missing"));
    }

    #[test]
    fn a_body_that_is_not_utf8_is_refused_at_the_byte() {
        let (path, message) = refusal::<Vec<u64>>(b"{\"x\":\"\xff\",\"data\":[]}");
        assert_eq!((path.as_str(), message.as_str()), ("byte 6", "the body is not UTF-8"));
    }

    #[test]
    fn the_path_leads_to_the_place() {
        let (path, message) = refusal::<Vec<BTreeMap<String, u64>>>(br#"{"data":[{"a":1},{"b":true}]}"#);
        assert_eq!(path, "data[1].b");
        assert!(message.starts_with("this is a boolean, expected a whole number"), "{message}");
        let (path, message) = refusal::<Vec<u64>>(br#"{"data":[1,2,"#);
        assert_eq!(path, "data");
        assert!(message.starts_with("EOF while parsing a value"), "{message}");
    }

    #[test]
    fn a_path_of_foreign_keys_is_short_and_printable() {
        let body = format!(r#"{{"data":{{"a\n{}":"#, "k".repeat(5000));
        let (path, _) = refusal::<BTreeMap<String, u64>>(body.as_bytes());
        assert!(path.starts_with("data.ak") && path.len() == 200, "{path}");
    }

    #[test]
    fn no_message_quotes_a_value() {
        let bodies = [
            r#"{"data":"canary"}"#,
            r#"{"data":"x\"canary\" \\"}"#,
            r#"{"data":"ends in a quote canary\""}"#,
            r#"{"data":"`canary`"}"#,
            r#"{"data":"missing field `canary`"}"#,
            r#"{"data":{"canary":1}}"#,
        ];
        for body in bodies {
            for message in [
                refusal::<u64>(body.as_bytes()).1,
                refusal::<Vec<String>>(body.as_bytes()).1,
                refusal::<Option<bool>>(body.as_bytes()).1,
            ] {
                assert!(!message.contains("canary"), "{body}: {message}");
            }
        }
        assert!(!refusal::<bool>(br#"{"data":123456}"#).1.contains("123456"));
    }

    #[test]
    fn what_would_exhaust_the_stack_is_refused() {
        let deep = |depth: usize| format!("{{\"data\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(refusal::<Vec<u64>>(deep(100_000).as_bytes()).1.contains("recursion limit"));
        assert_eq!(refusal::<Vec<u64>>(deep(100).as_bytes()).0, "data[0]");
    }
}
