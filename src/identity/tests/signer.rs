//! Keys that are not in the file.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rcgen::{KeyPair, PublicKeyData, SigningKey};
use rustls::SignatureScheme;

use super::{identity_json, papers};
use crate::error::Error;
use crate::identity::{Identity, IdentityParts, PrivateKey, Signer, SigningScheme};
use crate::trust::bundle::certificates_to_pem;
use crate::trust::error_of_ours;
use crate::trust::tests::{LeafPlan, Pki};

const REFERENCE: &str = "test:alice?pin=canary-2171";

type Sign = dyn Fn(&KeyPair, &[u8]) -> Result<Vec<u8>, String> + Send + Sync;

/// Signs as it is told, with a key of its own.
struct Scripted {
    key: KeyPair,
    reference: String,
    public_key: Result<Vec<u8>, String>,
    schemes: Vec<SigningScheme>,
    sign: Box<Sign>,
    signed: AtomicU32,
    left: Mutex<Duration>,
}

impl Scripted {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        Self {
            reference: REFERENCE.to_owned(),
            public_key: Ok(key.subject_public_key_info()),
            schemes: vec![SigningScheme::RsaPssSha256, SigningScheme::EcdsaP256Sha256],
            sign: Box::new(|key, message| Ok(key.sign(message).unwrap())),
            key,
            signed: AtomicU32::new(0),
            left: Mutex::default(),
        }
    }

    fn with(sign: impl Fn(&KeyPair, &[u8]) -> Result<Vec<u8>, String> + Send + Sync + 'static) -> Self {
        Self { sign: Box::new(sign), ..Self::new() }
    }

    /// The text of an identity file for this key, with `id.key` as given.
    fn file(&self, key: &str) -> String {
        let pki = Pki::new();
        let chain = [pki.leaf(&self.key, LeafPlan::default()), pki.intermediate_der()];
        identity_json(key, &format!("pem:{}", certificates_to_pem(&chain)), &format!("pem:{}", pki.pem()))
    }
}

impl Signer for Scripted {
    fn reference(&self) -> String {
        self.reference.clone()
    }

    fn public_key(&self) -> Result<Vec<u8>, String> {
        self.public_key.clone()
    }

    fn schemes(&self) -> Vec<SigningScheme> {
        self.schemes.clone()
    }

    fn sign(&self, scheme: SigningScheme, message: &[u8], left: Duration) -> Result<Vec<u8>, String> {
        assert!(matches!(scheme, SigningScheme::EcdsaP256Sha256 | SigningScheme::Ed25519), "{scheme:?}");
        self.signed.fetch_add(1, Ordering::Relaxed);
        *self.left.lock().unwrap() = left;
        (self.sign)(&self.key, message)
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(9)
}

/// Signs a request and a handshake's message; both have to come to the same.
fn try_to_sign(signer: Scripted) -> Result<(), Error> {
    let key = PrivateKey::external(Arc::new(signer)).unwrap();
    let request = key.csr("id-1", soon()).map(drop);
    let in_tls = key.signing(soon()).choose_scheme(&[SignatureScheme::ECDSA_NISTP256_SHA256]).unwrap().sign(b"hello");
    match in_tls {
        Ok(_) => assert!(request.is_ok(), "{request:?}"),
        Err(error) => {
            let ours = error_of_ours(&error).unwrap();
            assert_eq!(ours.to_string(), request.as_ref().unwrap_err().to_string());
        }
    }
    request
}

#[test]
fn a_signer_signs_and_is_told_how_much_time_is_left() {
    let signer = Arc::new(Scripted::new());
    let key = PrivateKey::external(signer.clone()).unwrap();
    assert_eq!(key.public_key().unwrap().as_ref(), signer.key.subject_public_key_info());
    let csr = key.csr("id-1", soon()).unwrap();
    assert!(csr.starts_with("-----BEGIN CERTIFICATE REQUEST-----\n"));
    assert_eq!(signer.signed.load(Ordering::Relaxed), 1);
    let left = *signer.left.lock().unwrap();
    assert!(left > Duration::from_secs(5) && left <= Duration::from_secs(9), "{left:?}");
}

#[test]
fn the_two_numbers_of_an_ecdsa_signature_may_stand_side_by_side() {
    let halves = |key: &KeyPair, message: &[u8]| {
        use der::Decode;
        #[derive(der::Sequence)]
        struct Signature<'a> {
            r: der::asn1::UintRef<'a>,
            s: der::asn1::UintRef<'a>,
        }
        let der = key.sign(message).unwrap();
        let Signature { r, s } = Signature::from_der(&der).unwrap();
        let mut halves = vec![0; 64];
        halves[32 - r.as_bytes().len()..32].copy_from_slice(r.as_bytes());
        halves[64 - s.as_bytes().len()..].copy_from_slice(s.as_bytes());
        Ok(halves)
    };
    // Each time with other numbers, some of which are short.
    for _ in 0..100 {
        try_to_sign(Scripted::with(halves)).unwrap();
    }
}

