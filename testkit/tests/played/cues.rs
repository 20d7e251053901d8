//! What happened beside the recorded requests, and what their answers are needed for later.

use std::time::Duration;

use serde_json::Value;
use ziti_edge_testkit::EdgeRouter;

use super::Stage;
use super::exchange::Exchange;
use crate::wire::{Answer, CLIENT, Connection};

/// Codes that were wrong.
const WRONG: [&str; 3] = ["000000", "111111", "123456"];

impl Stage {
    /// Does what happened at the recorded controller before this request came.
    pub(super) fn cue(&mut self, exchange: &Exchange) {
        let routers = if exchange.purpose.starts_with("no shared edge router") {
            Vec::new()
        } else {
            vec![EdgeRouter::named("router-1")]
        };
        self.controller.set_edge_routers(routers);
        if ["after mfa enrolment was verified", "after mfa passed"].contains(&exchange.purpose.as_str()) {
            self.controller.pass_mfa(&self.tokens[exchange.header("zt-session").unwrap()]);
        }
        match exchange.purpose.as_str() {
            "unverified without code" => self.start_mfa(exchange),
            "router extend with the router cert" => self.papers.enroll_router(&self.controller),
            purpose if purpose.starts_with("lockout: right password 64 s") => {
                self.controller.advance(Duration::from_secs(64));
            }
            purpose
                if ["cert auth after admin requested extend", "cert: authorize"]
                    .iter()
                    .any(|cue| purpose.starts_with(cue)) =>
            {
                let alice = self.controller.identity_id("alice").unwrap();
                self.controller.request_certificate_extension(&alice, true);
            }
            _ => (),
        }
        if ["mfa", "oidc"].contains(&exchange.area) {
            self.find_code(exchange);
        }
    }

    fn start_mfa(&self, exchange: &Exchange) {
        let token = &self.tokens[exchange.header("zt-session").unwrap()];
        let path = format!("{CLIENT}/current-identity/mfa");
        let mut connection = Connection::open(&self.controller, None).unwrap();
        assert_eq!(connection.ask("POST", &path, &[("zt-session", token)], b"").unwrap().status, 201);
    }

    /// A good code of now in place of the recorded one.
    fn find_code(&mut self, exchange: &Exchange) {
        let body: Option<Value> = exchange.body.as_deref().and_then(|body| serde_json::from_str(body).ok());
        let in_body = body.and_then(|body| body["code"].as_str().map(str::to_owned));
        let recorded = in_body.or_else(|| exchange.header("mfa-validation-code").map(str::to_owned));
        let Some((recorded, name)) = recorded.zip(self.owner(exchange)) else { return };
        let Some(id) = self.controller.identity_id(&name) else { return };
        let numeric = recorded.bytes().all(|byte| byte.is_ascii_digit());
        let own = if numeric {
            self.controller.totp_code(&id)
        } else {
            self.controller.recovery_codes(&id).into_iter().next()
        };
        let settled = WRONG.contains(&recorded.as_str()) || (!numeric && self.tokens.contains_key(&recorded));
        if let Some(own) = own.filter(|_| !settled) {
            self.tokens.insert(recorded, own);
        }
    }

    /// Who is to show a code.
    fn owner(&self, exchange: &Exchange) -> Option<String> {
        let known = || exchange.session().map(|token| self.people.name(token).to_owned());
        match exchange.purpose.split(':').next().unwrap() {
            "totp" => self.people.of_role("oidctotp"),
            "totp enroll" => self.people.of_role("oidctotpreq"),
            _ => known(),
        }
    }

    /// Later requests name what this one made or listed.
    pub(super) fn learn(&mut self, exchange: &Exchange, answer: &Answer) {
        self.papers.learn(exchange, answer);
        let names: &[&str] = match exchange.operation.as_deref() {
            Some("createSession") => &["id", "token"],
            Some("createCurrentApiSessionCertificate" | "listCurrentIdentityAuthenticators") => &["id"],
            Some("detailMfa") => &["recoveryCodes"],
            _ => return,
        };
        if exchange.status >= 300 || exchange.status != answer.status {
            return;
        }
        let (recorded, own) = (exchange.json().unwrap(), answer.json());
        for name in names {
            let known: Vec<String> = texts(&own["data"], name);
            self.tokens.extend(texts(&recorded["data"], name).into_iter().zip(known));
        }
    }
}

/// The texts that a document, or each of several, has by this name.
fn texts(data: &Value, name: &str) -> Vec<String> {
    match data {
        Value::Array(rows) => rows.iter().flat_map(|row| texts(row, name)).collect(),
        document => match &document[name] {
            Value::Array(texts) => texts.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            text => text.as_str().map(str::to_owned).into_iter().collect(),
        },
    }
}
