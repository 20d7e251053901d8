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

/// What was done for one part, and when it is due again.
type Looked = Result<(Vec<Event>, Duration), Error>;

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
    /// The last login there was when another one failed.
    failed_after: Option<u64>,
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
    /// used from then on. While a login fails, or waits for a factor, what needs one waits with it, and one event tells
    /// of both. A call on another thread that is busy with the same is waited for, so that nothing is done twice;
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
        let mut events = Vec::new();
        for part in self.due_parts() {
            if self.waits_for_login(part) {
                self.shared.upkeep.state().schedule.wait_for_login(part);
                continue;
            }
            let outcome = call.check().and_then(|()| self.look_after(call, part));
            let (part, outcome) = self.blamed(call, part, outcome);
            let latest = self.generation().flight.latest();
            let now = self.now();
            let mut state = self.shared.upkeep.state();
            if part == Part::Login {
                state.failed_after = outcome.is_err().then_some(latest);
            }
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

    /// What is due, now that calls may have met a login which waits, or made one.
    fn due_parts(&self) -> Vec<Part> {
        let waits = self.generation().flight.current().is_some_and(|session| session.wants_factors());
        let lacks_login = self.lacks_login();
        let mut state = self.shared.upkeep.state();
        if waits && !state.told.is_some_and(|told| told.waits) {
            state.schedule.hasten(Part::Login);
        }
        if !lacks_login && !state.told.is_some_and(|told| told.is_met_only) {
            state.schedule.login_is_there();
        }
        state.schedule.due(self.now())
    }

    /// True if a part would only fail for want of a login, of which its user has been told.
    fn waits_for_login(&self, part: Part) -> bool {
        match part {
            Part::Login | Part::Authorities => false,
            Part::Controllers => self.lacks_login(),
            // Its end comes whether or not there is a login.
            Part::Certificate => self.lacks_login() && !self.is_certificate_due(),
        }
    }

    /// True if a login waits for a factor, or could not be made when that was tried last.
    fn lacks_login(&self) -> bool {
        let generation = self.generation();
        let waits = generation.flight.current().is_some_and(|session| session.wants_factors());
        waits || self.shared.upkeep.state().failed_after == Some(generation.flight.latest())
    }

    /// The part that an outcome is of: what a controller refuses for want of a factor is the login's.
    fn blamed(&self, call: &Call, part: Part, outcome: Looked) -> (Part, Looked) {
        match outcome {
            Err(Error::LoginPending { .. }) if part != Part::Login => {
                let looked = self.look_whether_it_waits(call);
                self.shared.upkeep.state().schedule.wait_for_login(part);
                (Part::Login, looked.map(|(event, again)| (Vec::from_iter(event), again)))
            }
            Ok(_) if part == Part::Controllers => {
                self.shared.upkeep.state().told.take_if(|told| told.is_met_only);
                (part, outcome)
            }
            outcome => (part, outcome),
        }
    }

    /// Does one part, and says when it is due again.
    fn look_after(&self, call: &Call, part: Part) -> Looked {
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
