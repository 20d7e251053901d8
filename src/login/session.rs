//! What a login answers.

use std::fmt;

use serde_json::{Map, Value};

use crate::error::Error;
use crate::secret::Secret;
use crate::wire::fields::{Fields, Model};
use crate::wire::{EntityRef, Timestamp};

/// What `authenticate` answers.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Login {
    /// The session may do all that the identity may.
    Complete(ApiSession),
    /// The session waits for the factors in its `auth_queries`.
    Pending(ApiSession),
}

impl Login {
    /// The session, complete or not.
    pub fn session(&self) -> &ApiSession {
        match self {
            Login::Complete(session) | Login::Pending(session) => session,
        }
    }
}

impl From<ApiSession> for Login {
    fn from(session: ApiSession) -> Self {
        if session.auth_queries.is_empty() { Login::Complete(session) } else { Login::Pending(session) }
    }
}

/// A login as the controller sees it.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct ApiSession {
    /// The id of the session. It proves nothing: that is what the token is for. Empty, as the token is, while a login
    /// over OIDC waits for factors: its session comes after them.
    pub id: String,
    /// What proves the session.
    pub token: Secret,
    /// The id of the identity that is logged in.
    pub identity_id: Option<String>,
    /// The name of the identity that is logged in.
    pub identity_name: Option<String>,
    /// The id of the authenticator that was used.
    pub authenticator_id: Option<String>,
    /// The config types that service lists of this session hold: ids, or the word `all`.
    pub config_types: Vec<String>,
    /// Where the controller saw the login come from; with a port only under OIDC.
    pub ip_address: Option<String>,
    /// The factors that are still wanted; empty once the login is complete.
    pub auth_queries: Vec<AuthQuery>,
    /// True if the login needs a TOTP code.
    pub is_mfa_required: bool,
    /// True if the login has had its TOTP code.
    pub is_mfa_complete: bool,
    /// True if the certificate of this login can be renewed at the controller.
    pub is_cert_extendable: bool,
    /// True if an administrator asks for the certificate to be renewed.
    pub is_cert_extend_requested: bool,
    /// True if an administrator asks for the certificate to be renewed with a new key.
    pub is_cert_key_roll_requested: bool,
    /// True if the certificate was shown without its intermediates.
    pub improper_client_cert_chain: bool,
    /// When the session was made.
    pub created_at: Option<Timestamp>,
    /// When the session was last changed.
    pub updated_at: Option<Timestamp>,
    /// The last use that the controller has written down.
    pub last_activity_at: Option<Timestamp>,
    /// The last use that the controller remembers; controllers of 2.0 count no requests as use.
    pub cached_last_activity_at: Option<Timestamp>,
    /// When the session ends, by the controller's clock. Up to 1.7 each use moves it, and this may lag behind.
    pub expires_at: Option<Timestamp>,
    /// How long the session lasts from its start, or up to 1.7 from its last use. Not what is left of it.
    pub expiration_seconds: Option<u64>,
    /// What an administrator attached to the session.
    pub tags: Map<String, Value>,
}

impl ApiSession {
    /// What is known of a login over OIDC before it has its tokens.
    pub(super) fn waiting(auth_queries: Vec<AuthQuery>) -> Self {
        let is_mfa_required = auth_queries.iter().any(AuthQuery::is_code);
        Self { auth_queries, is_mfa_required, ..Self::default() }
    }

    /// An error that names the factors, if any are still wanted.
    pub(crate) fn require_complete(&self) -> Result<(), Error> {
        if self.auth_queries.is_empty() {
            return Ok(());
        }
        Err(Error::LoginPending { factors: self.auth_queries.clone() })
    }

    /// Notes that the external JWT which was to be the second factor is no good.
    pub(super) fn refuse_jwt(&mut self, signer: Option<String>) {
        if !self.auth_queries.iter().any(AuthQuery::is_jwt) {
            self.auth_queries.push(AuthQuery::for_jwt(signer));
        }
        for query in self.auth_queries.iter_mut().filter(|query| query.is_jwt()) {
            query.is_refused = true;
        }
    }
}

