//! One-time codes by time (RFC 6238) as the controller makes them: SHA-1, six digits, a new one every 30 seconds.

use ring::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
use time::OffsetDateTime;

use crate::random;

const STEP: i64 = 30;
/// How many steps a code may be early or late.
const TOLERANCE: i64 = 2;

/// What an authenticator app and the controller share.
#[derive(Clone)]
pub(crate) struct Secret([u8; 10]);

impl Secret {
    pub(crate) fn new() -> Self {
        Self(random::bytes())
    }

    /// In Base32, as provisioning URLs carry it.
    pub(crate) fn base32(&self) -> String {
        let bits = self.0.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
        let bits: Vec<u8> = bits.collect();
        let digit = |bits: &[u8]| bits.iter().fold(0, |digit, bit| digit << 1 | usize::from(*bit));
        bits.chunks(5).map(|bits| char::from(random::BASE32[digit(bits)])).collect()
    }

    /// The code of a time.
    pub(crate) fn code(&self, time: OffsetDateTime) -> String {
        code(&self.0, time.unix_timestamp().div_euclid(STEP))
    }

    /// Whether `code` belongs to a time near `now`. It may be used again as long as it does.
    pub(crate) fn accepts(&self, given: &str, now: OffsetDateTime) -> bool {
        let step = now.unix_timestamp().div_euclid(STEP);
        (step - TOLERANCE..=step + TOLERANCE).any(|step| code(&self.0, step) == given)
    }
}

fn code(secret: &[u8], step: i64) -> String {
    let key = Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let mac = sign(&key, &step.to_be_bytes());
    let at = usize::from(mac.as_ref()[19] & 0x0f);
    let number = mac.as_ref()[at..at + 4].iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
    format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn codes_are_those_of_the_rfc() {
        // The RFC prints eight digits; these are the last six of them.
        for (time, expected) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            assert_eq!(code(b"12345678901234567890", time / STEP), expected);
        }
    }

    #[test]
    fn a_code_holds_two_steps_before_and_after() {
        let secret = Secret::new();
        let now = OffsetDateTime::from_unix_timestamp(1_795_330_440).unwrap();
        let code = secret.code(now);
        for (steps, good) in [(-3, false), (-2, true), (0, true), (2, true), (3, false)] {
            let then = now + time::Duration::seconds(steps * STEP);
            assert_eq!(secret.accepts(&code, then), good, "{steps} steps away");
        }
        assert!(!secret.accepts("", now) && !secret.accepts(&code[1..], now));
        assert!(!secret.accepts(&code, now + Duration::from_secs(86_400)));
    }

    #[test]
    fn the_secret_is_written_in_base32() {
        assert_eq!(Secret(*b"Hello!\xde\xad\xbe\xef").base32(), "JBSWY3DPEHPK3PXP");
    }
}
