//! One program with a subcommand for each thing that is measured, so that all are built the same way.
//!
//! `benches/run` starts a test controller and runs each of them under callgrind.

mod floor;
mod identity;
mod naive;
mod ours;

use std::process::ExitCode;

const USAGE: &str = "usage: ziti-edge-benches ours|ours-plain|floor|naive|login|start IDENTITY.json
       ziti-edge-benches get|connect|reconnect|handshake|resume COUNT IDENTITY.json
       ziti-edge-benches enroll TOKEN.jwt IDENTITY.json";

/// What the measured programs answer with: anything that went wrong ends the measurement.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Outcome<String> {
    match words {
        ["ours", identity] => ours::list(identity, true),
        ["ours-plain", identity] => ours::list(identity, false),
        ["floor", identity] => floor::list(identity),
        ["naive", identity] => naive::list(identity),
        ["login", identity] => ours::login(identity),
        ["start", identity] => ours::start(identity),
        ["get", count, identity] => ours::get(count.parse()?, identity),
        ["connect", count, identity] => ours::connect(count.parse()?, identity),
        ["reconnect", count, identity] => ours::reconnect(count.parse()?, identity),
        ["handshake", count, identity] => floor::handshakes(count.parse()?, false, identity),
        ["resume", count, identity] => floor::handshakes(count.parse()?, true, identity),
        ["enroll", jwt, identity] => ours::enroll(jwt, identity),
        _ => Err(USAGE.into()),
    }
}
