//! Services as a test describes them, and as the controller shows them to one identity.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::filter::Listed;
use crate::{clock, random};

/// What a policy allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Permission {
    /// To host the service.
    Bind,
    /// To connect to it.
    Dial,
}

/// Who may do what with a service, and under which posture queries.
#[derive(Debug, Clone)]
pub struct Policy {
    /// What is allowed.
    pub permission: Permission,
    /// Ids of the identities it is allowed to; `None` is everybody.
    pub identities: Option<Vec<String>>,
    /// Posture queries as the controller sends them; the policy passes if all their `isPassing` are true.
    pub posture_queries: Vec<Value>,
}

impl Policy {
    /// `permission` for everybody, without posture queries.
    pub fn everybody(permission: Permission) -> Self {
        Self { permission, identities: None, posture_queries: Vec::new() }
    }

    fn covers(&self, identity: &str) -> bool {
        self.identities.as_ref().is_none_or(|identities| identities.iter().any(|known| known == identity))
    }

    fn id(&self) -> String {
        random::long_id(&format!("{:?} {:?} {:?}", self.permission, self.identities, self.posture_queries))
    }
}

/// A service to be. The default is one that everybody may dial, without configs.
#[derive(Debug, Clone)]
pub struct ServiceSpec {
    /// Its name.
    pub name: String,
    /// Its id; made from the name if `None`.
    pub id: Option<String>,
    /// Config type and config.
    pub configs: Vec<(String, Value)>,
    /// Who may see it, and why.
    pub policies: Vec<Policy>,
    /// Role attributes; none are sent as `null`.
    pub role_attributes: Vec<String>,
    /// Free-form tags, an object.
    pub tags: Value,
    /// Whether both ends must encrypt.
    pub encryption_required: bool,
}

impl Default for ServiceSpec {
    fn default() -> Self {
        Self {
            name: String::new(),
            id: None,
            configs: Vec::new(),
            policies: vec![Policy::everybody(Permission::Dial)],
            role_attributes: Vec::new(),
            tags: json!({}),
            encryption_required: true,
        }
    }
}

impl ServiceSpec {
    /// The service `number` of a generated network: `svc-00001` with an `intercept.v1` and a `host.v1` config.
    pub fn numbered(number: usize) -> Self {
        let port = 1024 + number % 60_000;
        let intercept = json!({
            "addresses": [format!("svc-{number:05}.ziti")],
            "portRanges": [{"high": port, "low": port}],
            "protocols": ["tcp"],
        });
        let address = format!("10.64.{}.{}", number / 250 % 250, number % 250 + 1);
        let host = json!({"address": address, "port": port, "protocol": "tcp"});
        Self {
            name: format!("svc-{number:05}"),
            configs: vec![("intercept.v1".into(), intercept), ("host.v1".into(), host)],
            role_attributes: vec!["testkit".into()],
            ..Self::default()
        }
    }
}

/// Which configs are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) enum Shown {
    #[default]
    Nothing,
    All,
    /// Names of config types.
    Types(BTreeSet<String>),
}

impl Shown {
    fn shows(&self, config_type: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::All => true,
            Self::Types(types) => types.contains(config_type),
        }
    }
}

pub(crate) struct Service {
    pub(crate) id: String,
    pub(crate) created: OffsetDateTime,
    pub(crate) spec: ServiceSpec,
    config_ids: Vec<String>,
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
    posture_queries: &'a [Value],
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
        self.spec.policies.iter().any(|policy| policy.covers(identity))
    }

    /// The row for `identity`, in a list: without configs to show `config` is an empty object.
    pub(crate) fn row<'a>(&'a self, identity: &str, shown: &Shown) -> Row<'a> {
        let policies: Vec<&Policy> = self.spec.policies.iter().filter(|policy| policy.covers(identity)).collect();
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
            posture_queries: policies.into_iter().map(policy_row).collect(),
            role_attributes: (!self.spec.role_attributes.is_empty()).then_some(&self.spec.role_attributes),
            terminator_strategy: "smartrouting",
        }
    }

    /// The row for `identity` on its own: without any config type in the session `config` is null.
    pub(crate) fn detail<'a>(&'a self, identity: &str, shown: &Shown) -> Row<'a> {
        let row = self.row(identity, shown);
        if *shown == Shown::Nothing { Row { config: None, ..row } } else { row }
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

fn policy_row(policy: &Policy) -> PolicyRow<'_> {
    PolicyRow {
        is_passing: policy.posture_queries.iter().all(|query| query["isPassing"] == true),
        policy_id: policy.id(),
        policy_type: policy.permission,
        posture_queries: &policy.posture_queries,
    }
}

