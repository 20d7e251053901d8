//! Where a login begins, and where it is sent back with a code.

use std::collections::HashMap;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::Call;
use super::refusal::oauth;
use super::second_factor::is_enrolled;
use crate::answers::Answer;
use crate::http;
use crate::manners::Version;
use crate::oidc::{Authorization, Challenge};
use crate::random;

/// The clients that there are: the present name and the former one.
pub(super) const CLIENTS: [&str; 2] = ["openziti", "native"];
const FOREIGN_REDIRECT: &str = "The requested redirect_uri is missing in the client configuration. If you have any \
                                questions, you may contact the administrator of the application.";
const NOT_LOGGED_IN: &str = "Unfortunately, the user may be not logged in and/or additional interaction is required.";

impl Call<'_> {
    pub(super) fn authorize(&self) -> Answer {
        let given = self.parameters();
        let text = |name: &str| given.get(name).map(String::as_str).unwrap_or_default();
        if !CLIENTS.contains(&text("client_id")) {
            return self.refuse_client();
        }
        if !is_allowed_redirect(text("redirect_uri")) {
            return match self.manners() {
                Version::V1_3 => Answer::plain_error(400, FOREIGN_REDIRECT),
                Version::V1_6 | Version::V2_0 => oauth(400, "invalid_request", FOREIGN_REDIRECT),
            };
        }
        if text("response_type") != "code" {
            let pairs =
                [("error", Some("unsupported_response_type")), ("state", given.get("state").map(String::as_str))];
            return self.redirect(with_query(text("redirect_uri"), &pairs));
        }
        let id = self.state().oidc.authorizations.begin(self.authorization(&given));
        let page = match text("method") {
            "cert" => "cert",
            "ext-jwt" => "ext-jwt",
            "" if !self.peer.certificates.is_empty() => "cert",
            _ => "username",
        };
        self.redirect(format!("/oidc/login/{page}?authRequestID={id}"))
    }

    fn authorization(&self, given: &HashMap<String, String>) -> Authorization {
        let text = |name: &str| given.get(name).cloned();
        let challenge = text("code_challenge").map(|challenge| match text("code_challenge_method").as_deref() {
            Some("S256") => Challenge::Sha256(challenge),
            _ => Challenge::Plain(challenge),
        });
        Authorization {
            client_id: text("client_id").unwrap_or_default(),
            redirect_uri: text("redirect_uri").unwrap_or_default(),
            state: text("state"),
            nonce: text("nonce"),
            scopes: text("scope").unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
            challenge,
            begun: self.now,
            grant: None,
            code: None,
        }
    }

    fn refuse_client(&self) -> Answer {
        match self.manners() {
            Version::V1_3 => Answer::plain_error(400, "unable to retrieve client by id"),
            Version::V1_6 | Version::V2_0 => oauth(400, "invalid_client", "client not found"),
        }
    }

    /// Sends the client back where it came from: with a code if the login is complete.
    pub(super) fn call_back(&self) -> Answer {
        let id = self.request.parameter("id").unwrap_or_default();
        let mut state = self.state();
        let enrolled = is_enrolled(&mut state, &id, self.now);
        let Some(authorization) = state.oidc.authorizations.get_mut(&id, self.now) else {
            return oauth(400, "invalid_request", "auth request not found");
        };
        let complete = authorization.queries(enrolled, self.manners()).is_some_and(|queries| queries.is_empty());
        let back = authorization.redirect_uri.clone();
        let sent = authorization.state.clone();
        let sent = ("state", sent.as_deref());
        if !complete {
            let error = [("error", Some("interaction_required")), ("error_description", Some(NOT_LOGGED_IN)), sent];
            return self.redirect(with_query(&back, &error));
        }
        let code = BASE64_URL_SAFE_NO_PAD.encode(random::bytes::<48>());
        authorization.code = Some(code.clone());
        drop(state);
        self.redirect(with_query(&back, &[("code", Some(code.as_str())), sent]))
    }
}

fn with_query(url: &str, pairs: &[(&str, Option<&str>)]) -> String {
    let pairs = pairs.iter().filter_map(|(name, value)| value.map(|value| format!("{name}={}", http::encode(value))));
    format!("{url}?{}", pairs.collect::<Vec<_>>().join("&"))
}

/// Whether a client may be sent back there: to itself, at any port.
fn is_allowed_redirect(url: &str) -> bool {
    let own = |host: &str| {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
        rest.strip_prefix(host)?.strip_suffix("/auth/callback").map(|port| port.is_empty() || is_port(port))
    };
    url == "openziti://auth/callback" || ["127.0.0.1", "localhost"].into_iter().any(|host| own(host) == Some(true))
}

fn is_port(text: &str) -> bool {
    text.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_sent_back_to_themselves_only() {
        for url in
            ["openziti://auth/callback", "http://localhost:8080/auth/callback", "https://127.0.0.1/auth/callback"]
        {
            assert!(is_allowed_redirect(url), "{url}");
        }
        for url in [
            "https://evil.example.test/auth/callback",
            "http://localhost.evil.example.test/auth/callback",
            "http://localhost:8080/other",
            "http://localhost:x/auth/callback",
            "",
        ] {
            assert!(!is_allowed_redirect(url), "{url}");
        }
    }

    #[test]
    fn what_goes_into_a_query_is_encoded() {
        assert_eq!(with_query("u", &[("a", Some("b c&d/")), ("e", None), ("f", Some("é"))]), "u?a=b+c%26d%2F&f=%C3%A9");
    }
}
