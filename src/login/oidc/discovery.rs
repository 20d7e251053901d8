//! Where the steps of a login over OIDC are. The controller's own description is believed only as far as it stays at the
//! controller.

use super::redirect::Place;
use crate::error::one_line;
use crate::wire::fields::{Fields, Model};
use crate::wire::{ControllerUrl, Head, Request, envelope};

/// The description has about 3 KiB.
const MAX_DESCRIPTION: u64 = 256 * 1024;

/// The paths of one controller's OIDC, all below its own origin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Endpoints {
    /// Of the issuer. The steps that OIDC knows nothing of are below it, at all controllers seen.
    pub(super) base: String,
    pub(super) authorize: String,
    pub(super) token: String,
    pub(super) revocation: Option<String>,
    pub(super) end_session: Option<String>,
}

/// A request of a step: it is below the host itself, and makes its own login.
pub(super) fn step(request: Request) -> Request {
    request.at_root().without_login()
}

/// Asks for the description of the OIDC at this path.
pub(super) fn request(path: &str) -> Request {
    let mut request = step(Request::get(format!("{path}/.well-known/openid-configuration")));
    request.max_answer = MAX_DESCRIPTION;
    request
}

struct Description {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    revocation_endpoint: Option<String>,
    end_session_endpoint: Option<String>,
}

impl Model for Description {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            issuer: fields.get("issuer"),
            authorization_endpoint: fields.get("authorization_endpoint"),
            token_endpoint: fields.get("token_endpoint"),
            revocation_endpoint: fields.get("revocation_endpoint"),
            end_session_endpoint: fields.get("end_session_endpoint"),
        }
    }
}

impl Endpoints {
    /// Reads the answer of `controller` to [`request`] for `path`.
    ///
    /// # Errors
    /// Why there is no OIDC to log in with, in words.
    pub(super) fn read(controller: &ControllerUrl, path: &str, head: &Head, body: &[u8]) -> Result<Self, String> {
        let request = request(path);
        if !head.is_success() {
            return Err(format!("{} answers {}", request.operation(), head.status));
        }
        let found: Description = envelope::bare(&request.operation(), body).map_err(|error| error.to_string())?;
        let own = |name: &str, address: &str| {
            let place = Place::at(controller, &request.path, address).map_err(|why| {
                format!(
                    "{} names {} as its {name}, which cannot be used: {why}",
                    request.operation(),
                    one_line(address)
                )
            })?;
            Ok::<_, String>(place.path)
        };
        let base = own("issuer", &found.issuer)?.trim_end_matches('/').to_owned();
        if base != path {
            let issuer = one_line(&found.issuer);
            return Err(format!("{} names another issuer, {issuer}", request.operation()));
        }
        let optional = |name: &str, address: Option<String>| address.map(|address| own(name, &address)).transpose();
        Ok(Self {
            authorize: own("authorization_endpoint", &found.authorization_endpoint)?,
            token: own("token_endpoint", &found.token_endpoint)?,
            revocation: optional("revocation_endpoint", found.revocation_endpoint)?,
            end_session: optional("end_session_endpoint", found.end_session_endpoint)?,
            base,
        })
    }

    /// The path of a step that OIDC knows nothing of: `password`, `totp/enroll`.
    pub(super) fn login(&self, step: &str) -> String {
        format!("{}/login/{step}", self.base)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn good() -> Value {
        let at = |path: &str| format!("https://ctrl.test:1280/oidc{path}");
        json!({
            "issuer": at(""),
            "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/oauth/token"),
            "revocation_endpoint": at("/revoke"),
            "end_session_endpoint": at("/end_session"),
            "openziti_endpoints": {"password": "https://evil.test/password"},
        })
    }

    fn read(status: u16, body: &str) -> Result<Endpoints, String> {
        let controller = ControllerUrl::parse("https://ctrl.test:1280").unwrap();
        Endpoints::read(&controller, "/oidc", &Head { status, ..Head::default() }, body.as_bytes())
    }

    /// Those of `https://ctrl.test:1280`.
    pub(in crate::login::oidc) fn endpoints() -> Endpoints {
        read(200, &good().to_string()).unwrap()
    }

    #[test]
    fn what_is_described_becomes_paths_at_the_controller() {
        let endpoints = endpoints();
        assert_eq!(endpoints.authorize, "/oidc/authorize");
        assert_eq!(endpoints.token, "/oidc/oauth/token");
        assert_eq!(endpoints.revocation.as_deref(), Some("/oidc/revoke"));
        assert_eq!(endpoints.end_session.as_deref(), Some("/oidc/end_session"));
        assert_eq!(endpoints.login("totp/enroll"), "/oidc/login/totp/enroll");
    }

    #[test]
    fn nothing_of_the_description_may_lead_away() {
        let members =
            ["issuer", "authorization_endpoint", "token_endpoint", "revocation_endpoint", "end_session_endpoint"];
        for member in members {
            for address in [
                "https://evil.test:1280/oidc",
                "https://ctrl.test:1281/oidc",
                "https://ctrl.test/oidc",
                "http://ctrl.test:1280/oidc",
                "https://ctrl.test:1280/a/../b",
            ] {
                let mut described = good();
                described[member] = address.into();
                let why = read(200, &described.to_string()).unwrap_err();
                assert!(why.contains(member) && why.contains(address), "{why}");
            }
        }
        let mut described = good();
        described["issuer"] = "https://ctrl.test:1280/other".into();
        assert!(read(200, &described.to_string()).unwrap_err().contains("another issuer"));
    }

    #[test]
    fn what_is_no_description_says_so() {
        for (status, body, expected) in [
            (404, "404 page not found", "answers 404"),
            (503, "", "answers 503"),
            (302, "", "answers 302"),
            (200, "<html>log in</html>", "cannot be read"),
            (200, "", "the body is empty"),
            (200, "{}", "issuer"),
            (200, r#"{"issuer":7}"#, "issuer"),
            (200, r#"{"issuer":"https://ctrl.test:1280/oidc"}"#, "authorization_endpoint"),
        ] {
            let why = read(status, body).unwrap_err();
            assert!(why.contains(expected) && why.contains("openid-configuration"), "{why}");
        }
    }
}
