//! The controllers' clock, by which tokens end.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::wire::{Head, timestamp};

/// How far the local clock is off that of the controllers, as far as their answers tell; until one has, not at all.
pub(crate) struct ControllerClock {
    ahead_seconds: AtomicI64,
}

/// Clocks that differ by less are as good as equal.
pub(crate) const CLOCK_MAY_BE_OFF: Duration = Duration::from_secs(60);

const UNKNOWN: i64 = i64::MIN;

impl Default for ControllerClock {
    fn default() -> Self {
        Self { ahead_seconds: AtomicI64::new(UNKNOWN) }
    }
}

impl ControllerClock {
    /// Reads the clock off an answer that came this moment.
    pub(super) fn read(&self, head: &Head) {
        let Some(theirs) = head.date.as_deref().and_then(timestamp::http_date) else { return };
        let Ok(ours) = SystemTime::now().duration_since(UNIX_EPOCH) else { return };
        let ours = i64::try_from(ours.as_secs()).unwrap_or(i64::MAX);
        self.ahead_seconds.store(theirs.saturating_sub(ours), Ordering::Relaxed);
    }

    /// False until an answer told the time.
    pub(super) fn is_known(&self) -> bool {
        self.ahead_seconds().is_some()
    }

    /// By how many seconds the controllers' clock is ahead of the local one, if an answer told.
    pub(crate) fn ahead_seconds(&self) -> Option<i64> {
        Some(self.ahead_seconds.load(Ordering::Relaxed)).filter(|ahead| *ahead != UNKNOWN)
    }

    /// That the local clock is off, if it is so far that it may be the reason of a failure.
    pub(crate) fn note(&self) -> Option<String> {
        let ahead = self.ahead_seconds().filter(|ahead| ahead.unsigned_abs() > CLOCK_MAY_BE_OFF.as_secs())?;
        let word = if ahead > 0 { "behind" } else { "ahead of" };
        Some(format!("the local clock is {} s {word} the controllers'", ahead.unsigned_abs()))
    }

    /// The time by the controllers' clock.
    pub(super) fn now(&self) -> SystemTime {
        let ahead = self.ahead_seconds().unwrap_or(0);
        let by = Duration::from_secs(ahead.unsigned_abs());
        let now = SystemTime::now();
        let theirs = if ahead < 0 { now.checked_sub(by) } else { now.checked_add(by) };
        theirs.unwrap_or(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_off_if_it_is_by_more_than_a_minute() {
        let clock = ControllerClock::default();
        assert_eq!(clock.note(), None);
        for (ahead, note) in [
            (60, None),
            (-60, None),
            (61, Some("the local clock is 61 s behind the controllers'")),
            (-3600, Some("the local clock is 3600 s ahead of the controllers'")),
        ] {
            clock.ahead_seconds.store(ahead, Ordering::Relaxed);
            assert_eq!(clock.note().as_deref(), note);
        }
    }

    #[test]
    fn the_time_is_that_of_the_last_answer_that_told_one() {
        let clock = ControllerClock::default();
        let off = |clock: &ControllerClock| {
            let (theirs, ours) = (clock.now(), SystemTime::now());
            theirs.duration_since(ours).or_else(|_| ours.duration_since(theirs)).unwrap()
        };
        assert!(off(&clock) < Duration::from_secs(2) && !clock.is_known());
        for date in ["Sat, 01 Jan 2000 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"] {
            clock.read(&Head { date: Some(date.to_owned()), ..Head::default() });
            assert!(off(&clock) > Duration::from_secs(365 * 24 * 3600), "{date}");
        }
        clock.read(&Head { date: Some("noon".to_owned()), ..Head::default() });
        clock.read(&Head::default());
        assert!(off(&clock) > Duration::from_secs(365 * 24 * 3600), "nothing was learnt");
    }
}
