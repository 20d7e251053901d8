use super::*;
use crate::trust::bundle::certificates_to_pem;
use crate::trust::certificate::{CertificateFacts, chain_from_pem};
use std::time::SystemTime;

#[test]
fn reads_the_facts_of_a_leaf() {
    let key = KeyPair::generate().unwrap();
    let facts = CertificateFacts::read(&Pki::new().leaf(&key, LeafPlan::default())).unwrap();
    assert_eq!(facts.subject, "CN=leaf");
    assert_eq!(facts.public_key, rcgen::PublicKeyData::subject_public_key_info(&key));
    assert!(facts.not_before < SystemTime::now() && SystemTime::now() < facts.not_after);
}

#[test]
fn certificates_that_real_controllers_issued_can_be_read() {
    for version in ["1.3", "1.6", "2.0"] {
        let mut read = 0;
        for (_, status, body) in recorded(version, "enrollment") {
            if status != 200 || !body.contains("BEGIN CERTIFICATE") {
                continue;
            }
            let pem = match serde_json::from_str::<serde_json::Value>(&body) {
                Ok(answer) => answer["data"]["cert"].as_str().unwrap().to_owned(),
                Err(_) => body,
            };
            for certificate in chain_from_pem("the answer", &pem).unwrap() {
                CertificateFacts::read(&certificate).unwrap();
                read += 1;
            }
        }
        assert!(read >= 10, "{version}: {read}");
    }
}

#[test]
fn other_pem_blocks_and_text_are_passed_over() {
    let pki = Pki::new();
    let leaf = pki.leaf(&KeyPair::generate().unwrap(), LeafPlan::default());
    let pem = certificates_to_pem(&[leaf.clone(), pki.intermediate_der()]);
    let dressed = format!("Bag Attributes\n-----BEGIN EC PARAMETERS-----\nBggq\n-----END EC PARAMETERS-----\n{pem}");
    for text in [pem.clone(), dressed.clone(), dressed.replace('\n', "\r\n"), format!("\n\n{pem}")] {
        assert_eq!(chain_from_pem("x", &text).unwrap(), [leaf.clone(), pki.intermediate_der()]);
    }
}

#[test]
fn each_unusable_chain_has_its_own_message() {
    let pem = Pki::new().root.pem();
    let cut = &pem[..pem.len() - 30];
    for (text, expected) in [
        (String::new(), "no certificate: expected PEM text"),
        (include_str!("rsa.pem").to_owned(), "no certificate: expected PEM text"),
        (cut.to_owned(), "certificate 1 is cut off"),
        (
            format!("{pem}-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n"),
            "certificate 2 is not valid base64",
        ),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned(),
            "certificate 1 is not a valid X.509",
        ),
        ("-----BEGIN CERTIFICATE--\nAAAA\n".to_owned(), "certificate 1 has a broken PEM BEGIN line"),
        (pem.repeat(33), "more than 32 certificates"),
        (" ".repeat(1024 * 1024 + 1), "more than any certificate chain has"),
    ] {
        let message = chain_from_pem("alice.pem", &text).unwrap_err().to_string();
        assert!(message.starts_with("alice.pem: ") && message.contains(expected), "{message}");
    }
}

/// X.509 version 1, as old tools make it (`openssl x509 -req` without extensions).
const VERSION_1: &str = include_str!("version1.pem");

#[test]
fn a_version_1_certificate_is_an_error_and_no_panic() {
    let chain = chain_from_pem("old", VERSION_1).unwrap();
    let message = CertificateFacts::read(&chain[0]).unwrap_err().to_string();
    assert!(message.contains("X.509 V1") && message.contains("CN=old"), "{message}");
}

#[test]
fn no_damage_to_a_certificate_panics() {
    let leaf = Pki::new().leaf(&KeyPair::generate().unwrap(), LeafPlan::default());
    for index in 0..leaf.len() {
        let mut damaged = leaf.to_vec();
        damaged[index] ^= 0xff;
        let _ = CertificateFacts::read(&CertificateDer::from(damaged));
        let _ = CertificateFacts::read(&CertificateDer::from(leaf[..index].to_vec()));
    }
}

#[test]
fn control_characters_of_a_subject_are_not_printed() {
    let mut params = leaf_params(LeafPlan::default());
    params.distinguished_name.push(DnType::OrganizationName, format!("a\nb\u{1b}[31m{}", "x".repeat(500)));
    let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
    let subject = CertificateFacts::read(certificate.der()).unwrap().subject;
    assert!(!subject.contains(char::is_control) && subject.chars().count() <= 201, "{subject}");
}
