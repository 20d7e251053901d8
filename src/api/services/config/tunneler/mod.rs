//! `ziti-tunneler-client.v1` and `ziti-tunneler-server.v1`, which came before `intercept.v1` and `host.v1`.

#[cfg(feature = "capi")]
pub(crate) mod ffi;

use super::{Config, HttpCheck, PortCheck};
use crate::wire::fields::{Fields, Model};

/// What a tunneler intercepts for a service, over TCP and UDP (`ziti-tunneler-client.v1`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TunnelerClientV1 {
    /// An IP address or a DNS name.
    pub hostname: Option<String>,
    /// The port.
    pub port: Option<u16>,
}

impl Config for TunnelerClientV1 {
    const TYPE: &'static str = "ziti-tunneler-client.v1";
}

impl Model for TunnelerClientV1 {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { hostname: fields.get("hostname"), port: fields.get("port") }
    }
}

/// Where a tunneler that hosts a service connects to (`ziti-tunneler-server.v1`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TunnelerServerV1 {
    /// `tcp` or `udp`.
    pub protocol: Option<String>,
    /// An IP address or a host name.
    pub hostname: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// Checks that open a connection.
    pub port_checks: Vec<PortCheck>,
    /// Checks that make an HTTP request.
    pub http_checks: Vec<HttpCheck>,
}

impl Config for TunnelerServerV1 {
    const TYPE: &'static str = "ziti-tunneler-server.v1";
}

impl Model for TunnelerServerV1 {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            protocol: fields.get("protocol"),
            hostname: fields.get("hostname"),
            port: fields.get("port"),
            port_checks: fields.get("portChecks"),
            http_checks: fields.get("httpChecks"),
        }
    }
}
