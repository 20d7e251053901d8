//! Tokens signed by the server's TLS key.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PublicKeyData, SigningKey};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED, ECDSA_P384_SHA384_FIXED_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use serde_json::Value;

fn elliptic(key: &KeyPair) -> Option<(&'static str, &'static EcdsaSigningAlgorithm)> {
    if key.algorithm() == &PKCS_ECDSA_P256_SHA256 {
        Some(("ES256", &ECDSA_P256_SHA256_FIXED_SIGNING))
    } else if key.algorithm() == &PKCS_ECDSA_P384_SHA384 {
        Some(("ES384", &ECDSA_P384_SHA384_FIXED_SIGNING))
    } else {
        None
    }
}

/// The `alg` that goes with `key`.
pub(crate) fn algorithm(key: &KeyPair) -> &'static str {
    elliptic(key).map_or("RS256", |(name, _)| name)
}

/// A compact token over exactly these texts.
pub(crate) fn sign(key: &KeyPair, header: &str, claims: &str) -> String {
    let message = format!("{}.{}", BASE64_URL_SAFE_NO_PAD.encode(header), BASE64_URL_SAFE_NO_PAD.encode(claims));
    let signature = match elliptic(key) {
        Some((_, algorithm)) => {
            let random = SystemRandom::new();
            let key = EcdsaKeyPair::from_pkcs8(algorithm, key.serialized_der(), &random).expect("made by this crate");
            key.sign(&random, message.as_bytes()).expect("the system has random numbers").as_ref().to_vec()
        }
        None => key.sign(message.as_bytes()).expect("an RSA key large enough for SHA-256"),
    };
    format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

/// The name of the key that a token says it is signed by.
pub(crate) fn key_id(token: &str) -> Option<String> {
    let header = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').next()?).ok()?;
    let header: Value = serde_json::from_slice(&header).ok()?;
    header["kid"].as_str().map(str::to_owned)
}

/// The claims of a token that `key` signed; the error is the controller's message.
pub(crate) fn verify(key: &KeyPair, token: &str) -> Result<Value, &'static str> {
    let malformed = "token is malformed: token contains an invalid number of segments";
    let (message, signature) = token.rsplit_once('.').ok_or(malformed)?;
    let (_, claims) = message.split_once('.').filter(|(_, claims)| !claims.contains('.')).ok_or(malformed)?;
    let undecodable = "token is malformed: could not base64 decode";
    let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| undecodable);
    let algorithm: &dyn VerificationAlgorithm = match algorithm(key) {
        "ES256" => &ECDSA_P256_SHA256_FIXED,
        "ES384" => &ECDSA_P384_SHA384_FIXED,
        _ => &RSA_PKCS1_2048_8192_SHA256,
    };
    UnparsedPublicKey::new(algorithm, key.der_bytes())
        .verify(message.as_bytes(), &decode(signature)?)
        .map_err(|_| "token signature is invalid")?;
    serde_json::from_slice(&decode(claims)?).map_err(|_| "token is malformed: could not JSON decode claim")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::{Pki, ServerKey};
    use time::OffsetDateTime;

    #[test]
    fn tokens_verify_with_the_servers_key_and_no_other() {
        for (kind, name) in [(ServerKey::P256, "ES256"), (ServerKey::P384, "ES384"), (ServerKey::Rsa, "RS256")] {
            let pki = Pki::new(kind, "localhost", OffsetDateTime::now_utc()).unwrap();
            assert_eq!(algorithm(&pki.key), name);
            let token = sign(&pki.key, "{}", r#"{"em":"ott"}"#);
            assert_eq!(verify(&pki.key, &token).unwrap()["em"], "ott");
            let other = Pki::new(ServerKey::P256, "localhost", OffsetDateTime::now_utc()).unwrap();
            assert_eq!(verify(&other.key, &token), Err("token signature is invalid"));
        }
    }

    #[test]
    fn what_is_no_token_is_told() {
        let pki = Pki::new(ServerKey::P256, "localhost", OffsetDateTime::now_utc()).unwrap();
        for token in ["", "nonsense", "a.b", "a.b.c.d"] {
            assert!(verify(&pki.key, token).unwrap_err().contains("number of segments"), "{token}");
        }
        assert!(verify(&pki.key, "a.b.?").unwrap_err().contains("base64"));
    }
}
