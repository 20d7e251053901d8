//! Measuring a call on a machine that may be busy with other things.

use std::fs;
use std::time::{Duration, Instant};

/// Measures what the thread that started it does.
pub(crate) struct Stopwatch {
    began: Instant,
    denied: Duration,
}

/// When something ended, and for how long no processor was free for it. What a busy machine takes is not its fault.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ended {
    at: Instant,
    denied: Duration,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self { began: Instant::now(), denied: denied() }
    }

    pub(crate) fn stop(&self) -> Ended {
        Ended { at: Instant::now(), denied: denied().saturating_sub(self.denied) }
    }

    pub(crate) fn began(&self) -> Instant {
        self.began
    }
}

impl Ended {
    /// The time it took from `since` on, at least.
    pub(crate) fn after(&self, since: Instant) -> Duration {
        self.at.saturating_duration_since(since)
    }

    /// Fails if it took longer than `limit` from `since` on, and not for want of a processor.
    pub(crate) fn assert_within(&self, limit: Duration, since: Instant, what: &str) {
        let took = self.after(since);
        assert!(took < limit + self.denied, "{what}: took {took:?}, {:?} of it without a processor", self.denied);
    }
}

/// How long this thread was ready to run in all, and did not because others did.
fn denied() -> Duration {
    // Time on a processor, time ready to run, and how often; where the kernel does not count, the limits hold as they are.
    let counted = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = counted.split_whitespace().nth(1).and_then(|text| text.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}
