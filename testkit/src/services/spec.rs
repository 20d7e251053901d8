//! Services as a test describes them.

use serde::Serialize;
use serde_json::{Value, json};

use crate::posture::PostureCheck;
use crate::random;

/// What a policy allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Permission {
    /// To host the service.
    Bind,
    /// To connect to it.
    Dial,
}

/// Who may do what with a service, and under which posture.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Its id; made from all the rest if `None`.
    pub id: Option<String>,
    /// What is allowed.
    pub permission: Permission,
    /// Ids of the identities it is allowed to; `None` is everybody.
    pub identities: Option<Vec<String>>,
    /// The checks that an endpoint has to pass, all of them.
    pub checks: Vec<PostureCheck>,
    /// Posture queries that are sent as they are, whatever an endpoint responds; the policy passes if all their
    /// `isPassing` are true as well.
    pub posture_queries: Vec<Value>,
}

impl Policy {
    /// `permission` for everybody, without posture checks.
    pub fn everybody(permission: Permission) -> Self {
        Self { id: None, permission, identities: None, checks: Vec::new(), posture_queries: Vec::new() }
    }

    /// The same for endpoints that pass this check too.
    pub fn check(mut self, check: PostureCheck) -> Self {
        self.checks.push(check);
        self
    }

    pub(crate) fn covers(&self, identity: &str) -> bool {
        self.identities.as_ref().is_none_or(|identities| identities.iter().any(|known| known == identity))
    }

    pub(crate) fn id(&self) -> String {
        self.id.clone().unwrap_or_else(|| {
            let Self { id: _, permission, identities, checks, posture_queries } = self;
            let checks: Vec<&str> = checks.iter().map(PostureCheck::id).collect();
            random::long_id(&format!("{permission:?} {identities:?} {checks:?} {posture_queries:?}"))
        })
    }
}

/// Somebody who hosts a service, at a router.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terminator {
    /// The name under which it is addressed among others; may be empty.
    pub identity: String,
    /// The name of the edge router it is at.
    pub router: String,
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
    /// Names of the edge routers that serve it; `None` is all that the controller has.
    pub edge_routers: Option<Vec<String>>,
    /// Who hosts it.
    pub terminators: Vec<Terminator>,
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
            edge_routers: None,
            terminators: Vec::new(),
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
