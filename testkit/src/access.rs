//! The controller as a test holds it: ways in besides one-time tokens and certificates of the network.

use std::sync::Arc;

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::authenticators::Extension;
use crate::authorities::CertificateAuthority;
use crate::controller::TestController;
use crate::external::{ExternalSigner, Signer};
use crate::listed_controllers::ListedController;
use crate::manners::Version;
use crate::mfa::Mfa;
use crate::random;
use crate::state::{Created, Enrollment};

/// How long the enrollment token of a router or an authority is good.
const WEEK: time::Duration = time::Duration::weeks(1);

impl TestController {
    /// Sets up a second factor for the identity, verified, as if it had enrolled in MFA; its logins need a code from now
    /// on. False if there is no such identity.
    pub fn enroll_mfa(&self, identity_id: &str) -> bool {
        let now = self.shared.clock.now();
        let mut state = self.shared.state();
        let identity = state.identity_mut(identity_id);
        let found = identity.is_some();
        if let Some(identity) = identity {
            identity.mfa.insert(Mfa::start(now)).verify(now);
        }
        found
    }

    /// The present one-time code of the identity, by the controller's clock; `None` if it did not enroll in MFA.
    pub fn totp_code(&self, identity_id: &str) -> Option<String> {
        let now = self.shared.clock.now();
        self.shared.state().identity(identity_id)?.mfa.as_ref().map(|mfa| mfa.code(now))
    }

    /// What is left of the identity's recovery codes.
    pub fn recovery_codes(&self, identity_id: &str) -> Vec<String> {
        let state = self.shared.state();
        let mfa = state.identity(identity_id).and_then(|identity| identity.mfa.as_ref());
        mfa.map(|mfa| mfa.recovery_codes.clone()).unwrap_or_default()
    }

    /// Lets the identity's certificates, and logins by them, say that these are to be replaced, with another key if
    /// `key_roll`. 1.3 does not know this.
    pub fn request_certificate_extension(&self, identity_id: &str, key_roll: bool) {
        let mut state = self.shared.state();
        let certificates = state.identity_mut(identity_id).into_iter().flat_map(|identity| &mut identity.certificates);
        for certificate in certificates.filter_map(|own| own.as_certificate_mut()) {
            certificate.extension = Some(Extension { key_roll });
        }
    }

    /// Lets `/.well-known/est/cacerts` answer with the CA certificates of these controllers, in place of the own ones.
    pub fn announce_authorities_of(&self, controllers: &[&TestController]) {
        let authorities = controllers.iter().flat_map(|controller| controller.shared.pki.authorities());
        self.announce_certificates(authorities);
    }

    /// Lets it answer with these elements, DER, which need not be certificates.
    pub fn announce_certificates(&self, elements: impl IntoIterator<Item = Vec<u8>>) {
        self.shared.state().announced = Some(elements.into_iter().collect());
    }

    /// Adds an external JWT signer; the result is its id.
    pub fn add_external_signer(&self, signer: ExternalSigner) -> String {
        let signer = Signer::new(signer, self.shared.clock.now()).expect("the system has random numbers");
        let id = signer.id.clone();
        self.shared.state().signers.push(Arc::new(signer));
        id
    }

    /// Gives an external JWT signer another key, so that its tokens up to now are void before their end. False if there
    /// is no such signer.
    pub fn change_signer_key(&self, signer_id: &str) -> bool {
        let mut state = self.shared.state();
        let signer = state.signers.iter_mut().find(|signer| signer.id == signer_id);
        signer.is_some_and(|signer| {
            *signer = Arc::new(signer.with_new_key().expect("the system has random numbers"));
            true
        })
    }

    /// A token of an external JWT signer with these claims and those that all its tokens have, which these replace.
    /// `None` if there is no such signer.
    pub fn external_token(&self, signer_id: &str, claims: &Value) -> Option<String> {
        let now = self.shared.clock.now();
        self.shared.state().signer(signer_id).map(|signer| signer.sign(claims, now))
    }

    /// Adds a third-party certificate authority.
    pub fn add_authority(&self, name: &str) -> CertificateAuthority {
        let authority = CertificateAuthority::new(name, OffsetDateTime::now_utc());
        let authority = authority.expect("every name makes a subject");
        self.shared.state().authorities.push(authority.clone());
        authority
    }

    /// The enrollment token for everybody who has a certificate of `authority`.
    pub fn authority_jwt(&self, authority: &CertificateAuthority) -> String {
        self.enrollment_jwt("ca", authority.id(), authority.id(), self.shared.clock.now() + WEEK)
    }

    /// Makes an edge router that can enroll, and does nothing else.
    pub fn create_router(&self) -> Created {
        let (id, token) = (random::short_id(), random::uuid());
        let expires = self.shared.clock.now() + WEEK;
        let enrollment = Enrollment { identity_id: id.clone(), method: "erott".to_owned(), expires, authority: None };
        let mut state = self.shared.state();
        state.enrolled_routers.add(id.clone());
        state.enrollments.insert(token.clone(), enrollment);
        Created { jwt: self.enrollment_jwt("erott", &id, &token, expires), id, token }
    }

    /// Sets what `GET /controllers` lists.
    pub fn set_controllers(&self, controllers: impl IntoIterator<Item = ListedController>) {
        self.shared.state().controllers = Some(controllers.into_iter().collect());
    }

    /// An enrollment token in the form in which users get them.
    pub(crate) fn enrollment_jwt(&self, method: &str, subject: &str, token: &str, expires: OffsetDateTime) -> String {
        let controllers = match self.version() {
            Version::V1_3 => None,
            Version::V1_6 | Version::V2_0 => Some([format!("tls:{}", self.shared.settings.authority)]),
        };
        let claims = json!({
            "iss": self.url(),
            "sub": subject,
            "aud": [""],
            "exp": expires.unix_timestamp(),
            "jti": token,
            "em": method,
            "ctrls": controllers,
        });
        self.shared.pki.token(&claims)
    }
}
