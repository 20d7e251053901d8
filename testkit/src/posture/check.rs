//! Posture checks as a test describes them.

use std::time::Duration;

use crate::random;

/// Something that an endpoint has to be, have or run before a policy lets it use a service; for
/// [`Policy::check`](crate::Policy::check).
///
/// Checks that demand the same are one check, with one id, wherever they are used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostureCheck {
    id: String,
    pub(super) demand: Demand,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Demand {
    Os { name: String, at_least: String },
    Domain(String),
    Mac(String),
    Process(ProcessCheck),
    Processes { all: bool, processes: Vec<ProcessCheck> },
    Mfa(MfaCheck),
}

impl Demand {
    pub(super) fn type_id(&self) -> &'static str {
        match self {
            Self::Os { .. } => "OS",
            Self::Domain(_) => "DOMAIN",
            Self::Mac(_) => "MAC",
            Self::Process(_) => "PROCESS",
            Self::Processes { .. } => "PROCESS_MULTI",
            Self::Mfa(_) => "MFA",
        }
    }
}

impl PostureCheck {
    fn new(demand: Demand) -> Self {
        Self { id: random::long_id(&format!("{demand:?}")), demand }
    }

    /// This operating system, in this version or a later one.
    pub fn os(name: impl Into<String>, at_least: impl Into<String>) -> Self {
        Self::new(Demand::Os { name: name.into(), at_least: at_least.into() })
    }

    /// A member of this Windows domain, in letters of any case.
    pub fn domain(name: impl Into<String>) -> Self {
        Self::new(Demand::Domain(name.into()))
    }

    /// A network interface with this hardware address, with any separators or none.
    pub fn mac(address: impl Into<String>) -> Self {
        Self::new(Demand::Mac(address.into()))
    }

    /// A process that runs.
    pub fn process(process: ProcessCheck) -> Self {
        Self::new(Demand::Process(process))
    }

    /// One of these processes runs.
    pub fn any_process(processes: impl IntoIterator<Item = ProcessCheck>) -> Self {
        Self::new(Demand::Processes { all: false, processes: processes.into_iter().collect() })
    }

    /// All of these processes run.
    pub fn all_processes(processes: impl IntoIterator<Item = ProcessCheck>) -> Self {
        Self::new(Demand::Processes { all: true, processes: processes.into_iter().collect() })
    }

    /// A second factor that was shown in the session.
    pub fn mfa(mfa: MfaCheck) -> Self {
        Self::new(Demand::Mfa(mfa))
    }

    /// The same check by another id.
    pub fn with_id(self, id: impl Into<String>) -> Self {
        Self { id: id.into(), ..self }
    }

    /// The id by which posture queries name it.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn type_id(&self) -> &'static str {
        self.demand.type_id()
    }

    /// The time after which a second factor has to be shown again, in seconds; -1 is never.
    pub(crate) fn timeout(&self) -> i64 {
        match &self.demand {
            Demand::Mfa(MfaCheck { timeout: Some(timeout), .. }) => {
                i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX)
            }
            _ => -1,
        }
    }
}

/// A process that has to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessCheck {
    /// `Linux`, `Windows` and the like; told to the endpoint, and not looked at.
    pub os: String,
    /// The path of its program, as the endpoint has to tell it.
    pub path: String,
    /// SHA-512 of the program in hex, one of which has to fit; empty takes any.
    pub hashes: Vec<String>,
    /// SHA-1 of signing certificates in hex, one of which has to fit; empty takes any.
    pub signers: Vec<String>,
}

impl ProcessCheck {
    /// A process by its path alone.
    pub fn new(os: impl Into<String>, path: impl Into<String>) -> Self {
        Self { os: os.into(), path: path.into(), hashes: Vec::new(), signers: Vec::new() }
    }
}

/// When a second factor counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MfaCheck {
    /// For how long; `None` is as long as the session.
    pub timeout: Option<Duration>,
    /// Whether it has to be shown again within five minutes of the endpoint waking up.
    pub prompt_on_wake: bool,
    /// The same for an endpoint that was unlocked.
    pub prompt_on_unlock: bool,
}
