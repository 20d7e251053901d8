//! What ties the steps of one login together: numbers that nobody can guess, and the proof that who exchanges a code is
//! who began the login (RFC 7636).

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::secret::Secret;
use crate::trust::provider::{fill_randomly, sha256};

/// The proof of one login: the challenge goes first, the verifier goes with the code.
#[derive(Clone)]
pub(crate) struct Pkce {
    verifier: Secret,
    challenge: String,
}

impl Pkce {
    /// A new proof, by the method `S256`.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub(crate) fn new() -> Result<Self, Error> {
        unguessable().map(Self::of)
    }

    fn of(verifier: Secret) -> Self {
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(sha256(verifier.expose().as_bytes()));
        Self { verifier, challenge }
    }

    /// What the authorization request says of the verifier.
    pub(crate) fn challenge(&self) -> &str {
        &self.challenge
    }

    /// What the code is exchanged with.
    pub(crate) fn verifier(&self) -> &Secret {
        &self.verifier
    }
}

/// 256 random bits as text that no address has to escape: a verifier, a state or a nonce.
///
/// # Errors
/// The system gives no randomness.
pub(crate) fn unguessable() -> Result<Secret, Error> {
    let mut bytes = Zeroizing::new([0; 32]);
    if !fill_randomly(&mut *bytes) {
        return Err(Error::Identity("the system gives no random numbers; a login needs some".to_owned()));
    }
    Ok(Secret::new(BASE64_URL_SAFE_NO_PAD.encode(*bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_of_a_verifier_is_that_of_the_rfc() {
        let pkce = Pkce::of(Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert_eq!(pkce.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn no_two_proofs_are_the_same_and_each_can_be_sent_as_it_is() {
        let all: Vec<Pkce> = (0..64).map(|_| Pkce::new().unwrap()).collect();
        let mut verifiers: Vec<&str> = all.iter().map(|pkce| pkce.verifier().expose()).collect();
        verifiers.sort_unstable();
        verifiers.dedup();
        assert_eq!(verifiers.len(), 64);
        let is_plain =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        assert!(verifiers.iter().all(|verifier| verifier.len() == 43 && is_plain(verifier)), "{}", verifiers.len());
    }
}
