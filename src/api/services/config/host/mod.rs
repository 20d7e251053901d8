//! `host.v1` and `host.v2`: where the hosting side takes connections.

#[cfg(feature = "capi")]
pub(crate) mod ffi;

use super::{Config, HttpCheck, PortCheck, PortRange};
use crate::wire::fields::{Fields, Model};

/// Where a tunneler that hosts a service connects to (`host.v1`).
///
/// Protocol, address and port are each either fixed, or forwarded from the side that dials; what is forwarded has to
/// be among what is allowed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostV1 {
    /// `tcp` or `udp`.
    pub protocol: Option<String>,
    /// True to use the protocol that was intercepted, in place of `protocol`.
    pub forward_protocol: bool,
    /// The protocols that may be forwarded.
    pub allowed_protocols: Vec<String>,
    /// An IP address or a host name.
    pub address: Option<String>,
    /// True to use the address that was intercepted, in place of `address`.
    pub forward_address: bool,
    /// What becomes of forwarded addresses.
    pub forward_address_translations: Vec<AddressTranslation>,
    /// The addresses that may be forwarded: IP addresses, CIDR blocks, DNS names and wildcards.
    pub allowed_addresses: Vec<String>,
    /// The port.
    pub port: Option<u16>,
    /// True to use the port that was intercepted, in place of `port`.
    pub forward_port: bool,
    /// The ports that may be forwarded.
    pub allowed_port_ranges: Vec<PortRange>,
    /// The source addresses that clients may ask for; the hosting side makes local routes for them.
    pub allowed_source_addresses: Vec<String>,
    /// Checks that open a connection.
    pub port_checks: Vec<PortCheck>,
    /// Checks that make an HTTP request.
    pub http_checks: Vec<HttpCheck>,
    /// How the service is hosted.
    pub listen_options: Option<ListenOptions>,
    /// The proxy to connect through.
    pub proxy: Option<HostProxy>,
}

impl Config for HostV1 {
    const TYPE: &'static str = "host.v1";
}

impl Model for HostV1 {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            protocol: fields.get("protocol"),
            forward_protocol: fields.get("forwardProtocol"),
            allowed_protocols: fields.get("allowedProtocols"),
            address: fields.get("address"),
            forward_address: fields.get("forwardAddress"),
            forward_address_translations: fields.get("forwardAddressTranslations"),
            allowed_addresses: fields.get("allowedAddresses"),
            port: fields.get("port"),
            forward_port: fields.get("forwardPort"),
            allowed_port_ranges: fields.get("allowedPortRanges"),
            allowed_source_addresses: fields.get("allowedSourceAddresses"),
            port_checks: fields.get("portChecks"),
            http_checks: fields.get("httpChecks"),
            listen_options: fields.get("listenOptions"),
            proxy: fields.get("proxy"),
        }
    }
}

/// Where a tunneler that hosts a service connects to, with one terminator for each place (`host.v2`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostV2 {
    /// The places.
    pub terminators: Vec<HostV1>,
}

impl Config for HostV2 {
    const TYPE: &'static str = "host.v2";
}

impl Model for HostV2 {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { terminators: fields.get("terminators") }
    }
}

/// Forwarded addresses whose first bits are those of `from` get those of `to`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AddressTranslation {
    /// An IP address.
    pub from: Option<String>,
    /// An IP address of the same kind.
    pub to: Option<String>,
    /// How many bits are replaced.
    pub prefix_length: Option<u16>,
}

impl Model for AddressTranslation {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { from: fields.get("from"), to: fields.get("to"), prefix_length: fields.get("prefixLength") }
    }
}

/// How a service is hosted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListenOptions {
    /// True to make the terminator addressable by the name of the hosting identity.
    pub bind_using_edge_identity: bool,
    /// The name by which the terminator is addressed; may hold variables such as `$tunneler_id.name`.
    pub identity: Option<String>,
    /// How long connecting may take, such as `5s`.
    pub connect_timeout: Option<String>,
    /// How long connecting may take; `connect_timeout` wins.
    pub connect_timeout_seconds: Option<i64>,
    /// What the terminator costs: the cheapest is taken first.
    pub cost: Option<u16>,
    /// `default`, `required` or `failed`.
    pub precedence: Option<String>,
    /// At how many edge routers to host.
    pub max_connections: Option<i64>,
}

impl Model for ListenOptions {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            bind_using_edge_identity: fields.get("bindUsingEdgeIdentity"),
            identity: fields.get("identity"),
            connect_timeout: fields.get("connectTimeout"),
            connect_timeout_seconds: fields.get("connectTimeoutSeconds"),
            cost: fields.get("cost"),
            precedence: fields.get("precedence"),
            max_connections: fields.get("maxConnections"),
        }
    }
}

/// A proxy between the hosting side and the place it connects to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostProxy {
    /// `http`.
    pub kind: Option<String>,
    /// `host:port`.
    pub address: Option<String>,
}

impl Model for HostProxy {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { kind: fields.get("type"), address: fields.get("address") }
    }
}
