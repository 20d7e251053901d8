//! The controllers' clock, by which tokens end.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::now::Now;
use crate::wire::{Head, timestamp};

/// The controllers' clock, as far as their answers tell; until one has, it is the local one.
#[derive(Default)]
pub(crate) struct ControllerClock {
    told: Mutex<Option<Told>>,
}

/// Clocks that differ by less are as good as equal.
pub(crate) const CLOCK_MAY_BE_OFF: Duration = Duration::from_secs(60);

/// By how much a controller's clock was ahead of the local one, and when. That the local one was set since is seen by
/// the other clock, the one that nobody sets: what an answer told once is not wrong because of it.
#[derive(Clone, Copy)]
pub(super) struct Told {
    seconds_ahead: i64,
    at: Now,
}

impl Told {
    /// Read off an answer that came this moment.
    pub(super) fn by(head: &Head, now: Now) -> Option<Self> {
        let theirs = timestamp::http_date(head.date.as_deref()?)?;
        let ours = now.wall.duration_since(UNIX_EPOCH).ok()?.as_secs();
        let seconds_ahead = theirs.saturating_sub(i64::try_from(ours).unwrap_or(i64::MAX));
        Some(Self { seconds_ahead, at: now })
    }

    /// By how many seconds it is ahead of the local clock of now.
    pub(super) fn ahead(self, now: Now) -> i64 {
        let set_forward = match now.wall.duration_since(self.at.wall) {
            Ok(passed) => milliseconds(passed),
            Err(back) => -milliseconds(back.duration()),
        };
        let set_forward = set_forward.saturating_sub(milliseconds(now.since(self.at)));
        self.seconds_ahead.saturating_sub(set_forward.saturating_add(500).div_euclid(1000))
    }
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

impl ControllerClock {
    pub(super) fn read(&self, told: Told) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
    }

    /// False until an answer told the time.
    pub(super) fn is_known(&self) -> bool {
        self.told().is_some()
    }

    /// By how many seconds the controllers' clock is ahead of the local one, if an answer told.
    pub(crate) fn ahead_seconds(&self, now: Now) -> Option<i64> {
        self.told().map(|told| told.ahead(now))
    }

    /// That it is off, if it is so far that it may be the reason of a failure.
    pub(crate) fn note(&self, now: Now) -> Option<String> {
        skew_note("the controllers", self.ahead_seconds(now)?)
    }

    /// The time by the controllers' clock.
    pub(super) fn time(&self, now: Now) -> SystemTime {
        let ahead = self.ahead_seconds(now).unwrap_or(0);
        let by = Duration::from_secs(ahead.unsigned_abs());
        let theirs = if ahead < 0 { now.wall.checked_sub(by) } else { now.wall.checked_add(by) };
        theirs.unwrap_or(now.wall)
    }

    fn told(&self) -> Option<Told> {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is worth saying of a clock that is so far ahead of the local one.
pub(super) fn skew_note(whose: &str, seconds_ahead: i64) -> Option<String> {
    let (apart, side) = (seconds_ahead.unsigned_abs(), if seconds_ahead < 0 { "behind" } else { "ahead of" });
    (apart >= CLOCK_MAY_BE_OFF.as_secs()).then(|| format!("the clock of {whose} is {apart} s {side} the local one"))
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_clock_is_worth_a_word_if_it_is_a_minute_off() {
        assert_eq!(skew_note("a", 59), None);
        assert_eq!(skew_note("a", 60).unwrap(), "the clock of a is 60 s ahead of the local one");
        assert_eq!(skew_note("a", -3600).unwrap(), "the clock of a is 3600 s behind the local one");
        assert!(skew_note("a", i64::MIN).is_some());
    }

    fn at(seconds: u64, wall: SystemTime) -> Now {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        Now { monotonic: *START + Duration::from_secs(seconds), wall }
    }

    fn dated(date: &str) -> Head {
        Head { date: Some(date.to_owned()), ..Head::default() }
    }

    #[test]
    fn the_time_is_that_of_the_last_answer_that_told_one() {
        let clock = ControllerClock::default();
        let now = at(0, SystemTime::now());
        assert!(clock.time(now) == now.wall && !clock.is_known());
        for date in ["Sat, 01 Jan 2000 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"] {
            clock.read(Told::by(&dated(date), now).unwrap());
            let theirs = UNIX_EPOCH + Duration::from_secs(timestamp::http_date(date).unwrap().unsigned_abs());
            let apart = clock.time(now).duration_since(theirs).unwrap();
            assert!(apart < Duration::from_secs(1), "{date}: {apart:?}");
        }
        assert!(Told::by(&dated("noon"), now).is_none() && Told::by(&Head::default(), now).is_none());
    }

    #[test]
    fn setting_the_local_clock_does_not_set_that_of_the_controllers() {
        const DAY: Duration = Duration::from_secs(24 * 3600);
        let noon = UNIX_EPOCH + Duration::from_secs(784_111_777);
        let clock = ControllerClock::default();
        clock.read(Told::by(&dated("Sun, 06 Nov 1994 08:49:47 GMT"), at(0, noon)).unwrap());
        assert_eq!(clock.ahead_seconds(at(0, noon)), Some(10));
        let minute = Duration::from_secs(60);
        for (set, ahead) in
            [(noon + minute, 10), (noon + minute + DAY, 10 - 86_400), (noon + minute - DAY, 10 + 86_400)]
        {
            let now = at(60, set);
            assert_eq!(clock.ahead_seconds(now), Some(ahead));
            assert_eq!(clock.time(now), noon + minute + Duration::from_secs(10));
        }
        let asleep = at(8 * 3600, noon + Duration::from_secs(8 * 3600));
        assert_eq!((clock.ahead_seconds(asleep), clock.note(asleep)), (Some(10), None), "both went on");
        let moments_later = at(1, noon + Duration::from_millis(1_400));
        assert_eq!(clock.ahead_seconds(moments_later), Some(10), "what is less than a second is nothing");
    }
}
