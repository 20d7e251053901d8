use super::*;
use crate::enroll::EnrollmentMethod;
use crate::error::{EnrollmentProblem, Error};
use crate::secret::Secret;
use crate::trust::EnrollmentToken;
use crate::trust::token::expires_at;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::time::{Duration, SystemTime};

const CLAIMS: &str = r#"{"iss":"https://ctrl.acme.test:1280","sub":"id-1","aud":[""],"exp":4000000000,
    "jti":"5b0f9c1e-secret","em":"ott","ctrls":null}"#;

fn es256(claims: &str) -> String {
    let key = KeyPair::generate().unwrap();
    sign_jwt(r#"{"alg":"ES256","typ":"JWT"}"#, claims, &key, SignatureScheme::ECDSA_NISTP256_SHA256)
}

fn refusal(jwt: &str) -> String {
    let error = EnrollmentToken::parse(jwt).unwrap_err();
    match &error {
        Error::Enrollment { problem: EnrollmentProblem::TokenMalformed, .. } | Error::Unsupported(_) => {}
        other => panic!("unexpected kind: {other:?}"),
    }
    error.to_string()
}

#[test]
fn reads_every_claim_of_a_token() {
    let claims = CLAIMS.replace("null", r#"["tls:a:1","tls:b:2"]"#).replace("\"em\"", "\"nbf\":12.5,\"em\"");
    let token = EnrollmentToken::parse(&format!("\r\n \t{}\n\n", es256(&claims))).unwrap();
    assert_eq!(token.method, EnrollmentMethod::Ott);
    assert_eq!(token.issuer.origin(), "https://ctrl.acme.test:1280");
    assert_eq!((token.subject.as_str(), token.one_time.expose()), ("id-1", "5b0f9c1e-secret"));
    assert_eq!(token.expires_at, Some(SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000)));
    assert_eq!(token.not_before, Some(SystemTime::UNIX_EPOCH + Duration::from_millis(12_500)));
}

#[test]
fn reads_every_method_and_refuses_others_by_name() {
    use EnrollmentMethod::*;
    for (word, method) in
        [("ott", Ott), ("ottca", OttCa), ("ca", Ca), ("updb", Updb), ("erott", ErOtt), ("network", Network)]
    {
        let token = EnrollmentToken::parse(&es256(&CLAIMS.replace("\"ott\"", &format!("{word:?}")))).unwrap();
        assert_eq!(token.method, method);
    }
    assert!(refusal(&es256(&CLAIMS.replace("\"ott\"", "\"trott\""))).contains("transit routers"));
    assert!(refusal(&es256(&CLAIMS.replace("\"ott\"", "\"hocus\""))).contains("\"hocus\" is not known"));
}

#[test]
fn a_network_token_needs_no_expiry() {
    for version in ["1.3", "1.6", "2.0"] {
        let answers = recorded(version, "controller");
        let (_, _, body) = answers.iter().find(|(operation, ..)| operation == "listNetworkJWTs").unwrap();
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        let token = EnrollmentToken::parse(body["data"][0]["token"].as_str().unwrap()).unwrap();
        assert_eq!(token.method, EnrollmentMethod::Network, "{version}");
        assert_eq!((token.expires_at, token.issuer.host()), (None, "127.0.0.1"));
    }
}

#[test]
fn each_bad_token_has_its_own_message() {
    let cases = [
        ("".to_owned(), "empty"),
        ("abc".to_owned(), "not a JWT"),
        ("a.b".to_owned(), "not a JWT"),
        ("a.b.c.d".to_owned(), "not a JWT"),
        ("x".repeat(16 * 1024 + 1), "too long"),
        ("!!.e30.AA".to_owned(), "the header is not base64url"),
        (es256(CLAIMS) + "=", "the signature is not base64url"),
        (format!("{}.e30.AA", URL_SAFE_NO_PAD.encode("[]")), "the header is not a JSON object"),
        (format!("{}.e30.AA", URL_SAFE_NO_PAD.encode("{")), "the header is not valid JSON"),
        (format!("{}.e30.AA", URL_SAFE_NO_PAD.encode("{}")), "the header names no alg"),
        (es256("\"text\""), "the claims set is not a JSON object"),
        (es256(&CLAIMS.replace("\"sub\"", "\"iss\":\"https://evil.test\",\"sub\"")), "has one name twice"),
        (es256(&CLAIMS.replace("https://", "http://")), "only https"),
        (es256(&CLAIMS.replace("https://", "")), "the scheme is missing"),
        (es256(&CLAIMS.replace("https://ctrl.acme.test:1280", "")), "claim iss (the controller's address) is missing"),
        (es256(&CLAIMS.replace("ctrl.acme.test", &"c".repeat(600))), "iss is longer"),
        (es256(&CLAIMS.replace("\"id-1\"", "null")), "claim sub (the identity) is missing"),
        (es256(&CLAIMS.replace("5b0f9c1e-secret", "")), "claim jti (the one-time token) is missing"),
        (es256(&CLAIMS.replace("5b0f9c1e-secret", &"j".repeat(513))), "claim jti (the one-time token) is longer"),
        (es256(&CLAIMS.replace("\"5b0f9c1e-secret\"", "17")), "jti is not a text"),
        (es256(&CLAIMS.replace("id-1", "id\\nERROR forged line")), "claim sub (the identity) holds control characters"),
        (es256(&CLAIMS.replace("5b0f9c1e", "\\u0000")), "claim jti (the one-time token) holds control characters"),
        (es256(&CLAIMS.replace("\"ott\"", "\"\"")), "no enrollment token"),
        (es256(&CLAIMS.replace("\"em\":\"ott\",", "")), "no enrollment token"),
        (es256(&CLAIMS.replace("4000000000", "-1")), "exp is no time"),
        (es256(&CLAIMS.replace("4000000000", "1e300")), "exp is no time"),
        (es256(&CLAIMS.replace("4000000000", "\"soon\"")), "exp is not a number"),
    ];
    for (jwt, expected) in cases {
        let message = refusal(&jwt);
        assert!(message.contains(expected), "expected {expected:?}, got {message:?}");
        assert!(!message.contains("secret"), "{message}");
    }
}

#[test]
fn algorithms_that_prove_nothing_are_refused_by_name() {
    let with_alg = |alg: &str| {
        es256(CLAIMS).replacen(
            &URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256","typ":"JWT"}"#),
            &URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":{alg}}}"#)),
            1,
        )
    };
    for (alg, expected) in [
        ("\"none\"", "alg \"none\": the token is not signed"),
        ("\"None\"", "alg \"none\""),
        ("\"HS256\"", "alg \"HS256\": signed with a shared secret"),
        ("\"ES256K\"", "alg \"ES256K\" is not accepted"),
        ("7", "alg is not a text"),
        ("\"ES256\",\"crit\":[\"b64\"]", "the header has crit"),
        ("\"ES384\"", "the signature has 64 bytes, which ES384 never has"),
    ] {
        assert!(refusal(&with_alg(alg)).contains(expected), "{alg}: {}", refusal(&with_alg(alg)));
    }
    if !cfg!(feature = "aws-lc-rs") {
        assert!(refusal(&with_alg("\"ES512\"")).contains("feature `aws-lc-rs`"));
    }
}

#[test]
fn verifies_every_algorithm_against_the_leaf_that_signed() {
    let pki = Pki::new();
    let p384 = || KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let ed25519 = || KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    for (alg, scheme, key) in [
        ("RS256", SignatureScheme::RSA_PKCS1_SHA256, rsa_key()),
        ("RS384", SignatureScheme::RSA_PKCS1_SHA384, rsa_key()),
        ("RS512", SignatureScheme::RSA_PKCS1_SHA512, rsa_key()),
        ("PS256", SignatureScheme::RSA_PSS_SHA256, rsa_key()),
        ("PS384", SignatureScheme::RSA_PSS_SHA384, rsa_key()),
        ("PS512", SignatureScheme::RSA_PSS_SHA512, rsa_key()),
        ("ES256", SignatureScheme::ECDSA_NISTP256_SHA256, KeyPair::generate().unwrap()),
        ("ES384", SignatureScheme::ECDSA_NISTP384_SHA384, p384()),
        ("EdDSA", SignatureScheme::ED25519, ed25519()),
    ] {
        // Several rounds, so that ECDSA numbers with leading zero and high bits occur.
        for round in 0..if alg.starts_with("ES") { 50 } else { 1 } {
            let claims = CLAIMS.replace("id-1", &format!("id-{round}"));
            let jwt = sign_jwt(&format!(r#"{{"alg":"{alg}"}}"#), &claims, &key, scheme);
            let token = EnrollmentToken::parse(&jwt).unwrap();
            token.verify(&pki.leaf(&key, LeafPlan::default())).unwrap_or_else(|error| panic!("{alg}: {error}"));
        }
    }
}

fn not_from_controller(error: Error) -> String {
    assert!(
        matches!(&error, Error::Enrollment { problem: EnrollmentProblem::TokenNotFromController, .. }),
        "{error:?}"
    );
    error.to_string()
}

#[test]
fn another_key_or_a_changed_claim_is_not_from_the_controller() {
    let pki = Pki::new();
    let key = KeyPair::generate().unwrap();
    let leaf = pki.leaf(&key, LeafPlan::default());
    let jwt = sign_jwt(r#"{"alg":"ES256"}"#, CLAIMS, &key, SignatureScheme::ECDSA_NISTP256_SHA256);

    let stranger = pki.leaf(&KeyPair::generate().unwrap(), LeafPlan::default());
    let message = not_from_controller(EnrollmentToken::parse(&jwt).unwrap().verify(&stranger).unwrap_err());
    assert!(message.contains("did not sign it") && message.contains("proxy ends TLS"), "{message}");

    let changed = jwt.replace(&URL_SAFE_NO_PAD.encode(CLAIMS), &URL_SAFE_NO_PAD.encode(CLAIMS.replace("id-1", "id-2")));
    not_from_controller(EnrollmentToken::parse(&changed).unwrap().verify(&leaf).unwrap_err());
}

#[test]
fn an_algorithm_that_does_not_fit_the_leaf_key_is_named() {
    let pki = Pki::new();
    for (alg, scheme, key, leaf_key) in [
        ("RS256", SignatureScheme::RSA_PKCS1_SHA256, rsa_key(), KeyPair::generate().unwrap()),
        ("ES256", SignatureScheme::ECDSA_NISTP256_SHA256, KeyPair::generate().unwrap(), rsa_key()),
        (
            "ES256",
            SignatureScheme::ECDSA_NISTP256_SHA256,
            KeyPair::generate().unwrap(),
            KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap(),
        ),
    ] {
        let token = EnrollmentToken::parse(&sign_jwt(&format!(r#"{{"alg":"{alg}"}}"#), CLAIMS, &key, scheme)).unwrap();
        let message = not_from_controller(token.verify(&pki.leaf(&leaf_key, LeafPlan::default())).unwrap_err());
        assert!(message.contains(&format!("alg {alg} does not fit the key")), "{message}");
    }
}

#[test]
fn a_leaf_that_is_no_certificate_is_an_error_of_tls() {
    let token = EnrollmentToken::parse(&es256(CLAIMS)).unwrap();
    let error = token.verify(&CertificateDer::from(vec![0x30, 0x00])).unwrap_err();
    assert!(matches!(error, Error::Tls { .. }), "{error:?}");
}

#[test]
fn debug_text_shows_no_part_of_the_one_time_token() {
    let jwt = es256(CLAIMS);
    let token = EnrollmentToken::parse(&jwt).unwrap();
    let shown = format!("{token:?} {token:#?}");
    assert!(shown.contains("id-1"));
    let claims = jwt.split('.').nth(1).unwrap();
    for secret in ["secret", claims, &format!("{:?}", claims.as_bytes())] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert_eq!(token.fingerprint().len(), 64);
}

#[test]
fn the_end_of_any_jwt_is_read_and_nothing_else_is_asked_of_it() {
    let end = |claims: &str| expires_at(&Secret::new(format!("x.{}.y", URL_SAFE_NO_PAD.encode(claims))));
    let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    assert_eq!(end(r#"{"exp":1000000000,"sub":7}"#), at(1_000_000_000));
    assert_eq!(end(r#"{"exp":1000000000.5}"#), at(1_000_000_000).map(|end| end + Duration::from_millis(500)));
    for claims in ["{}", "[]", "", r#"{"exp":"soon"}"#, r#"{"exp":-1}"#, r#"{"exp":1e300}"#, r#"{"exp":null}"#] {
        assert_eq!(end(claims), None, "{claims}");
    }
    for text in ["", "opaque", "a.b", "a.!.c", "a..c"] {
        assert_eq!(expires_at(&Secret::new(text)), None, "{text}");
    }
}
