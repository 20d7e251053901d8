//! Services: what a test says about them, what an identity sees of them.

mod row;
mod spec;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use time::OffsetDateTime;

use crate::changes::Changes;
use crate::random;

pub(crate) use row::Service;
pub use spec::{Permission, Policy, ServiceSpec, Terminator};

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

/// All services, by id as the real controller lists them, and the known config types.
pub(crate) struct Catalog {
    services: BTreeMap<String, Arc<Service>>,
    types: BTreeMap<String, String>,
    /// Changes whenever a service does.
    pub(crate) revision: u64,
    /// Whether rows follow from posture, and so from who asks and when.
    pub(crate) checked: bool,
    pub(crate) changes: Changes,
}

impl Default for Catalog {
    fn default() -> Self {
        let types = [("host.v1", "NH5p4FpGR"), ("intercept.v1", "g7cIWbcGg")];
        let types = types.map(|(name, id)| (name.to_owned(), id.to_owned())).into();
        Self { services: BTreeMap::new(), types, revision: 0, checked: false, changes: Changes::default() }
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
        self.checked |= spec.policies.iter().any(|policy| !policy.checks.is_empty());
        let service = Service { id: id.clone(), created, spec, config_ids };
        self.touch(&service, created);
        if let Some(replaced) = self.services.insert(id.clone(), Arc::new(service)) {
            self.touch(&replaced, created);
        }
        id
    }

    pub(crate) fn remove(&mut self, id: &str, now: OffsetDateTime) -> bool {
        self.revision += 1;
        let removed = self.services.remove(id);
        if let Some(service) = &removed {
            self.touch(service, now);
        }
        removed.is_some()
    }

    pub(crate) fn clear(&mut self, now: OffsetDateTime) {
        self.revision += 1;
        self.checked = false;
        self.services.clear();
        self.changes.touch_all(now);
    }

    /// Something changed for those who see the service.
    fn touch(&mut self, service: &Service, now: OffsetDateTime) {
        for policy in &service.spec.policies {
            match &policy.identities {
                None => self.changes.touch_all(now),
                Some(identities) => identities.iter().for_each(|identity| self.changes.touch(identity, now)),
            }
        }
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
        let is_id = |wanted: &String| wanted == "all" || self.types.values().any(|id| id == wanted);
        let id = |wanted: &String| if is_id(wanted) { Some(wanted.clone()) } else { self.types.get(wanted).cloned() };
        wanted.iter().filter_map(id).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::posture::Endpoint;
    use serde_json::json;

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
            let row = serde_json::to_value(service.row(&Endpoint::of("anybody"), &catalog.shown(&wanted))).unwrap();
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
        let detail = catalog.get(&id).unwrap().detail(&Endpoint::of("anybody"), &Shown::Nothing);
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
        let row = serde_json::to_value(service.row(&Endpoint::of("host"), &Shown::Nothing)).unwrap();
        assert_eq!(row["permissions"], json!(["Bind"]));
        assert_eq!(row["postureQueries"][0]["policyType"], "Bind");
    }
}
