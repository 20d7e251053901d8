//! What time it is, by the clocks that durations are measured with.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant, SystemTime};

use crate::transport::since_boot;

/// The same moment by two clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    /// By a clock that nobody sets, and that goes on while the machine sleeps. Not to be compared with
    /// [`Instant::now`], which may stand still meanwhile.
    pub(crate) monotonic: Instant,
    /// By the clock that people and time servers set. Only certificates are judged by it.
    pub(crate) wall: SystemTime,
}

impl Now {
    /// How long ago an earlier moment was, whether or not the machine slept or its clock was set.
    pub(crate) fn since(self, earlier: Now) -> Duration {
        self.monotonic.saturating_duration_since(earlier.monotonic)
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
            None => (awake_or_asleep(), SystemTime::now()),
        };
        Now { monotonic, wall }
    }
}

/// The time of the system's clock that goes on while the machine sleeps, where it has one.
pub(crate) fn awake_or_asleep() -> Instant {
    static START: LazyLock<(Instant, Option<Duration>)> = LazyLock::new(|| (Instant::now(), since_boot()));
    let (started, booted) = *START;
    match booted.zip(since_boot()) {
        Some((then, now)) => started + now.saturating_sub(then),
        None => Instant::now(),
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn the_clock_goes_on_like_that_of_the_system() {
        let clock = Clock::default();
        let (first, began) = (clock.now(), Instant::now());
        thread::sleep(Duration::from_millis(20));
        let (since, elapsed) = (clock.now().since(first), began.elapsed());
        assert!(since >= Duration::from_millis(20) && since < elapsed + Duration::from_millis(5), "{since:?}");
        assert_eq!(first.since(clock.now()), Duration::ZERO, "an earlier moment is not in the past of a later one");
    }
}
