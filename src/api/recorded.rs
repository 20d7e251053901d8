//! What real controllers answered is read, and what they might answer never does harm.

mod left_out;

use std::collections::{BTreeSet, HashSet};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};

use super::services::tests::{read_one, read_page};
use super::{
    api_session, authentication, authenticators, controller, current_identity, enrollment, mfa, posture, services,
    sessions,
};
use crate::error::{ApiError, Error};
use crate::login::{ApiSession, Login};
use crate::wire::{Head, envelope, refusal};

/// All recorded exchanges but those of OIDC, which is no part of the API: name of the file, and its lines.
fn files() -> Vec<(String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let mut files = Vec::new();
    for version in ["1.3", "1.6", "2.0", "2.0-cluster"] {
        for entry in std::fs::read_dir(folder.join(version)).unwrap() {
            let path = entry.unwrap().path();
            let area = path.file_stem().unwrap().to_str().unwrap();
            files.push((format!("{version} {area}"), std::fs::read_to_string(&path).unwrap()));
        }
    }
    files.sort();
    files
}

#[derive(Deserialize)]
struct Exchange {
    n: u32,
    operation: Option<String>,
    request: Request,
    response: Response,
}

#[derive(Deserialize)]
struct Request {
    method: String,
}

#[derive(Deserialize)]
struct Response {
    status: u16,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

/// An answer of one of the operations that are read here.
struct Answer {
    name: String,
    operation: String,
    head: Head,
    body: String,
}

impl Answer {
    fn refusal(&self) -> ApiError {
        refusal::read(&self.operation, &self.head, self.body.as_bytes())
    }
}

/// All recorded answers in plain text; compressed ones are bytes to this layer.
fn answers() -> Vec<Answer> {
    let files = files();
    files.iter().flat_map(|(file, lines)| lines.lines().filter_map(|line| answer(file, line))).collect()
}

/// All recorded successes of an operation in plain text: where each comes from, and its body.
pub(super) fn successes(operation: &str) -> Vec<(String, String)> {
    let good = answers().into_iter().filter(|answer| answer.head.is_success() && answer.operation == operation);
    good.map(|answer| (answer.name, answer.body)).collect()
}

fn answer(file: &str, line: &str) -> Option<Answer> {
    let exchange: Exchange = serde_json::from_str(line).unwrap();
    let header = |name: &str| {
        let mut headers = exchange.response.headers.iter();
        headers.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
    };
    if header("content-encoding").is_some() || exchange.request.method == "HEAD" {
        return None;
    }
    let head = Head { status: exchange.response.status, content_type: header("content-type"), ..Head::default() };
    Some(Answer {
        name: format!("{file} {}", exchange.n),
        operation: exchange.operation?,
        head,
        body: exchange.response.body?,
    })
}

/// Reads an answer as its operation does, and looks at all of it. `None` for what is not read here.
fn read(operation: &str, body: &[u8]) -> Option<Result<(), Error>> {
    [
        controller::recorded::read,
        authentication::recorded::read,
        api_session::recorded::read,
        enrollment::recorded::read,
        posture::recorded::read,
        api_session::certificates::recorded::read,
        authenticators::recorded::read,
        current_identity::recorded::read,
        mfa::recorded::read,
        services::recorded::read,
        services::edge_routers::recorded::read,
        services::terminators::recorded::read,
        sessions::recorded::read,
    ]
    .iter()
    .find_map(|read| read(operation, body))
}

/// The body of a recorded answer: `1.6 sessions 1`.
pub(super) fn body(name: &str) -> String {
    answers().into_iter().find(|answer| answer.name == name).unwrap_or_else(|| panic!("no {name} is recorded")).body
}

/// What a recorded refusal says.
pub(super) fn refusal_of(name: &str) -> ApiError {
    answers().iter().find(|answer| answer.name == name).unwrap_or_else(|| panic!("no {name} is recorded")).refusal()
}

/// One good answer of each operation and shape, as far as they are JSON.
fn shapes() -> Vec<Answer> {
    let mut seen = HashSet::new();
    let good = answers().into_iter().filter(|answer| answer.head.is_success());
    let mine = good.filter(|answer| read(&answer.operation, answer.body.as_bytes()).is_some());
    mine.filter(|answer| {
        let value = serde_json::from_str(&answer.body);
        value.is_ok_and(|value| seen.insert(format!("{} {}", answer.operation, shape(&value))))
    })
    .collect()
}

fn shape(value: &Value) -> String {
    match value {
        Value::Object(fields) => fields.iter().map(|(key, value)| format!("{key}:{},", shape(value))).collect(),
        Value::Array(items) => format!("[{}]", items.first().map(shape).unwrap_or_default()),
        Value::Null => "0".to_owned(),
        _ => "x".to_owned(),
    }
}

#[test]
fn every_recorded_success_is_read() {
    let mut read_per_operation = std::collections::BTreeMap::<String, u32>::new();
    for answer in answers().iter().filter(|answer| answer.head.is_success()) {
        if let Some(result) = read(&answer.operation, answer.body.as_bytes()) {
            result.unwrap_or_else(|error| panic!("{}: {error}", answer.name));
            *read_per_operation.entry(answer.operation.clone()).or_default() += 1;
        }
    }
    assert!(read_per_operation.values().sum::<u32>() > 150, "{read_per_operation:?}");
}

#[test]
fn every_recorded_refusal_keeps_its_code_and_message() {
    let mut count = 0;
    for answer in answers().iter().filter(|answer| !answer.head.is_success()) {
        let refusal = answer.refusal();
        assert_eq!(refusal.status, answer.head.status, "{}", answer.name);
        let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        if let Some(code) = body["error"]["code"].as_str() {
            assert_eq!((refusal.code.as_str(), json!(refusal.request_id)), (code, body["error"]["requestId"].clone()));
            let message = body["error"]["message"].as_str().map(str::trim_end);
            assert_eq!(Some(refusal.message.as_str()), message, "{}", answer.name);
            let cause = refusal.cause.as_ref().map(|cause| serde_json::from_str::<Value>(cause.get()).unwrap());
            assert_eq!(cause.as_ref(), body["error"].get("cause"), "{}", answer.name);
            count += 1;
        }
        let error = refusal::into_error(refusal);
        assert_eq!(matches!(error, Error::Unauthorized(_)), answer.head.status == 401, "{}", answer.name);
        assert_eq!(matches!(error, Error::Unsupported(_)), answer.head.status == 501, "{}", answer.name);
    }
    assert!(count > 200, "{count}");
}

#[test]
fn recorded_logins_are_pending_exactly_if_a_factor_is_wanted() {
    let mut pending = Vec::new();
    for answer in answers().iter().filter(|answer| answer.operation == "authenticate" && answer.head.is_success()) {
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        let session: ApiSession = envelope::data("POST /authenticate", answer.body.as_bytes()).unwrap();
        assert_eq!(body["data"]["identity"]["name"].as_str(), session.identity_name.as_deref(), "{}", answer.name);
        assert_eq!(session.expiration_seconds, body["data"]["expirationSeconds"].as_u64(), "{}", answer.name);
        assert!(session.expires_at.as_ref().unwrap().unix_seconds().is_some(), "{}", answer.name);
        let wanted = body["data"]["authQueries"].as_array().unwrap().len();
        assert_eq!(matches!(Login::from(session.clone()), Login::Pending(_)), wanted > 0, "{}", answer.name);
        pending.extend(session.auth_queries.iter().map(|query| query.describe()));
    }
    assert!(pending.iter().any(|factor| factor == "a TOTP code"), "{pending:?}");
    assert!(pending.iter().any(|factor| factor.starts_with("an external JWT of signer ")), "{pending:?}");
}

#[test]
fn an_answer_with_one_field_changed_is_read_or_refused_with_a_path() {
    let mut tried = 0;
    for answer in shapes() {
        let value: Value = serde_json::from_str(&answer.body).unwrap();
        let token = value["data"]["token"].as_str().unwrap_or("no token here");
        for path in paths(&value) {
            for replacement in replacements() {
                let mut changed = value.clone();
                change(&mut changed, &path, replacement.as_ref());
                let body = changed.to_string();
                tried += 1;
                match read(&answer.operation, body.as_bytes()).unwrap() {
                    Ok(()) => {}
                    Err(Error::Decode { path, message, .. }) => {
                        assert!(!path.is_empty() && !message.contains(token), "{}: {body}", answer.name);
                    }
                    Err(error) => panic!("{}: {error}: {body}", answer.name),
                }
            }
        }
    }
    assert!(tried > 5_000, "{tried}");
}

/// What takes the place of a value; `None` takes the value away.
fn replacements() -> impl Iterator<Item = Option<Value>> {
    let values = [
        json!(null),
        json!(true),
        json!(-7),
        json!(1e300),
        json!("x"),
        json!("a\0\n\"é"),
        json!([]),
        json!([[1]]),
        json!({}),
    ];
    std::iter::once(None).chain(values.map(Some))
}

/// The way to every value: of lists only the first two items, of links nothing.
fn paths(value: &Value) -> Vec<Vec<String>> {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(items) => items.iter().take(2).enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    let mut all = vec![Vec::new()];
    for (key, child) in children {
        let below = if key == "_links" { vec![Vec::new()] } else { paths(child) };
        all.extend(below.into_iter().map(|mut path| {
            path.insert(0, key.clone());
            path
        }));
    }
    all
}

fn change(value: &mut Value, path: &[String], replacement: Option<&Value>) {
    match (path, replacement, value) {
        ([], replacement, value) => *value = replacement.cloned().unwrap_or_default(),
        ([key], None, Value::Object(fields)) => drop(fields.remove(key)),
        ([key, rest @ ..], _, Value::Object(fields)) => change(&mut fields[key], rest, replacement),
        ([at, rest @ ..], _, Value::Array(items)) => {
            change(&mut items[at.parse::<usize>().unwrap()], rest, replacement)
        }
        (_, _, value) => unreachable!("{value} has no parts"),
    }
}

#[test]
fn an_answer_cut_at_any_byte_is_refused() {
    for answer in shapes() {
        let body = answer.body.trim_end().as_bytes();
        let step = if body.len() < 3000 { 1 } else { 13 };
        for end in (0..body.len()).step_by(step) {
            let result = read(&answer.operation, &body[..end]).unwrap();
            assert!(matches!(result, Err(Error::Decode { .. })), "{} cut at {end}", answer.name);
        }
    }
}

/// All operations with a reader of which an answer was recorded, good or not.
fn operations() -> BTreeSet<String> {
    let all = answers().into_iter().map(|answer| answer.operation);
    all.filter(|operation| read(operation, b"").is_some()).collect()
}

/// Answers that are read as they are, without JSON.
const PLAIN: [&str; 3] = ["detailSpecBody", "detailMfaQrCode", "listWellKnownCas"];

/// Looks at what became of a bad answer. True if it was refused, with a place and in few words.
fn is_refused(operation: &str, body: &[u8]) -> bool {
    let shown = String::from_utf8_lossy(&body[..body.len().min(60)]);
    let start = Instant::now();
    let outcome = read(operation, body).unwrap();
    // What takes a time that grows with the square of the length takes minutes.
    assert!(start.elapsed() < Duration::from_secs(20), "{operation}: {shown}: {:?}", start.elapsed());
    match outcome {
        Ok(()) => false,
        Err(Error::Decode { path, message, .. }) => {
            assert!(!path.is_empty() && path.len() <= 300, "{operation}: {shown}: {path}");
            assert!(!message.is_empty() && message.len() < 300, "{operation}: {shown}: {message}");
            true
        }
        Err(error) => panic!("{operation}: {shown}: {error}"),
    }
}

#[test]
fn malformed_answers_are_refused_in_bounded_time() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let bad: Vec<Vec<u8>> = vec![
        b"".into(),
        b" \n".into(),
        b"{}".into(),
        b"null".into(),
        b"[]".into(),
        b"7".into(),
        b"\"data\"".into(),
        b"{\"data\":{}".into(),
        b"{\"data\":[],\"data\":[]}".into(),
        b"{\"meta\":{\"pagination\":null}}".into(),
        b"<html>log in</html>".into(),
        "\u{feff}{\"data\":{}}".into(),
        b"{\"data\":7}".into(),
        b"{\"data\":true}".into(),
        b"{\"data\":\"x\"}".into(),
        b"{\"data\":[[[]]]}".into(),
        b"{\"data\":[7]}".into(),
        b"{\"data\":{\"id\":\"\xff\xfe\",\"name\":\"\xc3\",\"token\":\"\x80\",\"version\":\"\xff\"}}".into(),
        format!("{{\"data\":{deep}}}").into(),
        format!("{{\"data\":[{deep}]}}").into(),
        deep.clone().into(),
        "{\"data\":".repeat(100_000).into(),
        format!("{{\"data\":{{{}", "\"a\":{".repeat(100_000)).into(),
    ];
    let operations = operations();
    assert!(operations.len() >= 30, "{operations:?}");
    for operation in &operations {
        for body in &bad {
            let is_refused = is_refused(operation, body);
            let is_plain = PLAIN.contains(&operation.as_str());
            assert!(is_refused || is_plain, "{operation}: {}", String::from_utf8_lossy(&body[..body.len().min(60)]));
        }
    }
}

