//! Why a call failed, sorted by what its caller can do about it.

mod answer;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use answer::{ApiError, Rejection};
pub(crate) use answer::{Believed, REJECTED_FOR, one_line};

use crate::login::AuthQuery;

/// Why a call failed.
///
/// The variants say what a caller can do: try again ([`is_retryable`](Error::is_retryable)), log in,
/// mend a configuration, or report a bug. No message ever holds a secret.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An argument cannot be used; the message names it and says what is expected.
    #[error("{0}")]
    InvalidArgument(String),
    /// No usable answer came: name look-up, connection, proxy, or the connection broke.
    #[error("{controller}: {message} (stage {stage})")]
    Transport {
        /// How far the call had come.
        stage: Stage,
        /// The controller that was asked, as `https://host:port`.
        controller: String,
        /// What happened.
        message: String,
    },
    /// The deadline of the call passed.
    #[error("{} (stage {stage}, {:.1} s)", during(controller, &deadline_passed(proxy)), limit.as_secs_f64())]
    Timeout {
        /// What the call was doing when its time was up.
        stage: Stage,
        /// The controller that was asked last, if one was asked.
        controller: Option<String>,
        /// The proxy, if a connection was being opened through one.
        proxy: Option<String>,
        /// The time the call had been given.
        limit: Duration,
    },
    /// A cancel token of the call was used.
    #[error("the call was canceled (stage {stage})")]
    Canceled {
        /// What the call was doing when it was canceled.
        stage: Stage,
    },
    /// The peer could not be trusted, or TLS could not be agreed on.
    #[error("{controller}: {message}")]
    Tls {
        /// The controller that was asked, as `https://host:port`.
        controller: String,
        /// What is wrong and what to do.
        message: String,
    },
    /// The controller, or an identity provider, refused the request.
    #[error("{0}")]
    Api(Box<ApiError>),
    /// The controller wants a login, or a better one, and a new login did not help.
    #[error("{0}")]
    Unauthorized(Box<ApiError>),
    /// The controller is too busy (429) or cannot serve now (503; before 2.0 also 500, where it cannot reach the leader
    /// of its cluster), and stayed so for as long as the call waited. Its `retry_after` is how long it wants to be left
    /// alone; until then calls end with this error at once.
    #[error("{0}")]
    Busy(Box<ApiError>),
    /// The answer is not what this operation answers.
    #[error("answer of {operation} cannot be read at {path}: {message}")]
    Decode {
        /// The operation, as `METHOD /path`.
        operation: String,
        /// The JSON path of the place that could not be read, such as `data[3].name`.
        path: String,
        /// What was found there.
        message: String,
    },
    /// An identity file, key, certificate or external JWT cannot be used.
    #[error("{0}")]
    Identity(String),
    /// Enrollment cannot go on.
    #[error("{message}")]
    Enrollment {
        /// What stands in the way.
        problem: EnrollmentProblem,
        /// The same in words, with what to do.
        message: String,
        /// The controller's answer, where it is the reason.
        answer: Option<Box<ApiError>>,
    },
    /// A saved session cannot be taken up again. The client logs in instead.
    #[error("{message}")]
    SavedSession {
        /// What stands in the way.
        problem: SessionProblem,
        /// The same in words, with what to do.
        message: String,
    },
    /// The login waits for another factor.
    #[error("the login is not complete: {}", list_factors(factors))]
    LoginPending {
        /// What is still wanted.
        factors: Vec<AuthQuery>,
    },
    /// The controller refuses this identity's credentials. Calls that would log in by themselves end so for ten minutes,
    /// without asking it again, and a password is not sent again: the text says how old the answer is, and
    /// [`retry_after`](Error::retry_after) when it is asked again. [`Client::retry_now`](crate::Client::retry_now) has the
    /// next call ask.
    #[error("{0}")]
    Rejected(Box<Rejection>),
    /// This cannot be done here; the message names the way that works.
    #[error("{0}")]
    Unsupported(String),
    /// A file could not be read or written. It holds what it held before or, if only making that durable failed, all
    /// that was to be written.
    #[error("{}: {action}: {source}", path.display())]
    Storage {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: Arc<io::Error>,
    },
}

/// The start of what a caller gave, quoted for a message: enough to see a slip of the keyboard.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 100;
    let start: String = text.chars().take(LONGEST).collect();
    format!("{start:?}{}", if start.len() < text.len() { "..." } else { "" })
}

/// What a call was doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Looking up the controller's name.
    Resolve,
    /// Opening the TCP connection.
    Connect,
    /// Talking to the proxy, which refuses, breaks off, or says nothing.
    Proxy,
    /// Logging in at the proxy: it wants a user name and password, refuses those it got, or wants something else (407).
    ProxyLogin,
    /// The TLS handshake.
    Tls,
    /// Sending the request.
    Send,
    /// Waiting for the answer: until its headers are complete, for another thread's login, or between two attempts.
    Wait,
    /// Reading the body of the answer.
    Body,
}

