use super::*;
use crate::identity::ClientAuth;
use crate::trust::certificate::CertificateFacts;
use crate::trust::provider::NewKey;
use crate::trust::tests::rsa_key;
use rcgen::PublicKeyData;
use std::time::Instant;
use x509_cert::der::{Decode, Encode};
use x509_cert::request::CertReq;

const P256_SEC1: &str = include_str!("keys/p256-sec1.pem");
const P384: &str = include_str!("keys/p384.pem");
const P521: &str = include_str!("keys/p521.pem");
const ED25519: &str = include_str!("keys/ed25519.pem");
const RSA_PKCS1: &str = include_str!("keys/rsa-pkcs1.pem");

#[test]
fn reads_every_kind_of_key_and_keeps_its_text() {
    assert!(P256_SEC1.contains("EC PARAMETERS"));
    for pem in [P256_SEC1, P384, ED25519, RSA_PKCS1, &P384.replace('\n', "\r\n"), &format!("text\n{P384}")] {
        let key = PrivateKey::from_pem("alice.key", pem).unwrap();
        assert_eq!(key.text().expose(), pem);
    }
}

#[test]
fn generated_keys_are_pkcs8_and_differ_each_time() {
    for (kind, length) in kinds() {
        let (one, two) = (PrivateKey::generate(kind).unwrap(), PrivateKey::generate(kind).unwrap());
        let pem = one.text().expose();
        assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"), "{kind:?}");
        assert!(pem.ends_with("-----END PRIVATE KEY-----\n") && !pem.contains('\r'), "{kind:?}");
        assert_ne!(pem, two.text().expose(), "{kind:?}");
        assert_eq!(one.public_key().unwrap().len(), length, "{kind:?}");
        let again = PrivateKey::from_pem("again", pem).unwrap();
        assert_eq!(again.public_key().unwrap(), one.public_key().unwrap(), "{kind:?}");
    }
}

/// The kinds that can be made, and how long their public keys are as DER.
fn kinds() -> Vec<(NewKey, usize)> {
    vec![
        (NewKey::P256, 91),
        (NewKey::P384, 120),
        (NewKey::Ed25519, 44),
        #[cfg(feature = "aws-lc-rs")]
        (NewKey::Rsa { bits: 2048 }, 294),
        #[cfg(feature = "aws-lc-rs")]
        (NewKey::Rsa { bits: 3072 }, 422),
    ]
}

/// The forms of one key: PKCS#8 and the older form of its kind.
fn forms(pem: &str) -> Vec<pem::Pem> {
    let blocks = pem::parse_many(pem).unwrap();
    blocks.into_iter().filter(|block| block.tag().ends_with("PRIVATE KEY")).collect()
}

#[test]
fn keys_that_exist_are_taken_as_pem_and_as_der_and_kept_as_pem_alone() {
    for pem in [P256_SEC1, P384, ED25519, RSA_PKCS1] {
        let [block] = &forms(pem)[..] else { panic!("one key") };
        let from_pem = PrivateKey::parse(pem.as_bytes()).unwrap();
        let from_der = PrivateKey::parse(block.contents()).unwrap();
        let kept = from_pem.text().expose();
        assert_eq!(kept, from_der.text().expose());
        assert!(kept.starts_with(&format!("-----BEGIN {}-----\n", block.tag())), "the block and nothing before it");
        assert_eq!(from_pem.public_key().unwrap(), PrivateKey::from_pem("k", pem).unwrap().public_key().unwrap());
        assert_eq!(from_der.public_key().unwrap(), PrivateKey::from_pem("k", kept).unwrap().public_key().unwrap());
    }
}

#[test]
fn keys_that_exist_and_cannot_be_used_say_why() {
    let encrypted = pem::parse(include_str!("keys/encrypted-pkcs8.pem")).unwrap();
    let public = new_key().public_key().unwrap();
    for (key, expected) in [
        (include_bytes!("keys/encrypted-pkcs8.pem").as_slice(), "is encrypted; decrypt it first: openssl pkey -in"),
        (encrypted.contents(), "is encrypted; decrypt it first: openssl pkey -inform DER"),
        (&public, "no private key: expected PEM text, or DER"),
        (papers().cert.as_bytes(), "no private key: expected PEM text"),
        (b"", "no private key: expected PEM text"),
        (b"hello", "no private key: expected PEM text"),
        (&[0; 64 * 1024 + 1], "more than any private key has"),
    ] {
        let message = PrivateKey::parse(key).unwrap_err().to_string();
        assert!(message.starts_with("the private key: ") && message.contains(expected), "{message}");
    }
}

