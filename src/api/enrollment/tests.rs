use serde_json::Value;

use super::*;
use crate::api::recorded::successes;
use crate::wire::envelope;

#[test]
fn recorded_enrollments_give_what_their_method_gives() {
    let mut seen = std::collections::BTreeSet::new();
    for operation in ["enroll", "enrollOtt", "enrollUpdb", "enrollToken", "extendRouterEnrollment"] {
        for (name, body) in successes(operation) {
            let enrolled = answer::read(operation, body.as_bytes()).unwrap();
            match serde_json::from_str::<Value>(&body) {
                Ok(sent) => {
                    let sent = |key: &str| sent["data"][key].as_str();
                    assert_eq!(enrolled.cert.as_deref(), sent("cert"), "{name}");
                    assert_eq!(enrolled.ca.as_deref(), sent("ca"), "{name}");
                    assert_eq!(enrolled.server_cert.as_deref(), sent("serverCert"), "{name}");
                    assert_eq!(enrolled.username.as_deref(), sent("username"), "{name}");
                }
                Err(_) => assert_eq!(enrolled.cert, Some(body), "{name}: bare PEM"),
            }
            let Enrolled { cert, ca, server_cert, username, controllers: _ } = enrolled;
            seen.insert([cert, ca, server_cert, username].map(|gift| gift.is_some()));
        }
    }
    // An identity, a router, a renewed router, the holder of a JWT, a user, and a certificate that was there before.
    let gifts = ["cert", "cert ca server", "cert server", "cert ca", "username", ""];
    let has = |gift: &str, word: &str| gift.split(' ').any(|given| given == word);
    for gift in gifts {
        let wanted = ["cert", "ca", "server", "username"].map(|word| has(gift, word));
        assert!(seen.contains(&wanted), "{gift}: {seen:?}");
    }
}

#[test]
fn an_enrollment_that_gives_nothing_is_a_success() {
    for body in [
        r#"{"data":{},"meta":{}}"#,
        r#"{"data":null,"meta":{}}"#,
        r#"{"data":{"data":null,"meta":null},"meta":{}}"#,
        r#"{"data":{"cert":null,"ca":null,"serverCert":null,"username":null}}"#,
    ] {
        assert_eq!(answer::read("POST /enroll", body.as_bytes()).unwrap(), Enrolled::default(), "{body}");
    }
}

#[test]
fn recorded_network_tokens_are_enrollment_tokens() {
    for (name, body) in successes("listNetworkJWTs") {
        let jwts: Vec<NetworkJwt> = envelope::data("GET /network-jwts", body.as_bytes()).unwrap();
        assert_eq!((jwts.len(), jwts[0].name.as_deref()), (1, Some("default")), "{name}");
        let enrollment = crate::Enrollment::parse(&jwts[0].token).unwrap();
        assert_eq!(enrollment.method(), crate::EnrollmentMethod::Network, "{name}");
    }
}

/// No controller has ever answered these; the keys are those of the API document.
#[test]
fn what_is_known_from_the_document_only_is_read_in_its_words() {
    let body = br#"{"keys":[{"kty":"RSA","kid":"1","alg":"RS256","use":"sig","key_ops":["verify"],"n":"bg","e":"AQAB",
        "crv":"P-256","x":"eA","y":"eQ","x5c":["TUlJ"],"x5t":"t","x5t#S256":"s","x5u":"u","d":"private","new":[]},
        {}]}"#;
    let jwks: Jwks = envelope::bare("GET /enroll/jwks", body).unwrap();
    let text = |text: &str| Some(text.to_owned());
    let key = Jwk {
        kty: text("RSA"),
        kid: text("1"),
        alg: text("RS256"),
        key_use: text("sig"),
        key_ops: vec!["verify".to_owned()],
        n: text("bg"),
        e: text("AQAB"),
        crv: text("P-256"),
        x: text("eA"),
        y: text("eQ"),
        x5c: vec!["TUlJ".to_owned()],
        x5t: text("t"),
        x5t_s256: text("s"),
        x5u: text("u"),
    };
    assert_eq!(jwks.keys, [key, Jwk::default()]);
    assert!(!format!("{jwks:?}").contains("private"));
    let body = br#"{"signature":"s","algorithm":"a","kid":"k","caPool":"c"}"#;
    let signature: NonceSignature = envelope::bare("POST /enroll/challenge", body).unwrap();
    let said = [signature.signature, signature.algorithm, signature.kid, signature.ca_pool];
    assert_eq!(said, ["s", "a", "k", "c"].map(text));
    let wrong: Result<Jwks, Error> = envelope::bare("GET /enroll/jwks", br#"{"keys":[{"kty":7}]}"#);
    assert!(matches!(wrong, Err(Error::Decode { path, .. }) if path == "answer.keys[0].kty"));
}

#[test]
fn a_body_is_a_request_by_itself_or_json() {
    let secret = Secret::new("canary");
    let body = EnrollBody::new().csr("csr");
    assert!(matches!(body.username("alice").to_body(), Err(Error::InvalidArgument(_))));
    assert!(!format!("{:?}", body.password(&secret)).contains("canary"));
    let shown = |body: EnrollBody<'_>| {
        let body = body.to_body().unwrap();
        (body.media_type.into_owned(), String::from_utf8(body.bytes.to_vec()).unwrap())
    };
    assert_eq!(shown(EnrollBody::new()), ("text/plain".to_owned(), String::new()));
    assert_eq!(shown(body), ("text/plain".to_owned(), "csr".to_owned()));
    let all = EnrollBody::new().client_csr("a").name("b").username("c").password(&secret).cert_csr("d");
    let json = r#"{"clientCsr":"a","name":"b","username":"c","password":"canary","certCsr":"d","serverCertCsr":"e"}"#;
    assert_eq!(shown(all.server_cert_csr("e")), ("application/json".to_owned(), json.to_owned()));
}
