//! A login whose certificate was renewed since, and which goes on all the same.

use std::sync::Arc;

use super::generation::Generation;
use super::live::SessionToken;
use crate::identity::Identity;
use crate::transport::Connections;

/// An identity with its certificate of before, and connections that present that.
#[derive(Clone)]
pub(crate) struct Earlier {
    pub(crate) identity: Identity,
    pub(crate) connections: Arc<Connections>,
}

impl Generation {
    /// Goes on with the login of `old`, which has another certificate: tokens are good with the one that they came by,
    /// also when that does not log in any more.
    pub(crate) fn go_on_with(&mut self, old: &Self) {
        // Shared, and no copy: calls that are still under way may refresh the tokens.
        self.flight = Arc::clone(&old.flight);
        self.earlier = Some(Earlier { identity: old.identity.clone(), connections: Arc::clone(&old.connections) });
    }

    /// The identity with the certificate that a login by this token is good with.
    pub(crate) fn identity_of(&self, token: &SessionToken) -> &Identity {
        self.earlier_of(token).map_or(&self.identity, |earlier| &earlier.identity)
    }

    /// `None` if it goes with the certificate there is.
    pub(crate) fn earlier_of(&self, token: &SessionToken) -> Option<&Earlier> {
        let bound_to = token.bound_to()?;
        self.earlier.as_ref().filter(|earlier| earlier.identity.leaf() == Some(bound_to))
    }
}
