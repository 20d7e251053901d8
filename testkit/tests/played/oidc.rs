//! OpenID Connect: recorded codes and tokens, and those in place of them.

use std::collections::HashMap;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;

use super::Stage;
use super::exchange::Exchange;
use crate::wire::oidc::{Tokens, told};
use crate::wire::{Answer, Connection};

const PASSWORD: &str = "Passw0rd!";

/// The claims of a token, if it is one.
pub(super) fn claims(token: &str) -> Option<Value> {
    let claims = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&claims).ok().filter(Value::is_object)
}

/// Who had the access tokens of the recordings: the id tokens tell.
pub(super) fn names(exchanges: &[Exchange]) -> HashMap<String, String> {
    let texts = exchanges.iter().filter(|exchange| exchange.area == "oidc").flat_map(texts_of);
    let tokens: Vec<(String, Value)> =
        texts.flat_map(|text| tokens_in(&text)).filter_map(|token| Some((token.clone(), claims(&token)?))).collect();
    let text = |claims: &Value, name: &str| claims[name].as_str().map(str::to_owned);
    let name_of = |subject: &str| {
        tokens.iter().find(|(_, claims)| claims["sub"] == subject).and_then(|_| {
            let mut named = tokens.iter().filter(|(_, claims)| claims["sub"] == subject);
            named.find_map(|(_, claims)| text(claims, "name"))
        })
    };
    tokens.iter().filter_map(|(token, claims)| Some((token.clone(), name_of(&text(claims, "sub")?)?))).collect()
}

/// Everything in an exchange in which there may be tokens.
fn texts_of(exchange: &Exchange) -> Vec<String> {
    let headers = exchange.headers.iter().map(|(_, value)| value.clone());
    let answer = exchange.answer.iter().map(|answer| String::from_utf8_lossy(answer).into_owned());
    headers.chain([exchange.path.clone()]).chain(exchange.body.clone()).chain(answer).collect()
}

/// The signed tokens in a text.
fn tokens_in(text: &str) -> Vec<String> {
    let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || "-_.".contains(letter)));
    words.filter(|word| word.starts_with("eyJ") && word.split('.').count() == 3).map(str::to_owned).collect()
}

impl Stage {
    /// Makes the tokens of logins that were not recorded, of people who were.
    pub(super) fn prepare_tokens(&mut self, exchange: &Exchange) {
        if exchange.area != "oidc" || exchange.purpose.ends_with("tampered") {
            return;
        }
        let request = Exchange { answer: None, ..exchange.clone() };
        for token in texts_of(&request).iter().flat_map(|text| tokens_in(text)) {
            let claims = claims(&token).unwrap_or_default();
            let of_controller = claims["iss"].as_str().is_some_and(|issuer| issuer.ends_with("/oidc"));
            if !of_controller || self.tokens.contains_key(&token) {
                continue;
            }
            let name = self.people.name(&token).to_owned();
            let own = match claims["z_t"].as_str() {
                Some("a") => self.second_login.as_ref().map(|tokens| tokens.access.clone()),
                Some("r") => self.second_login.as_ref().map(|tokens| tokens.refresh.clone()),
                _ => Some(self.log_in_twice(&name).id),
            };
            self.tokens.insert(token, own.unwrap());
        }
    }

    /// Two logins of the same person: the first, while the second is for what comes later.
    fn log_in_twice(&mut self, name: &str) -> Tokens {
        self.people.cast(&self.controller, name);
        let mut connection = Connection::open(&self.controller, None).unwrap();
        let first = connection.tokens_by_password(name, PASSWORD);
        self.second_login = Some(connection.tokens_by_password(name, PASSWORD));
        first
    }

    /// What a recorded `Authorization` becomes.
    pub(super) fn authorization(&self, value: &str, exchange: &Exchange) -> String {
        let Some((scheme, token)) = value.split_once(' ') else { return value.to_owned() };
        if let Some(own) = self.tokens.get(token) {
            return format!("{scheme} {own}");
        }
        if exchange.purpose.ends_with("tampered") {
            let message = |token: &str| token.rsplit_once('.').map(|(message, _)| message.to_owned());
            let (_, own) = self.tokens.iter().find(|(known, _)| message(known) == message(token)).unwrap();
            let (message, signature) = own.rsplit_once('.').unwrap();
            return format!("{scheme} {message}.{}", signature.chars().rev().collect::<String>());
        }
        self.signers.header(&self.controller, value, exchange)
    }

    /// The host by which a recorded request called the controller.
    pub(super) fn host(&self, recorded: &str) -> String {
        let port = self.controller.address().port();
        match recorded {
            "localhost:1280" => format!("localhost:{port}"),
            "127.0.0.1" | "unknown.example.test:1280" => recorded.to_owned(),
            _ => format!("127.0.0.1:{port}"),
        }
    }

    /// Later requests name the logins, codes and tokens that this one made.
    pub(super) fn learn_tokens(&mut self, exchange: &Exchange, answer: &Answer) {
        let recorded = Answer { status: exchange.status, headers: exchange.answer_headers.clone(), body: Vec::new() };
        for name in ["authRequestID", "id", "code"] {
            if let Some((recorded, own)) = told(&recorded, name).zip(told(answer, name)) {
                self.tokens.insert(recorded, own);
            }
        }
        if !exchange.path.starts_with("/oidc/oauth/token") || answer.status != 200 {
            return;
        }
        let (Some(recorded), own) = (exchange.json(), answer.json()) else { return };
        for name in ["access_token", "refresh_token", "id_token"] {
            if let (Some(recorded), Some(own)) = (recorded[name].as_str(), own[name].as_str()) {
                self.tokens.insert(recorded.to_owned(), own.to_owned());
            }
        }
    }
}
