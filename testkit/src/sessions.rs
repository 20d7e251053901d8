//! Sessions. Legacy ones have a token in the header `zt-session` and are known to this controller alone.

use std::collections::HashMap;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::authenticators::Extension;
use crate::external::Secondary;
use crate::manners::Version;
use crate::{clock, random};

/// How old the published activity of a sliding session may get before it is written anew.
const ACTIVITY_WRITTEN_EVERY: Duration = Duration::from_secs(90);

/// What a login brought along.
#[derive(Debug, Clone, Default)]
pub(crate) struct Login {
    pub(crate) identity_id: String,
    pub(crate) identity_name: String,
    pub(crate) authenticator_id: String,
    /// The certificate it was by.
    pub(crate) certificate: Option<CertificateDer<'static>>,
    /// That certificate can be replaced by a newer one.
    pub(crate) extendable: bool,
    /// The leaf came without its intermediate.
    pub(crate) improper_chain: bool,
    /// The identity has a verified second factor.
    pub(crate) mfa_enrolled: bool,
    /// Its policy wants one.
    pub(crate) mfa_demanded: bool,
    /// A token of this signer has to come with every request.
    pub(crate) secondary: Option<Secondary>,
    /// An administrator wants the certificate to be replaced.
    pub(crate) extension: Option<Extension>,
    /// As asked for: names, ids or `all`.
    pub(crate) config_types: Vec<String>,
    pub(crate) ip_address: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) login: Login,
    mfa_complete: bool,
    created: OffsetDateTime,
    last_used: OffsetDateTime,
    /// The last activity that was written down; what is published follows from it.
    written: OffsetDateTime,
    timeout: Duration,
    /// When the token ends that it is known by, if that is one of OpenID Connect.
    token_expires: Option<OffsetDateTime>,
}

/// The good access token of a session.
pub(crate) struct AccessToken {
    pub(crate) session_id: String,
    pub(crate) text: String,
    pub(crate) issued: OffsetDateTime,
    pub(crate) expires: OffsetDateTime,
    /// How long such tokens are good.
    pub(crate) lifetime: Duration,
    /// It says that a second factor was shown.
    pub(crate) mfa_complete: bool,
}

impl Session {
    /// The session that an access token is for, used now. Nobody keeps it.
    pub(crate) fn of_token(token: AccessToken, login: Login, now: OffsetDateTime) -> Self {
        Self {
            id: token.session_id,
            token: token.text,
            login,
            mfa_complete: token.mfa_complete,
            created: token.issued,
            last_used: now,
            written: now,
            timeout: token.lifetime,
            token_expires: Some(token.expires),
        }
    }

    /// It is known by a token of OpenID Connect, not kept by this controller.
    pub(crate) fn is_of_token(&self) -> bool {
        self.token_expires.is_some()
    }

    fn seconds_left(&self) -> u64 {
        let left = |end: OffsetDateTime| u64::try_from((end - self.last_used).whole_seconds()).unwrap_or_default();
        self.token_expires.map_or(self.timeout.as_secs(), left)
    }

    /// Waits for a second factor: only the session itself may be asked for, and that factor.
    pub(crate) fn pending(&self) -> bool {
        self.wants_code() || self.login.secondary.is_some()
    }

    fn wants_code(&self) -> bool {
        (self.login.mfa_enrolled || self.login.mfa_demanded) && !self.mfa_complete
    }

    /// The second factors it waits for.
    fn queries(&self) -> Vec<Value> {
        let code = self.wants_code().then(totp_query);
        code.into_iter().chain(self.login.secondary.as_ref().map(Secondary::query)).collect()
    }

    pub(crate) fn created(&self) -> OffsetDateTime {
        self.created
    }

    fn expired(&self, version: Version, now: OffsetDateTime) -> bool {
        let since = if version.slides() { self.last_used } else { self.created };
        now >= since + self.timeout
    }

    fn used(&mut self, version: Version, now: OffsetDateTime) {
        if version.slides() {
            self.last_used = now;
            if now >= self.written + ACTIVITY_WRITTEN_EVERY {
                self.written = now;
            }
        }
    }

