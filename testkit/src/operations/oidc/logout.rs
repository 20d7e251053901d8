//! The ends of tokens and of logins, and what asks about them.

use serde_json::{Value, json};

use super::Call;
use super::refusal::{already_revoked, oauth};
use crate::answers::Answer;
use crate::jwt;
use crate::manners::Version;

impl Call<'_> {
    /// Ends one token, and the other that came with it from a login. 1.3 cannot.
    pub(super) fn revoke(&self) -> Answer {
        if self.manners() == Version::V1_3 {
            return oauth(500, "server_error", "");
        }
        let form = self.parameters();
        let token = form.get("token").map(String::as_str).unwrap_or_default();
        if let Ok(claims) = jwt::verify(&self.shared.pki.key, token) {
            self.state().oidc.issued().revoke_now(&claims, self.now);
        }
        Answer::new(200, "application/json", "").with("Vary", "Origin")
    }

    /// Logs an identity out, wherever it is logged in: once. What that ends depends on the version, and no refresh
    /// token is among it.
    pub(super) fn end_session(&self) -> Answer {
        let given = self.parameters();
        let Some(hint) = given.get("id_token_hint").filter(|hint| !hint.is_empty()) else {
            return self.redirect("/oidc/logged-out".to_owned());
        };
        let claims = jwt::verify(&self.shared.pki.key, hint).unwrap_or_default();
        let Some(identity_id) = claims["sub"].as_str().filter(|_| claims["at_hash"].is_string()) else {
            return oauth(400, "invalid_request", "id_token_hint invalid");
        };
        let state = self.state();
        if !state.oidc.issued().end_identity(identity_id, self.manners().ends_access_tokens()) {
            return match self.manners() {
                Version::V1_3 => oauth(400, "server_error", "error terminating session"),
                Version::V1_6 | Version::V2_0 => already_revoked(500, identity_id),
            };
        }
        self.redirect("/oidc/logged-out".to_owned())
    }

    /// Nothing, for whoever has an access token.
    pub(super) fn user_info(&self) -> Answer {
        if self.access_claims().is_some() {
            return Answer::json(200, &json!({})).with("Vary", "Origin");
        }
        match (self.manners(), self.has_token()) {
            (Version::V1_3, _) => Answer::plain_error(401, "access token invalid"),
            (_, false) => oauth(401, "invalid_request", "access token missing"),
            (_, true) => oauth(401, "access_denied", "access token invalid"),
        }
    }

    /// Clients have no secret, and those without may not ask.
    pub(super) fn introspect(&self) -> Answer {
        match self.manners() {
            Version::V1_3 => Answer::plain_error(401, "ErrorType=invalid_client Parent=no client credentials provided"),
            Version::V1_6 | Version::V2_0 => oauth(400, "invalid_client", "client must be authenticated"),
        }
    }

    /// What an access or a refresh token says, if it is good.
    pub(super) fn good_claims_of_any_kind(&self, token: &str) -> Option<Value> {
        let revoked = |claims: &Value, kind| self.state().oidc.issued().is_revoked(claims, kind, self.now);
        self.signed_claims(token).filter(|(claims, kind)| !revoked(claims, *kind)).map(|(claims, _)| claims)
    }
}
