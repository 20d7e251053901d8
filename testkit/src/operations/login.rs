//! `POST /authenticate` and the session it starts.

use serde_json::{Value, json};

use super::Call;
use super::routes::Route;
use crate::answers::{Answer, Refusal};
use crate::authenticators::{Authenticator, Proof};
use crate::external::Signer;
use crate::manners::{Invalid, Version};
use crate::pki::{fingerprint, pem_of};
use crate::sessions::{Login, Session};
use crate::state::{Identity, State};

const METHODS: [&str; 3] = ["password", "cert", "ext-jwt"];

const SESSION: &[&str] = &["current-api-session"];

pub(super) const ROUTES: &[Route] = &[
    Route::post(&["authenticate"], "authenticate", |call, _| call.authenticate()).on_both(),
    Route::get(SESSION, "getCurrentAPISession", |call, _| call.current_api_session()).on_both(),
    // The API document has no name for it.
    Route::delete(SESSION, "logout", |call, _| call.log_out()).on_both(),
];

impl Call<'_> {
    fn authenticate(&self) -> Result<Answer, Refusal> {
        let method = self.method()?;
        let body = self.credentials()?;
        let login = match method.as_str() {
            "password" => self.by_password(&body)?,
            "cert" => self.by_certificate()?,
            _ => self.by_external_token()?,
        };
        let config_types = strings(&body["configTypes"]);
        let login = Login { config_types, ip_address: self.peer.address.ip().to_string(), ..login };
        if let Some(identity) = self.state().identity_mut(&login.identity_id) {
            identity.last_login.take(&body, self.now);
        }
        Ok(self.start_session(login))
    }

    fn method(&self) -> Result<String, Refusal> {
        let missing =
            || Refusal::invalid(self.manners(), Invalid::Missing, "method", "method in query is required", "[]");
        let method = self.request.parameter("method").ok_or_else(missing)?;
        if METHODS.contains(&method.as_str()) {
            return Ok(method);
        }
        let reason = format!("method in query should be one of [{}]", METHODS.join(" "));
        Err(Refusal::invalid(self.manners(), Invalid::NotInEnumeration, "method", &reason, &method))
    }

    /// The body, an object; none is an empty one.
    fn credentials(&self) -> Result<Value, Refusal> {
        if self.request.body.is_empty() {
            return Ok(json!({}));
        }
        let found = self.request.content_type().unwrap_or("application/octet-stream");
        if found != "application/json" {
            return Err(Refusal::unsupported_content_type(self.manners(), found, "application/json"));
        }
        let unreadable = |why: &str| Refusal::unreadable(format!("parsing auth body from \"\" failed, because {why}"));
        let body: Value = serde_json::from_slice(&self.request.body).map_err(|_| unreadable("unexpected EOF"))?;
        if !body.is_object() {
            let why = "json: cannot unmarshal array into Go value of type rest_model.Authenticate";
            return Err(unreadable(why));
        }
        at_most(&body["username"], "username", 100)?;
        at_most(&body["envInfo"]["os"], "envInfo.os", 255)?;
        Ok(body)
    }

    pub(super) fn by_password(&self, body: &Value) -> Result<Login, Refusal> {
        let given = |name: &str| body[name].as_str().filter(|text| !text.is_empty());
        let missing = || Refusal::invalid_document("username and password fields are required");
        let (name, password) = given("username").zip(given("password")).ok_or_else(missing)?;
        let mut state = self.state();
        let named = |identity: &Identity| {
            !identity.disabled && identity.password.as_ref().and_then(Authenticator::username) == Some(name)
        };
        let mut known = state.identities.iter_mut().filter(|identity| named(identity));
        let right = known.find_map(|identity| self.is_right(identity, password).then(|| identity.id.clone()));
        let identity = right.and_then(|id| state.identity(&id)).ok_or_else(Refusal::login_failed)?;
        let id = identity.password.as_ref().map(|own| own.id.clone()).unwrap_or_default();
        Ok(Login { authenticator_id: id, ..self.login_of(&state, identity) })
    }

    /// Whether a password is right; wrong ones are counted.
    fn is_right(&self, identity: &mut Identity, given: &str) -> bool {
        let lockout = identity.lockout;
        let Some(own) = identity.password.as_mut() else { return false };
        let right = own.secret == given;
        match (&mut own.proof, lockout) {
            (Proof::Password { failures, .. }, Some(lockout)) => {
                failures.pass(right, lockout, self.manners(), self.now)
            }
            _ => right,
        }
    }

    pub(super) fn by_certificate(&self) -> Result<Login, Refusal> {
        let chain = &self.peer.certificates;
        let leaf = chain.first().ok_or_else(Refusal::login_failed)?;
        let shown = fingerprint(leaf);
        let mut state = self.state();
        let mut enabled = state.identities.iter_mut().filter(|identity| !identity.disabled);
        let found = enabled.find_map(|identity| {
            let own = identity.certificates.iter_mut().find(|own| own.secret == shown)?;
            let id = own.id.clone();
            let certificate = own.as_certificate_mut()?;
            certificate.to_root = certificate.by_network && chain.len() > 1;
            let extension = certificate.extension.filter(|_| self.manners() != Version::V1_3);
            Some((identity.id.clone(), id, certificate.by_network, extension))
        });
        let (identity_id, authenticator_id, by_network, extension) = found.ok_or_else(Refusal::login_failed)?;
        let identity = state.identity(&identity_id).ok_or_else(Refusal::login_failed)?;
        let improper_chain = self.manners().reports_improper_chains() && by_network && chain.len() == 1;
        let login = self.login_of(&state, identity);
        Ok(Login {
            authenticator_id,
            certificate: Some(leaf.clone()),
            extendable: by_network,
            improper_chain,
            extension,
            ..login
        })
    }

    /// A login of an identity, by whatever.
    pub(super) fn login_of(&self, state: &State, identity: &Identity) -> Login {
        let secondary = identity.secondary_signer.as_ref().and_then(|id| state.signer(id));
        Login {
            identity_id: identity.id.clone(),
            identity_name: identity.name.clone(),
            mfa_enrolled: identity.mfa_verified(),
            mfa_demanded: identity.mfa_demanded,
            secondary: secondary.map(Signer::demand),
            ..Login::default()
        }
    }

    fn start_session(&self, login: Login) -> Answer {
        let mut guard = self.state();
        let state = &mut *guard;
        let config_types = state.catalog.type_ids(&login.config_types);
        let session = state.sessions.start(login, self.now, self.shared.settings.session_timeout).clone();
        if let Some(leaf) = session.login.certificate.clone() {
            let pem = pem_of(&leaf);
            state.session_certificates.add(&session.id, leaf, pem, false, self.now);
        }
        drop(guard);
        let session = self.settled(session);
        let mut answer = Answer::data(&session.document(&config_types));
        if !self.request.accepts(&["application/json"]) {
            answer.headers = vec![("Content-Type", String::new())];
        }
        answer.headers.extend(session.expiry_headers());
        let wanted = session.login.extension.map_or(0, |extension| 1 + usize::from(extension.key_roll));
        answer.headers.extend(vec![("Ziti-Authenticator-Extend-Requested", "true".to_owned()); wanted]);
        self.with_challenge(answer, session.login.secondary.as_ref()).with("Zt-Session", session.token.clone())
    }

    fn current_api_session(&self) -> Result<Answer, Refusal> {
        Ok(self.any_session().map_or_else(|refused| refused, |session| self.show(&session)))
    }

    fn show(&self, session: &Session) -> Answer {
        Answer::data(&session.document(&self.state().catalog.type_ids(&session.login.config_types)))
    }

    fn log_out(&self) -> Result<Answer, Refusal> {
        let session = match self.any_session() {
            Ok(session) => session,
            Err(refused) => return Ok(refused),
        };
        if session.is_of_token() {
            let what = format!("apiSession with id {} not found", session.id);
            return Err(match self.manners() {
                Version::V1_3 => Refusal::unhandled(what),
                Version::V1_6 | Version::V2_0 => Refusal::not_found(what),
            });
        }
        let answer = Answer::data(&json!({}));
        let answer = if self.manners().slides() {
            session.expiry_headers().into_iter().fold(answer, |answer, (name, value)| answer.with(name, value))
        } else {
            answer
        };
        self.state().sessions.end(&session.token);
        Ok(answer)
    }
}

fn at_most(value: &Value, field: &str, length: usize) -> Result<(), Refusal> {
    let Some(text) = value.as_str().filter(|text| text.chars().count() > length) else { return Ok(()) };
    Err(Refusal::invalid_field(field, &format!("{field} in body should be at most {length} chars long"), text))
}

/// The texts of an array, if it is one.
pub(super) fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
