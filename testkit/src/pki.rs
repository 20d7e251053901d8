//! The network's certificates: a root, an intermediate, the server's leaf and those of enrolled identities.

use std::time::Duration;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384,
    PKCS_RSA_SHA256, SanType, SerialNumber,
};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use rustls::pki_types::CertificateDer;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::{jwt, random};

pub(crate) const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
/// Certificates begin a little in the past, as the real ones do: clocks differ.
const SLACK: Duration = Duration::from_secs(60);

/// The key of the server's certificate, which also signs enrollment tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ServerKey {
    /// ECDSA P-256, tokens are ES256. The default, because it is made in no time.
    #[default]
    P256,
    /// ECDSA P-384, tokens are ES384.
    P384,
    /// RSA 2048, tokens are RS256 as on the networks seen so far. The key is a fixed one that comes with this crate.
    Rsa,
}

impl ServerKey {
    fn make(self) -> Result<KeyPair, rcgen::Error> {
        match self {
            Self::P256 => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256),
            Self::P384 => KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384),
            Self::Rsa => KeyPair::from_pem_and_sign_algo(include_str!("rsa_key.pem"), &PKCS_RSA_SHA256),
        }
    }
}

pub(crate) struct Pki {
    pub(crate) root: Certificate,
    pub(crate) intermediate: Certificate,
    pub(crate) leaf: Certificate,
    pub(crate) key: KeyPair,
    issuer: Issuer<'static, KeyPair>,
}

impl Pki {
    pub(crate) fn new(server_key: ServerKey, host: &str, now: OffsetDateTime) -> Result<Self, rcgen::Error> {
        let root_key = KeyPair::generate()?;
        let root_params = authority("root-ca", None, now);
        let root = root_params.self_signed(&root_key)?;
        let root_issuer = Issuer::new(root_params, root_key);

        let intermediate_key = KeyPair::generate()?;
        let intermediate_params = authority("intermediate-ca-testkit", Some(0), now);
        let intermediate = intermediate_params.signed_by(&intermediate_key, &root_issuer)?;
        let issuer = Issuer::new(intermediate_params, intermediate_key);

        let key = server_key.make()?;
        let leaf = server(host, now)?.signed_by(&key, &issuer)?;
        Ok(Self { root, intermediate, leaf, key, issuer })
    }

    /// Leaf, intermediate and root: the real controller sends all three.
    pub(crate) fn chain(&self) -> Vec<CertificateDer<'static>> {
        [&self.leaf, &self.intermediate, &self.root].map(|certificate| certificate.der().clone()).to_vec()
    }

    /// SHA-1 of the leaf in hex, the `kid` of enrollment tokens.
    pub(crate) fn key_id(&self) -> String {
        fingerprint(self.leaf.der())
    }

    /// A token with these claims, in the form that all tokens of the controller have.
    pub(crate) fn token(&self, claims: &Value) -> String {
        let header = json!({"alg": jwt::algorithm(&self.key), "kid": self.key_id(), "typ": "JWT"});
        jwt::sign(&self.key, &header.to_string(), &claims.to_string())
    }

    /// Signs what a CSR asks for, for so long.
    pub(crate) fn sign(
        &self,
        csr: &[u8],
        spiffe: Option<&str>,
        now: OffsetDateTime,
        life: Duration,
    ) -> Result<Certificate, rcgen::Error> {
        let mut csr = CertificateSigningRequestParams::from_der(&csr.into())?;
        let subject = std::mem::take(&mut csr.params.distinguished_name);
        csr.params = client(subject, spiffe, now, life)?;
        csr.signed_by(&self.issuer)
    }

    /// A certificate for `key` without a CSR, for so long.
    pub(crate) fn issue(
        &self,
        name: &str,
        key: &KeyPair,
        spiffe: Option<&str>,
        now: OffsetDateTime,
        life: Duration,
    ) -> Result<Certificate, rcgen::Error> {
        let mut subject = DistinguishedName::new();
        subject.push(DnType::CommonName, name);
        client(subject, spiffe, now, life)?.signed_by(key, &self.issuer)
    }

    /// A leaf and its intermediate in PEM.
    pub(crate) fn chain_pem(&self, leaf: &Certificate) -> String {
        pem(leaf) + &pem(&self.intermediate)
    }

    /// Intermediate and root in DER.
    pub(crate) fn authorities(&self) -> [Vec<u8>; 2] {
        [&self.intermediate, &self.root].map(|certificate| certificate.der().to_vec())
    }

    /// Intermediate and root in the way in which answers carry them.
    pub(crate) fn authorities_pem(&self) -> String {
        format!("\n{}\n{}", pem(&self.intermediate), pem(&self.root))
    }

    /// Root and intermediate in PEM.
    pub(crate) fn bundle_pem(&self) -> String {
        pem(&self.root) + &pem(&self.intermediate)
    }
}

pub(crate) fn pem(certificate: &Certificate) -> String {
    pem_of(certificate.der())
}

/// The PEM of a certificate in DER.
pub(crate) fn pem_of(certificate: &[u8]) -> String {
    unix_lines(&pem::encode(&pem::Pem::new("CERTIFICATE", certificate)))
}

/// PEM the way Go writes it, whatever this platform's line ends are.
pub(crate) fn unix_lines(pem: &str) -> String {
    pem.replace("\r\n", "\n")
}

/// SHA-1 in hex: how the controller names certificates.
pub(crate) fn fingerprint(certificate: &[u8]) -> String {
    random::hex(digest(&SHA1_FOR_LEGACY_USE_ONLY, certificate).as_ref())
}

fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CountryName, "US");
    name.push(DnType::OrganizationName, "Testkit");
    name.push(DnType::CommonName, common_name);
    name
}

fn valid(mut params: CertificateParams, now: OffsetDateTime, time: Duration) -> CertificateParams {
    params.not_before = now - SLACK;
    params.not_after = now + time;
    params.serial_number = Some(SerialNumber::from_slice(&random::bytes::<8>()));
    params
}

pub(crate) fn authority(name: &str, path_length: Option<u8>, now: OffsetDateTime) -> CertificateParams {
    let mut params = valid(CertificateParams::default(), now, 10 * YEAR);
    params.distinguished_name = named(name);
    params.is_ca = IsCa::Ca(path_length.map_or(BasicConstraints::Unconstrained, BasicConstraints::Constrained));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    params
}

fn server(host: &str, now: OffsetDateTime) -> Result<CertificateParams, rcgen::Error> {
    let mut names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if !names.iter().any(|name| name == host) {
        names.push(host.to_owned());
    }
    let mut params = valid(CertificateParams::new(names)?, now, YEAR);
    params.subject_alt_names.push(SanType::URI("spiffe://testkit/controller/testkit".try_into()?));
    params.distinguished_name = named("testkit server");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

pub(crate) fn client(
    subject: DistinguishedName,
    spiffe: Option<&str>,
    now: OffsetDateTime,
    life: Duration,
) -> Result<CertificateParams, rcgen::Error> {
    let mut params = valid(CertificateParams::default(), now, life);
    params.distinguished_name = subject;
    if let Some(spiffe) = spiffe {
        params.subject_alt_names.push(SanType::URI(spiffe.try_into()?));
    }
    params.key_usages =
        vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment, KeyUsagePurpose::DataEncipherment];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}
