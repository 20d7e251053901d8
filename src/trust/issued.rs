//! Is a certificate that was just issued the one that was asked for?

use std::time::SystemTime;

use rustls::pki_types::{CertificateDer, TrustAnchor};
use webpki::{EndEntityCert, KeyUsage};

use super::CaBundle;
use super::certificate::{CertificateFacts, chain_from_pem};
use super::explain::display_time;
use super::provider::provider;
use super::verifier::unix_time;
use crate::error::{EnrollmentProblem, Error};

/// Checks that an issued chain (leaf first) is for `public_key` (DER of a SubjectPublicKeyInfo), may be used by
/// clients, and is signed by the bundle's CA. Without a bundle nothing is known of that CA, so only the key is checked.
///
/// A validity that the local clock does not agree with is no error: the clock may be wrong. It is returned as a note.
pub(crate) fn issued_for(
    chain: &[CertificateDer<'_>],
    public_key: &[u8],
    bundle: Option<&CaBundle>,
) -> Result<Option<String>, Error> {
    let bad = |why: String| {
        Error::enrollment(EnrollmentProblem::BadCertificate, format!("the certificate that was issued {why}"))
    };
    let (leaf, intermediates) = chain.split_first().ok_or_else(|| bad("is missing from the answer".to_owned()))?;
    let facts = CertificateFacts::read(leaf).map_err(|error| bad(format!("cannot be read: {error}")))?;
    if facts.public_key != public_key {
        return Err(bad(format!("({}) is for another key than the one that was made here", facts.subject)));
    }
    let certificate = EndEntityCert::try_from(leaf).map_err(|error| bad(format!("cannot be used: {error}")))?;
    let Some(bundle) = bundle else { return Ok(validity_note(&facts)) };
    let anchors: Vec<TrustAnchor<'_>> =
        bundle.certificates().iter().filter_map(|der| webpki::anchor_from_trusted_cert(der).ok()).collect();
    certificate
        .verify_for_usage(
            provider().signature_verification_algorithms.all,
            &anchors,
            intermediates,
            unix_time(latest_start(&facts, intermediates)),
            KeyUsage::client_auth(),
            None,
            None,
        )
        .map_err(|error| bad(format!("({}) is not a client certificate of this network: {error}", facts.subject)))?;
    Ok(validity_note(&facts))
}

fn validity_note(facts: &CertificateFacts) -> Option<String> {
    clock_note(facts, SystemTime::now()).map(|note| format!("the new certificate {note}"))
}

/// The chain of a renewed certificate, from the leaf on, checked like one that was issued the first time.
///
/// Controllers of 1.3 leave the intermediates out: they are taken from the old chain, or from the CA certificates that
/// are trusted or came with the answer (`ca`). The network may have a new CA by now that only the answer tells of.
pub(crate) fn renewed_chain(
    certificate_pem: &str,
    ca: Option<&str>,
    public_key: &[u8],
    old: &[CertificateDer<'static>],
    bundle: Option<&CaBundle>,
) -> Result<Vec<CertificateDer<'static>>, Error> {
    let mut chain = chain_from_pem("the renewed certificate", certificate_pem)?;
    let announced = ca.filter(|pem| !pem.trim().is_empty());
    let announced = announced.map(|pem| CaBundle::from_pem("the CA certificates of the renewal", pem)).transpose()?;
    // A network whose controllers the system's roots vouch for may have none; then the login alone is the proof.
    let trusted = match (bundle, announced) {
        (Some(own), Some(announced)) => Some(own.joined(&announced)),
        (own, announced) => own.cloned().or(announced),
    };
    complete(&mut chain, old, trusted.as_ref().map_or(&[], CaBundle::certificates));
    let note = issued_for(&chain, public_key, trusted.as_ref()).map_err(|error| Error::Identity(error.to_string()))?;
    note.into_iter().for_each(|note| log::warn!("{note}"));
    Ok(chain)
}

/// Adds the intermediates that are missing at the end: all that followed in the old chain, or the one that signed.
fn complete(
    chain: &mut Vec<CertificateDer<'static>>,
    old: &[CertificateDer<'static>],
    others: &[CertificateDer<'static>],
) {
    let followed = |last: &CertificateDer<'_>| old.iter().position(|own| own == last).map(|at| &old[at + 1..]);
    let Some((leaf, [])) = chain.split_first() else {
        let rest = chain.last().and_then(followed).unwrap_or_default();
        return chain.extend_from_slice(rest);
    };
    let signed = |candidate: &CertificateDer<'_>| !is_root(candidate) && has_signed(candidate, leaf);
    let added = match old.iter().skip(1).position(signed) {
        Some(at) => old[at + 1..].to_vec(),
        None => others.iter().find(|candidate| signed(candidate)).cloned().into_iter().collect(),
    };
    chain.extend(added);
}

fn is_root(certificate: &CertificateDer<'_>) -> bool {
    CertificateFacts::read(certificate).is_ok_and(|facts| facts.subject == facts.issuer)
}

/// Whether `issuer` alone vouches for `leaf`.
fn has_signed(issuer: &CertificateDer<'_>, leaf: &CertificateDer<'_>) -> bool {
    let (Ok(anchor), Ok(certificate)) = (webpki::anchor_from_trusted_cert(issuer), EndEntityCert::try_from(leaf))
    else {
        return false;
    };
    let Ok(facts) = CertificateFacts::read(leaf) else { return false };
    let algorithms = provider().signature_verification_algorithms.all;
    let (anchors, time) = ([anchor], unix_time(facts.not_before));
    certificate.verify_for_usage(algorithms, &anchors, &[], time, KeyUsage::client_auth(), None, None).is_ok()
}

/// The first moment at which the whole chain is valid, so that no clock has a say in the rest of the check.
fn latest_start(leaf: &CertificateFacts, intermediates: &[CertificateDer<'_>]) -> SystemTime {
    let starts = intermediates.iter().filter_map(|der| CertificateFacts::read(der).ok()).map(|facts| facts.not_before);
    starts.fold(leaf.not_before, SystemTime::max)
}

/// What the local clock says against a certificate.
pub(crate) fn clock_note(facts: &CertificateFacts, now: SystemTime) -> Option<String> {
    let (from, until, now_text) = (display_time(facts.not_before), display_time(facts.not_after), display_time(now));
    if now < facts.not_before {
        Some(format!("is valid only from {from}, and it is {now_text} here: check the clock"))
    } else if now > facts.not_after {
        Some(format!("ended on {until}, and it is {now_text} here: check the clock"))
    } else {
        None
    }
}
