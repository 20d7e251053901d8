//! Which key an identity gets.

use std::fmt;
use std::sync::Arc;

use super::key::PrivateKey;
use super::signer::Signer;
use crate::error::Error;
use crate::trust::provider::NewKey;

/// Which key an identity gets when it enrolls. What cannot be had is an error: never another key in its place.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum KeyChoice {
    /// A new ECDSA key on P-256.
    #[default]
    P256,
    /// A new ECDSA key on P-384.
    P384,
    /// A new Ed25519 key.
    Ed25519,
    /// A new RSA key. Needs the feature `aws-lc-rs`, and takes its time.
    Rsa {
        /// The length of the key: 2048, 3072 or 4096.
        bits: u32,
    },
    /// A key that exists already. It is copied into the identity file.
    Existing(PrivateKey),
    /// A key that stays where it is. The identity file gets the signer's reference in its place, and is loaded with
    /// [`Identity::load_with_signer`](crate::Identity::load_with_signer).
    Signer(Arc<dyn Signer>),
}

impl KeyChoice {
    /// Finds out whether there can be such a key. Makes none yet.
    pub(crate) fn source(&self) -> Result<KeySource, Error> {
        Ok(match self {
            Self::P256 => KeySource::New(NewKey::P256),
            Self::P384 => KeySource::New(NewKey::P384),
            Self::Ed25519 => KeySource::New(NewKey::Ed25519),
            Self::Rsa { bits } => KeySource::New(rsa(*bits)?),
            Self::Existing(key) => KeySource::Kept(key.clone()),
            Self::Signer(signer) => KeySource::Kept(PrivateKey::external(Arc::clone(signer))?),
        })
    }
}

fn rsa(bits: u32) -> Result<NewKey, Error> {
    if !matches!(bits, 2048 | 3072 | 4096) {
        return Err(Error::InvalidArgument(format!("a new RSA key has 2048, 3072 or 4096 bits, not {bits}")));
    }
    #[cfg(feature = "aws-lc-rs")]
    return Ok(NewKey::Rsa { bits });
    #[cfg(not(feature = "aws-lc-rs"))]
    Err(Error::Unsupported(
        "this library was built with the feature `ring`, which cannot make RSA keys; build it with `aws-lc-rs`, choose \
         another kind of key, or give it an RSA key that exists"
            .to_owned(),
    ))
}

impl fmt::Debug for KeyChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::P256 => f.write_str("P256"),
            Self::P384 => f.write_str("P384"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::Rsa { bits } => f.debug_struct("Rsa").field("bits", bits).finish(),
            Self::Existing(key) => f.debug_tuple("Existing").field(key).finish(),
            Self::Signer(_) => f.write_str("Signer"),
        }
    }
}

/// Where the key of an enrollment comes from.
pub(crate) enum KeySource {
    New(NewKey),
    Kept(PrivateKey),
}

impl KeySource {
    /// The key, which is made now if it is to be a new one.
    pub(crate) fn key(&self) -> Result<PrivateKey, Error> {
        match self {
            Self::New(kind) => PrivateKey::generate(*kind),
            Self::Kept(key) => Ok(key.clone()),
        }
    }

    /// The key, if it is one that exists.
    pub(crate) fn kept(&self) -> Option<&PrivateKey> {
        match self {
            Self::New(_) => None,
            Self::Kept(key) => Some(key),
        }
    }
}
