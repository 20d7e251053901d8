use std::sync::atomic::{AtomicU64, Ordering as Atomic};

use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// Chance that comes out the same each time.
fn seeded(seed: u64) -> Jitter {
    let state = AtomicU64::new(seed);
    Jitter::of(move || {
        let mut mixed = state.fetch_add(0x9e37_79b9_7f4a_7c15, Atomic::Relaxed);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        fraction_of(mixed ^ (mixed >> 31))
    })
}

fn refused() -> Error {
    let (stage, controller) = (crate::error::Stage::Connect, "https://a:1".to_owned());
    Error::Transport { stage, controller, message: "connection refused".to_owned() }
}

/// A time is divided into so many parts to see whether clients keep together.
const PARTS: usize = 12;

/// Fails if more than three times as many as on average come in one part of the time `within` which all of them come.
fn assert_spread(times: &[Duration], within: Duration, what: &str) {
    let mut parts = [0_usize; PARTS];
    for time in times {
        let part = (time.as_secs_f64() / within.as_secs_f64() * PARTS as f64) as usize;
        assert!(part < PARTS, "{what}: {time:?} is not within {within:?}");
        parts[part] += 1;
    }
    let mean = times.len() as f64 / PARTS as f64;
    assert!(parts.iter().all(|part| *part as f64 <= 3.0 * mean), "{what}: {mean:.1} on average: {parts:?}");
}

#[test]
fn chance_is_from_0_up_to_1_and_not_the_same_twice() {
    for jitter in [Jitter::default(), seeded(7)] {
        let drawn: Vec<f64> = (0..1000).map(|_| jitter.fraction()).collect();
        assert!(drawn.iter().all(|drawn| (0.0..1.0).contains(drawn)));
        let mean = drawn.iter().sum::<f64>() / 1000.0;
        assert!((0.4..0.6).contains(&mean) && drawn.windows(2).all(|pair| pair[0] != pair[1]), "{mean}");
    }
}

#[test]
fn clients_begin_with_every_controller_equally_often() {
    let jitter = seeded(1);
    let mut first = [0_usize; 3];
    for _ in 0..3000 {
        let mut order = [0, 1, 2];
        jitter.shuffle(&mut order);
        first[order[0]] += 1;
        order.sort_unstable();
        assert_eq!(order, [0, 1, 2], "each is still there");
    }
    assert!(first.iter().all(|times| (850..1150).contains(times)), "{first:?}");
    let mut order = [0, 1, 2];
    Jitter::of(|| 0.0).shuffle(&mut order);
    assert_eq!(order, [0, 1, 2]);
    Jitter::of(|| 1.0).shuffle(&mut order);
    Jitter::default().shuffle::<u8>(&mut []);
}

#[test]
fn a_busy_controller_is_asked_a_few_times_more_ever_more_slowly() {
    let longest = Jitter::of(|| 0.999);
    let mut retries = Retries::default();
    let pauses: Vec<u128> = std::iter::from_fn(|| retries.pause(Duration::ZERO, 60 * SECOND, &longest))
        .map(|pause| pause.as_millis().div_ceil(100) * 100)
        .collect();
    assert_eq!(pauses, [500, 1000, 2000, 4000]);
}

#[test]
fn pauses_are_any_part_of_a_window_that_grows_and_never_none() {
    for (chance, quarters) in [(0.0, 1), (1.0, 4)] {
        let jitter = Jitter::of(move || chance);
        let mut backoff = Backoff::new(SECOND / 5, 2 * SECOND);
        let pauses: Vec<u128> = (0..7).map(|_| backoff.pause(&jitter).as_millis()).collect();
        let windows = [200, 400, 800, 1600, 2000, 2000, 2000];
        assert_eq!(pauses, windows.map(|window| window / 4 * quarters));
    }
}

