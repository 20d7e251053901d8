//! Edge routers, through which sessions go.

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::filter::Listed;
use crate::services::Service;
use crate::{clock, random};

/// An edge router to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgeRouter {
    /// Its name, by which services and terminators refer to it.
    pub name: String,
    /// Host and port at which it takes TLS connections.
    pub address: String,
    /// Whether the controller has it on the line. Without one that is, no session can be made.
    pub online: bool,
    /// What using it costs.
    pub cost: u32,
    /// Whether traffic between other routers may not pass through it.
    pub no_traversal: bool,
}

impl EdgeRouter {
    /// A router that is online, at an address where nobody listens.
    pub fn named(name: impl Into<String>) -> Self {
        let address = "router.test:3022".to_owned();
        Self { name: name.into(), address, online: true, cost: 0, no_traversal: false }
    }

    /// Follows from the name alone.
    pub(crate) fn id(&self) -> String {
        random::long_id(&self.name)[..9].to_owned()
    }

    fn protocols(&self) -> Value {
        json!({"tls": format!("tls://{}", self.address)})
    }

    fn sync_status(&self) -> &'static str {
        if self.online { "SYNC_DONE" } else { "SYNC_UNKNOWN" }
    }

    /// As a service shows it.
    pub(crate) fn of_service(&self) -> Value {
        let hostname = self.address.rsplit_once(':').map_or(self.address.as_str(), |(host, _)| host);
        json!({
            "cost": self.cost,
            "disabled": false,
            "hostname": hostname,
            "isOnline": self.online,
            "name": self.name,
            "noTraversal": self.no_traversal,
            "supportedProtocols": self.protocols(),
            "syncStatus": self.sync_status(),
        })
    }

    /// As a session shows it.
    pub(crate) fn of_session(&self) -> Value {
        let mut document = self.of_service();
        document["urls"] = self.protocols();
        document
    }

    /// As an identity shows it: with less in it, and numbers and truths that are null.
    pub(crate) fn of_identity(&self, created: OffsetDateTime) -> Value {
        let link = |tail: &str| json!({"href": format!("./edge-routers/{}{tail}", self.id())});
        json!({
            "_links": {"edge-router-policies": link("/edge-router-policies"), "self": link("")},
            "createdAt": clock::json(created),
            "id": self.id(),
            "tags": {},
            "updatedAt": clock::json(created),
            "cost": null,
            "disabled": null,
            "hostname": "",
            "isOnline": self.online,
            "name": self.name,
            "noTraversal": null,
            "supportedProtocols": self.protocols(),
            "syncStatus": self.sync_status(),
        })
    }
}

impl Listed for EdgeRouter {
    const FIELDS: &'static [&'static str] = &[
        "connected",
        "createdAt",
        "disabled",
        "noTraversal",
        "fingerprint",
        "isTunnelerEnabled",
        "updatedAt",
        "name",
        "ctrlChanListeners",
        "tags",
        "roleAttributes",
        "isVerified",
        "online",
        "id",
        "cost",
        "isSystem",
    ];
    const SETS: &'static [&'static str] = &["roleAttributes"];

    fn value(&self, field: &str) -> Value {
        match field {
            "id" => self.id().into(),
            "name" => self.name.as_str().into(),
            "connected" | "online" => self.online.into(),
            "isVerified" => true.into(),
            "cost" => self.cost.into(),
            "noTraversal" => self.no_traversal.into(),
            "disabled" | "isSystem" | "isTunnelerEnabled" => false.into(),
            _ => Value::Null,
        }
    }
}

/// The edge routers of a network.
pub(crate) struct EdgeRouters(pub(crate) Vec<EdgeRouter>);

impl Default for EdgeRouters {
    fn default() -> Self {
        Self(vec![EdgeRouter::named("router-1")])
    }
}

impl EdgeRouters {
    /// Those that serve a service.
    pub(crate) fn serving<'a>(&'a self, service: &'a Service) -> impl Iterator<Item = &'a EdgeRouter> {
        let names = service.spec.edge_routers.as_ref();
        self.0.iter().filter(move |router| names.is_none_or(|names| names.contains(&router.name)))
    }
}
