//! The client against real controllers.
//!
//! Every test is ignored, and says so, unless the environment names a controller. Either or both of these do:
//!
//! - `ZITI_BIN`: the path of a `ziti` program, or several with `:` between them. Each is started on loopback as
//!   `ziti edge quickstart` in a temporary folder, and ended after its tests. The names of its tests begin with its
//!   version.
//! - `ZITI_URL`: the address of a running controller, such as `https://ctrl.example:1280`, with `ZITI_USER` and
//!   `ZITI_PASSWORD` of an administrator. `ZITI_CA` is a PEM file with the network's CA certificates, or an identity
//!   file of the network, which holds them; without it the system's roots have to vouch for the controller. What the
//!   tests make there has names that begin with `zec-test-`, and is deleted at the end.
//!
//! ```text
//! ZITI_BIN=/opt/ziti-1.6/ziti:/opt/ziti-2.0/ziti cargo test --test real
//! ```

mod admin;
mod authenticators;
mod keys;
mod network;
mod quickstart;
mod second_factor;
mod stories;
mod target;

use std::process::ExitCode;
use std::sync::{Arc, LazyLock};

use libtest_mimic::{Arguments, Trial};
use target::Target;

const NO_CONTROLLER: &str = "needs ZITI_BIN or ZITI_URL";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let targets = match target::from_environment() {
        Ok(targets) => targets,
        Err(problem) => {
            eprintln!("no controller to test against: {problem}");
            return ExitCode::FAILURE;
        }
    };
    let trials = if targets.is_empty() { ignored() } else { targets.into_iter().flat_map(trials).collect() };
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn all() -> impl Iterator<Item = &'static (&'static str, stories::Story)> {
    [stories::ALL, keys::ALL, second_factor::ALL, authenticators::ALL].into_iter().flatten()
}

/// The tests of one controller. It starts with the first of them, and ends when the last one drops its share.
fn trials(target: Target) -> Vec<Trial> {
    let label = target.label().to_owned();
    let network = Arc::new(LazyLock::new(move || target.open()));
    let trial = |&(name, story): &(&str, stories::Story)| {
        let network = Arc::clone(&network);
        Trial::test(format!("{label}::{name}"), move || {
            story((**network).as_ref()?);
            Ok(())
        })
    };
    all().map(trial).collect()
}

/// The same tests, none of which can pass.
fn ignored() -> Vec<Trial> {
    let trial = |(name, _): &(&str, stories::Story)| {
        Trial::test(*name, || Err(NO_CONTROLLER.into())).with_kind(NO_CONTROLLER).with_ignored_flag(true)
    };
    all().map(trial).collect()
}
