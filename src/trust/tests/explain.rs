use crate::trust::{display_time, explain};
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};
use std::time::{Duration, SystemTime};

#[test]
fn each_handshake_failure_says_what_to_do() {
    for (error, expected) in [
        (Error::AlertReceived(AlertDescription::UnknownCA), "does not accept this identity's certificate"),
        (Error::AlertReceived(AlertDescription::CertificateExpired), "(alert CertificateExpired)"),
        (Error::AlertReceived(AlertDescription::ProtocolVersion), "neither TLS 1.2 nor TLS 1.3"),
        (Error::AlertReceived(AlertDescription::UnrecognisedName), "does not know itself by this name"),
        (Error::AlertReceived(AlertDescription::NoApplicationProtocol), "offers no HTTP"),
        (Error::AlertReceived(AlertDescription::HandshakeFailure), "ended the TLS handshake"),
        (Error::AlertReceived(AlertDescription::InternalError), "it may be starting"),
        (Error::InvalidMessage(InvalidMessage::InvalidContentType), "c.test does not speak TLS on this port"),
        (Error::InvalidCertificate(CertificateError::Expired), "the certificate of c.test has expired"),
        (Error::InvalidCertificate(CertificateError::NotValidYet), "not valid yet"),
        (Error::InvalidCertificate(CertificateError::NotValidForName), "not valid for this name"),
        (Error::InvalidCertificate(CertificateError::UnknownIssuer), "refresh the CA bundle or enroll again"),
        (Error::InvalidCertificate(CertificateError::BadSignature), "if the network was set up anew, enroll again"),
        (Error::InvalidCertificate(CertificateError::Revoked), "revoked"),
        (Error::InvalidCertificate(CertificateError::UnhandledCriticalExtension), "critical extension"),
        (Error::NoCertificatesPresented, "c.test showed no certificate"),
        (Error::DecryptError, "the TLS handshake with c.test failed"),
    ] {
        let text = explain(&error, "c.test");
        assert!(text.contains(expected), "expected {expected:?}, got {text:?}");
    }
}

#[test]
fn names_of_a_hostile_certificate_are_cut_and_cleaned() {
    let presented = (0..50).map(|n| format!("DnsName(\"a\n{n}.test\")")).collect();
    let expected = "x.test".try_into().unwrap();
    let error = Error::InvalidCertificate(CertificateError::NotValidForNameContext { expected, presented });
    let text = explain(&error, "c.test");
    assert!(text.contains("a0.test, a1.test") && text.contains("and 40 more") && !text.contains('\n'), "{text}");
}

#[test]
fn times_are_shown_in_utc_to_the_second() {
    let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_790_000_000_999);
    assert_eq!(display_time(time), "2026-09-21T14:13:20Z");
    assert_eq!(display_time(SystemTime::UNIX_EPOCH - Duration::from_secs(5)), "1970-01-01T00:00:00Z");
}
