//! Which step on the way to a login fails, and why.

mod client;
#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod identity;
mod report;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Client;
use crate::error::Error;
use crate::login::{CLOCK_MAY_BE_OFF, Features, Generation};
use crate::transport::{Attempt, Call, Probe, Shown};
use crate::trust::certificate::{self, CertificateFacts};
use crate::trust::onlooker::check_name;
use crate::trust::{clock_note, display_time};
use crate::wire::fields::{Fields, Model};
use crate::wire::{ControllerUrl, Head, envelope, timestamp};
pub use client::DiagnosedClient;
pub use report::{ControllerDiagnosis, Diagnosis, DiagnosisStep, StepKind, StepOutcome};

/// What there is to find out about a controller once TLS is agreed on.
const AFTER_TLS: [StepKind; 4] = [StepKind::Name, StepKind::Chain, StepKind::Version, StepKind::Clock];

/// What the steps of one controller came to.
struct Way {
    steps: Vec<DiagnosisStep>,
    /// True if a controller that is trusted answered.
    is_open: bool,
}

impl Client {
    /// Tries each step on the way to a login, at every controller, and says which fails, why, and what to do.
    ///
    /// It takes no longer than one call may; each controller has its share of that. Nothing is spent and nothing
    /// changed, but that a client without a login logs in, as its next call would: a refusal that is still believed is
    /// told without asking again, and nothing is waited for that may come later. The certificate that a controller shows is looked at whoever vouches for it, on a
    /// connection on which nothing is sent.
    pub fn diagnose(&self) -> Diagnosis {
        let call = self.call();
        // Who wants to know what is wrong waits for no turn, as one who asks for a login.
        call.take_turn();
        let generation = self.generation();
        let client = self.described(&generation);
        let urls = generation.controllers.in_order(generation.time.now().monotonic);
        let mut controllers = Vec::with_capacity(urls.len());
        let (mut untried, mut is_any_open) = (u32::try_from(urls.len()).unwrap_or(u32::MAX), false);
        for url in urls {
            // One more share is for the login.
            let share = call.remaining() / (untried.saturating_add(1));
            untried -= 1;
            let way = self.way_to(&generation, &url, share);
            is_any_open |= way.is_open;
            controllers.push(ControllerDiagnosis { url: url.origin().to_owned(), steps: way.steps });
        }
        let login = match is_any_open {
            // What is to be waited for is told instead.
            true => self.try_login(&call.without_patience()),
            false => DiagnosisStep::skipped(StepKind::Login, "no controller that is trusted answered"),
        };
        // The login may have found a newer certificate.
        Diagnosis { client, controllers, identity: vec![identity::certificate(&self.generation()), login] }
    }

    fn way_to(&self, generation: &Generation, url: &ControllerUrl, share: Duration) -> Way {
        let call = self.call_within(share);
        let probe = generation.connections.probe(&call, url);
        let mut steps = reach(&probe, url);
        let shown = match probe.handshake {
            Some(Ok(shown)) => shown,
            Some(Err(error)) => {
                steps.push(not_agreed(&error));
                steps.extend(AFTER_TLS.map(|kind| DiagnosisStep::skipped(kind, "the TLS handshake failed")));
                return Way { steps, is_open: false };
            }
            None => {
                let why = match probe.tunnel {
                    Some(_) => "the proxy does not lead to the controller",
                    None => "no connection was opened",
                };
                steps.push(DiagnosisStep::skipped(StepKind::Tls, why));
                steps.extend(AFTER_TLS.map(|kind| DiagnosisStep::skipped(kind, why)));
                return Way { steps, is_open: false };
            }
        };
        steps.push(DiagnosisStep::ok(StepKind::Tls, handshake(&shown)));
        let judged = judge(generation, url, &shown);
        let is_trusted = judged.iter().all(|step| step.outcome == StepOutcome::Ok);
        steps.extend(judged);
        let answer = match is_trusted {
            true => ask(&call, generation, url),
            false => {
                let why = "the controller is not asked, as its certificate is not trusted";
                [StepKind::Version, StepKind::Clock].map(|kind| DiagnosisStep::skipped(kind, why))
            }
        };
        let is_open = answer[0].outcome == StepOutcome::Ok;
        steps.extend(answer);
        Way { steps, is_open }
    }
}