#[test]
fn odd_answers_are_refused_unless_nothing_in_them_is_needed() {
    let many = |item: &str| format!("[{}{item}]", format!("{item},").repeat(5_000));
    let members: String = (0..50_000).map(|at| format!("\"k{at}\":[],")).collect();
    let odd: Vec<String> = vec![
        "{\"data\":null}".into(),
        "{\"data\":null,\"meta\":null}".into(),
        "{\"data\":{}}".into(),
        "{\"data\":[]}".into(),
        "{\"data\":[null]}".into(),
        "{\"data\":[{}]}".into(),
        "{\"data\":[{\"id\":null}]}".into(),
        "{\"data\":[],\"meta\":{\"pagination\":{\"offset\":0,\"totalCount\":18446744073709551615}}}".into(),
        "{\"data\":[],\"meta\":{\"pagination\":{\"offset\":-1,\"totalCount\":\"x\"}}}".into(),
        format!("{{\"data\":{{\"id\":1{}}}}}", "0".repeat(100_000)),
        format!("{{\"data\":{{\"{}\":1}}}}", "k".repeat(100_000)),
        format!("{{\"data\":{{{members}\"id\":7}}}}"),
        format!("{{\"data\":{}}}", many("{}")),
        format!("{{\"data\":{}}}", many("\"\"")),
        format!("{{\"data\":{}}}", many(r#"{"id":"a","name":"b"}"#)),
        r#"{"data":{"id":"a","version":"1","version":"2","name":"b","name":"c","token":"t","token":"u"}}"#.into(),
    ];
    for operation in operations() {
        let refused: Vec<bool> = odd.iter().map(|body| is_refused(&operation, body.as_bytes())).collect();
        // A service says more than a version: without id and name it is none.
        if operation == "detailService" {
            assert_eq!(refused, [true; 16]);
        }
        if operation == "listServices" {
            let is_read = [3, 7, 14];
            assert!(refused.iter().enumerate().all(|(at, refused)| *refused != is_read.contains(&at)), "{refused:?}");
        }
    }
}

#[test]
fn depth_in_what_is_not_looked_into_does_no_harm() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let body = format!(r#"{{"data":[{{"id":"i","name":"n","_links":{deep},"postureQueries":{deep}}}]}}"#);
    let services = read_page(body.as_bytes()).unwrap();
    assert_eq!(services.get(0).unwrap().posture_queries_json().len(), deep.len());
    let body = format!(r#"{{"data":{{"id":"i","name":"n","config":{{"intercept.v1":{deep}}}}}}}"#);
    let config = read_one(body.as_bytes()).unwrap().view().config::<super::services::InterceptV1>();
    assert!(matches!(config, Err(Error::Decode { .. })));
}
