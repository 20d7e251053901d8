//! Three controllers under a random schedule of faults, of which one is always well.
//!
//! `HA_SEED` runs a schedule once more, `HA_STEPS` makes it longer.

use std::collections::BTreeMap;
use std::env;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ziti_edge_client::{Client, Credentials, LoginFlow};
use ziti_edge_testkit::{Fault, Operation, TestController, Version};

use crate::support::answer;
use crate::{HOUR, Network, PASSWORD, SECOND, list, order};

const THREADS: usize = 4;
/// The time of a call. Silence of the first of three controllers costs a third of it.
const TIMEOUT: Duration = Duration::from_secs(9);
/// By how much calls may be late on a machine that has other work.
const LATE: Duration = Duration::from_millis(250);
/// The most logins that are begun in one step, however many threads call: they share one at a time, and two of three
/// controllers can each refuse it, lose its answer (it is asked for once more if the connection was an old one), or
/// take it and fail at what comes next.
const LOGINS_PER_STEP: usize = 6;
/// Certificates count as new for a minute, and only new ones may be refused by a node that lags behind.
const NODES_LAG_FOR: Duration = Duration::from_secs(45);
/// In so many steps there is one with silence, which costs seconds each time, and one with a node that lags behind.
const PLANNED: usize = 250;
/// A session lasts for half an hour. Tokens are refreshed before that.
const LOGIN_LASTS: Duration = Duration::from_secs(1800);
const AUTHORIZE: Operation = Operation::Named("oidcAuthorize");
const LOGIN: Operation = Operation::Named("oidcLogin");

/// Chance that comes out the same each time.
struct Chance(AtomicU64);

impl Chance {
    fn below(&self, bound: usize) -> usize {
        (self.fraction() * bound as f64) as usize
    }

    fn fraction(&self) -> f64 {
        let mut mixed = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name}={value} is not a number")))
}

/// The kinds of faults that every schedule has to have played, and been seen to play.
const KINDS: [&str; 9] = [
    REFUSES,
    "resets",
    "is in the way of a proxy",
    "has no time",
    "times out",
    BUSY,
    "ends in the middle",
    "loses answers",
    SILENT,
];
const REFUSES: &str = "refuses";
const RESTARTS: &str = "restarts";
const SILENT: &str = "is silent";
const LAGS: &str = "lags behind";
const BUSY: &str = "is busy";

/// How the client of a schedule logs in.
#[derive(Debug, Clone, Copy)]
struct Logins {
    flow: LoginFlow,
    by_password: bool,
}

impl Logins {
    /// The request that shows the credentials.
    fn shows(self) -> Operation {
        if self.flow == LoginFlow::Oidc { LOGIN } else { Operation::Authenticate }
    }

    /// The request that begins a login.
    fn begins(self) -> Operation {
        if self.flow == LoginFlow::Oidc { AUTHORIZE } else { Operation::Authenticate }
    }
}

/// What happens to one controller.
fn strike(controller: &TestController, chance: &Chance, logins: Logins, may_lag: bool) -> &'static str {
    let retry_after = || [None, Some("1"), Some("30"), Some("1000000000")][chance.below(4)].map(str::to_owned);
    let read = [Operation::Services, Operation::CurrentApiSession, logins.shows()][chance.below(3)];
    let (name, operation, fault) = match chance.below(16) {
        0..=2 => (REFUSES, Operation::Any, Fault::Refuse),
        3..=4 => ("resets", Operation::Any, Fault::Reset),
        5 => ("is in the way of a proxy", Operation::Any, Fault::Status(502)),
        6 => ("has no time", Operation::Any, answer(503, "later")),
        7 => ("times out", Operation::Any, Fault::Status(504)),
        // What may not be done twice is done twice only after this, so it strikes nothing of that kind.
        8..=9 => (BUSY, read, Fault::TooManyRequests { retry_after: retry_after() }),
        10..=11 => ("ends in the middle", Operation::Any, Fault::Truncate),
        12 => ("loses answers", Operation::Any, Fault::LostAnswer),
        13 if may_lag => return fall_behind(controller, logins),
        // Tokens outlast the controller that made them.
        13 | 14 if logins.flow == LoginFlow::Oidc => (REFUSES, Operation::Any, Fault::Refuse),
        _ => {
            controller.expire_sessions();
            (RESTARTS, Operation::Any, Fault::Refuse)
        }
    };
    if fault == Fault::Refuse {
        controller.close_idle_connections();
    }
    controller.fault(operation, fault);
    name
}

fn silence(controller: &TestController) -> &'static str {
    controller.fault(Operation::Any, Fault::StallBeforeAnswer);
    SILENT
}

