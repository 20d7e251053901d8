//! Every recorded answer is read as its operation reads it, or stands here with the reason why it is not.

use serde_json::Value;

use super::{files, read};
use crate::error::Error;
use crate::wire::{Head, refusal};

const SUCCESS_IS_ALL: &str = "nothing of the answer but its success is told";
const NOT_ASKED: &str = "this library asks for no such thing";

/// Operations, or method and path where there is none, whose success nobody reads.
const LEFT_OUT: &[(&str, &str)] = &[
    ("createMfaRecoveryCodes", SUCCESS_IS_ALL),
    ("deleteCurrentApiSessionCertificate", SUCCESS_IS_ALL),
    ("deleteMfa", SUCCESS_IS_ALL),
    ("deleteSession", SUCCESS_IS_ALL),
    ("enrollOttCa", SUCCESS_IS_ALL),
    ("extendVerifyCurrentIdentityAuthenticator", SUCCESS_IS_ALL),
    ("patchCurrentIdentityAuthenticator", SUCCESS_IS_ALL),
    ("updateCurrentIdentityAuthenticator", SUCCESS_IS_ALL),
    ("verifyMfa", SUCCESS_IS_ALL),
    ("DELETE /edge/client/v1/current-api-session", SUCCESS_IS_ALL),
    ("DELETE /edge/management/v1/current-api-session", SUCCESS_IS_ALL),
    ("detailMfaQrCode", "a picture, which is read beside its operation"),
    ("compressed", "the transport opens what is compressed, and nothing else sees it"),
    ("GET /", NOT_ASKED),
    ("GET /.well-known/openid-configuration", NOT_ASKED),
    ("GET /edge/client/v1/swagger.json", NOT_ASKED),
    ("GET //version", NOT_ASKED),
    ("GET /edge/client/v1/version/", NOT_ASKED),
    ("OPTIONS /edge/client/v1/services", NOT_ASKED),
];

/// A recorded exchange, and by what it would stand above.
struct Exchange {
    name: String,
    key: String,
    head: Head,
    /// `None` if it is no text.
    body: Option<String>,
}

/// All but those of OIDC, which are read with the login.
fn exchanges() -> Vec<Exchange> {
    let mut all = Vec::new();
    for (file, lines) in files() {
        for line in lines.lines() {
            let exchange: Value = serde_json::from_str(line).unwrap();
            let path = exchange["request"]["path"].as_str().unwrap();
            if !path.starts_with("/oidc/") {
                all.push(Exchange::of(&format!("{file} {}", exchange["n"]), path, &exchange));
            }
        }
    }
    all
}

impl Exchange {
    fn of(name: &str, path: &str, exchange: &Value) -> Self {
        let headers: Vec<(String, String)> = serde_json::from_value(exchange["response"]["headers"].clone()).unwrap();
        let header = |name: &str| {
            let found = headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.clone())
        };
        let status = exchange["response"]["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap();
        let unnamed = || {
            let path = path.split('?').next().unwrap_or_default();
            format!("{} {path}", exchange["request"]["method"].as_str().unwrap())
        };
        let key = match (header("content-encoding"), exchange["operation"].as_str()) {
            (Some(_), _) => "compressed".to_owned(),
            (None, Some(operation)) => operation.to_owned(),
            (None, None) => unnamed(),
        };
        Self {
            name: name.to_owned(),
            key,
            head: Head { status, content_type: header("content-type"), ..Head::default() },
            body: exchange["response"]["body"].as_str().map(str::to_owned),
        }
    }
}

#[test]
fn every_recorded_answer_is_read_or_left_out_for_a_reason() {
    let (mut seen, mut refusals, mut successes) = (vec![false; LEFT_OUT.len()], 0, 0);
    for Exchange { name, key, head, body } in exchanges() {
        let left_out = LEFT_OUT.iter().position(|(what, _)| *what == key);
        if !head.is_success() {
            let answer = refusal::read(&key, &head, body.unwrap_or_default().as_bytes());
            assert_eq!(answer.status, head.status, "{name}");
            assert!(!answer.code.is_empty() && !answer.message.is_empty(), "{name}: {answer:?}");
            let error = refusal::into_error(answer);
            assert_eq!(matches!(error, Error::Unauthorized(_)), head.status == 401, "{name}: {error}");
            refusals += 1;
            continue;
        }
        match (left_out, body.and_then(|body| read(&key, body.as_bytes()))) {
            (Some(at), None) => seen[at] = true,
            (Some(at), Some(_)) if LEFT_OUT[at].1.contains("beside") => seen[at] = true,
            (None, Some(outcome)) => outcome.unwrap_or_else(|error| panic!("{name}: {error}")),
            (Some(at), Some(_)) => panic!("{name} is read, and left out because {}", LEFT_OUT[at].1),
            (None, None) => panic!("nothing reads {name}, which is the answer to {key}"),
        }
        successes += 1;
    }
    let unused: Vec<_> = LEFT_OUT.iter().zip(seen).filter(|(_, seen)| !seen).map(|((what, _), _)| what).collect();
    assert!(unused.is_empty(), "nothing is left out by {unused:?}");
    assert!(successes > 600 && refusals > 600, "{successes} {refusals}");
}
