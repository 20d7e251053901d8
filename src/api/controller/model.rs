//! What `GET /version` answers.

use std::collections::BTreeMap;

use crate::wire::url::is_plain_path;
use serde::Deserialize;

use crate::wire::lenient::null_as_default;

/// Which software a controller runs, which APIs it serves, and what it can do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Version {
    /// The APIs: binding such as `edge-client`, then version such as `v1`.
    #[serde(deserialize_with = "null_as_default")]
    pub api_versions: BTreeMap<String, BTreeMap<String, ApiVersion>>,
    /// What the controller can do, such as `OIDC_AUTH` and `HA_CONTROLLER`; unknown words may come.
    #[serde(deserialize_with = "null_as_default")]
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ApiVersion {
    /// The path below every address of the controller.
    pub path: Option<String>,
    /// Where the controller believes it is reached. May lack the path, and may be empty.
    #[serde(deserialize_with = "null_as_default")]
    pub api_base_urls: Vec<String>,
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

    fn serving(binding: &str, path: &str) -> Version {
        let body = serde_json::json!({ "apiVersions": { binding: { "v1": { "path": path } } } });
        serde_json::from_value(body).unwrap()
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
            let version: Version = serde_json::from_str(body).unwrap();
            assert_eq!(version, Version::default(), "{body}");
            assert!(!version.has_capability("OIDC_AUTH"));
        }
        let body =
            r#"{"capabilities":["NEW_WORD"],"apiVersions":{"x":{"v1":{"path":null,"apiBaseUrls":null,"more":1}}}}"#;
        let version: Version = serde_json::from_str(body).unwrap();
        assert!(version.has_capability("NEW_WORD"));
        assert_eq!(version.base_path("x"), None);
    }
}
