//! A login whose certificate was renewed since, and which goes on all the same.

use std::sync::Arc;

use super::generation::Generation;
use super::live::LiveSession;
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
        let Some(leaf) = old.identity.leaf() else { return };
        if let Some(session) = old.flight.current() {
            session.bind_to(leaf);
        }
        // Shared, and no copy: calls that are still under way may refresh the tokens.
        self.flight = Arc::clone(&old.flight);
        self.earlier = Some(Earlier { identity: old.identity.clone(), connections: Arc::clone(&old.connections) });
    }

    /// The identity with the certificate that this login is good with.
    pub(crate) fn identity_of(&self, session: &LiveSession) -> &Identity {
        self.earlier_of(session).map_or(&self.identity, |earlier| &earlier.identity)
    }

    pub(super) fn earlier_of(&self, session: &LiveSession) -> Option<&Earlier> {
        let bound_to = session.bound_to()?;
        self.earlier.as_ref().filter(|earlier| earlier.identity.leaf() == Some(bound_to))
    }
}