/// The steps up to the handshake.
fn reach(probe: &Probe, url: &ControllerUrl) -> Vec<DiagnosisStep> {
    let whose = match &probe.proxy {
        Some(proxy) => format!("the proxy {proxy}"),
        None => url.host().to_owned(),
    };
    let mut steps = Vec::new();
    match &probe.resolved {
        Ok(addresses) => {
            let addresses: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
            steps.push(DiagnosisStep::ok(StepKind::Resolve, format!("{whose} is at {}", addresses.join(", "))));
        }
        Err(error) => {
            let advice = "check the spelling of the address and the name server of this machine";
            steps.push(DiagnosisStep::failed(StepKind::Resolve, error.to_string()).with_advice(advice));
            steps.push(DiagnosisStep::skipped(StepKind::Connect, "there is no address"));
        }
    }
    for (address, outcome) in &probe.connected {
        steps.push(match outcome {
            Ok(took) => DiagnosisStep::ok(StepKind::Connect, format!("{address} in {} ms", took.as_millis())),
            Err(why) => DiagnosisStep::failed(StepKind::Connect, format!("{address}: {why}")).with_advice(
                "check that it runs, that the port is right, and that firewalls on the way let connections pass",
            ),
        });
    }
    steps.push(match (&probe.proxy, &probe.tunnel) {
        (None, _) => DiagnosisStep::skipped(StepKind::Proxy, "none is used"),
        (Some(_), None) => DiagnosisStep::skipped(StepKind::Proxy, "there is no connection to the proxy"),
        (Some(proxy), Some(Ok(()))) => DiagnosisStep::ok(StepKind::Proxy, format!("{proxy} leads to the controller")),
        (Some(_), Some(Err(error))) => DiagnosisStep::failed(StepKind::Proxy, error.to_string()),
    });
    steps
}

fn not_agreed(error: &Error) -> DiagnosisStep {
    let step = DiagnosisStep::failed(StepKind::Tls, error.to_string());
    match error {
        // They say themselves what is wrong.
        Error::Tls { .. } | Error::Canceled { .. } => step,
        Error::Timeout { .. } => step.with_advice(
            "the connection is taken and the handshake not answered in time: the controller may hang, something else may \
             have this port, or a firewall on the way lets no TLS through; if it is only slow, give calls more time",
        ),
        _ => step.with_advice(
            "something else than a controller may have this port, or something on the way, such as a firewall, lets a \
             connection begin and no TLS through",
        ),
    }
}

/// What was agreed on, and the chain up to the CA that is to vouch for it.
fn handshake(shown: &Shown) -> String {
    let subjects: Vec<String> = shown.chain.iter().filter_map(|der| certificate::subject(der)).collect();
    let issuer = shown.chain.last().and_then(|der| CertificateFacts::read(der).ok()).map(|facts| facts.issuer);
    let issued = issuer.map(|issuer| format!(", issued by {issuer}")).unwrap_or_default();
    format!("{}; shown: {}{issued}", shown.tls, subjects.join(" < "))
}

