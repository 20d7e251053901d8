//! From a request to its answer.

mod enroll;
mod login;
mod root;
mod services;

use std::net::IpAddr;
use std::sync::MutexGuard;

use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;

use crate::answers::{Answer, Refusal, not_implemented};
use crate::faults::Operation;
use crate::http::{self, Request};
use crate::manners::Version;
use crate::sessions::Session;
use crate::shared::Shared;
use crate::state::State;

const CLIENT_BASE: &str = "/edge/client/v1";

/// Who is on the other side of the connection.
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    /// The certificate chain it showed, if any.
    pub(crate) certificates: Vec<CertificateDer<'static>>,
    /// The number of the connection.
    pub(crate) connection: u64,
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Route {
    Version,
    CaCerts,
    Enroll,
    EnrollOtt,
    Authenticate,
    CurrentApiSession,
    Logout,
    Services,
    Service(String),
    /// An operation that no controller has.
    Missing {
        operation: &'static str,
        needs_session: bool,
    },
    Options,
    WrongVerb {
        allowed: &'static str,
    },
    Unknown {
        path: String,
    },
}

impl Route {
    fn of(request: &Request) -> Self {
        let path: Vec<&str> = request.path.split('/').filter(|segment| !segment.is_empty()).collect();
        let (path, management) = match path.as_slice() {
            ["edge", "client", "v1", rest @ ..] | ["edge", "v1", rest @ ..] => (rest, false),
            ["edge", "management", "v1", rest @ ..] => (rest, true),
            rest => (rest, false),
        };
        let method = request.method.as_str();
        if method == "OPTIONS" {
            return Self::Options;
        }
        match (method, path) {
            ("GET", [] | ["version"]) => Self::Version,
            ("GET", [".well-known", "est", "cacerts"]) => Self::CaCerts,
            (_, [] | ["version"] | [".well-known", "est", "cacerts"]) => Self::WrongVerb { allowed: "GET" },
            _ if management => Self::unknown(path),
            ("POST", ["enroll"]) => Self::Enroll,
            ("POST", ["enroll", "ott"]) => Self::EnrollOtt,
            ("GET", ["enroll", "jwks"]) => {
                Self::Missing { operation: "enroll.GetEnrollmentJwks", needs_session: false }
            }
            ("POST", ["authenticate"]) => Self::Authenticate,
            (_, ["enroll"] | ["enroll", "ott"] | ["authenticate"]) => Self::WrongVerb { allowed: "POST" },
            ("GET", ["current-api-session"]) => Self::CurrentApiSession,
            ("DELETE", ["current-api-session"]) => Self::Logout,
            (_, ["current-api-session"]) => Self::WrongVerb { allowed: "DELETE GET" },
            ("GET", ["services"]) => Self::Services,
            (_, ["services"]) => Self::WrongVerb { allowed: "GET" },
            ("GET", ["services", id]) => Self::Service(http::decode(id)),
            ("PUT", ["services", _]) => Self::Missing { operation: "service.UpdateService", needs_session: true },
            ("PATCH", ["services", _]) => Self::Missing { operation: "service.PatchService", needs_session: true },
            ("DELETE", ["services", _]) => Self::Missing { operation: "service.DeleteService", needs_session: true },
            (_, ["services", _]) => Self::WrongVerb { allowed: "DELETE GET PATCH PUT" },
            _ => Self::unknown(path),
        }
    }

    fn unknown(path: &[&str]) -> Self {
        Self::Unknown { path: format!("{CLIENT_BASE}/{}", path.join("/")) }
    }

    fn operation(&self) -> Operation {
        match self {
            Self::Version => Operation::Version,
            Self::CaCerts => Operation::CaCerts,
            Self::Enroll | Self::EnrollOtt => Operation::Enroll,
            Self::Authenticate => Operation::Authenticate,
            Self::CurrentApiSession => Operation::CurrentApiSession,
            Self::Logout => Operation::Logout,
            Self::Services => Operation::Services,
            Self::Service(_) => Operation::Service,
            _ => Operation::Other,
        }
    }
}

/// What a request asks for; its head is enough.
pub(crate) fn operation(request: &Request) -> Operation {
    Route::of(request).operation()
}

/// Carries a request out.
pub(crate) fn answer(shared: &Shared, request: &Request, peer: &Peer) -> Answer {
    let call = Call { shared, request, peer, now: shared.clock.now() };
    let answer = call.route().unwrap_or_else(Answer::from);
    call.with_session_headers(answer)
}

/// One request while it is carried out.
struct Call<'a> {
    shared: &'a Shared,
    request: &'a Request,
    peer: &'a Peer,
    now: OffsetDateTime,
}

