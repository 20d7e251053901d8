//! A controller on which recorded exchanges are played: recorded ids, tokens and certificates become its own.

use std::collections::HashMap;
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, SignatureAlgorithm};
use serde_json::Value;
use ziti_edge_testkit::{IdentityOptions, TestController, Version};

use super::exchange::Exchange;
use super::people::People;
use super::shape::Shape;
use super::verdicts;
use super::world::World;
use crate::wire::{Answer, CLIENT, Connection, Identity};

const PASSWORD: &str = "Passw0rd!";
/// Lists of which every row is known from the recordings.
const WHOLE_LISTS: [&str; 3] = ["listSessions", "listServiceTerminators", "getCurrentIdentityEdgeRouters"];
const POLL: Duration = Duration::from_secs(17);

pub(crate) struct Stage {
    version: Version,
    pub(super) controller: TestController,
    /// The one whose sessions last a minute.
    short: TestController,
    world: World,
    people: People,
    /// Recorded ids and tokens of sessions and tokens of enrollments to those that stand for them.
    pub(super) tokens: HashMap<String, String>,
    alice: Identity,
}

impl Stage {
    pub(crate) fn new(version: Version, exchanges: &[Exchange]) -> Self {
        let controller = TestController::builder().version(version).start().unwrap();
        let minute = Duration::from_secs(60);
        let short = TestController::builder().version(version).session_timeout(minute).start().unwrap();
        let (world, people) = (World::learn(exchanges), People::learn(exchanges));
        world.build(&controller, |token| person(&controller, people.options(token)));
        let alice = Identity::of(&controller.enrolled_identity_json("alice"));
        Self { version, controller, short, world, people, tokens: HashMap::new(), alice }
    }

    /// Plays one exchange; the result is what differs.
    pub(crate) fn play(&mut self, exchange: &Exchange) -> Vec<String> {
        self.prepare(exchange);
        self.cue(exchange);
        let answer = self.ask(exchange);
        self.learn(exchange, &answer);
        let recorded_token = header(&exchange.answer_headers, "zt-session");
        if let Some((recorded, own)) = recorded_token.zip(answer.header("zt-session")) {
            self.tokens.insert(recorded.to_owned(), own.to_owned());
        }
        differences(exchange, &answer)
    }

    fn on(&self, exchange: &Exchange) -> &TestController {
        if exchange.note.contains("1 minute") { &self.short } else { &self.controller }
    }

    /// Makes what a recorded request takes for granted.
    fn prepare(&mut self, exchange: &Exchange) {
        if let Some(name) = user_name(exchange) {
            self.cast(&name);
        }
        if let Some(token) = enrollment_token(exchange).filter(|token| !self.tokens.contains_key(token)) {
            self.prepare_enrollment(exchange, token);
        }
        let session = exchange.header("zt-session").map(str::to_owned);
        if let Some(session) = session.filter(|token| !token.is_empty() && !self.tokens.contains_key(token)) {
            self.prepare_session(exchange, session);
        }
        if exchange.purpose.contains("session polled every") {
            for _ in 0..4 {
                self.poll(exchange);
            }
        }
    }

    /// The people of the recordings, told by their names before the dash.
    fn cast(&self, name: &str) {
        let enrolled = self.version != Version::V1_3;
        let (password, disabled) = match name.split('-').next().unwrap() {
            "bob" | "lock" => (Some(PASSWORD), false),
            "disabled" => (Some(PASSWORD), true),
            "nopw" => (None, false),
            // Enrolled by name and password, in a step that 1.3 refused.
            "updb1" if enrolled => (Some(PASSWORD), false),
            _ => return,
        };
        if self.controller.identity_id(name).is_none() {
            let password = password.map(str::to_owned);
            let options = IdentityOptions { password, disabled, ..self.people.options(name) };
            self.controller.create_identity_with(options);
        }
    }