#[test]
fn those_who_met_a_busy_controller_together_come_apart() {
    let jitter = seeded(5);
    let pauses = |made: usize, jitter: &Jitter| {
        let mut backoff = Backoff::new(SECOND / 5, 2 * SECOND);
        (0..made).map(|_| backoff.pause(jitter)).sum::<Duration>()
    };
    for made in 1..6 {
        let shortest = pauses(made, &Jitter::of(|| 0.0));
        let times: Vec<Duration> = (0..1000).map(|_| pauses(made, &jitter) - shortest).collect();
        assert_spread(&times, 3 * shortest, &format!("after {made} refusals"));
    }
}

#[test]
fn no_pause_is_begun_that_the_call_would_not_survive() {
    let jitter = seeded(3);
    let asked = |asked, left| Retries::default().pause(asked, left, &jitter);
    assert_eq!(asked(7 * SECOND, 7 * SECOND), None);
    assert_eq!(asked(7 * SECOND, 8 * SECOND), Some(7 * SECOND));
    assert_eq!(asked(Duration::ZERO, Duration::ZERO), None);
    assert!(asked(Duration::ZERO, SECOND).unwrap() < FIRST_PAUSE);
}

#[test]
fn who_asks_for_patience_gets_it_up_to_five_minutes() {
    for (asked, least, most) in [(0, 0, 0), (4, 4, 6), (100, 100, 110), (1_000_000_000, 300, 310)] {
        let got = patience(Duration::from_secs(asked), &seeded(asked));
        assert!(got >= least * SECOND && got <= most * SECOND, "{asked}: {got:?}");
    }
}

#[test]
fn clients_that_were_told_the_same_at_the_same_time_come_apart() {
    let jitter = seeded(11);
    let arrivals: Vec<Duration> = (0..1000).map(|_| patience(30 * SECOND, &jitter) - 30 * SECOND).collect();
    assert_spread(&arrivals, LONGEST_RETRY, "Retry-After: 30");
}

#[test]
fn renewals_of_logins_that_began_together_come_apart() {
    let whole = Duration::from_secs(1800);
    let due: Vec<Duration> = (0..1000).map(|n| whole.mul_f64(renewal_share(&format!("session-{n}")))).collect();
    assert!(due.iter().all(|due| (1080..1440).contains(&due.as_secs())), "{due:?}");
    let after: Vec<Duration> = due.iter().map(|due| *due - 1080 * SECOND).collect();
    assert_spread(&after, 360 * SECOND, "renewals");
    assert_eq!(renewal_share("a"), renewal_share("a"), "however often one looks");
}

#[test]
fn the_first_failure_holds_up_the_next_call_for_half_a_second_at_most() {
    let now = Instant::now();
    for seed in 0..100 {
        let outage = Outage::begin(refused(), now, &seeded(seed));
        let Turn::In(pause) = outage.turn(now, Some(30 * SECOND)) else { panic!("{outage:?}") };
        assert!((FIRST_PAUSE / 4..=FIRST_PAUSE).contains(&pause), "{pause:?}");
        assert_eq!(outage.turn(now + FIRST_PAUSE, Some(SECOND)), Turn::Now);
        assert_eq!(outage.turn(now, Some(SECOND / 10)), Turn::NotYet, "the call would not last so long");
        assert_eq!(outage.turn(now, None), Turn::NotYet, "nobody waits");
    }
}

#[test]
fn who_calls_rarely_is_not_held_up() {
    let jitter = Jitter::of(|| 0.999);
    let begun = Instant::now();
    let mut outage = Outage::begin(refused(), begun, &jitter);
    let next_day = begun + 24 * 3600 * SECOND;
    assert_eq!(outage.turn(next_day, Some(SECOND)), Turn::Now);
    outage.try_now(next_day, &jitter);
    outage.goes_on(refused(), next_day, &jitter);
    assert_eq!(outage.turn(next_day + 2 * SECOND, Some(SECOND)), Turn::Now, "two failures are no long outage");
}

