//! Requests that carry an access token instead of a legacy session.

use std::time::Duration;

use serde_json::Value;
use time::OffsetDateTime;

use super::Call;
use crate::answers::{Answer, Refusal};
use crate::authenticators::Extension;
use crate::external::Signer;
use crate::http::Request;
use crate::jwt;
use crate::manners::Version;
use crate::oidc::Kind;
use crate::pki::fingerprint;
use crate::sessions::{AccessToken, Login, Session};
use crate::shared::Shared;

const NO_TOKEN: &str = "zt-session realm=\"zt-session\" error=\"missing\" \
     error_description=\"no matching token was provided\",Bearer realm=\"openziti-oidc\" error=\"missing\" \
     error_description=\"no matching token was provided\"";
const INVALID: &str = "Bearer realm=\"openziti-oidc\" error=\"invalid\" error_description=\"token is invalid\"";
const EXPIRED: &str = "Bearer realm=\"openziti-oidc\" error=\"expired\" error_description=\"token expired\"";

/// Why a token does not stand for a session.
enum Fault {
    /// It is not for this: a refresh token, an id token.
    NotForAccess,
    Invalid,
    Expired,
}

/// Ends the legacy session of a request, and the access tokens it carries.
pub(crate) fn end_session_of(shared: &Shared, request: &Request) {
    let now = shared.clock.now();
    let mut state = shared.state();
    state.sessions.end(request.header("zt-session").unwrap_or_default());
    for token in bearers(request, shared.settings.version) {
        if let Ok(claims) = jwt::verify(&shared.pki.key, token) {
            state.oidc.issued().end_access(&claims, now);
        }
    }
}

/// The bearer tokens of a request, as far as they are read.
fn bearers(request: &Request, version: Version) -> impl Iterator<Item = &str> {
    let read = if version == Version::V2_0 { 3 } else { usize::MAX };
    request.header_values("authorization").take(read).filter_map(|value| value.strip_prefix("Bearer "))
}

