//! A network for the tests: its administrator, and what the tests have made there.

use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use tempfile::TempDir;
use ziti_edge_client::{
    Client, ClientBuilder, EnrollOptions, Enrollment, Error, Identity, KeyChoice, LoginFlow, Store,
};

use crate::admin::Admin;
use crate::operations::Kind;
use crate::quickstart::Quickstart;

const INTERCEPT_V1: &str = "g7cIWbcGg";
const HOST_V1: &str = "NH5p4FpGR";

/// A network with its administrator.
pub(crate) struct Network {
    pub(crate) admin: Admin,
    /// The controller, if it was started for the tests. It goes with all that is in it.
    started: Option<Quickstart>,
    /// The controller's certificate is vouched for by the system's roots, not by the network's CA.
    by_system: bool,
    /// It goes on after the tests, so what they made there is deleted.
    lasts: bool,
    kind: Kind,
}

impl Network {
    pub(crate) fn started(controller: Quickstart, admin: Admin) -> Self {
        Self { kind: kind_of(&admin), admin, started: Some(controller), by_system: false, lasts: false }
    }

    pub(crate) fn running(admin: Admin, by_system: bool) -> Self {
        Self { kind: kind_of(&admin), admin, started: None, by_system, lasts: true }
    }

    /// A cluster, as the administrator at one of its nodes makes what is there.
    pub(crate) fn of_node(admin: Admin) -> Self {
        Self { kind: kind_of(&admin), admin, started: None, by_system: false, lasts: false }
    }

    /// The program of the controller, if it was started for the tests.
    pub(crate) fn program(&self) -> Option<&Path> {
        self.started.as_ref().map(Quickstart::program)
    }

    /// What its controllers are like.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Makes an identity with these properties that has not enrolled yet.
    pub(crate) fn invite(&self, properties: &Value) -> Invitation {
        let name = unique("identity");
        let mut body = json!({ "name": name, "type": "Default", "isAdmin": false, "enrollment": { "ott": true } });
        for (property, value) in properties.as_object().into_iter().flatten() {
            body[property] = value.clone();
        }
        let id = self.admin.create("identities", &body);
        let identity = self.admin.find(&format!("identities/{id}")).expect("it was made just now");
        let jwt = identity["enrollment"]["ott"]["jwt"].as_str().expect("a new identity has a token").to_owned();
        Invitation { id, name, jwt, folder: tempfile::tempdir().expect("a folder for the identity file") }
    }

    /// Makes an identity that is to enroll by another method, for what that wants to know: a CA, or a user name.
    pub(crate) fn invite_by(&self, method: &str, detail: &Value) -> Invitation {
        let name = unique("identity");
        let body = json!({ "name": name, "type": "Default", "isAdmin": false, "enrollment": { method: detail } });
        let id = self.admin.create("identities", &body);
        let identity = self.admin.find(&format!("identities/{id}")).expect("it was made just now");
        let jwt = identity["enrollment"][method]["jwt"].as_str().expect("a new identity has a token").to_owned();
        Invitation { id, name, jwt, folder: tempfile::tempdir().expect("a folder for the identity file") }
    }

    /// How to enroll here, without a store.
    pub(crate) fn enroll_options(&self) -> EnrollOptions {
        EnrollOptions::new().trust_system_roots(self.by_system)
    }

    /// Makes an identity and enrolls it into a file.
    pub(crate) fn enroll(&self) -> Member {
        self.enroll_with(&json!({}))
    }

    /// The same for an administrator.
    pub(crate) fn enroll_administrator(&self) -> Member {
        self.enroll_with(&json!({ "isAdmin": true }))
    }

    /// The same for an identity that cannot do without a second factor.
    pub(crate) fn enroll_with_strict_policy(&self) -> Member {
        let policy = self.policy(&["cert"], &json!({ "requireTotp": true, "requireExtJwtSigner": null }));
        self.enroll_with(&json!({ "authPolicyId": policy }))
    }

    /// Makes a policy of who may log in by `cert`, `updb` and `extJwt`, and what he needs beside that; gives its id.
    pub(crate) fn policy(&self, ways: &[&str], secondary: &Value) -> String {
        let allowed = |way: &str| ways.contains(&way);
        let updb = json!({
            "allowed": allowed("updb"), "minPasswordLength": 5, "maxAttempts": 0, "lockoutDurationMinutes": 0,
            "requireMixedCase": false, "requireNumberChar": false, "requireSpecialChar": false,
        });
        let primary = json!({
            "cert": { "allowed": allowed("cert"), "allowExpiredCerts": false }, "updb": updb,
            "extJwt": { "allowed": allowed("extJwt"), "allowedSigners": [] },
        });
        let body = json!({ "name": unique("auth-policy"), "primary": primary, "secondary": secondary });
        self.admin.create("auth-policies", &body)
    }

    pub(crate) fn enroll_with(&self, properties: &Value) -> Member {
        let invitation = self.invite(properties);
        let identity = self.redeem(&invitation, "identity.json").expect("a new token enrolls");
        Member { invitation, identity }
    }

    /// Redeems the token into a file of its folder.
    pub(crate) fn redeem(&self, invitation: &Invitation, file: &str) -> Result<Identity, Error> {
        self.redeem_with(invitation, file, KeyChoice::default())
    }

