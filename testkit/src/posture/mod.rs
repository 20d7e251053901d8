//! Posture: what services demand of an endpoint, and what endpoints say about themselves.

mod check;
mod endpoint;
mod response;

use std::collections::{HashMap, HashSet};

use time::OffsetDateTime;

use crate::manners::Version;
use crate::sessions::Session;

pub use check::{MfaCheck, PostureCheck, ProcessCheck};
pub(crate) use endpoint::{Endpoint, Verdict};
pub(crate) use response::Response;

use endpoint::{Factor, Reported};

/// What all endpoints said so far: most of it holds for an identity, what is about its user for one session.
#[derive(Default)]
pub(crate) struct Posture {
    identities: HashMap<String, Reported>,
    sessions: HashMap<String, Factor>,
}

impl Posture {
    /// The endpoint of `session`, as it is known at `now`.
    pub(crate) fn of<'a>(&'a self, session: &'a Session, version: Version, now: OffsetDateTime) -> Endpoint<'a> {
        let identity_id = session.login.identity_id.as_str();
        Endpoint {
            reported: self.identities.get(identity_id),
            factor: self.sessions.get(&session.id),
            version,
            now,
            ..Endpoint::of(identity_id)
        }
    }

    /// Takes in what the endpoint of `session` says.
    pub(crate) fn take(&mut self, session: &Session, response: Response, now: OffsetDateTime) {
        match response {
            Response::State { woken, unlocked } => {
                let factor = self.sessions.entry(session.id.clone()).or_default();
                factor.woken = woken.then_some(now).or(factor.woken);
                factor.unlocked = unlocked.then_some(now).or(factor.unlocked);
            }
            response => self.identities.entry(session.login.identity_id.clone()).or_default().take(response),
        }
    }

    /// The user of a session showed a second factor.
    pub(crate) fn pass_mfa(&mut self, session_id: &str, now: OffsetDateTime) {
        self.sessions.insert(session_id.to_owned(), Factor { passed: Some(now), ..Factor::default() });
    }

    /// Forgets the sessions that are no more.
    pub(crate) fn keep_sessions(&mut self, alive: &HashSet<&str>) {
        self.sessions.retain(|id, _| alive.contains(id.as_str()));
    }
}
