//! What a call without a client is given.

use std::time::Duration;

use super::{Call, CancelToken, Proxy};

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a call may take, what ends it, and the proxy on its way: the same for an enrollment and for a login at an
/// identity provider.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reach {
    pub(crate) timeout: Option<Duration>,
    pub(crate) cancel: Option<CancelToken>,
    pub(crate) proxy: Option<Proxy>,
}

impl Reach {
    /// Starts the clock of one call.
    pub(crate) fn call(&self) -> Call {
        self.call_within(self.limit())
    }

    /// The same with a time limit of its own.
    pub(crate) fn call_within(&self, limit: Duration) -> Call {
        Call::new(limit, self.cancel.as_slice())
    }

    /// A call that ends with another one at the latest.
    pub(crate) fn part_of(&self, call: &Call) -> Call {
        self.call_within(self.limit().min(call.remaining()))
    }

    fn limit(&self) -> Duration {
        self.timeout.unwrap_or(DEFAULT_TIMEOUT)
    }
}
