//! A signer that does as it is told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{KeyPair, PublicKeyData, SigningKey};
use ziti_edge_client::{Signer, SigningScheme};

pub(crate) const REFERENCE: &str = "test:alice?pin-value=canary-2171";

type Before = dyn Fn(Duration) -> Result<(), String> + Send + Sync;

/// Signs with a key that the client never sees.
pub(crate) struct Scripted {
    key: KeyPair,
    /// What the identity's certificate will be for, if it is not the key.
    pub(crate) public_key: Option<Vec<u8>>,
    before: Mutex<Arc<Before>>,
    calls: AtomicUsize,
}

impl Scripted {
    pub(crate) fn new() -> Self {
        let (before, calls) = (Mutex::new(Arc::new(|_: Duration| Ok(())) as Arc<Before>), AtomicUsize::new(0));
        Self { key: KeyPair::generate().unwrap(), public_key: None, before, calls }
    }

    /// Does this from now on, before it signs.
    pub(crate) fn first(&self, before: impl Fn(Duration) -> Result<(), String> + Send + Sync + 'static) {
        *self.before.lock().unwrap() = Arc::new(before);
    }

    /// How often it was asked to sign.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

impl Signer for Scripted {
    fn reference(&self) -> String {
        REFERENCE.to_owned()
    }

    fn public_key(&self) -> Result<Vec<u8>, String> {
        Ok(self.public_key.clone().unwrap_or_else(|| self.key.subject_public_key_info()))
    }

    fn schemes(&self) -> Vec<SigningScheme> {
        vec![SigningScheme::EcdsaP256Sha256]
    }

    fn sign(&self, _: SigningScheme, message: &[u8], left: Duration) -> Result<Vec<u8>, String> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let before = self.before.lock().unwrap().clone();
        before(left)?;
        self.key.sign(message).map_err(|error| error.to_string())
    }
}
