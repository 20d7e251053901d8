//! Enrollments, with a one-time token and a new key.

use std::time::Duration;

use serde_json::json;
use ziti_edge_client::{CancelToken, EnrollOptions, Enrollment, EnrollmentMethod, Identity, Secret, Store};
use ziti_edge_testkit::{Created, ExternalSigner, Fault, IdentityOptions, Operation, TestController, Version};

use crate::canaries::Canaries;
use crate::witness::Witness;

pub(crate) fn run(controller: &TestController, witness: &mut Witness, canaries: &mut Canaries) {
    good(controller, witness, canaries);
    refused(controller, witness, canaries);
    repeated_by_the_controller(controller, witness, canaries);
    unreadable(witness, canaries, controller);
    passwords(controller, witness, canaries);
    external_jwts(controller, witness, canaries);
}

/// Passwords go out in the body of the enrollment, and in that of the login that finds out what became of it.
fn passwords(controller: &TestController, witness: &mut Witness, canaries: &mut Canaries) {
    for fault in [None, Some(Fault::LostAnswer), Some(Fault::Status(400)), Some(Fault::BadJson)] {
        let options = IdentityOptions { name: "walter".into(), method: "updb".into(), ..IdentityOptions::default() };
        let created = controller.create_identity_with(options);
        canaries.plant("one-time token of a password", &created.token);
        let password = format!("pass-word-{}", created.token);
        canaries.plant("password", &password);
        let folder = tempfile::tempdir().unwrap();
        let store = Store::file(folder.path().join("walter.json"));
        let options = EnrollOptions::new().username("walter").password(Secret::new(password)).store(store);
        witness.see("EnrollOptions with a password", &options);
        let is_fault = fault.is_some();
        fault.into_iter().for_each(|fault| controller.fault_times(Operation::Enroll, fault, 1));
        let token = Enrollment::parse(&created.jwt).unwrap();
        match token.enroll(&options) {
            Ok(identity) => witness.see("Identity of a password", &identity),
            refused => {
                assert!(is_fault);
                witness.fail("an enrollment by password", refused);
                let _ = token.resume(&options).map_err(|error| witness.see("resuming by password", &error));
            }
        }
    }
}

/// External JWTs go out in a header.
fn external_jwts(controller: &TestController, witness: &mut Witness, canaries: &mut Canaries) {
    let signer = ExternalSigner { enrolls_to_certificate: true, ..ExternalSigner::named("secretive") };
    let signer = controller.add_external_signer(signer);
    for (subject, refused) in [("xenia", false), ("xenia", true)] {
        let jwt = controller.external_token(&signer, &json!({ "sub": subject })).unwrap();
        canaries.plant("signature of an external JWT", jwt.rsplit('.').next().unwrap());
        let door = Enrollment::from_url(&controller.url()).unwrap().by(EnrollmentMethod::Token).unwrap();
        let options = EnrollOptions::new().ca(controller.ca_pem()).external_jwt(Secret::new(jwt));
        witness.see("EnrollOptions with an external JWT", &options);
        match door.enroll(&options) {
            Ok(identity) => {
                plant_identity(canaries, identity.to_json().expose());
                witness.see("Identity of an external JWT", &identity);
            }
            error => {
                assert!(refused || controller.version() != Version::V2_0);
                witness.fail("an enrollment by external JWT", error);
            }
        }
    }
}

fn invite(controller: &TestController, canaries: &mut Canaries) -> Created {
    let options = IdentityOptions { name: "alice".into(), ..IdentityOptions::default() };
    let created = controller.create_identity_with(options);
    canaries.plant("one-time token", &created.token);
    canaries.plant("signature of a token", created.jwt.rsplit('.').next().unwrap());
    created
}

fn plant_identity(canaries: &mut Canaries, json: &str) {
    let file: serde_json::Value = serde_json::from_str(json).unwrap();
    canaries.plant_key("private key", file["id"]["key"].as_str().unwrap());
}

fn good(controller: &TestController, witness: &mut Witness, canaries: &mut Canaries) {
    let folder = tempfile::tempdir().unwrap();
    let created = invite(controller, canaries);
    let token = Enrollment::parse(&created.jwt).unwrap();
    witness.see("Enrollment", &token);
    let store = Store::file(folder.path().join("alice.json"));
    let identity = token.enroll(&EnrollOptions::new().store(store)).unwrap();
    plant_identity(canaries, identity.to_json().expose());
    witness.see("Identity", &identity);
    witness.see("Identity text", &identity.to_json());
    witness.fail("a used token", token.enroll(&EnrollOptions::new()));

    let loaded = Identity::load(folder.path().join("alice.json")).unwrap();
    loaded.save(folder.path().join("copy.json")).unwrap();
    loaded.save(folder.path().join("copy.json")).unwrap();
    witness.see("loaded Identity", &loaded);
    witness.fail("a folder that is missing", loaded.save(folder.path().join("nowhere/alice.json")));

    let other = Enrollment::parse(&invite(controller, canaries).jwt).unwrap();
    let failing = Store::hook(|_, _| Err("no room".to_owned()));
    witness.fail("a hook that fails", other.enroll(&EnrollOptions::new().store(failing)));
}