    /// The same with a choice of the key.
    pub(crate) fn redeem_with(&self, invitation: &Invitation, file: &str, key: KeyChoice) -> Result<Identity, Error> {
        let store = Store::file(invitation.file(file));
        let options = self.enroll_options().store(store).key(key);
        Enrollment::parse(&invitation.jwt)?.enroll(&options)
    }

    /// A client with default options, but that it logs in the same way whatever the controller.
    pub(crate) fn client(&self, identity: &Identity) -> Client {
        self.builder(identity).login_flow(LoginFlow::Legacy).build().expect("the identity is complete")
    }

    /// A client with other options.
    pub(crate) fn builder(&self, identity: &Identity) -> ClientBuilder {
        Client::builder(identity).trust_system_roots(self.by_system)
    }

    /// A client of an identity that has just enrolled.
    pub(crate) fn new_client(&self) -> Client {
        self.client(&self.enroll().identity)
    }

    /// A client of whoever has this certificate and key, both PEM.
    pub(crate) fn client_of(&self, certificate: &str, key: &str) -> Client {
        let mut file: Value = serde_json::from_str(self.enroll().identity.to_json().expose()).expect("it is JSON");
        file["id"]["cert"] = format!("pem:{certificate}").into();
        file["id"]["key"] = format!("pem:{key}").into();
        self.client(&Identity::from_json(&file.to_string()).expect("certificate and key fit"))
    }

    /// The same for an identity that is kept elsewhere.
    pub(crate) fn client_with(&self, identity: &Identity, store: Store) -> Client {
        let builder = Client::builder(identity).trust_system_roots(self.by_system).store(store);
        builder.build().expect("the identity is complete")
    }

    /// Makes services that the member may dial, each with a config of its own of both tunneler types.
    pub(crate) fn offer_with_configs(&self, member: &Member, count: u16) -> Vec<Offer> {
        let role = unique("role");
        let offer = |port: u16| {
            let name = unique("service");
            let address = format!("{name}.test");
            let ports = json!([{ "low": port, "high": port }]);
            let intercept = json!({ "protocols": ["tcp"], "addresses": [address], "portRanges": ports });
            let host = json!({ "protocol": "tcp", "address": "127.0.0.1", "port": port });
            let host_config = self.config(HOST_V1, host);
            let configs = [self.config(INTERCEPT_V1, intercept), host_config.clone()];
            let body = json!({
                "name": name, "encryptionRequired": true, "roleAttributes": [role], "configs": configs,
            });
            Offer { id: self.admin.create("services", &body), name, address, host_config }
        };
        let offers = (8080..8080 + count).map(offer).collect();
        self.allow_dial(member, &role);
        offers
    }

    /// Makes plain services that the member may dial, and gives their ids.
    pub(crate) fn offer_plain(&self, member: &Member, count: u16) -> Vec<String> {
        let role = unique("role");
        let offer = |_| {
            let body = json!({ "name": unique("plain"), "encryptionRequired": true, "roleAttributes": [role] });
            self.admin.create("services", &body)
        };
        let ids = (0..count).map(offer).collect();
        self.allow_dial(member, &role);
        ids
    }

    fn config(&self, kind: &str, data: Value) -> String {
        let body = json!({ "name": unique("config"), "configTypeId": kind, "data": data });
        self.admin.create("configs", &body)
    }

    fn allow_dial(&self, member: &Member, role: &str) {
        self.allow("Dial", member, &format!("#{role}"), &[]);
    }

    /// Allows the member to dial or host services, if the device passes these checks, and gives the policy's id.
    pub(crate) fn allow(&self, kind: &str, member: &Member, services: &str, checks: &[String]) -> String {
        let body = json!({
            "name": unique("policy"), "type": kind, "semantic": "AnyOf",
            "identityRoles": [format!("@{}", member.id())], "serviceRoles": [services],
            "postureCheckRoles": checks.iter().map(|id| format!("@{id}")).collect::<Vec<_>>(),
        });
        self.admin.create("service-policies", &body)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        if self.lasts {
            self.admin.tidy_up();
        }
    }
}

/// An identity that may enroll, and a folder for its file.
pub(crate) struct Invitation {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) jwt: String,
    folder: TempDir,
}

impl Invitation {
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The names of all files in the folder, but for locks, which stay.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = self.folder.path().read_dir().expect("the folder can be read");
        let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        names.filter(|name| !name.ends_with(".lock")).collect()
    }
}

/// An identity that has enrolled.
pub(crate) struct Member {
    pub(crate) invitation: Invitation,
    pub(crate) identity: Identity,
}

impl Member {
    pub(crate) fn id(&self) -> &str {
        &self.invitation.id
    }
}

/// A service that was made with configs.
pub(crate) struct Offer {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The address in its `intercept.v1`.
    pub(crate) address: String,
    /// The id of its `host.v1`.
    pub(crate) host_config: String,
}

fn kind_of(admin: &Admin) -> Kind {
    let version = admin.find("version").expect("every controller has a version");
    Kind::of(version["version"].as_str().unwrap_or_default())
}

/// A name that nothing else in the network has.
pub(crate) fn unique(kind: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("zec-test-{}-{kind}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}
