//! The second factor of the current identity, and `POST /authenticate/mfa`.

use serde_json::{Value, json};

use super::demands::required;
use super::routes::Route;
use super::{Call, no_such_path};
use crate::answers::{Answer, Refusal};
use crate::manners::Version;
use crate::mfa::Mfa;
use crate::sessions::Session;
use crate::state::Identity;
use crate::{clock, random};

const MFA: &[&str] = &["current-identity", "mfa"];
const RECOVERY_CODES: &[&str] = &["current-identity", "mfa", "recovery-codes"];
/// A picture. Nobody scans it, so it is not one of the provisioning URL.
const PICTURE: &[u8] = include_bytes!("../picture.png");

pub(super) const ROUTES: &[Route] = &[
    Route::post(&["authenticate", "mfa"], "authenticateMfa", |call, _| call.authenticate_mfa()),
    Route::get(MFA, "detailMfa", |call, _| call.mfa()),
    Route::post(MFA, "enrollMfa", |call, _| call.enroll_mfa()),
    Route::delete(MFA, "deleteMfa", |call, _| call.delete_mfa()),
    Route::post(&["current-identity", "mfa", "verify"], "verifyMfa", |call, _| call.verify_mfa()),
    Route::get(&["current-identity", "mfa", "qr-code"], "detailMfaQrCode", |call, _| call.mfa_picture()),
    Route::get(RECOVERY_CODES, "detailMfaRecoveryCodes", |call, _| call.recovery_codes()),
    Route::post(RECOVERY_CODES, "createMfaRecoveryCodes", |call, _| call.renew_recovery_codes()),
    Route::post(&["current-api-session", "totp-token"], "createTotpToken", |call, _| call.totp_token()),
];

