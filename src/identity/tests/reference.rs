use std::path::Path;

use crate::error::Error;
use crate::identity::reference::Reference;

#[test]
fn every_form_of_a_reference_is_understood() {
    let file = |path: &str| Reference::File(path.into());
    for (value, expected) in [
        ("pem:-----BEGIN X-----", Reference::Text("-----BEGIN X-----")),
        ("pem://-----BEGIN X-----", Reference::Text("-----BEGIN X-----")),
        ("PEM: \r\n-----BEGIN X-----\r\n", Reference::Text("-----BEGIN X-----\r\n")),
        ("-----BEGIN X-----", Reference::Text("-----BEGIN X-----")),
        ("Bag: 1\n-----BEGIN X-----", Reference::Text("Bag: 1\n-----BEGIN X-----")),
        ("file:key.pem", file("key.pem")),
        (" file:key.pem\n", file("key.pem")),
        ("file://keys/key.pem", file("keys/key.pem")),
        ("file:///etc/key.pem", file("/etc/key.pem")),
        ("File:///C:/ids/key.pem", file("C:/ids/key.pem")),
        (r"file://C:\ids\key.pem", file(r"C:\ids\key.pem")),
        (r"C:\ids\key.pem", file(r"C:\ids\key.pem")),
        ("key with space%20.pem", file("key with space%20.pem")),
        ("./odd:name.pem", file("./odd:name.pem")),
    ] {
        assert_eq!(Reference::parse("id.key", value).unwrap(), expected, "{value}");
    }
}

#[test]
fn what_is_kept_elsewhere_is_told_by_name_and_without_its_secrets() {
    for (value, shown) in [
        ("keychain:alice", "keychain:alice"),
        ("pkcs11:///usr/lib/softhsm.so?slot=1&pin=2171\n", "pkcs11:///usr/lib/softhsm.so"),
        ("parsec:alice", "parsec:alice"),
        ("engine:tpm2", "engine:tpm2"),
        ("http://host/key.pem", "http://host/key.pem"),
    ] {
        let reference = Reference::parse("id.key", value.trim_end()).unwrap();
        assert_eq!(reference, Reference::External(value.trim_end()));
        let error = reference.resolve("id.key", Path::new(".")).unwrap_err();
        assert!(matches!(error, Error::Unsupported(_)), "{error:?}");
        let begin = format!("id.key: {shown} is not in a file; a key that is kept elsewhere needs its signer");
        assert!(error.to_string().starts_with(&begin), "{error}");
        assert!(!error.to_string().contains("2171"), "{error}");
    }
}

#[test]
fn a_scheme_with_nothing_behind_it_is_an_error() {
    assert_eq!(Reference::parse("id.ca", "pem:abc").unwrap_err().to_string(), "id.ca: there is no PEM text after pem:");
    assert_eq!(Reference::parse("id.ca", "file://").unwrap_err().to_string(), "id.ca: there is no path after file:");
}

#[test]
fn what_may_be_a_key_is_never_shown_as_a_path() {
    let base64 = "bGV0IG1lIGluLCBpdCBpcyBtZSwgYW5kIG5vYm9keSBlbHNlIGtub3dzIHRoaXM=";
    for value in [
        format!("MIGH{base64}"),
        format!("file:MIGH{base64}"),
        // PEM text that was put into base64 once more, as secrets of Kubernetes are.
        format!("LS0tLS1CRUdJTi{base64}"),
        format!("/x\nMIGH{base64}"),
        format!("----BEGIN PRIVATE KEY-----{base64}"),
        format!("PRIVATE KEY {base64}"),
    ] {
        let message = Reference::parse("id.key", &value).unwrap_err().to_string();
        assert!(
            message.starts_with("id.key: is neither a path nor PEM text") && !message.contains("bGV0"),
            "{message}"
        );
    }
    for path in [format!("/run/secrets/{base64}"), "MIGH".to_owned(), "LS0t.pem".to_owned()] {
        assert_eq!(Reference::parse("id.key", &path).unwrap(), Reference::File((&path).into()));
    }
}
