//! The text of a saved login: JSON as base64, which its users are not meant to look into.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use zeroize::{Zeroize, Zeroizing};

use super::moment::Moment;
use super::owner::Owner;
use super::{Saved, SavedToken, problem};
use crate::error::{Error, SessionProblem};
use crate::login::oidc::{SavedLogin, SavedTokens, milliseconds};
use crate::login::session::{ApiSession, AuthQuery};
use crate::secret::Secret;
use crate::wire::fields::{Fields, Model};
use crate::wire::{Timestamp, envelope};

/// Goes up with each change that an earlier version of this library would read wrongly.
const VERSION: u64 = 1;
/// More than any login has, of which tokens are the most.
const MAX_TEXT: usize = 1024 * 1024;
/// For errors, which are replaced by one without a place.
const WHAT: &str = "the saved session";

pub(super) fn write(saved: &Saved) -> Secret {
    let Saved { owner, moment, controller, api_session, token } = saved;
    let Owner { by, name, certificate, authorities, controllers } = owner;
    let mut facts = json!({
        "version": VERSION,
        "owner": {
            "by": by,
            "name": name,
            "certificate": certificate,
            "authorities": authorities,
            "controllers": controllers,
        },
        "boot": moment.boot,
        "sinceBoot": moment.since_boot.map(milliseconds),
        "controller": controller,
        "apiSession": facts_of(api_session),
    });
    let secrets = match token {
        SavedToken::Legacy { token, made, used } => {
            facts["made"] = milliseconds(*made).into();
            facts["used"] = used.map(milliseconds).into();
            vec![("session", token)]
        }
        SavedToken::Oidc(tokens) => {
            facts["oidc"] = tokens.facts();
            tokens.secrets().collect()
        }
        SavedToken::Waiting(login) => {
            facts["waiting"] = login.facts();
            login.secrets().collect()
        }
    };
    Secret::new(encoded(&facts, &secrets))
}

/// The secrets come last, so that there is one copy of each, which is wiped.
fn encoded(facts: &Value, secrets: &[(&str, &Secret)]) -> String {
    let facts = facts.to_string();
    // No character of a text has more than six in JSON.
    let room: usize = secrets.iter().map(|(name, secret)| name.len() + 6 * secret.expose().len() + 8).sum();
    let mut text = Zeroizing::new(Vec::with_capacity(facts.len() + room));
    text.extend_from_slice(facts.trim_end_matches('}').as_bytes());
    let closed = facts.len() - facts.trim_end_matches('}').len();
    text.extend(std::iter::repeat_n(b'}', closed - 1));
    for (name, secret) in secrets {
        text.extend_from_slice(format!(",\"{name}\":").as_bytes());
        serde_json::to_writer(&mut *text, secret.expose()).expect("a text can always be written as JSON");
    }
    text.push(b'}');
    BASE64_URL_SAFE_NO_PAD.encode(&*text)
}

/// In the controllers' own words, which are read as ever.
fn facts_of(session: &ApiSession) -> Value {
    let name = session.identity_name.as_ref();
    json!({
        "id": session.id,
        "token": "",
        "identityId": session.identity_id,
        "identity": name.map(|name| json!({ "id": session.identity_id, "name": name })),
        "authenticatorId": session.authenticator_id,
        "configTypes": session.config_types,
        "authQueries": session.auth_queries.iter().map(query).collect::<Vec<_>>(),
        "isMfaRequired": session.is_mfa_required,
        "isMfaComplete": session.is_mfa_complete,
        "isCertExtendable": session.is_cert_extendable,
        // By the controller's clock, and compared with nothing else.
        "expiresAt": session.expires_at.as_ref().map(Timestamp::as_str),
        "expirationSeconds": session.expiration_seconds,
    })
}

fn query(query: &AuthQuery) -> Value {
    json!({
        "typeId": query.type_id,
        "provider": query.provider,
        "httpMethod": query.http_method,
        "httpUrl": query.http_url,
        "format": query.format,
        "minLength": query.min_length,
        "maxLength": query.max_length,
        "clientId": query.client_id,
        "scopes": query.scopes,
        "id": query.id,
        "isTotpEnrolled": query.is_totp_enrolled,
    })
}

pub(super) fn read(saved: &Secret) -> Result<Saved, Error> {
    let text = saved.expose().trim();
    if text.len() > MAX_TEXT {
        return Err(unreadable());
    }
    let mut json = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| unreadable())?);
    let Version(version) = envelope::bare(WHAT, &json).map_err(|_| unreadable())?;
    if version > VERSION {
        let why = "the saved session was written by a newer version of this library; log in again";
        return Err(problem(SessionProblem::NewerVersion, why.to_owned()));
    }
    let read: Result<Saved, Error> = envelope::bare(WHAT, &json);
    json.zeroize();
    read.ok().filter(|saved| saved.token.is_usable()).ok_or_else(unreadable)
}

pub(super) fn unreadable() -> Error {
    let why = "this is no session that was saved, or it was changed or cut off since; log in again";
    problem(SessionProblem::Unreadable, why.to_owned())
}

struct Version(u64);

impl Model for Version {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self(fields.get("version"))
    }
}

impl Model for Saved {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        let since_boot: Option<u64> = fields.get("sinceBoot");
        let oidc: Option<SavedTokens> = fields.get("oidc");
        let waiting: Option<SavedLogin> = fields.get("waiting");
        let token = match (oidc, waiting) {
            (Some(tokens), _) => {
                SavedToken::Oidc(tokens.with(fields.get("access"), fields.get("refresh"), fields.get("id")))
            }
            (None, Some(login)) => {
                let [id, verifier, state, nonce] = ["login", "verifier", "state", "nonce"].map(|name| fields.get(name));
                SavedToken::Waiting(login.with(id, verifier, state, nonce))
            }
            (None, None) => {
                let used: Option<u64> = fields.get("used");
                SavedToken::Legacy {
                    token: fields.get("session"),
                    made: Duration::from_millis(fields.get("made")),
                    used: used.map(Duration::from_millis),
                }
            }
        };
        Self {
            owner: fields.get("owner"),
            moment: Moment { boot: fields.get("boot"), since_boot: since_boot.map(Duration::from_millis) },
            controller: fields.get("controller"),
            api_session: fields.get("apiSession"),
            token,
        }
    }
}

impl SavedToken {
    fn is_usable(&self) -> bool {
        match self {
            Self::Legacy { token, .. } => token.is_sendable(),
            Self::Oidc(tokens) => tokens.are_usable(),
            Self::Waiting(login) => login.is_usable(),
        }
    }
}