fn fall_behind(controller: &TestController, logins: Logins) -> &'static str {
    controller.fault(logins.shows(), answer(401, NOT_KNOWN));
    LAGS
}

/// A controller that asks for patience is left alone for five minutes at most, and some seconds for chance; it may have
/// asked two minutes after it was made to.
const LONGEST_PATIENCE: Duration = Duration::from_secs(120 + 310 + 60);
const NOT_KNOWN: &str = r#"{"error":{"code":"INVALID_AUTH","message":"not known yet"},"meta":{}}"#;

#[test]
fn calls_succeed_while_one_controller_is_well() {
    run(Logins { flow: LoginFlow::Legacy, by_password: false });
}

#[test]
fn calls_succeed_while_one_controller_is_well_with_logins_over_oidc() {
    run(Logins { flow: LoginFlow::Oidc, by_password: false });
}

#[test]
fn calls_succeed_while_one_controller_is_well_with_a_password() {
    run(Logins { flow: LoginFlow::Legacy, by_password: true });
}

#[test]
fn calls_succeed_while_one_controller_is_well_with_a_password_over_oidc() {
    run(Logins { flow: LoginFlow::Oidc, by_password: true });
}

fn run(logins: Logins) {
    let seed = number("HA_SEED").unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs());
    let steps = number("HA_STEPS").unwrap_or(1000) as usize;
    println!("HA_SEED={seed} HA_STEPS={steps}, {logins:?}");
    let chance = Chance(AtomicU64::new(seed));
    let jitter = Chance(AtomicU64::new(!seed));
    let network = Network::new(3, Version::V2_0, |builder| {
        let builder = builder.chance(move || jitter.fraction()).login_flow(logins.flow).timeout(TIMEOUT);
        if logins.by_password { builder.credentials(Credentials::password("alice", PASSWORD)) } else { builder }
    });
    // A password that no controller has taken yet is shown once, whatever comes of it.
    list(&network.client).unwrap();
    network.clear_requests();
    let began = Instant::now();
    let mut told = Told::default();
    let orders = AtomicUsize::new(0);
    // Until when each may be left alone, because it asked for that.
    let (mut now, mut patience) = (Duration::ZERO, [Duration::ZERO; 3]);
    for step in 0..steps {
        let next = next_asked(&network);
        let may_lag = !logins.by_password && began.elapsed() < NODES_LAG_FOR;
        // What is rare by chance is met for sure like this.
        let planned = match step % PLANNED {
            1 => Some(SILENT),
            2 if may_lag => Some(LAGS),
            _ => None,
        };
        let may_be_asked: Vec<usize> = (0..3).filter(|at| patience[*at] <= now).collect();
        let others: Vec<usize> = may_be_asked.iter().copied().filter(|at| *at != next).collect();
        let planned = planned.filter(|_| !others.is_empty());
        let well = if planned.is_some() { &others } else { &may_be_asked };
        let well = well[chance.below(well.len())];
        if planned == Some(LAGS) {
            // Who is logged in has no need to ask.
            let _ = network.client.logout();
            told.restarts += 1;
        }
        let mut what = format!("HA_SEED={seed}, step {step}: {well} is well");
        let mut struck = [None; 3];
        for (at, controller) in network.controllers.iter().enumerate() {
            controller.clear_faults();
            if at != well && (chance.below(5) > 0 || planned.is_some()) {
                let name = match planned.filter(|_| at == next) {
                    Some(SILENT) => silence(controller),
                    Some(_) => fall_behind(controller, logins),
                    None => strike(controller, &chance, logins, may_lag),
                };
                if name == BUSY {
                    patience[at] = now + LONGEST_PATIENCE;
                }
                told.restarts += usize::from(name == RESTARTS);
                struck[at] = Some((name, controller.faults_played()));
                what += &format!(", {at} {name}");
            }
        }
        let pause = SECOND * chance.below(120) as u32;
        now += pause;
        network.advance(pause);
        let step_began = Instant::now();
        make_calls(&network.client, &orders, &what);
        told.add(&network, struck, step_began.elapsed(), &what);
        let made = network.count(logins.begins());
        assert!(made <= LOGINS_PER_STEP, "{made} logins in {what}");
        told.begun += made;
        told.most = told.most.max(made);
        told.arrived += assert_orders_came_once(&network, &what);
        network.clear_requests();
    }
    println!("{told:?}, {:?}, {:?}", network.client.status().counters, began.elapsed());
    told.check(&network, steps, now, logins);
}

