//! The request that logs in.

use serde::Serialize;

use crate::secret::Secret;
use crate::wire::request::bearer;
use crate::wire::{Body, Request};

/// Controllers refuse a login whose texts are longer.
const LONGEST_TEXT: usize = 255;
const LONGEST_HOST_NAME: usize = 253;

/// What a client tells the controller about itself when it logs in.
#[derive(Debug, Clone)]
pub(crate) struct AboutClient {
    pub(crate) config_types: Vec<String>,
    pub(crate) app_id: String,
    pub(crate) app_version: String,
    /// Operating system, architecture and host name.
    pub(crate) send_environment: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LoginBody<'a> {
    /// Of a login over OIDC on its way.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'a str>,
    config_types: &'a [String],
    sdk_info: SdkInfo<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    env_info: Option<EnvInfo>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SdkInfo<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    version: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    app_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    app_version: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EnvInfo {
    os: &'static str,
    arch: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    os_release: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    os_version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    hostname: String,
}

/// `POST /authenticate?method=cert`. Sent twice it makes a second session and nothing else, so it may be repeated.
pub(super) fn by_certificate(about: &AboutClient) -> Request {
    let mut request = login("cert").body(login_body(about, None));
    request.idempotent = true;
    request
}

/// `POST /authenticate?method=password`. Controllers count wrong passwords, so it may not be repeated.
pub(super) fn by_password(about: &AboutClient, username: &str, password: &Secret) -> Request {
    login("password").hide(password).body(login_body(about, Some((username, password))))
}

/// `POST /authenticate?method=ext-jwt`. It may be repeated as the one with a certificate.
pub(super) fn by_external_jwt(about: &AboutClient, jwt: &Secret) -> Request {
    let mut request = login("ext-jwt").header("authorization", &bearer(jwt)).body(login_body(about, None));
    request.idempotent = true;
    request
}

fn login(method: &str) -> Request {
    Request::post("/authenticate").without_login().query("method", method)
}

/// The request with a TOTP or recovery code as its body.
pub(crate) fn with_code(request: Request, code: &Secret) -> Request {
    #[derive(Serialize)]
    struct CodeBody<'a> {
        code: &'a str,
    }
    request.hide(code).body(Body::json(&CodeBody { code: code.expose() }))
}

fn login_body(about: &AboutClient, user: Option<(&str, &Secret)>) -> Body {
    login_body_for(None, about, user)
}

/// The same for the login over OIDC of this id.
pub(super) fn login_body_for(id: Option<&Secret>, about: &AboutClient, user: Option<(&str, &Secret)>) -> Body {
    Body::json(&LoginBody {
        id: id.map(Secret::expose),
        username: user.map(|(name, _)| name),
        password: user.map(|(_, password)| password.expose()),
        config_types: &about.config_types,
        sdk_info: SdkInfo {
            kind: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            app_id: cut(&about.app_id, LONGEST_TEXT),
            app_version: cut(&about.app_version, LONGEST_TEXT),
        },
        env_info: about.send_environment.then(environment),
    })
}

fn environment() -> EnvInfo {
    EnvInfo {
        os: std::env::consts::OS,
        arch: std::env::consts::ARCH,
        os_release: system_release(),
        os_version: kernel_fact("version", LONGEST_TEXT),
        hostname: kernel_fact("hostname", LONGEST_HOST_NAME),
    }
}

/// The release of the operating system; empty where it is not known.
pub(crate) fn system_release() -> String {
    kernel_fact("osrelease", LONGEST_TEXT)
}

/// What uname would say, read where Linux keeps it; empty elsewhere.
fn kernel_fact(name: &str, longest: usize) -> String {
    let text = std::fs::read_to_string(format!("/proc/sys/kernel/{name}")).unwrap_or_default();
    cut(text.trim(), longest).to_owned()
}

/// The longest start of `text` that is not over `longest` bytes and ends between characters.
fn cut(text: &str, longest: usize) -> &str {
    let mut end = text.len().min(longest);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::LoginNeed;

    fn about() -> AboutClient {
        AboutClient {
            config_types: vec!["all".to_owned()],
            app_id: "a".repeat(254) + "é",
            app_version: String::new(),
            send_environment: false,
        }
    }

    #[test]
    fn the_login_says_who_asks_within_the_limits_of_the_controller() {
        let body: serde_json::Value = serde_json::from_slice(&login_body(&about(), None).bytes).unwrap();
        assert_eq!(body["configTypes"], serde_json::json!(["all"]));
        assert_eq!(body["sdkInfo"]["type"], "ziti-edge-client");
        assert_eq!(body["sdkInfo"]["appId"], "a".repeat(254), "cut between characters");
        assert!(body["sdkInfo"].get("appVersion").is_none());
        assert!(body.get("envInfo").is_none());
    }

    #[test]
    fn the_environment_is_sent_only_if_wanted() {
        let about = AboutClient { send_environment: true, ..about() };
        let body: serde_json::Value = serde_json::from_slice(&login_body(&about, None).bytes).unwrap();
        assert_eq!(body["envInfo"]["os"], std::env::consts::OS);
    }

    #[test]
    fn a_login_by_certificate_is_one_post_without_a_session() {
        let request = by_certificate(&about());
        assert_eq!(request.to_string(), "POST /authenticate?method=cert");
        assert!(request.login == LoginNeed::None && request.idempotent);
    }
}
