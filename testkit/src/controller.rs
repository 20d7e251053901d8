//! The controller as a test holds it.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::KeyPair;
use serde_json::json;

use crate::authenticators::Authenticator;
use crate::builder::Builder;
use crate::faults::{Fault, Operation};
use crate::jwt;
use crate::listener::{Acceptor, Blackhole};
use crate::manners::Version;
use crate::network::Network;
use crate::pki::{fingerprint, pem, unix_lines};
use crate::routers::{EdgeRouter, EdgeRouters};
use crate::services::ServiceSpec;
use crate::shared::{Seen, Shared};
use crate::state::{Created, IdentityOptions};

/// A running controller. Dropping it ends all its threads and frees its port.
pub struct TestController {
    pub(crate) shared: Arc<Shared>,
    acceptor: Acceptor,
    address: SocketAddr,
    blackholes: Mutex<Vec<Blackhole>>,
}

impl std::fmt::Debug for TestController {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("TestController").field("url", &self.url()).finish_non_exhaustive()
    }
}

impl TestController {
    pub(crate) fn new(shared: Arc<Shared>, acceptor: Acceptor, address: SocketAddr) -> Self {
        Self { shared, acceptor, address, blackholes: Mutex::default() }
    }

    pub(crate) fn network(&self) -> Network {
        let state = self.shared.state();
        Network {
            pki: self.shared.pki.clone(),
            identities: state.identities.clone(),
            signers: state.signers.clone(),
            authorities: state.authorities.clone(),
            issued: state.oidc.shared.clone(),
        }
    }

    /// Starts a controller with the manners of 2.0 and nothing in it.
    ///
    /// # Errors
    ///
    /// No port of `127.0.0.1` can be listened on.
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    /// Settings to start with.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// `https://` and the advertised host and port, without a path.
    pub fn url(&self) -> String {
        self.shared.url()
    }

