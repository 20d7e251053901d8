//! What keeps a client going: its login, its certificate, the list of its controllers and the CA bundle, each renewed
//! before it ends. Nothing here runs by itself.

mod authorities;
mod controllers;
mod event;
#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod login;
mod recover;
mod renew;
mod schedule;
mod settings;
mod turn;
mod wishes;

pub use event::{Event, EventKind, Maintenance};
pub(super) use settings::{RenewalSettings, Watch};

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Client;
use crate::error::Error;
use crate::identity::NewPair;
use crate::login::Now;
use crate::transport::Call;
use authorities::Trial;
use login::{Extended, Told};
use schedule::{Part, Schedule};
use turn::Turn;

/// Nobody has to ask more often.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);

/// What is known about changes of the identity, and who makes one.
#[derive(Default)]
pub(super) struct Upkeep {
    /// Whose turn it is to do what is due.
    round: Turn,
    /// Whose turn it is to change the identity.
    pub(super) turn: Turn,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    schedule: Schedule,
    /// A pair that was handed to the save hook, and is not in force yet for all we know.
    kept: Option<NewPair>,
    /// True if the identity in use could not be saved.
    unsaved: bool,
    extended: Option<Extended>,
    told: Option<Told>,
    trial: Option<Trial>,
}

impl Upkeep {
    /// No code of a user runs under this lock, so a poisoned one still guards a whole state.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Client {
    /// Does all that is due, and says when it wants to be called next: renews the login before it ends, and the
    /// certificate ([`renew_if_due`](Client::renew_if_due)); takes over the list of the controllers and their CA
    /// certificates.
    ///
    /// Nothing of this happens by itself, and a client works without it, as long as its certificate, its controllers
    /// and their CA do. It has the time limit of one call for all it does. What fails is told as an event, holds up
    /// nothing else, and is tried again later. Whatever changes the identity is saved at once, where it is kept, and
    /// used from then on. A call on another thread that is busy with the same is waited for, so that nothing is done twice;
    /// from inside of a callback of its own it does nothing.
    ///
    /// Controllers and CA certificates are only taken from a controller whose certificate the network's CA bundle
    /// verifies, whatever else the client trusts. An address that answers is kept. New CA certificates are trusted
    /// beside the old ones; the old ones go once all controllers that can be reached were verified without them, for a
    /// day.
    pub fn maintain(&self) -> Maintenance {
        let call = self.call().without_patience();
        let upkeep = &self.shared.upkeep;
        let taken = (!upkeep.turn.is_taken_here() && self.require_outside().is_ok()).then(|| upkeep.round.take(&call));
        let events = match &taken {
            Some(Ok(_)) => {
                let events = self.do_what_is_due(&call);
                self.end_strays(&call, &self.generation());
                events
            }
            // Another thread is at it for as long as this call may take; or this one is, and runs a callback.
            Some(Err(_)) | None => Vec::new(),
        };
        drop(taken);
        self.tell(&events);
        let next = self.shared.upkeep.state().schedule.next(self.now()).max(SHORTEST_PAUSE);
        Maintenance { next, events }
    }

    fn do_what_is_due(&self, call: &Call) -> Vec<Event> {
        let due = self.shared.upkeep.state().schedule.due(self.now());
        let mut events = Vec::new();
        for part in due {
            let outcome = call.check().and_then(|()| self.look_after(call, part));
            let now = self.now();
            let mut state = self.shared.upkeep.state();
            match outcome {
                Ok((told, again)) => {
                    state.schedule.done(part, again, now);
                    events.extend(told);
                }
                Err(error) => {
                    // Trying again soon is for what may pass by itself.
                    match error {
                        Error::Unsupported(_) | Error::InvalidArgument(_) => state.schedule.refused(part, now),
                        _ => state.schedule.failed(part, now),
                    }
                    events.push(Event::failed(failure_of(part), error));
                }
            }
        }
        events
    }

    /// Does one part, and says when it is due again.
    fn look_after(&self, call: &Call, part: Part) -> Result<(Vec<Event>, Duration), Error> {
        let all = |(event, again): (Option<Event>, Duration)| (Vec::from_iter(event), again);
        match part {
            Part::Login => self.look_after_login(call).map(all),
            Part::Certificate => self.look_after_certificate(call).map(all),
            Part::Controllers => self.look_after_controllers(call),
            Part::Authorities => self.look_after_authorities(call),
        }
    }

    /// Logs each event and hands it to whoever wants to know.
    pub(super) fn tell(&self, events: &[Event]) {
        for event in events {
            match event.error {
                None => log::info!("{event}"),
                Some(_) => log::warn!("{event}"),
            }
            if let Some(tell) = &self.settings().watch.tell {
                tell(event);
            }
        }
    }

    fn now(&self) -> Now {
        self.settings().watch.clock.now()
    }
}

fn failure_of(part: Part) -> EventKind {
    match part {
        Part::Login => EventKind::LoginFailed,
        Part::Certificate => EventKind::RenewalFailed,
        Part::Controllers => EventKind::ControllersFailed,
        Part::Authorities => EventKind::CaFailed,
    }
}
