//! One change of the identity at a time.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use crate::error::Error;
use crate::transport::Call;

/// Whose turn it is to change the identity. No lock is held while it is changed.
#[derive(Default)]
pub(in crate::client) struct Turn {
    holder: Mutex<Option<ThreadId>>,
    free: Condvar,
}

impl Turn {
    /// Waits for the turn, at most as long as the call may take.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if this thread has it already: it came here from its own save hook or signer.
    pub(in crate::client) fn take(&self, call: &Call) -> Result<Taken<'_>, Error> {
        let own = thread::current().id();
        let mut holder = self.holder();
        while let Some(other) = *holder {
            if other == own {
                let message = "a client cannot be renewed from inside of a callback of its own renewal";
                return Err(Error::InvalidArgument(message.to_owned()));
            }
            holder = call.wait(&self.free, holder)?;
        }
        *holder = Some(own);
        Ok(Taken { turn: self })
    }

    /// True if this thread has it: it runs a callback of the change that is being made.
    pub(super) fn is_taken_here(&self) -> bool {
        *self.holder() == Some(thread::current().id())
    }

    fn holder(&self) -> MutexGuard<'_, Option<ThreadId>> {
        self.holder.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends the turn when it is dropped, also by a panic.
pub(in crate::client) struct Taken<'a> {
    turn: &'a Turn,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        *self.turn.holder() = None;
        self.turn.free.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    fn call(limit: Duration) -> Call {
        Call::new(limit, &[])
    }

    #[test]
    fn only_one_thread_has_the_turn() {
        let (turn, inside) = (Turn::default(), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let _taken = turn.take(&call(Duration::from_secs(20))).unwrap();
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                    thread::yield_now();
                    inside.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
    }

    #[test]
    fn who_waits_does_so_for_its_own_time_and_who_has_it_not_at_all() {
        let turn = Turn::default();
        let taken = turn.take(&call(Duration::from_secs(20))).unwrap();
        thread::scope(|scope| {
            let waited = scope.spawn(|| turn.take(&call(Duration::from_millis(60))).map(drop)).join().unwrap();
            assert!(matches!(waited, Err(Error::Timeout { .. })), "{waited:?}");
        });
        let again = turn.take(&call(Duration::from_secs(20))).map(drop);
        assert!(matches!(again, Err(Error::InvalidArgument(_))), "{again:?}");
        assert!(turn.is_taken_here() && thread::scope(|scope| !scope.spawn(|| turn.is_taken_here()).join().unwrap()));
        drop(taken);
        assert!(!turn.is_taken_here());
        turn.take(&call(Duration::from_millis(60))).map(drop).unwrap();
    }
}
