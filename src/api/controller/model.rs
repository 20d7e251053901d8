//! What the controller says of itself.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::trust::CaBundle;
use crate::wire::fields::{Fields, Model};
use crate::wire::url::is_plain_path;

/// Which software a controller runs, which APIs it serves, and what it can do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Version {
    /// The APIs: binding such as `edge-client`, then version such as `v1`.
    pub api_versions: BTreeMap<String, BTreeMap<String, ApiVersion>>,
    /// What the controller can do, such as `OIDC_AUTH` and `HA_CONTROLLER`; unknown words may come.
    pub capabilities: Vec<String>,
    /// The version, such as `v2.0.3`; development builds say `v0.0.0`.
    pub version: Option<String>,
    /// The revision of the source.
    pub revision: Option<String>,
    /// When the controller was built, in any form.
    pub build_date: Option<String>,
    /// What it was built with, such as `go1.26.1`.
    pub runtime_version: Option<String>,
}

/// Where one version of an API is served.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiVersion {
    /// The version, which most controllers leave out.
    pub version: Option<String>,
    /// The path below every address of the controller.
    pub path: Option<String>,
    /// Where the controller believes it is reached. May lack the path, and may be empty.
    pub api_base_urls: Vec<String>,
}

impl Model for Version {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            api_versions: fields.get("apiVersions"),
            capabilities: fields.get("capabilities"),
            version: fields.get("version"),
            revision: fields.get("revision"),
            build_date: fields.get("buildDate"),
            runtime_version: fields.get("runtimeVersion"),
        }
    }
}

impl Model for ApiVersion {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { version: fields.get("version"), path: fields.get("path"), api_base_urls: fields.get("apiBaseUrls") }
    }
}

/// Where a controller can be reached by one protocol.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Protocol {
    /// Host and port, such as `ctrl.example.test:1280`.
    pub address: Option<String>,
}

impl Model for Protocol {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { address: fields.get("address") }
    }
}

/// The CA certificates of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CaCertificates {
    /// All that can be used, each once, as PEM. Roots and intermediates in any order.
    pub pem: String,
    /// What could not be read or used, and why: one line for each of the first twenty.
    pub problems: Vec<String>,
}

impl CaCertificates {
    /// Reads the answer to `operation`.
    pub(super) fn read(operation: &str, body: &[u8]) -> Result<Self, Error> {
        let bundle = CaBundle::decode_pkcs7(body).map_err(|message| Error::Decode {
            operation: operation.to_owned(),
            path: "the certificates".to_owned(),
            message,
        })?;
        Ok(Self { pem: bundle.to_pem(), problems: bundle.problems().to_vec() })
    }
}

impl Version {
    /// True if the controller names this capability.
    pub fn has_capability(&self, name: &str) -> bool {
        self.capabilities.iter().any(|capability| capability == name)
    }

    /// The path of version `v1` of an API, without a slash at its end: `/edge/client/v1` for `edge-client`.
    ///
    /// `None` if the controller does not serve it, or names a path that is none. Only the path is ever taken from
    /// here, never a host: before a login nobody vouches for this answer but the connection it came on.
    pub fn base_path(&self, binding: &str) -> Option<&str> {
        let alias = (binding == "edge-client").then_some("edge");
        [Some(binding), alias].into_iter().flatten().find_map(|name| {
            let path = self.api_versions.get(name)?.get("v1")?.path.as_deref()?;
            is_plain_path(path).then(|| path.trim_end_matches('/'))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::fields;

    fn read(data: &str) -> Version {
        fields::read("GET /version", "data", serde_json::from_str(data).unwrap()).model.unwrap()
    }

    fn serving(binding: &str, path: &str) -> Version {
        let body = serde_json::json!({ "apiVersions": { binding: { "v1": { "path": path } } } });
        read(&body.to_string())
    }

    #[test]
    fn the_base_path_is_that_of_the_binding_or_its_old_alias() {
        assert_eq!(serving("edge-client", "/edge/client/v1").base_path("edge-client"), Some("/edge/client/v1"));
        assert_eq!(serving("edge-client", "/edge/client/v1/").base_path("edge-client"), Some("/edge/client/v1"));
        assert_eq!(serving("edge", "/edge/v1").base_path("edge-client"), Some("/edge/v1"));
        assert_eq!(serving("edge", "/edge/v1").base_path("edge-management"), None);
        assert_eq!(Version::default().base_path("edge-client"), None);
    }

    #[test]
    fn what_is_no_plain_path_is_not_taken() {
        for path in [
            "",
            "edge",
            "//evil.test/x",
            "/a//b",
            "/a/../b",
            "/a?b",
            "/a#b",
            "/a b",
            "/a%2f",
            "/a\r\nX: y",
            "https://evil.test/edge",
            "/@evil",
            "/a\\b",
        ] {
            assert_eq!(serving("edge-client", path).base_path("edge-client"), None, "{path}");
        }
        assert_eq!(serving("edge-client", &format!("/{}", "a".repeat(300))).base_path("edge-client"), None);
    }

    #[test]
    fn a_minimal_answer_is_read() {
        for body in ["{}", r#"{"capabilities":null,"apiVersions":null,"version":null}"#] {
            let version = read(body);
            assert_eq!(version, Version::default(), "{body}");
            assert!(!version.has_capability("OIDC_AUTH"));
        }
        let body =
            r#"{"capabilities":["NEW_WORD"],"apiVersions":{"x":{"v1":{"path":null,"apiBaseUrls":null,"more":1}}}}"#;
        let version = read(body);
        assert!(version.has_capability("NEW_WORD"));
        assert_eq!(version.base_path("x"), None);
    }
}
