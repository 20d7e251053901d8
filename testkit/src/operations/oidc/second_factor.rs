//! The second factor of a login: a one-time code, which may be set up on the way, or a token of somebody else.

use std::sync::Arc;

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{Call, HTML};
use crate::answers::{Answer, Refusal};
use crate::external::Signer;
use crate::manners::Version;
use crate::mfa::Mfa;
use crate::oidc::{self, Authorization, Grant};
use crate::operations::demands::required;
use crate::state::{Identity, State};

impl Call<'_> {
    /// What comes after a factor: another one, or the way back with a code.
    pub(super) fn next_step(&self, id: &str) -> Result<Answer, Refusal> {
        let mut state = self.state();
        let enrolled = is_enrolled(&mut state, id, self.now);
        let authorization = state.oidc.authorizations.get_mut(id, self.now).ok_or_else(Refusal::unauthorized)?;
        let queries = authorization.queries(enrolled, self.manners());
        if queries.as_ref().is_some_and(Vec::is_empty) {
            let location = format!("{}/authorize/callback?id={id}", self.issuer());
            return Ok(Answer { status: 302, ..Answer::default() }.with("Location", location));
        }
        Ok(self.queries(authorization, queries))
    }

    pub(super) fn auth_queries(&self) -> Result<Answer, Refusal> {
        let id = self.login_id(&Value::Null);
        let mut state = self.state();
        let enrolled = is_enrolled(&mut state, &id, self.now);
        let authorization = state.oidc.authorizations.get_mut(&id, self.now).ok_or_else(Refusal::unauthorized)?;
        let queries = authorization.queries(enrolled, self.manners());
        Ok(self.queries(authorization, queries))
    }

    fn queries(&self, authorization: &Authorization, queries: Option<Vec<Value>>) -> Answer {
        let asks_code = queries.iter().flatten().any(|query| query["typeId"] == "TOTP");
        let mut answer = Answer::new(200, "application/json", json!({"authQueries": queries}).to_string());
        if asks_code {
            answer = answer.with("Totp-Required", "true");
        }
        let secondary = authorization.grant.as_ref().and_then(|grant| grant.login.secondary.as_ref());
        self.with_challenge(answer, secondary)
    }

    /// Only 2.0 takes the token of a second factor; that of anybody.
    pub(super) fn show_secondary(&self, grant: &mut Grant) {
        let Some(secondary) = &grant.login.secondary else { return };
        let signers: Vec<Arc<Signer>> =
            self.state().signers.iter().filter(|signer| signer.id == secondary.signer_id).cloned().collect();
        if self.manners() == Version::V2_0 && self.judge_bearer(&signers).is_ok() {
            grant.methods.push(format!("ejs:{}", secondary.signer_id));
            grant.login.secondary = None;
        }
    }

    pub(super) fn show_totp(&self) -> Result<Answer, Refusal> {
        let document = self.login_document()?;
        let id = self.login_id(&document);
        let code = required(&document, "code")?;
        let right = self.with_owner(&id, |identity| {
            let mfa = identity.mfa.as_mut().filter(|mfa| mfa.verified);
            Ok(mfa.map(|mfa| mfa.accepts(code, self.now)))
        })?;
        match right {
            Some(true) => {
                self.showed_totp(&id);
                self.next_step(&id)
            }
            Some(false) => Err(Refusal::new(400, "INVALID TOTP CODE", "an invalid TOTP code was supplied")),
            None => Ok(Answer { chunked: true, ..Answer::new(200, HTML, oidc::login_page("")) }),
        }
    }

    /// 1.3 says yes, and does nothing.
    pub(super) fn enroll_totp(&self) -> Result<Answer, Refusal> {
        if self.manners() == Version::V1_3 {
            return Ok(nothing_to_say());
        }
        let document = self.login_document()?;
        self.with_owner(&self.login_id(&document), |identity| {
            if identity.mfa.is_some() {
                return Err(Refusal::new(409, "MFA_EXISTS", "An MFA record already exists, try removing it"));
            }
            let mut enrolled = identity.mfa.insert(Mfa::start(self.now)).document(&identity.name);
            enrolled["_links"] = Value::Null;
            if let Some(enrolled) = enrolled.as_object_mut() {
                enrolled.remove("tags");
            }
            Ok(Answer::new(201, "application/json", enrolled.to_string()))
        })
    }

    /// From 2.0 on the right code is shown by this, too; before it has to be sent once more.
    pub(super) fn verify_totp(&self) -> Result<Answer, Refusal> {
        if self.manners() == Version::V1_3 {
            return Ok(nothing_to_say());
        }
        let document = self.login_document()?;
        let id = self.login_id(&document);
        let code = required(&document, "code")?;
        self.with_owner(&id, |identity| {
            let mfa = identity.mfa.as_mut().filter(|mfa| !mfa.verified).ok_or_else(Refusal::nothing_there)?;
            if !mfa.accepts_totp(code, self.now) {
                return Err(Refusal::new(400, "MFA_INVALID_TOKEN", "An invalid token/code was provided"));
            }
            mfa.verify(self.now);
            Ok(())
        })?;
        if self.manners() != Version::V2_0 {
            return Ok(nothing_to_say());
        }
        self.showed_totp(&id);
        self.next_step(&id)
    }

    pub(super) fn cancel_totp(&self) -> Result<Answer, Refusal> {
        if self.manners() == Version::V1_3 {
            return Ok(nothing_to_say());
        }
        self.with_owner(&self.login_id(&self.login_document()?), |identity| {
            identity.mfa = identity.mfa.take().filter(|mfa| mfa.verified);
            Ok(Answer::new(200, "application/json", "{}"))
        })
    }

    fn showed_totp(&self, id: &str) {
        let mut state = self.state();
        let authorization = state.oidc.authorizations.get_mut(id, self.now);
        if let Some(grant) = authorization.and_then(|authorization| authorization.grant.as_mut())
            && !grant.showed_code()
        {
            grant.methods.push("totp".to_owned());
        }
    }

    /// Looks at the identity that showed the first factor of a login.
    fn with_owner<T>(&self, id: &str, look: impl FnOnce(&mut Identity) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let mut state = self.state();
        let owner = owner(&mut state, id, self.now).ok_or_else(Refusal::unauthorized)?;
        look(state.identity_mut(&owner).ok_or_else(Refusal::unauthorized)?)
    }
}

/// The id of the identity that showed the first factor of a login.
fn owner(state: &mut State, id: &str, now: OffsetDateTime) -> Option<String> {
    let grant = state.oidc.authorizations.get_mut(id, now)?.grant.as_ref()?;
    Some(grant.login.identity_id.clone())
}

/// Whether that identity has a verified TOTP.
pub(super) fn is_enrolled(state: &mut State, id: &str, now: OffsetDateTime) -> bool {
    let owner = owner(state, id, now);
    owner.and_then(|owner| state.identity(&owner)).is_some_and(Identity::mfa_verified)
}

fn nothing_to_say() -> Answer {
    Answer::new(200, "application/json", json!({"data": null, "meta": null}).to_string())
}
