//! The token endpoint: tokens for a code, or for other tokens.

use std::collections::HashMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::Call;
use super::authorize::CLIENTS;
use super::refusal::{already_revoked, oauth};
use crate::answers::Answer;
use crate::manners::Version;
use crate::oidc::{Authorization, Grant, Kind, Minter};
use crate::operations::routes::Route;
use crate::random;
use crate::state::{Identity, State};

const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const REFRESH_TOKEN: &str = "urn:ietf:params:oauth:token-type:refresh_token";

pub(crate) const ROUTES: &[Route] = &[
    Route::post(&["oauth", "token"], "oidcToken", |call, _| Ok(call.token_endpoint())).of_oidc(),
    Route::post(&["oauth", "introspect"], "oidcIntrospect", |call, _| Ok(call.introspect())).of_oidc(),
    Route::get(&["userinfo"], "oidcUserinfo", |call, _| Ok(call.user_info())).of_oidc(),
    Route::post(&["revoke"], "oidcRevoke", |call, _| Ok(call.revoke())).of_oidc(),
    Route::get(&["end_session"], "oidcEndSession", |call, _| Ok(call.end_session())).of_oidc(),
    Route::post(&["end_session"], "oidcEndSession", |call, _| Ok(call.end_session())).of_oidc(),
];

type Form = HashMap<String, String>;

fn field<'a>(form: &'a Form, name: &str) -> &'a str {
    form.get(name).map(String::as_str).unwrap_or_default()
}

