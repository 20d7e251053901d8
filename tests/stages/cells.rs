//! Which calls can hang in which stage, and how.

use std::fmt;
use std::time::Duration;

use ziti_edge_client::Stage;
use ziti_edge_testkit::{Fault, Operation};

/// A call of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Enroll,
    Login,
    List,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Enroll, Self::Login, Self::List];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Enroll => "enroll",
            Self::Login => "login",
            Self::List => "list",
        }
    }

    /// The requests that this call makes, each of which may hang.
    fn operations(self) -> &'static [Operation] {
        match self {
            Self::Enroll => &[Operation::Version, Operation::CaCerts, Operation::Enroll],
            Self::Login => &[Operation::Version, Operation::Authenticate],
            Self::List => &[Operation::Authenticate, Operation::Services],
        }
    }
}

/// Why a call hangs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Hang {
    /// The name of the controller is never resolved.
    Name,
    /// Nobody takes the connection.
    FullQueue,
    /// The proxy takes the connection, and does not answer this.
    Proxy(Unanswered),
    /// The controller plays a fault.
    Fault(Operation, Fault),
    /// The controller does not read a request that is larger than all buffers on the way.
    LongRequest,
}

/// What a proxy is told and never answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unanswered {
    HttpRequest,
    SocksGreeting,
    SocksLogin,
    SocksRequest,
}

impl Unanswered {
    const ALL: [Self; 4] = [Self::HttpRequest, Self::SocksGreeting, Self::SocksLogin, Self::SocksRequest];
}

/// A call that hangs in one stage.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub(crate) kind: Kind,
    pub(crate) stage: Stage,
    pub(crate) hang: Hang,
}

impl Cell {
    /// The time that a test of deadlines gives this call.
    pub(crate) fn deadline(&self) -> Duration {
        match self.hang {
            // Writing such a request takes its time without optimization.
            Hang::LongRequest => Duration::from_secs(2),
            _ => Duration::from_millis(600),
        }
    }

    /// True if the request that spends the enrollment token was on its way: whether it was carried out is unknown.
    pub(crate) fn token_may_be_spent(&self) -> bool {
        self.kind == Kind::Enroll && matches!(self.hang, Hang::Fault(Operation::Enroll, _))
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.kind.name(), self.stage)?;
        match &self.hang {
            Hang::Fault(operation, fault) => write!(f, " by {fault:?} of {operation:?}"),
            hang => write!(f, " by {hang:?}"),
        }
    }
}

/// All ways to hang in `stage`, for all calls.
///
/// In `send` only a login can hang: its body holds the config types, as many as the client was built with. What else is
/// sent fits into the buffer of the socket, and is sent once it is there: a request without a body has to fit into
/// 16 KiB, and the certificate request that enrolls is smaller. `what_fits_into_the_socket_is_sent_at_once` shows it.
pub(crate) fn cells(stage: Stage) -> Vec<Cell> {
    Kind::ALL
        .into_iter()
        .flat_map(|kind| hangs(stage, kind).into_iter().map(move |hang| Cell { kind, stage, hang }))
        .collect()
}

fn hangs(stage: Stage, kind: Kind) -> Vec<Hang> {
    let any = |faults: [Fault; 3]| faults.map(|fault| Hang::Fault(Operation::Any, fault)).to_vec();
    let each = |faults: [Fault; 3]| {
        let of_one = |operation: &Operation| faults.clone().map(|fault| Hang::Fault(*operation, fault));
        kind.operations().iter().flat_map(of_one).collect()
    };
    match stage {
        Stage::Resolve => vec![Hang::Name],
        Stage::Connect => vec![Hang::FullQueue],
        Stage::Proxy => Unanswered::ALL.map(Hang::Proxy).to_vec(),
        Stage::Tls => any([Fault::SilentAfterAccept, Fault::StallInHandshake, Fault::DripHandshake]),
        Stage::Send if kind == Kind::Login => vec![Hang::LongRequest],
        Stage::Send => Vec::new(),
        Stage::Wait => each([Fault::StallBeforeAnswer, Fault::StallInHeaders, Fault::Drip]),
        Stage::Body => each([Fault::StallAfterHeaders, Fault::StallInBody, Fault::DripBody]),
        stage => panic!("{stage} is new: say how calls hang in it"),
    }
}
