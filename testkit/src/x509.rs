//! What is read out of certificates and requests for them.

use time::OffsetDateTime;
use x509_cert::certificate::Certificate;
use x509_cert::der::Decode;
use x509_cert::name::Name;
use x509_cert::request::CertReq;
use x509_cert::time::Time;

use crate::clock;

/// Who a certificate is for, in the order in which the controller writes names, and from when to when it is good.
pub(crate) fn subject_and_validity(certificate: &[u8]) -> Option<(String, [String; 2])> {
    let certificate = Certificate::from_der(certificate).ok()?;
    let certificate = certificate.tbs_certificate();
    let time = |time: Time| clock::json(OffsetDateTime::UNIX_EPOCH + time.to_unix_duration());
    let validity = certificate.validity();
    Some((certificate.subject().to_string(), [time(validity.not_before), time(validity.not_after)]))
}

/// The common name of a certificate.
pub(crate) fn common_name(certificate: &[u8]) -> Option<String> {
    common_name_in(Certificate::from_der(certificate).ok()?.tbs_certificate().subject())
}

/// The common name that a request asks for.
pub(crate) fn requested_common_name(csr: &[u8]) -> Option<String> {
    common_name_in(&CertReq::from_der(csr).ok()?.info.subject)
}

fn common_name_in(name: &Name) -> Option<String> {
    name.common_name().ok()?.map(|name| name.value().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorities::CertificateAuthority;

    #[test]
    fn tells_who_a_certificate_is_for_and_how_long_it_is_good() {
        let papers = CertificateAuthority::new("ca", OffsetDateTime::now_utc()).unwrap().issue("client, one");
        let certificate = pem::parse(papers.certificate).unwrap().into_contents();
        let (subject, [from, to]) = subject_and_validity(&certificate).unwrap();
        assert_eq!(subject, r"CN=client\, one");
        assert!(from < to && from.ends_with(".000Z"), "{from} {to}");
        assert_eq!(common_name(&certificate).as_deref(), Some("client, one"));
        assert_eq!(common_name(b"x"), None);
    }
}
