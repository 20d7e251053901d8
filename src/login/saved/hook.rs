//! What a client's user keeps its logins with.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use crate::error::Error;
use crate::secret::Secret;

/// Given a login as text, or `None` once there is none, and what is left of the call.
type Keep = dyn Fn(Option<&Secret>, Duration) -> Result<(), String> + Send + Sync;

/// Is given each login that can be saved before it is used, and `None` when its user gave it up.
#[derive(Clone)]
pub(crate) struct SessionHook {
    keep: Arc<Keep>,
    /// The threads on which it runs.
    running: Arc<Mutex<Vec<ThreadId>>>,
}

impl SessionHook {
    pub(crate) fn new(keep: impl Fn(Option<&Secret>, Duration) -> Result<(), String> + Send + Sync + 'static) -> Self {
        Self { keep: Arc::new(keep), running: Arc::default() }
    }

    /// The same for another client.
    pub(crate) fn anew(&self) -> Self {
        Self { keep: Arc::clone(&self.keep), running: Arc::default() }
    }

    /// True if this thread came from inside of it.
    pub(crate) fn is_running_here(&self) -> bool {
        self.running().contains(&thread::current().id())
    }

    /// Checks that this thread did not come from inside of it.
    pub(crate) fn require_outside(&self) -> Result<(), Error> {
        if self.is_running_here() {
            let message = "a client cannot be used from inside of what keeps its sessions";
            return Err(Error::InvalidArgument(message.to_owned()));
        }
        Ok(())
    }

    /// What comes of it is the caller's; the login is used all the same.
    pub(super) fn tell(&self, saved: Option<&Secret>, left: Duration) {
        self.running().push(thread::current().id());
        let _running = Running(self);
        if let Err(why) = (self.keep)(saved, left) {
            log::warn!("the session goes on, but could not be saved: {why}");
        }
    }

    /// No code of a user runs under this lock.
    fn running(&self) -> MutexGuard<'_, Vec<ThreadId>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a run when it is dropped, also by a panic.
struct Running<'a>(&'a SessionHook);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let own = thread::current().id();
        let mut running = self.0.running();
        if let Some(place) = running.iter().position(|thread| *thread == own) {
            running.swap_remove(place);
        }
    }
}