#[test]
fn a_damaged_key_is_an_error_wherever_it_is_cut_or_changed() {
    for pem in [P256_SEC1, P384, ED25519, RSA_PKCS1] {
        let [block] = &forms(pem)[..] else { panic!("one key") };
        let der = block.contents();
        for length in 0..der.len() {
            assert!(PrivateKey::parse(&der[..length]).is_err(), "cut to {length}");
        }
        for at in 0..der.len() {
            let mut changed = der.to_vec();
            changed[at] ^= 0xff;
            // What is left may be a key, though another one.
            drop(PrivateKey::parse(&changed));
        }
    }
}

#[test]
fn each_unusable_key_has_its_own_message() {
    let cut = P384.trim_end().trim_end_matches("-----END PRIVATE KEY-----");
    for (pem, expected) in [
        ("", "no private key"),
        (&papers().cert, "no private key"),
        (include_str!("keys/encrypted-pkcs8.pem"), "is encrypted; decrypt it first: openssl pkey"),
        (include_str!("keys/encrypted-sec1.pem"), "is encrypted; decrypt it first: openssl pkey"),
        (cut, "the private key is cut off"),
        ("-----BEGIN PRIVATE KEY-----\n?\n-----END PRIVATE KEY-----\n", "the private key is not valid base64"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "the private key cannot be used; RSA"),
        (&format!("{P384}{ED25519}"), "more than one private key"),
        (&" ".repeat(64 * 1024 + 1), "more than any private key has"),
    ] {
        let message = PrivateKey::from_pem("alice.key", pem).unwrap_err().to_string();
        assert!(message.starts_with("alice.key: ") && message.contains(expected), "{message}");
    }
    assert_eq!(PrivateKey::from_pem("alice.key", P521).is_ok(), cfg!(feature = "aws-lc-rs"));
}

#[test]
fn requests_are_signed_by_the_key_and_end_with_one_newline() {
    for pem in [new_key().text().expose(), P256_SEC1, P384, ED25519, RSA_PKCS1] {
        let key = PrivateKey::from_pem("k", pem).unwrap();
        let csr = key.csr("id-1 ü", Instant::now()).unwrap();
        assert!(csr.starts_with("-----BEGIN CERTIFICATE REQUEST-----\n"), "{csr}");
        assert!(csr.ends_with("\n-----END CERTIFICATE REQUEST-----\n") && !csr.contains('\r'), "{csr:?}");
        let request = CertReq::from_der(pem::parse(&csr).unwrap().contents()).unwrap();
        assert_eq!(request.info.subject.to_string(), "CN=id-1 ü,O=OpenZiti");
        assert_eq!(request.info.public_key.to_der().unwrap(), key.public_key().unwrap().as_ref());
        self_signature_holds(&request);
    }
}

/// Checks a request's signature through a certificate with the same key.
fn self_signature_holds(request: &CertReq) {
    let name = request.algorithm.oid.to_string();
    let provider = crate::trust::provider::provider();
    let spki = rustls::pki_types::SubjectPublicKeyInfoDer::from(request.info.public_key.to_der().unwrap());
    let raw = webpki::RawPublicKeyEntity::try_from(&spki).unwrap();
    let message = request.info.to_der().unwrap();
    let holds = provider
        .signature_verification_algorithms
        .all
        .iter()
        .any(|algorithm| raw.verify_signature(*algorithm, &message, request.signature.raw_bytes()).is_ok());
    assert!(holds, "{name}");
}

#[test]
fn a_key_joins_only_the_certificate_made_for_it() {
    let pki = Pki::new();
    let key = PrivateKey::from_pem("alice.key", RSA_PKCS1).unwrap();
    let own = pki.leaf(&rsa_key(), LeafPlan::default());
    let certified = ClientAuth::new(&key, vec![own.clone(), pki.intermediate_der()]).unwrap();
    certified.certified(Instant::now()).keys_match().unwrap();
    assert_eq!(CertificateFacts::read(&own).unwrap().public_key, rsa_key().subject_public_key_info());

    let strange = pki.leaf(&KeyPair::generate().unwrap(), LeafPlan::default());
    let message = ClientAuth::new(&key, vec![strange.clone()]).unwrap_err().to_string();
    assert_eq!(message, "alice.key: the private key does not belong to the certificate CN=leaf");
    let message = ClientAuth::new(&key, vec![strange, own]).unwrap_err().to_string();
    assert!(message.ends_with("certificate 2 of the chain does: put it first"), "{message}");
    assert_eq!(ClientAuth::new(&key, vec![]).unwrap_err().to_string(), "alice.key: there is no certificate for it");
}

#[test]
fn debug_text_shows_no_key() {
    let key = PrivateKey::from_pem("alice.key", P384).unwrap();
    assert_eq!(format!("{key:?}"), r#"PrivateKey { name: "alice.key", .. }"#);
}
