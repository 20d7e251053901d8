//! The controllers of a network, as one of them lists them.

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::clock;
use crate::controller::TestController;
use crate::filter::Listed;
use crate::pki::{fingerprint, pem_of};

/// A controller as `GET /controllers` lists it.
#[derive(Debug, Clone)]
pub struct ListedController {
    /// Its id and name.
    pub name: String,
    /// Its URL: `https://`, host and port, without a path.
    pub url: String,
    /// Its certificate, DER.
    pub certificate: Vec<u8>,
    /// Whether the others reach it.
    pub is_online: bool,
}

impl ListedController {
    /// A running controller under a name.
    pub fn of(name: &str, controller: &TestController) -> Self {
        Self {
            name: name.to_owned(),
            url: controller.url(),
            certificate: controller.server_certificate(),
            is_online: true,
        }
    }

    pub(crate) fn document(&self, joined: OffsetDateTime) -> Value {
        let api = |path: &str| json!([{"url": format!("{}{path}", self.url), "version": "v1"}]);
        json!({
            "_links": {"self": {"href": format!("./controllers/{}", self.name)}},
            "createdAt": clock::json(joined),
            "id": self.name,
            "tags": {},
            "updatedAt": clock::json(joined),
            "apiAddresses": {"edge-client": api("/edge/client/v1"), "edge-oidc": api("/oidc")},
            "certPem": pem_of(&self.certificate),
            "fingerprint": fingerprint(&self.certificate),
            "isOnline": self.is_online,
            "lastJoinedAt": clock::json(joined),
            "name": self.name,
        })
    }
}

impl Listed for ListedController {
    const FIELDS: &'static [&'static str] = &[
        "name",
        "isPreferredLeader",
        "id",
        "createdAt",
        "ctrlAddress",
        "certPem",
        "fingerprint",
        "isOnline",
        "lastJoinedAt",
        "updatedAt",
        "tags",
        "isSystem",
    ];

    fn value(&self, field: &str) -> Value {
        match field {
            "id" | "name" => self.name.as_str().into(),
            "certPem" => pem_of(&self.certificate).into(),
            "fingerprint" => fingerprint(&self.certificate).into(),
            "isOnline" => self.is_online.into(),
            "isSystem" => false.into(),
            _ => Value::Null,
        }
    }
}
