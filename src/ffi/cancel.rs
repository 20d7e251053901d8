//! Ending calls from another thread.

use std::mem::MaybeUninit;

use super::error::zec_error;
use super::guard::{arg, clear, guard, guard_or};
use crate::transport::CancelToken;

/// Ends calls from any thread. To stop what other threads do with a client: cancel, wait for the threads, then free.
pub struct zec_cancel {
    pub(crate) token: CancelToken,
}

/// Makes a token that has not been used.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_cancel_new(out: Option<&mut MaybeUninit<*mut zec_cancel>>) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        out.write(Box::into_raw(Box::new(zec_cancel { token: CancelToken::new() })));
        Ok(())
    })
}

/// Ends all calls that were given `cancel`, within 100 ms, and all later ones at once: it cannot be undone.
/// May be called on any thread, but not in a signal handler. NULL is ignored.
#[unsafe(no_mangle)]
pub extern "C" fn zec_cancel_cancel(cancel: Option<&zec_cancel>) {
    guard_or((), || cancel.into_iter().for_each(|cancel| cancel.token.cancel()));
}

/// True once zec_cancel_cancel() was called. False for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zec_cancel_is_canceled(cancel: Option<&zec_cancel>) -> bool {
    guard_or(false, || cancel.is_some_and(|cancel| cancel.token.is_canceled()))
}

/// Allowed while calls and clients have it: they go on, and can no longer be canceled by it.
#[unsafe(no_mangle)]
pub extern "C" fn zec_cancel_free(cancel: Option<Box<zec_cancel>>) {
    guard_or((), || drop(cancel));
}
