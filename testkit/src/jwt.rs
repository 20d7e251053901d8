//! Tokens signed by the server's TLS key.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, SigningKey};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::{Pki, ServerKey};
    use rcgen::PublicKeyData;
    use ring::signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
        VerificationAlgorithm,
    };
    use time::OffsetDateTime;

    #[test]
    fn tokens_verify_with_the_servers_key() {
        let algorithms: [(_, _, &dyn VerificationAlgorithm); 3] = [
            (ServerKey::P256, "ES256", &ECDSA_P256_SHA256_FIXED),
            (ServerKey::P384, "ES384", &ECDSA_P384_SHA384_FIXED),
            (ServerKey::Rsa, "RS256", &RSA_PKCS1_2048_8192_SHA256),
        ];
        for (kind, name, verification) in algorithms {
            let pki = Pki::new(kind, "localhost", OffsetDateTime::now_utc()).unwrap();
            assert_eq!(algorithm(&pki.key), name);
            let token = sign(&pki.key, "{}", r#"{"em":"ott"}"#);
            let (message, signature) = token.rsplit_once('.').unwrap();
            let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
            UnparsedPublicKey::new(verification, pki.key.der_bytes())
                .verify(message.as_bytes(), &signature)
                .unwrap_or_else(|_| panic!("{name} does not verify"));
        }
    }
}
