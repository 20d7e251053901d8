//! Reads recorded answers as the steps here do.

use serde::Deserialize;
use serde_json::Value;

use super::answer::Answered;
use super::authorize::Beginning;
use super::authorize::tests::known_login;
use super::discovery::{Endpoints, tests::endpoints};
use super::token::OidcTokens;
use crate::error::Error;
use crate::login::generation::answer;
use crate::login::now::Clock;
use crate::wire::{ControllerUrl, Head, Request};

#[derive(Deserialize)]
struct Exchange {
    n: u32,
    purpose: String,
    request: Sent,
    response: Received,
}

#[derive(Deserialize)]
struct Sent {
    path: String,
    body: Option<String>,
}

#[derive(Deserialize)]
struct Received {
    status: u16,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

/// A recorded exchange with OIDC, and where it comes from.
struct Recorded {
    name: String,
    purpose: String,
    path: String,
    form: String,
    head: Head,
    body: String,
}

impl Recorded {
    fn has(&self, parameter: &str) -> bool {
        self.form.contains(parameter)
    }
}

fn recorded() -> Vec<Recorded> {
    let read = |version: &str| {
        let file = format!("{}/tests/recordings/{version}/oidc.jsonl", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(file).unwrap();
        let all: Vec<Exchange> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        all.into_iter().map(move |exchange| of(version.to_owned(), exchange)).collect::<Vec<_>>()
    };
    let all = ["1.3", "1.6", "2.0"].into_iter().flat_map(read);
    all.filter(|recorded| recorded.path.starts_with("/oidc/")).collect()
}

fn of(version: String, exchange: Exchange) -> Recorded {
    let Exchange { n, purpose, request, response } = exchange;
    let header = |name: &str| {
        let mut headers = response.headers.iter();
        headers.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
    };
    let head = Head {
        status: response.status,
        location: header("location"),
        content_type: header("content-type"),
        www_authenticate: header("www-authenticate").into_iter().collect(),
        ..Head::default()
    };
    let path = request.path.split('?').next().unwrap_or_default();
    Recorded {
        name: format!("{version} oidc {n}, {purpose}"),
        path: path.to_owned(),
        form: request.body.unwrap_or_default(),
        head,
        body: response.body.unwrap_or_default(),
        purpose,
    }
}

fn controller() -> ControllerUrl {
    ControllerUrl::parse("https://controller.test:1280").unwrap()
}

/// Those for which `wanted` holds; there have to be so many.
fn those(count: usize, wanted: impl Fn(&Recorded) -> bool) -> Vec<Recorded> {
    let found: Vec<_> = recorded().into_iter().filter(wanted).collect();
    let names: Vec<_> = found.iter().map(|recorded| recorded.name.as_str()).collect();
    assert_eq!(found.len(), count, "{names:#?}");
    found
}

fn read_answer(recorded: &Recorded, body: &str) -> Result<Answered, Error> {
    Answered::read(&controller(), &Request::post(&recorded.path), &recorded.head, body.as_bytes())
}

fn read_tokens(body: &str) -> Result<OidcTokens, Error> {
    let mut body = body.as_bytes().to_vec();
    OidcTokens::read(&Request::post("/oidc/oauth/token"), &mut body, Clock::default().now(), &endpoints())
}

#[test]
fn descriptions_are_believed_under_the_name_of_the_controller_only() {
    for recorded in those(12, |recorded| recorded.path.ends_with("openid-configuration")) {
        let read = Endpoints::read(&controller(), "/oidc", &recorded.head, recorded.body.as_bytes());
        // Up to 1.3 a controller has one name, whatever it is called.
        let is_own = recorded.body.starts_with(r#"{"issuer":"https://controller.test:1280/oidc","#);
        assert_eq!(read.is_ok(), is_own, "{}: {read:?}", recorded.name);
    }
}

#[test]
fn logins_begin_and_have_a_name() {
    for recorded in those(43, |recorded| recorded.path == "/oidc/authorize") {
        let request = Request::get("/oidc/authorize");
        let beginning = Beginning::new().unwrap();
        let read = beginning.read(&controller(), endpoints(), &request, &recorded.head, recorded.body.as_bytes());
        match (read, recorded.head.status) {
            (Ok(login), 302) => {
                let location = recorded.head.location.unwrap();
                assert!(location.ends_with(&format!("authRequestID={}", login.id.expose())), "{}", recorded.name);
            }
            (Err(Error::Api(_)), 400) => {}
            (read, status) => panic!("{}: {status} {:?}", recorded.name, read.err()),
        }
    }
}

#[test]
fn what_factors_are_answered_is_told_apart() {
    let mut seen = [0; 5];
    for recorded in those(76, |recorded| {
        recorded.path.starts_with("/oidc/login/") && recorded.head.status != 201 && !recorded.purpose.contains("page")
    }) {
        let kind = match read_answer(&recorded, &recorded.body) {
            Ok(Answered::Done(place)) => {
                assert!(place.path == "/oidc/authorize/callback" && place.pairs.get("id").is_some());
                0
            }
            Ok(Answered::Wants { factors, .. }) => {
                assert!(factors.iter().all(|query| query.is_code() || query.is_jwt()), "{}", recorded.name);
                1
            }
            Ok(Answered::Nothing(_)) => 2,
            Ok(Answered::Page(_)) => 3,
            Ok(Answered::Refused(answer)) => {
                assert!(!answer.message.is_empty());
                4
            }
            Err(error) => {
                assert!(matches!(recorded.head.status, 415 | 500), "{}: {error}", recorded.name);
                continue;
            }
        };
        seen[kind] += 1;
    }
    assert_eq!(seen, [21, 16, 5, 8, 20], "done, more wanted, nothing said, a page, refused");
}

#[test]
fn codes_come_back_to_the_login_that_they_are_of() {
    for recorded in those(24, |recorded| recorded.path == "/oidc/authorize/callback") {
        let state = recorded.head.location.as_ref().unwrap().rsplit_once("state=").unwrap().1.to_owned();
        let request = Request::get(&recorded.path);
        let read = known_login(&state).read_code(&request, &recorded.head, b"");
        match recorded.purpose.contains("too early") {
            true => assert!(matches!(&read, Err(Error::Api(said)) if said.code == "interaction_required"), "{read:?}"),
            false => assert!(!read.unwrap().expose().contains('%'), "{}", recorded.name),
        }
        assert!(known_login("other").read_code(&request, &recorded.head, b"").is_err(), "{}", recorded.name);
    }
}

#[test]
fn tokens_are_read_and_refusals_of_them_are_told() {
    let mut tokens = 0;
    for recorded in those(56, |recorded| recorded.path == "/oidc/oauth/token") {
        let request = Request::post("/oidc/oauth/token");
        if recorded.head.status != 200 {
            let error = answer(&request, &recorded.head, recorded.body.as_bytes()).unwrap_err();
            assert!(
                error.answer().is_some_and(|answer| !answer.code.starts_with("HTTP")),
                "{}: {error}",
                recorded.name
            );
            continue;
        }
        let read = read_tokens(&recorded.body).unwrap();
        let body: Value = serde_json::from_str(&recorded.body).unwrap();
        assert_eq!((read.access.expose(), read.refresh.is_some()), (body["access_token"].as_str().unwrap(), true));
        if recorded.has("code_verifier") {
            read.require_nonce(&request, &known_login("any")).unwrap();
        }
        tokens += 1;
    }
    assert_eq!(tokens, 36);
}

#[test]
fn nothing_that_is_missing_or_other_in_an_answer_does_harm() {
    let mut changed = 0;
    for recorded in recorded() {
        let Ok(Value::Object(members)) = serde_json::from_str(&recorded.body) else { continue };
        for name in members.keys() {
            for other in [None, Some(Value::Null), Some(7.into()), Some("x".into()), Some(Value::Array(vec![]))] {
                let mut members = members.clone();
                match other {
                    None => members.remove(name),
                    Some(other) => members.insert(name.clone(), other),
                };
                let body = Value::Object(members).to_string();
                let outcomes = [read_answer(&recorded, &body).err(), read_tokens(&body).err()];
                let texts = outcomes.iter().flatten().map(ToString::to_string);
                assert!(
                    texts.clone().all(|text| !text.contains("eyJ")),
                    "{}: {:?}",
                    recorded.name,
                    texts.collect::<Vec<_>>()
                );
                let _ = Endpoints::read(&controller(), "/oidc", &recorded.head, body.as_bytes());
                changed += 1;
            }
        }
    }
    assert!(changed > 1000, "{changed}");
}
