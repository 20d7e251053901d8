//! What is enrolled: checked before anybody is asked.

use std::time::{Instant, SystemTime};

use super::{EnrollOptions, EnrollmentMethod};
use crate::error::Error;
use crate::identity::{ClientAuth, KeyChoice, KeySource, Pending, PendingKey};
use crate::secret::Secret;
use crate::trust::certificate::{CertificateFacts, chain_from_pem};
use crate::trust::clock_note;

/// JWTs of identity providers that list groups are long, but headers have an end.
const MAX_EXTERNAL_JWT: usize = 16 * 1024;
/// The name for a certificate request where the controller takes that of the identity from elsewhere.
const UNNAMED: &str = "ziti-edge-client";

/// What one method enrolls.
pub(super) enum Inputs {
    /// A key that the network certifies.
    Key(KeySource),
    /// The two keys of a router.
    Router { client: KeySource, server: KeySource },
    /// A certificate of a third-party CA.
    Certificate { own: ClientAuth, name: Option<String> },
    /// A password for a user name.
    Password { username: String, password: Secret },
    /// Whoever holds an external JWT, and a key if there shall be a certificate.
    Token { jwt: Secret, signer_id: Option<String>, key: Option<KeySource> },
    /// Nobody.
    Nobody,
}

impl Inputs {
    /// Takes from the options what the method needs.
    pub(super) fn take(method: EnrollmentMethod, options: &EnrollOptions) -> Result<Self, Error> {
        check(method, options)?;
        Ok(match method {
            EnrollmentMethod::Ott => Self::Key(options.key.source()?),
            EnrollmentMethod::ErOtt => {
                Self::Router { client: options.key.source()?, server: server_key(options)?.source()? }
            }
            EnrollmentMethod::OttCa | EnrollmentMethod::Ca => {
                Self::Certificate { own: certificate(options)?, name: options.name.clone() }
            }
            EnrollmentMethod::Updb => Self::Password {
                username: options.username.clone().unwrap_or_default(),
                password: options.password.clone().unwrap_or_default(),
            },
            EnrollmentMethod::Token => {
                let key = (!options.without_certificate).then(|| options.key.source()).transpose()?;
                Self::Token { jwt: external_jwt(options)?, signer_id: options.signer_id.clone(), key }
            }
            EnrollmentMethod::Network => Self::Nobody,
        })
    }

    /// Where the key comes from that is certified for the identity, and the one for the server side of a router.
    pub(super) fn sources(&self) -> (Option<&KeySource>, Option<&KeySource>) {
        match self {
            Self::Key(key) | Self::Token { key: Some(key), .. } => (Some(key), None),
            Self::Router { client, server } => (Some(client), Some(server)),
            _ => (None, None),
        }
    }

    /// Makes the keys and their requests.
    pub(super) fn prepare(&self, fingerprint: String, subject: &str, until: Instant) -> Result<Pending, Error> {
        let subject = if subject.is_empty() { UNNAMED } else { subject };
        let make = |source: &KeySource| {
            let key = source.key()?;
            let csr = key.csr(subject, until)?;
            Ok::<_, Error>(PendingKey::new(key, csr))
        };
        let (own, server) = self.sources();
        Ok(Pending::new(fingerprint, own.map(make).transpose()?, server.map(make).transpose()?))
    }

    /// What the connection shows.
    pub(super) fn client_auth(&self) -> Option<&ClientAuth> {
        match self {
            Self::Certificate { own, .. } => Some(own),
            _ => None,
        }
    }
}

/// Nothing may be missing, and nothing may be there that would be of no use: whoever gave it expects something else.
fn check(method: EnrollmentMethod, options: &EnrollOptions) -> Result<(), Error> {
    use super::EnrollmentInput as I;
    let needs = method.needs();
    if let Some(missing) = needs.iter().find(|input| !options.has(**input)) {
        let message = format!("enrollment by {method} needs the option {missing}, which is not set");
        return Err(Error::InvalidArgument(message));
    }
    let all = [
        I::Key,
        I::Certificate,
        I::Name,
        I::Username,
        I::Password,
        I::ServerKey,
        I::ExternalJwt,
        I::SignerId,
        I::WithoutCertificate,
    ];
    let useless = |input: &&I| options.has(**input) && !needs.contains(input) && !method.takes().contains(input);
    match all.iter().find(useless) {
        Some(input) => {
            let message = format!("the option {input} is set, but enrollment by {method} has no use for it");
            Err(Error::InvalidArgument(message))
        }
        None => Ok(()),
    }
}

fn server_key(options: &EnrollOptions) -> Result<KeyChoice, Error> {
    match &options.server_key {
        None => Ok(KeyChoice::default()),
        Some(KeyChoice::Signer(_)) => Err(Error::Unsupported(
            "the key for the server side of a router cannot be that of a signer; choose a new or an existing one"
                .to_owned(),
        )),
        Some(choice) => Ok(choice.clone()),
    }
}

/// The third-party certificate with its key.
fn certificate(options: &EnrollOptions) -> Result<ClientAuth, Error> {
    let source = options.key.source()?;
    let Some(key) = source.kept() else {
        let message = "the option key has to be that of the certificate: one that exists, or a signer, not a new one";
        return Err(Error::InvalidArgument(message.to_owned()));
    };
    let chain = chain_from_pem("the certificate to enroll", options.certificate.as_deref().unwrap_or_default())?;
    let own = ClientAuth::new(key, chain)?;
    let facts = own.chain().first().map(CertificateFacts::read).transpose()?;
    // No error: the clock may be wrong, and the controller is the judge.
    if let Some(note) = facts.and_then(|facts| clock_note(&facts, SystemTime::now())) {
        log::warn!("the certificate to enroll {note}");
    }
    Ok(own)
}

fn external_jwt(options: &EnrollOptions) -> Result<Secret, Error> {
    let jwt = options.external_jwt.as_ref().map_or("", |jwt| jwt.expose().trim());
    let bad = |why: &str| Err(Error::InvalidArgument(format!("the option external_jwt {why}")));
    match jwt {
        "" => bad("is empty"),
        long if long.len() > MAX_EXTERNAL_JWT => bad(&format!("has more than {MAX_EXTERNAL_JWT} bytes")),
        // It becomes part of a header.
        text if !text.bytes().all(|byte| byte.is_ascii_graphic()) => bad("is no JWT: it holds other characters"),
        jwt => Ok(Secret::new(jwt)),
    }
}
