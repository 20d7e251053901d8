//! Posture responses, and what they are answered with.

use serde::Serialize;

use crate::wire::fields::{Fields, Model};

/// The answer of a device to one posture query. `id` is that of the query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "typeId", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum PostureResponse {
    /// To a query of type `OS`: the operating system.
    #[serde(rename = "OS")]
    OperatingSystem {
        /// The id of the query.
        id: String,
        /// `Windows`, `WindowsServer`, `Linux`, `macOS`, `iOS` or `Android`.
        #[serde(rename = "type")]
        os_type: String,
        /// The version as three numbers, such as `6.1.0`: a check of versions does not pass with any other form.
        version: String,
        /// The build.
        #[serde(skip_serializing_if = "Option::is_none")]
        build: Option<String>,
    },
    /// To a query of type `DOMAIN`: the Windows domain.
    #[serde(rename = "DOMAIN")]
    Domain {
        /// The id of the query.
        id: String,
        /// The domain.
        domain: String,
    },
    /// To a query of type `MAC`: the hardware addresses.
    #[serde(rename = "MAC")]
    MacAddresses {
        /// The id of the query.
        id: String,
        /// The addresses, such as `00:11:22:33:44:55`; one that fits is enough.
        mac_addresses: Vec<String>,
    },
    /// To a query of type `PROCESS`, and for each path to one of type `PROCESS_MULTI`: a process.
    #[serde(rename = "PROCESS")]
    Process {
        /// The id of the query.
        id: String,
        /// The path that the query names.
        path: String,
        /// True if it runs.
        is_running: bool,
        /// The SHA-512 of the program, in hexadecimal.
        #[serde(skip_serializing_if = "Option::is_none")]
        hash: Option<String>,
        /// The SHA-1 of the certificates that signed the program, in hexadecimal.
        signer_fingerprints: Vec<String>,
    },
    /// Of its own accord, with the id of a query of type `MFA`: what the device went through. It starts the grace
    /// periods of checks that ask for a new TOTP code then.
    #[serde(rename = "ENDPOINT_STATE")]
    EndpointState {
        /// The id of the query.
        id: String,
        /// True if the device has just woken up.
        woken: bool,
        /// True if the device has just been unlocked.
        unlocked: bool,
    },
}

/// What a posture response has changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PostureAnswer {
    /// The services whose timeouts have changed; most often none.
    pub services: Vec<PostureService>,
}

impl PostureAnswer {
    /// Takes in what a later response has changed.
    pub(super) fn update(&mut self, later: Self) {
        let outdated = |service: &PostureService| later.services.iter().any(|new| new.is_of_the_same_query(service));
        self.services.retain(|service| !outdated(service));
        self.services.extend(later.services);
    }
}

impl Model for PostureAnswer {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { services: fields.get("services") }
    }
}

/// A service with a posture query whose timeout has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PostureService {
    /// The id of the service.
    pub id: String,
    /// The name of the service.
    pub name: Option<String>,
    /// The type of the query, such as `MFA`.
    pub posture_query_type: Option<String>,
    /// How many seconds the query stays passed; -1 means for ever.
    pub timeout: Option<i64>,
    /// How many of them are left; -1 means that there is no end, 0 that it is over.
    pub timeout_remaining: Option<i64>,
}

impl PostureService {
    fn is_of_the_same_query(&self, other: &Self) -> bool {
        (&self.id, &self.posture_query_type) == (&other.id, &other.posture_query_type)
    }
}

impl Model for PostureService {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            id: fields.get("id"),
            name: fields.get("name"),
            posture_query_type: fields.get("postureQueryType"),
            timeout: fields.get("timeout"),
            timeout_remaining: fields.get("timeoutRemaining"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::api::recorded::successes;
    use crate::wire::envelope;

    fn read(body: &str) -> PostureAnswer {
        envelope::data("POST /posture-response", body.as_bytes()).unwrap()
    }

    #[test]
    fn recorded_answers_name_the_services_whose_timeouts_changed() {
        let mut changed = 0;
        for (name, body) in [successes("createPostureResponse"), successes("createPostureResponseBulk")].concat() {
            let sent: Value = serde_json::from_str(&body).unwrap();
            let sent = sent["data"]["services"].as_array().unwrap();
            let answer = read(&body);
            assert_eq!(answer.services.len(), sent.len(), "{name}");
            for (service, sent) in answer.services.iter().zip(sent) {
                assert_eq!(Some(service.id.as_str()), sent["id"].as_str(), "{name}");
                assert_eq!(service.name.as_deref(), sent["name"].as_str(), "{name}");
                assert_eq!(service.posture_query_type.as_deref(), Some("MFA"), "{name}");
                assert_eq!((service.timeout, service.timeout_remaining), (Some(600), Some(300)), "{name}");
                changed += 1;
            }
        }
        assert_eq!(changed, 3, "one on each controller");
        for body in [r#"{"data":{}}"#, r#"{"data":{"services":null}}"#] {
            assert_eq!(read(body), PostureAnswer::default(), "{body}");
        }
    }

    #[test]
    fn of_two_answers_about_one_query_the_later_counts() {
        let row = |id: &str, kind: &str, left: i64| PostureService {
            id: id.to_owned(),
            name: None,
            posture_query_type: Some(kind.to_owned()),
            timeout: None,
            timeout_remaining: Some(left),
        };
        let mut answer = PostureAnswer { services: vec![row("a", "MFA", 1), row("a", "OS", 2), row("b", "MFA", 3)] };
        answer.update(PostureAnswer { services: vec![row("a", "MFA", 9), row("c", "MFA", 4)] });
        let wanted = [row("a", "OS", 2), row("b", "MFA", 3), row("a", "MFA", 9), row("c", "MFA", 4)];
        assert_eq!(answer.services, wanted);
    }
}
