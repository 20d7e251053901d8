//! Values, as a filter quotes them.

use crate::error::shown;
use crate::wire::Timestamp;

/// The right side of a comparison: a text, a number, a boolean or a point in time.
///
/// A text with a backslash right before an `f`, `n`, `r` or `t` cannot be sent: no controller can be asked for it. The
/// call is then [`Error::InvalidArgument`](crate::Error::InvalidArgument).
#[derive(Debug, Clone)]
pub struct FilterValue {
    pub(super) text: String,
    pub(super) problem: Option<String>,
}

impl FilterValue {
    /// What needs no quotes.
    pub(super) fn word(word: impl Into<String>) -> Self {
        Self { text: word.into(), problem: None }
    }
}

impl From<&str> for FilterValue {
    fn from(text: &str) -> Self {
        match quoted(text) {
            Ok(text) => Self::word(text),
            Err(problem) => Self { text: String::new(), problem: Some(problem) },
        }
    }
}

impl From<&String> for FilterValue {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<String> for FilterValue {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

macro_rules! from_numbers {
    ($($number:ty)*) => {$(
        impl From<$number> for FilterValue {
            fn from(number: $number) -> Self {
                Self::word(number.to_string())
            }
        }
    )*};
}

from_numbers!(i32 u32 i64 u64);

impl From<bool> for FilterValue {
    fn from(flag: bool) -> Self {
        Self::word(flag.to_string())
    }
}

impl From<Timestamp> for FilterValue {
    fn from(time: Timestamp) -> Self {
        Self::from(&time)
    }
}

impl From<&Timestamp> for FilterValue {
    fn from(time: &Timestamp) -> Self {
        Self::word(format!("datetime({time})"))
    }
}

/// The text in double quotes, as a filter wants it, or why there is no such filter.
///
/// Controllers take escapes off in turns: first two backslashes become one, then each escape of a quote or a control
/// character that is there by now becomes what it stands for, then two backslashes become one once more. So a backslash
/// takes four, and before some letters none arrives.
pub(crate) fn quoted(text: &str) -> Result<String, String> {
    if ["\\f", "\\n", "\\r", "\\t"].iter().any(|escape| text.contains(escape)) {
        return Err(format!(
            "filter: {} has a backslash before f, n, r or t, which controllers cannot look for",
            shown(text)
        ));
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{c}' => quoted.push_str("\\f"),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    Ok(quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What controllers take a literal for.
    fn understood(literal: &str) -> String {
        let inner = literal.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
        let steps = [("\\\\", "\\"), ("\\\"", "\""), ("\\f", "\u{c}"), ("\\n", "\n"), ("\\r", "\r"), ("\\t", "\t")];
        let text = steps.iter().fold(inner.to_owned(), |text, (escape, meant)| text.replace(escape, meant));
        text.replace("\\\\", "\\")
    }

    #[test]
    fn every_text_is_understood_or_refused() {
        const LETTERS: [char; 7] = ['\\', '"', 'n', '\n', 'x', '\t', 'ä'];
        for number in 0..LETTERS.len().pow(5) {
            let letter = |place| LETTERS[number / LETTERS.len().pow(place) % LETTERS.len()];
            let text: String = (0..5).map(letter).collect();
            match quoted(&text) {
                Ok(literal) => assert_eq!(understood(&literal), text, "{literal}"),
                Err(problem) => assert!(text.contains("\\n"), "{problem}"),
            }
        }
    }
}
