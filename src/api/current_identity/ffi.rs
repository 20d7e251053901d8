//! The C face of the identity that is logged in.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::parts::ffi::{
    costs, precedences, zec_env_info, zec_hosting_cost, zec_hosting_precedence, zec_network_interface,
    zec_open_enrollment, zec_sdk_info,
};
use super::{IdentityAuthenticators, IdentityDetail, IdentityEnrollments};
use crate::ffi::{Arena, Root, View, arg, clear, give, guard, guard_or, or_minus_one, release, zec_client, zec_error};

/// An identity as the controller knows it. Each text but `id` and the JSON may be NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_identity_detail {
    pub id: *const c_char,
    pub name: *const c_char,
    /// The kind of identity, such as "Default"; and its name.
    pub type_id: *const c_char,
    pub type_name: *const c_char,
    /// The identity's name at an identity provider.
    pub external_id: *const c_char,
    /// The policy that says how it logs in; and its name.
    pub auth_policy_id: *const c_char,
    pub auth_policy_name: *const c_char,
    /// True for an administrator.
    pub is_admin: bool,
    /// True for the administrator that the network was set up with.
    pub is_default_admin: bool,
    /// True if it has a second factor that was verified.
    pub is_mfa_enabled: bool,
    /// True if it cannot log in.
    pub disabled: bool,
    /// True while it has a login that is not OIDC.
    pub has_api_session: bool,
    /// True while one of its programs is connected to an edge router.
    pub has_edge_router_connection: bool,
    /// The same as a word: "online", "offline" or "unknown".
    pub edge_router_connection_status: *const c_char,
    /// Since when it cannot log in, as the controller wrote it (RFC 3339); and until when, without an end if NULL.
    pub disabled_at: *const c_char,
    pub disabled_until: *const c_char,
    /// The authenticator by certificate, and the SHA-1 of the certificate in hexadecimal.
    pub cert_authenticator_id: *const c_char,
    pub cert_fingerprint: *const c_char,
    /// The authenticator by password, and its user name.
    pub updb_authenticator_id: *const c_char,
    pub updb_username: *const c_char,
    /// Enrollments that were not used yet, by their method, or NULL.
    pub enrollment_ott: *const zec_open_enrollment,
    pub enrollment_ottca: *const zec_open_enrollment,
    pub enrollment_updb: *const zec_open_enrollment,
    /// What it may do in the management API, such as "service.read". Controllers before 1.6 do not say.
    pub permissions: *const *const c_char,
    pub permissions_len: usize,
    /// What policies know it by.
    pub role_attributes: *const *const c_char,
    pub role_attributes_len: usize,
    /// What the last login told of its host, or NULL.
    pub env_info: *const zec_env_info,
    /// What the last login told of its program, or NULL.
    pub sdk_info: *const zec_sdk_info,
    /// What programs told of its network interfaces. Controllers before 1.6 do not say.
    pub interfaces: *const *const zec_network_interface,
    pub interfaces_len: usize,
    /// What going to services that it hosts costs if nothing else is said: 0 to 65535, or -1 if the controller did not
    /// say.
    pub default_hosting_cost: i64,
    /// Whether services are to be reached through it if nothing else is said: "default", "required" or "failed".
    pub default_hosting_precedence: *const c_char,
    pub service_hosting_costs: *const *const zec_hosting_cost,
    pub service_hosting_costs_len: usize,
    pub service_hosting_precedences: *const *const zec_hosting_precedence,
    pub service_hosting_precedences_len: usize,
    /// What an administrator attached to it for applications, as a JSON object.
    pub app_data_json: *const c_char,
    /// As the controller wrote it (RFC 3339); and the next likewise, which a login changes.
    pub created_at: *const c_char,
    pub updated_at: *const c_char,
    /// What an administrator attached to it, as a JSON object.
    pub tags_json: *const c_char,
}

impl Root for zec_identity_detail {
    type Kept = Arena;
}

impl View for zec_identity_detail {
    type Model = IdentityDetail;

