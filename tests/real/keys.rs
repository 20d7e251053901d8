//! Which keys a real controller takes.

use std::sync::Arc;
use std::time::Duration;

use rcgen::{KeyPair, PublicKeyData, SigningKey};
use serde_json::json;
use ziti_edge_client::{Identity, KeyChoice, PrivateKey, Signer, SigningScheme};

use crate::network::Network;
use crate::stories::Story;

/// All tests by name.
pub(crate) const ALL: &[(&str, Story)] = &[("a_key_of_every_kind_enrolls", a_key_of_every_kind_enrolls)];

const RSA: &[u8] = include_bytes!("../../src/identity/tests/keys/rsa-pkcs1.pem");

fn a_key_of_every_kind_enrolls(network: &Network) {
    let signer: Arc<dyn Signer> = Arc::new(InMemory(KeyPair::generate().unwrap()));
    for key in [
        KeyChoice::P256,
        KeyChoice::P384,
        KeyChoice::Ed25519,
        #[cfg(feature = "aws-lc-rs")]
        KeyChoice::Rsa { bits: 3072 },
        KeyChoice::Existing(PrivateKey::parse(RSA).unwrap()),
        KeyChoice::Signer(Arc::clone(&signer)),
    ] {
        let invitation = network.invite(&json!({}));
        let enrolled = network.redeem_with(&invitation, "identity.json", key.clone());
        enrolled.unwrap_or_else(|error| panic!("{key:?}: {error}"));
        let file = invitation.file("identity.json");
        let loaded = match &key {
            KeyChoice::Signer(signer) => Identity::load_with_signer(file, Arc::clone(signer)),
            _ => Identity::load(file),
        };
        let login = network.client(&loaded.unwrap()).authenticate();
        let login = login.unwrap_or_else(|error| panic!("{key:?}: {error}"));
        assert_eq!(login.session().identity_id.as_deref(), Some(invitation.id.as_str()), "{key:?}");
    }
}

/// A signer whose key happens to be here.
struct InMemory(KeyPair);

impl Signer for InMemory {
    fn reference(&self) -> String {
        "test:in-memory".to_owned()
    }

    fn public_key(&self) -> Result<Vec<u8>, String> {
        Ok(self.0.subject_public_key_info())
    }

    fn schemes(&self) -> Vec<SigningScheme> {
        vec![SigningScheme::EcdsaP256Sha256]
    }

    fn sign(&self, _: SigningScheme, message: &[u8], _: Duration) -> Result<Vec<u8>, String> {
        self.0.sign(message).map_err(|error| error.to_string())
    }
}
