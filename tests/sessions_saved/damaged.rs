//! Texts that were damaged, cut off or made up: nothing of them does harm, and none is told in an error.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};
use ziti_edge_client::{Client, Error, LoginFlow, Secret, SessionProblem};
use ziti_edge_testkit::Version;

use crate::alice::{Network, list};
use crate::{FLOWS, changed, problem};

/// A text of each kind: of a legacy session, of tokens, and of a login that waits, each with a client that it is for.
fn texts(version: Version) -> Vec<(Network, Client, Secret)> {
    let complete = FLOWS.map(|flow| {
        let network = Network::new(version);
        let saved = network.saved(flow);
        let client = network.client(flow);
        (network, client, saved)
    });
    let network = Network::with_totp(version);
    let waiting = network.client(LoginFlow::Oidc);
    assert!(list(&waiting).is_err());
    let saved = waiting.save_session().expect("it waits");
    let client = network.client(LoginFlow::Oidc);
    complete.into_iter().chain([(network, client, saved)]).collect()
}

#[test]
fn what_was_cut_off_anywhere_cannot_be_read() {
    for (_, client, saved) in texts(Version::V2_0) {
        for end in 0..saved.expose().len() {
            let cut = Secret::new(&saved.expose()[..end]);
            assert_eq!(problem(&client, &cut), Some(SessionProblem::Unreadable), "{end}");
        }
        assert!(client.save_session().is_none());
    }
}

/// It may still be a session, of which a controller has to say that it does not know it; never one of somebody else.
#[test]
fn a_changed_byte_makes_another_session_or_none_and_never_harm() {
    for (_, client, saved) in texts(Version::V2_0) {
        let mut problems = [0; 2];
        let others = ["A", "z", "_", "0", "=", " ", "\n", "\u{0}", "\u{7f}", "ä"];
        for (place, other) in (0..saved.expose().len()).step_by(3).zip(others.into_iter().cycle()) {
            let text = saved.expose();
            let text = Secret::new(format!("{}{other}{}", &text[..place], &text[place + 1..]));
            let is_taken = problem(&client, &text).is_none();
            problems[usize::from(is_taken)] += 1;
            assert_eq!(client.save_session().is_some(), problems[1] > 0);
        }
        assert!(problems[0] > problems[1], "{problems:?}");
    }
}

#[test]
fn a_member_of_another_kind_or_none_cannot_be_read() {
    for (_, client, saved) in texts(Version::V2_0) {
        let json: Value = serde_json::from_slice(&BASE64.decode(saved.expose()).unwrap()).unwrap();
        for member in json.as_object().unwrap().keys() {
            for wrong in [json!([[]]), json!({"a": 1.5}), json!(-1)] {
                let saved = changed(&saved, |saved| saved[member] = wrong.clone());
                assert_eq!(problem(&client, &saved), Some(SessionProblem::Unreadable), "{member}: {wrong}");
            }
        }
        for member in ["session", "access", "refresh", "id", "login", "verifier", "state", "nonce"] {
            for wrong in ["canary\r\nX: y", "", "two words", "ä"] {
                if json.get(member).is_some() {
                    let saved = changed(&saved, |saved| saved[member] = wrong.into());
                    assert_eq!(problem(&client, &saved), Some(SessionProblem::Unreadable), "{member}: {wrong}");
                }
            }
        }
        for member in ["authorize", "token", "base", "revocation", "endSession"] {
            for wrong in ["https://evil.test/x", "//evil.test/x", "/a/../b", "/x?y=z", "x"] {
                for kind in ["oidc", "waiting"].into_iter().filter(|kind| json.get(kind).is_some()) {
                    let saved = changed(&saved, |saved| saved[kind]["endpoints"][member] = wrong.into());
                    assert_eq!(problem(&client, &saved), Some(SessionProblem::Unreadable), "{member}: {wrong}");
                }
            }
        }
        assert!(client.save_session().is_none());
    }
}

/// A random text, of letters that a good one could have.
fn garbage(len: usize, seed: u64) -> Secret {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut state = seed | 1;
    let mut text = String::with_capacity(len);
    for _ in 0..len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.push(char::from(LETTERS[(state >> 58) as usize]));
    }
    Secret::new(text)
}

