//! Prints which services came (`+`), changed (`~`) and went (`-`), with what a tunneler would intercept for them.
//!
//! ```console
//! $ cargo run --example watch_services IDENTITY.json [SECONDS [TIMES]]
//! ```
//!
//! It asks every SECONDS, 10 if not given, TIMES times or until it is stopped. As it may run for months, it also keeps its
//! identity up to date: certificate, controllers and their CA certificates.

use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use ziti_edge_client::api::services::{InterceptV1, Service, ServiceChanges, ServiceQuery};
use ziti_edge_client::{Client, Identity};

const USAGE: &str = "usage: watch_services IDENTITY.json [SECONDS [TIMES]], with numbers from 1 to 1,000,000";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [identity] => watch(identity, 10, None),
        [identity, seconds] => number(seconds).and_then(|seconds| watch(identity, seconds, None)),
        [identity, seconds, times] => number(seconds)
            .and_then(|seconds| Ok((seconds, number(times)?)))
            .and_then(|(seconds, times)| watch(identity, seconds, Some(times))),
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("watch_services: {error}");
            ExitCode::FAILURE
        }
    }
}

fn number(text: &str) -> Result<u64, Box<dyn Error>> {
    text.parse().ok().filter(|number| (1..=1_000_000).contains(number)).ok_or_else(|| USAGE.into())
}

fn watch(identity: &str, seconds: u64, times: Option<u64>) -> Result<(), Box<dyn Error>> {
    let client = Client::new(&Identity::load(identity)?)?;
    let mut watch = client.services().watch(ServiceQuery::new())?;
    let mut upkeep = Instant::now();
    for poll in 1.. {
        match watch.poll() {
            Ok(changes) => print(&changes)?,
            // The next poll catches up.
            Err(error) if error.is_retryable() => eprintln!("watch_services: {error}"),
            Err(error) => return Err(error.into()),
        }
        if upkeep <= Instant::now() {
            let done = client.maintain();
            done.events.iter().for_each(|event| eprintln!("watch_services: {event}"));
            upkeep = Instant::now() + done.next;
        }
        if times.is_some_and(|times| poll >= times) {
            break;
        }
        thread::sleep(Duration::from_secs(seconds));
    }
    Ok(client.logout()?)
}

fn print(changes: &ServiceChanges) -> io::Result<()> {
    let mut out = io::stdout().lock();
    changes.added.iter().try_for_each(|service| writeln!(out, "+ {}", line(service)))?;
    changes.changed.iter().try_for_each(|service| writeln!(out, "~ {}", line(service)))?;
    changes.removed.iter().try_for_each(|service| writeln!(out, "- {}", service.name))
}

/// The name of a service, and the addresses to intercept for it.
fn line(service: Service<'_>) -> String {
    match service.config::<InterceptV1>() {
        Ok(Some(intercept)) => format!("{} {}", service.name(), intercept.addresses.join(" ")),
        Ok(None) => service.name().to_owned(),
        Err(error) => format!("{}: {error}", service.name()),
    }
}
