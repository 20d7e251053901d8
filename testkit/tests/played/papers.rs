//! Certificates and requests for them, in place of the recorded ones whose keys nobody has.

use rcgen::{CertificateParams, DnType, KeyPair};
use serde_json::{Value, json};
use ziti_edge_testkit::{CertificateAuthority, TestController};

use super::exchange::Exchange;
use crate::wire::{Answer, CLIENT, Connection, Identity};

/// What the people of the recordings can show.
pub(crate) struct Papers {
    /// The identity of whom most is told.
    alice: Identity,
    /// Her certificate before it was replaced.
    replaced: Option<Identity>,
    /// What she is about to have: a key, and once it is issued the certificate.
    next: Option<Identity>,
    authority: CertificateAuthority,
    /// What the authority issued, latest last.
    issued: Vec<Identity>,
    /// The ones that identities enrolled by.
    ottca: Option<Identity>,
    ca: Option<Identity>,
    router: Option<Identity>,
    /// The id of the router that is to enroll, or did.
    router_id: String,
}

impl Papers {
    pub(crate) fn new(controller: &TestController) -> Self {
        Self {
            alice: Identity::of(&controller.enrolled_identity_json("alice")),
            replaced: None,
            next: None,
            authority: controller.add_authority("test-ca"),
            issued: Vec::new(),
            ottca: None,
            ca: None,
            router: None,
            router_id: String::new(),
        }
    }

    /// A router that can enroll; the result is its token.
    pub(crate) fn create_router(&mut self, controller: &TestController) -> String {
        let created = controller.create_router();
        self.router_id = created.id;
        created.token
    }

    /// Who stands for a recorded certificate; `None` is somebody that others know.
    pub(crate) fn identity(&mut self, certificate: &str, exchange: &Exchange) -> Option<Identity> {
        Some(match certificate {
            "the identity certificate obtained by ott enrolment"
            | "the identity certificate of this session"
            | "the identity certificate of this session, leaf and intermediate"
            | "the identity certificate"
            | "an identity certificate"
            | "presented: alice-new-m"
            | "the renewed certificate"
            | "certificate of the network CA"
            | "certificate of the network CA, not of the third-party CA" => self.alice.clone(),
            "the identity leaf certificate without its intermediate"
            | "the identity certificate of this session, leaf only" => self.alice.leaf_only(),
            "the replaced certificate" => self.replaced.clone().unwrap(),
            "third-party CA certificate enrolled by ottca" => self.ottca.clone().unwrap(),
            "third-party CA certificate enrolled by ca" => self.ca.clone().unwrap(),
            "a certificate of the registered third-party CA, not enrolled" => self.issue(),
            "certificate signed by the registered third-party CA" => {
                let known = ["again", "already in use", "spent token"].iter().any(|cue| exchange.purpose.contains(cue));
                if known { self.issued.last().cloned().unwrap() } else { self.issue() }
            }
            "the router certificate" => self.router.clone().unwrap(),
            _ => return None,
        })
    }

    fn issue(&mut self) -> Identity {
        let papers = self.authority.issue(&format!("client-{}", self.issued.len()));
        let identity = Identity { chain: papers.certificate, key: papers.key };
        self.issued.push(identity.clone());
        identity
    }

    /// The body in place of one that holds a request that has to be answered, or a certificate that was issued.
    pub(crate) fn body(&mut self, exchange: &Exchange) -> Option<String> {
        let purpose = exchange.purpose.as_str();
        match exchange.operation.as_deref()? {
            "extendCurrentIdentityAuthenticator" if exchange.status == 200 => {
                let key = KeyPair::generate().unwrap();
                let csr = csr(&key, "renewed");
                self.next = Some(Identity { chain: String::new(), key: key.serialize_pem() });
                Some(json!({"clientCertCsr": csr}).to_string())
            }
            "extendVerifyCurrentIdentityAuthenticator" if ["ok", "again"].contains(&purpose) => {
                let shown = if purpose == "again" { &self.alice } else { self.next.as_ref().unwrap() };
                Some(json!({"clientCert": shown.chain}).to_string())
            }
            "enroll" if purpose == "generic erott" => Some(self.router_requests().to_string()),
            "extendRouterEnrollment" => Some(self.router_requests().to_string()),
            _ => None,
        }
    }

    fn router_requests(&self) -> Value {
        let csr = || csr(&KeyPair::generate().unwrap(), &self.router_id);
        json!({"certCsr": csr(), "serverCertCsr": csr()})
    }

    /// An enrolled router, for what one does later.
    pub(crate) fn enroll_router(&mut self, controller: &TestController) {
        let token = self.create_router(controller);
        let key = KeyPair::generate().unwrap();
        let body = json!({"certCsr": csr(&key, &self.router_id), "serverCertCsr": csr(&key, &self.router_id)});
        let path = format!("{CLIENT}/enroll?method=erott&token={token}");
        let headers = [("Content-Type", "application/json"), ("Accept", "application/json")];
        let mut connection = Connection::open(controller, None).unwrap();
        let answer = connection.ask("POST", &path, &headers, body.to_string().as_bytes()).unwrap().json();
        let chain = answer["data"]["cert"].as_str().unwrap().to_owned();
        self.router = Some(Identity { chain, key: key.serialize_pem() });
    }

    /// Keeps what an answer gave.
    pub(crate) fn learn(&mut self, exchange: &Exchange, answer: &Answer) {
        if answer.status != 200 {
            return;
        }
        match exchange.operation.as_deref() {
            Some("extendCurrentIdentityAuthenticator") => {
                let chain = answer.json()["data"]["clientCert"].as_str().unwrap().to_owned();
                self.next.as_mut().unwrap().chain = chain;
            }
            Some("extendVerifyCurrentIdentityAuthenticator") => {
                self.replaced = Some(std::mem::replace(&mut self.alice, self.next.take().unwrap()));
            }
            Some("enroll") if exchange.purpose == "generic ottca" => self.ottca = self.issued.last().cloned(),
            Some("enroll") if exchange.purpose == "generic ca" => self.ca = self.issued.last().cloned(),
            _ => (),
        }
    }

    /// Logs alice in by the certificate that she has.
    pub(crate) fn log_alice_in(&self, controller: &TestController) -> String {
        Connection::open(controller, Some(&self.alice)).unwrap().log_in("").unwrap()
    }
}

fn csr(key: &KeyPair, common_name: &str) -> String {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.serialize_request(key).unwrap().pem().unwrap().replace("\r\n", "\n")
}