/// All services, by id as the real controller lists them, and the known config types.
pub(crate) struct Catalog {
    services: BTreeMap<String, Arc<Service>>,
    types: BTreeMap<String, String>,
    /// Changes whenever a service does.
    pub(crate) revision: u64,
}

impl Default for Catalog {
    fn default() -> Self {
        let types = [("host.v1", "NH5p4FpGR"), ("intercept.v1", "g7cIWbcGg")];
        let types = types.map(|(name, id)| (name.to_owned(), id.to_owned())).into();
        Self { services: BTreeMap::new(), types, revision: 0 }
    }
}

impl Catalog {
    pub(crate) fn add(&mut self, spec: ServiceSpec, created: OffsetDateTime) -> String {
        self.revision += 1;
        let id = spec.id.clone().unwrap_or_else(|| random::long_id(&spec.name));
        for (config_type, _) in &spec.configs {
            let type_id = || random::long_id(config_type)[..9].to_owned();
            self.types.entry(config_type.clone()).or_insert_with(type_id);
        }
        let configs = spec.configs.iter().map(|(config_type, _)| random::long_id(&format!("{id} {config_type}")));
        let config_ids = configs.collect();
        let service = Service { id: id.clone(), created, spec, config_ids };
        self.services.insert(id.clone(), Arc::new(service));
        id
    }

    pub(crate) fn remove(&mut self, id: &str) -> bool {
        self.revision += 1;
        self.services.remove(id).is_some()
    }

    pub(crate) fn clear(&mut self) {
        self.revision += 1;
        self.services.clear();
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Service> {
        self.services.get(id).map(Arc::as_ref)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Service> {
        self.services.values().map(Arc::as_ref)
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        self.services.keys().cloned().collect()
    }

    /// What `wanted` names or ids of config types show; unknown ones are ignored.
    pub(crate) fn shown(&self, wanted: &[String]) -> Shown {
        if wanted.is_empty() {
            return Shown::Nothing;
        }
        if wanted.iter().any(|wanted| wanted == "all") {
            return Shown::All;
        }
        let known = |wanted: &String| {
            let mut types = self.types.iter();
            types.find(|(name, id)| *name == wanted || *id == wanted).map(|(name, _)| name.clone())
        };
        Shown::Types(wanted.iter().filter_map(known).collect())
    }

    /// How a session says which types it wants: by id, `all` as it is.
    pub(crate) fn type_ids(&self, wanted: &[String]) -> Vec<String> {
        let id = |wanted: &String| if wanted == "all" { Some(wanted.clone()) } else { self.types.get(wanted).cloned() };
        wanted.iter().filter_map(id).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog() -> (Catalog, String) {
        let mut catalog = Catalog::default();
        let id = catalog.add(ServiceSpec::numbered(1), OffsetDateTime::UNIX_EPOCH);
        (catalog, id)
    }

    #[test]
    fn shows_only_the_configs_asked_for_by_name_or_id() {
        let (catalog, id) = catalog();
        let service = catalog.get(&id).unwrap();
        let config = |wanted: &[&str]| {
            let wanted: Vec<String> = wanted.iter().map(|wanted| (*wanted).to_owned()).collect();
            let row = serde_json::to_value(service.row("anybody", &catalog.shown(&wanted))).unwrap();
            row["config"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
        };
        assert_eq!(config(&["all"]), ["host.v1", "intercept.v1"]);
        assert_eq!(config(&["g7cIWbcGg", "nope"]), ["intercept.v1"]);
        assert!(config(&["intercept.v1,host.v1"]).is_empty());
        assert!(config(&[]).is_empty());
    }

    #[test]
    fn a_detail_without_config_types_has_a_null_config() {
        let (catalog, id) = catalog();
        let detail = catalog.get(&id).unwrap().detail("anybody", &Shown::Nothing);
        assert!(serde_json::to_value(detail).unwrap()["config"].is_null());
    }

    #[test]
    fn permissions_are_those_of_the_policies_that_cover_the_identity() {
        let mut catalog = Catalog::default();
        let bind = Policy { identities: Some(vec!["host".into()]), ..Policy::everybody(Permission::Bind) };
        let spec = ServiceSpec { name: "s".into(), policies: vec![bind], ..ServiceSpec::default() };
        let id = catalog.add(spec, OffsetDateTime::UNIX_EPOCH);
        let service = catalog.get(&id).unwrap();
        assert!(service.visible_to("host") && !service.visible_to("guest"));
        let row = serde_json::to_value(service.row("host", &Shown::Nothing)).unwrap();
        assert_eq!(row["permissions"], json!(["Bind"]));
        assert_eq!(row["postureQueries"][0]["policyType"], "Bind");
    }
}
