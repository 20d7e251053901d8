//! What a diagnosis says.

use std::fmt;

use serde::Serialize;

use super::client::DiagnosedClient;

/// What [`Client::diagnose`](crate::Client::diagnose) found out. `Display` is a text for people.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Diagnosis {
    /// What was diagnosed, and where.
    pub client: DiagnosedClient,
    /// The way to each controller.
    pub controllers: Vec<ControllerDiagnosis>,
    /// The identity's certificate and its login.
    pub identity: Vec<DiagnosisStep>,
}

/// The way to one controller, step by step.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ControllerDiagnosis {
    /// Its address, as `https://host:port`.
    pub url: String,
    /// In the order in which they were taken.
    pub steps: Vec<DiagnosisStep>,
}

/// One step of a diagnosis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DiagnosisStep {
    /// What was tried.
    pub kind: StepKind,
    /// What came of it.
    pub outcome: StepOutcome,
    /// What was found, or why the step failed or was skipped.
    pub detail: String,
    /// What to do, if the step failed and the detail does not say.
    pub advice: Option<String>,
}

/// What a step of a diagnosis tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StepKind {
    /// Looking up the name of the controller, or of the proxy that leads to it.
    Resolve,
    /// Opening a TCP connection to one of its addresses.
    Connect,
    /// Having the proxy lead to the controller.
    Proxy,
    /// The TLS handshake, whatever certificate is shown.
    Tls,
    /// Whether that certificate is made for the address.
    Name,
    /// Whether the network's CA bundle vouches for it, and whether it is valid now.
    Chain,
    /// Whether a controller answers, and which.
    Version,
    /// How far the local clock is off the controller's.
    Clock,
    /// Whether the identity's certificate is valid now.
    Certificate,
    /// Logging in, or using the login there is.
    Login,
}

/// What came of a step of a diagnosis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StepOutcome {
    /// All is well.
    Ok,
    /// This does not work.
    Failed,
    /// It was not tried, as something before it failed, or is not needed.
    Skipped,
}

impl StepKind {
    /// The kind as a lower-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            StepKind::Resolve => "resolve",
            StepKind::Connect => "connect",
            StepKind::Proxy => "proxy",
            StepKind::Tls => "tls",
            StepKind::Name => "name",
            StepKind::Chain => "chain",
            StepKind::Version => "version",
            StepKind::Clock => "clock",
            StepKind::Certificate => "certificate",
            StepKind::Login => "login",
        }
    }
}

impl StepOutcome {
    /// The outcome as a lower-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            StepOutcome::Ok => "ok",
            StepOutcome::Failed => "failed",
            StepOutcome::Skipped => "skipped",
        }
    }
}

impl Diagnosis {
    /// True if no step failed.
    pub fn is_ok(&self) -> bool {
        self.steps().all(|step| step.outcome != StepOutcome::Failed)
    }

    /// All steps, those of the controllers first.
    pub fn steps(&self) -> impl Iterator<Item = &DiagnosisStep> {
        self.controllers.iter().flat_map(|controller| &controller.steps).chain(&self.identity)
    }

    /// The same as one line of JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts and lists of them can always be written as JSON")
    }
}

impl DiagnosisStep {
    pub(super) fn ok(kind: StepKind, detail: impl Into<String>) -> Self {
        Self { kind, outcome: StepOutcome::Ok, detail: detail.into(), advice: None }
    }

    pub(super) fn failed(kind: StepKind, detail: impl Into<String>) -> Self {
        Self { kind, outcome: StepOutcome::Failed, detail: detail.into(), advice: None }
    }

    pub(super) fn skipped(kind: StepKind, detail: impl Into<String>) -> Self {
        Self { kind, outcome: StepOutcome::Skipped, detail: detail.into(), advice: None }
    }

    pub(super) fn with_advice(self, advice: impl Into<String>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "client")?;
        self.client.lines().iter().try_for_each(|(name, value)| writeln!(f, "  {name:<9}{value}"))?;
        for controller in &self.controllers {
            writeln!(f, "{}", controller.url)?;
            controller.steps.iter().try_for_each(|step| write!(f, "{step}"))?;
        }
        writeln!(f, "identity")?;
        self.identity.iter().try_for_each(|step| write!(f, "{step}"))
    }
}

/// One line, and one more for the advice.
impl fmt::Display for DiagnosisStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, outcome, detail, advice } = self;
        writeln!(f, "  {:<7}  {:<11}  {detail}", outcome.as_str(), kind.as_str())?;
        match advice {
            Some(advice) => writeln!(f, "{:24}{advice}", ""),
            None => Ok(()),
        }
    }
}
