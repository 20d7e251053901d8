//! A service as the controller shows it to one identity.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{Permission, Policy, ServiceSpec, Shown};
use crate::clock;
use crate::filter::Listed;
use crate::posture::Endpoint;

pub(crate) struct Service {
    pub(crate) id: String,
    pub(crate) created: OffsetDateTime,
    pub(crate) spec: ServiceSpec,
    pub(super) config_ids: Vec<String>,
}

#[derive(Serialize)]
struct Link {
    href: String,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Links {
    configs: Link,
    #[serde(rename = "self")]
    itself: Link,
    service_edge_router_policies: Link,
    service_policies: Link,
    terminators: Link,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PolicyRow<'a> {
    is_passing: bool,
    policy_id: String,
    policy_type: Permission,
    posture_queries: Cow<'a, [Value]>,
}

/// A service as one identity sees it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row<'a> {
    #[serde(rename = "_links")]
    links: Links,
    created_at: String,
    id: &'a str,
    tags: &'a Value,
    updated_at: String,
    config: Option<BTreeMap<&'a str, &'a Value>>,
    configs: Option<&'a [String]>,
    encryption_required: bool,
    max_idle_time_millis: u32,
    name: &'a str,
    permissions: BTreeSet<Permission>,
    posture_queries: Vec<PolicyRow<'a>>,
    role_attributes: Option<&'a [String]>,
    terminator_strategy: &'static str,
}

impl Service {
    pub(crate) fn visible_to(&self, identity: &str) -> bool {
        self.policies_of(identity).next().is_some()
    }

    /// The policies that cover `identity`.
    pub(crate) fn policies_of(&self, identity: &str) -> impl Iterator<Item = &Policy> {
        self.spec.policies.iter().filter(move |policy| policy.covers(identity))
    }

    /// The row for `endpoint`, in a list: without configs to show `config` is an empty object.
    pub(crate) fn row<'a>(&'a self, endpoint: &Endpoint<'_>, shown: &Shown) -> Row<'a> {
        let policies: Vec<&Policy> = self.policies_of(endpoint.identity_id).collect();
        let time = clock::json(self.created);
        Row {
            links: self.links(),
            created_at: time.clone(),
            id: &self.id,
            tags: &self.spec.tags,
            updated_at: time,
            config: Some(self.configs(shown)),
            configs: (!self.config_ids.is_empty()).then_some(&self.config_ids),
            encryption_required: self.spec.encryption_required,
            max_idle_time_millis: 0,
            name: &self.spec.name,
            permissions: policies.iter().map(|policy| policy.permission).collect(),
            posture_queries: policies.into_iter().map(|policy| self.policy_row(policy, endpoint)).collect(),
            role_attributes: (!self.spec.role_attributes.is_empty()).then_some(&self.spec.role_attributes),
            terminator_strategy: "smartrouting",
        }
    }

    /// The row for `endpoint` on its own: without any config type in the session `config` is null.
    pub(crate) fn detail<'a>(&'a self, endpoint: &Endpoint<'_>, shown: &Shown) -> Row<'a> {
        let row = self.row(endpoint, shown);
        if *shown == Shown::Nothing { Row { config: None, ..row } } else { row }
    }

    fn policy_row<'a>(&'a self, policy: &'a Policy, endpoint: &Endpoint<'_>) -> PolicyRow<'a> {
        let fixed = policy.posture_queries.as_slice();
        let checked = || policy.checks.iter().map(|check| endpoint.query(check, self.created));
        PolicyRow {
            is_passing: endpoint.passes(policy),
            policy_id: policy.id(),
            policy_type: policy.permission,
            posture_queries: if policy.checks.is_empty() {
                fixed.into()
            } else {
                fixed.iter().cloned().chain(checked()).collect()
            },
        }
    }

    /// The service as others refer to it.
    pub(crate) fn reference(&self) -> Value {
        json!({"_links": self.links(), "entity": "services", "id": self.id, "name": self.spec.name})
    }

    fn configs(&self, shown: &Shown) -> BTreeMap<&str, &Value> {
        let configs = self.spec.configs.iter().filter(|(config_type, _)| shown.shows(config_type));
        configs.map(|(config_type, config)| (config_type.as_str(), config)).collect()
    }

    fn links(&self) -> Links {
        let link = |tail: &str| Link { href: format!("./services/{}{tail}", self.id) };
        Links {
            configs: link("/configs"),
            itself: link(""),
            service_edge_router_policies: link("/service-edge-router-policies"),
            service_policies: link("/service-policies"),
            terminators: link("/terminators"),
        }
    }
}

impl Listed for Service {
    const FIELDS: &'static [&'static str] = &[
        "terminatorStrategy",
        "name",
        "id",
        "createdAt",
        "roleAttributes",
        "isSystem",
        "updatedAt",
        "tags",
        "configs",
    ];
    const SETS: &'static [&'static str] = &["roleAttributes", "configs"];

    fn value(&self, field: &str) -> Value {
        match field {
            "id" => self.id.as_str().into(),
            "name" => self.spec.name.as_str().into(),
            "createdAt" | "updatedAt" => clock::json(self.created).into(),
            "isSystem" => false.into(),
            "terminatorStrategy" => "smartrouting".into(),
            _ => field.strip_prefix("tags.").map(|tag| self.spec.tags[tag].clone()).unwrap_or_default(),
        }
    }

    fn values(&self, set: &str) -> Vec<Value> {
        let attributes = self.spec.role_attributes.iter().filter(|_| set == "roleAttributes");
        attributes.map(|attribute| attribute.as_str().into()).collect()
    }
}
