//! The client against real controllers.
//!
//! Every test is ignored, and says so, unless the environment names a controller. Either or both of these do:
//!
//! - `ZITI_BIN`: the path of a `ziti` program, or several with `:` between them. Each is started on loopback as
//!   `ziti edge quickstart` in a temporary folder, and ended after its tests; for tests that need an edge router it is
//!   started once more with one, and as a cluster of three where it can. The names of its tests begin with its version.
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
mod cluster;
mod enrollment;
mod go;
mod keys;
mod logins;
mod network;
mod oidc;
mod operations;
#[path = "../support/outcome.rs"]
mod outcome;
mod papers;
mod posture;
mod quickstart;
mod renewal;
mod saved;
mod second_factor;
mod services;
mod stories;
#[path = "../api/table.rs"]
#[allow(dead_code, reason = "the tests of the tables themselves need more of it")]
mod table;
mod target;
mod ways;
#[path = "../oidc/table.rs"]
mod ways_table;

use std::process::ExitCode;
use std::sync::{Arc, LazyLock};

use libtest_mimic::{Arguments, Trial};
use network::Network;
use operations::Routers;
use target::Target;

const NO_CONTROLLER: &str = "needs ZITI_BIN or ZITI_URL";
const NOT_OURS: &str = "needs ZITI_BIN";
const NO_CLUSTER: &str = "needs a ziti program that starts clusters";

const STORIES: [&[(&str, stories::Story)]; 12] = [
    stories::ALL,
    keys::ALL,
    enrollment::ALL,
    second_factor::ALL,
    authenticators::ALL,
    services::ALL,
    posture::ALL,
    renewal::ALL,
    logins::ALL,
    oidc::ALL,
    ways::ALL,
    saved::ALL,
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let targets = match target::from_environment() {
        Ok(targets) => targets,
        Err(problem) => {
            eprintln!("no controller to test against: {problem}");
            return ExitCode::FAILURE;
        }
    };
    let trials: Vec<Trial> = if targets.is_empty() {
        let names = tests().map(|test| test.name).chain(cluster::all().map(|(name, _)| cluster_test(name)));
        names.map(|name| ignored(name, NO_CONTROLLER)).collect()
    } else {
        targets.into_iter().flat_map(trials).collect()
    };
    let table = Trial::test("every_operation_has_a_call", || Ok(operations::every_operation_has_a_call()?));
    libtest_mimic::run(&arguments, trials.into_iter().chain([table]).collect()).exit_code()
}

/// A test of one network.
struct Test {
    name: String,
    routers: Routers,
    run: Box<dyn FnOnce(&Network) + Send>,
}

fn tests() -> impl Iterator<Item = Test> {
    let stories = |list: &'static [(&str, stories::Story)], routers| {
        list.iter().map(move |&(name, story)| Test { name: name.to_owned(), routers, run: Box::new(story) })
    };
    let everywhere = STORIES.into_iter().flat_map(move |list| stories(list, Routers::Any));
    // They need the program itself, which there is only where it was started for the tests.
    everywhere.chain(stories(go::ALL, Routers::None)).chain(operations::all().map(|call| Test {
        name: format!("operations::{}", call.title()),
        routers: call.routers(),
        run: Box::new(|network| call.make(network)),
    }))
}

/// The tests of one controller. It starts with the first of them, and ends when the last one drops its share. Those
/// that need an edge router have a network of their own, as others want one without.
fn trials(target: Target) -> Vec<Trial> {
    let label = target.label().to_owned();
    let target = Arc::new(target);
    let network = |with_router| {
        let target = Arc::clone(&target);
        Arc::new(LazyLock::new(move || target.open(with_router)))
    };
    let (plain, routed) = (network(false), network(true));
    let trial = |test: Test| {
        let name = format!("{label}::{}", test.name);
        if test.routers != Routers::Any && !target.is_ours() {
            return ignored(name, NOT_OURS);
        }
        let network = Arc::clone(if test.routers == Routers::One { &routed } else { &plain });
        Trial::test(name, move || {
            (test.run)((**network).as_ref()?);
            Ok(())
        })
    };
    tests().map(trial).chain(cluster_trials(&label, &target)).collect()
}

/// The tests of a cluster of three controllers, which take turns. It, too, ends when the last one drops its share.
fn cluster_trials(label: &str, target: &Target) -> Vec<Trial> {
    let program = target.program().ok_or(NOT_OURS);
    let program = program.and_then(|program| cluster::is_possible(program).then_some(program).ok_or(NO_CLUSTER));
    let shared = program.map(|program| Arc::new(cluster::Shared::new(program.to_owned())));
    let trial = |(name, story): &(&str, cluster::Story)| {
        let name = format!("{label}::{}", cluster_test(name));
        let (shared, story) = match &shared {
            Ok(shared) => (Arc::clone(shared), *story),
            Err(need) => return ignored(name, need),
        };
        Trial::test(name, move || Ok(shared.tell(story)?))
    };
    cluster::all().map(trial).collect()
}

fn cluster_test(name: &str) -> String {
    format!("cluster::{name}")
}

/// A test that cannot pass for want of something.
fn ignored(name: String, need: &str) -> Trial {
    let reason = need.to_owned();
    Trial::test(name, || Err(reason.into())).with_kind(need).with_ignored_flag(true)
}
