//! Logins by OpenID Connect, step by step as a client goes through them.

use serde_json::{Value, json};

use super::{Answer, CLIENT, Connection};

/// Where the client is sent back to. Nobody listens there.
pub(crate) const REDIRECT: &str = "http://localhost:8080/auth/callback";
const ENCODED_REDIRECT: &str = "http%3A%2F%2Flocalhost%3A8080%2Fauth%2Fcallback";
/// The verifier and the challenge that RFC 7636 prints.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) id: String,
}

impl Tokens {
    pub(crate) fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        let tokens = answer.json();
        let token = |name: &str| tokens[name].as_str().unwrap_or_default().to_owned();
        Self { access: token("access_token"), refresh: token("refresh_token"), id: token("id_token") }
    }
}

/// A part of the query of the place that an answer sends to.
pub(crate) fn told(answer: &Answer, name: &str) -> Option<String> {
    let (_, query) = answer.header("location")?.split_once('?')?;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}

impl Connection {
    pub(crate) fn authorize(&mut self, more: &str) -> Answer {
        let path = format!(
            "/oidc/authorize?client_id=openziti&response_type=code&scope=openid+offline_access&state=s&nonce=n\
             &code_challenge={CHALLENGE}&code_challenge_method=S256&redirect_uri={ENCODED_REDIRECT}{more}"
        );
        self.ask("GET", &path, &[], b"").unwrap()
    }

    /// Begins a login; the result is its id.
    pub(crate) fn begin(&mut self) -> String {
        told(&self.authorize(""), "authRequestID").unwrap()
    }

    /// A step of a login: JSON to a page of it, with these bearer tokens.
    pub(crate) fn step(&mut self, page: &str, document: &Value, bearers: &[&str]) -> Answer {
        let bearers: Vec<String> = bearers.iter().map(|token| format!("Bearer {token}")).collect();
        let mut headers = vec![("Content-Type", "application/json"), ("Accept", "application/json")];
        headers.extend(bearers.iter().map(|bearer| ("Authorization", bearer.as_str())));
        self.ask("POST", &format!("/oidc/login/{page}"), &headers, document.to_string().as_bytes()).unwrap()
    }

    /// The code that a complete login is sent back with.
    pub(crate) fn code(&mut self, id: &str) -> String {
        let answer = self.ask("GET", &format!("/oidc/authorize/callback?id={id}"), &[], b"").unwrap();
        assert!(answer.header("location").unwrap().starts_with(REDIRECT));
        told(&answer, "code").unwrap()
    }

    pub(crate) fn token(&mut self, form: &str) -> Answer {
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        self.ask("POST", "/oidc/oauth/token", &headers, form.as_bytes()).unwrap()
    }

    pub(crate) fn exchange(&mut self, code: &str) -> Answer {
        self.token(&format!(
            "grant_type=authorization_code&client_id=openziti&code={code}&code_verifier={VERIFIER}\
             &redirect_uri={ENCODED_REDIRECT}"
        ))
    }

    /// The tokens that a complete login ends with.
    pub(crate) fn finish(&mut self, id: &str) -> Tokens {
        let code = self.code(id);
        Tokens::of(&self.exchange(&code))
    }

    pub(crate) fn refresh(&mut self, token: &str) -> Answer {
        self.token(&format!("grant_type=refresh_token&client_id=openziti&refresh_token={token}"))
    }

    pub(crate) fn tokens_by_password(&mut self, name: &str, password: &str) -> Tokens {
        let id = self.begin();
        let answer = self.step("password", &json!({"id": id, "username": name, "password": password}), &[]);
        assert_eq!(answer.status, 302, "{}", String::from_utf8_lossy(&answer.body));
        self.finish(&id)
    }

    /// Asks the client API with bearer tokens.
    pub(crate) fn get_as(&mut self, path: &str, bearers: &[&str]) -> Answer {
        let bearers: Vec<String> = bearers.iter().map(|token| format!("Bearer {token}")).collect();
        let headers: Vec<(&str, &str)> = bearers.iter().map(|bearer| ("Authorization", bearer.as_str())).collect();
        self.ask("GET", &format!("{CLIENT}{path}"), &headers, b"").unwrap()
    }

    pub(crate) fn end_session(&mut self, id_token: &str) -> Answer {
        let path = format!("/oidc/end_session?id_token_hint={id_token}&client_id=openziti");
        self.ask("GET", &path, &[], b"").unwrap()
    }
}
