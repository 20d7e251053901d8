//! How a diagnosis is told.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{KeyPair, PublicKeyData, SigningKey};
use serde_json::{Value, json};
use ziti_edge_client::{
    Client, Credentials, EnrollOptions, Enrollment, Identity, KeyChoice, LoginFlow, Proxy, Signer, SigningScheme, Store,
};
use ziti_edge_testkit::{Fault, Operation, Version};

use crate::files;
use crate::support::{client, controller, identity};

#[test]
fn text_and_json_have_all_steps() {
    let controller = controller(Version::V2_0, 0);
    let diagnosis = client(&controller).diagnose();
    let text = diagnosis.to_string();
    assert!(text.starts_with("client\n  library  ziti-edge-client "), "{text}");
    assert!(
        text.contains(&format!("\n{}\n  ok       resolve      127.0.0.1 is at 127.0.0.1\n", controller.url())),
        "{text}"
    );
    assert!(
        text.contains("\nidentity\n  ok       certificate  ") && text.contains("\n  ok       login        "),
        "{text}"
    );
    let json = diagnosis.to_json();
    assert_eq!(json.lines().count(), 1, "for a line of a log");
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["controllers"][0]["steps"][0]["kind"], "resolve");
    assert_eq!(
        json["identity"][1],
        json!({"kind": "login", "outcome": "ok", "detail": json["identity"][1]["detail"], "advice": null})
    );
}

#[test]
fn what_support_asks_first_is_told_first_and_without_secrets() {
    let controller = controller(Version::V2_0, 0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alice.json");
    std::fs::write(&path, controller.enrolled_identity_json("alice")).unwrap();
    let proxy = Proxy::parse("http://somebody:canary@127.0.0.1:1").unwrap();
    let builder = Client::builder(&Identity::load(&path).unwrap()).proxy(proxy).login_flow(LoginFlow::Legacy);
    let diagnosis = builder.credentials(Credentials::password("alice", "canary")).build().unwrap().diagnose();
    let about = &diagnosis.client;
    assert_eq!(about.version, env!("CARGO_PKG_VERSION"));
    assert!(about.features.contains(&"native-certs".to_owned()) == cfg!(feature = "native-certs"));
    assert!(about.system.starts_with(std::env::consts::OS) && about.system.ends_with(std::env::consts::ARCH));
    assert!(about.time.elapsed().unwrap().as_secs() < 60);
    assert_eq!(about.identity.store.as_deref(), Some(path.as_path()));
    assert_eq!((about.credentials.as_str(), about.login_flow.as_str()), ("password", "legacy"));
    assert_eq!(about.proxy.as_deref(), Some("http://127.0.0.1:1"));

    let text = diagnosis.to_string();
    let head: Vec<&str> = text.lines().skip(1).take_while(|line| line.starts_with(' ')).collect();
    let names: Vec<&str> = head.iter().map(|line| line[..11].trim()).collect();
    let known = ["library", "system", "time", "identity", "whose", "key", "trusts", "logs in", "proxy", "limits"];
    assert_eq!(names[..known.len()], known);
    assert!(names[known.len()..].iter().all(|name| *name == "warning"), "{text}");
    for line in [
        format!("  identity {}", path.display()),
        "  key      ECDSA P-256".to_owned(),
        "  logs in  by password, flow legacy".to_owned(),
        "  proxy    http://127.0.0.1:1".to_owned(),
        "  limits   30.0 s, to connect 10.0 s".to_owned(),
    ] {
        assert!(head.contains(&line.as_str()), "{line}: {text}");
    }
    let json: Value = serde_json::from_str(&diagnosis.to_json()).unwrap();
    assert_eq!(json["client"]["identity"]["store"], path.to_str().unwrap());
    assert_eq!((&json["client"]["timeoutMs"], &json["client"]["isKeyInSigner"]), (&json!(30_000), &json!(false)));
    assert!(json["client"]["time"].as_str().unwrap().ends_with('Z'));
    assert!(!format!("{text} {diagnosis:?} {json}").contains("canary"));
}

#[test]
fn what_is_not_there_is_told_too() {
    let controller = controller(Version::V2_0, 0);
    let diagnosis = Client::builder(&identity(&controller)).trust_system_roots(true).build().unwrap().diagnose();
    let text = diagnosis.to_string();
    for line in ["  identity kept in no file\n", "  proxy    none\n", " and the system's roots\n"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert_eq!(diagnosis.client.identity.store, None);
}

/// A key that the client never sees.
struct Held(KeyPair);

impl Signer for Held {
    fn reference(&self) -> String {
        "test:alice".to_owned()
    }

    fn public_key(&self) -> Result<Vec<u8>, String> {
        Ok(self.0.subject_public_key_info())
    }

    fn schemes(&self) -> Vec<SigningScheme> {
        vec![SigningScheme::EcdsaP256Sha256]
    }

    fn sign(&self, _: SigningScheme, message: &[u8], _: Duration) -> Result<Vec<u8>, String> {
        self.0.sign(message).map_err(|error| error.to_string())
    }
}

#[test]
fn a_key_in_a_signer_and_another_place_to_keep_the_identity_are_told() {
    let controller = controller(Version::V1_6, 0);
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = ["first.json", "second.json"].map(|name| folder.path().join(name));
    let key = KeyChoice::Signer(Arc::new(Held(KeyPair::generate().unwrap())));
    let enrollment = Enrollment::parse(&controller.create_identity("alice")).unwrap();
    let identity = enrollment.enroll(&EnrollOptions::new().store(Store::file(&first)).key(key)).unwrap();
    let diagnosis = Client::builder(&identity).store(Store::file(&second)).build().unwrap().diagnose();
    assert!(diagnosis.is_ok() && diagnosis.client.is_key_in_signer, "{diagnosis}");
    assert!(diagnosis.to_string().contains("  key      ECDSA P-256, in a signer\n"), "{diagnosis}");
    assert_eq!(diagnosis.client.identity.store, Some(second));
}

/// Runs an example with the file of an identity whose controller is there, and is not.
fn example(program: &Path) {
    let controller = controller(Version::V2_0, 0);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("identity.json"), controller.enrolled_identity_json("alice")).unwrap();
    let run = |arguments: &[&str]| {
        let mut command: Command = files::command(program);
        for name in ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            command.env_remove(name);
        }
        let output = command.args(arguments).current_dir(folder.path()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    for (is_there, code, says) in [(true, 0, "  ok       login "), (false, 1, "  failed   connect ")] {
        if !is_there {
            controller.fault(Operation::Any, Fault::Refuse);
        }
        let (ended, text, told) = run(&["identity.json"]);
        assert!(text.starts_with("client\n") && text.contains(&controller.url()) && text.contains(says), "{text}");
        assert!(text.contains("  identity identity.json\n") || text.contains("/identity.json\n"), "{text}");
        assert_eq!((ended, told.as_str()), (Some(code), ""));
    }
    for (arguments, says) in [(&[][..], "usage: "), (&["missing.json"], "missing.json")] {
        let (ended, text, told) = run(arguments);
        assert_eq!((ended, text.as_str()), (Some(1), ""), "{arguments:?}");
        assert!(told.contains(says), "{told}");
    }
}

#[test]
fn the_example_prints_the_diagnosis_and_fails_if_a_step_did() {
    example(&files::rust_example("diagnose"));
}

#[test]
#[cfg(all(feature = "capi", target_os = "linux"))]
fn the_example_in_c_does_the_same() {
    let folder = tempfile::tempdir().unwrap();
    example(&files::compile("examples-c/diagnose.c", "c99", files::Linking::Shared, folder.path()));
}
