//! Points in time as controllers write them.

use std::fmt;

use time::OffsetDateTime;
use time::format_description::well_known::{Rfc2822, Rfc3339};

use super::fields::{Field, Place};
use super::json::Json;

/// A point in time, kept as the controller wrote it.
///
/// Controllers mostly write RFC 3339. What cannot be read is kept all the same: only
/// [`unix_seconds`](Timestamp::unix_seconds) is then `None`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Timestamp(Box<str>);

impl Timestamp {
    /// A timestamp, unless `text` is empty or says "unset" (the year 1).
    pub(crate) fn new(text: &str) -> Option<Self> {
        Self::is_set(text).then(|| Self(text.into()))
    }

    /// False if `text` is empty or says "unset".
    pub(crate) fn is_set(text: &str) -> bool {
        !text.is_empty() && !text.starts_with("0001-01-01T")
    }

    /// The text as the controller sent it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Seconds since 1970 without the fraction, or `None` if the text is not RFC 3339.
    pub fn unix_seconds(&self) -> Option<i64> {
        OffsetDateTime::parse(&self.0, &Rfc3339).ok().map(OffsetDateTime::unix_timestamp)
    }
}

/// As an `Option` the zero time is `None`, like nothing at all.
impl Field for Timestamp {
    fn from_value(value: Option<Json<'_>>, at: &Place<'_>) -> Self {
        Self(String::from_value(value, at).into())
    }

    fn if_given(value: Json<'_>, at: &Place<'_>) -> Option<Self> {
        Self::new(&String::from_value(Some(value), at))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Seconds since 1970 of an HTTP date such as `Sun, 22 Nov 2026 07:13:06 GMT`.
pub(crate) fn http_date(text: &str) -> Option<i64> {
    OffsetDateTime::parse(text.trim(), &Rfc2822).ok().map(OffsetDateTime::unix_timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<i64> {
        Timestamp::new(text).and_then(|timestamp| timestamp.unix_seconds())
    }

    #[test]
    fn every_way_to_write_one_moment_is_the_same_second() {
        for text in [
            "2026-11-22T07:13:06Z",
            "2026-11-22T07:13:06.1Z",
            "2026-11-22T07:13:06.123456789Z",
            "2026-11-22T09:13:06.000+02:00",
            "2026-11-22T02:43:06-04:30",
        ] {
            assert_eq!(seconds(text), Some(1_795_331_586), "{text}");
        }
    }

    #[test]
    fn every_number_of_fraction_digits_up_to_nine_is_read() {
        for digits in 1..=9 {
            let text = format!("2026-11-22T07:13:06.{}Z", "9".repeat(digits));
            assert_eq!(seconds(&text), Some(1_795_331_586), "{text}");
        }
    }

    #[test]
    fn the_zero_time_is_unset() {
        for text in ["", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"] {
            assert_eq!(Timestamp::new(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_kept_as_text() {
        for text in ["2026-11-22 07:16:27.068049081 +0000 UTC", "soon", "2026-13-01T00:00:00Z", "0000-00-00T00:00:00Z"]
        {
            let timestamp = Timestamp::new(text).unwrap();
            assert_eq!((timestamp.as_str(), timestamp.unix_seconds()), (text, None));
        }
    }

    #[test]
    fn http_dates_are_read() {
        assert_eq!(http_date("Sun, 22 Nov 2026 07:13:06 GMT"), Some(1_795_331_586));
        assert_eq!(http_date("120"), None);
    }
}
