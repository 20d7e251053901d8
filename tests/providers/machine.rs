//! A machine that sleeps, or whose clock is wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use ziti_edge_client::ProviderOptions;
use ziti_edge_testkit::TestProvider;

use super::options;

/// The clock of a machine.
#[derive(Clone, Default)]
pub(crate) struct Machine {
    seconds: Arc<AtomicU64>,
}

impl Machine {
    pub(crate) fn sleeps(&self, time: Duration) {
        self.seconds.fetch_add(time.as_secs(), Ordering::SeqCst);
    }

    /// Options for this machine, whose clock on the wall is ahead as well.
    pub(crate) fn options(&self, provider: &TestProvider, ahead: Duration) -> ProviderOptions {
        let (own, began) = (self.clone(), (Instant::now(), SystemTime::now() + ahead));
        options(provider).clock(move || {
            let passed = Duration::from_secs(own.seconds.load(Ordering::SeqCst));
            (began.0 + passed, began.1 + passed)
        })
    }
}
