//! What a client's user keeps its logins with.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use crate::error::Error;
use crate::login::flight::Whose;
use crate::secret::Secret;
use crate::transport::Call;

/// Given a login as text, or `None` once there is none, and what is left of the call.
type Keep = dyn Fn(Option<&Secret>, Duration) -> Result<(), String> + Send + Sync;

/// Is given each login that can be saved before it is used, and `None` when its user gave it up.
#[derive(Clone)]
pub(crate) struct SessionHook {
    keep: Arc<Keep>,
    turns: Arc<Turns>,
}

/// One thread at a time runs it, so that what it was given last is right.
#[derive(Default)]
struct Turns {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Default)]
struct State {
    /// The threads on which it runs: one, and those whose calls had no time to wait for that.
    running: Vec<ThreadId>,
    /// Whose login it was given last.
    last: Option<Whose>,
}

impl State {
    /// True if the login that was given last is one that calls use.
    fn is_right(&self) -> bool {
        self.last.as_ref().is_some_and(|whose| !whose.is_past())
    }
}

impl SessionHook {
    pub(crate) fn new(keep: impl Fn(Option<&Secret>, Duration) -> Result<(), String> + Send + Sync + 'static) -> Self {
        Self { keep: Arc::new(keep), turns: Arc::default() }
    }

    /// The same for another client.
    pub(crate) fn anew(&self) -> Self {
        Self { keep: Arc::clone(&self.keep), turns: Arc::default() }
    }

    /// True if this thread came from inside of it.
    pub(crate) fn is_running_here(&self) -> bool {
        self.state().running.contains(&thread::current().id())
    }

    /// Checks that this thread did not come from inside of it.
    pub(crate) fn require_outside(&self) -> Result<(), Error> {
        if self.is_running_here() {
            let message = "a client cannot be used from inside of what keeps its sessions";
            return Err(Error::InvalidArgument(message.to_owned()));
        }
        Ok(())
    }

    /// Tells of a login once its turn has come, or its call has no more time to wait for that: not of one that is given
    /// up by then, and that it is none any more if that happens meanwhile.
    pub(super) fn tell(&self, call: &Call, whose: Whose, login: impl FnOnce() -> Option<Secret>) {
        let mut state = self.state();
        while !state.running.is_empty() {
            let Ok(woken) = call.wait(&self.turns.ended, state) else {
                state = self.state();
                break;
            };
            state = woken;
        }
        if whose.is_past() {
            return;
        }
        let running = self.run(state);
        let Some(login) = login() else { return };
        self.keep(call, Some(&login));
        let mut state = self.state();
        let is_wrong = whose.is_past() && !state.is_right();
        state.last = Some(whose);
        if is_wrong {
            drop(state);
            self.keep(call, None);
            state = self.state();
        }
        running.end(state);
    }

    /// Tells that a login was given up. Who is told of one at this moment tells it afterwards, and one that was made
    /// since is the last word.
    pub(super) fn tell_of_end(&self, call: &Call) {
        let mut state = self.state();
        if state.running.is_empty() && !state.is_right() {
            state.last = None;
            let _running = self.run(state);
            self.keep(call, None);
        }
    }

    /// What comes of it is the caller's; the login is used all the same.
    fn keep(&self, call: &Call, saved: Option<&Secret>) {
        if let Err(why) = (self.keep)(saved, call.remaining()) {
            log::warn!("the session goes on, but could not be saved: {why}");
        }
    }

    fn run(&self, mut state: MutexGuard<'_, State>) -> Running<'_> {
        state.running.push(thread::current().id());
        Running { hook: self, is_over: false }
    }

    /// No code of a user runs under this lock.
    fn state(&self) -> MutexGuard<'_, State> {
        self.turns.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a run when it is dropped, also by a panic.
struct Running<'a> {
    hook: &'a SessionHook,
    is_over: bool,
}

impl Running<'_> {
    /// Whoever gives up a login from here on sees that this has ended.
    fn end(mut self, mut state: MutexGuard<'_, State>) {
        self.is_over = true;
        self.leave(&mut state);
    }

    fn leave(&self, state: &mut State) {
        let own = thread::current().id();
        if let Some(place) = state.running.iter().position(|thread| *thread == own) {
            state.running.swap_remove(place);
        }
        self.hook.turns.ended.notify_all();
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.leave(&mut self.hook.state());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::login::flight::Flight;

    #[test]
    fn the_end_of_a_login_is_told_unless_a_later_one_was_told_of_before() {
        let told: Arc<Mutex<Vec<bool>>> = Arc::default();
        let keeps = Arc::clone(&told);
        let hook = SessionHook::new(move |saved, _| {
            keeps.lock().unwrap().push(saved.is_some());
            Ok(())
        });
        let (flight, call) = (Arc::new(Flight::default()), Call::new(Duration::from_secs(10), &[]));
        let tell = || hook.tell(&call, Whose::of(&flight, &call), || Some(Secret::new("login")));
        tell();
        hook.tell_of_end(&call);
        assert_eq!(*told.lock().unwrap(), [true], "this one is not given up");
        flight.give_up();
        hook.tell_of_end(&call);
        tell();
        assert_eq!(*told.lock().unwrap(), [true, false], "and now it is, with all that its calls bring home");
    }
}
