//! Whose login it is, and in which network.

use super::problem;
use crate::error::{Error, SessionProblem};
use crate::identity::Identity;
use crate::login::credentials::Credentials;
use crate::trust::certificate::CertificateFacts;
use crate::trust::provider::fingerprint;
use crate::trust::token;
use crate::wire::fields::{Fields, Model};

const EXTERNAL_JWT: &str = "external_jwt";

/// What a login is compared by. No secrets.
pub(super) struct Owner {
    /// By what it was made: `certificate`, `password` or `external_jwt`.
    pub(super) by: String,
    /// The identity of the certificate, the user name, or whom the external JWT is for; of that only if it tells, and
    /// is at hand.
    pub(super) name: Option<String>,
    /// Of the certificate that made it.
    pub(super) certificate: Option<String>,
    /// Of the CA certificates. Some may be replaced meanwhile, but not all at once.
    pub(super) authorities: Vec<String>,
    pub(super) controllers: Vec<String>,
}

impl Owner {
    pub(super) fn of(identity: &Identity, credentials: &Credentials) -> Self {
        let (by, name, certificate) = match credentials {
            Credentials::Certificate => {
                let leaf = identity.leaf();
                let facts = leaf.and_then(|leaf| CertificateFacts::read(leaf).ok());
                let name = facts.and_then(|facts| facts.identity_id().or(facts.common_name));
                ("certificate", name, leaf.map(|leaf| fingerprint(leaf)))
            }
            Credentials::Password { username, .. } => ("password", Some(username.clone()), None),
            Credentials::ExternalJwt(source) => {
                let whom = source.at_hand().and_then(|jwt| token::subject(&jwt));
                (EXTERNAL_JWT, whom.map(|(issuer, subject)| format!("{subject} of {issuer}")), None)
            }
        };
        let authorities = identity.ca().map(|bundle| bundle.certificates()).unwrap_or_default();
        Self {
            by: by.to_owned(),
            name,
            certificate,
            authorities: authorities.iter().map(|der| fingerprint(der)).collect(),
            controllers: identity.controllers().map(str::to_owned).collect(),
        }
    }

    /// Checks that a login of this owner is one of `other`.
    pub(super) fn require_same(&self, other: &Self) -> Result<(), Error> {
        let common = |ours: &[String], theirs: &[String]| ours.iter().any(|one| theirs.contains(one));
        let same_network = match self.authorities.is_empty() || other.authorities.is_empty() {
            false => common(&self.authorities, &other.authorities),
            true => common(&self.controllers, &other.controllers),
        };
        if !same_network {
            let why = "the saved session is of another network than the identity; log in again";
            return Err(problem(SessionProblem::WrongNetwork, why.to_owned()));
        }
        let is_unknown = self.by == EXTERNAL_JWT && (self.name.is_none() || other.name.is_none());
        if self.by != other.by || (self.name != other.name && !is_unknown) {
            let why = "the saved session is of another identity, or was made by other credentials; log in again";
            return Err(problem(SessionProblem::WrongIdentity, why.to_owned()));
        }
        if self.certificate != other.certificate {
            let why = "the saved session was made by an earlier certificate of the identity; log in again";
            return Err(problem(SessionProblem::CertificateReplaced, why.to_owned()));
        }
        Ok(())
    }
}

impl Model for Owner {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            by: fields.get("by"),
            name: fields.get("name"),
            certificate: fields.get("certificate"),
            authorities: fields.get("authorities"),
            controllers: fields.get("controllers"),
        }
    }
}
