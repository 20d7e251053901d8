//! What the controller knows: identities, enrollments, sessions and services.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::answers::Body;
use crate::identities::Environment;
use crate::manners::Version;
use crate::posture::Posture;
use crate::random;
use crate::routers::EdgeRouters;
use crate::service_sessions::ServiceSessions;
use crate::services::{Catalog, ServiceSpec};
use crate::sessions::{Session, Sessions};

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
    /// The enrollment method the token is for.
    pub method: String,
    /// Role attributes, by which policies know it.
    pub role_attributes: Vec<String>,
    /// Free-form tags, an object.
    pub tags: Value,
    /// Free-form data for applications, an object.
    pub app_data: Value,
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
    pub(crate) mfa: bool,
    pub(crate) created: OffsetDateTime,
    pub(crate) role_attributes: Vec<String>,
    pub(crate) tags: Value,
    pub(crate) app_data: Value,
    pub(crate) last_login: Environment,
}

/// A way to log in: the secret is a password, or the SHA-1 of a certificate.
#[derive(Clone)]
pub(crate) struct Authenticator {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl Authenticator {
    fn new(secret: String) -> Self {
        Self { id: random::short_id(), secret }
    }
}

pub(crate) struct Enrollment {
    pub(crate) identity_id: String,
    pub(crate) method: String,
    pub(crate) expires: OffsetDateTime,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) identities: Vec<Identity>,
    /// By token; a spent one is gone, as it is from the real controller.
    pub(crate) enrollments: HashMap<String, Enrollment>,
    pub(crate) sessions: Sessions,
    pub(crate) catalog: Catalog,
    pub(crate) pages: Pages,
    pub(crate) moves: Moves,
    pub(crate) posture: Posture,
    pub(crate) routers: EdgeRouters,
    pub(crate) service_sessions: ServiceSessions,
}

impl State {
    /// Adds an identity with an enrollment; the result is its id and the one-time token.
    pub(crate) fn add_identity(&mut self, options: &IdentityOptions, now: OffsetDateTime) -> (String, String) {
        let (id, token) = (random::short_id(), random::uuid());
        self.identities.push(Identity {
            id: id.clone(),
            name: options.name.clone(),
            password: options.password.clone().map(Authenticator::new),
            certificates: Vec::new(),
            disabled: options.disabled,
            mfa: false,
            created: now,
            role_attributes: options.role_attributes.clone(),
            tags: options.tags.clone(),
            app_data: options.app_data.clone(),
            last_login: Environment::default(),
        });
        let expires = now + options.expires_in;
        let enrollment = Enrollment { identity_id: id.clone(), method: options.method.clone(), expires };
        self.enrollments.insert(token.clone(), enrollment);
        (id, token)
    }

    pub(crate) fn identity_mut(&mut self, id: &str) -> Option<&mut Identity> {
        self.identities.iter_mut().find(|identity| identity.id == id)
    }

    /// The user of a session showed a second factor.
    pub(crate) fn pass_mfa(&mut self, session: &Session, now: OffsetDateTime) {
        self.posture.pass_mfa(&session.id, now);
        self.catalog.changes.touch(&session.login.identity_id, now);
    }

    /// Forgets what belongs to sessions that are over, so that it does not add up.
    pub(crate) fn forget_ended_sessions(&mut self, version: Version, now: OffsetDateTime) {
        let alive: HashSet<&str> = self.sessions.alive(version, now).map(|session| session.id.as_str()).collect();
        self.posture.keep_sessions(&alive);
        self.service_sessions.keep(&alive, |service| self.catalog.get(service).is_some());
    }

    /// Lets the certificate with this fingerprint log in as the identity.
    pub(crate) fn add_certificate(&mut self, identity_id: &str, fingerprint: String) {
        if let Some(identity) = self.identity_mut(identity_id) {
            identity.certificates.push(Authenticator::new(fingerprint));
        }
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
