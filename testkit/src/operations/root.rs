//! `GET /version` and the certificate bundle.

use serde_json::{Value, json};

use super::Call;
use super::routes::Route;
use crate::answers::{Answer, Refusal};
use crate::manners::Version;
use crate::pkcs7;

const PKCS7: &str = "application/pkcs7-mime";

pub(super) const ROUTES: &[Route] = &[
    Route::get(&[], "listRoot", |call, _| Ok(call.version())).on_both(),
    Route::get(&["version"], "listVersion", |call, _| Ok(call.version())).on_both(),
    Route::get(&[".well-known", "est", "cacerts"], "listWellKnownCas", |call, _| call.ca_certificates()).on_both(),
];

impl Call<'_> {
    fn version(&self) -> Answer {
        let url = self.shared.url();
        let api = |base: &str, path: &str| json!({"v1": {"apiBaseUrls": [format!("{url}{base}")], "path": path}});
        let health: Value = json!({"v1": {"apiBaseUrls": [], "path": "/health-checks/v1"}});
        let mut apis = json!({
            "edge": api("/edge/client/v1", "/edge/client/v1"),
            "edge-client": api("/edge/client/v1", "/edge/client/v1"),
            "edge-management": api("/edge/management/v1", "/edge/management/v1"),
        });
        let oidc = self.shared.settings.oidc.is_some();
        let mut capabilities = Vec::from_iter(oidc.then_some("OIDC_AUTH"));
        match self.manners() {
            Version::V1_3 => apis["health-checks"] = health,
            Version::V1_6 => {
                apis["edge-oidc"] = api("", "/oidc");
                apis["health-checks"] = health;
            }
            Version::V2_0 => {
                apis["edge-oidc"] = api("/oidc", "/oidc");
                apis["fabric"] = api("", "/fabric/v1");
                capabilities.push("HA_CONTROLLER");
            }
        }
        if let Some(apis) = apis.as_object_mut().filter(|_| !oidc) {
            apis.remove("edge-oidc");
        }
        Answer::data(&json!({
            "apiVersions": apis,
            "buildDate": "2020-01-01 01:01:01",
            "capabilities": capabilities,
            "revision": "local",
            "runtimeVersion": "go1.26.8",
            "version": "v0.0.0",
        }))
    }

    fn ca_certificates(&self) -> Result<Answer, Refusal> {
        if !self.request.accepts(&[PKCS7, "application/json"]) {
            let accept = self.request.header("accept").unwrap_or_default();
            return Err(Refusal::not_acceptable(self.manners(), accept, "application/pkcs7-mime application/json"));
        }
        let announced = self.state().announced.clone();
        let authorities = announced.unwrap_or_else(|| self.shared.pki.authorities().to_vec());
        let bundle = pkcs7::bundle(authorities.iter().map(Vec::as_slice));
        let answer = Answer::new(200, PKCS7, bundle).with("Content-Transfer-Encoding", "base64");
        Ok(Answer { chunked: true, ..answer })
    }
}
