//! What a user does with a key in a token.

use std::sync::{Arc, LazyLock};
use std::thread;

use cryptoki::context::Pkcs11;
use cryptoki::mechanism::Mechanism;
use cryptoki::object::Attribute;
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, EnrollOptions, Enrollment, Error, Identity, KeyChoice, Login, Store};
use ziti_edge_testkit::{Operation, TestController, Version};

#[cfg(all(feature = "capi", target_os = "linux"))]
use crate::c_program;
use crate::token::{self, Token};

pub(crate) const TOKEN: &str = "tests";
pub(crate) const PIN: &str = "271828";

/// A test: its name, what else is missing for it, and what it does.
pub(crate) type Story = (&'static str, fn() -> Option<&'static str>, fn());

/// All tests.
pub(crate) const ALL: &[Story] = &[
    ("keys_in_a_token_enroll_and_log_in", nothing, keys_in_a_token_enroll_and_log_in),
    ("many_threads_use_one_key", nothing, many_threads_use_one_key),
    ("a_key_that_is_not_there_is_an_error", nothing, a_key_that_is_not_there_is_an_error),
    (
        "a_key_that_is_deleted_is_an_error_and_spends_nothing",
        nothing,
        a_key_that_is_deleted_is_an_error_and_spends_nothing,
    ),
    #[cfg(all(feature = "capi", target_os = "linux"))]
    ("the_example_in_c_enrolls_and_logs_in", c_program::lacks, c_program::the_example_in_c_enrolls_and_logs_in),
];

fn nothing() -> Option<&'static str> {
    None
}

/// DER of the names of curves.
const P256: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: [u8; 7] = [0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22];

static MODULE: LazyLock<Pkcs11> = LazyLock::new(|| {
    let path = std::env::var(crate::MODULE).expect("the first run sets it");
    token::module(&path).expect("SoftHSM2 can be loaded")
});

/// Makes a key pair inside of the token; it never comes out.
fn generate(label: &str, mechanism: &Mechanism<'_>, public: Attribute) {
    let session = token::open(&MODULE, TOKEN, PIN.to_owned()).unwrap();
    let label = || Attribute::Label(label.into());
    let private = [Attribute::Token(true), Attribute::Sensitive(true), Attribute::Extractable(false), label()];
    session.generate_key_pair(mechanism, &[Attribute::Token(true), public, label()], &private).unwrap();
}

pub(crate) fn generate_p256(label: &str) {
    generate(label, &Mechanism::EccKeyPairGen, Attribute::EcParams(P256.to_vec()));
}

pub(crate) fn signer(label: &str) -> Arc<Token> {
    Arc::new(Token::log_in(&MODULE, TOKEN, label, PIN.to_owned()).unwrap())
}

fn keys_in_a_token_enroll_and_log_in() {
    generate_p256("p256");
    generate("p384", &Mechanism::EccKeyPairGen, Attribute::EcParams(P384.to_vec()));
    generate("rsa", &Mechanism::RsaPkcsKeyPairGen, Attribute::ModulusBits(2048.into()));
    for (label, version) in ["p256", "p384", "rsa"].into_iter().flat_map(|key| Version::ALL.map(|of| (key, of))) {
        let controller = TestController::builder().version(version).services(3).start().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alice.json");
        let options = EnrollOptions::new().store(Store::file(&path)).key(KeyChoice::Signer(signer(label)));
        Enrollment::parse(&controller.create_identity("alice")).unwrap().enroll(&options).unwrap();

        let file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(file["id"]["key"], format!("pkcs11:token={TOKEN};object={label}"));
        let refused = Identity::load(&path).unwrap_err().to_string();
        assert!(refused.contains(&format!("object={label} is not in a file")), "{refused}");

        let client = Client::new(&Identity::load_with_signer(&path, signer(label)).unwrap()).unwrap();
        assert!(matches!(client.authenticate().unwrap(), Login::Complete(_)), "{label} {version:?}");
        assert_eq!(client.services().list(&ServiceQuery::new()).unwrap().len(), 3, "{label} {version:?}");
    }
}

fn many_threads_use_one_key() {
    generate_p256("shared");
    let controller = TestController::builder().services(3).start().unwrap();
    let options = EnrollOptions::new().key(KeyChoice::Signer(signer("shared")));
    let identity = Enrollment::parse(&controller.create_identity("alice")).unwrap().enroll(&options).unwrap();
    thread::scope(|scope| {
        for _ in 0..8 {
            // Each with connections of its own, so that each has to sign.
            let client = Client::new(&identity).unwrap();
            scope.spawn(move || assert_eq!(client.services().list(&ServiceQuery::new()).unwrap().len(), 3));
        }
    });
}

fn a_key_that_is_not_there_is_an_error() {
    let found = |token: &str, key: &str| match Token::log_in(&MODULE, token, key, PIN.to_owned()) {
        Ok(_) => panic!("{token} has {key}"),
        Err(error) => error.to_string(),
    };
    assert_eq!(found(TOKEN, "missing"), format!("token {TOKEN}: there is no key pair with the label missing"));
    assert_eq!(found("elsewhere", "missing"), "there is no token with the label elsewhere");
}

fn a_key_that_is_deleted_is_an_error_and_spends_nothing() {
    generate_p256("deleted");
    let (controller, signer) = (TestController::start().unwrap(), signer("deleted"));
    let session = token::open(&MODULE, TOKEN, PIN.to_owned()).unwrap();
    for object in session.find_objects(&[Attribute::Label("deleted".into())]).unwrap() {
        session.destroy_object(object).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let store = Store::file(folder.path().join("alice.json"));
    let options = EnrollOptions::new().store(store).key(KeyChoice::Signer(signer));
    let token = Enrollment::parse(&controller.create_identity("alice")).unwrap();

    let error = token.enroll(&options).unwrap_err();

    assert!(matches!(&error, Error::Identity(why) if why.contains("the token does not sign: ")), "{error:?}");
    assert_eq!(controller.count(Operation::Enroll), 0);
    token.enroll(&EnrollOptions::new()).expect("the token is not spent");
}
