//! What the controller knows: identities, enrollments, sessions and services.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::answers::Body;
use crate::authenticators::{Authenticator, Lockout};
use crate::authorities::CertificateAuthority;
use crate::enrolled_routers::EnrolledRouters;
use crate::external::Signer;
use crate::identities::Environment;
use crate::listed_controllers::ListedController;
use crate::manners::Version;
use crate::mfa::Mfa;
use crate::network::Network;
use crate::oidc::Oidc;
use crate::posture::Posture;
use crate::random;
use crate::routers::EdgeRouters;
use crate::service_sessions::ServiceSessions;
use crate::services::{Catalog, ServiceSpec};
use crate::session_certificates::SessionCertificates;
use crate::sessions::Sessions;

/// An identity to be, for [`TestController::create_identity_with`](crate::TestController::create_identity_with).
#[derive(Debug, Clone)]
pub struct IdentityOptions {
    /// Its name, which is also its user name.
    pub name: String,
    /// How long the enrollment token may be used; zero makes one that is expired already.
    pub expires_in: Duration,
    /// Lets the identity log in with this password too.
    pub password: Option<String>,
    /// A disabled identity cannot log in.
    pub disabled: bool,
    /// The enrollment method the token is for: `ott`, `ottca` or `updb`.
    pub method: String,
    /// Role attributes, by which policies know it.
    pub role_attributes: Vec<String>,
    /// Free-form tags, an object.
    pub tags: Value,
    /// Free-form data for applications, an object.
    pub app_data: Value,
    /// The authority whose certificate `ottca` takes; any that the controller knows if `None`.
    pub authority: Option<CertificateAuthority>,
    /// Whether it is an administrator, who may use the management API.
    pub is_admin: bool,
    /// By what external JWT signers know it.
    pub external_id: Option<String>,
    /// Ids of the external JWT signers by whose tokens it may log in; `None` is all.
    pub signers: Option<Vec<String>>,
    /// The id of an external JWT signer of whom it needs a token with every request, as a second factor.
    pub secondary_signer: Option<String>,
    /// When wrong passwords lock it; never if `None`.
    pub lockout: Option<Lockout>,
}

impl Default for IdentityOptions {
    fn default() -> Self {
        Self {
            name: String::new(),
            expires_in: Duration::from_secs(3 * 3600),
            password: None,
            disabled: false,
            method: "ott".to_owned(),
            role_attributes: Vec::new(),
            tags: json!({}),
            app_data: json!({}),
            authority: None,
            is_admin: false,
            external_id: None,
            signers: None,
            secondary_signer: None,
            lockout: None,
        }
    }
}

/// An identity that was made, and how it enrolls.
#[derive(Debug, Clone)]
pub struct Created {
    /// The identity's id.
    pub id: String,
    /// The enrollment token a user would be given: a signed JWT.
    pub jwt: String,
    /// The one-time token inside it.
    pub token: String,
}

#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) password: Option<Authenticator>,
    pub(crate) certificates: Vec<Authenticator>,
    pub(crate) disabled: bool,
    pub(crate) admin: bool,
    pub(crate) mfa: Option<Mfa>,
    /// Logins need a second factor, whether there is one or not.
    pub(crate) mfa_demanded: bool,
    pub(crate) external_id: Option<String>,
    pub(crate) signers: Option<Vec<String>>,
    pub(crate) secondary_signer: Option<String>,
    pub(crate) lockout: Option<Lockout>,
    pub(crate) created: OffsetDateTime,
    pub(crate) role_attributes: Vec<String>,
    pub(crate) tags: Value,
    pub(crate) app_data: Value,
    pub(crate) last_login: Environment,
}

impl Identity {
    fn new(id: String, options: &IdentityOptions, now: OffsetDateTime) -> Self {
        let password = options.password.clone();
        Self {
            id,
            name: options.name.clone(),
            password: password.map(|password| Authenticator::password(&options.name, password, now)),
            certificates: Vec::new(),
            disabled: options.disabled,
            admin: options.is_admin,
            mfa: None,
            mfa_demanded: false,
            external_id: options.external_id.clone(),
            signers: options.signers.clone(),
            secondary_signer: options.secondary_signer.clone(),
            lockout: options.lockout,
            created: now,
            role_attributes: options.role_attributes.clone(),
            tags: options.tags.clone(),
            app_data: options.app_data.clone(),
            last_login: Environment::default(),
        }
    }

    /// All it logs in by.
    pub(crate) fn authenticators(&self) -> impl Iterator<Item = &Authenticator> {
        self.password.iter().chain(&self.certificates)
    }

    pub(crate) fn authenticator_mut(&mut self, id: &str) -> Option<&mut Authenticator> {
        self.password.iter_mut().chain(&mut self.certificates).find(|own| own.id == id)
    }

    /// Whether a second factor was set up to the end.
    pub(crate) fn mfa_verified(&self) -> bool {
        self.mfa.as_ref().is_some_and(|mfa| mfa.verified)
    }
}

