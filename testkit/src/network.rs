//! What several controllers of one network have in common.

use std::fmt;
use std::sync::{Arc, Mutex};

use crate::authorities::CertificateAuthority;
use crate::external::Signer;
use crate::oidc::Issued;
use crate::pki::Pki;
use crate::state::Identity;

/// The certificates of a network, its identities and who else vouches for them, as one of its controllers knew them at
/// some time.
#[derive(Clone)]
pub(crate) struct Network {
    pub(crate) pki: Arc<Pki>,
    pub(crate) identities: Vec<Identity>,
    pub(crate) signers: Vec<Arc<Signer>>,
    pub(crate) authorities: Vec<CertificateAuthority>,
    /// Not a copy: what one controller of the network does with tokens, the others know.
    pub(crate) issued: Arc<Mutex<Issued>>,
}

impl Network {
    pub(crate) fn new(pki: Pki) -> Self {
        Self {
            pki: Arc::new(pki),
            identities: Vec::new(),
            signers: Vec::new(),
            authorities: Vec::new(),
            issued: Arc::default(),
        }
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Network").field("identities", &self.identities.len()).finish_non_exhaustive()
    }
}
