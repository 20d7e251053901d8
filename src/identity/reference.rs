//! The forms in which an identity file gives a key or certificate.

use std::path::{Path, PathBuf};

use super::reading::read_text;
use crate::error::Error;
use crate::secret::Secret;

/// The shortest private key in base64 is not shorter.
const SHORTEST_DER: usize = 60;
/// Longer words before a colon are not schemes.
const LONGEST_SCHEME: usize = 32;

/// Where the PEM text of `id.key`, `id.cert` or `id.ca` is.
///
/// `pem:` or `pem://` and then the text; `file:` or `file://` and then a path; or bare: what contains
/// `-----BEGIN` is the text, anything else is a path. A path is taken literally, nothing in it is decoded. Any other
/// scheme names a key that is not in a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reference<'a> {
    Text(&'a str),
    File(PathBuf),
    External(&'a str),
}

impl<'a> Reference<'a> {
    /// Reads one member's text. `what` names the member for errors.
    pub(super) fn parse(what: &str, value: &'a str) -> Result<Self, Error> {
        let bad = |why: &str| Err(Error::Identity(format!("{what}: {why}")));
        let value = value.trim_start();
        if let Some(text) = strip_scheme(value, "pem") {
            return match text.contains("-----BEGIN") {
                true => Ok(Self::Text(text.trim_start())),
                false => bad("there is no PEM text after pem:"),
            };
        }
        let file = strip_scheme(value, "file");
        if file.is_none() && value.contains("-----BEGIN") {
            return Ok(Self::Text(value));
        }
        if is_damaged_pem(file.unwrap_or(value)) {
            return bad("is neither a path nor PEM text, whose lines with BEGIN and END are missing or damaged");
        }
        if let Some(path) = file {
            return match windows_path(path.trim_end()) {
                "" => bad("there is no path after file:"),
                path => Ok(Self::File(path.into())),
            };
        }
        let value = value.trim_end();
        Ok(if is_external(value) { Self::External(value) } else { Self::File(value.into()) })
    }

    /// True for what is not in a file.
    pub(super) fn is_external(&self) -> bool {
        matches!(self, Self::External(_))
    }

    /// The PEM text. `what` names the member for errors; relative paths start at `folder`.
    pub(super) fn resolve(&self, what: &str, folder: &Path) -> Result<Secret, Error> {
        match self {
            Self::Text(text) => Ok(Secret::new(*text)),
            Self::File(path) => {
                let path = folder.join(path);
                let mut text = read_text(&format!("{what}: file {}", path.display()), &path)?;
                Ok(Secret::new(std::mem::take(&mut *text)))
            }
            Self::External(reference) => Err(Error::Unsupported(format!(
                "{what}: {} is not in a file; a key that is kept elsewhere needs its signer (load_with_signer), and \
                 anything else has to be given as pem: or file:",
                shown(reference)
            ))),
        }
    }
}

/// A reference without what may be secret in it: its query can hold a PIN.
pub(super) fn shown(reference: &str) -> &str {
    reference.split('?').next().unwrap_or(reference)
}

/// True for what must not be taken for a path, because a path is shown in errors: this may be a key.
fn is_damaged_pem(value: &str) -> bool {
    let value = value.trim_end();
    let is_base64 = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b));
    // DER in base64 begins with an M, and PEM text that somebody wrapped in base64 once more with LS0t.
    let is_key = value.starts_with('M') || value.starts_with("LS0t");
    let is_bare = value.len() >= SHORTEST_DER && is_key && is_base64(value);
    is_bare || value.contains(['\n', '\r']) || value.contains("-----") || value.contains("PRIVATE KEY")
}

/// What follows `scheme:` or `scheme://`, if the value begins so in any case of letters.
fn strip_scheme<'a>(value: &'a str, scheme: &str) -> Option<&'a str> {
    let (word, rest) = value.split_once(':')?;
    word.eq_ignore_ascii_case(scheme).then(|| rest.strip_prefix("//").unwrap_or(rest))
}

/// `file:///C:/x` leaves `/C:/x`, of which the first slash is not part of the path.
fn windows_path(path: &str) -> &str {
    match path.as_bytes() {
        [b'/', letter, b':', ..] if letter.is_ascii_alphabetic() => &path[1..],
        _ => path,
    }
}

/// True for a word, such as `pkcs11`, and a colon with something behind it; one letter is a Windows drive.
fn is_external(value: &str) -> bool {
    value.split_once(':').is_some_and(|(word, name)| {
        (2..=LONGEST_SCHEME).contains(&word.len())
            && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-".contains(&b))
            && !name.is_empty()
    })
}
