//! From a request to its answer.

mod about;
mod authenticators;
mod bearer;
mod csr;
mod current_identity;
mod demands;
mod enroll;
mod enroll_methods;
mod enroll_router;
mod enroll_token;
mod external;
mod login;
mod management;
mod mfa;
mod oidc;
mod posture;
mod root;
mod routes;
mod service_parts;
mod services;
mod session_certificates;
mod sessions;

use std::net::SocketAddr;
use std::sync::MutexGuard;

use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;

use crate::answers::{Answer, Refusal, not_implemented};
use crate::http::Request;
use crate::manners::Version;
use crate::sessions::Session;
use crate::shared::Shared;
use crate::state::State;

pub(crate) use bearer::end_session_of;
pub(crate) use routes::{id_of, ids};

use routes::Found;

/// Who is on the other side of the connection.
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    /// The certificate chain it showed, if any.
    pub(crate) certificates: Vec<CertificateDer<'static>>,
    /// The number of the connection.
    pub(crate) connection: u64,
}

/// Carries a request out.
pub(crate) fn answer(shared: &Shared, request: &Request, peer: &Peer) -> Answer {
    let call = Call { shared, request, peer, now: shared.clock.now() };
    if oidc::concerns(shared, request) {
        return call.oidc();
    }
    let answer = call.answer().unwrap_or_else(Answer::from);
    call.with_session_headers(answer)
}

/// The answer to a request as if its path led nowhere.
pub(crate) fn nothing_there(shared: &Shared, request: &Request) -> Answer {
    if oidc::concerns(shared, request) { oidc::page_not_found() } else { no_such_path(request).into() }
}

/// The refusal of a path that leads nowhere; also of one that a version does not have yet.
fn no_such_path(request: &Request) -> Refusal {
    Refusal::not_found(format!("path {} was not found", routes::full_path(request)))
}

/// One request while it is carried out.
struct Call<'a> {
    shared: &'a Shared,
    request: &'a Request,
    peer: &'a Peer,
    now: OffsetDateTime,
}

impl Call<'_> {
    fn answer(&self) -> Result<Answer, Refusal> {
        if self.request.method == "OPTIONS" {
            return Ok(Answer { status: 200, ..Answer::default() });
        }
        match routes::find(self.request) {
            Found::Route(route, id) => (route.carry_out)(self, &id),
            Found::OtherVerbs(allowed) => Err(Refusal::method_not_allowed(&self.request.method, &allowed)),
            Found::Nothing => Err(no_such_path(self.request)),
        }
    }

    /// The answer of an operation that is documented and that no controller has.
    fn missing(&self, operation: &str) -> Result<Answer, Refusal> {
        Ok(not_implemented(operation))
    }

    /// The same where the session is looked at first.
    fn missing_in_session(&self, operation: &str) -> Result<Answer, Refusal> {
        Ok(self.session().map_or_else(|refused| refused, |_| not_implemented(operation)))
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
        let Some(token) = self.token() else { return self.bearer_session().map(|session| self.settled(session)) };
        let mut state = self.state();
        let session = state.sessions.find(token, self.manners(), self.now).cloned();
        drop(state);
        let session = session.ok_or_else(|| self.explained(Refusal::unauthorized().into(), INVALID_SESSION))?;
        Ok(self.settled(session))
    }

    /// The session of the request, which must be complete.
    fn session(&self) -> Result<Session, Answer> {
        self.any_session().and_then(
            |session| {
                if session.pending() { Err(Refusal::unauthorized().into()) } else { Ok(session) }
            },
        )
    }

    fn explained(&self, answer: Answer, why: &str) -> Answer {
        if self.manners().explains_401() { answer.with("Www-Authenticate", why) } else { answer }
    }

    /// Where sessions slide, every answer to a known one says how long it lasts.
    fn with_session_headers(&self, mut answer: Answer) -> Answer {
        let known = |name| answer.headers.iter().any(|(known, _)| *known == name);
        if self.manners().slides() && !known("Expires-At") {
            let session = match self.token() {
                Some(token) => self.state().sessions.find(token, self.manners(), self.now).cloned(),
                None => self.bearer_session().ok(),
            };
            answer.headers.extend(session.iter().flat_map(Session::expiry_headers));
        }
        answer
    }
}

const INVALID_SESSION: &str =
    "zt-session realm=\"zt-session\" error=\"invalid\" error_description=\"token is invalid\"";
