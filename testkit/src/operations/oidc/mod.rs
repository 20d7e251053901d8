//! OpenID Connect: from discovery to logging out.

mod authorize;
mod login;
mod logout;
mod refusal;
mod second_factor;
mod token;

use std::collections::HashMap;

use serde_json::json;

use super::Call;
use super::routes::{self, Found, Route};
use crate::answers::{Answer, Refusal};
use crate::http::{self, Request};
use crate::jwt;
use crate::manners::Version;
use crate::oidc;
use crate::shared::Shared;

pub(super) use login::ROUTES as LOGIN_ROUTES;
pub(super) use token::ROUTES as TOKEN_ROUTES;

const HTML: &str = "text/html; charset=utf-8";
const FORM: &str = "application/x-www-form-urlencoded";
const DISCOVERY: &[&str] = &[".well-known", "openid-configuration"];

/// None of them is in the API document; the ids are this crate's own.
pub(super) const ROUTES: &[Route] = &[
    Route::get(DISCOVERY, "oidcDiscovery", |call, _| Ok(call.discovery())).of_oidc(),
    Route::get(&["keys"], "oidcKeys", |call, _| Ok(call.keys())).of_oidc(),
    Route::get(&["authorize"], "oidcAuthorize", |call, _| Ok(call.authorize())).of_oidc(),
    Route::post(&["authorize"], "oidcAuthorize", |call, _| Ok(call.authorize())).of_oidc(),
    Route::get(&["authorize", "callback"], "oidcCallback", |call, _| Ok(call.call_back())).of_oidc(),
    Route::get(&["logged-out"], "oidcLoggedOut", |_, _| Ok(logged_out())).of_oidc(),
];

/// Whether a request is for OpenID Connect, not for one of the APIs. 1.3 has its discovery at the root, too.
pub(super) fn concerns(shared: &Shared, request: &Request) -> bool {
    let at_root = || shared.settings.version == Version::V1_3 && is_discovery_at_root(&request.path);
    routes::is_oidc(&request.path) || at_root()
}

fn is_discovery_at_root(path: &str) -> bool {
    path.split('/').filter(|segment| !segment.is_empty()).eq(DISCOVERY.iter().copied())
}

/// What the server answers where there is nothing at all.
pub(super) fn page_not_found() -> Answer {
    Answer { nameless: true, ..Answer::plain_error(404, "404 page not found") }
}

fn logged_out() -> Answer {
    Answer::new(200, "text/plain; charset=utf-8", "signed out successfully")
}

impl Call<'_> {
    /// Carries out what is for OpenID Connect. Under a name that is not the controller's there is none.
    pub(super) fn oidc(&self) -> Answer {
        if self.shared.settings.oidc.is_none() || !self.is_own_host() {
            return page_not_found();
        }
        if is_discovery_at_root(&self.request.path) {
            return Answer { nameless: true, ..self.discovery() };
        }
        let answer = match routes::find(self.request) {
            Found::Route(route, id) => (route.carry_out)(self, &id).unwrap_or_else(Refusal::bare),
            Found::OtherVerbs(allowed) => Answer::new(405, "text/plain; charset=utf-8", "").with("Allow", allowed),
            Found::Nothing => page_not_found(),
        };
        Answer { nameless: true, ..answer }
    }

    fn host(&self) -> &str {
        self.request.header("host").unwrap_or_default()
    }

    fn is_own_host(&self) -> bool {
        let authority = self.shared.settings.authority.as_str();
        let port = authority.rsplit_once(':').map_or("", |(_, port)| port);
        let own = |name: &str| self.host().strip_prefix(name).and_then(|rest| rest.strip_prefix(':')) == Some(port);
        self.host() == authority || ["localhost", "127.0.0.1", "[::1]"].into_iter().any(own)
    }

    /// The controller by the name it is called by.
    fn issuer(&self) -> String {
        format!("https://{}/oidc", self.host())
    }

    fn discovery(&self) -> Answer {
        let algorithm = jwt::algorithm(&self.shared.pki.key);
        let answer = Answer::json(200, &oidc::discovery(&self.issuer(), algorithm, self.manners()));
        Answer { chunked: self.manners() == Version::V2_0, ..answer.with("Vary", "Origin") }
    }

    fn keys(&self) -> Answer {
        let pki = &self.shared.pki;
        Answer::json(200, &json!({"keys": [oidc::jwk(&pki.key, &pki.key_id())]})).with("Vary", "Origin")
    }

    /// What query and form say; the form wins.
    fn parameters(&self) -> HashMap<String, String> {
        let query = self.request.query.as_deref().unwrap_or_default();
        let form = self.request.content_type().filter(|kind| *kind == FORM).map(|_| &self.request.body);
        let form = form.map(|body| String::from_utf8_lossy(body).into_owned()).unwrap_or_default();
        http::pairs(query).chain(http::pairs(&form)).collect()
    }

    /// Sends the client on; one that posts gets no page to read.
    fn redirect(&self, location: String) -> Answer {
        let answer = match self.request.method.as_str() {
            "GET" => Answer::new(302, HTML, oidc::link(&location)),
            _ => Answer { status: 302, ..Answer::default() },
        };
        answer.with("Location", location).with("Vary", "Origin")
    }
}
