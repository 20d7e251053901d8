//! One call: its absolute deadline, who may cancel it, and whether it may try.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::{Arc, Condvar, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::call_state::{CallState, LONGEST, SLICE};
use super::{CancelToken, Traffic};
use crate::error::{Error, Stage};

/// One call of the user, however many requests it takes. Lives on the caller's thread.
pub(crate) struct Call {
    state: Rc<CallState>,
    turn: Cell<Turn>,
    patient: bool,
    era: u64,
}

/// Whether a call may try while no controller serves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// It has to wait for it.
    Wanted,
    Denied,
    Taken,
    /// It has tried, and found nobody.
    Lost,
}

impl Call {
    /// Starts the clock.
    pub(crate) fn new(limit: Duration, cancels: &[CancelToken]) -> Self {
        Self::counted_in(limit, cancels, Arc::default())
    }

    /// The same; what it sends is counted there.
    pub(crate) fn counted_in(limit: Duration, cancels: &[CancelToken], traffic: Arc<Traffic>) -> Self {
        let state = CallState::new(limit, cancels, traffic);
        Self { state: Rc::new(state), turn: Cell::new(Turn::Wanted), patient: true, era: 0 }
    }

    /// The same, begun in this era of its client's logins.
    pub(crate) fn in_era(self, era: u64) -> Self {
        Self { era, ..self }
    }

    /// In which era of its client's logins it began.
    pub(crate) fn era(&self) -> u64 {
        self.era
    }

    /// The same for something that nobody waits for: it comes again later, rather than to wait for its turn or for a
    /// controller that is busy.
    pub(crate) fn without_patience(self) -> Self {
        Self { patient: false, ..self }
    }

    /// False if the call waits for no controller.
    pub(crate) fn is_patient(&self) -> bool {
        self.patient
    }

    /// True once the call may try, for as long as it lasts.
    pub(crate) fn has_turn(&self) -> bool {
        matches!(self.turn.get(), Turn::Taken | Turn::Lost)
    }

    /// False once there is no use in another attempt: the call is over, or it is not its turn.
    pub(crate) fn may_go_on(&self) -> bool {
        !self.is_denied() && self.check().is_ok()
    }

    /// True once the call was told that it is not its turn.
    pub(crate) fn is_denied(&self) -> bool {
        self.turn.get() == Turn::Denied
    }

    /// The call may try: its turn has come, or its user insists.
    pub(crate) fn take_turn(&self) {
        self.turn.set(Turn::Taken);
    }

    /// It is not the call's turn.
    pub(crate) fn deny_turn(&self) {
        self.turn.set(Turn::Denied);
    }

    /// Notes that the call has tried for nothing; false if that is known.
    pub(crate) fn lose_turn(&self) -> bool {
        self.turn.replace(Turn::Lost) != Turn::Lost
    }

    /// What is left until the deadline; zero once it passed.
    pub(crate) fn remaining(&self) -> Duration {
        self.state.remaining()
    }

