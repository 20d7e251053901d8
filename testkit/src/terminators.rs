//! Terminators: where the hosts of a service are.

use serde_json::{Value, json};

use crate::filter::Listed;
use crate::routers::EdgeRouter;
use crate::services::{Service, Terminator};
use crate::{clock, random};

/// A terminator of a service.
pub(crate) struct Placed<'a> {
    id: String,
    service: &'a Service,
    terminator: &'a Terminator,
}

/// The terminators of a service, by id as the real controller lists them.
pub(crate) fn of(service: &Service) -> Vec<Placed<'_>> {
    let place = |(number, terminator)| {
        let id = random::long_id(&format!("{} terminator {number}", service.id));
        Placed { id, service, terminator }
    };
    let mut placed: Vec<_> = service.spec.terminators.iter().enumerate().map(place).collect();
    placed.sort_by(|left, right| left.id.cmp(&right.id));
    placed
}

impl Placed<'_> {
    fn router_id(&self) -> String {
        EdgeRouter::named(&self.terminator.router).id()
    }

    pub(crate) fn document(&self) -> Value {
        let created = clock::json(self.service.created);
        json!({
            "_links": {"self": {"href": format!("./terminators/{}", self.id)}},
            "createdAt": created,
            "id": self.id,
            "tags": {},
            "updatedAt": created,
            "identity": self.terminator.identity,
            "routerId": self.router_id(),
            "service": self.service.reference(),
            "serviceId": self.service.id,
        })
    }
}

impl Listed for Placed<'_> {
    const FIELDS: &'static [&'static str] = &[
        "address",
        "hostId",
        "sourceCtrl",
        "router",
        "service.name",
        "router.name",
        "id",
        "updatedAt",
        "tags",
        "isSystem",
        "instanceId",
        "service",
        "createdAt",
        "binding",
    ];

    fn value(&self, field: &str) -> Value {
        match field {
            "id" => self.id.as_str().into(),
            "service" => self.service.id.as_str().into(),
            "service.name" => self.service.spec.name.as_str().into(),
            "router" => self.router_id().into(),
            "router.name" => self.terminator.router.as_str().into(),
            "instanceId" => self.terminator.identity.as_str().into(),
            "createdAt" | "updatedAt" => clock::json(self.service.created).into(),
            "isSystem" => false.into(),
            _ => Value::Null,
        }
    }
}