    fn view(model: &IdentityDetail, arena: &mut Arena) -> Self {
        let IdentityDetail {
            id,
            name,
            type_id,
            identity_type,
            external_id,
            is_admin,
            is_default_admin,
            permissions,
            is_mfa_enabled,
            disabled,
            disabled_at,
            disabled_until,
            auth_policy_id,
            auth_policy,
            authenticators: IdentityAuthenticators { cert, updb },
            enrollment: IdentityEnrollments { ott, ottca, updb: updb_enrollment },
            has_api_session,
            has_edge_router_connection,
            edge_router_connection_status,
            role_attributes,
            env_info,
            sdk_info,
            interfaces,
            default_hosting_cost,
            default_hosting_precedence,
            service_hosting_costs,
            service_hosting_precedences,
            app_data,
            created_at,
            updated_at,
            tags,
        } = model;
        let (cert, updb) = (cert.as_ref(), updb.as_ref());
        Self {
            id: arena.str(id),
            name: arena.optional_str(name.as_deref()),
            type_id: arena.optional_str(type_id.as_deref()),
            type_name: arena.name_of(identity_type.as_ref()),
            external_id: arena.optional_str(external_id.as_deref()),
            auth_policy_id: arena.optional_str(auth_policy_id.as_deref()),
            auth_policy_name: arena.name_of(auth_policy.as_ref()),
            is_admin: *is_admin,
            is_default_admin: *is_default_admin,
            is_mfa_enabled: *is_mfa_enabled,
            disabled: *disabled,
            has_api_session: *has_api_session,
            has_edge_router_connection: *has_edge_router_connection,
            edge_router_connection_status: arena.optional_str(edge_router_connection_status.as_deref()),
            disabled_at: arena.time(disabled_at.as_ref()),
            disabled_until: arena.time(disabled_until.as_ref()),
            cert_authenticator_id: arena.optional_str(cert.and_then(|cert| cert.id.as_deref())),
            cert_fingerprint: arena.optional_str(cert.and_then(|cert| cert.fingerprint.as_deref())),
            updb_authenticator_id: arena.optional_str(updb.and_then(|updb| updb.id.as_deref())),
            updb_username: arena.optional_str(updb.and_then(|updb| updb.username.as_deref())),
            enrollment_ott: arena.optional_view(ott.as_ref()),
            enrollment_ottca: arena.optional_view(ottca.as_ref()),
            enrollment_updb: arena.optional_view(updb_enrollment.as_ref()),
            permissions: arena.strs(permissions.iter().map(String::as_str)),
            permissions_len: permissions.len(),
            role_attributes: arena.strs(role_attributes.iter().map(String::as_str)),
            role_attributes_len: role_attributes.len(),
            env_info: arena.optional_view(env_info.as_ref()),
            sdk_info: arena.optional_view(sdk_info.as_ref()),
            interfaces: arena.views(interfaces),
            interfaces_len: interfaces.len(),
            default_hosting_cost: or_minus_one(*default_hosting_cost),
            default_hosting_precedence: arena.optional_str(default_hosting_precedence.as_deref()),
            service_hosting_costs: costs(service_hosting_costs, arena),
            service_hosting_costs_len: service_hosting_costs.len(),
            service_hosting_precedences: precedences(service_hosting_precedences, arena),
            service_hosting_precedences_len: service_hosting_precedences.len(),
            app_data_json: arena.json(app_data),
            created_at: arena.time(created_at.as_ref()),
            updated_at: arena.time(updated_at.as_ref()),
            tags_json: arena.json(tags),
        }
    }
}

/// What the controller knows of the identity that is logged in.
/// GET /current-identity (getCurrentIdentity)
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_current_identity_get(
    client: Option<&zec_client>,
    out: Option<&mut MaybeUninit<*mut zec_identity_detail>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        out.write(give(&client.client.current_identity().get()?));
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_identity_detail_free(identity: *mut zec_identity_detail) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(identity) };
    });
}
