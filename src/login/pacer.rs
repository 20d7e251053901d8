//! Whose turn it is to try while no controller serves, and who asks a busy one again.

use std::fmt::Display;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::generation::{Generation, has_failed, is_of_the_controller};
use super::now::Clock;
use super::pacing::{Jitter, Outage, Retries, Turn, patience};
use crate::error::{Error, Stage};
use crate::transport::{Call, Failure};
use crate::wire::{ControllerUrl, Head, Request, refusal};

/// So much silence, of one call or of several in a row, is no want of time.
const TELLING_SILENCE: Duration = Duration::from_secs(5);

/// What all generations of a client share about outages.
#[derive(Default)]
pub(crate) struct Pacer {
    clock: Clock,
    pub(crate) jitter: Jitter,
    outage: Mutex<Option<Outage>>,
    /// How long calls that ran out of time have waited for nothing, since a controller answered last.
    silence: Mutex<Duration>,
    /// An outage is over, or has gone on.
    changed: Condvar,
}

impl Pacer {
    pub(crate) fn new(clock: Clock, jitter: Jitter) -> Self {
        Self { clock, jitter, ..Self::default() }
    }

    /// One for attempts that say nothing about these.
    pub(crate) fn apart(&self) -> Self {
        Self::new(self.clock.clone(), self.jitter.clone())
    }

    /// Lets a call try that has not had its turn yet, perhaps after a while. An attempt of another thread that fails
    /// meanwhile answers for this one, too.
    pub(super) fn take_turn(&self, call: &Call) -> Result<(), Error> {
        if call.has_turn() {
            return Ok(());
        }
        let mut outage = self.lock();
        let seen = outage.as_ref().map(|outage| outage.attempts);
        while let Some(current) = outage.as_mut() {
            let now = self.now();
            let time = call.is_patient().then(|| call.remaining());
            match current.turn(now, time) {
                _ if Some(current.attempts) != seen => {
                    call.deny_turn();
                    return Err(current.told(now));
                }
                Turn::NotYet => {
                    call.deny_turn();
                    return Err(current.told(now));
                }
                Turn::Now => {
                    current.try_now(now, &self.jitter);
                    break;
                }
                Turn::In(_) => outage = call.wait(&self.changed, outage)?,
            }
        }
        call.take_turn();
        Ok(())
    }

    /// A call found no controller that serves; counted once for each call.
    pub(super) fn nobody_served(&self, call: &Call, error: &Error) {
        if !call.lose_turn() {
            return;
        }
        let now = self.now();
        let mut outage = self.lock();
        match outage.as_mut() {
            Some(outage) => outage.goes_on(error.clone(), now, &self.jitter),
            None => *outage = Some(Outage::begin(error.clone(), now, &self.jitter)),
        }
        self.changed.notify_all();
    }

    /// A controller has been silent for so long, until its call had no more time. True if that is enough by now to be
    /// more than want of time: calls in a row were too short for any answer, or one was long.
    fn was_silent(&self, time: Duration) -> bool {
        let mut silence = self.silence.lock().unwrap_or_else(PoisonError::into_inner);
        *silence = silence.saturating_add(time);
        *silence >= TELLING_SILENCE
    }

    /// A controller serves, or there is reason to try at once.
    pub(crate) fn all_clear(&self) {
        *self.silence.lock().unwrap_or_else(PoisonError::into_inner) = Duration::ZERO;
        if self.lock().take().is_some() {
            self.changed.notify_all();
        }
    }

    fn now(&self) -> Instant {
        self.clock.now().monotonic
    }

    /// No code of a user runs under this lock, so a poisoned one still guards a whole state.
    fn lock(&self) -> MutexGuard<'_, Option<Outage>> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// True if not a whole head of an answer came in time.
fn is_silence(error: &Error) -> bool {
    matches!(error, Error::Timeout { stage, .. } if *stage != Stage::Body)
}

/// An attempt.
#[derive(Clone, Copy)]
pub(super) struct Tried<'a> {
    pub(super) call: &'a Call,
    pub(super) controller: &'a ControllerUrl,
    /// How many more controllers the call could ask.
    pub(super) untried: usize,
    /// By the clock that decides what is due.
    pub(super) began: Instant,
}

