//! The words that tie the answer of an authorization request to the one who asked: nobody else can know them.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::secret::Secret;
use crate::trust::provider;

/// Bytes of what nobody can guess; as text it has 43 letters, the least that a verifier may have (RFC 7636, 4.1).
const BYTES: usize = 32;

/// A verifier, which only the token endpoint is shown, and its challenge, which goes along with the request for a code
/// (RFC 7636, method `S256`).
#[derive(Debug, Clone)]
pub(crate) struct Pkce {
    verifier: Secret,
    challenge: String,
}

impl Pkce {
    /// What `code_challenge_method` has to say.
    pub(crate) const METHOD: &'static str = "S256";

    /// A new pair.
    pub(crate) fn new() -> Result<Self, Error> {
        unguessable().map(Self::of)
    }

    /// The pair of a verifier that was made before.
    pub(super) fn of(verifier: Secret) -> Self {
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(provider::sha256(verifier.expose().as_bytes()));
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

/// A new state, nonce or verifier: 256 bits from the system's generator, as text that fits into any URL.
pub(crate) fn unguessable() -> Result<Secret, Error> {
    let mut bytes = Zeroizing::new([0; BYTES]);
    if !provider::fill_randomly(bytes.as_mut_slice()) {
        return Err(Error::Identity("the system gives no random numbers; a login needs some".to_owned()));
    }
    Ok(Secret::new(BASE64_URL_SAFE_NO_PAD.encode(bytes.as_slice())))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_standard() {
        let pair = Pkce::of(Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert_eq!(pair.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_pair_belongs_together_and_never_comes_twice() {
        let pairs: Vec<Pkce> = (0..50).map(|_| Pkce::new().unwrap()).collect();
        assert!(pairs.iter().all(|pair| pair.challenge == Pkce::of(pair.verifier.clone()).challenge));
        let different: HashSet<&str> = pairs.iter().map(|pair| pair.verifier().expose()).collect();
        assert_eq!(different.len(), pairs.len());
    }

    #[test]
    fn what_cannot_be_guessed_has_the_length_and_the_letters_that_are_allowed() {
        let word = unguessable().unwrap();
        assert_eq!(word.expose().len(), 43);
        assert!(word.expose().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    }

    #[test]
    fn a_verifier_is_not_shown() {
        let pair = Pkce::new().unwrap();
        assert!(!format!("{pair:?}").contains(pair.verifier().expose()));
    }
}