#[test]
fn something_else_cannot_be_read_however_long_it_is() {
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let network = Network::new(Version::V2_0);
    let client = network.client(LoginFlow::Oidc);
    let text = |json: &str| Secret::new(BASE64.encode(json));
    let nested = |open: &str| text(&format!(r#"{{"version":1,"owner":{}"#, open.repeat(100_000)));
    let megabyte = 1024 * 1024;
    let mut all: Vec<Secret> = [0, 1, 7, 1000, megabyte - 1, megabyte, megabyte + 1, 4 * megabyte]
        .into_iter()
        .map(|len| garbage(len, seed))
        .collect();
    all.extend(["", "ä", "\u{0}", "\u{feff}eyJ9", "null", "e\u{0}y\u{0}J\u{0}"].map(Secret::new));
    all.extend(
        ["{}", "[]", "null", "1", "\u{0}", r#"{"version":1}"#, r#"{"version":0}"#, r#"{"version":null}"#].map(text),
    );
    all.extend([r#"{"version":-1}"#, r#"{"version":"2"}"#, r#"{"version":1e400}"#, r#"{"version":1.5}"#].map(text));
    all.extend([text(&"[".repeat(100_000)), nested("["), nested(r#"{"a":"#)]);
    all.push(text(&format!(r#"{{"version":1,"owner":{{"controllers":[{}""]}}}}"#, r#""","#.repeat(200_000))));
    for (number, text) in all.iter().enumerate() {
        assert_eq!(problem(&client, text), Some(SessionProblem::Unreadable), "{number}, seed {seed}");
    }
    // Whatever else is in it.
    let padded = |len: usize| changed(&network.saved(LoginFlow::Oidc), |saved| saved["more"] = "x".repeat(len).into());
    assert_eq!(problem(&client, &padded(megabyte)), Some(SessionProblem::Unreadable));
    assert!(client.save_session().is_none());
    assert_eq!(problem(&client, &padded(megabyte / 2)), None, "what a newer version added is no harm");
}

#[test]
fn no_error_and_no_view_of_a_client_tells_what_is_in_a_text() {
    for (network, client, saved) in texts(Version::V2_0) {
        let json: Value = serde_json::from_slice(&BASE64.decode(saved.expose()).unwrap()).unwrap();
        let names = ["session", "access", "refresh", "id", "login", "verifier", "state", "nonce"];
        let mut secrets: Vec<&str> = names.iter().filter_map(|name| json.get(name)?.as_str()).collect();
        assert!(!secrets.is_empty());
        secrets.push(saved.expose());
        let silent = |what: &str, shown: &str| {
            let told = secrets.iter().find(|secret| shown.contains(**secret));
            assert!(told.is_none(), "{what}: {shown}");
        };
        let stranger = Network::new(Version::V2_0).client(LoginFlow::Oidc);
        let newer = changed(&saved, |saved| saved["version"] = json!(2));
        let elsewhere = changed(&saved, |saved| saved["controller"] = "https://evil.test:1280".into());
        let replaced = changed(&saved, |saved| saved["owner"]["certificate"] = "another".into());
        let over = changed(&saved, |saved| {
            (saved["used"], saved["refresh"]) = (json!(u32::MAX), Value::Null);
            for kind in ["oidc", "waiting"] {
                if saved[kind].is_object() {
                    saved[kind]["age"] = json!(u32::MAX);
                }
            }
        });
        let bad_token = changed(&saved, |saved| {
            for name in names {
                if let Some(Value::String(secret)) = saved.get_mut(name) {
                    secret.push('\n');
                }
            }
        });
        for (client, text, expected) in [
            (&stranger, &saved, SessionProblem::WrongNetwork),
            (&client, &newer, SessionProblem::NewerVersion),
            (&client, &elsewhere, SessionProblem::WrongNetwork),
            (&client, &replaced, SessionProblem::CertificateReplaced),
            (&client, &over, SessionProblem::Expired),
            (&client, &bad_token, SessionProblem::Unreadable),
        ] {
            let outcome = client.resume_session(text);
            assert!(
                matches!(&outcome, Err(Error::SavedSession { problem, .. }) if *problem == expected),
                "{outcome:?}"
            );
            silent("error", &format!("{outcome:?} {}", outcome.as_ref().unwrap_err()));
        }
        client.resume_session(&saved).unwrap();
        let waits = list(&client);
        silent("call", &format!("{waits:?}"));
        silent("client", &format!("{client:?} {:?} {}", client.status(), client.status().to_json()));
        silent("diagnosis", &client.diagnose().to_string());
        silent("credentials", &format!("{:?}", client.credentials()));
        silent("saved", &format!("{:?}", client.save_session()));
        network.controller.remove_identity(&network.id);
        network.controller.expire_sessions();
        network.controller.expire_access_tokens();
        let refused = list(&client.with_timeout(Duration::from_millis(300)));
        silent("refusal", &format!("{refused:?}"));
    }
}
