//! What an identity is made of.

#[cfg(feature = "capi")]
pub(crate) mod ffi;

use crate::secret::Secret;
use crate::wire::fields::{Fields, Model};
use crate::wire::{EntityRef, Timestamp};

/// How an identity can log in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct IdentityAuthenticators {
    /// By certificate.
    pub cert: Option<CertLogin>,
    /// By password.
    pub updb: Option<PasswordLogin>,
}

impl Model for IdentityAuthenticators {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { cert: fields.get("cert"), updb: fields.get("updb") }
    }
}

/// The certificate that an identity logs in with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertLogin {
    /// The id of the authenticator.
    pub id: Option<String>,
    /// The SHA-1 of the certificate, in hexadecimal.
    pub fingerprint: Option<String>,
}

impl Model for CertLogin {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { id: fields.get("id"), fingerprint: fields.get("fingerprint") }
    }
}

/// The user name that an identity logs in with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PasswordLogin {
    /// The id of the authenticator.
    pub id: Option<String>,
    /// The user name.
    pub username: Option<String>,
}

impl Model for PasswordLogin {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { id: fields.get("id"), username: fields.get("username") }
    }
}

/// Enrollments of an identity that were not used yet, by their method.
///
/// Known from the API document only: an identity that can ask has none left as a rule.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct IdentityEnrollments {
    /// For a certificate of the network's own.
    pub ott: Option<OpenEnrollment>,
    /// For a certificate of a CA that the network trusts.
    pub ottca: Option<OpenEnrollment>,
    /// For a password.
    pub updb: Option<OpenEnrollment>,
}

impl Model for IdentityEnrollments {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { ott: fields.get("ott"), ottca: fields.get("ottca"), updb: fields.get("updb") }
    }
}

/// An enrollment that was not used yet. Whoever has its token can become this identity.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OpenEnrollment {
    /// The id.
    pub id: Option<String>,
    /// The token alone.
    pub token: Option<Secret>,
    /// The token as it is handed out, for [`Enrollment::parse`](crate::Enrollment::parse).
    pub jwt: Option<Secret>,
    /// Until when it can be used.
    pub expires_at: Option<Timestamp>,
    /// For `ottca`: the CA whose certificates it takes.
    pub ca_id: Option<String>,
    /// For `ottca`: the same with its name.
    pub ca: Option<EntityRef>,
}

impl Model for OpenEnrollment {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            id: fields.get("id"),
            token: fields.get("token"),
            jwt: fields.get("jwt"),
            expires_at: fields.get("expiresAt"),
            ca_id: fields.get("caId"),
            ca: fields.get("ca"),
        }
    }
}

/// What a login told of its host.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EnvInfo {
    /// The processor, such as `x86_64`.
    pub arch: Option<String>,
    /// The domain it is a member of.
    pub domain: Option<String>,
    /// The name of the host.
    pub hostname: Option<String>,
    /// The operating system, such as `linux`.
    pub os: Option<String>,
    /// Its release.
    pub os_release: Option<String>,
    /// Its version.
    pub os_version: Option<String>,
}

impl Model for EnvInfo {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            arch: fields.get("arch"),
            domain: fields.get("domain"),
            hostname: fields.get("hostname"),
            os: fields.get("os"),
            os_release: fields.get("osRelease"),
            os_version: fields.get("osVersion"),
        }
    }
}

/// What a login told of its program.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SdkInfo {
    /// The id of the application.
    pub app_id: Option<String>,
    /// Its version.
    pub app_version: Option<String>,
    /// The branch that the library was built from.
    pub branch: Option<String>,
    /// The revision that the library was built from.
    pub revision: Option<String>,
    /// The library, such as `ziti-edge-client`.
    pub sdk_type: Option<String>,
    /// The version of the library.
    pub version: Option<String>,
}

impl Model for SdkInfo {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            app_id: fields.get("appId"),
            app_version: fields.get("appVersion"),
            branch: fields.get("branch"),
            revision: fields.get("revision"),
            sdk_type: fields.get("type"),
            version: fields.get("version"),
        }
    }
}

/// A network interface of the host of an identity.
///
/// Known from the API document only.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NetworkInterface {
    /// The name, such as `eth0`.
    pub name: Option<String>,
    /// The MAC address.
    pub hardware_address: Option<String>,
    /// The largest packet that it takes, in bytes.
    pub mtu: Option<u64>,
    /// Its number at its host.
    pub index: Option<u64>,
    /// True if it is switched on.
    pub is_up: bool,
    /// True if it is connected.
    pub is_running: bool,
    /// True if it leads back to the host itself.
    pub is_loopback: bool,
    /// True if it can send to all of its network.
    pub is_broadcast: bool,
    /// True if it can send to groups.
    pub is_multicast: bool,
    /// Its IP addresses with their networks.
    pub addresses: Vec<String>,
}

impl Model for NetworkInterface {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            name: fields.get("name"),
            hardware_address: fields.get("hardwareAddress"),
            mtu: fields.get("mtu"),
            index: fields.get("index"),
            is_up: fields.get("isUp"),
            is_running: fields.get("isRunning"),
            is_loopback: fields.get("isLoopback"),
            is_broadcast: fields.get("isBroadcast"),
            is_multicast: fields.get("isMulticast"),
            addresses: fields.get("addresses"),
        }
    }
}