impl Generation {
    /// Whether a controller may be asked now: it has not asked to be left alone, and it is the call's turn.
    pub(super) fn admit(&self, call: &Call, controller: &ControllerUrl) -> Result<(), Failure> {
        let not_sent = |error| Failure { error, sent: false };
        if let Some(answer) = self.controllers.wants_patience(controller, self.time.now().monotonic) {
            return Err(not_sent(Error::Busy(Box::new(answer))));
        }
        self.pacer.take_turn(call).map_err(not_sent)
    }

    /// Learns from an attempt how its controller does.
    pub(super) fn note(&self, tried: &Tried<'_>, request: &Request, outcome: Result<&Head, &Failure>, body: &[u8]) {
        let Tried { call, controller, untried, began } = *tried;
        self.counted.asked(controller, outcome);
        let error = match outcome {
            Ok(head) if !has_failed(head) => {
                self.controllers.answered(controller, self.time.now().monotonic);
                return self.pacer.all_clear();
            }
            Ok(head) => refusal::into_error(refusal::read(&request.operation(), head, body)),
            Err(failure) if !is_of_the_controller(failure) => return,
            Err(failure) => failure.error.clone(),
        };
        let now = self.time.now().monotonic;
        if let Error::Busy(answer) = &error {
            let asked = answer.retry_after.map(|asked| patience(asked, &self.pacer.jitter));
            self.controllers.leave_alone(controller, asked.map(|asked| now + asked), answer);
        }
        let all_have_failed = self.controllers.failed(controller, now);
        let nobody_is_left = match call.check() {
            Ok(()) => untried == 0,
            // Silence until the call had no more time may be for want of time.
            Err(Error::Timeout { .. }) if is_silence(&error) => {
                self.pacer.was_silent(now.saturating_duration_since(began))
            }
            Err(_) => false,
        };
        if all_have_failed && nobody_is_left {
            self.pacer.nobody_served(call, &error);
        }
    }

    /// Waits before a request is sent once more that busy controllers did not carry out, or that may be carried out
    /// twice. False if it is not to be sent again, or there is no time to wait.
    pub(super) fn may_ask_again(
        &self,
        call: &Call,
        request: &Request,
        outcome: Result<&Head, &Failure>,
        body: &[u8],
        retries: &mut Retries,
    ) -> Result<bool, Error> {
        let (was_not_begun, is_busy) = match outcome {
            Ok(head) if head.is_success() => return Ok(false),
            Ok(head) => {
                let not_begun = refusal::read(&request.operation(), head, body).was_not_carried_out();
                (not_begun, not_begun || matches!(head.status, 429 | 503))
            }
            Err(failure) => (!failure.sent, matches!(failure.error, Error::Busy(_))),
        };
        if !is_busy || !(request.idempotent || was_not_begun) {
            return Ok(false);
        }
        self.wait_for_busy(call, request, retries)
    }

    /// The same for a login of many requests that came to nothing with this error and may begin anew.
    pub(super) fn may_begin_again(&self, call: &Call, error: &Error, retries: &mut Retries) -> Result<bool, Error> {
        match error {
            Error::Busy(_) => self.wait_for_busy(call, "the login", retries),
            _ => Ok(false),
        }
    }

    fn wait_for_busy(&self, call: &Call, what: impl Display, retries: &mut Retries) -> Result<bool, Error> {
        if !call.is_patient() || call.is_denied() {
            return Ok(false);
        }
        let asked = self.controllers.patience(self.time.now().monotonic);
        let Some(pause) = retries.pause(asked, call.remaining(), &self.pacer.jitter) else { return Ok(false) };
        log::debug!("{what}: the controllers are busy, asking again in {pause:?}");
        call.pause(pause).map(|()| true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_its_turn_once_and_keeps_it_when_nobody_served() {
        let pacer = Pacer::default();
        let call = || Call::new(Duration::from_millis(50), &[]);
        let (first, second) = (call(), call());
        let dead =
            Error::Transport { stage: Stage::Connect, controller: "https://a:1".to_owned(), message: String::new() };
        pacer.take_turn(&first).unwrap();
        pacer.nobody_served(&first, &dead);
        pacer.nobody_served(&first, &dead);
        let attempts = || pacer.lock().as_ref().map(|outage| outage.attempts);
        let counted = attempts();
        pacer.take_turn(&first).unwrap();
        assert_eq!(attempts(), counted, "nothing about it is new");
        assert!(pacer.take_turn(&second).is_err() && !second.has_turn(), "the next one waits for its own");
    }
}
