//! What time it is, by the clocks that durations are measured with.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// Clocks that part by more than this were set, or the monotonic one stood still while the machine slept.
const SLEPT: Duration = Duration::from_secs(60);

/// The same moment by two clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    pub(crate) monotonic: Instant,
    pub(crate) wall: SystemTime,
}

impl Now {
    /// How long ago an earlier moment was, by the clock that no one sets, and that no one can ask of the time in which
    /// the machine slept: for that there is the other one.
    pub(crate) fn since(self, earlier: Now) -> Duration {
        let by_monotonic = self.monotonic.saturating_duration_since(earlier.monotonic);
        if self.slept_since(earlier) {
            self.wall.duration_since(earlier.wall).unwrap_or_default()
        } else {
            by_monotonic
        }
    }

    /// True if the machine slept since, or its clock was set forward.
    pub(crate) fn slept_since(self, earlier: Now) -> bool {
        let by_wall = self.wall.duration_since(earlier.wall).unwrap_or_default();
        by_wall > self.monotonic.saturating_duration_since(earlier.monotonic) + SLEPT
    }
}

/// Where the time comes from: the system, or a test.
#[derive(Clone, Default)]
pub(crate) struct Clock(Option<Arc<dyn Fn() -> (Instant, SystemTime) + Send + Sync>>);

impl Clock {
    pub(crate) fn of(read: impl Fn() -> (Instant, SystemTime) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(read)))
    }

    pub(crate) fn now(&self) -> Now {
        let (monotonic, wall) = match &self.0 {
            Some(read) => read(),
            None => (Instant::now(), SystemTime::now()),
        };
        Now { monotonic, wall }
    }
}