impl Call<'_> {
    fn mfa(&self) -> Result<Answer, Refusal> {
        self.in_any_session(|session| {
            self.with_identity(session, |identity| {
                let mfa = identity.mfa.as_ref().ok_or_else(Refusal::nothing_there)?;
                Ok(Answer::data(&mfa.document(&identity.name)))
            })
        })
    }

    fn enroll_mfa(&self) -> Result<Answer, Refusal> {
        self.in_any_session(|session| {
            self.with_identity(session, |identity| {
                if identity.mfa.is_some() {
                    let message = "An MFA record already exists, try removing it";
                    return Err(Refusal::new(409, "MFA_EXISTS", message));
                }
                let mfa = identity.mfa.insert(Mfa::start(self.now));
                let created = json!({"_links": {"self": {"href": "./current-identity/mfa"}}, "id": mfa.id});
                Ok(Answer { status: 201, ..Answer::data(&created) })
            })
        })
    }

    /// A verified second factor is deleted by a code only, of either kind.
    fn delete_mfa(&self) -> Result<Answer, Refusal> {
        self.in_session(|session| {
            self.with_identity(session, |identity| {
                let mfa = identity.mfa.as_mut().ok_or_else(Refusal::nothing_there)?;
                if mfa.verified && !mfa.accepts(self.code_in_header(), self.now) {
                    return Err(wrong_code());
                }
                identity.mfa = None;
                Ok(Answer::data(&json!({})))
            })
        })
    }

    fn verify_mfa(&self) -> Result<Answer, Refusal> {
        self.with_document_in_any_session("mfaValidation", |session, document| {
            let code = required(document, "code")?;
            self.with_identity(session, |identity| {
                let mfa = identity.mfa.as_mut().filter(|mfa| !mfa.verified).ok_or_else(Refusal::nothing_there)?;
                if !mfa.accepts_totp(code, self.now) {
                    return Err(wrong_code());
                }
                mfa.verify(self.now);
                Ok(())
            })?;
            Ok(self.second_factor_shown(session))
        })
    }

    fn authenticate_mfa(&self) -> Result<Answer, Refusal> {
        self.with_document_in_any_session("mfaAuth", |session, document| {
            let code = required(document, "code")?;
            self.with_identity(session, |identity| {
                let mfa = verified(identity).ok_or_else(not_enrolled)?;
                if mfa.accepts(code, self.now) { Ok(()) } else { Err(wrong_code()) }
            })?;
            Ok(self.second_factor_shown(session))
        })
    }

    fn mfa_picture(&self) -> Result<Answer, Refusal> {
        self.in_any_session(|session| {
            self.with_identity(session, |identity| {
                identity.mfa.as_ref().filter(|mfa| !mfa.verified).ok_or_else(Refusal::nothing_there)?;
                Ok(Answer::new(200, "image/png", PICTURE))
            })
        })
    }

    fn recovery_codes(&self) -> Result<Answer, Refusal> {
        self.in_session(|session| {
            self.with_identity(session, |identity| {
                let mfa = verified(identity).ok_or_else(Refusal::nothing_there)?;
                if !mfa.accepts_totp(self.code_in_header(), self.now) {
                    return Err(wrong_code());
                }
                Ok(Answer::data(&mfa.recovery_document()))
            })
        })
    }

    fn renew_recovery_codes(&self) -> Result<Answer, Refusal> {
        self.with_document("mfaValidation", |session, document| {
            let code = required(document, "code")?;
            self.with_identity(session, |identity| {
                let mfa = verified(identity).ok_or_else(Refusal::nothing_there)?;
                if !mfa.accepts(code, self.now) {
                    return Err(wrong_code());
                }
                mfa.renew_recovery_codes(self.now);
                Ok(Answer::data(&json!({})))
            })
        })
    }

    /// There is one for sessions of OpenID Connect, and from 2.0 on.
    fn totp_token(&self) -> Result<Answer, Refusal> {
        if self.manners() == Version::V1_3 {
            return Err(no_such_path(self.request));
        }
        self.with_document("mfaValidation", |session, document: &Value| {
            let code = required(document, "code")?;
            if self.manners() == Version::V1_6 {
                return self.missing("current_api_session.CreateTotpToken");
            }
            if !session.is_of_token() {
                return Err(Refusal::new(400, "INVALID_BACKING_TOKEN_TYPE", "The backing token type is invalid"));
            }
            self.with_identity(session, |identity| {
                let mfa = verified(identity).ok_or_else(not_enrolled)?;
                if mfa.accepts_totp(code, self.now) { Ok(()) } else { Err(wrong_code()) }
            })?;
            let claims = json!({
                "iss": self.shared.url(),
                "sub": session.login.identity_id,
                "aud": ["openziti"],
                "iat": self.now.unix_timestamp(),
                "jti": random::uuid(),
                "z_asid": session.id,
                "z_t": "t",
            });
            let token = self.shared.pki.token(&claims);
            Ok(Answer::data_without_meta(&json!({"issuedAt": clock::json(self.now), "token": token})))
        })
    }

    fn second_factor_shown(&self, session: &Session) -> Answer {
        let mut state = self.state();
        state.sessions.complete_mfa(&session.token);
        state.pass_mfa(&session.id, &session.login.identity_id, self.now);
        Answer::data(&json!({}))
    }

    fn code_in_header(&self) -> &str {
        self.request.header("mfa-validation-code").unwrap_or_default()
    }

    /// Looks at the identity of a session, which may have been removed meanwhile.
    pub(super) fn with_identity<T>(
        &self,
        session: &Session,
        look: impl FnOnce(&mut Identity) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        look(self.state().identity_mut(&session.login.identity_id).ok_or_else(Refusal::unauthorized)?)
    }
}

fn verified(identity: &mut Identity) -> Option<&mut Mfa> {
    identity.mfa.as_mut().filter(|mfa| mfa.verified)
}

fn not_enrolled() -> Refusal {
    Refusal::new(409, "MFA_NOT_ENROLLED", "The current identity is not enrolled in MFA")
}

fn wrong_code() -> Refusal {
    Refusal::new(400, "MFA_INVALID_TOKEN", "An invalid token/code was provided")
}
