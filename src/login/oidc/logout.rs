//! The end of a login, and of all logins of its identity.

use super::authorize::CLIENT;
use super::discovery::step;
use super::token::OidcTokens;
use crate::error::Error;
use crate::login::flight::Wanted;
use crate::login::generation::{Generation, answer};
use crate::login::live::SessionToken;
use crate::transport::Call;
use crate::wire::{Body, Head, Request};

/// What [`Client::logout_everywhere`](crate::Client::logout_everywhere) came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoggedOut {
    /// The controller ended the logins of the identity, as far as its version does.
    Now,
    /// The controller had done so before, and does it only once: logins that were made since go on.
    Before,
}

impl Generation {
    /// Ends the refresh token of a login, as far as the controller can: 1.3 cannot.
    pub(in crate::login) fn revoke(&self, call: &Call, tokens: &OidcTokens) {
        let Some((path, token)) = tokens.endpoints().revocation.as_ref().zip(tokens.refresh.as_ref()) else { return };
        let fields = [("token", token.expose()), ("token_type_hint", "refresh_token"), ("client_id", CLIENT)];
        let mut request = step(Request::post(path)).hide(token).body(Body::form(&fields));
        request.idempotent = true;
        let mut body = Vec::new();
        let outcome = self.ask_any(call, &request, &mut body).map_err(Error::from);
        if let Err(error) = outcome.and_then(|(head, _)| answer(&request, &head, &body)) {
            log::debug!("the refresh token could not be revoked: {error}");
        }
    }

    /// Ends all logins of the identity, as far as the controllers can, and this one in any case.
    pub(crate) fn log_out_everywhere(&self, call: &Call) -> Result<LoggedOut, Error> {
        let session = self.session(call, Wanted::Current)?;
        let tokens = match &session.token {
            SessionToken::Oidc(tokens) => tokens,
            SessionToken::Waiting(_) => return Err(session.require_complete().err().unwrap_or_else(not_from_here)),
            SessionToken::Legacy(_) => return Err(not_from_here()),
        };
        let latest = self.give_up(call).filter(|latest| !latest.has_tokens_of(&session));
        let ended = self.end_all(call, tokens);
        self.revoke(call, tokens);
        if let Some(SessionToken::Oidc(tokens)) = latest.map(|latest| latest.token.clone()) {
            self.revoke(call, &tokens);
        }
        ended
    }

    fn end_all(&self, call: &Call, tokens: &OidcTokens) -> Result<LoggedOut, Error> {
        let Some((path, token)) = tokens.endpoints().end_session.as_ref().zip(tokens.id.as_ref()) else {
            let message = "this controller gives its clients nothing to end all logins of an identity with";
            return Err(Error::Unsupported(message.to_owned()));
        };
        let fields = [("id_token_hint", token.expose()), ("client_id", CLIENT)];
        let mut request = step(Request::post(path)).hide(token).body(Body::form(&fields));
        request.idempotent = true;
        let mut body = Vec::new();
        let (head, _) = self.ask_any(call, &request, &mut body)?;
        read_end(&request, &head, &body)
    }
}

/// What a controller says of the end of all logins: it sends browsers on to a page.
pub(super) fn read_end(request: &Request, head: &Head, body: &[u8]) -> Result<LoggedOut, Error> {
    if (300..400).contains(&head.status) {
        return Ok(LoggedOut::Now);
    }
    match answer(request, head, body) {
        Err(Error::Api(said)) if said.code == "server_error" && says_before(&said.message) => Ok(LoggedOut::Before),
        outcome => outcome.map(|()| LoggedOut::Now),
    }
}

/// What controllers since 1.6 say, and 1.3, of logins that were ended before.
fn says_before(message: &str) -> bool {
    ["already exists", "error terminating session"].iter().any(|said| message.contains(said))
}

fn not_from_here() -> Error {
    let message = "the login is a session that one controller keeps, and from which no other login can be ended; only \
                   those over OIDC can (LoginFlow::Oidc)";
    Error::Unsupported(message.to_owned())
}
