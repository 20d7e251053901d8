//! A controller on which recorded exchanges are played: recorded ids, tokens and certificates become its own.

use std::collections::HashMap;
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, SignatureAlgorithm};
use serde_json::Value;
use ziti_edge_testkit::{IdentityOptions, ServerKey, TestController, Version};

use super::compare;
use super::exchange::Exchange;
use super::papers::Papers;
use super::people::People;
use super::signers::Signers;
use super::world::World;
use crate::wire::oidc::Tokens;
use crate::wire::{Answer, CLIENT, Connection, Identity};

/// What everybody has at first, and what some change it to.
const PASSWORDS: [&str; 2] = ["Passw0rd!", "NewPassw0rd!"];
const POLL: Duration = Duration::from_secs(17);

pub(crate) struct Stage {
    pub(super) controller: TestController,
    /// The one whose sessions last a minute.
    short: TestController,
    world: World,
    pub(super) people: People,
    pub(super) signers: Signers,
    pub(super) papers: Papers,
    /// Recorded ids and tokens of sessions and tokens of enrollments to those that stand for them.
    pub(super) tokens: HashMap<String, String>,
    /// A login beside the recorded ones.
    pub(super) second_login: Option<Tokens>,
}

impl Stage {
    pub(crate) fn new(version: Version, exchanges: &[Exchange]) -> Self {
        let controller = TestController::builder().version(version).server_key(ServerKey::Rsa).start().unwrap();
        let minute = Duration::from_secs(60);
        let short = TestController::builder().version(version).session_timeout(minute).start().unwrap();
        let signers = Signers::build(&controller, exchanges);
        let (world, people) = (World::learn(exchanges), People::learn(exchanges, signers.clone()));
        people.cast_all(&controller);
        world.build(&controller, |token| people.cast(&controller, people.name(token)));
        let papers = Papers::new(&controller);
        Self { controller, short, world, people, signers, papers, tokens: HashMap::new(), second_login: None }
    }

    /// Plays one exchange; the result is what differs.
    pub(crate) fn play(&mut self, exchange: &Exchange) -> Vec<String> {
        self.prepare(exchange);
        self.cue(exchange);
        let answer = self.ask(exchange);
        self.learn(exchange, &answer);
        self.learn_tokens(exchange, &answer);
        if let Some((recorded, own)) = exchange.answer_header("zt-session").zip(answer.header("zt-session")) {
            self.tokens.insert(recorded.to_owned(), own.to_owned());
        }
        compare::differences(exchange, &answer)
    }

    fn on(&self, exchange: &Exchange) -> &TestController {
        if exchange.note.contains("1 minute") { &self.short } else { &self.controller }
    }

    /// Makes what a recorded request takes for granted.
    fn prepare(&mut self, exchange: &Exchange) {
        if let Some(name) = user_name(exchange).filter(|name| People::knows(name)) {
            self.people.cast(&self.controller, &name);
        }
        if let Some(token) = enrollment_token(exchange).filter(|token| !self.tokens.contains_key(token)) {
            self.prepare_enrollment(exchange, token);
        }
        let session = exchange.header("zt-session").map(str::to_owned);
        if let Some(session) = session.filter(|token| !token.is_empty() && !self.tokens.contains_key(token)) {
            self.prepare_session(exchange, session);
        }
        self.prepare_tokens(exchange);
        if exchange.purpose.contains("session polled every") {
            for _ in 0..4 {
                self.poll(exchange);
            }
        }
    }

    fn prepare_enrollment(&mut self, exchange: &Exchange, token: String) {
        if exchange.purpose.contains("unknown token") || exchange.purpose.contains("not a uuid") {
            return;
        }
        let method = enrollment_method(exchange);
        if method == "erott" {
            let own = self.papers.create_router(&self.controller);
            self.tokens.insert(token, own);
            return;
        }
        let expires_in = if exchange.purpose.contains("expired token") { 0 } else { 3600 };
        let options = IdentityOptions {
            name: self.people.enrolling(&token).map_or_else(|| exchange.name(), str::to_owned),
            expires_in: Duration::from_secs(expires_in),
            method: method.to_owned(),
            ..IdentityOptions::default()
        };
        let created = self.controller.create_identity_with(options);
        self.tokens.insert(token, created.token);
    }

    /// A session that began before the recording.
    fn prepare_session(&mut self, exchange: &Exchange, recorded: String) {
        let never_there = ["wrong token", "unknown zt-session", "zt-session not a uuid"];
        if never_there.iter().any(|purpose| exchange.purpose.ends_with(purpose)) {
            return;
        }
        let controller = self.on(exchange);
        let name = self.people.name(&recorded).to_owned();
        let own = if name.starts_with("alice-") {
            self.papers.log_alice_in(controller)
        } else if self.people.by_certificate(&recorded) {
            let identity = self
                .enroll(IdentityOptions { password: None, ..self.people.options(&recorded) }, &PKCS_ECDSA_P256_SHA256);
            Connection::open(controller, Some(&identity)).unwrap().log_in("").unwrap()
        } else {
            self.people.cast(controller, &name);
            let mut body = self.people.told_at_login(&recorded);
            body["username"] = name.as_str().into();
            body["configTypes"] = self.world.config_types(&recorded).into();
            log_in(controller, &body)
        };
        if exchange.purpose.contains("an administrator deleted the session") {
            controller.end_session(&own);
        }
        self.tokens.insert(recorded, own);
        if exchange.purpose.contains("idle session after more than a minute") {
            for _ in 0..4 {
                self.poll(exchange);
            }
        }
    }