    fn prepare_enrollment(&mut self, exchange: &Exchange, token: String) {
        if exchange.purpose.contains("unknown token") || exchange.purpose.contains("not a uuid") {
            return;
        }
        let expires_in = if exchange.purpose.contains("expired token") { 0 } else { 3600 };
        let options = IdentityOptions {
            name: exchange.name(),
            expires_in: Duration::from_secs(expires_in),
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
        let own = if self.people.by_certificate(&recorded) {
            let identity = self.enroll(self.people.options(&recorded), &PKCS_ECDSA_P256_SHA256);
            Connection::open(controller, Some(&identity)).unwrap().log_in("").unwrap()
        } else {
            person(controller, self.people.options(&recorded));
            let mut body = self.people.told_at_login(&recorded);
            body["username"] = recorded.as_str().into();
            body["password"] = PASSWORD.into();
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

    fn ask(&self, exchange: &Exchange) -> Answer {
        let identity = exchange.certificate.as_deref().map(|certificate| self.identity(certificate));
        let mut connection = Connection::open(self.on(exchange), identity.as_ref()).unwrap();
        let own = |text: &str| self.tokens.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
        let headers: Vec<(String, String)> =
            exchange.headers.iter().map(|(name, value)| (name.clone(), own(value))).collect();
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .filter(|(name, _)| !["Host", "Content-Length"].contains(&name.as_str()))
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let body = own(&exchange.body.clone().unwrap_or_else(|| body_left_out(exchange)));
        connection.ask(&exchange.method, &own(&exchange.path), &headers, body.as_bytes()).unwrap()
    }

    fn identity(&self, certificate: &str) -> Identity {
        match certificate {
            "the identity certificate obtained by ott enrolment" => self.alice.clone(),
            "the identity leaf certificate without its intermediate" => self.alice.leaf_only(),
            "the certificate of ANOTHER identity" => Identity::of(&self.controller.enrolled_identity_json("another")),
            "an Ed25519 identity certificate" => self.enroll(IdentityOptions::default(), &PKCS_ED25519),
            "a self-signed certificate unknown to the controller"
            | "a certificate of the registered third-party CA, not enrolled" => stranger(),
            certificate => panic!("nobody stands for {certificate}"),
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

/// The id of the identity of this name, which is made with a password if it is not there.
fn person(controller: &TestController, options: IdentityOptions) -> String {
    controller.identity_id(&options.name).unwrap_or_else(|| {
        controller.create_identity_with(IdentityOptions { password: Some(PASSWORD.to_owned()), ..options }).id
    })
}

fn log_in(controller: &TestController, body: &Value) -> String {
    let mut connection = Connection::open(controller, None).unwrap();
    let headers = [("Content-Type", "application/json")];
    let path = format!("{CLIENT}/authenticate?method=password");
    let answer = connection.ask("POST", &path, &headers, body.to_string().as_bytes()).unwrap();
    answer.header("zt-session").unwrap().to_owned()
}

fn stranger() -> Identity {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::default().self_signed(&key).unwrap();
    Identity { chain: certificate.pem(), key: key.serialize_pem() }
}

fn user_name(exchange: &Exchange) -> Option<String> {
    let body: Value = serde_json::from_str(exchange.body.as_deref()?).ok()?;
    exchange.is("authenticate").then(|| body["username"].as_str().map(str::to_owned))?
}

fn enrollment_token(exchange: &Exchange) -> Option<String> {
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

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

fn differences(exchange: &Exchange, answer: &Answer) -> Vec<String> {
    let mut found = Vec::new();
    let mut equal = |what: &str, recorded: Option<String>, own: Option<String>| {
        if recorded != own {
            found.push(format!("{what}: {recorded:?} was recorded, not {own:?}"));
        }
    };
    equal("status", Some(exchange.status.to_string()), Some(answer.status.to_string()));
    let recorded = |name: &str| header(&exchange.answer_headers, name).map(str::to_owned);
    for name in ["Content-Type", "Content-Encoding", "Content-Transfer-Encoding", "Retry-After", "Expiration-Seconds"] {
        if !(name == "Expiration-Seconds" && exchange.note.contains("1 minute")) {
            equal(name, recorded(name), answer.header(name).map(str::to_owned));
        }
    }
    let challenge = "WWW-Authenticate";
    equal(challenge, recorded(challenge).map(challenges), answer.header(challenge).map(str::to_owned).map(challenges));
    for name in ["Zt-Session", "Expires-At", "Expiration-Seconds", "Ziti-Instance-Id", "Date", "Location", "Connection"]
    {
        let there = |value: Option<&str>| Some(value.is_some().to_string());
        equal(&format!("{name} is there"), there(recorded(name).as_deref()), there(answer.header(name)));
    }
    found.extend(body_differences(exchange, answer));
    found
}

/// Realms and errors of a challenge, without the texts and ids around them.
fn challenges(value: String) -> String {
    let words = value.split([',', ' ']).filter(|word| word.starts_with("realm=") || word.starts_with("error="));
    words.collect::<Vec<_>>().join(" ")
}

fn body_differences(exchange: &Exchange, answer: &Answer) -> Vec<String> {
    let Some(recorded) = &exchange.answer else { return Vec::new() };
    let parsed = (serde_json::from_slice::<Value>(recorded), serde_json::from_slice::<Value>(&answer.body));
    match parsed {
        (Ok(recorded), Ok(own)) => {
            let mut found = Shape::of(&recorded).differences(&Shape::of(&own), "");
            found.extend(verdicts::differences(&recorded, &own));
            for at in ["/error/code", "/error/cause/code", "/error/cause/field", "/meta/pagination/limit"] {
                let (recorded, own) = (recorded.pointer(at), own.pointer(at));
                if recorded != own {
                    found.push(format!("{at}: {recorded:?} was recorded, not {own:?}"));
                }
            }
            if WHOLE_LISTS.iter().any(|operation| exchange.is(operation)) {
                let total = |body: &Value| body.pointer("/meta/pagination/totalCount").cloned();
                if total(&recorded) != total(&own) {
                    found.push(format!("{:?} rows were recorded, not {:?}", total(&recorded), total(&own)));
                }
            }
            found
        }
        (Err(_), Err(_)) if text_kind(recorded) == text_kind(&answer.body) => Vec::new(),
        (recorded, own) => vec![format!("the bodies are of different kinds: {recorded:?}, {own:?}")],
    }
}

/// What kind of text a body is that is not JSON.
fn text_kind(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    match text.matches("-----BEGIN CERTIFICATE-----").count() {
        0 if text.is_empty() => "empty".to_owned(),
        0 => {
            let longest = text.split('\n').map(str::len).max().unwrap_or_default();
            format!("lines of {longest}, final newline: {}", text.ends_with('\n'))
        }
        certificates => format!("{certificates} certificates"),
    }
}