#[test]
fn a_call_that_may_not_try_is_told_why_and_until_when() {
    let begun = Instant::now();
    let mut outage = Outage::begin(refused(), begun, &Jitter::of(|| 0.5));
    outage.attempts = 20;
    let now = begun + 600 * SECOND;
    outage.try_now(now, &Jitter::default());
    let told = outage.told(now + 15 * SECOND);
    let message = "https://a:1: connection refused; no controller has served for 615 s; the next attempt is due in \
                   45 s, retry_now() allows one at once (stage connect)";
    assert_eq!((told.to_string().as_str(), told.is_retryable()), (message, true));
}

/// What a client does that calls all the time, and loses its controllers when the clock starts.
struct Caller {
    outage: Outage,
    jitter: Jitter,
    began: Instant,
    /// When it made its attempts.
    attempts: Vec<Duration>,
}

impl Caller {
    fn new(seed: u64) -> Self {
        let (jitter, began) = (seeded(seed), Instant::now());
        Self { outage: Outage::begin(refused(), began, &jitter), jitter, began, attempts: vec![Duration::ZERO] }
    }

    /// Calls until an attempt is made at or after `end`.
    fn run(&mut self, end: Duration) -> Duration {
        let mut at = Duration::ZERO;
        loop {
            let now = self.began + at;
            match self.outage.turn(now, Some(30 * SECOND)) {
                Turn::In(pause) => at += pause,
                // It calls again.
                Turn::NotYet => at += SECOND / 2,
                Turn::Now => {
                    self.outage.try_now(now, &self.jitter);
                    self.attempts.push(at);
                    if at >= end {
                        return at;
                    }
                    self.outage.goes_on(refused(), now, &self.jitter);
                }
            }
        }
    }
}

#[test]
fn a_thousand_clients_come_back_apart_however_long_it_took() {
    for seconds in [1, 3, 10, 20, 40, 60, 90, 120, 300, 3600] {
        let back = seconds * SECOND;
        let arrivals: Vec<Duration> = (0..1000).map(|seed| Caller::new(seed).run(back) - back).collect();
        // A pause is no longer than the time that it has lasted; who calls each half second finds the end of a minute late.
        let longest = if back < 2 * MINUTE { MINUTE.min(back) } else { MINUTE + SECOND };
        assert_spread(&arrivals, longest, &format!("back after {seconds} s"));
        assert!(arrivals.iter().all(|arrival| *arrival <= MINUTE + SECOND), "nobody is kept out longer than a minute");
    }
}

#[test]
fn in_a_long_outage_there_is_one_attempt_a_minute() {
    for seed in 0..50 {
        let mut caller = Caller::new(seed);
        caller.run(3600 * SECOND);
        let late: Vec<&Duration> = caller.attempts.iter().filter(|at| **at > 3 * MINUTE).collect();
        assert!(late.windows(2).all(|pair| *pair[1] - *pair[0] >= MINUTE), "{late:?}");
        assert!(late.len() <= 58 && caller.attempts.len() <= 58 + 30, "{}", caller.attempts.len());
    }
}

proptest! {
    /// Whatever calls and failures come: no turn is further away than a minute, and none moves by waiting.
    #[test]
    fn a_turn_comes_within_a_minute(steps in prop::collection::vec((0_u64..200_000, any::<bool>()), 1..60), seed: u64) {
        let jitter = seeded(seed);
        let mut now = Instant::now();
        let mut outage = Outage::begin(refused(), now, &jitter);
        for (millis, fails) in steps {
            now += Duration::from_millis(millis);
            if outage.turn(now, None) == Turn::Now {
                outage.try_now(now, &jitter);
                if fails {
                    outage.goes_on(refused(), now, &jitter);
                }
                prop_assert_eq!(outage.turn(now, None), Turn::NotYet, "an attempt takes a turn");
            }
            prop_assert_eq!(outage.turn(now + MINUTE, None), Turn::Now);
        }
    }
}
