//! What an enrollment answers.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::wire::envelope;
use crate::wire::fields::{Fields, Model};

/// What an enrollment gave. What its method does not give is `None`; some give nothing at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Enrolled {
    /// The certificate that was issued, with its intermediates, as PEM.
    pub cert: Option<String>,
    /// The CA certificates of the network, as PEM. Where it is `None`, `GET /.well-known/est/cacerts` has them.
    pub ca: Option<String>,
    /// The certificate for the server side of a router, with its intermediates, as PEM.
    pub server_cert: Option<String>,
    /// The user name that can log in now, whichever was asked for. Controllers up to 1.4 do not say it.
    pub username: Option<String>,
    /// Where the network's controllers serve the client API. Controllers before 2.1 do not say it. Known from the API
    /// document only.
    pub controllers: Vec<String>,
}

/// A controller as an enrollment tells of it.
struct Controller {
    addresses: BTreeMap<String, Vec<Address>>,
}

struct Address {
    url: Option<String>,
}

impl Model for Controller {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { addresses: fields.get("apiAddresses") }
    }
}

impl Model for Address {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { url: fields.get("url") }
    }
}

fn client_apis(controllers: Vec<Controller>) -> Vec<String> {
    let addresses = controllers.into_iter().filter_map(|mut controller| controller.addresses.remove("edge-client"));
    addresses.flatten().filter_map(|address| address.url).collect()
}

impl Model for Enrolled {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            cert: fields.get("cert"),
            ca: fields.get("ca"),
            server_cert: fields.get("serverCert"),
            username: fields.get("username"),
            controllers: client_apis(fields.get("controllers")),
        }
    }
}

/// Reads the answer to `operation`: JSON, or the bare PEM text where the controller is older. The body decides, not
/// what it is said to be: the token is spent, so the certificate must not be lost to a wrong or missing header.
pub(crate) fn read(operation: &str, body: &[u8]) -> Result<Enrolled, Error> {
    let is_pem = |text: &str| !text.trim_start().starts_with('{') && text.contains("-----BEGIN CERTIFICATE-----");
    match std::str::from_utf8(body) {
        Ok(text) if is_pem(text) => Ok(Enrolled { cert: Some(text.to_owned()), ..Enrolled::default() }),
        _ => Ok(envelope::data::<Option<Enrolled>>(operation, body)?.unwrap_or_default()),
    }
}
