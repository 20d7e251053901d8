//! Logins and calls, with a session token and a proxy's password.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::json;
use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::api::sessions::{SessionRequest, SessionType};
use ziti_edge_client::{CancelToken, Client, Identity, Login, Proxy, Secret};
use ziti_edge_testkit::{Fault, Operation, TestController};

use crate::canaries::Canaries;
use crate::witness::Witness;

const IN_ANSWER: &str = "session-canary-in-a-bad-answer";

pub(crate) fn run(controller: &TestController, witness: &mut Witness, canaries: &mut Canaries) {
    let json = controller.enrolled_identity_json("alice");
    let file: serde_json::Value = serde_json::from_str(&json).unwrap();
    canaries.plant_key("private key", file["id"]["key"].as_str().unwrap());
    let identity = Identity::from_json(&json).unwrap();
    let client = Client::builder(&identity).timeout(Duration::from_secs(5)).build().unwrap();

    good(&client, witness, canaries);
    sessions(controller, &client, witness, canaries);
    failing_calls(controller, &client, witness, canaries);
    bad_logins(controller, &identity, witness, canaries);
    refused(controller, &client, witness, canaries);
    behind_a_proxy(&identity, witness, canaries);
}

fn log_in(client: &Client, witness: &mut Witness, canaries: &mut Canaries) -> String {
    let login = client.authenticate().unwrap();
    let session = login.session();
    canaries.plant("session token", session.token.expose());
    canaries.plant("session id", &session.id);
    witness.see("Login", &login);
    witness.see("ApiSession", session);
    witness.see("Secret", &session.token);
    session.token.expose().to_owned()
}

/// Saves the session, and goes on with it. The end of the text is where the tokens are.
pub(crate) fn saved(client: &Client, witness: &mut Witness, canaries: &mut Canaries) {
    let saved = client.save_session().unwrap();
    let text = saved.expose();
    canaries.plant("saved session", text);
    canaries.plant("end of a saved session", &text[text.len() - 40..]);
    let content: serde_json::Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
    for name in ["session", "access", "refresh", "id", "login", "verifier", "state", "nonce"] {
        if let Some(secret) = content[name].as_str() {
            canaries.plant(&format!("{name} in a saved session"), secret);
        }
    }
    witness.see("saved session", &saved);
    witness.see("SessionCredentials", &client.credentials());
    for broken in [&text[1..], &text[..text.len() - 1], &text[text.len() / 2..]] {
        witness.fail("a session that was cut off", client.resume_session(&Secret::new(broken)));
    }
    client.resume_session(&saved).unwrap();
}

fn good(client: &Client, witness: &mut Witness, canaries: &mut Canaries) {
    log_in(client, witness, canaries);
    witness.see("Client", client);
    witness.see("Status", &client.status());
    witness.see("Status as JSON", &client.status().to_json());
    witness.see("Diagnosis", &client.diagnose());
    witness.see("current session", &client.current_api_session().get().unwrap());
    witness.see("Version", &client.controller().version().unwrap());
    assert_eq!(client.services().list(&ServiceQuery::new()).unwrap().len(), 3);
    witness.see("Client identity", &client.identity());
    saved(client, witness, canaries);
    client.logout().unwrap();
    client.logout().unwrap();
    witness.see("a Secret of one's own", &Secret::new("a-secret-of-one's-own"));
    canaries.plant("a secret of one's own", "a-secret-of-one's-own");
}

fn sessions(controller: &TestController, client: &Client, witness: &mut Witness, canaries: &mut Canaries) {
    log_in(client, witness, canaries);
    let id = controller.service_ids().remove(0);
    let session = client.sessions().create(&SessionRequest::new(&id, SessionType::Dial)).unwrap();
    canaries.plant("token of a session with a service", session.token.expose());
    witness.see("Session", &session);
    witness.see("sessions", &client.sessions().list(&ListQuery::new()).unwrap());
    drop(client.services().edge_routers(&id, Some(&session.token)));
    canaries.plant("token that is none", "canary-in-place-of-a-session-token");
    let token = Secret::new("canary-in-place-of-a-session-token");
    witness.fail("edge routers", client.services().edge_routers(&id, Some(&token)));
    witness.see("IdentityDetail", &client.current_identity().get().unwrap());
    client.logout().unwrap();
}

fn failing_calls(controller: &TestController, client: &Client, witness: &mut Witness, canaries: &mut Canaries) {
    let hurried = client.with_timeout(Duration::from_millis(200));
    for fault in [
        Fault::SessionGone,
        Fault::Status(400),
        Fault::Status(401),
        Fault::Status(500),
        Fault::Status(302),
        Fault::TooManyRequests { retry_after: None },
        Fault::Reset,
        Fault::Truncate,
        Fault::BadJson,
        Fault::EmptyBody,
        Fault::Html,
        Fault::HugeHeaders,
        Fault::StallBeforeAnswer,
        Fault::StallInBody,
    ] {
        log_in(client, witness, canaries);
        controller.fault(Operation::Services, fault.clone());
        witness.fail(&format!("list with {fault:?}"), hurried.services().list(&ServiceQuery::new()));
        controller.clear_faults();
    }
    controller.expire_sessions();
    client.services().list(&ServiceQuery::new()).unwrap();
    controller.fault(Operation::Logout, Fault::Status(500));
    witness.fail("logout", client.logout());
    controller.clear_faults();
    let cancel = CancelToken::new();
    cancel.cancel();
    witness.fail("cancel", client.with_cancel(&cancel).services().get("x"));

    for status in [400, 404, 500, 502, 503] {
        let token = log_in(client, witness, canaries);
        let bodies = [
            json!({"error": {"code": token, "message": format!("no {token}"), "cause": {"reason": token}}}).to_string(),
            format!("<html>zt-session: {token}</html>"),
            format!("zt-session: {token}"),
        ];
        for body in bodies {
            let fault = Fault::Body { status, content_type: String::new(), body: body.into_bytes() };
            controller.fault(Operation::Services, fault);
            witness.fail(&format!("the token repeated with {status}"), hurried.services().list(&ServiceQuery::new()));
            controller.clear_faults();
        }
    }
}

