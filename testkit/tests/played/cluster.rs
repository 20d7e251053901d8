//! Three controllers of one network, on which what a recorded cluster was asked is asked again.

use std::collections::HashMap;

use serde_json::json;
use ziti_edge_testkit::{IdentityOptions, ListedController, TestController};

use super::compare;
use super::exchange::Exchange;
use crate::wire::oidc::{Tokens, told};
use crate::wire::{Answer, Connection, Identity};

pub(crate) struct Cluster {
    nodes: [TestController; 3],
    identity: Identity,
    /// Recorded tokens to those that stand for them.
    tokens: HashMap<String, String>,
    /// A login at the first node that was not recorded.
    login: Tokens,
}

impl Cluster {
    pub(crate) fn new() -> Self {
        let first = TestController::start().unwrap();
        let identity = Identity::of(&first.enrolled_identity_json("alice"));
        let node = || TestController::builder().same_network_as(&first).start().unwrap();
        let nodes = [node(), node()];
        let [second, third] = nodes;
        let nodes = [first, second, third];
        for node in &nodes {
            node.set_controllers(
                ["c1", "c2", "c3"].into_iter().zip(&nodes).map(|(name, node)| ListedController::of(name, node)),
            );
        }
        let login = log_in(&nodes[0], &identity);
        Self { nodes, identity, tokens: HashMap::new(), login }
    }

    /// Plays one exchange; the result is what differs.
    pub(crate) fn play(&mut self, exchange: &Exchange) -> Vec<String> {
        self.prepare(exchange);
        let answer = self.ask(exchange);
        if let Some((recorded, own)) = exchange.answer_header("zt-session").zip(answer.header("zt-session")) {
            self.tokens.insert(recorded.to_owned(), own.to_owned());
        }
        compare::differences(exchange, &answer)
    }

    /// The node that was asked; all that is told of a dead leader is told by the second.
    fn node(exchange: &Exchange) -> usize {
        let purpose = exchange.purpose.as_str();
        let asked = |node: &str| purpose.contains(&format!(" on {node}"));
        match purpose {
            _ if asked("c3") => 2,
            _ if asked("c2") || purpose.contains("leader died") || purpose.contains("a node other than") => 1,
            _ => 0,
        }
    }

    /// What was there before the recording: a login by OpenID Connect, a session of the second node, an enrollment.
    fn prepare(&mut self, exchange: &Exchange) {
        let node = &self.nodes[Self::node(exchange)];
        if let Some(session) = exchange.header("zt-session").filter(|session| !self.tokens.contains_key(*session)) {
            let own = Connection::open(node, Some(&self.identity)).unwrap().log_in("").unwrap();
            self.tokens.insert(session.to_owned(), own);
        }
        if let Some(token) = exchange.header("Authorization").and_then(|value| value.strip_prefix("Bearer ")) {
            self.tokens.entry(token.to_owned()).or_insert_with(|| self.login.access.clone());
        }
        if let Some((_, token)) = exchange.body.as_deref().and_then(|body| body.split_once("&refresh_token=")) {
            self.tokens.entry(token.to_owned()).or_insert_with(|| self.login.refresh.clone());
        }
        if exchange.is("enroll") && exchange.status == 200 {
            let token = exchange.path.split_once("token=").unwrap().1.to_owned();
            let options = IdentityOptions { name: "new".to_owned(), ..IdentityOptions::default() };
            self.tokens.insert(token, node.create_identity_with(options).token);
        }
    }

    fn ask(&self, exchange: &Exchange) -> Answer {
        let own = |text: &str| self.tokens.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
        let headers: Vec<(String, String)> =
            exchange.headers.iter().map(|(name, value)| (name.clone(), own(value))).collect();
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .filter(|(name, _)| !["Host", "Content-Length"].contains(&name.as_str()))
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let body = own(exchange.body.as_deref().unwrap_or_default());
        let mut connection = Connection::open(&self.nodes[Self::node(exchange)], Some(&self.identity)).unwrap();
        connection.ask(&exchange.method, &own(&exchange.path), &headers, body.as_bytes()).unwrap()
    }
}

fn log_in(node: &TestController, identity: &Identity) -> Tokens {
    let mut connection = Connection::open(node, Some(identity)).unwrap();
    let id = told(&connection.authorize(""), "authRequestID").unwrap();
    assert_eq!(connection.step("cert", &json!({"id": id}), &[]).status, 302);
    connection.finish(&id)
}
