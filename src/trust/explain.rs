//! What a failed TLS handshake means, in words that say what to do.

use std::time::{Duration, SystemTime};

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, InvalidMessage, OtherError};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::error::Error;

/// More names than this are counted, not listed.
const MAX_NAMES: usize = 10;

/// The error of ours that a signer put into one of rustls'.
pub(crate) fn error_of_ours(error: &rustls::Error) -> Option<Error> {
    match error {
        rustls::Error::Other(other) => other.0.downcast_ref::<Error>().cloned(),
        _ => None,
    }
}

/// True if the peer could not go on for reasons of its own, which pass: a controller that is starting takes connections
/// before it has its certificates.
pub(crate) fn is_not_ready(error: &rustls::Error) -> bool {
    matches!(error, rustls::Error::AlertReceived(AlertDescription::InternalError))
}

/// Says what went wrong in a handshake with `host` and what to do about it.
pub(crate) fn explain(error: &rustls::Error, host: &str) -> String {
    match error {
        rustls::Error::InvalidCertificate(problem) => format!("the certificate of {host} {}", certificate(problem)),
        rustls::Error::AlertReceived(alert) => peer_alert(*alert),
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            format!("{host} does not speak TLS on this port; check the address")
        }
        rustls::Error::PeerIncompatible(why) => {
            format!("{host} and this library have no TLS parameters in common ({why:?})")
        }
        rustls::Error::NoCertificatesPresented => format!("{host} showed no certificate"),
        other => format!("the TLS handshake with {host} failed: {other}"),
    }
}

fn certificate(problem: &CertificateError) -> String {
    use CertificateError as P;
    match problem {
        P::Expired => "has expired; have it renewed, or check the clock of this machine".to_owned(),
        P::ExpiredContext { time, not_after } => format!(
            "expired on {}; it is {} here: have it renewed, or check the clock of this machine",
            date(*not_after),
            date(*time)
        ),
        P::NotValidYet => "is not valid yet; check the clock of this machine".to_owned(),
        P::NotValidYetContext { time, not_before } => format!(
            "is valid only from {}; it is {} here: check the clock of this machine",
            date(*not_before),
            date(*time)
        ),
        P::NotValidForName => "is not valid for this name; use an address that is in the certificate".to_owned(),
        P::NotValidForNameContext { presented, .. } if presented.is_empty() => {
            "names no host at all; the controller needs one with its address in it".to_owned()
        }
        P::NotValidForNameContext { presented, .. } => {
            format!("is not valid for this name but for {}; use one of these addresses", names(presented))
        }
        P::UnknownIssuer => {
            "is not signed by the network's CA; if the CA changed, refresh the CA bundle or enroll again".to_owned()
        }
        P::BadSignature => {
            "is signed by a CA that has the name of the network's CA but another key; if the network was set up \
             anew, enroll again"
                .to_owned()
        }
        P::Revoked => "has been revoked".to_owned(),
        P::InvalidPurpose | P::InvalidPurposeContext { .. } => {
            "is not made for a server; the controller needs one with the usage serverAuth".to_owned()
        }
        P::UnhandledCriticalExtension => "has a critical extension that is not known here".to_owned(),
        P::BadEncoding => "is not a valid X.509 version 3 certificate".to_owned(),
        P::Other(other) if is_ca(other) => {
            "is a CA's own certificate, not a server's; the controller needs one made for it".to_owned()
        }
        other => format!("cannot be accepted: {other}"),
    }
}

fn is_ca(error: &OtherError) -> bool {
    matches!(error.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

/// What the peer said before it hung up: mostly that it does not like our certificate.
fn peer_alert(alert: AlertDescription) -> String {
    use AlertDescription as A;
    match alert {
        A::BadCertificate
        | A::UnsupportedCertificate
        | A::CertificateRevoked
        | A::CertificateExpired
        | A::CertificateUnknown
        | A::UnknownCA
        | A::AccessDenied
        | A::CertificateRequired => {
            format!("the controller does not accept this identity's certificate (alert {alert:?})")
        }
        A::ProtocolVersion => "the controller speaks neither TLS 1.2 nor TLS 1.3".to_owned(),
        A::UnrecognisedName => "the controller does not know itself by this name; check the address".to_owned(),
        A::InternalError => {
            "the controller could not end the TLS handshake (alert InternalError); it may be starting".to_owned()
        }
        A::NoApplicationProtocol => "the peer offers no HTTP on this port; check the address".to_owned(),
        other => format!("the controller ended the TLS handshake (alert {other:?})"),
    }
}

fn names(presented: &[String]) -> String {
    // webpki describes names in its Debug form: `DnsName("host")`, `IpAddress(127.0.0.1)`.
    let bare = |text: &String| -> String {
        let inner = text.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(text);
        inner.trim_matches('"').chars().filter(|c| !c.is_control()).collect()
    };
    let mut listed = presented.iter().take(MAX_NAMES).map(bare).collect::<Vec<_>>().join(", ");
    if presented.len() > MAX_NAMES {
        listed.push_str(&format!(" and {} more", presented.len() - MAX_NAMES));
    }
    listed
}

fn date(time: UnixTime) -> String {
    display_seconds(i64::try_from(time.as_secs()).ok())
}

/// A time as RFC 3339 in UTC, to the second.
pub(crate) fn display_time(time: SystemTime) -> String {
    let since_1970 = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    display_seconds(i64::try_from(since_1970.as_secs()).ok())
}

fn display_seconds(since_1970: Option<i64>) -> String {
    let time = since_1970.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    let text = time.and_then(|time| time.format(&Rfc3339).ok());
    text.unwrap_or_else(|| "a time beyond the calendar".to_owned())
}
