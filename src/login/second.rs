//! The external JWT of a second factor.

use std::sync::Arc;

use super::credentials::JwtSource;
use super::flight::Wanted;
use super::generation::Generation;
use super::live::{LiveSession, NewSession, Second, SecondJwt, SessionToken};
use super::session::AuthQuery;
use crate::error::{Error, REJECTED_FOR};
use crate::transport::Call;

impl Generation {
    /// The login with the external JWT that it wants, if the client has one for it. Without one, and with one that is
    /// refused, the login goes on waiting.
    pub(crate) fn with_second(&self, call: &Call, session: Arc<LiveSession>) -> Result<Arc<LiveSession>, Error> {
        let Some(source) = &self.ways.second else { return Ok(session) };
        let mut session = session;
        while self.lacks_second(&session) {
            let newer = Wanted::NewerThan(session.number);
            session = match session.token {
                // There it comes with the first factor.
                SessionToken::Waiting(_) => self.session(call, newer)?,
                _ => self.flight.session(call, newer, || self.supply_second(call, source, &session, false))?,
            };
        }
        Ok(session)
    }

    /// The same where the controller has just refused the external JWT of the login, for which it has these queries.
    pub(super) fn with_another_second(
        &self,
        call: &Call,
        session: &LiveSession,
        queries: Vec<AuthQuery>,
    ) -> Result<Arc<LiveSession>, Error> {
        let Some(source) = &self.ways.second else { return Err(Error::LoginPending { factors: queries }) };
        let supply = || {
            let mut refused = session.again();
            refused.api_session.auth_queries = queries;
            self.supply_second(call, source, &LiveSession::new(session.number, refused, session.is_good()), true)
        };
        self.flight.session(call, Wanted::NewerThan(session.number), supply)
    }

    /// The external JWT for a login over OIDC that is about to be complete. It has had one if it needs one, which may have
    /// ended since, or gone with the process that had it; then there has to be another one, before a code is used up. One
    /// that was refused takes a new login, which would want another code.
    pub(super) fn second_to_complete(&self, call: &Call, session: &LiveSession) -> Result<Second, Error> {
        if matches!(session.second, Second::Refused(_)) && session.jwt_query().is_some() {
            session.require_complete()?;
        }
        let is_at_hand = matches!(&session.second, Second::Sent(jwt) if !jwt.is_over(self.controllers_time()));
        let Some(signer) = session.second.signer_of_sent().filter(|_| !is_at_hand) else {
            return Ok(session.second.clone());
        };
        let source = self.ways.second.as_ref();
        for refused in [false, true] {
            let Some(source) = source.filter(|source| !refused || source.has_more()) else { break };
            let jwt = SecondJwt::new(signer, source.supply(call, signer, refused)?);
            if !jwt.is_over(self.controllers_time()) {
                return Ok(Second::Sent(jwt));
            }
        }
        let mut factors = session.api_session.auth_queries.clone();
        factors.push(AuthQuery { is_refused: source.is_some(), ..AuthQuery::for_jwt(signer.map(str::to_owned)) });
        Err(Error::LoginPending { factors })
    }

    fn lacks_second(&self, session: &LiveSession) -> bool {
        match &session.second {
            Second::None => session.jwt_query().is_some(),
            Second::Sent(second) => second.is_over(self.controllers_time()),
            Second::Elsewhere { .. } => false,
            Second::Refused(at) => {
                let since = self.time.now().monotonic.saturating_duration_since(*at);
                session.jwt_query().is_some() && since >= REJECTED_FOR
            }
        }
    }

    /// Asks for a token, once more if that is no good, and the controller what it makes of it.
    fn supply_second(
        &self,
        call: &Call,
        source: &JwtSource,
        session: &LiveSession,
        mut refused: bool,
    ) -> Result<NewSession, Error> {
        let of_query = || session.jwt_query().and_then(|query| query.id.clone());
        let signer = session.second.signer_of_sent().map_or_else(of_query, |signer| signer.map(str::to_owned));
        let mut waiting = session.again();
        while !refused || source.has_more() {
            let jwt = SecondJwt::new(signer.as_deref(), source.supply(call, signer.as_deref(), refused)?);
            if !jwt.is_over(self.controllers_time()) {
                let tried = NewSession { second: Second::Sent(jwt), ..session.again() };
                let tried = LiveSession::new(session.number, tried, session.is_good());
                match self.ask_about(call, &tried)? {
                    // The login is over. The request that wants this one finds out, and makes another: it has to be sent.
                    None => {
                        let mut over = tried.again();
                        over.api_session.auth_queries.retain(|query| !query.is_jwt());
                        return Ok(over);
                    }
                    Some(now) if now.auth_queries.iter().any(AuthQuery::is_jwt) => waiting.api_session = now,
                    Some(now) => return Ok(NewSession { api_session: now, ..tried.again() }),
                }
            }
            if refused {
                break;
            }
            refused = true;
        }
        waiting.second = Second::Refused(self.time.now().monotonic);
        waiting.api_session.refuse_jwt(signer);
        Ok(waiting)
    }
}
