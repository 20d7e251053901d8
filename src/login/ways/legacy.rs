//! Logins that make a session at one controller.

use super::primary::Primary;
use super::{Shown, leaves_open};
use crate::error::Error;
use crate::login::generation::Generation;
use crate::login::live::{NewSession, Second, SessionToken};
use crate::login::request;
use crate::login::session::ApiSession;
use crate::transport::Call;
use crate::wire::{ControllerUrl, Request, envelope, refusal};

impl Generation {
    /// `POST /authenticate`
    pub(super) fn show_for_session(&self, call: &Call, primary: &Primary<'_>) -> Result<Shown, Error> {
        let request = match primary {
            Primary::Certificate => request::by_certificate(&self.about),
            // A wrong password may be counted, so it is sent once; one that was right before may be repeated.
            Primary::Password { username, password } => {
                let mut request = request::by_password(&self.about, username, password);
                request.idempotent = self.ways.were_accepted();
                request
            }
            Primary::ExternalJwt(jwt) => request::by_external_jwt(&self.about, jwt),
        };
        let mut body = Vec::new();
        let asked = self.ask_any(call, &request, &mut body);
        let (head, controller) = asked.inspect_err(|failure| self.ways.note_unjudged(failure.sent))?;
        if head.is_success() {
            let session = new_session(&request, controller, &mut body);
            let session = session.inspect_err(|_| self.ways.note_unjudged(true))?;
            self.ways.note(true);
            self.tell_of(call, &session);
            return Ok(Shown::Taken(Box::new(session)));
        }
        let answer = refusal::read(&request.operation(), &head, &body);
        if head.status != 401 {
            self.ways.note_unjudged(leaves_open(&answer));
            return Err(refusal::into_error(answer));
        }
        Ok(Shown::Refused(answer, controller))
    }
}

fn new_session(request: &Request, controller: ControllerUrl, body: &mut [u8]) -> Result<NewSession, Error> {
    let api_session: ApiSession = envelope::data_once(&request.operation(), body)?;
    if !api_session.token.is_sendable() {
        return Err(Error::Decode {
            operation: request.operation(),
            path: "data.token".to_owned(),
            message: "this is not a token".to_owned(),
        });
    }
    let token = SessionToken::Legacy(api_session.token.clone());
    log::debug!("logged in at {controller}");
    Ok(NewSession { token, second: Second::None, controller, api_session, continues: None })
}