impl Call<'_> {
    /// Whether the request tries to be of a session.
    pub(super) fn has_token(&self) -> bool {
        self.token().is_some() || bearers(self.request, self.manners()).next().is_some()
    }

    /// The session of the first access token of the request, or why there is none.
    pub(super) fn bearer_session(&self) -> Result<Session, Answer> {
        let own = |token: &&str| jwt::key_id(token).is_some_and(|id| id == self.shared.pki.key_id());
        match bearers(self.request, self.manners()).find(own) {
            Some(token) => self.session_of(token).map_err(|fault| self.refused(&fault)),
            None => Err(self.no_token()),
        }
    }

    pub(super) fn no_token(&self) -> Answer {
        match bearers(self.request, self.manners()).next() {
            Some(bearer) => self.refused_stranger(bearer),
            None => {
                let refusal = Refusal::unauthorized().because("unauthenticated for invalid credentials");
                self.explained(refusal.into(), NO_TOKEN)
            }
        }
    }

    /// Nobody knows the token. 2.0 takes one that is a JWT for another issuer's, and so for none at all.
    fn refused_stranger(&self, bearer: &str) -> Answer {
        if self.manners().explains_401() && bearer.split('.').count() == 3 {
            return self.explained(Refusal::unauthorized().into(), NO_TOKEN);
        }
        self.refused(&Fault::Invalid)
    }

    fn refused(&self, fault: &Fault) -> Answer {
        let refusal = Refusal::unauthorized();
        let why = match fault {
            Fault::NotForAccess if !self.manners().explains_401() => return Refusal::unhandled("invalid token").into(),
            Fault::NotForAccess => NO_TOKEN,
            Fault::Invalid => INVALID,
            Fault::Expired => EXPIRED,
        };
        if self.manners().explains_401() {
            return self.explained(refusal.into(), why);
        }
        let cause = format!("UNAUTHORIZED: {}", refusal.message());
        refusal.because(cause).into()
    }

    fn session_of(&self, token: &str) -> Result<Session, Fault> {
        let claims = self.good_claims(token)?;
        if !self.is_bound_to_peer(&claims) {
            return Err(Fault::Invalid);
        }
        let login = self.login_by(&claims).ok_or(Fault::Invalid)?;
        let time =
            |name: &str| claims[name].as_i64().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
        let (issued, expires) = time("iat").zip(time("exp")).ok_or(Fault::Invalid)?;
        let methods = claims["amr"].as_array();
        let token = AccessToken {
            session_id: text(&claims, "z_asid"),
            text: token.to_owned(),
            issued,
            expires,
            lifetime: self.shared.settings.oidc.map_or(Duration::ZERO, |lifetimes| lifetimes.access),
            mfa_complete: methods.is_some_and(|methods| methods.iter().any(|method| method == "totp")),
        };
        Ok(Session::of_token(token, login, self.now))
    }

    /// What an access token says, if it is good.
    fn good_claims(&self, token: &str) -> Result<Value, Fault> {
        let claims = jwt::verify(&self.shared.pki.key, token).map_err(|_| Fault::Invalid)?;
        if claims["z_t"] != Kind::Access.letter() {
            return Err(Fault::NotForAccess);
        }
        if claims["exp"].as_i64().is_none_or(|end| self.now.unix_timestamp() >= end) {
            return Err(Fault::Expired);
        }
        let revoked = self.state().oidc.issued().is_revoked(&claims, Kind::Access, self.now);
        if revoked { Err(Fault::Invalid) } else { Ok(claims) }
    }

    /// Where tokens are bound to the certificate of their login, that has to be shown again.
    fn is_bound_to_peer(&self, claims: &Value) -> bool {
        let Some(bound) = claims["z_cfs"].as_array().filter(|_| self.manners().binds_tokens()) else { return true };
        let shown = self.peer.certificates.first().map(|leaf| fingerprint(leaf));
        bound.is_empty() || shown.is_some_and(|shown| bound.iter().any(|known| *known == shown))
    }

    /// The login that the claims of a token tell of. Second factors are behind it, but for a token of somebody else:
    /// that has to come with every request.
    fn login_by(&self, claims: &Value) -> Option<Login> {
        let state = self.state();
        let identity = state.identity(claims["sub"].as_str()?).filter(|identity| !identity.disabled)?;
        let secondary = identity.secondary_signer.as_ref().and_then(|id| state.signer(id)).map(Signer::demand);
        let types = claims["z_ct"].as_array().into_iter().flatten();
        let wants = |name: &str| claims[name] == true;
        let extension = Extension { key_roll: wants("z_ckrr") };
        let authenticator_id =
            if self.manners() == Version::V1_3 { "oidc".to_owned() } else { text(claims, "z_authid") };
        Some(Login {
            identity_id: identity.id.clone(),
            identity_name: identity.name.clone(),
            authenticator_id,
            extendable: wants("z_ice"),
            improper_chain: wants("z_iccc"),
            secondary,
            extension: wants("z_cer").then_some(extension),
            config_types: types.filter_map(Value::as_str).map(str::to_owned).collect(),
            ip_address: self.peer.address.to_string(),
            ..Login::default()
        })
    }

    /// What the first good access token of the request says, whoever shows it.
    pub(super) fn access_claims(&self) -> Option<Value> {
        let mut tokens = bearers(self.request, self.manners());
        tokens.find_map(|token| self.good_claims(token).ok())
    }

    /// What an access or a refresh token says that is the network's own and not expired; it may have been revoked.
    pub(super) fn signed_claims(&self, token: &str) -> Option<(Value, Kind)> {
        let claims = jwt::verify(&self.shared.pki.key, token).ok()?;
        let kind = [Kind::Access, Kind::Refresh].into_iter().find(|kind| claims["z_t"] == kind.letter())?;
        let good = claims["exp"].as_i64().is_some_and(|end| self.now.unix_timestamp() < end);
        good.then_some((claims, kind))
    }
}

fn text(claims: &Value, name: &str) -> String {
    claims[name].as_str().unwrap_or_default().to_owned()
}
