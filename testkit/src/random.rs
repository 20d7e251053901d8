//! Identifiers in the shapes the real controller gives them.

use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

const ALPHANUMERIC: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// The digits of Base32.
pub(crate) const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const LOWER: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the system has random numbers");
    bytes
}

fn spell(bytes: &[u8], letters: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(letters[usize::from(*byte) % letters.len()])).collect()
}

/// Nine characters: identities, enrollments, authenticators and request ids.
pub(crate) fn short_id() -> String {
    spell(&bytes::<9>(), ALPHANUMERIC)
}

/// Twenty-five characters: sessions and the instance.
pub(crate) fn session_id() -> String {
    format!("c{}", spell(&bytes::<24>(), LOWER))
}

/// Twenty-two characters that follow from `name` alone: services, configs and policies keep their ids from run to run.
pub(crate) fn long_id(name: &str) -> String {
    spell(&digest(&SHA256, name.as_bytes()).as_ref()[..22], ALPHANUMERIC)
}

/// Six characters: recovery codes.
pub(crate) fn recovery_code() -> String {
    spell(&bytes::<6>(), BASE32)
}

/// Twenty-two characters that never come again: second factors, signers and authorities.
pub(crate) fn long_random_id() -> String {
    spell(&bytes::<22>(), ALPHANUMERIC)
}

/// A random UUID, as tokens are.
pub(crate) fn uuid() -> String {
    let mut bytes = bytes::<16>();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex(&bytes);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// Whether `text` has the shape of a UUID.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_has_the_shape_of_a_uuid() {
        assert!(is_uuid(&uuid()));
        assert!(!is_uuid("nope"));
        assert!(!is_uuid("zzzzzzzz-0000-0000-0000-000000000000"));
    }

    #[test]
    fn long_ids_follow_from_the_name() {
        assert_eq!(long_id("svc-00001"), long_id("svc-00001"));
        assert_ne!(long_id("svc-00001"), long_id("svc-00002"));
        assert_eq!(long_id("x").len(), 22);
    }
}
