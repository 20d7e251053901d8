//! The identity file, read with as little as possible, for the baselines.

use serde::Deserialize;

use crate::Outcome;

/// PEM texts of an identity file, and the address of its controller.
pub(crate) struct Pems {
    pub(crate) key: String,
    pub(crate) cert: String,
    pub(crate) ca: String,
    pub(crate) authority: String,
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "ztAPI")]
    url: String,
    id: Id,
}

#[derive(Deserialize)]
struct Id {
    key: String,
    cert: String,
    ca: String,
}

pub(crate) fn read(path: &str) -> Outcome<Pems> {
    let file: File = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let pem = |text: String| text.trim_start_matches("pem:").to_owned();
    let rest = file.url.trim_start_matches("https://");
    let authority = rest.split('/').next().unwrap_or(rest).to_owned();
    Ok(Pems { key: pem(file.id.key), cert: pem(file.id.cert), ca: pem(file.id.ca), authority })
}
