//! What changed, in words.

use std::ffi::CStr;
use std::fmt;
use std::time::Duration;

use crate::error::Error;

/// What an [`Event`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// There was no login, or it was near its end, and there is a new one.
    LoginRenewed,
    /// The login waits for a factor that only its user can give; or it ends soon, and a new one will.
    LoginNeedsFactor,
    /// The login could not be renewed.
    LoginFailed,
    /// The identity has a new certificate, and perhaps a new key. With an error it is in use, but could not be saved yet.
    CertificateRenewed,
    /// A renewal that was interrupted came to its end: the identity has the certificate that was kept beside it.
    RenewalRecovered,
    /// Another process renewed the certificate, and this client goes on with that.
    CertificateReloaded,
    /// The certificate could not be renewed, or not be saved when that was tried again. The one there is stays in use.
    RenewalFailed,
    /// The identity has other controllers.
    ControllersChanged,
    /// The controllers could not be asked for. Those that are known stay.
    ControllersFailed,
    /// The identity trusts further CA certificates, beside those that it trusted before.
    CaAdded,
    /// The identity trusts CA certificates no more that the network has given up.
    CaRemoved,
    /// The CA bundle could not be refreshed. The one there is stays.
    CaFailed,
}

impl EventKind {
    /// The kind as a lower-case word.
    pub fn as_str(self) -> &'static str {
        self.word().to_str().expect("the words below are ASCII")
    }

    pub(crate) fn word(self) -> &'static CStr {
        match self {
            EventKind::LoginRenewed => c"login_renewed",
            EventKind::LoginNeedsFactor => c"login_needs_factor",
            EventKind::LoginFailed => c"login_failed",
            EventKind::CertificateRenewed => c"certificate_renewed",
            EventKind::RenewalRecovered => c"renewal_recovered",
            EventKind::CertificateReloaded => c"certificate_reloaded",
            EventKind::RenewalFailed => c"renewal_failed",
            EventKind::ControllersChanged => c"controllers_changed",
            EventKind::ControllersFailed => c"controllers_failed",
            EventKind::CaAdded => c"ca_added",
            EventKind::CaRemoved => c"ca_removed",
            EventKind::CaFailed => c"ca_failed",
        }
    }
}

/// Something that changed about a client's login or identity without its user asking for just that, or that failed to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Event {
    /// What it is about.
    pub kind: EventKind,
    /// The same in words, with what is new. No secrets.
    pub message: String,
    /// What went wrong, if it did.
    pub error: Option<Error>,
}

impl Event {
    pub(crate) fn plain(kind: EventKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), error: None }
    }

    /// That `kind`, which is one of a failure, happened because of `error`.
    pub(super) fn failed(kind: EventKind, error: Error) -> Self {
        let what = match kind {
            EventKind::LoginFailed => "the login could not be renewed",
            EventKind::RenewalFailed => "the certificate could not be renewed",
            EventKind::ControllersFailed => "the controllers could not be asked for",
            _ => "the CA bundle could not be refreshed",
        };
        Self { kind, message: format!("{what}: {error}"), error: Some(error) }
    }
}

/// The word and the message.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.as_str(), self.message)
    }
}

/// What [`Client::maintain`](crate::Client::maintain) did.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Maintenance {
    /// When it wants to be called again, from now on. Calling it earlier or later does no harm.
    pub next: Duration,
    /// What changed and what failed, in that order in which it happened; empty if there was nothing to do.
    pub events: Vec<Event>,
}