    /// The base URL that identity files carry.
    pub fn api_url(&self) -> String {
        format!("{}/edge/client/v1", self.url())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The controller it behaves like.
    pub fn version(&self) -> Version {
        self.shared.settings.version
    }

    /// Root and intermediate certificate in PEM.
    pub fn ca_pem(&self) -> String {
        self.shared.pki.bundle_pem()
    }

    /// The server's leaf in DER.
    pub fn server_certificate(&self) -> Vec<u8> {
        self.shared.pki.leaf.der().to_vec()
    }

    /// Makes an identity; the result is the enrollment token its user would be given.
    pub fn create_identity(&self, name: &str) -> String {
        self.create_identity_with(IdentityOptions { name: name.to_owned(), ..IdentityOptions::default() }).jwt
    }

    /// Makes an identity.
    pub fn create_identity_with(&self, options: IdentityOptions) -> Created {
        let now = self.shared.clock.now();
        let (id, token) = self.shared.state().add_identity(&options, now);
        Created { jwt: self.enrollment_jwt(&options.method, &id, &token, now + options.expires_in), id, token }
    }

    /// A token over exactly these texts, signed by the server's key whatever the header says.
    pub fn sign_jwt(&self, header_json: &str, claims_json: &str) -> String {
        jwt::sign(&self.shared.pki.key, header_json, claims_json)
    }

    /// Makes an identity that is enrolled already; the result is its identity file.
    pub fn enrolled_identity_json(&self, name: &str) -> String {
        self.enrolled_identity_json_with(IdentityOptions { name: name.to_owned(), ..IdentityOptions::default() })
    }

    /// The same with more to say about the identity; how it enrolls does not count.
    pub fn enrolled_identity_json_with(&self, options: IdentityOptions) -> String {
        let now = self.shared.clock.now();
        let id = self.shared.state().add_enrolled(&options, now);
        let key = KeyPair::generate().expect("the system has random numbers");
        let spiffe = format!("spiffe://testkit/identity/{id}");
        let spiffe = self.version().names_identities_in_certificates().then_some(spiffe.as_str());
        let life = self.shared.settings.certificate_lifetime;
        let leaf = self.shared.pki.issue(&options.name, &key, spiffe, now, life).expect("every name makes a subject");
        let chain = self.shared.pki.chain_pem(&leaf);
        let kept = if self.version() == Version::V1_3 { pem(&leaf) } else { chain.clone() };
        let own = Authenticator::certificate(fingerprint(leaf.der()), kept, true, now);
        self.shared.state().add_certificate(&id, own);
        json!({
            "ztAPI": self.api_url(),
            "ztAPIs": [self.api_url()],
            "id": {
                "key": format!("pem:{}", unix_lines(&key.serialize_pem())),
                "cert": format!("pem:{chain}"),
                "ca": format!("pem:{}", self.ca_pem()),
            },
        })
        .to_string()
    }

    /// The id of the identity called `name`, the latest one if there are several.
    pub fn identity_id(&self, name: &str) -> Option<String> {
        let state = self.shared.state();
        state.identities.iter().rev().find(|identity| identity.name == name).map(|identity| identity.id.clone())
    }

    /// Takes an identity away, with all it could log in by; its sessions stay.
    pub fn remove_identity(&self, id: &str) {
        self.shared.state().remove_identity(id);
    }

    /// Lets the identity's logins wait for a one-time code from now on, whether it has a second factor or not, or no
    /// more. Its present sessions change too.
    pub fn require_mfa(&self, identity_id: &str, required: bool) {
        let mut state = self.shared.state();
        if let Some(identity) = state.identity_mut(identity_id) {
            identity.mfa_demanded = required;
        }
        state.sessions.demand_mfa(identity_id, required);
    }

    /// Adds a service; the result is its id.
    pub fn add_service(&self, spec: ServiceSpec) -> String {
        self.shared.state().catalog.add(spec, self.shared.clock.now())
    }

    pub(crate) fn add_services(&self, count: usize) {
        for number in 1..=count {
            self.add_service(ServiceSpec::numbered(number));
        }
    }

    /// Replaces all services by so many generated ones.
    pub fn set_services(&self, count: usize) {
        self.shared.state().catalog.clear(self.shared.clock.now());
        self.add_services(count);
    }

    /// Replaces all edge routers; a controller starts with one that is called `router-1`.
    pub fn set_edge_routers(&self, routers: impl IntoIterator<Item = EdgeRouter>) {
        self.shared.state().routers = EdgeRouters(routers.into_iter().collect());
    }

    /// Counts a second factor as shown in the session of `token` now, which passes posture checks that ask for one. An
    /// access token will do, too.
    pub fn pass_mfa(&self, token: &str) {
        let now = self.shared.clock.now();
        let mut state = self.shared.state();
        if let Some(session) = state.sessions.find(token, self.version(), now).cloned() {
            state.pass_mfa(&session.id, &session.login.identity_id, now);
        } else if let Ok(claims) = jwt::verify(&self.shared.pki.key, token) {
            let text = |name: &str| claims[name].as_str().unwrap_or_default();
            state.pass_mfa(text("z_asid"), text("sub"), now);
        }
    }

    /// Takes a service away; false if it was not there.
    pub fn remove_service(&self, id: &str) -> bool {
        self.shared.state().catalog.remove(id, self.shared.clock.now())
    }

    /// The ids of all services there are now, in the order in which pages list them.
    pub fn service_ids(&self) -> Vec<String> {
        self.shared.state().catalog.ids()
    }

    /// Lets rows shift while a client pages: before each page but the first a service is added in front of all others
    /// and the last one is taken away. A client that only counts offsets sees a row twice.
    pub fn move_rows_while_paging(&self, on: bool) {
        self.shared.state().moves.on = on;
    }

    /// Ends all sessions, and all tokens of OpenID Connect.
    pub fn expire_sessions(&self) {
        let mut state = self.shared.state();
        state.sessions.clear();
        state.oidc.issued().end_all(self.shared.clock.now());
    }

    /// Ends the session of a token. An access token is no good any more, while the refresh token that came with it is.
    pub fn end_session(&self, token: &str) {
        let mut state = self.shared.state();
        state.sessions.end(token);
        if let Ok(claims) = jwt::verify(&self.shared.pki.key, token) {
            state.oidc.issued().end_access(&claims, self.shared.clock.now());
        }
    }

    /// How many sessions are alive. One of OpenID Connect is as long as there is a good token of it, and counts on
    /// every controller of the network.
    pub fn session_count(&self) -> usize {
        let state = self.shared.state();
        let now = self.shared.clock.now();
        state.sessions.count(self.version(), now) + state.oidc.issued().sessions(now).len()
    }

    /// How many logins by OpenID Connect ended with tokens here.
    pub fn oidc_logins(&self) -> usize {
        self.shared.state().oidc.logins
    }

    /// How many refresh tokens were taken here.
    pub fn oidc_refreshes(&self) -> usize {
        self.shared.state().oidc.refreshes
    }

    /// Ends all access tokens; refresh tokens are as good as before.
    pub fn expire_access_tokens(&self) {
        self.shared.state().oidc.issued().end_all_access();
    }

    /// Moves the controller's clock forward.
    pub fn advance(&self, by: Duration) {
        self.shared.clock.advance(by);
    }

    /// Moves the controller's clock back.
    pub fn set_back(&self, by: Duration) {
        self.shared.clock.set_back(by);
    }

    /// The requests seen so far, up to the last 50,000.
    pub fn requests(&self) -> Vec<Seen> {
        self.shared.requests().iter().cloned().collect()
    }

    /// How many of them asked for `operation`.
    ///
    /// # Panics
    ///
    /// [`Operation::Named`] names no operation of the controller.
    pub fn count(&self, operation: Operation) -> usize {
        operation.check();
        self.shared.requests().iter().filter(|seen| operation.covers(seen.operation_id)).count()
    }

    /// Forgets the requests seen so far.
    pub fn clear_requests(&self) {
        self.shared.requests().clear();
    }

    /// How many connections were accepted so far.
    pub fn connections(&self) -> usize {
        self.shared.connections.accepted()
    }

    /// Closes the connections between two requests, as the real controller does after 4.7 s.
    pub fn close_idle_connections(&self) {
        self.shared.connections.close_idle();
    }

    /// Closes each connection after so many answers without announcing it; 0 keeps them again.
    pub fn drop_after_requests(&self, answers: usize) {
        self.shared.answers_per_connection.store(answers, Ordering::SeqCst);
    }

    /// Lets `fault` strike every request for `operation` until the faults are cleared, instead of what the operation
    /// was given before. In force when this returns.
    ///
    /// # Panics
    ///
    /// [`Operation::Named`] names no operation of the controller.
    pub fn fault(&self, operation: Operation, fault: Fault) {
        self.add_fault(operation, fault, None);
    }

    /// Lets `fault` strike the next `times` requests for `operation`, after the counted faults it was given before.
    ///
    /// # Panics
    ///
    /// [`Operation::Named`] names no operation of the controller.
    pub fn fault_times(&self, operation: Operation, fault: Fault, times: usize) {
        self.add_fault(operation, fault, Some(times));
    }

    fn add_fault(&self, operation: Operation, fault: Fault, times: Option<usize>) {
        operation.check();
        let refuse = fault == Fault::Refuse;
        let reconnect = fault.is_of_the_connection() || (fault == Fault::StallReading && operation == Operation::Any);
        self.shared.faults.add(operation, fault, times);
        if refuse {
            self.acceptor.refuse();
        }
        if reconnect {
            self.close_idle_connections();
        }
    }

    /// Takes all faults away and ends all stalls. Connections are accepted again when this returns.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
        self.acceptor.accept();
    }

    /// How often a fault struck so far; refusing connections counts once.
    pub fn faults_played(&self) -> usize {
        self.shared.faults.played()
    }

    /// An address to which connecting hangs, for as long as the controller lives.
    ///
    /// # Panics
    ///
    /// No port of `127.0.0.1` can be listened on.
    pub fn blackhole(&self) -> SocketAddr {
        let blackhole = Blackhole::new().expect("a free port of 127.0.0.1");
        let address = blackhole.address;
        self.blackholes.lock().expect("no holder panics").push(blackhole);
        address
    }
}
