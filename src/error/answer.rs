//! Refusals: what a controller, or an identity provider, answered instead of what was asked for.

use std::fmt;
use std::time::{Duration, Instant};

use serde_json::value::RawValue;

/// What a controller, or an identity provider, answered instead of what was asked for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ApiError {
    /// The HTTP status. Controllers of 1.5 and later also send 601 to 606.
    pub status: u16,
    /// The controller's code such as `INVALID_AUTH`, or `HTTP_<status>` where it sent none.
    pub code: String,
    /// The controller's message, or an excerpt of an answer that is not its own (a proxy's page).
    pub message: String,
    /// The cause as the controller sent it: JSON of changing shape.
    pub cause: Option<Box<RawValue>>,
    /// What the controller calls this request in its log.
    pub request_id: Option<String>,
    /// How long the controller asks to wait before another try; of a refusal that is believed for a while, how long it
    /// is until the next login asks the controller again.
    pub retry_after: Option<Duration>,
    /// The operation, as `METHOD /path`.
    pub operation: String,
}

/// How a node begins that was to hand on a change, and could not connect to its leader.
const NO_PEER: &str = "error dialing peer ";

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}: {}", self.operation, self.status, self.code, self.message)?;
        if let Some(cause) = self.cause_summary() {
            write!(f, " ({cause})")?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " [request {id}]")?;
        }
        Ok(())
    }
}

impl ApiError {
    /// True if the controller says that it has not even begun: too much to do, or no leader in its cluster that it can
    /// reach. Other answers with these statuses may come from something in between, which knows nothing.
    pub(crate) fn was_not_carried_out(&self) -> bool {
        match self.status {
            429 => matches!(self.code.as_str(), "SERVER_TOO_MANY_REQUESTS" | "RATE_LIMITED"),
            503 => self.code == "CLUSTER_NO_LEADER",
            // Before 2.0, where the leader is gone and there is no other one yet; 2.0 makes a 429 of it.
            500 => self.code == "UNHANDLED" && self.cause_message().is_some_and(|told| told.starts_with(NO_PEER)),
            _ => false,
        }
    }

    fn cause_message(&self) -> Option<String> {
        let cause: serde_json::Value = serde_json::from_str(self.cause.as_ref()?.get()).ok()?;
        cause.get("message")?.as_str().map(str::to_owned)
    }

    /// The part of the cause that a person reads: its reason with the field, or its message. `None` if that is what the
    /// message says already.
    fn cause_summary(&self) -> Option<String> {
        let cause: serde_json::Value = serde_json::from_str(self.cause.as_ref()?.get()).ok()?;
        let text = |key: &str| cause.get(key).and_then(|v| v.as_str());
        let reason = text("reason").or(text("message"))?;
        Some(match text("field") {
            Some(field) => format!("{}: {}", one_line(field), one_line(reason)),
            None => Some(one_line(reason)).filter(|reason| !self.says(reason))?,
        })
    }

    /// True if the message is this sentence, perhaps with a note of ours.
    fn says(&self, sentence: &str) -> bool {
        let rest = self.message.strip_prefix(sentence.trim_end_matches('.')).map(|rest| rest.trim_start_matches('.'));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("; "))
    }

    /// The name of the field that the cause points at.
    pub fn cause_field(&self) -> Option<String> {
        #[derive(serde::Deserialize)]
        struct Cause {
            field: Option<String>,
        }
        serde_json::from_str::<Cause>(self.cause.as_ref()?.get()).ok()?.field
    }
}

/// A refusal of an identity's credentials, with what is known and no guessed cause.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Rejection {
    /// The controller's answer.
    pub answer: ApiError,
    /// What is known here that may matter, such as when the certificate expired, by the local clock,
    /// or when the last login succeeded.
    pub known: Vec<String>,
    pub(crate) believed: Believed,
    /// When the controller answered, by the clock that nobody sets.
    pub(crate) at: Instant,
    /// How long ago that was, once it answers for a login that did not ask.
    pub(crate) age: Duration,
}

