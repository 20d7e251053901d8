//! Every operation, called at a real controller.
//!
//! One file for each resource holds its calls. A call prepares what it needs through the administrator, looks at what
//! comes back, and says how it ends at controllers of each kind: in success, unless it says otherwise.

mod api_session;
mod authentication;
mod authenticators;
mod controller;
mod current_identity;
mod enrollment;
mod mfa;
mod posture;
mod services;
mod sessions;

use ziti_edge_client::Error;

use crate::network::Network;
use crate::outcome::Outcome;
use crate::table::{Operation, operations};

const ALL: [&[Call]; 10] = [
    controller::CALLS,
    authentication::CALLS,
    api_session::CALLS,
    current_identity::CALLS,
    authenticators::CALLS,
    mfa::CALLS,
    services::CALLS,
    sessions::CALLS,
    enrollment::CALLS,
    posture::CALLS,
];

/// Controllers that behave alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Up to 1.4.
    V1_3,
    /// From 1.5 to all of 1.x.
    V1_6,
    /// From 2.0.
    V2_0,
}

impl Kind {
    /// What a version such as `v1.6.20` is; of a version that is none, as controllers say that were built by hand, the
    /// newest is expected.
    pub(crate) fn of(version: &str) -> Self {
        let mut numbers = version.trim_start_matches('v').split('.').map(str::parse::<u32>);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(1)), Some(Ok(..5))) => Self::V1_3,
            (Some(Ok(1)), _) => Self::V1_6,
            _ => Self::V2_0,
        }
    }
}

/// What edge routers a test wants to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Routers {
    Any,
    None,
    One,
}

/// One way to call an operation.
pub(crate) struct Call {
    /// The API and the name of the operation: `client listServices`.
    key: &'static str,
    /// Tells the calls of an operation apart.
    case: &'static str,
    routers: Routers,
    /// At controllers of 1.3, 1.6 and 2.0.
    outcomes: [Outcome; 3],
    run: fn(&Network) -> Result<(), Error>,
}

/// What the calls of a resource are written with.
impl Call {
    const fn new(key: &'static str, run: fn(&Network) -> Result<(), Error>) -> Self {
        Self { key, case: "", routers: Routers::Any, outcomes: [Outcome::Success; 3], run }
    }

    const fn case(self, case: &'static str) -> Self {
        Self { case, ..self }
    }

    const fn with_router(self) -> Self {
        Self { routers: Routers::One, ..self }
    }

    const fn without_router(self) -> Self {
        Self { routers: Routers::None, ..self }
    }

    const fn refused(self, status: u16, code: &'static str) -> Self {
        Self { outcomes: [Outcome::Refused(status, code); 3], ..self }
    }

    /// No controller has the operation.
    const fn not_there(self) -> Self {
        Self { outcomes: [Outcome::NotThere; 3], ..self }
    }

    /// How it ends at 1.3, in place of what was said before.
    const fn at_1_3(self, outcome: Outcome) -> Self {
        Self { outcomes: [outcome, self.outcomes[1], self.outcomes[2]], ..self }
    }

    /// How it ends at 1.6, in place of what was said before.
    const fn at_1_6(self, outcome: Outcome) -> Self {
        Self { outcomes: [self.outcomes[0], outcome, self.outcomes[2]], ..self }
    }
}

impl Call {
    /// The name of its test.
    pub(crate) fn title(&self) -> String {
        let name = self.key.replace(' ', "::");
        if self.case.is_empty() { name } else { format!("{name}::{}", self.case.replace(' ', "_")) }
    }

    pub(crate) fn routers(&self) -> Routers {
        self.routers
    }

    /// Makes the call, and looks at how it ended.
    pub(crate) fn make(&self, network: &Network) {
        let outcome = self.outcomes[network.kind() as usize];
        outcome.check((self.run)(network));
    }
}

pub(crate) fn all() -> impl Iterator<Item = &'static Call> {
    ALL.into_iter().flatten()
}

/// No operation is without a call, and no call without an operation.
pub(crate) fn every_operation_has_a_call() -> Result<(), String> {
    let lacks_call = |operation: &&Operation| !all().any(|call| call.key == operation.key());
    let missing = operations().iter().filter(lacks_call).map(|operation| format!("{} has no call", operation.key()));
    let is_unknown = |call: &&Call| !operations().iter().any(|operation| operation.key() == call.key);
    let unknown = all().filter(is_unknown).map(|call| format!("{} is no operation", call.key));
    let wrong: Vec<String> = missing.chain(unknown).collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}