#[test]
fn what_a_signer_says_is_what_the_caller_reads() {
    let error = try_to_sign(Scripted::with(|_, _| Err("the PIN is\nlocked".to_owned()))).unwrap_err();
    assert!(matches!(error, Error::Identity(_)), "{error:?}");
    assert_eq!(error.to_string(), "signer test:alice: the PIN is locked");
    let long = try_to_sign(Scripted::with(|_, _| Err("x".repeat(100_000)))).unwrap_err();
    assert!(long.to_string().len() < 500);
}

#[test]
fn a_signer_that_panics_is_an_error_each_time() {
    let signer = Arc::new(Scripted::with(|_, _| panic!("as the test wants it")));
    let key = PrivateKey::external(signer).unwrap();
    for _ in 0..2 {
        let error = key.csr("id-1", soon()).unwrap_err();
        assert_eq!(error.to_string(), "signer test:alice: it panicked when it was to sign");
    }
}

#[test]
fn a_signature_that_does_not_verify_goes_nowhere() {
    for wrong in [Vec::new(), vec![0; 64], vec![0xff; 64], vec![0x30; 72], vec![1; 1000]] {
        let error = try_to_sign(Scripted::with(move |_, _| Ok(wrong.clone()))).unwrap_err();
        let expected = "signer test:alice: what it signed (EcdsaP256Sha256) does not fit its public key";
        assert_eq!(error.to_string(), expected);
    }
    let of_another_key = |_: &KeyPair, message: &[u8]| Ok(KeyPair::generate().unwrap().sign(message).unwrap());
    assert!(try_to_sign(Scripted::with(of_another_key)).is_err());
    let ed25519 = || KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let key = ed25519();
    let signer = Scripted {
        public_key: Ok(key.subject_public_key_info()),
        schemes: vec![SigningScheme::Ed25519],
        key,
        ..Scripted::with(move |_, message| Ok(ed25519().sign(message).unwrap()))
    };
    let error = PrivateKey::external(Arc::new(signer)).unwrap().csr("id-1", soon()).unwrap_err();
    assert!(error.to_string().ends_with("what it signed (Ed25519) does not fit its public key"), "{error}");
}

#[test]
fn a_signer_that_cannot_be_used_is_refused_before_it_signs() {
    let refused = |signer: Scripted| PrivateKey::external(Arc::new(signer)).unwrap_err();
    let usual = Scripted::new;
    let message = refused(Scripted { public_key: Err("no token in slot 3".into()), ..usual() }).to_string();
    assert_eq!(message, "signer test:alice: no token in slot 3");
    for public_key in [Vec::new(), vec![0x30, 0], vec![0xff; 91], b"-----BEGIN PUBLIC KEY-----".to_vec()] {
        let message = refused(Scripted { public_key: Ok(public_key), ..usual() }).to_string();
        assert!(message.starts_with("signer test:alice: its public key is not DER"), "{message}");
    }
    for schemes in [vec![], vec![SigningScheme::EcdsaP384Sha384, SigningScheme::Ed25519]] {
        let message = refused(Scripted { schemes, ..usual() }).to_string();
        assert_eq!(message, "signer test:alice: none of its schemes goes with its public key");
    }
    let endless = format!("test:{}", "x".repeat(3000));
    for reference in ["", "alice", "pem:x", "file:x", "test:", "test:a\nb", " test:a", "C:\\key", "t/x:y", &endless] {
        let error = refused(Scripted { reference: reference.to_owned(), ..usual() });
        assert!(matches!(error, Error::InvalidArgument(_)), "{reference}: {error:?}");
    }
}

