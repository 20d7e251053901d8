//! Giving a login a factor that it waits for.

use super::flight::LiveSession;
use super::generation::Generation;
use super::session::ApiSession;
use crate::error::{Error, Stage};
use crate::transport::Call;
use crate::wire::Request;

impl Generation {
    /// Sends a request whose success completes the login, or brings it nearer to that, and returns the session as it is
    /// then. A refusal changes nothing.
    ///
    /// The request may use up a code, so it is sent once. Only where the controller did not look at it is it sent
    /// again: a 401 of an expired session comes before the code is read, and so does a connection that did not open.
    pub(crate) fn give_factor(&self, call: &Call, request: &Request) -> Result<ApiSession, Error> {
        let (_, session) = match self.send_with_login(call, request, &mut Vec::new()) {
            Ok(sent) => sent,
            Err(error) => {
                if may_have_been_taken(&error)
                    && let Some(session) = self.flight.current()
                {
                    self.flight.progressed(&session, without_code(&session));
                }
                return Err(error);
            }
        };
        // The code may be spent by now: whatever happens from here on, the caller hears that it was taken.
        let api_session = match self.ask_about(call, &session) {
            Ok(Some(now)) => now,
            Ok(None) => without_code(&session),
            Err(error) => {
                log::debug!("a factor was taken; the session could not be asked for: {error}");
                without_code(&session)
            }
        };
        self.flight.progressed(&session, api_session.clone());
        Ok(api_session)
    }
}

/// True if the controller may have looked at the request, and its answer was lost.
fn may_have_been_taken(error: &Error) -> bool {
    let was_sent = matches!(error.stage(), Some(Stage::Send | Stage::Wait | Stage::Body));
    was_sent || error.answer().is_some_and(|answer| answer.status >= 500)
}

/// The session as it is if a code was taken. If it was not, the next call is refused, and asks what is wanted.
fn without_code(session: &LiveSession) -> ApiSession {
    let mut api_session = session.api_session.clone();
    api_session.auth_queries.retain(|query| !query.is_code());
    api_session.is_mfa_complete = true;
    api_session
}