impl Call<'_> {
    fn route(&self) -> Result<Answer, Refusal> {
        match Route::of(self.request) {
            Route::Version => Ok(self.version()),
            Route::CaCerts => self.ca_certificates(),
            Route::Enroll => self.enroll(),
            Route::EnrollOtt => self.enroll_ott(),
            Route::Authenticate => self.authenticate(),
            Route::CurrentApiSession => self.current_api_session(),
            Route::Logout => self.log_out(),
            Route::Services => self.list_services(),
            Route::Service(id) => self.service(&id),
            Route::Missing { operation, needs_session } => {
                let refused = needs_session.then(|| self.session().err()).flatten();
                Ok(refused.unwrap_or_else(|| not_implemented(operation)))
            }
            Route::Options => Ok(Answer { status: 200, ..Answer::default() }),
            Route::WrongVerb { allowed } => Err(Refusal::method_not_allowed(&self.request.method, allowed)),
            Route::Unknown { path } => Err(Refusal::not_found(format!("path {path} was not found"))),
        }
    }

    fn manners(&self) -> Version {
        self.shared.settings.version
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }

    fn token(&self) -> Option<&str> {
        self.request.header("zt-session").filter(|token| !token.is_empty())
    }

    /// The session of the request, complete or waiting for a second factor.
    fn any_session(&self) -> Result<Session, Answer> {
        let Some(token) = self.token() else { return Err(self.no_token()) };
        let mut state = self.state();
        let session = state.sessions.find(token, self.manners(), self.now).cloned();
        session.ok_or_else(|| self.explained(Refusal::unauthorized().into(), INVALID_SESSION))
    }

    /// The session of the request, which must be complete.
    fn session(&self) -> Result<Session, Answer> {
        self.any_session().and_then(
            |session| {
                if session.pending() { Err(Refusal::unauthorized().into()) } else { Ok(session) }
            },
        )
    }

    fn no_token(&self) -> Answer {
        if self.request.header("authorization").is_some_and(|value| value.starts_with("Bearer ")) {
            return self.explained(Refusal::unauthorized().into(), INVALID_BEARER);
        }
        let refusal = Refusal::unauthorized().because("unauthenticated for invalid credentials");
        self.explained(refusal.into(), NO_TOKEN)
    }

    fn explained(&self, answer: Answer, why: &str) -> Answer {
        if self.manners().explains_401() { answer.with("Www-Authenticate", why) } else { answer }
    }

    /// Where sessions slide, every answer to a known one says how long it lasts.
    fn with_session_headers(&self, mut answer: Answer) -> Answer {
        let known = |name| answer.headers.iter().any(|(known, _)| *known == name);
        if self.manners().slides() && !known("Expires-At") {
            let mut state = self.state();
            let session = self.token().and_then(|token| state.sessions.find(token, self.manners(), self.now));
            answer.headers.extend(session.into_iter().flat_map(Session::expiry_headers));
        }
        answer
    }
}

const NO_TOKEN: &str = "zt-session realm=\"zt-session\" error=\"missing\" \
     error_description=\"no matching token was provided\",Bearer realm=\"openziti-oidc\" error=\"missing\" \
     error_description=\"no matching token was provided\"";
const INVALID_SESSION: &str =
    "zt-session realm=\"zt-session\" error=\"invalid\" error_description=\"token is invalid\"";
const INVALID_BEARER: &str = "Bearer realm=\"openziti-oidc\" error=\"invalid\" error_description=\"token is invalid\"";

#[cfg(test)]
mod tests {
    use super::*;

    fn route(method: &str, path: &str) -> Route {
        Route::of(&Request { method: method.into(), path: path.into(), ..Request::default() })
    }

    #[test]
    fn every_base_path_leads_to_the_same_operations() {
        for path in
            ["/version", "//version", "/edge/v1/version/", "/edge/client/v1/version", "/edge/management/v1/version"]
        {
            assert_eq!(route("GET", path), Route::Version, "{path}");
        }
        assert_eq!(route("GET", "/"), Route::Version);
        assert_eq!(route("GET", "/services"), Route::Services);
    }

    #[test]
    fn ids_are_decoded() {
        assert_eq!(route("GET", "/edge/client/v1/services/a%2Fb%20c"), Route::Service("a/b c".into()));
    }

    #[test]
    fn what_is_not_there_is_told_by_its_full_path() {
        let path = "/edge/client/v1/no-such-thing".to_owned();
        assert_eq!(route("GET", "/no-such-thing"), Route::Unknown { path });
        assert_eq!(route("PUT", "/services"), Route::WrongVerb { allowed: "GET" });
    }
}
