//! The identity's own part of a diagnosis.

use std::time::SystemTime;

use super::{DiagnosisStep, StepKind};
use crate::client::Client;
use crate::error::Error;
use crate::login::{AuthQuery, Generation, Wanted};
use crate::transport::Call;
use crate::trust::certificate::CertificateFacts;
use crate::trust::{clock_note, display_time};

pub(super) const BUSY: &str = "try again later; the controller is overloaded";

pub(super) fn certificate(generation: &Generation) -> DiagnosisStep {
    let kind = StepKind::Certificate;
    let Some(leaf) = generation.identity.leaf() else {
        return match generation.ways.show_certificate() {
            true => DiagnosisStep::failed(kind, "the identity has no certificate to log in with")
                .with_advice("enroll it, or give the client other credentials"),
            false => DiagnosisStep::skipped(kind, "the identity has none, and does not log in by one"),
        };
    };
    match CertificateFacts::read(leaf) {
        Err(error) => DiagnosisStep::failed(kind, error.to_string()),
        Ok(facts) => match clock_note(&facts, SystemTime::now()) {
            None => {
                let (from, until) = (display_time(facts.not_before), display_time(facts.not_after));
                DiagnosisStep::ok(kind, format!("{} is valid from {from} to {until}", facts.subject))
            }
            Some(note) => {
                let clock =
                    generation.clock.note(generation.time.now()).map(|note| format!("; {note}")).unwrap_or_default();
                let advice = "renew the certificate, or enroll again; if only the clock is wrong, set that";
                DiagnosisStep::failed(kind, format!("{} {note}{clock}", facts.subject)).with_advice(advice)
            }
        },
    }
}

impl Client {
    /// Uses the login there is, or logs in if it is over or there is none.
    pub(super) fn try_login(&self, call: &Call) -> DiagnosisStep {
        match self.on_generation(call, |generation| log_in(call, generation)) {
            Ok((what, factors)) if factors.is_empty() => DiagnosisStep::ok(StepKind::Login, what),
            Ok((what, factors)) => {
                let factors: Vec<String> = factors.iter().map(AuthQuery::describe).collect();
                let detail = format!("{what}, and the login still wants {}", factors.join(" and "));
                DiagnosisStep::failed(StepKind::Login, detail).with_advice("give the login its factors")
            }
            Err(error) => {
                let step = DiagnosisStep::failed(StepKind::Login, error.to_string());
                match advice(&error) {
                    Some(advice) => step.with_advice(advice),
                    None => step,
                }
            }
        }
    }
}

fn log_in(call: &Call, generation: &Generation) -> Result<(String, Vec<AuthQuery>), Error> {
    let mut wanted = Wanted::Current;
    if let Some(session) = generation.flight.current() {
        let lasts = session.ends_in(generation.time.now()).is_none_or(|left| !left.is_zero());
        // Without its factors there is nothing to ask with, and a new login would have to be given them all anew.
        if lasts && session.is_waiting() {
            let what = format!("{} knows the login that was begun there", session.controller);
            return Ok((what, session.api_session.auth_queries.clone()));
        }
        if let Some(now) = generation.ask_about(call, &session)? {
            return Ok((format!("{} knows the login there is", session.controller), now.auth_queries));
        }
        wanted = Wanted::NewerThan(session.number);
    }
    let session = generation.session(call, wanted)?;
    Ok((format!("logged in at {}", session.controller), session.api_session.auth_queries.clone()))
}

fn advice(error: &Error) -> Option<&'static str> {
    match error {
        Error::Rejected(_) => Some(
            "ask an administrator whether the identity is disabled or deleted; check that its certificate is the newest \
             there is, or that user name and password are right",
        ),
        Error::Busy(_) => Some(BUSY),
        Error::Timeout { .. } => Some(
            "a controller answered before, and not in time now: it is overloaded or hangs; try again later, or give calls \
             more time",
        ),
        Error::Transport { .. } => Some("a controller answered before: try again; if this stays so, look at its log"),
        _ => None,
    }
}
