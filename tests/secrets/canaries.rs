//! Secrets that must not be seen, and how to find them whatever way they are written.

use std::collections::{BTreeSet, HashMap};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};

/// So much of a secret is a find. Less would be found by chance.
const ENOUGH: usize = 14;
/// No form of a secret is shorter.
const SHORTEST: usize = 8;

/// Planted secrets by name, in every form in which they would show, sorted by how these begin.
#[derive(Default)]
pub(crate) struct Canaries {
    names: Vec<String>,
    forms: HashMap<[u8; SHORTEST], Vec<Form>>,
}

struct Form {
    bytes: Vec<u8>,
    /// Whose form it is.
    canary: usize,
}

impl Canaries {
    pub(crate) fn plant(&mut self, name: &str, secret: impl AsRef<[u8]>) {
        let secret = secret.as_ref();
        assert!(secret.len() >= ENOUGH, "{name} is too short to be told from other text");
        let canary = self.names.len();
        self.names.push(name.to_owned());
        let in_hex: String = secret[..ENOUGH].iter().map(|byte| format!("{byte:02x}")).collect();
        let in_base64 = in_base64(secret).into_iter().map(String::into_bytes);
        for bytes in in_base64.chain([secret.to_vec(), secret[..ENOUGH].to_vec(), in_hex.into_bytes()]) {
            let start = *bytes.first_chunk().expect("no form is shorter than the secret");
            self.forms.entry(start).or_default().push(Form { bytes, canary });
        }
    }

    /// Each line of a PEM key, as it is written and as the bytes it stands for.
    pub(crate) fn plant_key(&mut self, name: &str, pem: &str) {
        let lines = pem.lines().filter(|line| !line.starts_with("pem:") && !line.starts_with("-----"));
        for (number, line) in lines.enumerate().filter(|(_, line)| line.len() > 2 * ENOUGH) {
            self.plant(&format!("{name}, line {}", number + 1), line);
            let bytes = BASE64_STANDARD_NO_PAD.decode(line.trim_end_matches('=')).expect("base64");
            // All keys of a kind begin alike.
            let end = &bytes[bytes.len().saturating_sub(ENOUGH)..];
            self.plant(&format!("{name}, bytes of line {}", number + 1), end);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// The names of the secrets that show in a text: plain, in base64, in hex, or as a list of numbers. Rows of a dump
    /// are joined before.
    pub(crate) fn found_in(&self, text: &str) -> Vec<&str> {
        let words = || text.split(|c: char| !c.is_ascii_alphanumeric());
        let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let hex: String = text.chars().filter(char::is_ascii_hexdigit).collect();
        let pairs: String = words().filter(|word| word.len() == 2 && is_hex(word)).collect();
        let numbers: Vec<u8> = words().filter_map(|word| word.parse().ok()).collect();
        let mut found = BTreeSet::new();
        for text in [text, &compact, &hex.to_ascii_lowercase(), &pairs.to_ascii_lowercase()] {
            self.search(text.as_bytes(), &mut found);
        }
        self.search(&numbers, &mut found);
        found.into_iter().map(|canary| self.names[canary].as_str()).collect()
    }

    fn search(&self, text: &[u8], found: &mut BTreeSet<usize>) {
        for at in 0..text.len() {
            let rest = &text[at..];
            let forms = rest.first_chunk().and_then(|start| self.forms.get(start));
            let shown = forms.into_iter().flatten().filter(|form| rest.starts_with(&form.bytes));
            found.extend(shown.map(|form| form.canary));
        }
    }
}

fn is_hex(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What of a secret is the same in every text that holds it in base64: it may begin at any of three places in a group,
/// and what comes before and after it decides on the letters at its ends.
fn in_base64(secret: &[u8]) -> Vec<String> {
    let mut forms = Vec::new();
    for before in 0..3 {
        let padded = [&[0; 2][..before], secret].concat();
        for encoded in [BASE64_STANDARD.encode(&padded), BASE64_URL_SAFE_NO_PAD.encode(&padded)] {
            let letters = encoded.trim_end_matches('=');
            forms.push(letters[[0, 2, 3][before]..letters.len() - 1].to_owned());
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "canary-0123456789-bird";

    fn canaries() -> Canaries {
        let mut canaries = Canaries::default();
        canaries.plant("bird", SECRET);
        canaries
    }

    #[test]
    fn a_secret_is_found_in_every_disguise() {
        let hex: String = SECRET.bytes().map(|byte| format!("{byte:02X}")).collect();
        let dump = SECRET.as_bytes().chunks(8).enumerate().map(|(row, bytes)| {
            let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{:04x}: {}  |{}|\n", row * 8, pairs.join(" "), String::from_utf8_lossy(bytes))
        });
        let texts = [
            format!("token={SECRET}&x"),
            format!("{}\n{}", &SECRET[..9], &SECRET[9..]),
            hex.clone(),
            format!("{}\n{}", &hex[..20], &hex[20..]),
            dump.collect(),
            format!("{:?}", SECRET.as_bytes()),
            BASE64_STANDARD.encode(SECRET),
            BASE64_STANDARD.encode(format!("x{SECRET}y")),
            BASE64_URL_SAFE_NO_PAD.encode(format!("{{\"jti\":\"{SECRET}\"}}")),
            BASE64_STANDARD.encode(format!("xy{SECRET}")),
        ];
        for text in texts {
            assert_eq!(canaries().found_in(&format!("some {text} thing")), ["bird"], "{text}");
        }
    }

    #[test]
    fn other_text_is_not_taken_for_a_secret() {
        for text in ["", "canary-0123", "63 61 6e 61 72 79", "[99, 97, 110, 97]", "Y2FuYXJ5"] {
            assert_eq!(canaries().found_in(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn every_line_of_a_key_is_found() {
        let pem = rcgen::KeyPair::generate().unwrap().serialize_pem();
        let mut canaries = Canaries::default();
        canaries.plant_key("key", &pem);
        assert_eq!(canaries.found_in(&pem).len(), canaries.len());
        for line in pem.lines().filter(|line| line.len() > 8 && !line.starts_with("---")) {
            assert!(!canaries.found_in(&format!("x{line}y")).is_empty(), "{line}");
        }
    }
}
