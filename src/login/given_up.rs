//! Giving up a login, and ending what comes home for it afterwards.

use std::sync::Arc;

use super::dispatch::CURRENT;
use super::flight::GivenUp;
use super::generation::Generation;
use super::live::LiveSession;
use crate::transport::Call;
use crate::wire::{Method, Request};

impl Generation {
    /// Gives up the login there is, and all that are on their way, and tells so. Returns the one there was.
    pub(crate) fn give_up(&self, call: &Call) -> Option<Arc<LiveSession>> {
        let GivenUp { session, in_flight } = self.flight.give_up();
        if in_flight || session.is_some() {
            self.tell_of_end(call);
        }
        session
    }

    /// Ends the logins that nobody uses any more, and that only calls used which began before their user gave up the
    /// login, as far as that can be done now.
    pub(crate) fn end_strays(&self, call: impl FnOnce() -> Call) {
        let strays = self.flight.unused_strays();
        if strays.is_empty() {
            return;
        }
        let call = call();
        for stray in strays {
            if let Err(error) = self.end(&call, &stray, Request::new(Method::Delete, CURRENT)) {
                log::debug!("a login that was given up on its way could not be ended: {error}");
            }
        }
    }
}
