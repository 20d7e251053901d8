//! Saves of what another process changed meanwhile.

use super::*;
use crate::error::Error;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

/// A folder with an identity file that others write, too.
struct Shared {
    folder: tempfile::TempDir,
}

impl Shared {
    fn new() -> Self {
        let shared = Self { folder: tempfile::tempdir().unwrap() };
        shared.write(&usual_json());
        shared
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("alice.json")
    }

    fn write(&self, text: &str) {
        fs::write(self.path(), text).unwrap();
    }

    fn load(&self) -> Identity {
        Identity::load(self.path()).unwrap()
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path()).unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }
}

/// The file after a renewal: another key and certificate, and one more member.
fn renewed() -> Value {
    let (pki, key) = (Pki::new(), new_key());
    let pair = KeyPair::from_pem(key.text().expose()).unwrap();
    let cert = certificates_to_pem(&[pki.leaf(&pair, LeafPlan::default())]);
    let (key, cert) = (format!("pem:{}", key.text().expose()), format!("pem:{cert}"));
    let text = identity_json(&key, &cert, &format!("pem:{}", papers().ca));
    let mut file: Value = serde_json::from_str(&text).unwrap();
    file["enableHa"] = json!(true);
    file
}

fn message(outcome: Result<(), Error>) -> String {
    match outcome.unwrap_err() {
        Error::Identity(message) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_save_of_what_was_loaded_before_does_not_undo_a_renewal() {
    let shared = Shared::new();
    let old = shared.load();
    let expected = renewed();
    shared.write(&expected.to_string());

    old.save(shared.path()).unwrap();
    Store::file(shared.path()).save(&old).unwrap();

    assert_eq!(shared.json(), expected);
}

#[test]
fn changes_of_both_sides_are_joined() {
    let shared = Shared::new();
    let mine = shared.load().with_controllers(&["https://new.acme.test:1280", "other.acme.test"]).unwrap();
    let theirs = renewed();
    shared.write(&theirs.to_string());

    for _ in 0..2 {
        mine.save(shared.path()).unwrap();

        let joined = shared.json();
        assert_eq!((&joined["id"], &joined["enableHa"]), (&theirs["id"], &json!(true)));
        assert_eq!(joined["ztAPI"], "https://new.acme.test:1280/edge/client/v1");
        let listed = ["https://new.acme.test:1280/edge/client/v1", "https://other.acme.test:443/edge/client/v1"];
        assert_eq!(joined["ztAPIs"], json!(listed));
    }
    assert!(shared.load().controllers().eq(["https://new.acme.test:1280", "https://other.acme.test:443"]));
}

#[test]
fn the_same_member_changed_twice_is_an_error_that_names_it_and_changes_nothing() {
    let shared = Shared::new();
    let mine = shared.load().with_controllers(&["https://mine.acme.test:1280"]).unwrap();
    let theirs = usual_json().replace("ctrl.acme.test", "theirs.acme.test");
    shared.write(&theirs);

    let said = message(mine.save(shared.path()));

    assert!(said.contains("alice.json: changed meanwhile: ztAPI is not what it was"), "{said}");
    assert_eq!(shared.text(), theirs);
}

#[test]
fn the_same_change_twice_is_none() {
    let shared = Shared::new();
    let mine = shared.load().with_controllers(&["https://new.acme.test:1280"]).unwrap();
    let theirs = shared.load().with_controllers(&["https://new.acme.test:1280/edge/client/v1/"]).unwrap();
    theirs.save(shared.path()).unwrap();
    mine.save(shared.path()).unwrap();
    assert_eq!(shared.json()["ztAPI"], "https://new.acme.test:1280/edge/client/v1");
}

#[test]
fn other_escapes_and_another_order_are_no_changes() {
    let shared = Shared::new();
    let mine = shared.load().with_controllers(&["https://new.acme.test:1280"]).unwrap();
    shared.write(&usual_json().replace('/', "\\/").replacen('{', r#"{"x":1,"#, 1));
    mine.save(shared.path()).unwrap();
    assert_eq!(
        (&shared.json()["ztAPI"], &shared.json()["x"]),
        (&json!("https://new.acme.test:1280/edge/client/v1"), &json!(1))
    );
}

#[test]
fn a_key_of_the_one_and_a_certificate_of_the_other_are_not_joined() {
    let shared = Shared::new();
    let (base, mut theirs) = (shared.load(), renewed());
    let mut document = base.inner.document.clone();
    let id = document.object_mut("id").unwrap();
    id.set_text("ca", "");
    let mine = base.revised(document).unwrap();
    // Half of a renewal, such as only another program leaves behind.
    theirs["id"]["cert"] = json!(format!("pem:{}", papers().cert));
    shared.write(&theirs.to_string());

    let said = message(mine.save(shared.path()));

    assert!(said.contains("changed meanwhile") && said.contains("does not belong to the certificate"), "{said}");
    assert_eq!(shared.json(), theirs);
}

#[test]
fn a_file_that_is_no_identity_any_more_is_not_replaced_unless_it_is_gone() {
    let shared = Shared::new();
    let identity = shared.load();
    for text in ["{\"half\": ", "[]"] {
        shared.write(text);
        let said = message(identity.save(shared.path()));
        assert!(said.contains("changed meanwhile"), "{said}");
        assert_eq!(shared.text(), text);
    }
    fs::remove_file(shared.path()).unwrap();
    identity.save(shared.path()).unwrap();
    assert_eq!(shared.json(), serde_json::from_str::<Value>(&usual_json()).unwrap());
}

#[test]
fn any_other_file_is_replaced() {
    let shared = Shared::new();
    let parts = IdentityParts::new().controller("https://x").store(Store::file(shared.path()));
    for identity in [usual(), Identity::from_parts(&parts).unwrap()] {
        shared.write(r#"{"ztAPI":"https://y","id":{},"more":1}"#);
        identity.save(shared.path()).unwrap();
        assert_eq!(shared.text(), identity.to_json().expose());
    }
}

#[test]
fn an_address_is_written_as_other_readers_want_it() {
    let one = |address: &str| -> String {
        let identity = usual().with_controllers(&[address]).unwrap();
        let json: Value = serde_json::from_str(identity.to_json().expose()).unwrap();
        assert_eq!(json.get("ztAPIs"), None);
        json["ztAPI"].as_str().unwrap().to_owned()
    };
    assert_eq!(one("a.test"), "https://a.test:443/edge/client/v1");
    assert_eq!(one(" https://A.test:1280/ "), "https://a.test:1280/edge/client/v1");
    assert_eq!(one("https://a.test/own/path/"), "https://a.test:443/own/path");
    assert_eq!(one("https://a.test:1280?x=/y"), "https://a.test:1280/edge/client/v1");
    assert!(matches!(usual().with_controllers(&["http://a"]).unwrap_err(), Error::InvalidArgument(_)));
    let none: [&str; 0] = [];
    assert!(matches!(usual().with_controllers(&none).unwrap_err(), Error::InvalidArgument(_)));
}
