//! Whether an endpoint passes.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::Response;
use super::check::{Demand, MfaCheck, PostureCheck, ProcessCheck};
use super::response::Process;
use crate::clock;
use crate::manners::Version;
use crate::services::Policy;

/// How long a second factor still counts after the endpoint woke up or was unlocked.
const GRACE: Duration = Duration::from_secs(300);

/// What an identity's endpoints said about themselves.
#[derive(Debug, Default)]
pub(super) struct Reported {
    os: Option<(String, String)>,
    domain: Option<String>,
    macs: Vec<String>,
    /// By path.
    processes: HashMap<String, Process>,
}

impl Reported {
    pub(super) fn take(&mut self, response: Response) {
        match response {
            Response::Os { name, version } => self.os = Some((name, version)),
            Response::Domain(domain) => self.domain = Some(domain),
            Response::Macs(macs) => self.macs = macs,
            Response::Process { path, process } => {
                self.processes.insert(path, process);
            }
            Response::State { .. } => (),
        }
    }

    fn meets(&self, demand: &Demand) -> bool {
        match demand {
            Demand::Os { name, at_least } => self.os.as_ref().is_some_and(|(found, version)| {
                found.eq_ignore_ascii_case(name) && compare_versions(version, at_least).is_some_and(Ordering::is_ge)
            }),
            Demand::Domain(domain) => {
                self.domain.as_ref().is_some_and(|found| found.to_lowercase() == domain.to_lowercase())
            }
            Demand::Mac(address) => self.macs.iter().any(|found| hex(found) == hex(address)),
            Demand::Process(process) => self.runs(process),
            Demand::Processes { all: true, processes } => processes.iter().all(|process| self.runs(process)),
            Demand::Processes { all: false, processes } => processes.iter().any(|process| self.runs(process)),
            // A matter of the session, not of what its endpoint is.
            Demand::Mfa(_) => false,
        }
    }

    fn runs(&self, check: &ProcessCheck) -> bool {
        let fits = |wanted: &[String], found: &[String]| {
            wanted.is_empty() || found.iter().any(|found| wanted.iter().any(|wanted| hex(wanted) == hex(found)))
        };
        self.processes.get(&check.path).is_some_and(|process| {
            process.running
                && fits(&check.hashes, std::slice::from_ref(&process.hash))
                && fits(&check.signers, &process.signers)
        })
    }
}

/// What is known about the user of one session.
#[derive(Debug, Default)]
pub(super) struct Factor {
    /// When a second factor was shown; what happened before it does not count.
    pub(super) passed: Option<OffsetDateTime>,
    pub(super) woken: Option<OffsetDateTime>,
    pub(super) unlocked: Option<OffsetDateTime>,
}

/// What comes out of a check, and until when if that has an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) passes: bool,
    pub(crate) until: Option<OffsetDateTime>,
}

/// An identity in one session, as it is known at one time.
pub(crate) struct Endpoint<'a> {
    pub(crate) identity_id: &'a str,
    pub(super) reported: Option<&'a Reported>,
    pub(super) factor: Option<&'a Factor>,
    pub(super) version: Version,
    pub(super) now: OffsetDateTime,
}

impl<'a> Endpoint<'a> {
    /// One that has said nothing about itself.
    pub(crate) fn of(identity_id: &'a str) -> Self {
        let version = Version::default();
        Self { identity_id, reported: None, factor: None, version, now: OffsetDateTime::UNIX_EPOCH }
    }

    pub(crate) fn passes(&self, policy: &Policy) -> bool {
        policy.posture_queries.iter().all(|query| query["isPassing"] == true)
            && policy.checks.iter().all(|check| self.verdict(check).passes)
    }

    pub(crate) fn verdict(&self, check: &PostureCheck) -> Verdict {
        match &check.demand {
            Demand::Mfa(mfa) => self.verdict_on_mfa(mfa),
            demand => Verdict { passes: self.reported.is_some_and(|reported| reported.meets(demand)), until: None },
        }
    }

    fn verdict_on_mfa(&self, mfa: &MfaCheck) -> Verdict {
        let fails = Verdict { passes: false, until: None };
        let Some(factor) = self.factor else { return fails };
        let Some(passed) = factor.passed else { return fails };
        let woken = factor.woken.filter(|_| mfa.prompt_on_wake);
        let unlocked = factor.unlocked.filter(|_| mfa.prompt_on_unlock);
        let ends = [mfa.timeout.map(|timeout| passed + timeout), woken.map(grace), unlocked.map(grace)];
        let until = ends.into_iter().flatten().min();
        if until.is_some_and(|until| until <= self.now) { fails } else { Verdict { passes: true, until } }
    }

    /// Seconds for which a check still passes; -1 is without end.
    pub(crate) fn remaining(&self, check: &PostureCheck) -> i64 {
        match self.verdict(check) {
            Verdict { until: Some(until), .. } => (until - self.now).whole_seconds(),
            Verdict { passes: false, .. } if check.timeout() >= 0 => 0,
            Verdict { .. } => -1,
        }
    }

    /// The posture query of a check that was made at `created`.
    pub(crate) fn query(&self, check: &PostureCheck, created: OffsetDateTime) -> Value {
        let verdict = self.verdict(check);
        let factor = self.factor.filter(|_| matches!(check.demand, Demand::Mfa(_)));
        let updated = factor.and_then(|factor| factor.passed.max(factor.woken).max(factor.unlocked));
        let mut query = json!({
            "_links": {"self": {"href": format!("./posture-checks/{}", check.id())}},
            "createdAt": clock::json(created),
            "id": check.id(),
            "tags": {},
            "updatedAt": clock::json(updated.unwrap_or(created)),
            "isPassing": verdict.passes,
            "processes": null,
            "queryType": check.type_id(),
            "timeout": check.timeout(),
            "timeoutRemaining": self.remaining(check),
        });
        match &check.demand {
            Demand::Process(process) => query["process"] = told(process),
            Demand::Processes { processes, .. } => query["processes"] = processes.iter().map(told).collect(),
            Demand::Mfa(mfa) if self.version.tells_mfa_prompts() => {
                query["promptOnUnlock"] = mfa.prompt_on_unlock.into();
                query["promptOnWake"] = mfa.prompt_on_wake.into();
                query["timeoutAt"] = clock::json(verdict.until.unwrap_or(self.now)).into();
            }
            _ => (),
        }
        query
    }
}

fn grace(event: OffsetDateTime) -> OffsetDateTime {
    event + GRACE
}

fn told(process: &ProcessCheck) -> Value {
    json!({"osType": process.os, "path": process.path})
}

/// Hex digits without separators, in one case.
fn hex(text: &str) -> String {
    text.chars().filter(char::is_ascii_hexdigit).map(|digit| digit.to_ascii_lowercase()).collect()
}

/// Compares versions number by number, missing ones as 0; `None` if one of them is no version.
fn compare_versions(left: &str, right: &str) -> Option<Ordering> {
    let numbers = |text: &str| text.split('.').map(|number| number.parse::<u64>().ok()).collect::<Option<Vec<_>>>();
    let (mut left, mut right) = (numbers(left)?, numbers(right)?);
    let length = left.len().max(right.len());
    left.resize(length, 0);
    right.resize(length, 0);
    Some(left.cmp(&right))
}