    /// `Error::Timeout` or `Error::Canceled` at the current stage, if the call is over.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.state.left().map(drop)
    }

    /// Sleeps for `pause`, or fails as soon as the call is over. Stage `wait`.
    pub(crate) fn pause(&self, pause: Duration) -> Result<(), Error> {
        self.state.enter(Stage::Wait);
        let end = Instant::now() + pause.min(LONGEST);
        loop {
            let left = self.state.left()?;
            let pause = end.saturating_duration_since(Instant::now());
            if pause.is_zero() {
                return Ok(());
            }
            thread::sleep(self.state.slice(left.min(pause)));
        }
    }

    /// Waits on a condition variable in slices of at most 50 ms, and fails as soon as the call is over. Stage `wait`.
    /// Returns after each wake-up or slice: the caller looks at its condition again.
    pub(crate) fn wait<'a, T>(&self, condvar: &Condvar, guard: MutexGuard<'a, T>) -> Result<MutexGuard<'a, T>, Error> {
        self.state.enter(Stage::Wait);
        let left = self.state.left()?;
        let (guard, _) = condvar.wait_timeout(guard, left.min(SLICE)).unwrap_or_else(PoisonError::into_inner);
        Ok(guard)
    }

    pub(super) fn state(&self) -> &Rc<CallState> {
        &self.state
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn canceled_after(pause: Duration) -> CancelToken {
        let token = CancelToken::new();
        let used = token.clone();
        thread::spawn(move || {
            thread::sleep(pause);
            used.cancel();
        });
        token
    }

    #[test]
    fn a_call_knows_what_is_left() {
        let call = Call::new(Duration::from_secs(5), &[]);
        assert!(call.remaining() > Duration::from_secs(4) && call.remaining() <= Duration::from_secs(5));
        assert!(call.check().is_ok());
        assert!(Call::new(Duration::MAX, &[]).remaining() > Duration::from_secs(3600));
        assert!(matches!(Call::new(Duration::ZERO, &[]).check(), Err(Error::Timeout { .. })));
    }

    #[test]
    fn a_pause_ends_with_the_call() {
        let call = Call::new(Duration::from_millis(60), &[]);
        call.pause(Duration::from_millis(10)).unwrap();
        let error = call.pause(Duration::MAX).unwrap_err();
        assert!(matches!(error, Error::Timeout { stage: Stage::Wait, controller: None, .. }), "{error:?}");
        assert_eq!((call.remaining(), call.state().stage()), (Duration::ZERO, Stage::Wait));
    }

    #[test]
    fn a_pause_ends_with_a_cancel() {
        let call = Call::new(Duration::MAX, &[CancelToken::new(), canceled_after(Duration::from_millis(30))]);
        let began = Instant::now();
        let error = call.pause(Duration::MAX).unwrap_err();
        assert!(matches!(error, Error::Canceled { stage: Stage::Wait }), "{error:?}");
        assert!(began.elapsed() < Duration::from_millis(130));
    }

    #[test]
    fn waiting_ends_with_a_wake_up_the_call_or_a_cancel() {
        let (mutex, condvar) = (Mutex::new(0), Condvar::new());
        let until_over = |call: &Call| {
            let mut guard = mutex.lock().unwrap();
            loop {
                match call.wait(&condvar, guard) {
                    Ok(again) => guard = again,
                    Err(error) => return error,
                }
            }
        };
        let error = until_over(&Call::new(Duration::from_millis(80), &[]));
        assert!(matches!(error, Error::Timeout { stage: Stage::Wait, .. }), "{error:?}");
        let error = until_over(&Call::new(Duration::MAX, &[canceled_after(Duration::from_millis(30))]));
        assert!(matches!(error, Error::Canceled { stage: Stage::Wait }), "{error:?}");

        let call = Call::new(Duration::from_secs(5), &[]);
        thread::scope(|scope| {
            let mut guard = mutex.lock().unwrap();
            scope.spawn(|| {
                *mutex.lock().unwrap() = 1;
                condvar.notify_all();
            });
            while *guard == 0 {
                guard = call.wait(&condvar, guard).unwrap();
            }
        });
    }

    #[test]
    fn a_call_inside_a_call_gives_the_thread_back() {
        let (outer, inner) = (Call::new(Duration::MAX, &[]), Call::new(Duration::MAX, &[]));
        let is_current = |call: &Call| Rc::ptr_eq(&CallState::current().unwrap(), call.state());
        let scope = outer.state().make_current("https://a:1");
        {
            let _scope = inner.state().make_current("https://b:1");
            assert!(is_current(&inner));
        }
        assert!(is_current(&outer));
        drop(scope);
        assert!(CallState::current().is_err());
    }

    #[test]
    fn what_an_attempt_had_to_keep_ends_with_it() {
        let call = Call::new(Duration::MAX, &[]);
        let scope = call.state().make_current("https://a:1");
        call.state().start_attempt(Some(Instant::now()));
        assert!(call.check().is_err());
        drop(scope);
        assert!(call.check().is_ok());
    }
}
