//! Identities as they see themselves.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use crate::clock;
use crate::manners::Version;
use crate::state::Identity;

/// What the last login that told anything told about the program and its host.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    env_info: Map<String, Value>,
    sdk_info: Map<String, Value>,
    updated: Option<OffsetDateTime>,
}

impl Environment {
    /// Takes in the body of a login; one that tells nothing changes nothing.
    pub(crate) fn take(&mut self, login: &Value, now: OffsetDateTime) {
        for (name, info) in [("envInfo", &mut self.env_info), ("sdkInfo", &mut self.sdk_info)] {
            if let Some(told) = login[name].as_object() {
                told.clone_into(info);
                self.updated = Some(now);
            }
        }
    }
}

impl Identity {
    /// The identity as `/current-identity` shows it.
    pub(crate) fn document(&self, version: Version) -> Value {
        let mut document = json!({
            "_links": {"mfa": {"href": "./current-identity/mfa"}, "self": {"href": "./current-identity"}},
            "createdAt": clock::json(self.created),
            "id": self.id,
            "tags": self.tags,
            "updatedAt": clock::json(self.last_login.updated.unwrap_or(self.created)),
            "appData": self.app_data,
            "authPolicy": reference("auth-policies", "default", "Default"),
            "authPolicyId": "default",
            "authenticators": self.brief_authenticators(),
            "defaultHostingCost": 0,
            "defaultHostingPrecedence": "default",
            "disabled": self.disabled,
            "edgeRouterConnectionStatus": "offline",
            "enrollment": {},
            "envInfo": self.last_login.env_info,
            "externalId": self.external_id,
            "hasApiSession": true,
            "hasEdgeRouterConnection": false,
            "isAdmin": self.admin,
            "isDefaultAdmin": false,
            "isMfaEnabled": self.mfa_verified(),
            "name": self.name,
            "roleAttributes": (!self.role_attributes.is_empty()).then_some(&self.role_attributes),
            "sdkInfo": self.last_login.sdk_info,
            "serviceHostingCosts": {},
            "serviceHostingPrecedences": {},
            "type": reference("identity-types", "Default", "Default"),
            "typeId": "Default",
        });
        if version.shows_permissions() {
            document["interfaces"] = Value::Null;
            document["permissions"] = Value::Null;
        }
        document
    }

    fn brief_authenticators(&self) -> Value {
        let mut authenticators = json!({});
        if let Some(certificate) = self.certificates.last() {
            authenticators["cert"] = json!({"fingerprint": certificate.secret, "id": certificate.id});
        }
        if let Some(password) = &self.password {
            authenticators["updb"] = json!({"id": password.id, "username": password.username()});
        }
        authenticators
    }
}

fn reference(entity: &str, id: &str, name: &str) -> Value {
    json!({
        "_links": {"self": {"href": format!("./{entity}/{id}")}},
        "entity": entity,
        "id": id,
        "name": name,
    })
}
