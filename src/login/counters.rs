//! What is counted and remembered for whoever asks how a client is doing. Nothing is decided by it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::generation::{has_failed, is_of_the_controller};
use super::live::NewSession;
use super::now::Clock;
use crate::error::Error;
use crate::transport::Failure;
use crate::wire::{ControllerUrl, Head};

/// As many controllers as a network may have, and some that it has no more.
const MAX_CONTROLLERS: usize = 128;

/// What happened to a client, across all its generations.
#[derive(Default)]
pub(crate) struct Counted {
    logins: AtomicU64,
    failed_logins: AtomicU64,
    refreshes: AtomicU64,
    expired: AtomicU64,
    failovers: AtomicU64,
    memory: Mutex<Memory>,
    clock: Clock,
}

#[derive(Default)]
struct Memory {
    controllers: Vec<Seen>,
    last_error: Option<Mishap>,
}

/// What was seen of one controller.
#[derive(Clone)]
pub(crate) struct Seen {
    controller: ControllerUrl,
    pub(crate) answered: Option<Instant>,
    pub(crate) failed: Option<Mishap>,
}

/// Something that failed.
#[derive(Clone)]
pub(crate) struct Mishap {
    pub(crate) at: Instant,
    pub(crate) message: String,
}

impl Counted {
    /// Nothing happened yet. What does is dated by this clock.
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, ..Self::default() }
    }

    /// A login ended so.
    pub(super) fn logged_in(&self, outcome: &Result<NewSession, Error>) {
        add(match outcome {
            Ok(_) => &self.logins,
            Err(_) => &self.failed_logins,
        });
    }

    /// A login was refreshed.
    pub(super) fn refreshed(&self) {
        add(&self.refreshes);
    }

    /// A controller called a login over before its time.
    pub(super) fn login_expired(&self) {
        add(&self.expired);
    }

    /// Another controller is asked in place of one that failed.
    pub(super) fn moved_on(&self) {
        add(&self.failovers);
    }

    /// A controller was asked, with this outcome.
    pub(super) fn asked(&self, controller: &ControllerUrl, outcome: Result<&Head, &Failure>) {
        let failed = match outcome {
            Ok(head) if has_failed(head) => Some(format!("{controller} answered {}", head.status)),
            Ok(_) => None,
            Err(failure) if !is_of_the_controller(failure) => return,
            Err(failure) => Some(failure.error.to_string()),
        };
        let at = self.clock.now().monotonic;
        let mut memory = self.memory();
        let seen = memory.seen(controller);
        if outcome.is_ok() {
            seen.answered = Some(at);
        }
        if let Some(message) = failed {
            seen.failed = Some(Mishap { at, message });
        }
    }

    /// A call of the user failed.
    pub(crate) fn call_failed(&self, error: &Error) {
        let mishap = Mishap { at: self.clock.now().monotonic, message: error.to_string() };
        self.memory().last_error = Some(mishap);
    }

    pub(crate) fn logins(&self) -> u64 {
        self.logins.load(Ordering::Relaxed)
    }

    pub(crate) fn failed_logins(&self) -> u64 {
        self.failed_logins.load(Ordering::Relaxed)
    }

    pub(crate) fn refreshes(&self) -> u64 {
        self.refreshes.load(Ordering::Relaxed)
    }

    pub(crate) fn expired(&self) -> u64 {
        self.expired.load(Ordering::Relaxed)
    }

    pub(crate) fn failovers(&self) -> u64 {
        self.failovers.load(Ordering::Relaxed)
    }

    pub(crate) fn last_error(&self) -> Option<Mishap> {
        self.memory().last_error.clone()
    }

    /// What was seen of a controller; `None` if it was not asked yet.
    pub(crate) fn seen(&self, controller: &ControllerUrl) -> Option<Seen> {
        self.memory().controllers.iter().find(|seen| seen.controller == *controller).cloned()
    }

    /// No code of a user runs under this lock, nor is anything waited for.
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn seen(&mut self, controller: &ControllerUrl) -> &mut Seen {
        let known = self.controllers.iter().position(|seen| seen.controller == *controller);
        let index = known.unwrap_or_else(|| {
            if self.controllers.len() == MAX_CONTROLLERS {
                self.controllers.remove(0);
            }
            self.controllers.push(Seen { controller: controller.clone(), answered: None, failed: None });
            self.controllers.len() - 1
        });
        &mut self.controllers[index]
    }
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_controllers_are_remembered_than_a_network_has() {
        let counted = Counted::default();
        let url = |number: usize| ControllerUrl::parse(&format!("https://c{number}:1")).unwrap();
        for number in 0..3 * MAX_CONTROLLERS {
            counted.asked(&url(number), Ok(&Head { status: 503, ..Head::default() }));
        }
        assert_eq!(counted.memory().controllers.len(), MAX_CONTROLLERS);
        let last = counted.seen(&url(3 * MAX_CONTROLLERS - 1)).unwrap();
        assert!(last.answered.is_some());
        assert!(last.failed.unwrap().message.ends_with("answered 503"));
        assert!(counted.seen(&url(0)).is_none());
    }

    #[test]
    fn what_no_controller_is_to_blame_for_is_no_failure_of_one() {
        let counted = Counted::default();
        let url = ControllerUrl::parse("https://c:1").unwrap();
        let error = Error::Canceled { stage: crate::error::Stage::Wait };
        counted.asked(&url, Err(&Failure { error, sent: true }));
        assert!(counted.seen(&url).is_none());
    }
}
