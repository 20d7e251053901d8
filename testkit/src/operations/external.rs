//! Logins by tokens of external JWT signers, and the signers themselves.

use std::sync::Arc;

use super::Call;
use super::routes::Route;
use crate::answers::{Answer, Refusal};
use crate::external::{self, Fault, Secondary, Signer};
use crate::manners::Version;
use crate::page::Query;
use crate::sessions::{Login, Session};
use crate::state::Identity;

pub(super) const ROUTES: &[Route] =
    &[Route::get(&["external-jwt-signers"], "listExternalJwtSigners", |call, _| call.external_signers())];

impl Call<'_> {
    /// Anybody may ask who the signers are.
    fn external_signers(&self) -> Result<Answer, Refusal> {
        let query = Query::parse(self.request, self.manners())?;
        let signers = self.state().signers.clone();
        Ok(query.page(signers.iter().map(Arc::as_ref), |signer: &Signer| signer.document(self.manners())))
    }

    /// The signer of a token that the request carries, and what the token calls its identity.
    pub(super) fn judge_bearer<'a>(&self, signers: &'a [Arc<Signer>]) -> Result<(&'a Signer, String), Fault> {
        let (tokens, more) = self.bearers();
        let judged = external::judge(&tokens, signers.iter().map(Arc::as_ref), self.now);
        judged.map_err(|fault| if fault == Fault::Missing && more { Fault::Invalid } else { fault })
    }

    /// The bearer tokens of the request as far as they are read, and whether there are more of them.
    fn bearers(&self) -> (Vec<&str>, bool) {
        let read = if self.manners() == Version::V2_0 { 3 } else { 2 };
        let headers = self.request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        let mut headers = headers.map(|(_, value)| value.as_str());
        let tokens = headers.by_ref().take(read).filter_map(|value| value.strip_prefix("Bearer ")).collect();
        (tokens, headers.next().is_some())
    }

    pub(super) fn by_external_token(&self) -> Result<Login, Refusal> {
        let state = self.state();
        let judged = self.judge_bearer(&state.signers).and_then(|(signer, claim)| {
            let mut known = state.identities.iter().filter(|identity| !identity.disabled);
            let identity = known.find(|identity| is_meant(identity, signer, &claim)).ok_or(Fault::Missing)?;
            let allowed = identity.signers.as_ref().is_none_or(|allowed| allowed.contains(&signer.id));
            if allowed { Ok((signer, identity)) } else { Err(Fault::Missing) }
        });
        match judged {
            Ok((signer, identity)) => {
                Ok(Login { authenticator_id: format!("extJwtId:{}", signer.id), ..self.login_of(&state, identity) })
            }
            Err(_) if self.manners() != Version::V2_0 => Err(Refusal::login_failed()),
            Err(fault) => {
                let (ids, issuers): (Vec<_>, Vec<_>) =
                    state.signers.iter().map(|signer| (signer.id.as_str(), signer.spec.issuer.as_str())).unzip();
                let challenge = challenge("primary", fault, &ids.join("|"), &issuers.join("|"));
                Err(Refusal::unauthorized().challenging(challenge))
            }
        }
    }

    /// The session as the request makes it: if that carries the token that the session waits for, it waits no more.
    pub(super) fn settled(&self, mut session: Session) -> Session {
        let Some(secondary) = &session.login.secondary else { return session };
        let state = self.state();
        let signers: Vec<_> = state.signers.iter().filter(|signer| signer.id == secondary.signer_id).cloned().collect();
        let own = |signer: &Signer, claim: &str| {
            // 2.0 takes a token of anybody.
            self.manners() == Version::V2_0
                || state.identity(&session.login.identity_id).is_some_and(|own| is_meant(own, signer, claim))
        };
        if !self.judge_bearer(&signers).is_ok_and(|(signer, claim)| own(signer, &claim)) {
            return session;
        }
        drop(state);
        session.login.secondary = None;
        session
    }

    /// What goes with a login that waits for a token.
    pub(super) fn with_challenge(&self, answer: Answer, secondary: Option<&Secondary>) -> Answer {
        match secondary {
            Some(secondary) if self.manners().explains_401() => {
                let challenge = challenge("secondary", Fault::Missing, &secondary.signer_id, &secondary.issuer);
                answer.with("Www-Authenticate", challenge)
            }
            _ => answer,
        }
    }
}

fn is_meant(identity: &Identity, signer: &Signer, claim: &str) -> bool {
    if signer.spec.by_external_id { identity.external_id.as_deref() == Some(claim) } else { identity.id == claim }
}

fn challenge(which: &str, fault: Fault, ids: &str, issuers: &str) -> String {
    let (error, description) = match fault {
        Fault::Missing => ("missing", "no matching token was provided"),
        Fault::Invalid => ("invalid", "token is invalid"),
        Fault::Expired => ("expired", "token expired"),
    };
    format!(
        "Bearer realm=\"openziti-{which}-ext-jwt\" error=\"{error}\" error_description=\"{description}\" id=\"{ids}\" \
         issuer=\"{issuers}\""
    )
}
