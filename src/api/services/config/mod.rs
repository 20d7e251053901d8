//! Configs of services, read from their JSON when they are asked for.
//!
//! The types that tunnelers know are read field by field, like any answer; a type of the caller's own by serde.

#[cfg(feature = "capi")]
pub(crate) mod ffi;
pub(crate) mod health;
pub(crate) mod host;
pub(crate) mod intercept;
#[cfg(test)]
mod tests;
pub(crate) mod tunneler;

pub use health::{CheckAction, HttpCheck, PortCheck};
pub use host::{AddressTranslation, HostProxy, HostV1, HostV2, ListenOptions};
pub use intercept::{DialOptions, InterceptV1, PortRange};
pub use tunneler::{TunnelerClientV1, TunnelerServerV1};

use std::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::Error;
use crate::wire::envelope::{kept_as, parse, without_values};

/// A type of config that this library knows, for [`Service::config`](super::Service::config). For any other there is
/// [`Service::config_as`](super::Service::config_as).
pub trait Config: sealed::Readable {
    /// The name of the config type, such as `intercept.v1`.
    const TYPE: &'static str;
}

mod sealed {
    use crate::error::Error;
    use crate::wire::envelope::kept;
    use crate::wire::fields::Model;

    pub trait Readable: Sized {
        fn read(operation: &str, config_type: &str, config: &str) -> Result<Self, Error>;
    }

    impl<T: Model> Readable for T {
        fn read(operation: &str, config_type: &str, config: &str) -> Result<T, Error> {
            kept(operation, config_type, config)
        }
    }
}

/// The config of type `T` among the configs of a service.
pub(super) fn read<T: Config>(service: &str, configs: &str) -> Result<Option<T>, Error> {
    let config = raw(service, configs, T::TYPE)?;
    config.map(|config| T::read(&operation(service), T::TYPE, config)).transpose()
}

/// The config of one type as a type of the caller's.
pub(super) fn read_custom<T: DeserializeOwned>(
    service: &str,
    configs: &str,
    config_type: &str,
) -> Result<Option<T>, Error> {
    let config = raw(service, configs, config_type)?;
    config.map(|config| kept_as(&operation(service), config_type, config)).transpose()
}

/// The JSON of the config of one type.
pub(super) fn raw<'a>(service: &str, configs: &'a str, config_type: &str) -> Result<Option<&'a str>, Error> {
    let config = parse(configs.as_bytes(), OneConfig(config_type)).map_err(|error| Error::Decode {
        operation: operation(service),
        path: config_type.to_owned(),
        message: without_values(&error),
    })?;
    Ok(config.map(RawValue::get))
}

fn operation(service: &str) -> String {
    format!("the configs of service {service}")
}

/// Finds the value of one key and skips all others.
struct OneConfig<'k>(&'k str);

impl<'de> DeserializeSeed<'de> for OneConfig<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OneConfig<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of config type to config")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut config = None;
        while let Some(is_wanted) = map.next_key_seed(Is(self.0))? {
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
struct Is<'k>(&'k str);

impl<'de> DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a config type")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<bool, E> {
        Ok(key == self.0)
    }
}
