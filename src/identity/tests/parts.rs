use super::*;
use crate::error::Error;
use std::fs;
use std::sync::{Arc, Mutex};

fn usual_parts() -> IdentityParts {
    let papers = papers();
    IdentityParts::new()
        .controller("ctrl.acme.test:1280")
        .key(papers.key.clone())
        .certificate(format!("pem:{}", papers.cert))
        .ca(papers.ca.clone())
}

#[test]
fn parts_from_memory_make_the_identity_that_a_file_would() {
    let identity = Identity::from_parts(&usual_parts()).unwrap();
    let json =
        |identity: &Identity| -> serde_json::Value { serde_json::from_str(identity.to_json().expose()).unwrap() };
    assert_eq!(json(&identity), json(&usual()));
    assert_eq!(identity.leaf(), usual().leaf());
    assert!(identity.store().is_none());
}

#[test]
fn parts_come_from_mounted_secrets() {
    let (folder, papers) = (tempfile::tempdir().unwrap(), papers());
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for (name, pem) in [("tls.key", &papers.key), ("tls.crt", &papers.cert), ("ca.crt", &papers.ca)] {
        fs::write(path(name), pem).unwrap();
    }
    let parts = IdentityParts::new()
        .controller("https://ctrl.acme.test:1280/edge/client/v1")
        .key(path("tls.key"))
        .certificate(format!("file:{}", path("tls.crt")))
        .ca(format!("file://{}", path("ca.crt")));
    let identity = Identity::from_parts(&parts).unwrap();
    let memory = Identity::from_parts(&usual_parts()).unwrap();
    assert_eq!(identity.to_json().expose(), memory.to_json().expose(), "the text is in it, not the path");
}

/// The environment of a test program is set once and for all, so a child is given one.
#[test]
fn parts_come_from_the_environment() {
    const CHILD: &str = "ZITI_EDGE_CLIENT_TEST_PARTS";
    let papers = papers();
    if std::env::var_os(CHILD).is_none() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("cert.pem"), &papers.cert).unwrap();
        fs::write(folder.path().join("key.pem"), &papers.key).unwrap();
        let key = fs::read_to_string(folder.path().join("key.pem")).unwrap();
        let test = "identity::tests::parts::parts_come_from_the_environment";
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", test]).env(CHILD, folder.path()).env("PARTS_KEY", key).env("PARTS_EMPTY", " ");
        let output = child.env("PARTS_CERT", folder.path().join("cert.pem")).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
        return;
    }
    let parts = IdentityParts::new().controller("https://a").key("env:PARTS_KEY").certificate(" env:PARTS_CERT\n");
    assert!(Identity::from_parts(&parts).unwrap().leaf().is_some());
    let empty = Identity::from_parts(&parts.clone().ca("env:PARTS_EMPTY")).unwrap_err().to_string();
    assert_eq!(empty, "identity parts: ca: environment variable \"PARTS_EMPTY\" is empty");
}

#[test]
fn each_part_that_cannot_be_used_is_named() {
    let papers = papers();
    let usual = usual_parts;
    for (parts, expected) in [
        (IdentityParts::new(), "ztAPI is missing"),
        (usual().controller("http://a"), "only https is"),
        (usual().key("env:ZITI_EDGE_CLIENT_NOBODY_SETS_THIS"), "key: environment variable"),
        (usual().key("env:"), "identity parts: key: there is no name of an environment variable"),
        (usual().key("env:A=B"), "identity parts: key: there is no name of an environment variable"),
        (usual().certificate("no/such/file"), "no/such/file: read: No such file"),
        (usual().ca("pem:nothing"), "identity parts: ca: there is no PEM text"),
        (usual().ca(papers.key.clone()), "identity parts: id.ca: no certificate in it"),
        (usual().key("pkcs11:x"), "pkcs11:x is not in a file"),
        (IdentityParts::new().controller("a").key(papers.key.clone()), "but no certificate (id.cert)"),
        (usual().key(new_key().text().expose()), "does not belong to the certificate"),
    ] {
        let message = Identity::from_parts(&parts).unwrap_err().to_string();
        assert!(message.contains(expected), "expected {expected:?}, got {message}");
        assert!(!format!("{parts:?}").contains("PRIVATE KEY"), "{parts:?}");
    }
}

#[test]
fn parts_are_kept_by_a_hook_when_they_are_saved_and_not_before() {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let copy = Arc::clone(&kept);
    let store = Store::hook(move |text, _| {
        copy.lock().unwrap().push(text.expose().to_owned());
        Ok(())
    });
    let parts = usual_parts().config_type("intercept.v1").store(store.clone());
    let identity = Identity::from_parts(&parts).unwrap();
    assert!(kept.lock().unwrap().is_empty() && identity.store().is_some());
    assert_eq!(identity.config_types(), ["intercept.v1"]);

    store.save(&identity).unwrap();

    assert_eq!(*kept.lock().unwrap(), [identity.to_json().expose()]);
    let sealed = Store::hook(|_, _| Err("vault is sealed".to_owned()));
    let error = sealed.save(&identity).unwrap_err();
    assert!(matches!(&error, Error::Identity(why) if why == "the save hook failed: vault is sealed"), "{error:?}");
}
