//! Tests of the layer, and the certificates and tokens they need.

mod bundle;
mod certificate;
mod explain;
mod issued;
mod token;
mod verifier;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use der::asn1::UintRef;
use der::{Decode, Sequence};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    SanType,
};
use rustls::SignatureScheme;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use time::{Duration, OffsetDateTime};

use super::provider::provider;

/// A network's PKI: root, intermediate, and what the intermediate signs.
pub(crate) struct Pki {
    pub(crate) root: CertifiedIssuer<'static, KeyPair>,
    pub(crate) intermediate: CertifiedIssuer<'static, KeyPair>,
}

/// What a leaf is made of, where tests differ.
pub(crate) struct LeafPlan {
    pub(crate) names: Vec<SanType>,
    pub(crate) usages: Vec<ExtendedKeyUsagePurpose>,
    pub(crate) from_days: i64,
    pub(crate) until_days: i64,
}

impl Default for LeafPlan {
    fn default() -> Self {
        Self {
            names: vec![
                SanType::DnsName("ctrl.acme.test".try_into().unwrap()),
                SanType::IpAddress("127.0.0.1".parse().unwrap()),
                SanType::URI("spiffe://acme/controller/one".try_into().unwrap()),
            ],
            usages: vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth],
            from_days: -1,
            until_days: 300,
        }
    }
}

impl Pki {
    pub(crate) fn new() -> Self {
        Self::named("acme")
    }

    pub(crate) fn named(name: &str) -> Self {
        let key = || KeyPair::generate().unwrap();
        let root = CertifiedIssuer::self_signed(ca_params(&format!("{name} root")), key()).unwrap();
        let intermediate = ca_params(&format!("{name} intermediate"));
        let intermediate = CertifiedIssuer::signed_by(intermediate, key(), &root).unwrap();
        Self { root, intermediate }
    }

    pub(crate) fn leaf(&self, key: &KeyPair, plan: LeafPlan) -> CertificateDer<'static> {
        leaf_params(plan).signed_by(key, &*self.intermediate as &Issuer<'_, KeyPair>).unwrap().into()
    }

    /// Both CA certificates as PEM text.
    pub(crate) fn pem(&self) -> String {
        self.root.pem() + &self.intermediate.pem()
    }

    pub(crate) fn intermediate_der(&self) -> CertificateDer<'static> {
        self.intermediate.der().clone()
    }
}

pub(crate) fn leaf_params(plan: LeafPlan) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "leaf");
    params.subject_alt_names = plan.names;
    params.extended_key_usages = plan.usages;
    params.not_before = OffsetDateTime::now_utc() + Duration::days(plan.from_days);
    params.not_after = OffsetDateTime::now_utc() + Duration::days(plan.until_days);
    params
}

fn ca_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// An RSA key: ring cannot make one.
pub(crate) fn rsa_key() -> KeyPair {
    KeyPair::from_pem(include_str!("rsa.pem")).unwrap()
}

/// A JWT over the given texts, signed as `scheme` says.
pub(crate) fn sign_jwt(header: &str, claims: &str, key: &KeyPair, scheme: SignatureScheme) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let key = provider().key_provider.load_private_key(key).unwrap();
    let signature = key.choose_scheme(&[scheme]).unwrap().sign(message.as_bytes()).unwrap();
    let signature = match scheme {
        SignatureScheme::ECDSA_NISTP256_SHA256 => side_by_side(&signature, 32),
        SignatureScheme::ECDSA_NISTP384_SHA384 => side_by_side(&signature, 48),
        _ => signature,
    };
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn side_by_side(der: &[u8], half: usize) -> Vec<u8> {
    #[derive(Sequence)]
    struct Signature<'a> {
        r: UintRef<'a>,
        s: UintRef<'a>,
    }
    let signature = Signature::from_der(der).unwrap();
    let mut raw = vec![0; 2 * half];
    raw[half - signature.r.as_bytes().len()..half].copy_from_slice(signature.r.as_bytes());
    raw[2 * half - signature.s.as_bytes().len()..].copy_from_slice(signature.s.as_bytes());
    raw
}

/// The answers that a real controller of `version` gave, as (operation, status, body).
pub(crate) fn recorded(version: &str, file: &str) -> Vec<(String, u64, String)> {
    let path = format!("{}/tests/recordings/{version}/{file}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let lines = std::fs::read_to_string(path).unwrap();
    let exchanges = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    exchanges
        .filter_map(|exchange| {
            let answer = &exchange["response"];
            let body = answer["body"].as_str()?.to_owned();
            Some((exchange["operation"].as_str()?.to_owned(), answer["status"].as_u64()?, body))
        })
        .collect()
}
