//! What the tests of faults share: calls that hang in a known stage, on purpose, and proof that they did.
#![allow(dead_code, reason = "each test program uses its part")]

pub(crate) mod alone;
pub(crate) mod cells;
mod detour;
pub(crate) mod names;
pub(crate) mod random;
pub(crate) mod scene;
pub(crate) mod stopwatch;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use cells::Cell;

/// Runs all cells at the same time and tells all that failed by name: most of their time is waiting.
pub(crate) fn at_once(cells: &[Cell], run: impl Fn(&Cell) + Sync) {
    let failed = thread::scope(|scope| {
        let ended = cells.iter().map(|cell| scope.spawn(|| catch_unwind(AssertUnwindSafe(|| run(cell))).is_err()));
        let ended: Vec<_> = ended.collect();
        let failed = ended.into_iter().zip(cells).filter_map(|(ended, cell)| ended.join().unwrap().then_some(cell));
        failed.map(ToString::to_string).collect::<Vec<_>>()
    });
    assert!(!cells.is_empty(), "no cell was run");
    assert!(failed.is_empty(), "failed: {}", failed.join(", "));
}

/// Waits until `done` holds; fails with `what` if it never does.
pub(crate) fn wait_until(what: &str, done: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < end, "{what}: waited in vain");
        thread::sleep(Duration::from_millis(2));
    }
}