/// Shows whose session it is, and nothing that stands for it.
impl fmt::Debug for ApiSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiSession")
            .field("identity_id", &self.identity_id)
            .field("identity_name", &self.identity_name)
            .field("auth_queries", &self.auth_queries)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl Model for ApiSession {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        let entity: Option<EntityRef> = fields.get("identity");
        let (id, name) = entity.map(|entity| (entity.id, entity.name)).unwrap_or_default();
        let identity_id: Option<String> = fields.get("identityId");
        Self {
            id: fields.get("id"),
            token: fields.get("token"),
            identity_id: identity_id.or(id),
            identity_name: name,
            authenticator_id: fields.get("authenticatorId"),
            config_types: fields.get("configTypes"),
            ip_address: fields.get("ipAddress"),
            auth_queries: fields.get("authQueries"),
            is_mfa_required: fields.get("isMfaRequired"),
            is_mfa_complete: fields.get("isMfaComplete"),
            is_cert_extendable: fields.get("isCertExtendable"),
            is_cert_extend_requested: fields.get("isCertExtendRequested"),
            is_cert_key_roll_requested: fields.get("isCertKeyRollRequested"),
            improper_client_cert_chain: fields.get("improperClientCertChain"),
            created_at: fields.get("createdAt"),
            updated_at: fields.get("updatedAt"),
            last_activity_at: fields.get("lastActivityAt"),
            cached_last_activity_at: fields.get("cachedLastActivityAt"),
            expires_at: fields.get("expiresAt"),
            expiration_seconds: fields.get("expirationSeconds"),
            tags: fields.get("tags"),
        }
    }
}

/// A factor that a login still wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthQuery {
    /// `MFA`, `TOTP` or `EXT-JWT`; other words may come.
    pub type_id: Option<String>,
    /// Who asks: `ziti`, or `url` for an identity provider.
    pub provider: Option<String>,
    /// The HTTP method by which the factor is answered.
    pub http_method: Option<String>,
    /// Where the factor is answered: below the API for `ziti`, else the identity provider.
    pub http_url: Option<String>,
    /// What a code is made of: `alpha`, `numeric` or `alphaNumeric`.
    pub format: Option<String>,
    /// The fewest characters a code has.
    pub min_length: Option<u64>,
    /// The most characters a code has.
    pub max_length: Option<u64>,
    /// The client id to use at the identity provider.
    pub client_id: Option<String>,
    /// The scopes to ask the identity provider for.
    pub scopes: Vec<String>,
    /// The id of the signer whose token is wanted.
    pub id: Option<String>,
    /// Whether the identity has TOTP set up; only an OIDC login says so.
    pub is_totp_enrolled: Option<bool>,
    /// True if the client has supplied this factor, and it is refused or has expired. Controllers do not say so: it is
    /// what the client knows.
    pub is_refused: bool,
}

const EXTERNAL_JWT: &str = "EXT-JWT";

impl Model for AuthQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            type_id: fields.get("typeId"),
            provider: fields.get("provider"),
            http_method: fields.get("httpMethod"),
            http_url: fields.get("httpUrl"),
            format: fields.get("format"),
            min_length: fields.get("minLength"),
            max_length: fields.get("maxLength"),
            client_id: fields.get("clientId"),
            scopes: fields.get("scopes"),
            id: fields.get("id"),
            is_totp_enrolled: fields.get("isTotpEnrolled"),
            is_refused: false,
        }
    }
}

impl AuthQuery {
    /// True if a TOTP or recovery code is wanted.
    pub(crate) fn is_code(&self) -> bool {
        matches!(self.type_id.as_deref(), Some("MFA" | "TOTP"))
    }

    /// Wants an external JWT of this signer.
    pub(super) fn for_jwt(signer: Option<String>) -> Self {
        Self { type_id: Some(EXTERNAL_JWT.to_owned()), id: signer, ..Self::default() }
    }

    /// True if an external JWT is wanted.
    pub(super) fn is_jwt(&self) -> bool {
        self.type_id.as_deref() == Some(EXTERNAL_JWT)
    }

