//! Reads recorded answers as the steps here do.

use serde::Deserialize;
use serde_json::Value;

use super::answer::Answered;
use super::authorize::Beginning;
use super::authorize::tests::known_login;
use super::discovery::{Endpoints, tests::endpoints};
use super::logout::{LoggedOut, read_end};
use super::token::OidcTokens;
use crate::api::mfa::MfaEnrollment;
use crate::error::Error;
use crate::login::generation::answer;
use crate::login::now::Clock;
use crate::wire::{ControllerUrl, Head, Request, envelope};

#[derive(Deserialize)]
struct Exchange {
    n: u32,
    purpose: String,
    request: Sent,
    response: Received,
}

#[derive(Deserialize)]
struct Sent {
    method: String,
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
    method: String,
    path: String,
    form: String,
    head: Head,
    body: String,
}

/// What here reads an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    Description,
    Beginning,
    Factor,
    Setup,
    Code,
    Tokens,
    Revocation,
    End,
}

/// Paths that no login asks for, and why.
const LEFT_OUT: &[(&str, &str)] = &[
    ("GET /oidc/keys", "who signed the tokens is the controller's matter: it is asked whether it takes them"),
    ("GET /oidc/userinfo", "it holds nothing; whose session it is the session itself says"),
    ("POST /oidc/oauth/introspect", "no controller tells its clients"),
    ("GET /oidc/logged-out", "a page for browsers"),
    ("GET /oidc/login/username", "a page for browsers"),
    ("GET /oidc/login/auth-queries", "the answer to each factor says what is missing"),
];

impl Recorded {
    fn has(&self, parameter: &str) -> bool {
        self.form.contains(parameter)
    }

    /// What reads it; `None` if it stands in [`LEFT_OUT`].
    fn reader(&self) -> Option<Reader> {
        let path = self.path.as_str();
        Some(match path.strip_prefix("/oidc/").expect("only those are here") {
            ".well-known/openid-configuration" => Reader::Description,
            "authorize" => Reader::Beginning,
            "authorize/callback" => Reader::Code,
            "oauth/token" => Reader::Tokens,
            "revoke" => Reader::Revocation,
            "end_session" => Reader::End,
            "login/totp/enroll" if self.method == "POST" => Reader::Setup,
            _ if LEFT_OUT.iter().any(|(what, _)| *what == format!("{} {path}", self.method)) => return None,
            login if login.starts_with("login/") && self.method != "GET" => Reader::Factor,
            _ => panic!("{}: nothing reads {} {path}", self.name, self.method),
        })
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
    let path = request.path.split('?').next().unwrap_or_default().to_owned();
    Recorded {
        name: format!("{version} oidc {n}, {purpose}"),
        method: request.method,
        path,
        form: request.body.unwrap_or_default(),
        head,
        body: response.body.unwrap_or_default(),
        purpose,
    }
}

fn controller() -> ControllerUrl {
    ControllerUrl::parse("https://controller.test:1280").unwrap()
}

/// Those that this reads; there have to be so many.
fn those(count: usize, reader: Reader) -> Vec<Recorded> {
    let found: Vec<_> = recorded().into_iter().filter(|recorded| recorded.reader() == Some(reader)).collect();
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
    for recorded in those(12, Reader::Description) {
        let read = Endpoints::read(&controller(), "/oidc", &recorded.head, recorded.body.as_bytes());
        // Up to 1.3 a controller has one name, whatever it is called.
        let is_own = recorded.body.starts_with(r#"{"issuer":"https://controller.test:1280/oidc","#);
        assert_eq!(read.is_ok(), is_own, "{}: {read:?}", recorded.name);
    }
}

#[test]
fn logins_begin_and_have_a_name() {
    for recorded in those(43, Reader::Beginning) {
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
    for recorded in those(67, Reader::Factor) {
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
    assert_eq!(seen, [21, 13, 1, 8, 18], "done, more wanted, nothing said, a page, refused");
}

#[test]
fn codes_come_back_to_the_login_that_they_are_of() {
    for recorded in those(24, Reader::Code) {
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
    for recorded in those(56, Reader::Tokens) {
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
fn set_ups_of_totp_are_read_where_there_are_any() {
    let mut begun = 0;
    for recorded in those(5, Reader::Setup) {
        match (recorded.head.status, read_answer(&recorded, &recorded.body)) {
            (201, _) => {
                let setup: MfaEnrollment =
                    envelope::bare("POST /oidc/login/totp/enroll", recorded.body.as_bytes()).unwrap();
                assert!(!setup.is_verified && setup.provisioning_url.is_some(), "{}", recorded.name);
                assert_eq!(setup.recovery_codes.len(), 20, "{}", recorded.name);
                begun += 1;
            }
            (200, Ok(Answered::Nothing(_))) => assert!(recorded.name.starts_with("1.3"), "{}", recorded.name),
            (409, Ok(Answered::Refused(answer))) => assert_eq!(answer.code, "MFA_EXISTS", "{}", recorded.name),
            (status, _) => panic!("{}: {status}", recorded.name),
        }
    }
    assert_eq!(begun, 2);
}

#[test]
fn the_ends_of_logins_are_told_from_those_that_came_before() {
    for recorded in those(3, Reader::Revocation) {
        let outcome = answer(&Request::post("/oidc/revoke"), &recorded.head, recorded.body.as_bytes());
        assert_eq!(outcome.is_err(), recorded.name.starts_with("1.3"), "{}: {outcome:?}", recorded.name);
    }
    let mut before = 0;
    for recorded in those(7, Reader::End) {
        let request = Request::post("/oidc/end_session");
        let ended = read_end(&request, &recorded.head, recorded.body.as_bytes()).unwrap();
        assert_eq!(ended == LoggedOut::Before, recorded.head.status == 500, "{}", recorded.name);
        before += usize::from(ended == LoggedOut::Before);
    }
    assert_eq!(before, 2);
}

#[test]
fn every_recorded_exchange_is_read_or_left_out_for_a_reason() {
    let (all, mut left_out) = (recorded(), vec![false; LEFT_OUT.len()]);
    for recorded in all.iter().filter(|recorded| recorded.reader().is_none()) {
        let what = format!("{} {}", recorded.method, recorded.path);
        left_out[LEFT_OUT.iter().position(|(known, _)| *known == what).unwrap()] = true;
    }
    assert!(left_out.iter().all(|used| *used), "{left_out:?} of {LEFT_OUT:?}");
    assert!(all.len() > 230, "{}", all.len());
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
