//! `POST /authenticate` and the session it starts.

use serde_json::{Value, json};

use super::Call;
use super::routes::Route;
use crate::answers::{Answer, Refusal};
use crate::manners::Invalid;
use crate::pki::fingerprint;
use crate::sessions::{Login, Session};
use crate::state::{Authenticator, Identity};

const METHODS: [&str; 3] = ["password", "cert", "ext-jwt"];

const SESSION: &[&str] = &["current-api-session"];

pub(super) const ROUTES: &[Route] = &[
    Route::post(&["authenticate"], "authenticate", |call, _| call.authenticate()),
    Route::get(SESSION, "getCurrentAPISession", |call, _| call.current_api_session()),
    // The API document has no name for it.
    Route::delete(SESSION, "logout", |call, _| call.log_out()),
];

impl Call<'_> {
    fn authenticate(&self) -> Result<Answer, Refusal> {
        let method = self.method()?;
        let body = self.credentials()?;
        let login = match method.as_str() {
            "password" => self.by_password(&body)?,
            "cert" => self.by_certificate()?,
            _ => return Err(Refusal::login_failed()),
        };
        let config_types = strings(&body["configTypes"]);
        let login = Login { config_types, ip_address: self.peer.address.to_string(), ..login };
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

    fn by_password(&self, body: &Value) -> Result<Login, Refusal> {
        let given = |name: &str| body[name].as_str().filter(|text| !text.is_empty());
        let missing = || Refusal::invalid_document("username and password fields are required");
        let (name, password) = given("username").zip(given("password")).ok_or_else(missing)?;
        let state = self.state();
        let named = state.identities.iter().filter(|identity| identity.name == name && !identity.disabled);
        let found = named.filter_map(|identity| Some((identity, identity.password.as_ref()?)));
        let right = found.into_iter().find(|(_, authenticator)| authenticator.secret == password);
        right.map(|(identity, authenticator)| login(identity, authenticator)).ok_or_else(Refusal::login_failed)
    }

    fn by_certificate(&self) -> Result<Login, Refusal> {
        let leaf = self.peer.certificates.first().ok_or_else(Refusal::login_failed)?;
        let shown = fingerprint(leaf);
        let state = self.state();
        let enabled = state.identities.iter().filter(|identity| !identity.disabled);
        let mut owned = enabled.flat_map(|identity| identity.certificates.iter().map(move |own| (identity, own)));
        let (identity, authenticator) = owned.find(|(_, own)| own.secret == shown).ok_or_else(Refusal::login_failed)?;
        let improper_chain = self.manners().reports_improper_chains() && self.peer.certificates.len() == 1;
        Ok(Login { by_certificate: true, improper_chain, ..login(identity, authenticator) })
    }

    fn start_session(&self, login: Login) -> Answer {
        let mut guard = self.state();
        let state = &mut *guard;
        let config_types = state.catalog.type_ids(&login.config_types);
        let session = state.sessions.start(login, self.now, self.shared.settings.session_timeout);
        let mut answer = Answer::data(&session.document(&config_types));
        if !self.request.accepts(&["application/json"]) {
            answer.headers = vec![("Content-Type", String::new())];
        }
        answer.headers.extend(session.expiry_headers());
        answer.with("Zt-Session", session.token.clone())
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

fn login(identity: &Identity, authenticator: &Authenticator) -> Login {
    Login {
        identity_id: identity.id.clone(),
        identity_name: identity.name.clone(),
        authenticator_id: authenticator.id.clone(),
        mfa_required: identity.mfa,
        ..Login::default()
    }
}

fn at_most(value: &Value, field: &str, length: usize) -> Result<(), Refusal> {
    let Some(text) = value.as_str().filter(|text| text.chars().count() > length) else { return Ok(()) };
    Err(Refusal::invalid_field(field, &format!("{field} in body should be at most {length} chars long"), text))
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
