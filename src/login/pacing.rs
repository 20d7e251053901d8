//! When to ask again: after an answer that says "later", and while no controller serves. No I/O, and no clock but the
//! one it is told.

use std::cmp::Ordering;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash, Hasher};
use std::process;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::Error;

/// A call asks a busy controller at most so many times more.
const MOST_RETRIES: u32 = 4;
/// The first pause, and the longest one within a call.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_RETRY: Duration = Duration::from_secs(10);
/// Of a long outage there is one attempt in this time.
const MINUTE: Duration = Duration::from_secs(60);
/// A controller that asks for more patience than this is asked again all the same.
pub(super) const LONGEST_PATIENCE: Duration = Duration::from_secs(300);

/// What is left to chance, so that many clients do not do the same at the same time.
#[derive(Clone, Default)]
pub(crate) struct Jitter(Option<Arc<dyn Fn() -> f64 + Send + Sync>>);

impl Jitter {
    /// Chance as a test wants it: numbers from 0 up to, but not, 1.
    pub(crate) fn of(draw: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(draw)))
    }

    /// A number from 0 up to, but not, 1.
    pub(crate) fn fraction(&self) -> f64 {
        match &self.0 {
            Some(draw) => draw(),
            // Keyed by the system's random numbers. A forked child has those of its parent, and another id.
            None => fraction_of(RandomState::new().hash_one(process::id())),
        }
    }

    /// Any part of `whole`.
    pub(crate) fn part_of(&self, whole: Duration) -> Duration {
        whole.mul_f64(self.fraction())
    }

    /// A quarter of `whole` or more: a pause that is not limited in number has to be one.
    fn much_of(&self, whole: Duration) -> Duration {
        whole / 4 + self.part_of(whole / 4 * 3)
    }

    /// Puts any order as likely as any other; where chance is always 0, the one there is.
    pub(super) fn shuffle<T>(&self, items: &mut [T]) {
        for at in 0..items.len() {
            let left = items.len() - at;
            // Rounding may make it one too many.
            let other = ((self.fraction() * left as f64) as usize).min(left - 1);
            items.swap(at, at + other);
        }
    }
}

/// The share of its lifetime after which a login or a token is renewed: chance that stays the same for the same one,
/// and spreads the renewals of clients that logged in together.
pub(crate) fn renewal_share(id: &str) -> f64 {
    let mut hasher = std::hash::DefaultHasher::new();
    id.hash(&mut hasher);
    0.6 + 0.2 * fraction_of(hasher.finish())
}

fn fraction_of(random: u64) -> f64 {
    (random >> 11) as f64 / (1_u64 << 53) as f64
}

/// How often one call has asked busy controllers again.
#[derive(Debug, Default)]
pub(super) struct Retries {
    made: u32,
}

impl Retries {
    /// The pause before one more try, of which no more than `left` may be used up; `asked` is what the controllers ask
    /// for. `None` if there is to be no more.
    pub(super) fn pause(&mut self, asked: Duration, left: Duration, jitter: &Jitter) -> Option<Duration> {
        if self.made == MOST_RETRIES {
            return None;
        }
        let window = LONGEST_RETRY.min(FIRST_PAUSE * 2_u32.pow(self.made));
        self.made += 1;
        Some(asked.max(jitter.part_of(window))).filter(|pause| *pause < left)
    }
}

/// How long a controller is left alone that asks for it.
pub(super) fn patience(asked: Duration, jitter: &Jitter) -> Duration {
    spread(asked.min(LONGEST_PATIENCE), jitter)
}

/// A time that somebody asks for, with something on top: those who were told the same at the same time come apart.
pub(crate) fn spread(asked: Duration, jitter: &Jitter) -> Duration {
    asked + jitter.part_of(LONGEST_RETRY.min(asked / 2))
}

/// Pauses between attempts for which there is no limit but time: of any length in a window, which is doubled each time.
#[derive(Debug)]
pub(crate) struct Backoff {
    window: Duration,
    longest: Duration,
}

impl Backoff {
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Self { window: first, longest }
    }

    /// The next pause.
    pub(crate) fn pause(&mut self, jitter: &Jitter) -> Duration {
        let pause = jitter.much_of(self.window);
        self.window = self.longest.min(self.window * 2);
        pause
    }
}

/// A time in which no controller served.
#[derive(Debug, Clone)]
pub(super) struct Outage {
    since: Instant,
    /// Calls that found nobody.
    pub(super) attempts: u32,
    /// From when on a call may try.
    next: Instant,
    error: Error,
}

/// When a call may try.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Now,
    /// It is worth while to wait for it.
    In(Duration),
    /// Not for a while: the last error answers.
    NotYet,
}

impl Outage {
    /// The first call found nobody.
    pub(super) fn begin(error: Error, now: Instant, jitter: &Jitter) -> Self {
        let mut outage = Self { since: now, attempts: 0, next: now, error: error.clone() };
        outage.goes_on(error, now, jitter);
        outage
    }

    /// One more call found nobody.
    pub(super) fn goes_on(&mut self, error: Error, now: Instant, jitter: &Jitter) {
        self.attempts = self.attempts.saturating_add(1);
        self.error = error;
        // In a long outage the attempt has taken its minute when it began.
        if !self.is_long(now) {
            self.next = now + self.pause(now, jitter);
        }
    }

    /// When a call may try that has so much time left, or none to wait in.
    pub(super) fn turn(&self, now: Instant, time: Option<Duration>) -> Turn {
        let left = self.next.saturating_duration_since(now);
        match left.cmp(&Duration::ZERO) {
            Ordering::Equal => Turn::Now,
            _ if !self.is_long(now) && time.is_some_and(|time| left < time) => Turn::In(left),
            _ => Turn::NotYet,
        }
    }

    /// A call tries now. Until it is known what comes of that the next one has to wait for its own turn.
    pub(super) fn try_now(&mut self, now: Instant, jitter: &Jitter) {
        self.next = now + self.pause(now, jitter);
    }

    /// The last error, with when the next attempt is due.
    pub(super) fn told(&self, now: Instant) -> Error {
        let whole = |time: Duration| time.as_secs_f64().ceil() as u64;
        let left = self.next.saturating_duration_since(now);
        let note = format!(
            "no controller has served for {} s; the next attempt is due in {} s, retry_now() allows one at once",
            whole(now.saturating_duration_since(self.since)),
            whole(left),
        );
        self.error.clone().with_note(&note, left)
    }

    /// Twice, so that clients that lost their controllers together have come apart before they keep to the minute.
    fn is_long(&self, now: Instant) -> bool {
        self.most(now) >= MINUTE * 2
    }

    /// A random part of what is doubled with each attempt, but at most of the time that it has lasted: clients that
    /// were lucky with their first pauses would otherwise soon be few, and the unlucky ones come much later.
    /// At least a quarter of it, because no pause is none.
    fn pause(&self, now: Instant, jitter: &Jitter) -> Duration {
        if self.is_long(now) {
            return MINUTE;
        }
        jitter.much_of(self.most(now).min(MINUTE))
    }

    fn most(&self, now: Instant) -> Duration {
        let doubled = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(self.attempts));
        doubled.min(now.saturating_duration_since(self.since)).max(FIRST_PAUSE)
    }
}

#[cfg(test)]
mod tests;
