//! What `GET /current-identity` answers.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::parts::{EnvInfo, IdentityAuthenticators, IdentityEnrollments, NetworkInterface, SdkInfo};
use crate::wire::fields::{Fields, Model};
use crate::wire::{EntityRef, Timestamp};

/// An identity as the controller knows it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct IdentityDetail {
    /// The id.
    pub id: String,
    /// The name.
    pub name: Option<String>,
    /// The kind of identity, such as `Default`.
    pub type_id: Option<String>,
    /// The same with its name.
    pub identity_type: Option<EntityRef>,
    /// The identity's name at an identity provider.
    pub external_id: Option<String>,
    /// True for an administrator.
    pub is_admin: bool,
    /// True for the administrator that the network was set up with.
    pub is_default_admin: bool,
    /// What it may do in the management API, such as `service.read`; unknown words may come. Controllers before 1.6 do
    /// not say.
    pub permissions: Vec<String>,
    /// True if it has a second factor that was verified.
    pub is_mfa_enabled: bool,
    /// True if it cannot log in.
    pub disabled: bool,
    /// Since when it cannot log in.
    pub disabled_at: Option<Timestamp>,
    /// Until when it cannot log in; without an end if absent.
    pub disabled_until: Option<Timestamp>,
    /// The policy that says how it logs in.
    pub auth_policy_id: Option<String>,
    /// The same with its name.
    pub auth_policy: Option<EntityRef>,
    /// How it can log in.
    pub authenticators: IdentityAuthenticators,
    /// How it may still get another way to log in.
    pub enrollment: IdentityEnrollments,
    /// True while it has a login that is not OIDC.
    pub has_api_session: bool,
    /// True while one of its programs is connected to an edge router.
    pub has_edge_router_connection: bool,
    /// The same as a word: `online`, `offline` or `unknown`.
    pub edge_router_connection_status: Option<String>,
    /// What policies know it by.
    pub role_attributes: Vec<String>,
    /// What the last login told of its host.
    pub env_info: Option<EnvInfo>,
    /// What the last login told of its program.
    pub sdk_info: Option<SdkInfo>,
    /// What programs told of its network interfaces. Controllers before 1.6 do not say.
    pub interfaces: Vec<NetworkInterface>,
    /// What going to services that it hosts costs if nothing else is said: 0 to 65535.
    pub default_hosting_cost: Option<u64>,
    /// Whether services are to be reached through it if nothing else is said: `default`, `required` or `failed`.
    pub default_hosting_precedence: Option<String>,
    /// Service id to cost.
    pub service_hosting_costs: BTreeMap<String, u64>,
    /// Service id to precedence.
    pub service_hosting_precedences: BTreeMap<String, String>,
    /// What an administrator attached to it for applications.
    pub app_data: Map<String, Value>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was last changed, which a login does.
    pub updated_at: Option<Timestamp>,
    /// What an administrator attached to it.
    pub tags: Map<String, Value>,
}

impl Model for IdentityDetail {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        let authenticators: Option<_> = fields.get("authenticators");
        let enrollment: Option<_> = fields.get("enrollment");
        Self {
            id: fields.get("id"),
            name: fields.get("name"),
            type_id: fields.get("typeId"),
            identity_type: fields.get("type"),
            external_id: fields.get("externalId"),
            is_admin: fields.get("isAdmin"),
            is_default_admin: fields.get("isDefaultAdmin"),
            permissions: fields.get("permissions"),
            is_mfa_enabled: fields.get("isMfaEnabled"),
            disabled: fields.get("disabled"),
            disabled_at: fields.get("disabledAt"),
            disabled_until: fields.get("disabledUntil"),
            auth_policy_id: fields.get("authPolicyId"),
            auth_policy: fields.get("authPolicy"),
            authenticators: authenticators.unwrap_or_default(),
            enrollment: enrollment.unwrap_or_default(),
            has_api_session: fields.get("hasApiSession"),
            has_edge_router_connection: fields.get("hasEdgeRouterConnection"),
            edge_router_connection_status: fields.get("edgeRouterConnectionStatus"),
            role_attributes: fields.get("roleAttributes"),
            env_info: fields.get("envInfo"),
            sdk_info: fields.get("sdkInfo"),
            interfaces: fields.get("interfaces"),
            default_hosting_cost: fields.get("defaultHostingCost"),
            default_hosting_precedence: fields.get("defaultHostingPrecedence"),
            service_hosting_costs: fields.get("serviceHostingCosts"),
            service_hosting_precedences: fields.get("serviceHostingPrecedences"),
            app_data: fields.get("appData"),
            created_at: fields.get("createdAt"),
            updated_at: fields.get("updatedAt"),
            tags: fields.get("tags"),
        }
    }
}