/// Answers that hold a token and cannot be read.
fn bad_logins(controller: &TestController, identity: &Identity, witness: &mut Witness, canaries: &mut Canaries) {
    canaries.plant("token in a bad answer", IN_ANSWER);
    let bodies = [
        json!({"data": {"id": 7, "token": IN_ANSWER}}).to_string(),
        json!({"data": {"id": "i", "token": [IN_ANSWER]}}).to_string(),
        json!({"data": {"id": "i", "token": {IN_ANSWER: IN_ANSWER}}}).to_string(),
        json!({"data": IN_ANSWER}).to_string(),
        json!({"data": {"token": IN_ANSWER}}).to_string(),
        json!({"data": {"id": "i", "token": IN_ANSWER, "expiresAt": 7}}).to_string(),
        json!({"data": {"id": "i", "token": IN_ANSWER, "authQueries": "none"}}).to_string(),
        json!({"data": {"id": "i", "token": IN_ANSWER, "identity": "alice"}}).to_string(),
        format!(r#"{{"data":{{"id":"i","token":"{IN_ANSWER}""#),
        format!(r#"{{"data":{{"id":"i","token":{IN_ANSWER}}}}}"#),
        format!("{IN_ANSWER}\n"),
    ];
    for (number, body) in bodies.into_iter().enumerate() {
        let content_type = "application/json".to_owned();
        controller.fault(Operation::Authenticate, Fault::Body { status: 200, content_type, body: body.into_bytes() });
        let client = Client::builder(identity).timeout(Duration::from_secs(2)).build().unwrap();
        match client.authenticate() {
            Ok(login) => witness.see(&format!("login by odd answer {number}"), &login),
            Err(error) => drop(witness.fail::<()>(&format!("login by bad answer {number}"), Err(error))),
        }
        controller.clear_faults();
    }
}

fn refused(controller: &TestController, client: &Client, witness: &mut Witness, canaries: &mut Canaries) {
    let id = controller.identity_id("alice").unwrap();
    controller.require_mfa(&id, true);
    let login = client.authenticate().unwrap();
    assert!(matches!(login, Login::Pending(_)));
    canaries.plant("token of a pending session", login.session().token.expose());
    witness.see("pending Login", &login);
    witness.fail("a factor is missing", client.services().list(&ServiceQuery::new()));
    controller.remove_identity(&id);
    controller.expire_sessions();
    let hurried = client.with_timeout(Duration::from_millis(300));
    witness.fail("a refused certificate", hurried.authenticate());
    witness.fail("a refused certificate again", hurried.services().list(&ServiceQuery::new()));
}

fn behind_a_proxy(identity: &Identity, witness: &mut Witness, canaries: &mut Canaries) {
    canaries.plant("proxy password", "proxy-canary-password");
    for answer in
        ["HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "HTTP/1.1 502 proxy-canary-password\r\n\r\n", "?"]
    {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://user:proxy-canary-password@{}", listener.local_addr().unwrap());
        let proxy = Proxy::parse(&address).unwrap();
        witness.see("Proxy", &proxy);
        witness.see("Proxy in words", &proxy.to_string());
        let client = Client::builder(identity).proxy(proxy).timeout(Duration::from_millis(500)).build().unwrap();
        witness.see("Client with a proxy", &client);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let (mut peer, _) = listener.accept().unwrap();
                let _ = peer.read(&mut [0; 1024]).unwrap();
                // The client may have gone.
                let _ = peer.write_all(answer.as_bytes());
            });
            witness.fail("a proxy", client.authenticate());
        });
    }
    for answers in [&[&[5, 2][..], &[1, 1]][..], &[&[5, 0xff]], &[&[5, 2], b"\x01\x00proxy-canary-password"]] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("socks5h://user:proxy-canary-password@{}", listener.local_addr().unwrap());
        let proxy = Proxy::parse(&address).unwrap();
        witness.see("SOCKS Proxy", &proxy);
        let client = Client::builder(identity).proxy(proxy).timeout(Duration::from_millis(500)).build().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let (mut peer, _) = listener.accept().unwrap();
                for answer in answers {
                    let _ = peer.read(&mut [0; 1024]);
                    let _ = peer.write_all(answer);
                }
            });
            witness.fail("a SOCKS proxy", client.authenticate());
        });
        witness.see("Status behind a proxy", &client.status());
        witness.see("Status behind a proxy as JSON", &client.status().to_json());
        let diagnosis = client.with_timeout(Duration::from_millis(200)).diagnose();
        witness.see("Diagnosis behind a proxy", &diagnosis);
        witness.see("Diagnosis behind a proxy in words", &diagnosis.to_string());
    }
    for address in [
        "http://user:proxy-canary-password@:1",
        "user:proxy-canary-password@h:1",
        "http://proxy-canary-password",
        "socks5://user:proxy-canary-password@h:0",
    ] {
        witness.fail("a proxy's address", Proxy::parse(address));
    }
}
