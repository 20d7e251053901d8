//! Three controllers under a random schedule of faults, of which one is always well.
//!
//! `HA_SEED` runs a schedule once more, `HA_STEPS` makes it longer.

use std::env;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ziti_edge_client::{Client, LoginFlow};
use ziti_edge_testkit::{Fault, Operation, TestController, Version};

use crate::support::answer;
use crate::{HOUR, Network, SECOND, list, order};

const THREADS: usize = 4;
/// The most logins that are begun in one step, however many threads call: they share one at a time, and two of three
/// controllers can each refuse it, lose its answer (it is asked for once more if the connection was an old one), or
/// take it and fail at what comes next.
const LOGINS_PER_STEP: usize = 6;
/// Certificates count as new for two minutes, and only those of new ones may be refused by a node that lags behind.
const NODES_LAG_FOR: Duration = Duration::from_secs(90);

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

/// What happens to one controller.
fn strike(controller: &TestController, chance: &Chance, may_lag: bool) -> &'static str {
    let retry_after = || [None, Some("1"), Some("30"), Some("1000000000")][chance.below(4)].map(str::to_owned);
    let read = [Operation::Services, Operation::CurrentApiSession, Operation::Authenticate][chance.below(3)];
    let (name, operation, fault) = match chance.below(16) {
        0..=2 => ("refuses", Operation::Any, Fault::Refuse),
        3..=4 => ("resets", Operation::Any, Fault::Reset),
        5 => ("is in the way of a proxy", Operation::Any, Fault::Status(502)),
        6 => ("has no time", Operation::Any, answer(503, "later")),
        7 => ("times out", Operation::Any, Fault::Status(504)),
        // What may not be done twice is done twice only after this, so it strikes nothing of that kind.
        8..=9 => (BUSY, read, Fault::TooManyRequests { retry_after: retry_after() }),
        10..=11 => ("ends in the middle", Operation::Any, Fault::Truncate),
        12 => ("loses answers", Operation::Any, Fault::LostAnswer),
        13 if may_lag => ("lags behind", Operation::Authenticate, answer(401, NOT_KNOWN)),
        // Silence costs seconds each time.
        14 if chance.below(10) == 0 => ("is silent", Operation::Any, Fault::StallBeforeAnswer),
        _ => {
            controller.expire_sessions();
            ("restarts", Operation::Any, Fault::Refuse)
        }
    };
    controller.fault(operation, fault);
    name
}

const BUSY: &str = "is busy";
/// A controller that asks for patience is left alone for five minutes at most, and some seconds for chance; it may have
/// asked two minutes after it was made to.
const LONGEST_PATIENCE: Duration = Duration::from_secs(120 + 310 + 60);
const NOT_KNOWN: &str = r#"{"error":{"code":"INVALID_AUTH","message":"not known yet"},"meta":{}}"#;

#[test]
fn calls_succeed_while_one_controller_is_well() {
    run(LoginFlow::Legacy);
}

#[test]
fn calls_succeed_while_one_controller_is_well_with_logins_over_oidc() {
    run(LoginFlow::Oidc);
}

fn run(flow: LoginFlow) {
    let seed = number("HA_SEED").unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs());
    let steps = number("HA_STEPS").unwrap_or(1000) as usize;
    println!("HA_SEED={seed} HA_STEPS={steps}, {flow:?}");
    let chance = Chance(AtomicU64::new(seed));
    let jitter = Chance(AtomicU64::new(!seed));
    let network = Network::new(3, Version::V2_0, |builder| builder.chance(move || jitter.fraction()).login_flow(flow));
    let began = Instant::now();
    let (orders, mut logins, mut most, mut struck) = (AtomicUsize::new(0), 0, 0, 0);
    let mut slowest = (Duration::ZERO, String::new());
    // Until when each may be left alone, because it asked for that.
    let (mut now, mut patience) = (Duration::ZERO, [Duration::ZERO; 3]);
    for step in 0..steps {
        let may_be_asked: Vec<usize> = (0..3).filter(|at| patience[*at] <= now).collect();
        let well = may_be_asked[chance.below(may_be_asked.len())];
        let mut what = format!("step {step}: {well} is well");
        for (at, controller) in network.controllers.iter().enumerate() {
            controller.clear_faults();
            if at != well && chance.below(5) > 0 {
                let name = strike(controller, &chance, began.elapsed() < NODES_LAG_FOR);
                if name == BUSY {
                    patience[at] = now + LONGEST_PATIENCE;
                }
                struck += 1;
                what += &format!(", {at} {name}");
            }
        }
        let pause = SECOND * chance.below(120) as u32;
        now += pause;
        network.advance(pause);
        let step_began = Instant::now();
        make_calls(&network.client, &orders, &what);
        if step_began.elapsed() > slowest.0 {
            slowest = (step_began.elapsed(), what.clone());
        }
        let made = network.count(match flow {
            LoginFlow::Oidc => Operation::Named("oidcAuthorize"),
            _ => Operation::Authenticate,
        });
        assert!(made <= LOGINS_PER_STEP, "{made} logins in {what}, HA_SEED={seed}");
        most = most.max(made);
        logins += made;
        assert_orders_came_once(&network, &what);
        network.clear_requests();
    }
    let played: usize = network.controllers.iter().map(TestController::faults_played).sum();
    println!(
        "{struck} faults struck {played} times; {logins} logins, {most} at most in a step; {} orders; {:?}; the \
         slowest: {slowest:?}",
        orders.load(Ordering::Relaxed),
        began.elapsed()
    );
    assert!(struck > steps && played > steps / 2, "{struck} faults struck only {played} times");
    assert!(logins <= struck, "{logins} logins, more than faults, HA_SEED={seed}");
}

/// Several threads call at once. What can be repeated succeeds.
fn make_calls(client: &Client, orders: &AtomicUsize, what: &str) {
    thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || match thread {
                0 | 1 => assert_eq!(list(client).unwrap_or_else(|error| panic!("{what}: list: {error:?}")), 2),
                2 => {
                    client.current_api_session().get().unwrap_or_else(|error| panic!("{what}: session: {error:?}"));
                }
                _ => drop(order(client, orders.fetch_add(1, Ordering::Relaxed))),
            });
        }
    });
}

/// No order came to controllers more than once, whatever became of its answer.
fn assert_orders_came_once(network: &Network, what: &str) {
    let seen = network.controllers.iter().flat_map(TestController::requests);
    let mut paths: Vec<String> = seen.map(|seen| seen.path).filter(|path| path.contains("/orders/")).collect();
    let came = paths.len();
    paths.sort_unstable();
    paths.dedup();
    assert_eq!(paths.len(), came, "{what}: {paths:?}");
    assert!(came <= 1, "{what}");
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