fn refused(controller: &TestController, witness: &mut Witness, canaries: &mut Canaries) {
    for fault in [
        Fault::Status(400),
        Fault::Status(500),
        Fault::Status(302),
        Fault::LostAnswer,
        Fault::Reset,
        Fault::Truncate,
        Fault::BadJson,
        Fault::StallBeforeAnswer,
        Fault::StallInBody,
        Fault::TooManyRequests { retry_after: Some("60".into()) },
    ] {
        let folder = tempfile::tempdir().unwrap();
        let token = Enrollment::parse(&invite(controller, canaries).jwt).unwrap();
        let store = Store::file(folder.path().join("alice.json"));
        let options = EnrollOptions::new().timeout(Duration::from_millis(400)).store(store);
        controller.fault(Operation::Enroll, fault.clone());
        witness.fail(&format!("{fault:?}"), token.enroll(&options));
        controller.clear_faults();
        if let Ok(pending) = std::fs::read_to_string(folder.path().join("alice.json.pending")) {
            let pending: serde_json::Value = serde_json::from_str(&pending).unwrap();
            canaries.plant_key("pending key", pending["key"].as_str().unwrap());
        }
    }
    let canceled = CancelToken::new();
    canceled.cancel();
    let token = Enrollment::parse(&invite(controller, canaries).jwt).unwrap();
    witness.fail("a cancel", token.enroll(&EnrollOptions::new().cancel(&canceled)));
}

/// Controllers and what stands before them like to repeat what they were sent.
fn repeated_by_the_controller(controller: &TestController, witness: &mut Witness, canaries: &mut Canaries) {
    type Answer = fn(&str) -> (&'static str, String);
    let answers: [Answer; 7] = [
        |said| ("application/json", json!({"error": {"code": "BAD", "message": format!("bad {said}")}}).to_string()),
        |said| ("application/json", json!({"error": {"code": said, "message": "no"}}).to_string()),
        |said| {
            let cause = json!({"field": "token", "reason": format!("must be of type uuid: {said:?}"), "value": said});
            ("application/json", json!({"error": {"code": "BAD", "message": "no", "cause": cause}}).to_string())
        },
        |said| ("application/json", json!({"error": {"code": "BAD", "requestId": said}}).to_string()),
        |said| ("application/json", json!(said).to_string()),
        |said| ("text/html", format!("<html><title>Blocked</title>/enroll?method=ott&token={said}</html>")),
        |said| ("text/plain", format!("cannot POST /enroll?token={said}")),
    ];
    for (number, answer) in answers.into_iter().enumerate() {
        for status in [200, 400, 401, 500, 503] {
            let created = invite(controller, canaries);
            let (content_type, body) = answer(&created.token);
            let fault = Fault::Body { status, content_type: content_type.to_owned(), body: body.into_bytes() };
            controller.fault(Operation::Enroll, fault);
            let options = EnrollOptions::new().timeout(Duration::from_millis(150));
            let outcome = Enrollment::parse(&created.jwt).unwrap().enroll(&options);
            witness.fail(&format!("answer {number} with {status}"), outcome);
            controller.clear_faults();
        }
    }
}

fn unreadable(witness: &mut Witness, canaries: &mut Canaries, controller: &TestController) {
    let jwt = invite(controller, canaries).jwt;
    let parts: Vec<&str> = jwt.split('.').collect();
    let bad = [
        jwt[..jwt.len() - 2].to_owned(),
        format!("{jwt}!"),
        format!("{}.{}", parts[1], parts[2]),
        format!("{}.{}.{}", parts[1], parts[1], parts[2]),
        format!("{}.{}x.{}", parts[0], &parts[1][..parts[1].len() - 3], parts[2]),
        format!("{jwt}.{jwt}"),
    ];
    for (number, jwt) in bad.iter().enumerate() {
        witness.fail(&format!("bad token {number}"), Enrollment::parse(jwt));
    }
    let claims = format!(r#"{{"em":"ott","iss":"https://a:1","sub":"x","jti":["{}"]}}"#, "one-time-canary-in-a-list");
    canaries.plant("one-time token in a list", "one-time-canary-in-a-list");
    let header = json!({"alg": "ES256"}).to_string();
    witness.fail("a jti of a wrong type", Enrollment::parse(&controller.sign_jwt(&header, &claims)));
    let cut = format!("{{\"jti\":\"one-time-canary-in-a-list\",{}", "\"em\":");
    witness.fail("claims that were cut off", Enrollment::parse(&controller.sign_jwt(&header, &cut)));
}
