//! What the current identity logs in by, on both APIs.

use serde_json::json;

use super::Call;
use super::demands::{of_length, required};
use super::routes::Route;
use crate::answers::{Answer, Refusal};
use crate::authenticators::Authenticator;
use crate::page::Query;
use crate::pki::fingerprint;
use crate::sessions::Session;
use crate::state::Identity;

const LIST: &[&str] = &["current-identity", "authenticators"];
const ONE: &[&str] = &["current-identity", "authenticators", "{id}"];
const EXTEND: &[&str] = &["current-identity", "authenticators", "{id}", "extend"];
const VERIFY: &[&str] = &["current-identity", "authenticators", "{id}", "extend-verify"];

pub(super) const ROUTES: &[Route] = &[
    Route::get(LIST, "listCurrentIdentityAuthenticators", |call, _| call.authenticators()).on_both(),
    Route::get(ONE, "detailCurrentIdentityAuthenticator", |call, id| call.authenticator(id)).on_both(),
    Route::put(ONE, "updateCurrentIdentityAuthenticator", |call, id| call.change_authenticator(id, Change::Whole))
        .on_both(),
    Route::patch(ONE, "patchCurrentIdentityAuthenticator", |call, id| call.change_authenticator(id, Change::Part))
        .on_both(),
    Route::post(EXTEND, "extendCurrentIdentityAuthenticator", |call, id| call.extend_authenticator(id)).on_both(),
    Route::post(VERIFY, "extendVerifyCurrentIdentityAuthenticator", |call, id| call.verify_extension(id)).on_both(),
];

/// What a change of an authenticator brings along.
#[derive(Clone, Copy)]
enum Change {
    /// PUT: name and password have to be there.
    Whole,
    /// PATCH: what is there is changed.
    Part,
}

impl Call<'_> {
    fn authenticators(&self) -> Result<Answer, Refusal> {
        self.in_session(|session| {
            let query = Query::parse(self.request, self.manners())?;
            self.with_identity(session, |identity| {
                let show = |own: &Authenticator| own.document(&identity.id, &identity.name, self.manners());
                Ok(query.page(identity.authenticators(), show))
            })
        })
    }

    fn authenticator(&self, id: &str) -> Result<Answer, Refusal> {
        self.in_session(|session| {
            self.with_identity(session, |identity| {
                let own = identity.authenticators().find(|own| own.id == id).ok_or_else(|| unknown(id))?;
                Ok(Answer::data(&own.document(&identity.id, &identity.name, self.manners())))
            })
        })
    }

    /// The session of whoever changes the own password goes on.
    fn change_authenticator(&self, id: &str, change: Change) -> Result<Answer, Refusal> {
        self.with_document("authenticator", |session, document| {
            let field = |name| match change {
                Change::Whole => required(document, name).map(Some),
                Change::Part => Ok(document[name].as_str()),
            };
            let (password, name) = (field("password")?, field("username")?);
            of_length(password, "password", 5, 100)?;
            of_length(name, "username", 4, 100)?;
            let current = required(document, "currentPassword")?;
            self.with_own(session, id, |own| {
                own.username().ok_or_else(not_this_way)?;
                if own.secret != current {
                    return Err(Refusal::wrong_current_password(current));
                }
                let tags = document.get("tags").filter(|tags| tags.is_object()).cloned();
                own.change(name, password, tags, self.now);
                Ok(Answer::data(&json!({})))
            })
        })
    }

    /// Issues a certificate for the key of the request. The old one stays in force until the new one is confirmed.
    fn extend_authenticator(&self, id: &str) -> Result<Answer, Refusal> {
        self.with_document("extend", |session, document| {
            let csr = required(document, "clientCertCsr")?;
            let shown = self.peer.certificates.first().ok_or_else(Refusal::unauthorized)?;
            self.with_own(session, id, |own| {
                let shown_is_own = own.secret == fingerprint(shown);
                let certificate = own.as_certificate_mut().filter(|own| own.by_network).ok_or_else(not_this_way)?;
                if !shown_is_own {
                    return Err(Refusal::unauthorized());
                }
                let leaf = self.sign_for(&session.login.identity_id, csr)?;
                let pem = self.chain_of(&leaf);
                certificate.next = Some(leaf.der().to_vec());
                Ok(Answer::data(&json!({"ca": self.shared.pki.authorities_pem(), "clientCert": pem})))
            })
        })
    }

    /// Puts the certificate that was issued last in force, once its holder shows to have it. The old one logs in no
    /// more; sessions that it began go on.
    fn verify_extension(&self, id: &str) -> Result<Answer, Refusal> {
        self.with_document("extend", |session, document| {
            let shown = required(document, "clientCert")?;
            self.with_own(session, id, |own| {
                let certificate = own.as_certificate().ok_or_else(not_this_way)?;
                let next = certificate.next.as_ref().ok_or_else(not_this_way)?;
                if pem::parse(shown).ok().is_none_or(|shown| shown.contents() != next) {
                    let message = "The provided client certificate is invalid";
                    return Err(Refusal::new(400, "INVALID_CLIENT_CERT", message));
                }
                own.take_next(self.now);
                Ok(Answer::data(&json!({})))
            })
        })
    }

    /// Looks at an authenticator of the current identity; those of others are not there.
    fn with_own<T>(
        &self,
        session: &Session,
        id: &str,
        look: impl FnOnce(&mut Authenticator) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let look = |identity: &mut Identity| look(identity.authenticator_mut(id).ok_or_else(|| unknown(id))?);
        self.with_identity(session, look)
    }
}

fn unknown(id: &str) -> Refusal {
    Refusal::not_found(format!("authenticator with id {id} not found"))
}

fn not_this_way() -> Refusal {
    let message = "The authenticator cannot be updated in this fashion";
    Refusal::new(409, "CAN_NOT_UPDATE_AUTHENTICATOR", message)
}
