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
        if let Some(ahead) = seconds_ahead(head) {
            self.ahead_seconds.store(ahead, Ordering::Relaxed);
        }
    }

    /// False until an answer told the time.
    pub(super) fn is_known(&self) -> bool {
        self.ahead_seconds().is_some()
    }

    /// By how many seconds the controllers' clock is ahead of the local one, if an answer told.
    pub(crate) fn ahead_seconds(&self) -> Option<i64> {
        Some(self.ahead_seconds.load(Ordering::Relaxed)).filter(|ahead| *ahead != UNKNOWN)
    }

    /// That it is off, if it is so far that it may be the reason of a failure.
    pub(crate) fn note(&self) -> Option<String> {
        skew_note("the controllers", self.ahead_seconds()?)
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

/// How far the clock behind an answer that came this moment is ahead of the local one.
pub(super) fn seconds_ahead(head: &Head) -> Option<i64> {
    let theirs = timestamp::http_date(head.date.as_deref()?)?;
    let ours = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    Some(theirs.saturating_sub(i64::try_from(ours).unwrap_or(i64::MAX)))
}

/// What is worth saying of a clock that is so far ahead of the local one.
pub(super) fn skew_note(whose: &str, seconds_ahead: i64) -> Option<String> {
    let (apart, side) = (seconds_ahead.unsigned_abs(), if seconds_ahead < 0 { "behind" } else { "ahead of" });
    (apart >= CLOCK_MAY_BE_OFF.as_secs()).then(|| format!("the clock of {whose} is {apart} s {side} the local one"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_worth_a_word_if_it_is_a_minute_off() {
        assert_eq!(skew_note("a", 59), None);
        assert_eq!(skew_note("a", 60).unwrap(), "the clock of a is 60 s ahead of the local one");
        assert_eq!(skew_note("a", -3600).unwrap(), "the clock of a is 3600 s behind the local one");
        assert!(skew_note("a", i64::MIN).is_some());
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
