use super::*;
use rcgen::SanType;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

fn with_names(names: &[&str]) -> Identity {
    let (pki, key) = (Pki::new(), new_key());
    let pair = KeyPair::from_pem(key.text().expose()).unwrap();
    let names = names.iter().map(|name| SanType::URI((*name).try_into().unwrap())).collect();
    let leaf = pki.leaf(&pair, LeafPlan { names, ..LeafPlan::default() });
    let json = identity_json(key.text().expose(), &certificates_to_pem(&[leaf]), &pki.pem());
    Identity::from_json(&json).unwrap()
}

#[test]
fn tells_all_there_is_but_the_key() {
    let identity = with_names(&["https://elsewhere", "spiffe://acme/identity/NDj8oTpRIz"]);
    let told = identity.describe();
    assert_eq!((told.name.as_deref(), told.id.as_deref()), (Some("leaf"), Some("NDj8oTpRIz")));
    assert_eq!(told.controllers, ["https://ctrl.acme.test:1280"]);
    assert_eq!(told.key_kind.as_deref(), Some("ECDSA P-256"));
    let certificate = told.certificate.as_ref().unwrap();
    assert_eq!((certificate.subject.as_str(), certificate.issuer.as_str()), ("CN=leaf", "CN=acme intermediate"));
    assert_eq!(certificate.spiffe_id.as_deref(), Some("spiffe://acme/identity/NDj8oTpRIz"));
    assert!(certificate.serial.len() >= 8 && certificate.serial.bytes().all(|b| b.is_ascii_hexdigit()));
    let (now, days) = (SystemTime::now(), |days: u64| Duration::from_secs(days * 86_400));
    assert!(certificate.not_before < now && certificate.not_after > now + days(299));
    assert_eq!(told.authorities, ["CN=acme root", "CN=acme intermediate"]);
    assert!(told.store.is_none() && told.warnings.is_empty() && told.config_types.is_empty());
    for text in [told.to_json(), told.to_string(), format!("{told:?}")] {
        assert!(!text.contains("PRIVATE KEY") && text.contains("NDj8oTpRIz"), "{text}");
    }
}

#[test]
fn json_has_the_same_with_times_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alice.json");
    fs::write(&path, usual_json()).unwrap();
    let told = Identity::load(&path).unwrap().describe();
    assert_eq!(told.to_json().lines().count(), 1, "for a line of a log");
    let json: Value = serde_json::from_str(&told.to_json()).unwrap();
    assert_eq!((&json["name"], &json["id"]), (&json!("leaf"), &Value::Null));
    assert_eq!((&json["keyKind"], &json["store"]), (&json!("ECDSA P-256"), &json!(path.to_str().unwrap())));
    let until = json["certificate"]["notAfter"].as_str().unwrap();
    assert_eq!(until, crate::trust::display_time(told.certificate.as_ref().unwrap().not_after));
    let text = told.to_string();
    assert!(text.starts_with("name: leaf\ncontroller: https://ctrl.acme.test:1280\n"), "{text}");
    assert!(text.lines().any(|line| line.starts_with("valid: 20") && line.ends_with(until)), "{text}");
}

#[test]
fn an_identity_without_a_certificate_has_little_to_tell() {
    let told = Identity::from_json(r#"{"ztAPI":"https://a:1","configTypes":["x.v1"]}"#).unwrap().describe();
    assert_eq!(told.to_string(), "controller: https://a:1\nconfig type: x.v1");
    let nothing = json!({"name": null, "id": null, "controllers": ["https://a:1"], "configTypes": ["x.v1"],
        "keyKind": null, "certificate": null, "authorities": [], "store": null, "warnings": []});
    assert_eq!(serde_json::from_str::<Value>(&told.to_json()).unwrap(), nothing);
}

#[test]
fn only_the_name_of_an_identity_tells_its_id() {
    for (name, expected) in [
        ("spiffe://acme/identity/a-b.c", Some("a-b.c")),
        ("spiffe://acme/identity/x/apiSession/y", Some("x")),
        ("spiffe://acme/controller/x", None),
        ("spiffe://acme/identity", None),
        ("spiffe://acme/identity/", None),
        ("https://acme/identity/x", None),
    ] {
        assert_eq!(with_names(&[name]).describe().id.as_deref(), expected, "{name}");
    }
}

#[test]
fn each_kind_of_key_has_its_name() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/identity/tests/keys");
    for (file, expected) in [
        ("rsa-pkcs1.pem", "RSA 2048"),
        ("p384.pem", "ECDSA P-384"),
        ("p256-sec1.pem", "ECDSA P-256"),
        ("ed25519.pem", "Ed25519"),
    ] {
        let key = PrivateKey::from_pem(file, &fs::read_to_string(folder.join(file)).unwrap()).unwrap();
        assert_eq!(crate::trust::certificate::kind_of_key(&key.public_key().unwrap()), expected, "{file}");
    }
}

#[cfg(unix)]
#[test]
fn who_else_can_read_or_replace_a_file_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (path, key) = (folder.path().join("alice.json"), folder.path().join("key.pem"));
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    fs::write(&path, usual_json()).unwrap();
    let warnings = || Identity::load(&path).unwrap().describe().warnings;
    for (mode, of_folder, expected) in [
        (0o600, 0o700, [None, None]),
        (0o640, 0o750, [None, None]),
        (0o400, 0o755, [None, None]),
        (0o644, 0o700, [Some("everybody on this machine can read or write the file (mode 0644); chmod 600 it"), None]),
        (0o660, 0o700, [Some("its group can read or write the file (mode 0660)"), None]),
        (0o600, 0o777, [Some("everybody on this machine can replace the file"), None]),
        (0o600, 0o1777, [None, None]),
        (0o606, 0o770, [Some("can read or write the file (mode 0606)"), Some("its group can replace the file")]),
    ] {
        set(&path, mode);
        set(folder.path(), of_folder);
        let told = warnings();
        assert_eq!(told.len(), expected.iter().flatten().count(), "{mode:o} {of_folder:o}: {told:?}");
        for (told, expected) in told.iter().zip(expected.iter().flatten()) {
            assert!(told.contains(expected) && told.contains("alice.json"), "{told}");
        }
    }
    set(folder.path(), 0o700);
    set(&path, 0o600);
    fs::write(&key, &papers().key).unwrap();
    set(&key, 0o644);
    fs::write(&path, identity_json("key.pem", &papers().cert, &papers().ca)).unwrap();
    assert!(matches!(&warnings()[..], [one] if one.contains("key.pem: everybody")), "{:?}", warnings());
}
