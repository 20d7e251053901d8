//! The identities of a recorded network, as far as they looked at themselves.

use std::collections::HashMap;

use serde_json::{Value, json};
use ziti_edge_testkit::IdentityOptions;

use super::exchange::Exchange;

/// What recorded identities saw of themselves.
#[derive(Default)]
pub(crate) struct People {
    by_token: HashMap<String, Value>,
}

impl People {
    pub(crate) fn learn(exchanges: &[Exchange]) -> Self {
        let looks = exchanges.iter().filter(|exchange| exchange.is("getCurrentIdentity") && exchange.status == 200);
        let seen = looks.map(|exchange| {
            let token = exchange.header("zt-session").unwrap().to_owned();
            (token, exchange.json().map(|mut body| body["data"].take()).unwrap_or_default())
        });
        Self { by_token: seen.collect() }
    }

    /// What is known of the identity that is called `name`, or has this recorded session.
    fn of(&self, name: &str) -> Option<&Value> {
        self.by_token.get(name).or_else(|| self.by_token.values().find(|seen| seen["name"] == name))
    }

    /// The same as options to make such an identity.
    pub(crate) fn options(&self, name: &str) -> IdentityOptions {
        let Some(seen) = self.of(name) else {
            return IdentityOptions { name: name.to_owned(), ..IdentityOptions::default() };
        };
        let attributes = seen["roleAttributes"].as_array().into_iter().flatten().filter_map(Value::as_str);
        IdentityOptions {
            name: name.to_owned(),
            role_attributes: attributes.map(str::to_owned).collect(),
            tags: seen["tags"].clone(),
            app_data: seen["appData"].clone(),
            ..IdentityOptions::default()
        }
    }

    /// Whether the identity logs in by certificate alone.
    pub(crate) fn by_certificate(&self, name: &str) -> bool {
        self.of(name).is_some_and(|seen| seen["authenticators"]["cert"].is_object())
    }

    /// What its login told about the program and its host; empty objects were never told.
    pub(crate) fn told_at_login(&self, name: &str) -> Value {
        let seen = self.of(name).cloned().unwrap_or_default();
        let told =
            ["envInfo", "sdkInfo"].into_iter().filter(|part| seen[part].as_object().is_some_and(|o| !o.is_empty()));
        told.fold(json!({}), |mut told, part| {
            told[part] = seen[part].clone();
            told
        })
    }
}
