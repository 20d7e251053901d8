//! The server's public key as a JSON Web Key.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rcgen::{KeyPair, PublicKeyData};
use ring::rsa::PublicKeyComponents;
use ring::signature::RsaKeyPair;
use serde_json::{Value, json};

use crate::jwt;

/// The public half of `key`, by this name.
pub(crate) fn jwk(key: &KeyPair, id: &str) -> Value {
    let algorithm = jwt::algorithm(key);
    let encoded = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let mut jwk = json!({"use": "sig", "kid": id, "alg": algorithm});
    if algorithm == "RS256" {
        let key = RsaKeyPair::from_pkcs8(key.serialized_der()).expect("a key that signs");
        let parts: PublicKeyComponents<Vec<u8>> = key.public().into();
        jwk["kty"] = "RSA".into();
        jwk["n"] = encoded(&parts.n).into();
        jwk["e"] = encoded(&parts.e).into();
        return jwk;
    }
    // An uncompressed point: a 4, then two numbers of the same length.
    let point = &key.der_bytes()[1..];
    let (x, y) = point.split_at(point.len() / 2);
    jwk["kty"] = "EC".into();
    jwk["crv"] = if algorithm == "ES256" { "P-256" } else { "P-384" }.into();
    jwk["x"] = encoded(x).into();
    jwk["y"] = encoded(y).into();
    jwk
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::{Pki, ServerKey};
    use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
    use time::OffsetDateTime;

    fn decoded(jwk: &Value, part: &str) -> Vec<u8> {
        BASE64_URL_SAFE_NO_PAD.decode(jwk[part].as_str().unwrap()).unwrap()
    }

    #[test]
    fn tokens_verify_with_the_published_key() {
        let pki = Pki::new(ServerKey::Rsa, "localhost", OffsetDateTime::now_utc()).unwrap();
        let jwk = jwk(&pki.key, "id");
        let (n, e) = (decoded(&jwk, "n"), decoded(&jwk, "e"));
        let token = pki.token(&json!({"sub": "alice"}));
        let (message, signature) = token.rsplit_once('.').unwrap();
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
        let key = RsaPublicKeyComponents { n, e };
        key.verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &signature).unwrap();
    }

    #[test]
    fn points_have_both_coordinates() {
        for (kind, length) in [(ServerKey::P256, 32), (ServerKey::P384, 48)] {
            let pki = Pki::new(kind, "localhost", OffsetDateTime::now_utc()).unwrap();
            let jwk = jwk(&pki.key, "id");
            assert_eq!(jwk["kty"], "EC");
            let point = [vec![4], decoded(&jwk, "x"), decoded(&jwk, "y")].concat();
            assert_eq!(point, pki.key.der_bytes());
            assert_eq!(point.len(), 1 + 2 * length);
        }
    }
}
