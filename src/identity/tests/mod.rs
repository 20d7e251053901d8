//! Tests of the layer, and the identity that they use.

mod describe;
mod dialects;
mod file;
mod joining;
mod key;
#[cfg(unix)]
mod links;
mod parts;
mod property;
mod reference;
mod signer;
mod store;

use rcgen::KeyPair;
use std::sync::OnceLock;

use super::{Identity, IdentityParts, PrivateKey, Store};
use crate::error::Error;
use crate::trust::CaBundle;
use crate::trust::bundle::certificates_to_pem;
use crate::trust::certificate::chain_from_pem;
use crate::trust::provider::NewKey;
use crate::trust::tests::{LeafPlan, Pki};
use crate::wire::ControllerUrl;

pub(crate) fn new_key() -> PrivateKey {
    PrivateKey::generate(NewKey::P256).unwrap()
}

/// A fresh identity with a certificate.
pub(crate) fn assembled(
    controllers: &[ControllerUrl],
    key: &PrivateKey,
    cert_pem: &str,
    ca: &CaBundle,
) -> Result<Identity, Error> {
    let chain = chain_from_pem("the issued certificate", cert_pem)?;
    Identity::assemble(controllers.to_vec(), "/edge/client/v1", Some((key, chain)), None, Some(ca))
}

/// PEM texts that belong together.
pub(crate) struct Papers {
    pub(crate) key: String,
    pub(crate) cert: String,
    pub(crate) ca: String,
}

pub(crate) fn papers() -> &'static Papers {
    static PAPERS: OnceLock<Papers> = OnceLock::new();
    PAPERS.get_or_init(|| {
        let (pki, key) = (Pki::new(), new_key());
        let pair = KeyPair::from_pem(key.text().expose()).unwrap();
        let chain = [pki.leaf(&pair, LeafPlan::default()), pki.intermediate_der()];
        Papers { key: key.text().expose().to_owned(), cert: certificates_to_pem(&chain), ca: pki.pem() }
    })
}

/// An identity file with the given texts in `id`, as compact JSON.
pub(crate) fn identity_json(key: &str, cert: &str, ca: &str) -> String {
    serde_json::json!({
        "ztAPI": "https://ctrl.acme.test:1280/edge/client/v1",
        "id": {"key": key, "cert": cert, "ca": ca},
    })
    .to_string()
}

pub(crate) fn usual_json() -> String {
    let papers = papers();
    identity_json(&format!("pem:{}", papers.key), &format!("pem:{}", papers.cert), &format!("pem:{}", papers.ca))
}

pub(crate) fn usual() -> Identity {
    Identity::from_json(&usual_json()).unwrap()
}
