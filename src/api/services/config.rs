//! Configs of services, read from their JSON when they are asked for.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::error::Error;
use crate::wire::envelope::{explain, parse};
use crate::wire::lenient::null_as_default;

/// A type of config, for [`Service::config`](super::Service::config). Implement it for types of your own.
pub trait Config: DeserializeOwned {
    /// The name of the config type, such as `intercept.v1`.
    const TYPE: &'static str;
}

/// What a tunneler intercepts for a service (`intercept.v1`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct InterceptV1 {
    /// `tcp`, `udp`.
    #[serde(deserialize_with = "null_as_default")]
    pub protocols: Vec<String>,
    /// IP addresses, CIDR blocks, DNS names, and wildcards such as `*.example.test`.
    #[serde(deserialize_with = "null_as_default")]
    pub addresses: Vec<String>,
    /// The ports.
    #[serde(deserialize_with = "null_as_default")]
    pub port_ranges: Vec<PortRange>,
    /// How the service is dialed.
    pub dial_options: Option<DialOptions>,
    /// The source address that the hosting side is to use; may hold variables such as `$src_ip`.
    pub source_ip: Option<String>,
    /// Addresses or CIDR blocks of the only clients to intercept; empty for all.
    #[serde(deserialize_with = "null_as_default")]
    pub allowed_source_addresses: Vec<String>,
}

impl Config for InterceptV1 {
    const TYPE: &'static str = "intercept.v1";
}

/// Ports from `low` to `high`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct PortRange {
    /// The first port.
    pub low: u16,
    /// The last port.
    pub high: u16,
}

/// How a service is dialed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct DialOptions {
    /// The terminator identity to dial; may hold variables such as `$dst_hostname`.
    pub identity: Option<String>,
    /// How long connecting may take.
    pub connect_timeout_seconds: Option<i64>,
}

/// Reads the config of type `T` out of the configs of a service.
pub(super) fn read<T: Config>(service: &str, configs: &str) -> Result<Option<T>, Error> {
    let body = configs.as_bytes();
    parse(body, OneConfig(PhantomData)).map_err(|error| {
        let operation = format!("the configs of service {service}");
        explain(&operation, body, OneConfig::<T>(PhantomData), &error)
    })
}

/// Reads the value of the key `T::TYPE` and skips all others.
struct OneConfig<T>(PhantomData<T>);

impl<'de, T: Config> DeserializeSeed<'de> for OneConfig<T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: Config> Visitor<'de> for OneConfig<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of config type to config")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<T>, A::Error> {
        let mut config = None;
        while let Some(is_wanted) = map.next_key_seed(Is(T::TYPE))? {
            if is_wanted {
                config = map.next_value()?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(config)
    }
}

/// A key, read as whether it is this one.
struct Is(&'static str);

impl<'de> DeserializeSeed<'de> for Is {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Is {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a config type")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<bool, E> {
        Ok(key == self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intercept(configs: &str) -> Result<Option<InterceptV1>, Error> {
        read("web", configs)
    }

    #[test]
    fn an_intercept_is_read_with_all_its_fields() {
        let config = intercept(
            r#"{"host.v1":{"port":1},"intercept.v1":{"protocols":["tcp","sctp"],"addresses":["*.a.test","10.0.0.0/8"],
                "portRanges":[{"low":0,"high":65535,"more":1}],"sourceIp":"$src_ip","more":{},
                "dialOptions":{"identity":"$dst_hostname","connectTimeoutSeconds":5},
                "allowedSourceAddresses":["10.1.0.0/16"]}}"#,
        );
        let config = config.unwrap().unwrap();
        assert_eq!(config.protocols, ["tcp", "sctp"]);
        assert_eq!(config.addresses, ["*.a.test", "10.0.0.0/8"]);
        assert_eq!(config.port_ranges, [PortRange { low: 0, high: 65535 }]);
        let dial = config.dial_options.unwrap();
        assert_eq!((dial.identity.as_deref(), dial.connect_timeout_seconds), (Some("$dst_hostname"), Some(5)));
        assert_eq!(config.source_ip.as_deref(), Some("$src_ip"));
        assert_eq!(config.allowed_source_addresses, ["10.1.0.0/16"]);
    }

    #[test]
    fn absent_and_null_configs_are_none() {
        for configs in ["{}", r#"{"host.v1":{}}"#, r#"{"intercept.v1":null}"#] {
            assert_eq!(intercept(configs).unwrap(), None, "{configs}");
        }
    }

    #[test]
    fn nulls_and_missing_fields_are_read_leniently() {
        for configs in [
            r#"{"intercept.v1":{}}"#,
            r#"{"intercept.v1":{"protocols":null,"addresses":null,"portRanges":null,"dialOptions":null}}"#,
        ] {
            assert_eq!(intercept(configs).unwrap(), Some(InterceptV1::default()), "{configs}");
        }
    }

    #[test]
    fn a_config_of_the_wrong_shape_names_service_and_place() {
        let message = intercept(r#"{"intercept.v1":{"portRanges":[{"low":70000,"high":1}]}}"#).unwrap_err().to_string();
        assert!(message.contains("configs of service web"), "{message}");
        assert!(message.contains("intercept.v1.portRanges[0].low"), "{message}");
    }

    #[test]
    fn a_config_type_of_the_caller_is_read() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct HostV1 {
            port: u16,
        }
        impl Config for HostV1 {
            const TYPE: &'static str = "host.v1";
        }
        let configs = r#"{"host.v1":{"port":80},"intercept.v1":{}}"#;
        assert_eq!(read("web", configs).unwrap(), Some(HostV1 { port: 80 }));
    }
}
