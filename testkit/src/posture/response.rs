//! What endpoints say about themselves, as it comes.

use serde_json::Value;

use crate::answers::Refusal;
use crate::manners::{Invalid, Version};

/// One response to a posture query.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Response {
    Os { name: String, version: String },
    Domain(String),
    Macs(Vec<String>),
    Process { path: String, process: Process },
    State { woken: bool, unlocked: bool },
}

/// A process as an endpoint found it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(super) running: bool,
    pub(super) hash: String,
    pub(super) signers: Vec<String>,
}

impl Response {
    /// Reads one response. Whether there is a check with its id does not matter, neither here nor at the real
    /// controller.
    pub(crate) fn read(document: &Value, version: Version) -> Result<Self, Refusal> {
        let Some(type_id) = document["typeId"].as_str() else {
            return Err(Refusal::invalid(version, Invalid::Missing, "typeId", "typeId in body is required", ""));
        };
        let text = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
        let truth = |name: &str| document[name].as_bool().unwrap_or_default();
        let texts = |name: &str| {
            let texts = document[name].as_array().into_iter().flatten().filter_map(Value::as_str);
            texts.map(str::to_owned).collect()
        };
        let response = match type_id {
            "OS" => Self::Os { name: text("type"), version: text("version") },
            "DOMAIN" => Self::Domain(text("domain")),
            "MAC" => Self::Macs(texts("macAddresses")),
            "PROCESS" => {
                let (running, hash, signers) = (truth("isRunning"), text("hash"), texts("signerFingerprints"));
                Self::Process { path: text("path"), process: Process { running, hash, signers } }
            }
            "ENDPOINT_STATE" => Self::State { woken: truth("woken"), unlocked: truth("unlocked") },
            _ => return Err(Refusal::unreadable(format!("invalid typeId value: {type_id:?}"))),
        };
        if document["id"].is_string() {
            Ok(response)
        } else {
            Err(Refusal::invalid_field("id", "id in body is required", "<nil>"))
        }
    }
}