    /// The headers that say how long the session lasts.
    pub(crate) fn expiry_headers(&self) -> [(&'static str, String); 2] {
        let end = self.token_expires.unwrap_or(self.written + self.timeout);
        [("Expiration-Seconds", self.seconds_left().to_string()), ("Expires-At", clock::go(end))]
    }

    /// The session as `/authenticate` and `/current-api-session` show it.
    pub(crate) fn document(&self, config_type_ids: &[String]) -> Value {
        let login = &self.login;
        let mut document = json!({
            "_links": {
                "self": {"href": format!("./api-sessions/{}", self.id)},
                "sessions": {"href": format!("./api-sessions/{}/sessions", self.id)},
            },
            "createdAt": clock::json(self.created),
            "id": self.id,
            "tags": {},
            "updatedAt": clock::json(self.created),
            "authQueries": self.queries(),
            "authenticatorId": login.authenticator_id,
            "cachedLastActivityAt": clock::json(self.last_used),
            "configTypes": config_type_ids,
            "identity": identity_reference(&login.identity_id, &login.identity_name),
            "identityId": login.identity_id,
            "ipAddress": login.ip_address,
            "isCertExtendable": login.extendable,
            "isMfaComplete": self.mfa_complete,
            "isMfaRequired": login.mfa_enrolled,
            "lastActivityAt": clock::json(self.written),
            "token": self.token,
            "expirationSeconds": self.seconds_left(),
            "expiresAt": clock::json(self.written + self.timeout),
        });
        if login.improper_chain {
            document["improperClientCertChain"] = true.into();
        }
        if let Some(Extension { key_roll }) = login.extension {
            document["isCertExtendRequested"] = true.into();
            if key_roll {
                document["isCertKeyRollRequested"] = true.into();
            }
        }
        document
    }
}

fn totp_query() -> Value {
    json!({
        "format": "alphaNumeric",
        "httpMethod": "POST",
        "httpUrl": "./authenticate/mfa",
        "maxLength": 6,
        "minLength": 4,
        "provider": "ziti",
        "scopes": null,
        "typeId": "MFA",
    })
}

/// An identity as other things name it.
pub(crate) fn identity_reference(id: &str, name: &str) -> Value {
    let link = |tail: &str| json!({"href": format!("./identities/{id}{tail}")});
    json!({
        "_links": {
            "auth-policies": {"href": "./auth-policies/default"},
            "authenticators": link("/authenticators"),
            "edge-router-policies": link("/edge-router-policies"),
            "edge-routers": link("/edge-routers"),
            "enrollments": link("/enrollments"),
            "failed-service-requests": link("/failed-service-requests"),
            "posture-data": link("/posture-data"),
            "self": link(""),
            "service-configs": link("/service-configs"),
            "service-policies": link("/service-policies"),
            "services": link("/services"),
        },
        "entity": "identities",
        "id": id,
        "name": name,
    })
}

/// All sessions by token.
#[derive(Default)]
pub(crate) struct Sessions {
    by_token: HashMap<String, Session>,
}

impl Sessions {
    pub(crate) fn start(&mut self, login: Login, now: OffsetDateTime, timeout: Duration) -> &Session {
        let token = random::uuid();
        let session = Session {
            id: random::session_id(),
            token: token.clone(),
            login,
            mfa_complete: false,
            created: now,
            last_used: now,
            written: now,
            timeout,
            token_expires: None,
        };
        self.by_token.entry(token).insert_entry(session).into_mut()
    }

    /// The session of `token`, counted as used; one whose time is over is forgotten.
    pub(crate) fn find(&mut self, token: &str, version: Version, now: OffsetDateTime) -> Option<&Session> {
        if self.by_token.get(token)?.expired(version, now) {
            self.by_token.remove(token);
        }
        let session = self.by_token.get_mut(token)?;
        session.used(version, now);
        Some(session)
    }

    pub(crate) fn end(&mut self, token: &str) {
        self.by_token.remove(token);
    }

    pub(crate) fn clear(&mut self) {
        self.by_token.clear();
    }

    /// Lets the sessions of an identity wait for a code, or no more.
    pub(crate) fn demand_mfa(&mut self, identity_id: &str, demanded: bool) {
        for session in self.by_token.values_mut().filter(|session| session.login.identity_id == identity_id) {
            session.login.mfa_demanded = demanded;
            session.mfa_complete &= !demanded;
        }
    }

    /// A code was right.
    pub(crate) fn complete_mfa(&mut self, token: &str) {
        if let Some(session) = self.by_token.get_mut(token) {
            session.login.mfa_enrolled = true;
            session.mfa_complete = true;
        }
    }

    pub(crate) fn count(&self, version: Version, now: OffsetDateTime) -> usize {
        self.alive(version, now).count()
    }

    /// The sessions whose time is not over.
    pub(crate) fn alive(&self, version: Version, now: OffsetDateTime) -> impl Iterator<Item = &Session> {
        self.by_token.values().filter(move |session| !session.expired(version, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn alive_after_polling(version: Version) -> bool {
        let mut now = OffsetDateTime::now_utc();
        let mut sessions = Sessions::default();
        let token = sessions.start(Login::default(), now, MINUTE).token.clone();
        for _ in 0..5 {
            now += MINUTE / 4;
            sessions.find(&token, version, now);
        }
        sessions.find(&token, version, now).is_some()
    }

    #[test]
    fn use_keeps_a_session_alive_until_1_6_and_not_in_2_0() {
        assert!(alive_after_polling(Version::V1_3));
        assert!(alive_after_polling(Version::V1_6));
        assert!(!alive_after_polling(Version::V2_0));
    }

    #[test]
    fn an_idle_session_ends() {
        let now = OffsetDateTime::now_utc();
        let mut sessions = Sessions::default();
        let token = sessions.start(Login::default(), now, MINUTE).token.clone();
        assert_eq!(sessions.count(Version::V1_6, now), 1);
        assert!(sessions.find(&token, Version::V1_6, now + MINUTE).is_none());
        assert_eq!(sessions.count(Version::V1_6, now), 0);
    }

    #[test]
    fn published_expiry_of_a_sliding_session_lags_behind() {
        let mut now = OffsetDateTime::now_utc();
        let mut sessions = Sessions::default();
        let session = sessions.start(Login::default(), now, 60 * MINUTE).clone();
        now += MINUTE;
        let polled = sessions.find(&session.token, Version::V1_6, now).unwrap();
        assert_eq!(polled.expiry_headers(), session.expiry_headers());
        now += MINUTE;
        let polled = sessions.find(&session.token, Version::V1_6, now).unwrap();
        assert_ne!(polled.expiry_headers(), session.expiry_headers());
    }
}
