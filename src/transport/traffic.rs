//! What all calls of a client sent.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts requests and connections.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    requests: AtomicU64,
    connections: AtomicU64,
    repeats: AtomicU64,
}

impl Traffic {
    /// Requests that were begun, those included that got no answer.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Connections that were begun.
    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Requests that were sent once more because a kept connection turned out to be closed.
    pub(crate) fn repeats(&self) -> u64 {
        self.repeats.load(Ordering::Relaxed)
    }

    pub(super) fn add_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn add_connection(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn add_repeat(&self) {
        self.repeats.fetch_add(1, Ordering::Relaxed);
    }
}