#[derive(Clone)]
pub(crate) struct Enrollment {
    pub(crate) identity_id: String,
    pub(crate) method: String,
    pub(crate) expires: OffsetDateTime,
    /// The id of the authority that has to have issued the certificate.
    pub(crate) authority: Option<String>,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) identities: Vec<Identity>,
    /// By token; a spent one is gone, as it is from the real controller.
    pub(crate) enrollments: HashMap<String, Enrollment>,
    pub(crate) sessions: Sessions,
    pub(crate) session_certificates: SessionCertificates,
    pub(crate) signers: Vec<Arc<Signer>>,
    pub(crate) authorities: Vec<CertificateAuthority>,
    pub(crate) enrolled_routers: EnrolledRouters,
    pub(crate) controllers: Option<Vec<ListedController>>,
    /// The CA certificates to tell of, DER, if not the own ones.
    pub(crate) announced: Option<Vec<Vec<u8>>>,
    pub(crate) catalog: Catalog,
    pub(crate) pages: Pages,
    pub(crate) moves: Moves,
    pub(crate) posture: Posture,
    pub(crate) routers: EdgeRouters,
    pub(crate) service_sessions: ServiceSessions,
    pub(crate) oidc: Oidc,
}

impl State {
    /// Adds an identity that is enrolled already; the result is its id.
    pub(crate) fn add_enrolled(&mut self, options: &IdentityOptions, now: OffsetDateTime) -> String {
        let id = random::short_id();
        self.identities.push(Identity::new(id.clone(), options, now));
        id
    }

    /// Takes an identity away, with all it could log in by.
    pub(crate) fn remove_identity(&mut self, id: &str) {
        self.identities.retain(|identity| identity.id != id);
        self.enrollments.retain(|_, enrollment| enrollment.identity_id != id);
    }

    /// Adds an identity with an enrollment; the result is its id and the one-time token.
    pub(crate) fn add_identity(&mut self, options: &IdentityOptions, now: OffsetDateTime) -> (String, String) {
        let (id, token) = (self.add_enrolled(options, now), random::uuid());
        let expires = now + options.expires_in;
        let authority = options.authority.as_ref().map(|authority| authority.id().to_owned());
        let enrollment = Enrollment { identity_id: id.clone(), method: options.method.clone(), expires, authority };
        self.enrollments.insert(token.clone(), enrollment);
        (id, token)
    }

    /// Takes over what the controllers of a network have in common.
    pub(crate) fn join(&mut self, network: Network) {
        self.identities = network.identities;
        self.signers = network.signers;
        self.authorities = network.authorities;
        self.oidc.shared = network.issued;
    }

    pub(crate) fn identity_mut(&mut self, id: &str) -> Option<&mut Identity> {
        self.identities.iter_mut().find(|identity| identity.id == id)
    }

    /// The user of a session showed a second factor.
    pub(crate) fn pass_mfa(&mut self, session_id: &str, identity_id: &str, now: OffsetDateTime) {
        self.posture.pass_mfa(session_id, now);
        self.catalog.changes.touch(identity_id, now);
    }

    /// Forgets what belongs to sessions that are over, so that it does not add up.
    pub(crate) fn forget_ended_sessions(&mut self, version: Version, now: OffsetDateTime) {
        let by_token = self.oidc.issued().sessions(now);
        let alive = self.sessions.alive(version, now).map(|session| session.id.as_str());
        let alive: HashSet<&str> = alive.chain(by_token.iter().map(String::as_str)).collect();
        self.posture.keep_sessions(&alive);
        self.session_certificates.keep_sessions(&alive);
        self.service_sessions.keep(&alive, |service| self.catalog.get(service).is_some());
    }

    pub(crate) fn identity(&self, id: &str) -> Option<&Identity> {
        self.identities.iter().find(|identity| identity.id == id)
    }

    /// Lets the identity log in by one more certificate.
    pub(crate) fn add_certificate(&mut self, identity_id: &str, certificate: Authenticator) {
        if let Some(identity) = self.identity_mut(identity_id) {
            identity.certificates.push(certificate);
        }
    }

    pub(crate) fn signer(&self, id: &str) -> Option<&Signer> {
        self.signers.iter().find(|signer| signer.id == id).map(Arc::as_ref)
    }
}

/// Built pages of services by what decides their content; forgotten when a service changes.
#[derive(Default)]
pub(crate) struct Pages {
    revision: u64,
    built: HashMap<String, Body>,
}

impl Pages {
    /// More different queries than a test has; a client that invents them must not fill the memory.
    const CAP: usize = 256;

    pub(crate) fn get(&mut self, revision: u64, key: &str) -> Option<Body> {
        if self.revision != revision {
            self.built.clear();
            self.revision = revision;
        }
        self.built.get(key).cloned()
    }

    pub(crate) fn keep(&mut self, key: String, body: Body) {
        if self.built.len() >= Self::CAP {
            self.built.clear();
        }
        self.built.insert(key, body);
    }
}

/// Rows that shift while a client pages.
#[derive(Default)]
pub(crate) struct Moves {
    pub(crate) on: bool,
    done: usize,
}

impl State {
    /// Puts a service before all others and takes the last one away, so that every row moves back by one place.
    pub(crate) fn move_rows(&mut self, now: OffsetDateTime) {
        let Some(last) = self.catalog.ids().pop() else { return };
        self.catalog.remove(&last, now);
        let number = self.moves.done;
        self.moves.done += 1;
        let id = Some(format!("0000000000000{:09}", 999_999_999 - number));
        self.catalog.add(ServiceSpec { name: format!("moved-in-{number:05}"), id, ..ServiceSpec::default() }, now);
    }
}
