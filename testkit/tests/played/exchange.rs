//! Recorded exchanges.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use ziti_edge_testkit::Version;

/// The areas in the order in which they were recorded: what one leaves behind the next may use.
pub(crate) const AREAS: [&str; 13] = [
    "controller",
    "enrollment",
    "authentication",
    "api-session",
    "services",
    "sessions",
    "posture",
    "current-identity",
    "authenticators",
    "management",
    "mfa",
    "errors",
    "oidc",
];

/// One request and what a real controller answered.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    pub(crate) area: &'static str,
    pub(crate) number: u64,
    /// `None` where the path has no operation of its own.
    pub(crate) operation: Option<String>,
    pub(crate) purpose: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<String>,
    pub(crate) certificate: Option<String>,
    pub(crate) note: String,
    pub(crate) status: u16,
    pub(crate) answer_headers: Vec<(String, String)>,
    /// `None` if the recording holds only a part of it.
    pub(crate) answer: Option<Vec<u8>>,
}

/// The folder of a version's recordings.
pub(crate) fn folder(version: Version) -> &'static str {
    match version {
        Version::V1_3 => "1.3",
        Version::V1_6 => "1.6",
        Version::V2_0 => "2.0",
    }
}

/// All recorded exchanges of an area, in order.
pub(crate) fn load(version: Version, area: &'static str) -> Vec<Exchange> {
    load_from(folder(version), area)
}

/// The same of the recorded cluster.
pub(crate) fn load_cluster() -> Vec<Exchange> {
    load_from("2.0-cluster", "cluster")
}

/// The areas of which there is a file.
pub(crate) fn areas(version: Version) -> Vec<String> {
    let files = fs::read_dir(recordings().join(folder(version))).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.map(|name| name.strip_suffix(".jsonl").unwrap_or(&name).to_owned()).collect()
}

fn recordings() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/recordings")
}

fn load_from(folder: &str, area: &'static str) -> Vec<Exchange> {
    let file = recordings().join(folder).join(format!("{area}.jsonl"));
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    text.lines().map(|line| exchange(area, &serde_json::from_str(line).unwrap())).collect()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn exchange(area: &'static str, recorded: &Value) -> Exchange {
    let (request, response) = (&recorded["request"], &recorded["response"]);
    let headers: BTreeMap<String, Value> = serde_json::from_value(request["headers"].clone()).unwrap();
    let headers = headers.into_iter().flat_map(|(name, values)| {
        let values = if let Value::Array(values) = values { values } else { vec![values] };
        values.into_iter().map(move |value| (name.clone(), value.as_str().unwrap().to_owned()))
    });
    Exchange {
        area,
        number: recorded["n"].as_u64().unwrap(),
        operation: text(&recorded["operation"]),
        purpose: text(&recorded["purpose"]).unwrap(),
        method: text(&request["method"]).unwrap(),
        path: text(&request["path"]).unwrap(),
        headers: headers.collect(),
        body: text(&request["body"]),
        certificate: text(&request["tls_client_certificate"]),
        note: text(&recorded["note"]).unwrap_or_default(),
        status: u16::try_from(response["status"].as_u64().unwrap()).unwrap(),
        answer_headers: serde_json::from_value(response["headers"].clone()).unwrap(),
        answer: answer_body(response),
    }
}

fn answer_body(response: &Value) -> Option<Vec<u8>> {
    use base64::Engine;
    if response["body_truncated_from"].is_u64() {
        return None;
    }
    if let Some(coded) = response["body_base64"].as_str() {
        let bytes = base64::prelude::BASE64_STANDARD.decode(coded).unwrap();
        if !response["headers"].as_array().unwrap().iter().any(|header| header[0] == "Content-Encoding") {
            return Some(bytes);
        }
        let mut inflated = Vec::new();
        let mut decoder = flate2::read::GzDecoder::new(bytes.as_slice());
        return std::io::Read::read_to_end(&mut decoder, &mut inflated).ok().map(|_| inflated);
    }
    Some(response["body"].as_str().unwrap_or_default().as_bytes().to_vec())
}

impl Exchange {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// What tells the session of the request: a legacy session's token, or the first access token.
    pub(crate) fn session(&self) -> Option<&str> {
        let bearer = || self.header("Authorization").and_then(|value| value.strip_prefix("Bearer "));
        self.header("zt-session").or_else(bearer)
    }

    pub(crate) fn answer_header(&self, name: &str) -> Option<&str> {
        self.answer_headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(self.answer.as_deref()?).ok()
    }

    pub(crate) fn is(&self, operation: &str) -> bool {
        self.operation.as_deref() == Some(operation)
    }

    /// How a failure names it.
    pub(crate) fn name(&self) -> String {
        format!("{} {} ({})", self.area, self.number, self.purpose)
    }
}