#[test]
fn an_identity_needs_the_signer_that_its_file_names() {
    let signer = Arc::new(Scripted::new());
    let file = signer.file(REFERENCE);
    let identity = Identity::from_json_with_signer(&file, signer.clone()).unwrap();
    assert_eq!(identity.client_auth().unwrap().chain().len(), 2);

    let error = Identity::from_json(&file).unwrap_err();
    assert!(matches!(error, Error::Unsupported(_)), "{error:?}");
    let message = error.to_string();
    assert!(message.contains("id.key: test:alice is not in a file; a key that is kept elsewhere needs"), "{message}");
    assert!(message.contains("load_with_signer") && !message.contains("canary"), "{message}");

    let stranger = Identity::from_json_with_signer(&file, Arc::new(Scripted::new())).unwrap_err();
    assert!(stranger.to_string().starts_with("signer test:alice: the private key does not belong"), "{stranger}");
}

#[test]
fn a_signer_never_stands_in_for_a_key_of_the_file() {
    let signer = Arc::new(Scripted::new());
    for key in [format!("pem:{}", papers().key), papers().key.clone(), "file:key.pem".into(), "key.pem".into()] {
        let error = Identity::from_json_with_signer(&signer.file(&key), signer.clone()).unwrap_err();
        assert!(error.to_string().contains("id.key: the file has a private key of its own"), "{error}");
    }
    Identity::from_json_with_signer(&signer.file(""), signer).expect("there is no other key");
}

#[test]
fn the_reference_stays_through_files_and_texts() {
    let signer = Arc::new(Scripted::new());
    let identity = Identity::from_json_with_signer(&signer.file(REFERENCE), signer.clone()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alice.json");
    identity.save(&path).unwrap();
    let loaded = Identity::load_with_signer(&path, signer).unwrap();
    assert_eq!(loaded.to_json().expose(), identity.to_json().expose());
    let json: serde_json::Value = serde_json::from_str(loaded.to_json().expose()).unwrap();
    assert_eq!(json["id"]["key"], REFERENCE);
    assert!(!loaded.to_json().expose().contains("PRIVATE KEY"));
    assert!(loaded.load_again(&path).is_ok(), "with the same signer");
}

#[test]
fn debug_text_shows_no_secret() {
    let key = PrivateKey::external(Arc::new(Scripted::new())).unwrap();
    let shown = format!("{key:?} {:?}", key.signing(soon()));
    assert!(shown.contains("signer test:alice") && !shown.contains("canary"), "{shown}");
}

#[test]
fn parts_may_have_a_signer_in_place_of_a_key() {
    let signer = Arc::new(Scripted::new());
    let file: serde_json::Value = serde_json::from_str(&signer.file(REFERENCE)).unwrap();
    let text = |name: &str| file["id"][name].as_str().unwrap().to_owned();
    let parts = IdentityParts::new().controller("https://a").certificate(text("cert")).ca(text("ca"));
    let identity = Identity::from_parts(&parts.clone().signer(signer.clone())).unwrap();
    let made: serde_json::Value = serde_json::from_str(identity.to_json().expose()).unwrap();
    assert_eq!((&made["id"]["key"], identity.describe().key_kind.as_deref()), (&REFERENCE.into(), Some("ECDSA P-256")));
    let error = Identity::from_parts(&parts.key("env:X").signer(signer)).unwrap_err();
    assert!(matches!(&error, Error::InvalidArgument(why) if why.contains("exclude each other")), "{error:?}");
}

#[test]
fn an_identity_with_a_signer_is_changed_and_joined_like_any_other() {
    let signer = Arc::new(Scripted::new());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alice.json");
    let text = signer.file(REFERENCE);
    std::fs::write(&path, &text).unwrap();
    let changed = Identity::load_with_signer(&path, signer).unwrap().with_controllers(&["https://new.test"]).unwrap();
    std::fs::write(&path, text.replacen('{', r#"{"more":1,"#, 1)).unwrap();

    changed.save(&path).unwrap();

    let joined = std::fs::read_to_string(&path).unwrap();
    let key = format!("\"key\": {REFERENCE:?}");
    assert!(joined.contains(r#""more": 1"#) && joined.contains("new.test") && joined.contains(&key), "{joined}");
}
