//! The first factor of a login.

use serde_json::{Map, Value, json};

use super::{Call, FORM, HTML, page_not_found};
use crate::answers::{Answer, Refusal};
use crate::http;
use crate::manners::Version;
use crate::oidc::{self, Grant};
use crate::operations::login::strings;
use crate::operations::routes::Route;
use crate::pki::fingerprint;
use crate::sessions::Login;

const TOTP_ENROLL: &[&str] = &["login", "totp", "enroll"];

/// Those with a name of their own come before those that take any.
pub(crate) const ROUTES: &[Route] = &[
    Route::get(&["login", "auth-queries"], "oidcAuthQueries", |call, _| call.auth_queries()).of_oidc(),
    Route::post(&["login", "totp"], "oidcTotp", |call, _| call.show_totp()).of_oidc(),
    Route::post(TOTP_ENROLL, "oidcTotpEnroll", |call, _| call.enroll_totp()).of_oidc(),
    Route::delete(TOTP_ENROLL, "oidcTotpEnrollCancel", |call, _| call.cancel_totp()).of_oidc(),
    Route::post(&["login", "totp", "enroll", "verify"], "oidcTotpEnrollVerify", |call, _| call.verify_totp()).of_oidc(),
    Route::get(&["login", "{id}"], "oidcLoginPage", |call, page| Ok(call.login_page(page))).of_oidc(),
    Route::post(&["login", "{id}"], "oidcLogin", |call, page| call.log_in(page)).of_oidc(),
];

/// What a client shows to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Factor {
    Password,
    Certificate,
    ExternalToken,
}

impl Factor {
    fn of(page: &str) -> Option<Self> {
        match page {
            "password" | "username" => Some(Self::Password),
            "cert" => Some(Self::Certificate),
            "ext-jwt" => Some(Self::ExternalToken),
            _ => None,
        }
    }

    /// As tokens name it.
    fn method(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Certificate => "cert",
            Self::ExternalToken => "ext-jwt",
        }
    }
}

impl Call<'_> {
    fn login_page(&self, page: &str) -> Answer {
        if Factor::of(page).is_none() {
            return page_not_found();
        }
        let id = self.request.parameter("authRequestID").unwrap_or_default();
        Answer { chunked: true, ..Answer::new(200, HTML, oidc::login_page("")).with("Auth-Request-Id", id) }
    }

    fn log_in(&self, page: &str) -> Result<Answer, Refusal> {
        let Some(factor) = Factor::of(page) else { return Ok(page_not_found()) };
        let document = self.login_document()?;
        let id = self.login_id(&document);
        if self.state().oidc.authorizations.get_mut(&id, self.now).is_none() {
            return Ok(self.refuse_login(factor, Refusal::unauthorized()));
        }
        let login = match factor {
            Factor::Password => self.by_password(&document),
            Factor::Certificate => self.by_certificate(),
            Factor::ExternalToken => self.by_external_token(),
        };
        let login = match login {
            Ok(login) => login,
            Err(refusal) => return Ok(self.refuse_login(factor, refusal)),
        };
        self.grant(&id, factor, login, &document);
        self.next_step(&id)
    }

    /// Keeps what was shown for the tokens to tell it.
    fn grant(&self, id: &str, factor: Factor, login: Login, document: &Value) {
        let shown = self.peer.certificates.iter().filter(|_| factor == Factor::Certificate);
        let fingerprints = shown.map(|certificate| fingerprint(certificate)).collect();
        let config_types = strings(&document["configTypes"]);
        let login = Login { config_types, ip_address: self.peer.address.to_string(), ..login };
        let methods = vec![factor.method().to_owned()];
        let mut grant = Grant { login, methods, fingerprints, told: document.clone(), at: self.now };
        self.show_secondary(&mut grant);
        let mut state = self.state();
        if let Some(identity) = state.identity_mut(&grant.login.identity_id)
            && self.manners() != Version::V1_3
        {
            identity.last_login.take(document, self.now);
        }
        let Some(authorization) = state.oidc.authorizations.get_mut(id, self.now) else { return };
        // Who shows a factor again has shown the others still.
        let before = authorization.grant.take().filter(|before| before.login.identity_id == grant.login.identity_id);
        if before.is_some_and(|before| before.showed_code()) {
            grant.methods.push("totp".to_owned());
        }
        authorization.grant = Some(grant);
    }

    /// The login that a step belongs to.
    pub(super) fn login_id(&self, document: &Value) -> String {
        let told = document["id"].as_str().map(str::to_owned);
        let in_query = || ["authRequestID", "id"].into_iter().find_map(|name| self.request.parameter(name));
        told.or_else(in_query).unwrap_or_default()
    }

    /// What a step says: JSON, or a form that means the same.
    pub(super) fn login_document(&self) -> Result<Value, Refusal> {
        match self.request.content_type().unwrap_or_default() {
            "application/json" => serde_json::from_slice(&self.request.body)
                .map_err(|_| Refusal::new(500, "UNHANDLED", "unexpected end of JSON input")),
            FORM => Ok(document_of(&String::from_utf8_lossy(&self.request.body))),
            other => {
                let supported = format!("{FORM}, application/json");
                let message = format!("the content type: {other}, is not supported (supported: {supported})");
                Err(Refusal::new(415, "UNSUPPORTED_MEDIA_TYPE", &message))
            }
        }
    }

    /// Only 2.0 refuses a login as one would expect; until then who fails to log in is asked again, on a page.
    fn refuse_login(&self, factor: Factor, refusal: Refusal) -> Answer {
        let page = |status| {
            let page = Answer::new(status, HTML, oidc::login_page(Refusal::login_failed().message()));
            Answer { chunked: true, ..page }
        };
        let reads_pages = self.request.header("accept").is_some_and(|accept| accept.contains("text/html"));
        match (self.manners(), factor) {
            (Version::V2_0, Factor::Password) if reads_pages => page(401),
            (Version::V2_0, _) => refusal.bare(),
            (_, Factor::Password) => page(200),
            (_, Factor::Certificate | Factor::ExternalToken) => {
                Answer::plain_error(401, Refusal::login_failed().message())
            }
        }
    }
}

/// A form as the JSON it stands for.
fn document_of(form: &str) -> Value {
    let mut document = Map::new();
    let (mut types, mut host, mut program) = (Vec::new(), Map::new(), Map::new());
    for (name, value) in http::pairs(form) {
        if name == "configTypes" {
            types.push(value);
        } else if let Some(field) = name.strip_prefix("env") {
            host.insert(field_name(field), value.into());
        } else if let Some(field) = name.strip_prefix("sdk") {
            program.insert(field_name(field), value.into());
        } else {
            document.insert(name, value.into());
        }
    }
    // A form always tells of all, and be it nothing.
    for (name, told) in [("configTypes", json!(types)), ("envInfo", host.into()), ("sdkInfo", program.into())] {
        document.insert(name.to_owned(), told);
    }
    document.into()
}

/// `OsRelease` is `osRelease`, `AppID` is `appId`.
fn field_name(flat: &str) -> String {
    let mut letters = flat.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    first.into_iter().chain(letters).collect::<String>().replace("ID", "Id")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_means_what_json_does() {
        let form = "id=1&username=al%20ice&configTypes=a&configTypes=b&envOsRelease=6&sdkAppID=x";
        let expected = json!({
            "id": "1",
            "username": "al ice",
            "configTypes": ["a", "b"],
            "envInfo": {"osRelease": "6"},
            "sdkInfo": {"appId": "x"},
        });
        assert_eq!(document_of(form), expected);
    }
}
