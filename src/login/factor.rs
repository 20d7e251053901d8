//! Giving a login a factor that it waits for, and finding out that it has it.

use std::sync::Arc;

use super::dispatch::Failed;
use super::generation::Generation;
use super::live::LiveSession;
use super::session::ApiSession;
use crate::error::Error;
use crate::transport::Call;
use crate::wire::{Request, envelope};

/// Sends a request that is about the login, and says what the session is like then.
pub(crate) type SendForLogin = fn(&Generation, &Call, &Request) -> Result<ApiSession, Error>;

impl Generation {
    /// Sends a request whose success completes the login, or brings it nearer to that, and returns the session as it is
    /// then. A refusal changes nothing.
    ///
    /// The request may use up a code, so it is sent once. Only where the controller did not look at it is it sent
    /// again: a 401 of an expired session comes before the code is read, and so does a connection that did not open.
    pub(crate) fn give_factor(&self, call: &Call, request: &Request) -> Result<ApiSession, Error> {
        let session = match self.send_with_login(call, request, &mut Vec::new()) {
            Ok((_, session)) => session,
            Err(Failed { error, perhaps_done_with }) => {
                if let Some(session) = perhaps_done_with {
                    self.has_progressed(call, &session, without_code(&session));
                }
                return Err(error);
            }
        };
        // The code may be spent by now: whatever happens from here on, the caller hears that it was taken.
        let session = self.with_second(call, Arc::clone(&session)).unwrap_or_else(|error| {
            log::debug!("a factor was taken; there is no other one for the login: {error}");
            session
        });
        let api_session = match self.ask_about(call, &session) {
            Ok(Some(now)) => now,
            Ok(None) => without_code(&session),
            Err(error) => {
                log::debug!("a factor was taken; the session could not be asked for: {error}");
                without_code(&session)
            }
        };
        self.has_progressed(call, &session, api_session.clone());
        Ok(api_session)
    }

    fn has_progressed(&self, call: &Call, session: &LiveSession, api_session: ApiSession) {
        self.flight.progressed(session, api_session);
        self.tell_of_current(call);
    }

    /// Sends a request for the current session. A login that waits is known to be complete from here on, if it is:
    /// nobody but the controller hears of a factor that was given by a request of the user's own making.
    pub(crate) fn look_at_session(&self, call: &Call, request: &Request) -> Result<ApiSession, Error> {
        let mut body = Vec::new();
        let (_, session) = self.send_with_login(call, request, &mut body)?;
        let now: ApiSession = envelope::data(&request.operation(), &body)?;
        if now.auth_queries.is_empty() && !session.api_session.auth_queries.is_empty() {
            self.has_progressed(call, &session, now.clone());
        }
        Ok(now)
    }
}

/// The session as it is if a code was taken. If it was not, the next call is refused, and asks what is wanted.
fn without_code(session: &LiveSession) -> ApiSession {
    let mut api_session = session.api_session.clone();
    api_session.auth_queries.retain(|query| !query.is_code());
    api_session.is_mfa_complete = true;
    api_session
}