impl Stage {
    /// The stage as one lower-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Resolve => "resolve",
            Stage::Connect => "connect",
            Stage::Proxy => "proxy",
            Stage::ProxyLogin => "proxy_login",
            Stage::Tls => "tls",
            Stage::Send => "send",
            Stage::Wait => "wait",
            Stage::Body => "body",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What stands in the way of an enrollment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EnrollmentProblem {
    /// The token cannot be read as an enrollment token.
    TokenMalformed,
    /// The token's time is over; a new one has to be made.
    TokenExpired,
    /// The token is not valid yet.
    TokenNotYetValid,
    /// The controller's certificate did not sign the token: the certificate changed, or a proxy ends TLS.
    TokenNotFromController,
    /// The controller does not know the token: spent, deleted, or unknown.
    TokenNotKnown,
    /// The answer to the enrollment was lost; the token may be spent. The key is kept.
    MaybeSpent,
    /// The controller refused the certificate request.
    CsrRefused,
    /// The token was made for another way to enroll.
    WrongMethod,
    /// The identity is enrolled already.
    AlreadyEnrolled,
    /// The third-party certificate belongs to an identity already.
    CertificateInUse,
    /// No CA of the network that may enroll it vouches for the third-party certificate.
    CertificateRefused,
    /// The controller does not take the user name and password, such as one that is too short.
    PasswordRefused,
    /// No signer of the network vouches for the external JWT.
    ExternalJwtRefused,
    /// The network does not allow this way to enroll.
    NotAllowed,
    /// The controller's CA bundle cannot be used, or does not vouch for the controller.
    CaBundle,
    /// The certificate that was issued does not fit the key or the CA bundle.
    BadCertificate,
    /// Any other refusal; see the controller's answer.
    Refused,
}

/// Why a saved session cannot be taken up again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SessionProblem {
    /// It is no saved session, or was changed or cut off.
    Unreadable,
    /// A newer version of this library wrote it.
    NewerVersion,
    /// It is of another identity, or was made by other credentials.
    WrongIdentity,
    /// It is of another network, or at a controller that the identity does not name.
    WrongNetwork,
    /// The identity has another certificate by now: a session is not used with one that did not make it.
    CertificateReplaced,
    /// Its time is over for sure. Where there is doubt it is used, and a refusal leads to a login.
    Expired,
}

impl Error {
    /// True where the same call may succeed later without a change.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Error::Transport { stage, .. } if *stage != Stage::ProxyLogin)
            || matches!(self, Error::Timeout { .. } | Error::Busy(_))
            || matches!(self, Error::Api(answer) if matches!(answer.status, 500 | 502 | 504))
    }

    /// How far the call had come, where that is known.
    pub fn stage(&self) -> Option<Stage> {
        match self {
            Error::Transport { stage, .. } | Error::Timeout { stage, .. } | Error::Canceled { stage } => Some(*stage),
            Error::Tls { .. } => Some(Stage::Tls),
            _ => None,
        }
    }

    /// The controller's answer, where one is the reason.
    pub fn answer(&self) -> Option<&ApiError> {
        match self {
            Error::Api(answer) | Error::Unauthorized(answer) | Error::Busy(answer) => Some(answer),
            Error::Rejected(rejection) => Some(&rejection.answer),
            Error::Enrollment { answer, .. } => answer.as_deref(),
            _ => None,
        }
    }

    /// How long it is until another try is of use: as long as a controller asks to be left alone, or until a refusal of
    /// the credentials is believed no more. `None` where nothing says so.
    pub fn retry_after(&self) -> Option<Duration> {
        self.answer()?.retry_after
    }

    /// The same error for a caller who has not tried: with a note, and for an answer that asked for patience with what
    /// is left to wait.
    pub(crate) fn with_note(mut self, note: &str, left: Duration) -> Self {
        let message = match &mut self {
            Error::Transport { message, .. } | Error::Tls { message, .. } | Error::Decode { message, .. } => message,
            Error::Busy(answer) => {
                answer.retry_after = Some(left);
                &mut answer.message
            }
            Error::Api(answer) => &mut answer.message,
            Error::Timeout { stage, controller, limit, .. } => {
                let message = format!("no answer within {:.1} s; {note}", limit.as_secs_f64());
                return Error::Transport { stage: *stage, controller: controller.take().unwrap_or_default(), message };
            }
            _ => return self,
        };
        message.push_str("; ");
        message.push_str(note);
        self
    }

    /// The same as it is told now, if it is a refusal of credentials: with its age.
    pub(crate) fn told(self, now: Instant) -> Self {
        match self {
            Error::Rejected(rejection) => Error::Rejected(Box::new(rejection.told(now))),
            error => error,
        }
    }

    pub(crate) fn storage(path: &Path, action: &'static str, source: io::Error) -> Self {
        Error::Storage { path: path.to_owned(), action, source: Arc::new(source) }
    }

    pub(crate) fn enrollment(problem: EnrollmentProblem, message: impl Into<String>) -> Self {
        Error::Enrollment { problem, message: message.into(), answer: None }
    }
}

fn during(controller: &Option<String>, what: &str) -> String {
    match controller {
        Some(controller) => format!("{controller}: {what}"),
        None => what.to_owned(),
    }
}

fn deadline_passed(proxy: &Option<String>) -> String {
    match proxy {
        Some(proxy) => format!("the deadline passed on the way through the proxy {proxy}"),
        None => "the deadline passed".to_owned(),
    }
}

fn list_factors(factors: &[AuthQuery]) -> String {
    let names: Vec<String> = factors.iter().map(AuthQuery::describe).collect();
    format!("the controller still wants {}", names.join(" and "))
}
