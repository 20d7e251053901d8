//! The certificate bundle of `/.well-known/est/cacerts`: PKCS#7 that holds certificates and nothing else.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

const SIGNED_DATA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
const DATA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
const VERSION_1: &[u8] = &[0x02, 0x01, 0x01];
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const CONTEXT_0: u8 = 0xa0;

/// Base64 in lines of 64 without a final newline. The set of certificates stays in the order given, unsorted as the
/// real controller sends it, so a reader that insists on strict DER refuses it here too.
pub(crate) fn bundle<'a>(certificates: impl IntoIterator<Item = &'a [u8]>) -> String {
    let certificates: Vec<u8> = certificates.into_iter().flatten().copied().collect();
    let content = [
        VERSION_1,
        &element(SET, &[]),
        &element(SEQUENCE, DATA),
        &element(CONTEXT_0, &certificates),
        &element(SET, &[]),
    ]
    .concat();
    let signed = element(CONTEXT_0, &element(SEQUENCE, &content));
    wrap(&BASE64_STANDARD.encode(element(SEQUENCE, &[SIGNED_DATA, &signed].concat())))
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut element = vec![tag];
    match content.len() {
        short @ 0..128 => element.push(short as u8),
        _ => {
            element.push(0x80 | significant.len() as u8);
            element.extend(significant);
        }
    }
    element.extend(content);
    element
}

fn wrap(text: &str) -> String {
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("base64 is ASCII")).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_short_and_long_lengths() {
        assert_eq!(element(SEQUENCE, &[1, 2]), [0x30, 2, 1, 2]);
        assert_eq!(element(SEQUENCE, &[0; 128])[..3], [0x30, 0x81, 128]);
        assert_eq!(element(SEQUENCE, &[0; 256])[..4], [0x30, 0x82, 1, 0]);
    }

    #[test]
    fn wraps_at_64_without_a_final_newline() {
        let bundle = bundle([&[0x30, 0x80][..], &[0; 300]]);
        let lines: Vec<&str> = bundle.split('\n').collect();
        assert!(lines[..lines.len() - 1].iter().all(|line| line.len() == 64));
        assert!(!bundle.ends_with('\n'));
    }
}