    /// The factor in words.
    pub(crate) fn describe(&self) -> String {
        match (self.type_id.as_deref(), &self.id) {
            _ if self.is_code() && self.is_totp_enrolled == Some(false) => {
                "a TOTP code, for which TOTP has to be set up first".to_owned()
            }
            _ if self.is_code() => "a TOTP code".to_owned(),
            (Some(EXTERNAL_JWT), signer) => {
                let of = signer.as_ref().map(|signer| format!(" of signer {signer}")).unwrap_or_default();
                let instead = if self.is_refused { ", as the one it had is refused or has expired" } else { "" };
                format!("an external JWT{of}{instead}")
            }
            (Some(other), _) => format!("a factor of type {other}"),
            (None, _) => "a factor that it does not name".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::envelope;

    fn session(body: &str) -> ApiSession {
        envelope::data("POST /authenticate", body.as_bytes()).unwrap()
    }

    #[test]
    fn a_login_without_queries_is_complete() {
        for queries in ["", r#","authQueries":[]"#, r#","authQueries":null"#] {
            let login = Login::from(session(&format!(r#"{{"data":{{"id":"i","token":"t"{queries}}}}}"#)));
            assert!(matches!(login, Login::Complete(_)), "{queries}");
        }
        let login = Login::from(session(r#"{"data":{"id":"i","token":"t","authQueries":[{}]}}"#));
        assert!(matches!(&login, Login::Pending(_)));
        assert_eq!(login.session().token.expose(), "t");
    }

    #[test]
    fn a_session_of_nulls_is_read() {
        let text = r#"{"data":{"id":"i","token":"t","identity":null,"identityId":null,"configTypes":null,"tags":null,
            "isMfaRequired":null,"expiresAt":null,"createdAt":"0001-01-01T00:00:00.000Z","expirationSeconds":null}}"#;
        let session = session(text);
        assert_eq!((session.identity_id, session.expires_at, session.created_at), (None, None, None));
        assert!(session.config_types.is_empty() && session.tags.is_empty() && !session.is_mfa_required);
    }

    #[test]
    fn the_identity_comes_from_its_entity_if_need_be() {
        let session = session(r#"{"data":{"id":"i","token":"t","identity":{"id":"bob.1","name":"bob"}}}"#);
        assert_eq!((session.identity_id.as_deref(), session.identity_name.as_deref()), (Some("bob.1"), Some("bob")));
    }

    #[test]
    fn nothing_that_stands_for_the_session_is_shown() {
        let login = Login::from(session(r#"{"data":{"id":"canary-id","token":"canary-token","identityId":"bob"}}"#));
        let shown = format!("{login:?}");
        assert!(shown.contains("bob") && !shown.contains("canary"), "{shown}");
    }

    #[test]
    fn factors_are_told_in_words() {
        let describe = |text: &str| {
            envelope::data::<AuthQuery>("GET /x", format!(r#"{{"data":{text}}}"#).as_bytes()).unwrap().describe()
        };
        assert_eq!(describe(r#"{"typeId":"MFA","scopes":null}"#), "a TOTP code");
        assert_eq!(describe(r#"{"typeId":"TOTP","isTotpEnrolled":true}"#), "a TOTP code");
        assert!(describe(r#"{"typeId":"TOTP","isTotpEnrolled":false}"#).contains("set up first"));
        assert_eq!(describe(r#"{"typeId":"EXT-JWT","id":"sIg.9"}"#), "an external JWT of signer sIg.9");
        assert_eq!(describe(r#"{"typeId":"EXT-JWT"}"#), "an external JWT");
        let mut refused = AuthQuery { type_id: Some("EXT-JWT".to_owned()), ..AuthQuery::default() };
        refused.is_refused = true;
        assert_eq!(refused.describe(), "an external JWT, as the one it had is refused or has expired");
        assert_eq!(describe(r#"{"typeId":"PALM"}"#), "a factor of type PALM");
        assert_eq!(describe("{}"), "a factor that it does not name");
    }
}
