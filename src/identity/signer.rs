//! Keys that stay where they are: what signs for them.

use std::time::Duration;

/// Signs with a key that this process never sees: in a token, an HSM, an agent or a key service.
///
/// It signs certificate requests and proves in TLS handshakes that the identity's certificate is its own. It is called
/// on the thread of the call that needs it, with no lock held, possibly on several threads at once. Nothing interrupts
/// it, so keeping to the time it is told is up to it; the call ends as soon as it returns. A panic is caught and ends
/// the call like any other failure.
///
/// # Examples
///
/// `examples/pkcs11` in the source of this library uses a key in a PKCS#11 token.
pub trait Signer: Send + Sync {
    /// What the identity file says in place of the key: a scheme, a colon and the name of the key, such as
    /// `pkcs11:token=work;object=alice`. What follows a question mark is never shown.
    fn reference(&self) -> String;

    /// The public key: DER of its SubjectPublicKeyInfo. Asked once for each enrollment or loading of an identity.
    ///
    /// # Errors
    /// Why there is none, in words that a user understands: they become part of an [`Error`](crate::Error).
    fn public_key(&self) -> Result<Vec<u8>, String>;

    /// The ways in which the key can sign, the preferred one first. To enroll, one of [`EcdsaP256Sha256`],
    /// [`EcdsaP384Sha384`], [`Ed25519`] and [`RsaPkcs1Sha256`] has to be among them; TLS 1.3 wants an RSA key to know
    /// one of the `RsaPss` ones.
    ///
    /// [`EcdsaP256Sha256`]: SigningScheme::EcdsaP256Sha256
    /// [`EcdsaP384Sha384`]: SigningScheme::EcdsaP384Sha384
    /// [`Ed25519`]: SigningScheme::Ed25519
    /// [`RsaPkcs1Sha256`]: SigningScheme::RsaPkcs1Sha256
    fn schemes(&self) -> Vec<SigningScheme>;

    /// Signs `message`, which is not hashed yet. `left` is what is left of the call's time limit.
    ///
    /// An ECDSA signature is DER, or the two numbers side by side as PKCS#11 has them. It is checked with the public
    /// key before it is used.
    ///
    /// # Errors
    /// Why it cannot sign, in words that a user understands: they become part of an [`Error`](crate::Error).
    fn sign(&self, scheme: SigningScheme, message: &[u8], left: Duration) -> Result<Vec<u8>, String>;
}

/// A way to sign, by the names of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SigningScheme {
    /// ECDSA with a key on P-256, of the SHA-256 of the message.
    EcdsaP256Sha256,
    /// ECDSA with a key on P-384, of the SHA-384 of the message.
    EcdsaP384Sha384,
    /// ECDSA with a key on P-521, of the SHA-512 of the message. Needs the feature `aws-lc-rs`.
    EcdsaP521Sha512,
    /// Ed25519, of the message itself.
    Ed25519,
    /// RSA with the padding of PKCS#1 1.5 and SHA-256.
    RsaPkcs1Sha256,
    /// RSA with the padding of PKCS#1 1.5 and SHA-384.
    RsaPkcs1Sha384,
    /// RSA with the padding of PKCS#1 1.5 and SHA-512.
    RsaPkcs1Sha512,
    /// RSA with the padding PSS, SHA-256 in message and mask, and a salt of 32 bytes.
    RsaPssSha256,
    /// RSA with the padding PSS, SHA-384 in message and mask, and a salt of 48 bytes.
    RsaPssSha384,
    /// RSA with the padding PSS, SHA-512 in message and mask, and a salt of 64 bytes.
    RsaPssSha512,
}

impl SigningScheme {
    const ALL: [Self; 10] = [
        Self::EcdsaP256Sha256,
        Self::EcdsaP384Sha384,
        Self::EcdsaP521Sha512,
        Self::Ed25519,
        Self::RsaPkcs1Sha256,
        Self::RsaPkcs1Sha384,
        Self::RsaPkcs1Sha512,
        Self::RsaPssSha256,
        Self::RsaPssSha384,
        Self::RsaPssSha512,
    ];

    /// The number that TLS has for it (IANA, "TLS SignatureScheme").
    pub fn number(self) -> u16 {
        match self {
            Self::EcdsaP256Sha256 => 0x0403,
            Self::EcdsaP384Sha384 => 0x0503,
            Self::EcdsaP521Sha512 => 0x0603,
            Self::Ed25519 => 0x0807,
            Self::RsaPkcs1Sha256 => 0x0401,
            Self::RsaPkcs1Sha384 => 0x0501,
            Self::RsaPkcs1Sha512 => 0x0601,
            Self::RsaPssSha256 => 0x0804,
            Self::RsaPssSha384 => 0x0805,
            Self::RsaPssSha512 => 0x0806,
        }
    }

    /// The scheme that TLS has this number for, if it is one of these.
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.number() == number)
    }

    /// The bytes of each of the two numbers of an ECDSA signature; `None` for the others.
    pub(super) fn ecdsa_half(self) -> Option<usize> {
        match self {
            Self::EcdsaP256Sha256 => Some(32),
            Self::EcdsaP384Sha384 => Some(48),
            Self::EcdsaP521Sha512 => Some(66),
            _ => None,
        }
    }
}