/// A refusal of credentials, or of an external JWT, is believed for this long before a silent login asks again.
pub(crate) const REJECTED_FOR: Duration = Duration::from_secs(600);

/// How long a refusal answers for logins that nobody asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Believed {
    /// The controller would have been asked again, had the call had more time.
    NotAtAll,
    ForAWhile,
    /// Also where a user asks for the login: he has to say that it is worth another try, or give other credentials.
    UntilToldOtherwise,
}

impl Rejection {
    /// The same as it is told now: with its age, and how long it is until a login asks again.
    pub(crate) fn told(&self, now: Instant) -> Self {
        let mut told = self.clone();
        told.age = now.saturating_duration_since(self.at);
        if self.believed == Believed::ForAWhile {
            told.answer.retry_after = Some(REJECTED_FOR.saturating_sub(told.age));
        }
        told
    }

    /// True if it answers for a login now that nobody asked for.
    pub(crate) fn answers_silent(&self, now: Instant) -> bool {
        match self.believed {
            Believed::NotAtAll => false,
            Believed::ForAWhile => now.saturating_duration_since(self.at) < REJECTED_FOR,
            Believed::UntilToldOtherwise => true,
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the controller refuses this identity: {}", self.answer)?;
        for fact in &self.known {
            write!(f, "; {fact}")?;
        }
        if self.age.as_secs() > 0 {
            write!(f, "; this is its answer of {} s ago", self.age.as_secs())?;
        }
        match self.answer.retry_after.filter(|_| self.believed == Believed::ForAWhile) {
            Some(Duration::ZERO) => f.write_str("; the next call that needs a login asks it again"),
            Some(left) => write!(f, "; it is asked again in {} s, or after retry_now", left.as_secs_f64().ceil()),
            None => Ok(()),
        }
    }
}

/// The start of what somebody else wrote, fit for one line of a log.
pub(crate) fn one_line(text: &str) -> String {
    const LONGEST: usize = 300;
    text.chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_of_any_length_is_one_short_line_of_the_message() {
        let cause = serde_json::json!({"field": "na\nme", "reason": format!("bad\r\n{}", "x".repeat(100_000))});
        let error = ApiError {
            status: 400,
            code: "BAD".to_owned(),
            message: "no".to_owned(),
            cause: Some(RawValue::from_string(cause.to_string()).unwrap()),
            request_id: None,
            retry_after: None,
            operation: "GET /x".to_owned(),
        };
        let text = error.to_string();
        assert!(text.starts_with("GET /x: 400 BAD: no (na me: bad  xxx") && text.ends_with("xx)"), "{text}");
        assert!(text.len() < 400, "{}", text.len());
        assert_eq!(error.cause_field().as_deref(), Some("na\nme"), "as it came");
    }

    #[test]
    fn a_cause_that_says_what_the_message_says_is_not_told_twice() {
        let told = |message: &str, cause: &str| {
            let error = ApiError {
                status: 401,
                code: "UNAUTHORIZED".to_owned(),
                message: message.to_owned(),
                cause: Some(RawValue::from_string(cause.to_owned()).unwrap()),
                request_id: None,
                retry_after: None,
                operation: "GET /x".to_owned(),
            };
            error.to_string()
        };
        for (message, cause, says) in [
            ("gone", r#"{"message": "gone"}"#, "gone"),
            ("gone", r#"{"message": "gone."}"#, "gone"),
            ("gone.", r#"{"reason": "gone"}"#, "gone."),
            ("gone; not asked again", r#"{"message": "gone"}"#, "gone; not asked again"),
            ("gone", r#"{"reason": "gone", "field": "id"}"#, "gone (id: gone)"),
            ("gone away", r#"{"message": "gone"}"#, "gone away (gone)"),
            ("gone", r#"{"message": "gone away"}"#, "gone (gone away)"),
        ] {
            assert_eq!(told(message, cause), format!("GET /x: 401 UNAUTHORIZED: {says}"), "{cause}");
        }
    }
}
