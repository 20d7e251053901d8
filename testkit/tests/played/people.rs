//! The identities of a recorded network: what they saw of themselves, and what the recordings say about them.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};
use ziti_edge_testkit::{IdentityOptions, Lockout, TestController};

use super::exchange::Exchange;
use super::oidc;
use super::signers::Signers;
use super::stage::enrollment_token;

const PASSWORD: &str = "Passw0rd!";
/// What people with names are called before the dash.
const ROLES: [&str; 16] = [
    "admin",
    "both",
    "bob",
    "disabled",
    "ext",
    "lock",
    "mfauser",
    "nopw",
    "nothing",
    "oidc",
    "oidctotp",
    "oidctotpreq",
    "pwchange",
    "pwmgmt",
    "sec",
    "totp",
];
/// Areas whose sessions are those of people with names; in all others a session is a person of its own.
const NAMED: [&str; 4] = ["authentication", "authenticators", "management", "mfa"];

/// What recorded identities saw of themselves.
#[derive(Default)]
pub(crate) struct People {
    by_token: HashMap<String, Value>,
    /// Recorded session token to the name of who had it.
    names: HashMap<String, String>,
    /// Recorded enrollment token to the name that it led to.
    enrolling: HashMap<String, String>,
    signers: Signers,
}

impl People {
    pub(crate) fn learn(exchanges: &[Exchange], signers: Signers) -> Self {
        let looks = exchanges.iter().filter(|exchange| exchange.is("getCurrentIdentity") && exchange.status == 200);
        let seen = looks.map(|exchange| {
            let token = exchange.session().unwrap().to_owned();
            (token, exchange.json().map(|mut body| body["data"].take()).unwrap_or_default())
        });
        let by_token = seen.collect();
        let names = NAMED.iter().flat_map(|area| names(exchanges, area)).chain(oidc::names(exchanges)).collect();
        let enrolled = exchanges.iter().filter_map(|exchange| {
            let name = exchange.json()?["data"]["username"].as_str()?.to_owned();
            Some((enrollment_token(exchange)?, name))
        });
        Self { by_token, names, enrolling: enrolled.collect(), signers }
    }

    /// Whether somebody of this name was there before the recordings began.
    pub(crate) fn knows(name: &str) -> bool {
        ROLES.contains(&name.split('-').next().unwrap())
    }

    /// The name of the identity that a recorded enrollment token was for.
    pub(crate) fn enrolling(&self, token: &str) -> Option<&str> {
        self.enrolling.get(token).map(String::as_str)
    }

    /// Makes everybody who has a name and a session.
    pub(crate) fn cast_all(&self, controller: &TestController) {
        for name in self.names.values().filter(|name| Self::knows(name)) {
            self.cast(controller, name);
        }
    }

    /// Who had a recorded session: a name, or the token itself where nothing is known.
    pub(crate) fn name<'a>(&'a self, token: &'a str) -> &'a str {
        self.names.get(token).map_or(token, String::as_str)
    }

    /// The name of somebody, by what comes before the dash.
    pub(crate) fn of_role(&self, role: &str) -> Option<String> {
        self.names.values().find(|name| name.split('-').next() == Some(role)).cloned()
    }

    /// What is known of the identity that is called `name`, or has this recorded session.
    fn of(&self, name: &str) -> Option<&Value> {
        self.by_token.get(name).or_else(|| self.by_token.values().find(|seen| seen["name"] == name))
    }

    /// The same as options to make such an identity.
    pub(crate) fn options(&self, name: &str) -> IdentityOptions {
        let Some(seen) = self.of(name) else { return self.role(name) };
        let attributes = seen["roleAttributes"].as_array().into_iter().flatten().filter_map(Value::as_str);
        IdentityOptions {
            name: name.to_owned(),
            role_attributes: attributes.map(str::to_owned).collect(),
            tags: seen["tags"].clone(),
            app_data: seen["appData"].clone(),
            ..self.role(name)
        }
    }

    /// What was set up for the people of the recordings, told by their names before the dash.
    fn role(&self, name: &str) -> IdentityOptions {
        let role = name.split('-').next().unwrap();
        let run = name.split('-').nth(1).unwrap_or_default();
        let minute = Duration::from_secs(60);
        IdentityOptions {
            name: name.to_owned(),
            password: (role != "nopw").then(|| PASSWORD.to_owned()),
            disabled: role == "disabled",
            is_admin: role == "admin",
            lockout: (role == "lock").then_some(Lockout { attempts: 3, time: minute }),
            external_id: match role {
                "ext" => Some(format!("ext.user@example.test.{run}")),
                "sec" => Some(format!("sec@{run}")),
                _ => None,
            },
            signers: (role == "ext").then(|| vec![self.signers.id("idp")]),
            secondary_signer: ["sec", "both"].contains(&role).then(|| self.signers.id("idp2")),
            ..IdentityOptions::default()
        }
    }

    /// Makes an identity, unless it is there; the result is its id.
    pub(crate) fn cast(&self, controller: &TestController, name: &str) -> String {
        controller.identity_id(name).unwrap_or_else(|| {
            let id = controller.create_identity_with(self.options(name)).id;
            match name.split('-').next().unwrap() {
                "totp" | "both" | "oidctotpreq" => controller.require_mfa(&id, true),
                "oidctotp" => assert!(controller.enroll_mfa(&id)),
                _ => (),
            }
            id
        })
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

/// Who had the sessions of an area. Where a session never tells, it is that of whoever had the area's first one; what
/// is said about secondary tokens is said about one person.
fn names(exchanges: &[Exchange], area: &str) -> HashMap<String, String> {
    let mut names = HashMap::new();
    let in_area = || exchanges.iter().filter(|exchange| exchange.area == area);
    for exchange in in_area() {
        let answered = exchange.answer_header("zt-session");
        let Some(token) = answered.or_else(|| exchange.header("zt-session")) else { continue };
        let data = exchange.json().map(|mut body| body["data"].take()).unwrap_or_default();
        let first = if data.is_array() { &data[0] } else { &data };
        let own = if exchange.is("getCurrentIdentity") { &first["name"] } else { &first["identity"]["name"] };
        if let Some(name) = own.as_str() {
            names.insert(token.to_owned(), name.to_owned());
        }
    }
    let tokens = || in_area().filter_map(|exchange| Some((exchange, exchange.header("zt-session")?)));
    let first = tokens().find_map(|(_, token)| names.get(token)).cloned();
    let secondary = names.values().find(|name| name.starts_with("sec-")).cloned();
    for (exchange, token) in tokens() {
        let fallback = if exchange.purpose.starts_with("secondary ext-jwt") { &secondary } else { &first };
        if let Some(name) = fallback.clone().filter(|_| !names.contains_key(token) && !token.is_empty()) {
            names.insert(token.to_owned(), name);
        }
    }
    names
}