/// The controller that the client asks first.
fn next_asked(network: &Network) -> usize {
    let first = &network.client.status().controllers[0].url;
    network.controllers.iter().position(|controller| controller.url() == *first).expect("it has no other")
}

/// What a schedule has come to.
#[derive(Debug, Default)]
struct Told {
    /// In how many steps the client met a fault of each kind.
    met: BTreeMap<&'static str, usize>,
    /// How often all logins were ended.
    restarts: usize,
    /// Logins that were begun, and the most of them in one step.
    begun: usize,
    most: usize,
    /// Orders that came to a controller.
    arrived: usize,
    slowest: (Duration, String),
}

impl Told {
    fn add(&mut self, network: &Network, struck: [Option<(&'static str, usize)>; 3], took: Duration, what: &str) {
        let status = network.client.status();
        for (controller, struck) in network.controllers.iter().zip(struck) {
            let Some((name, played)) = struck else { continue };
            // A connection that is refused is seen by nobody but the client.
            let is_met = match name {
                REFUSES | RESTARTS => {
                    let seen = status.controllers.iter().find(|seen| seen.url == controller.url());
                    let failed = seen.and_then(|seen| seen.failed.as_ref());
                    failed.is_some_and(|failed| failed.ago < took && failed.message.contains("refused"))
                }
                _ => controller.faults_played() > played,
            };
            *self.met.entry(name).or_default() += usize::from(is_met);
        }
        if took > self.slowest.0 {
            self.slowest = (took, what.to_owned());
        }
    }

    fn check(&self, network: &Network, steps: usize, time: Duration, logins: Logins) {
        let met: usize = self.met.values().sum();
        assert!(met > steps / 4, "{self:?}");
        let lagging = (!logins.by_password).then_some(LAGS);
        for kind in KINDS.into_iter().chain([RESTARTS]).chain(lagging).filter(|_| steps >= 1000) {
            assert!(self.met.get(kind).is_some_and(|met| *met > 0), "{kind} was never met: {self:?}");
        }
        assert!(self.arrived > steps / 2, "{} orders of {steps}", self.arrived);
        let counters = network.client.status().counters;
        let ended = match logins.flow {
            LoginFlow::Oidc => self.restarts,
            _ => self.restarts + (time.as_secs() / LOGIN_LASTS.as_secs()) as usize,
        };
        let of = |kinds: &[&str]| kinds.iter().filter_map(|kind| self.met.get(kind)).sum::<usize>();
        let costly = match logins.flow {
            // Tokens go along, unless the answer to a refresh is lost, and few requests are one.
            LoginFlow::Oidc => of(&["loses answers", "ends in the middle", "resets", SILENT]) / 4,
            // A session stays with its controller.
            _ => met - of(&[RESTARTS]),
        };
        assert!(counters.logins as usize <= ended + costly, "{counters:?} {self:?}");
        let refreshes = if logins.flow == LoginFlow::Oidc { steps / 500 } else { 0 };
        assert!(counters.refreshes as usize >= refreshes, "{counters:?} {self:?}");
        assert!(self.begun <= counters.logins as usize + met / 2, "{counters:?} {self:?}");
    }
}

/// Several threads call at once. What can be repeated succeeds, and nothing is late.
fn make_calls(client: &Client, orders: &AtomicUsize, what: &str) {
    let call = |thread| {
        let began = Instant::now();
        match thread {
            0 | 1 => assert_eq!(list(client).unwrap_or_else(|error| panic!("{what}: list: {error:?}")), 2),
            2 => {
                client.current_api_session().get().unwrap_or_else(|error| panic!("{what}: session: {error:?}"));
            }
            _ => drop(order(client, orders.fetch_add(1, Ordering::Relaxed))),
        }
        let took = began.elapsed();
        assert!(took < TIMEOUT + LATE, "{what}: {thread} took {took:?}");
    };
    thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || call(thread));
        }
    });
}

/// No order came to controllers more than once, whatever became of its answer. How many came.
fn assert_orders_came_once(network: &Network, what: &str) -> usize {
    let seen = network.controllers.iter().flat_map(TestController::requests);
    let paths: Vec<String> = seen.map(|seen| seen.path).filter(|path| path.contains("/orders/")).collect();
    assert!(paths.len() <= 1, "{what}: {paths:?}");
    paths.len()
}

#[test]
fn hours_without_a_fault_need_no_login_but_those_that_end() {
    let network = Network::new(3, Version::V2_0, |builder| builder);
    for _ in 0..20 {
        list(&network.client).unwrap();
        network.advance(HOUR / 4);
    }
    let logins = network.count(Operation::Authenticate);
    assert!((9..=11).contains(&logins), "half an hour each: {logins}");
}
