//! Enrollment tokens that cannot be used.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use ziti_edge_client::{EnrollOptions, Enrollment};
use ziti_edge_testkit::IdentityOptions;

use crate::world::{Case, Place};

const HEADER: &str = r#"{"alg":"ES256","typ":"JWT"}"#;

/// What [`Enrollment::parse`] refuses.
pub(crate) const CASES: &[&Case] = &[
    &Case { name: "an empty token", says: &["enrollment token: empty"], run: |place| place.parse(" \n") },
    &Case { name: "no token at all", says: &["enrollment token: not a JWT"], run: |place| place.parse("hello") },
    &Case {
        name: "a token that is too large",
        says: &["enrollment token: ", "too long", "16384"],
        run: |place| place.parse(&format!("{}.{}.AA", "a".repeat(9000), "b".repeat(9000))),
    },
    &Case { name: "junk for a header", says: &["the header", "base64url"], run: |place| place.parse("!!.e30.AA") },
    &Case { name: "a header of no object", says: &["the header", "object"], run: |place| with_header(place, "[]") },
    &Case { name: "a broken header", says: &["the header", "valid JSON"], run: |place| with_header(place, "{") },
    &Case {
        name: "a header that says alg twice",
        says: &["the header has one name twice"],
        run: |place| with_header(place, r#"{"alg":"ES256","alg":"none"}"#),
    },
    &Case { name: "no alg", says: &["names no alg"], run: |place| with_header(place, "{}") },
    &Case { name: "alg a number", says: &["alg is not a text"], run: |place| with_header(place, r#"{"alg":7}"#) },
    &Case { name: "alg none", says: &["\"none\"", "not signed"], run: |place| with_header(place, r#"{"alg":"none"}"#) },
    &Case {
        name: "alg HS256, signed with what is public",
        says: &["\"HS256\"", "shared secret"],
        run: |place| with_header(place, r#"{"alg":"HS256"}"#),
    },
    &Case { name: "alg unknown", says: &["\"ES999\""], run: |place| with_header(place, r#"{"alg":"ES999"}"#) },
    &Case {
        name: "a critical extension",
        says: &["crit"],
        run: |place| with_header(place, r#"{"alg":"ES256","crit":["b64"],"b64":false}"#),
    },
    &Case {
        name: "junk for claims",
        says: &["the claims", "base64url"],
        run: |place| parts(place, "*", &"A".repeat(86)),
    },
    &Case { name: "claims of no object", says: &["the claims", "object"], run: |place| with_claims(place, "7") },
    &Case { name: "broken claims", says: &["the claims", "valid JSON"], run: |place| with_claims(place, "{\"iss\"") },
    &Case {
        name: "claims that say iss twice",
        says: &["the claims set has one name twice"],
        run: |place| with_claims(place, r#"{"iss":"https://a:1","iss":"https://b:1"}"#),
    },
    &Case {
        name: "junk for a signature",
        says: &["the signature", "base64url"],
        run: |place| parts(place, "e30", "*"),
    },
    &Case {
        name: "a token file that was cut off",
        says: &["the signature has 63 bytes", "ES256"],
        run: |place| {
            let jwt = place.world.controller.create_identity("alice");
            place.parse(&jwt[..jwt.len() - 2])
        },
    },
    &Case {
        name: "a token file in UTF-16",
        says: &["enrollment token: ", "UTF-16"],
        run: |place| {
            let jwt = place.world.controller.create_identity("alice");
            let bytes: Vec<u8> = jwt.encode_utf16().flat_map(u16::to_le_bytes).collect();
            place.parse(&String::from_utf8(bytes).unwrap())
        },
    },
    &Case { name: "em missing", says: &["claim em"], run: |place| changed(place, json!({"em": null})) },
    &Case { name: "em a list", says: &["em is not a text"], run: |place| changed(place, json!({"em": ["ott"]})) },
    &Case { name: "em unknown", says: &["\"wish\""], run: |place| changed(place, json!({"em": "wish"})) },
    &Case { name: "a token of a router", says: &["\"trott\""], run: |place| changed(place, json!({"em": "trott"})) },
    &Case { name: "iss missing", says: &["claim iss"], run: |place| changed(place, json!({"iss": null})) },
    &Case {
        name: "iss by http",
        says: &["claim iss", "http://ctrl.test:1280", "only https"],
        run: |place| changed(place, json!({"iss": "http://ctrl.test:1280"})),
    },
    &Case {
        name: "iss without a scheme",
        says: &["claim iss", "scheme is missing"],
        run: |place| changed(place, json!({"iss": "ctrl.test:1280"})),
    },
    &Case {
        name: "iss with a user",
        says: &["claim iss", "user name"],
        run: |place| changed(place, json!({"iss": "https://ctrl.test@evil.test:1280"})),
    },
    &Case {
        name: "iss with a port that cannot be",
        says: &["claim iss", "between 1 and 65535"],
        run: |place| changed(place, json!({"iss": "https://ctrl.test:128000"})),
    },
    &Case {
        name: "iss without end",
        says: &["claim iss", "longer"],
        run: |place| changed(place, json!({"iss": format!("https://{}:1280", "a".repeat(600))})),
    },
    &Case { name: "sub missing", says: &["claim sub"], run: |place| changed(place, json!({"sub": ""})) },
    &Case { name: "jti missing", says: &["claim jti"], run: |place| changed(place, json!({"jti": null})) },
    &Case {
        name: "jti without end",
        says: &["claim jti", "longer"],
        run: |place| changed(place, json!({"jti": "a".repeat(600)})),
    },
    &Case { name: "exp a text", says: &["claim exp", "number"], run: |place| changed(place, json!({"exp": "soon"})) },
    &Case { name: "exp beyond time", says: &["claim exp", "9999"], run: |place| changed(place, json!({"exp": 1e300})) },
    &Case { name: "nbf before time", says: &["claim nbf", "1970"], run: |place| changed(place, json!({"nbf": -1})) },
];

/// What is refused once the controller was met.
pub(crate) const ENROLLING: &[&Case] = &[
    &Case {
        name: "a token for a certificate without one",
        says: &["enrollment by ottca needs the option certificate"],
        run: |place| place.enroll(&token(place, json!({"em": "ottca"}))),
    },
    &Case {
        name: "a token that has expired",
        says: &["the enrollment token expired", "new one"],
        run: |place| {
            let options =
                IdentityOptions { name: "alice".into(), expires_in: Duration::ZERO, ..IdentityOptions::default() };
            place.enroll(&place.world.controller.create_identity_with(options).jwt)
        },
    },
    &Case {
        name: "a token for later",
        says: &["valid only in"],
        run: |place| {
            let exp = claims(&place.world.controller.create_identity("alice"))["exp"].as_u64().unwrap();
            place.enroll(&token(place, json!({"nbf": exp})))
        },
    },
    &Case {
        name: "a token that somebody else signed",
        says: &["enrollment token: ", "did not sign", "CONTROLLER", "proxy"],
        run: |place| {
            let claims = claims(&place.world.controller.create_identity("alice"));
            place.enroll(&place.world.other.sign_jwt(HEADER, &claims.to_string()))
        },
    },
    &Case {
        name: "alg of another kind of key",
        says: &["alg RS256 does not fit", "CONTROLLER"],
        run: |place| {
            let claims = claims(&place.world.controller.create_identity("alice"));
            place.enroll(&place.world.controller.sign_jwt(r#"{"alg":"RS256"}"#, &claims.to_string()))
        },
    },
    &Case {
        name: "a token that was used",
        says: &["does not know the token", "used, deleted or replaced", "INVALID_ENROLLMENT_TOKEN"],
        run: |place| {
            let token = Enrollment::parse(&place.world.controller.create_identity("alice")).unwrap();
            token.enroll(&EnrollOptions::new()).unwrap();
            place.attempt(|| token.enroll(&EnrollOptions::new()))
        },
    },
    &Case {
        name: "a token of a controller that is gone",
        says: &["https://127.0.0.1:", "refused"],
        run: |place| {
            let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            place.enroll(&token(place, json!({"iss": format!("https://{gone}")})))
        },
    },
    &Case {
        name: "a token of what is no TLS server",
        says: &["https://127.0.0.1:", "does not speak TLS"],
        run: |place| {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let issuer = format!("https://{}", listener.local_addr().unwrap());
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    let (mut peer, _) = listener.accept().unwrap();
                    peer.read_exact(&mut [0; 16]).unwrap();
                    peer.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
                });
                place.enroll(&token(place, json!({"iss": issuer})))
            })
        },
    },
];

fn encode(text: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

fn with_header(place: &Place<'_>, header: &str) -> String {
    let jwt = place.world.controller.create_identity("alice");
    let (_, rest) = jwt.split_once('.').unwrap();
    place.parse(&format!("{}.{rest}", encode(header)))
}

fn with_claims(place: &Place<'_>, claims: &str) -> String {
    place.parse(&place.world.controller.sign_jwt(HEADER, claims))
}

/// A good header with claims and a signature as they are given.
fn parts(place: &Place<'_>, claims: &str, signature: &str) -> String {
    place.parse(&format!("{}.{claims}.{signature}", encode(HEADER)))
}

fn claims(jwt: &str) -> Value {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(jwt.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

/// A good token but for some claims; it is signed as it should be.
fn token(place: &Place<'_>, changes: Value) -> String {
    let mut claims = claims(&place.world.controller.create_identity("alice"));
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    place.world.controller.sign_jwt(HEADER, &claims.to_string())
}

fn changed(place: &Place<'_>, changes: Value) -> String {
    place.parse(&token(place, changes))
}
