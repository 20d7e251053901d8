//! What controllers are to prove at an enrollment.

use crate::wire::fields::{Fields, Model};

/// The public keys of a controller. Known from the API document only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Jwks {
    /// The keys.
    pub keys: Vec<Jwk>,
}

impl Model for Jwks {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { keys: fields.get("keys") }
    }
}

/// One public key, in the words of RFC 7517. Known from the API document only.
///
/// The members of private keys that the document lists as well (`d`, `p`, `q`, `dp`, `dq`, `qi`, `oth`) are left out:
/// what a controller must not publish, nobody has to hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Jwk {
    /// The type of the key: `RSA` or `EC`.
    pub kty: Option<String>,
    /// The id of the key.
    pub kid: Option<String>,
    /// The algorithm that it is for, such as `RS256`.
    pub alg: Option<String>,
    /// What it is for (`use`): `sig` or `enc`.
    pub key_use: Option<String>,
    /// The operations that it is for, such as `verify`.
    pub key_ops: Vec<String>,
    /// The modulus of an RSA key, in base64url.
    pub n: Option<String>,
    /// The exponent of an RSA key, in base64url.
    pub e: Option<String>,
    /// The curve of an EC key, such as `P-256`.
    pub crv: Option<String>,
    /// The x coordinate of an EC key, in base64url.
    pub x: Option<String>,
    /// The y coordinate of an EC key, in base64url.
    pub y: Option<String>,
    /// Its certificate with the intermediates, each in base64.
    pub x5c: Vec<String>,
    /// The SHA-1 of its certificate, in base64url.
    pub x5t: Option<String>,
    /// The SHA-256 of its certificate (`x5t#S256`), in base64url.
    pub x5t_s256: Option<String>,
    /// Where its certificate is.
    pub x5u: Option<String>,
}

impl Model for Jwk {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            kty: fields.get("kty"),
            kid: fields.get("kid"),
            alg: fields.get("alg"),
            key_use: fields.get("use"),
            key_ops: fields.get("key_ops"),
            n: fields.get("n"),
            e: fields.get("e"),
            crv: fields.get("crv"),
            x: fields.get("x"),
            y: fields.get("y"),
            x5c: fields.get("x5c"),
            x5t: fields.get("x5t"),
            x5t_s256: fields.get("x5t#S256"),
            x5u: fields.get("x5u"),
        }
    }
}

/// A nonce that a controller has signed. Known from the API document only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NonceSignature {
    /// The signature.
    pub signature: Option<String>,
    /// The algorithm of the signature.
    pub algorithm: Option<String>,
    /// The id of the key.
    pub kid: Option<String>,
    /// The CA certificates that vouch for the key.
    pub ca_pool: Option<String>,
}

impl Model for NonceSignature {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            signature: fields.get("signature"),
            algorithm: fields.get("algorithm"),
            kid: fields.get("kid"),
            ca_pool: fields.get("caPool"),
        }
    }
}
