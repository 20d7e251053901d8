//! What several controllers of one network have in common.

use std::fmt;
use std::sync::Arc;

use crate::pki::Pki;
use crate::state::Identity;

/// The certificates of a network and its identities, as one of its controllers knew them at some time.
#[derive(Clone)]
pub(crate) struct Network {
    pub(crate) pki: Arc<Pki>,
    pub(crate) identities: Vec<Identity>,
}

impl fmt::Debug for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Network").field("identities", &self.identities.len()).finish_non_exhaustive()
    }
}