impl Call<'_> {
    fn token_endpoint(&self) -> Answer {
        let form = self.parameters();
        let done = match field(&form, "grant_type") {
            "authorization_code" => self.exchange_code(&form),
            "refresh_token" => self.refresh(&form),
            TOKEN_EXCHANGE => self.exchange_token(&form),
            "" => Err(oauth(400, "invalid_request", "grant_type missing")),
            other => Err(oauth(400, "unsupported_grant_type", &format!("{other} not supported"))),
        };
        let tokens = match done {
            Ok(tokens) => tokens,
            Err(refused) => return refused,
        };
        Answer { chunked: true, ..Answer::json(200, &tokens).with("Vary", "Origin") }
    }

    /// The name of the client that asks, in the form or in a header without a password.
    fn client(&self, form: &Form) -> Result<String, Answer> {
        let basic = self.request.header("authorization").and_then(|value| value.strip_prefix("Basic "));
        let basic = basic.and_then(|coded| String::from_utf8(BASE64_STANDARD.decode(coded).ok()?).ok());
        let name = basic.as_deref().and_then(|pair| pair.split_once(':')).map(|(name, _)| name);
        let name = name.unwrap_or(field(form, "client_id"));
        if CLIENTS.contains(&name) {
            return Ok(name.to_owned());
        }
        Err(match self.manners() {
            Version::V1_3 => oauth(401, "invalid_client", ""),
            Version::V1_6 | Version::V2_0 => oauth(400, "invalid_client", "client not found"),
        })
    }

    fn minter(&self) -> Minter {
        let lifetimes = self.shared.settings.oidc.unwrap_or_default();
        Minter { issuer: self.issuer(), version: self.manners(), lifetimes, now: self.now }
    }

    fn exchange_code(&self, form: &Form) -> Result<Value, Answer> {
        let client = self.client(form)?;
        let mut guard = self.state();
        let state = &mut *guard;
        let invalid = || oauth(400, "invalid_grant", "invalid code");
        let code = field(form, "code");
        let (id, authorization) = state.oidc.authorizations.of_code(code, self.now).ok_or_else(invalid)?;
        let (id, authorization) = (id.to_owned(), authorization.clone());
        if authorization.client_id != client || authorization.redirect_uri != field(form, "redirect_uri") {
            return Err(oauth(400, "invalid_grant", "client_id or redirect_uri does not correspond"));
        }
        if authorization.challenge.as_ref().is_some_and(|wanted| !wanted.accepts(field(form, "code_verifier"))) {
            return Err(oauth(400, "invalid_grant", "invalid code challenge"));
        }
        let grant = authorization.grant.as_ref().ok_or_else(invalid)?;
        let identity = state.identity(&grant.login.identity_id).cloned().ok_or_else(invalid)?;
        state.oidc.authorizations.end(&id);
        state.oidc.logins += 1;
        Ok(self.first_tokens(state, &authorization, grant, &identity, code))
    }

    /// The tokens that a login ends with. The access and the refresh token have the same id.
    fn first_tokens(
        &self,
        state: &mut State,
        authorization: &Authorization,
        grant: &Grant,
        identity: &Identity,
        code: &str,
    ) -> Value {
        let types = state.catalog.type_ids(&grant.login.config_types);
        let mut claims = grant.claims(identity, &types, self.manners());
        claims["aud"] = json!([authorization.client_id]);
        claims["client_id"] = authorization.client_id.as_str().into();
        claims["z_aid"] = authorization.client_id.as_str().into();
        claims["scopes"] = json!(authorization.scopes);
        if grant.showed_code() {
            state.pass_mfa(claims["z_asid"].as_str().unwrap_or_default(), &identity.id, self.now);
        }
        let minter = self.minter();
        let pair = minter.pair(&claims, Some(&random::uuid()));
        let nonce = authorization.nonce.as_deref();
        let mut tokens = self.issue(state, &pair);
        let access = tokens["access_token"].as_str().unwrap_or_default().to_owned();
        let id_token = minter.id_token(&pair.1, identity, &access, Some(code), nonce);
        tokens["id_token"] = self.shared.pki.token(&id_token).into();
        if self.manners() == Version::V1_3 {
            tokens["state"] = authorization.state.as_deref().unwrap_or_default().into();
        } else {
            tokens["scope"] = authorization.scopes.join(" ").into();
        }
        if !authorization.scopes.iter().any(|scope| scope == "offline_access")
            && let Some(tokens) = tokens.as_object_mut()
        {
            tokens.remove("refresh_token");
        }
        tokens
    }

    /// An access and a refresh token as they are sent.
    fn issue(&self, state: &State, (access, refresh): &(Value, Value)) -> Value {
        let mut issued = state.oidc.issued();
        for claims in [access, refresh] {
            issued.add(claims, self.now);
        }
        let end = access["exp"].as_i64().unwrap_or_default();
        let left = i128::from(end) * 1_000_000_000 - self.now.unix_timestamp_nanos();
        json!({
            "access_token": self.shared.pki.token(access),
            "token_type": "Bearer",
            "refresh_token": self.shared.pki.token(refresh),
            "expires_in": left.max(0) / 1_000_000_000,
        })
    }

    /// New tokens for a refresh token, which is used up by that, and the access token with it that has the same id: at
    /// once for 1.3, in a while for the others.
    fn refresh(&self, form: &Form) -> Result<Value, Answer> {
        self.client(form)?;
        let unreadable = match self.manners() {
            Version::V1_3 => "",
            Version::V1_6 | Version::V2_0 => "failed to parse refresh token",
        };
        let invalid = |why: &str| oauth(400, "invalid_grant", why);
        let old = self.signed_claims(field(form, "refresh_token")).filter(|(_, kind)| *kind == Kind::Refresh);
        let (old, _) = old.ok_or_else(|| invalid(unreadable))?;
        let mut guard = self.state();
        let state = &mut *guard;
        let identity = state.identity(old["sub"].as_str().unwrap_or_default()).cloned();
        let identity = identity.ok_or_else(|| invalid("identity not found"))?;
        self.use_up(state, &old)?;
        state.oidc.refreshes += 1;
        let minter = self.minter();
        let pair = minter.pair(&old, None);
        let mut tokens = self.issue(state, &pair);
        let access = tokens["access_token"].as_str().unwrap_or_default().to_owned();
        tokens["id_token"] = self.shared.pki.token(&minter.id_token(&pair.1, &identity, &access, None, None)).into();
        if self.manners() != Version::V1_3 {
            let scopes = old["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str);
            tokens["scope"] = scopes.collect::<Vec<_>>().join(" ").into();
        }
        Ok(tokens)
    }

    fn use_up(&self, state: &State, claims: &Value) -> Result<(), Answer> {
        let lifetimes = self.shared.settings.oidc.unwrap_or_default();
        let mut issued = state.oidc.issued();
        if issued.is_revoked(claims, Kind::Refresh, self.now) && self.manners() != Version::V1_3 {
            return Err(oauth(400, "invalid_grant", "refresh token revoked"));
        }
        let first = issued.revoke(claims, self.now + lifetimes.revocation_delay);
        if first || self.manners() != Version::V1_3 {
            return Ok(());
        }
        Err(already_revoked(400, claims["jti"].as_str().unwrap_or_default()))
    }

    /// Tokens of one kind for a token of another, for the former name of the client. 1.3 does not have this.
    fn exchange_token(&self, form: &Form) -> Result<Value, Answer> {
        if self.manners() == Version::V1_3 {
            return Err(oauth(401, "invalid_client", "invalid client_id / client_secret"));
        }
        let client = self.client(form)?;
        let subject = field(form, "subject_token");
        let known = self.good_claims_of_any_kind(subject);
        let mut claims = known.ok_or_else(|| oauth(400, "invalid_request", "subject_token is invalid"))?;
        if let Some(claims) = claims.as_object_mut() {
            claims.retain(|name, _| !["amr", "scopes"].contains(&name.as_str()));
        }
        claims["client_id"] = client.as_str().into();
        claims["aud"] = json!([client]);
        claims["auth_time"] = self.now.unix_timestamp().into();
        let (access, mut refresh) = self.minter().pair(&claims, Some(&random::uuid()));
        if let Some(refresh) = refresh.as_object_mut() {
            refresh.remove("aud");
        }
        let mut tokens = self.issue(&self.state(), &(access, refresh));
        let wanted = form.get("requested_token_type").map_or(REFRESH_TOKEN, String::as_str);
        tokens["issued_token_type"] = wanted.into();
        Ok(tokens)
    }
}