/// Whether what was shown is to be believed.
fn judge(generation: &Generation, url: &ControllerUrl, shown: &Shown) -> [DiagnosisStep; 2] {
    let leaf = shown.chain.first().ok_or_else(|| "no certificate was shown".to_owned());
    let name = leaf.and_then(|leaf| check_name(leaf, url.host()));
    let name = match &name {
        Ok(()) => DiagnosisStep::ok(StepKind::Name, format!("the certificate is made for {}", url.host())),
        Err(why) => DiagnosisStep::failed(StepKind::Name, why),
    };
    let has_name = name.outcome == StepOutcome::Ok;
    let chain = match generation.connections.judge(&shown.chain, url.host(), SystemTime::now()) {
        Ok(()) => DiagnosisStep::ok(StepKind::Chain, "the network's CA bundle vouches for it, and it is valid now"),
        // The chain is looked at before the name is.
        Err(why) if !has_name && why == name.detail => {
            DiagnosisStep::ok(StepKind::Chain, "the network's CA bundle vouches for it, and it is valid now")
        }
        Err(why) => {
            let note = generation
                .controllers
                .skew_note(url, generation.time.now())
                .map(|note| format!("; {note}"))
                .unwrap_or_default();
            let step = DiagnosisStep::failed(StepKind::Chain, why + &note);
            let facts = shown.chain.first().and_then(|leaf| CertificateFacts::read(leaf).ok());
            match facts.is_some_and(|facts| clock_note(&facts, SystemTime::now()).is_none()) {
                true => step.with_advice(
                    "look at who issued what was shown: if that is nobody of the network, something on the way ends \
                     TLS, such as a proxy or virus scanner that inspects it, and has to leave this address alone",
                ),
                false => step,
            }
        }
    };
    [name, chain]
}

/// Asks for the version, and reads the controller's clock.
fn ask(call: &Call, generation: &Generation, url: &ControllerUrl) -> [DiagnosisStep; 2] {
    let mut body = Vec::new();
    match version(call, generation, url, &mut body) {
        Ok((head, version)) => [DiagnosisStep::ok(StepKind::Version, version), clock(&head)],
        Err(error) => {
            let version = DiagnosisStep::failed(StepKind::Version, error.to_string());
            let version = match error {
                Error::Canceled { .. } => version,
                Error::Timeout { .. } => version.with_advice(
                    "TLS works and no answer comes: the controller is overloaded or hangs; try again later, or give calls \
                     more time",
                ),
                Error::Busy(_) => version.with_advice(identity::BUSY),
                _ => version.with_advice(
                    "check that this is the address of a controller, and not of a router or a web page",
                ),
            };
            [version, DiagnosisStep::skipped(StepKind::Clock, "the controller's version was not told")]
        }
    }
}

fn version(
    call: &Call,
    generation: &Generation,
    url: &ControllerUrl,
    body: &mut Vec<u8>,
) -> Result<(Head, String), Error> {
    let request = Features::request();
    let attempt = Attempt { controller: url, base_path: "", credentials: &[], first_byte_by: None };
    let head = generation.connections.exchange(call, &attempt, &request, body)?;
    crate::login::answer(&request, &head, body)?;
    Features::read(body)?;
    let Software { version } = envelope::data(&request.operation(), body)?;
    let version = version.map_or_else(|| "unknown".to_owned(), |version| crate::error::one_line(&version));
    Ok((head, format!("the controller's version is {version}")))
}

struct Software {
    version: Option<String>,
}

impl Model for Software {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { version: fields.get("version") }
    }
}

fn clock(head: &Head) -> DiagnosisStep {
    let theirs = head.date.as_deref().and_then(timestamp::http_date).and_then(|seconds| u64::try_from(seconds).ok());
    let Some(theirs) = theirs.map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds)) else {
        return DiagnosisStep::skipped(StepKind::Clock, "the controller does not tell the time");
    };
    let ours = SystemTime::now();
    let (off, word) = match ours.duration_since(theirs) {
        Ok(off) => (off, "ahead of"),
        Err(error) => (error.duration(), "behind"),
    };
    if off < CLOCK_MAY_BE_OFF {
        return DiagnosisStep::ok(StepKind::Clock, "the local clock agrees with the controller's");
    }
    let (ours, theirs) = (display_time(ours), display_time(theirs));
    let detail = format!("the local clock is {} s {word} the controller's: {ours}, not {theirs}", off.as_secs());
    DiagnosisStep::failed(StepKind::Clock, detail)
        .with_advice("set the clock of the one that is wrong, and keep it set by NTP")
}
