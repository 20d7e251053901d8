//! How a call of an operation ends.

use ziti_edge_client::{ApiError, Error};

/// How a call ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    Success,
    /// The controller's answer with this status and code.
    Refused(u16, &'static str),
    /// The controller has no such operation, and the error says so.
    NotThere,
}

impl Outcome {
    pub(crate) fn check(self, result: Result<(), Error>) {
        match (self, result) {
            (Self::Success, Ok(())) => {}
            (Self::Refused(status, code), Err(error)) => {
                let answer = answer_of(&error).unwrap_or_else(|| panic!("no answer of a controller: {error:?}"));
                assert_eq!((answer.status, answer.code.as_str()), (status, code), "{error}");
            }
            (Self::NotThere, Err(Error::Unsupported(message))) => {
                assert!(message.contains("not implemented by this controller"), "{message}");
            }
            (wanted, result) => panic!("{wanted:?} was expected: {result:?}"),
        }
    }
}

fn answer_of(error: &Error) -> Option<&ApiError> {
    match error {
        Error::Api(answer) | Error::Unauthorized(answer) | Error::Busy(answer) => Some(answer),
        Error::Enrollment { answer, .. } => answer.as_deref(),
        _ => None,
    }
}
