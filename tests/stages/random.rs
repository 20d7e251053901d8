//! Random numbers that a failed test can be given again.

use std::time::{Duration, SystemTime};

const SEED: &str = "TEST_SEED";

/// xorshift64, seeded by the environment or the clock.
pub(crate) struct Random {
    state: u64,
}

impl Random {
    /// Prints its seed: set it as TEST_SEED to see the same numbers.
    pub(crate) fn new() -> Self {
        let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let seed = std::env::var(SEED).map_or_else(|_| now().as_micros() as u64, |text| text.parse().unwrap());
        println!("{SEED}={seed}");
        Self { state: seed.max(1) }
    }

    /// A time below `limit`.
    pub(crate) fn below(&mut self, limit: Duration) -> Duration {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        limit.mul_f64((self.state >> 11) as f64 / (1u64 << 53) as f64)
    }
}