    /// Lets time pass and uses every other session of the controller.
    fn poll(&self, exchange: &Exchange) {
        let controller = self.on(exchange);
        controller.advance(POLL);
        let idle = exchange.header("zt-session").unwrap();
        let polled = exchange.purpose.contains("polled");
        let mut connection = Connection::open(controller, None).unwrap();
        for (recorded, own) in &self.tokens {
            if polled || recorded != idle {
                connection.get("/current-api-session", Some(own)).unwrap();
            }
        }
    }

    fn ask(&mut self, exchange: &Exchange) -> Answer {
        let identity = exchange.certificate.as_deref().map(|certificate| self.identity(certificate, exchange));
        let body = self.papers.body(exchange).or_else(|| exchange.body.clone());
        let own = |text: &str| self.tokens.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
        let value = |name: &str, value: &str| match name {
            "Authorization" => self.authorization(value, exchange),
            "Host" => self.host(value),
            _ => own(value),
        };
        let headers: Vec<(String, String)> =
            exchange.headers.iter().map(|(name, text)| (name.clone(), value(name, text))).collect();
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .filter(|(name, _)| name != "Content-Length")
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let body = body.map_or_else(|| body_left_out(exchange), |body| own(&body));
        let mut connection = Connection::open(self.on(exchange), identity.as_ref()).unwrap();
        connection.ask(&exchange.method, &own(&exchange.path), &headers, body.as_bytes()).unwrap()
    }

    fn identity(&mut self, certificate: &str, exchange: &Exchange) -> Identity {
        match certificate {
            "the certificate of ANOTHER identity" | "certificate of another identity" => {
                Identity::of(&self.controller.enrolled_identity_json("another"))
            }
            "an Ed25519 identity certificate" => self.enroll(IdentityOptions::default(), &PKCS_ED25519),
            "a self-signed certificate unknown to the controller" => stranger(),
            certificate => {
                let known = self.papers.identity(certificate, exchange);
                known.unwrap_or_else(|| panic!("nobody stands for {certificate}"))
            }
        }
    }

    fn enroll(&self, options: IdentityOptions, algorithm: &'static SignatureAlgorithm) -> Identity {
        let created = self.controller.create_identity_with(options);
        let key = KeyPair::generate_for(algorithm).unwrap();
        let csr = CertificateParams::default().serialize_request(&key).unwrap().pem().unwrap().replace("\r\n", "\n");
        let path = format!("{CLIENT}/enroll?method=ott&token={}", created.token);
        let headers = [("Content-Type", "text/plain"), ("Accept", "application/json")];
        let mut connection = Connection::open(&self.controller, None).unwrap();
        let answer = connection.ask("POST", &path, &headers, csr.as_bytes()).unwrap();
        Identity { chain: answer.json()["data"]["cert"].as_str().unwrap().to_owned(), key: key.serialize_pem() }
    }
}

fn log_in(controller: &TestController, body: &Value) -> String {
    let mut connection = Connection::open(controller, None).unwrap();
    let headers = [("Content-Type", "application/json")];
    let path = format!("{CLIENT}/authenticate?method=password");
    let mut log_in = |password: &str| {
        let mut body = body.clone();
        body["password"] = password.into();
        let answer = connection.ask("POST", &path, &headers, body.to_string().as_bytes()).unwrap();
        answer.header("zt-session").map(str::to_owned)
    };
    PASSWORDS.into_iter().find_map(&mut log_in).unwrap_or_else(|| panic!("{body} logs nobody in"))
}

fn stranger() -> Identity {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::default().self_signed(&key).unwrap();
    Identity { chain: certificate.pem(), key: key.serialize_pem() }
}

fn user_name(exchange: &Exchange) -> Option<String> {
    let body = exchange.body.as_deref()?;
    let name = match serde_json::from_str::<Value>(body) {
        Ok(body) => body["username"].as_str()?.to_owned(),
        Err(_) => body.split('&').find_map(|pair| pair.strip_prefix("username="))?.to_owned(),
    };
    (exchange.is("authenticate") || exchange.path.starts_with("/oidc/login/")).then_some(name)
}

/// By what method a recorded enrollment went, or was to go.
fn enrollment_method(exchange: &Exchange) -> &'static str {
    let is = |operation: &str, method: &str| {
        exchange.is(operation) || exchange.purpose.starts_with(&format!("generic {method}"))
    };
    match exchange {
        _ if is("enrollUpdb", "updb") => "updb",
        _ if is("enrollOttCa", "ottca") => "ottca",
        _ if is("enrollErOtt", "erott") => "erott",
        _ => "ott",
    }
}

pub(super) fn enrollment_token(exchange: &Exchange) -> Option<String> {
    if !exchange.path.contains("/enroll") {
        return None;
    }
    let in_query = exchange.path.split_once("token=").map(|(_, token)| token.to_owned());
    in_query.or_else(|| {
        let body: Value = serde_json::from_str(exchange.body.as_deref()?).ok()?;
        body["token"].as_str().map(str::to_owned)
    })
}

/// A body that the recording does not hold, made anew from its purpose and length.
fn body_left_out(exchange: &Exchange) -> String {
    let length = exchange.header("Content-Length").map_or(0, |length| length.parse::<usize>().unwrap());
    let frame = match exchange.purpose.as_str() {
        purpose if purpose.starts_with("request body above 1 MiB") => [r#"{"password": "x", "username": ""#, r#""}"#],
        "unknown extra json key" => [r#"{"username": "nobody", "password": "x", "extra": ""#, r#""}"#],
        _ => return String::new(),
    };
    frame.join(&"x".repeat(length - frame.concat().len()))
}
