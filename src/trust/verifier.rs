//! Who may answer a TLS handshake.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::explain::explain;
use super::provider::provider;
use super::{CaBundle, EnrollmentToken};
use crate::error::Error;

/// Decides whom a connection may talk to.
pub(crate) type Verifier = Arc<dyn ServerCertVerifier>;

/// Verifies controllers by the network's CA bundle, and by system roots only if the caller opted in.
/// Without either: an error that names the option.
///
/// Every certificate of the bundle is an anchor, intermediates included.
pub(crate) fn controller(bundle: Option<&CaBundle>, system_roots: bool) -> Result<Verifier, Error> {
    if bundle.is_none() && !system_roots {
        return Err(Error::Identity(
            "no CA bundle to verify controllers with: the identity has no id.ca; \
             enroll again, or opt in to the system's roots with trust_system_roots"
                .to_owned(),
        ));
    }
    let mut roots = RootCertStore::empty();
    if let Some(bundle) = bundle {
        roots.add_parsable_certificates(bundle.certificates().iter().cloned());
    }
    if system_roots {
        add_system_roots(&mut roots)?;
    }
    build(roots)
}

/// Verifies identity providers by the system's roots and those that the caller adds, never by a network's CA bundle.
/// Where the system has no roots, those of the caller have to do.
pub(crate) fn identity_provider(extra: Option<&CaBundle>) -> Result<Verifier, Error> {
    let mut roots = RootCertStore::empty();
    let system = add_system_roots(&mut roots);
    match extra {
        Some(extra) => drop(roots.add_parsable_certificates(extra.certificates().iter().cloned())),
        None => system.map_err(|_| {
            let message = "no root certificate to verify the identity provider with: the system has none, or this \
                           library was built without the feature `native-certs`; name one with the option ca";
            Error::Identity(message.to_owned())
        })?,
    }
    build(roots)
}

fn build(roots: RootCertStore) -> Result<Verifier, Error> {
    match WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build() {
        Ok(verifier) => Ok(verifier),
        Err(error) => Err(Error::Identity(format!("no root certificate to verify the peer with: {error}"))),
    }
}

#[cfg(feature = "native-certs")]
fn add_system_roots(roots: &mut RootCertStore) -> Result<(), Error> {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        log::debug!("system roots: {error}");
    }
    match roots.add_parsable_certificates(found.certs) {
        (0, _) => {
            let why = found.errors.first().map(|error| format!(": {error}")).unwrap_or_default();
            Err(Error::Identity(format!(
                "trust_system_roots: no usable root certificate found on this system{why}; install its CA \
                 certificates or name them in SSL_CERT_FILE"
            )))
        }
        _ => Ok(()),
    }
}

#[cfg(not(feature = "native-certs"))]
fn add_system_roots(_: &mut RootCertStore) -> Result<(), Error> {
    Err(Error::Unsupported("trust_system_roots needs this library built with the feature `native-certs`".to_owned()))
}

/// Judges a chain (leaf first) as a handshake with `host` at `now` would; the error says what to do.
pub(crate) fn verify_chain(
    verifier: &dyn ServerCertVerifier,
    chain: &[CertificateDer<'_>],
    host: &str,
    now: SystemTime,
) -> Result<(), String> {
    let (leaf, intermediates) = chain.split_first().ok_or("the controller showed no certificate")?;
    let name = ServerName::try_from(host).map_err(|_| format!("{host:?} is not a host name or an IP address"))?;
    let verdict = verifier.verify_server_cert(leaf, intermediates, &name, &[], unix_time(now));
    verdict.map(drop).map_err(|error| explain(&error, host))
}

/// Times before 1970 count as 1970.
pub(super) fn unix_time(time: SystemTime) -> UnixTime {
    UnixTime::since_unix_epoch(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO))
}

/// The verifier of the enrollment bootstrap: accepts a peer only if its leaf signed the token, before a byte of a
/// request is sent, and keeps the chain it showed.
///
/// A resumed TLS session is not verified anew, so a configuration with this verifier must not resume.
pub(crate) struct BootstrapVerifier {
    token: Arc<EnrollmentToken>,
    provider: Arc<CryptoProvider>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    chain: Vec<CertificateDer<'static>>,
    refusal: Option<Error>,
}

impl BootstrapVerifier {
    pub(crate) fn new(token: Arc<EnrollmentToken>) -> Arc<Self> {
        Arc::new(Self { token, provider: provider(), seen: Mutex::default() })
    }

    /// What the last accepted peer showed: leaf first.
    pub(crate) fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.seen().chain.clone()
    }

    /// Why the last peer was refused: [`EnrollmentToken::verify`]'s error.
    pub(crate) fn refusal(&self) -> Option<Error> {
        self.seen().refusal.clone()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for BootstrapVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BootstrapVerifier").field("token", &self.token).finish_non_exhaustive()
    }
}

impl ServerCertVerifier for BootstrapVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verdict = self.token.verify(end_entity);
        let mut seen = self.seen();
        *seen = Seen::default();
        match verdict {
            Ok(()) => {
                let whole = std::iter::once(end_entity).chain(intermediates);
                seen.chain = whole.map(|certificate| certificate.clone().into_owned()).collect();
                Ok(ServerCertVerified::assertion())
            }
            Err(refusal) => {
                seen.refusal = Some(refusal);
                Err(CertificateError::ApplicationVerificationFailure.into())
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
