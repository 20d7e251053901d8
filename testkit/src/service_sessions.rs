//! Sessions with a service: the leave to dial or to host it through edge routers.

use std::collections::HashSet;

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::filter::Listed;
use crate::routers::EdgeRouters;
use crate::services::{Permission, Policy, Service};
use crate::sessions::Session;
use crate::{clock, random};

#[derive(Debug, Clone)]
pub(crate) struct ServiceSession {
    pub(crate) id: String,
    /// What edge routers ask for; where tokens are signed, the id stands in its place.
    pub(crate) token: String,
    pub(crate) api_session_id: String,
    pub(crate) identity_id: String,
    pub(crate) service_id: String,
    pub(crate) permission: Permission,
    created: OffsetDateTime,
}

impl ServiceSession {
    pub(crate) fn new(
        session: &Session,
        service: &Service,
        permission: Permission,
        token: Option<String>,
        now: OffsetDateTime,
    ) -> Self {
        let id = random::session_id();
        Self {
            token: token.unwrap_or_else(|| id.clone()),
            id,
            api_session_id: session.id.clone(),
            identity_id: session.login.identity_id.clone(),
            service_id: service.id.clone(),
            permission,
            created: now,
        }
    }

    /// As the answer that makes it shows it; `service` and `routers` are those it is for.
    pub(crate) fn document(&self, service: &Service, routers: &EdgeRouters) -> Value {
        let link = |tail: &str| json!({"href": format!("./sessions/{}{tail}", self.id)});
        let api_link = |tail: &str| json!({"href": format!("./api-sessions/{}{tail}", self.api_session_id)});
        json!({
            "_links": {"route-path": link("/route-path"), "self": link("")},
            "createdAt": clock::json(self.created),
            "id": self.id,
            "tags": {},
            "updatedAt": clock::json(self.created),
            "apiSession": {
                "_links": {"self": api_link(""), "sessions": api_link("/sessions")},
                "entity": "api-sessions",
                "id": self.api_session_id,
            },
            "apiSessionId": self.api_session_id,
            "edgeRouters": edge_routers(service, routers),
            "identityId": self.identity_id,
            "service": service.reference(),
            "serviceId": self.service_id,
            "token": self.token,
            "type": self.permission,
        })
    }

    /// The same where a signed token says it all: what the client knows already is null.
    pub(crate) fn brief(&self, service: &Service, routers: &EdgeRouters, token: &str) -> Value {
        json!({
            "_links": null,
            "createdAt": null,
            "id": self.id,
            "updatedAt": null,
            "apiSession": null,
            "apiSessionId": self.api_session_id,
            "edgeRouters": edge_routers(service, routers),
            "identityId": self.identity_id,
            "service": null,
            "serviceId": self.service_id,
            "token": token,
            "type": self.permission,
        })
    }

    /// As lists and details show it: with the policies that it is made by.
    pub(crate) fn with_policies(&self, service: &Service, routers: &EdgeRouters) -> Value {
        let policies = service.policies_of(&self.identity_id).filter(|policy| policy.permission == self.permission);
        let mut document = self.document(service, routers);
        document["servicePolicies"] = policies.map(reference).collect();
        document
    }
}

/// Null rather than an empty list, as the real controller has it.
fn edge_routers(service: &Service, routers: &EdgeRouters) -> Option<Vec<Value>> {
    let routers: Vec<Value> = routers.serving(service).map(|router| router.of_session()).collect();
    (!routers.is_empty()).then_some(routers)
}

fn reference(policy: &Policy) -> Value {
    let id = policy.id();
    let link = |tail: &str| json!({"href": format!("./service-policies/{id}{tail}")});
    json!({
        "_links": {
            "identities": link("/identities"),
            "posture-checks": link("/posture-checks"),
            "self": link(""),
            "services": link("/services"),
        },
        "entity": "service-policies",
        "id": id,
        "name": format!("policy-{id}"),
    })
}

impl Listed for ServiceSession {
    const FIELDS: &'static [&'static str] =
        &["type", "createdAt", "updatedAt", "tags", "apiSession", "service", "id", "isSystem", "token"];

    fn value(&self, field: &str) -> Value {
        match field {
            "id" => self.id.as_str().into(),
            "type" => json!(self.permission),
            "token" => self.token.as_str().into(),
            "service" => self.service_id.as_str().into(),
            "apiSession" => self.api_session_id.as_str().into(),
            "createdAt" | "updatedAt" => clock::json(self.created).into(),
            "isSystem" => false.into(),
            _ => Value::Null,
        }
    }
}

/// All sessions with services, in the order in which they were made.
#[derive(Default)]
pub(crate) struct ServiceSessions(Vec<ServiceSession>);

impl ServiceSessions {
    /// The session there is already for the same.
    pub(crate) fn like<'a>(
        &'a self,
        session: &Session,
        service: &Service,
        permission: Permission,
    ) -> Option<&'a ServiceSession> {
        self.of(&session.id).find(|known| known.service_id == service.id && known.permission == permission)
    }

    pub(crate) fn start(
        &mut self,
        session: &Session,
        service: &Service,
        permission: Permission,
        token: Option<String>,
        now: OffsetDateTime,
    ) -> ServiceSession {
        let started = ServiceSession::new(session, service, permission, token, now);
        self.0.push(started.clone());
        started
    }

    /// Those of one API session.
    pub(crate) fn of<'a>(&'a self, api_session_id: &str) -> impl Iterator<Item = &'a ServiceSession> {
        self.0.iter().filter(move |session| session.api_session_id == api_session_id)
    }

    /// Ends a session; false if the API session has none of this id.
    pub(crate) fn end(&mut self, api_session_id: &str, id: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|session| session.api_session_id != api_session_id || session.id != id);
        self.0.len() < before
    }

    /// Forgets those whose API session is no more, or whose service.
    pub(crate) fn keep(&mut self, alive: &HashSet<&str>, service: impl Fn(&str) -> bool) {
        self.0.retain(|session| alive.contains(session.api_session_id.as_str()) && service(&session.service_id));
    }
}
