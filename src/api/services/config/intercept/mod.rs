//! `intercept.v1`: what a tunneler takes for a service, on the side that dials.

#[cfg(feature = "capi")]
pub(crate) mod ffi;

use super::Config;
use crate::wire::fields::{Fields, Model};

/// What a tunneler intercepts for a service (`intercept.v1`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InterceptV1 {
    /// `tcp`, `udp`.
    pub protocols: Vec<String>,
    /// IP addresses, CIDR blocks, DNS names, and wildcards such as `*.example.test`.
    pub addresses: Vec<String>,
    /// The ports.
    pub port_ranges: Vec<PortRange>,
    /// How the service is dialed.
    pub dial_options: Option<DialOptions>,
    /// The source address that the hosting side is to use; may hold variables such as `$src_ip`.
    pub source_ip: Option<String>,
    /// Addresses or CIDR blocks of the only clients to intercept; empty for all.
    pub allowed_source_addresses: Vec<String>,
}

impl Config for InterceptV1 {
    const TYPE: &'static str = "intercept.v1";
}

impl Model for InterceptV1 {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            protocols: fields.get("protocols"),
            addresses: fields.get("addresses"),
            port_ranges: fields.get("portRanges"),
            dial_options: fields.get("dialOptions"),
            source_ip: fields.get("sourceIp"),
            allowed_source_addresses: fields.get("allowedSourceAddresses"),
        }
    }
}

/// Ports from `low` to `high`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PortRange {
    /// The first port.
    pub low: u16,
    /// The last port.
    pub high: u16,
}

impl Model for PortRange {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { low: fields.get("low"), high: fields.get("high") }
    }
}

/// How a service is dialed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DialOptions {
    /// The terminator identity to dial; may hold variables such as `$dst_hostname`.
    pub identity: Option<String>,
    /// How long connecting may take.
    pub connect_timeout_seconds: Option<i64>,
}

impl Model for DialOptions {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { identity: fields.get("identity"), connect_timeout_seconds: fields.get("connectTimeoutSeconds") }
    }
}
