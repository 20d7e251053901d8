//! The administrator's side: what the tests need of the management API.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::Response;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::quickstart::PAUSE;

/// Long, because a controller may have to share the machine with a build.
const TIMEOUT: Duration = Duration::from_secs(60);
const BASE: &str = "/edge/management/v1";

type Answer = Result<(u16, Value), String>;

/// A logged-in administrator. Its requests panic when they fail, as a test's own do.
pub(crate) struct Admin {
    agent: Agent,
    /// The controller itself.
    origin: String,
    url: String,
    session: String,
    /// What was made, as `collection/id`, the oldest first.
    made: Mutex<Vec<String>>,
}

impl Admin {
    /// Logs in with a password, at a controller that one of `roots` vouches for.
    pub(crate) fn log_in(url: &str, user: &str, password: &str, roots: &[Certificate<'_>]) -> Result<Self, String> {
        let roots: Vec<_> = roots.iter().map(Certificate::to_owned).collect();
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .root_certs(RootCerts::Specific(Arc::new(roots)))
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(TIMEOUT))
            .build()
            .new_agent();
        let origin = url.trim_end_matches('/').to_owned();
        let url = format!("{origin}{BASE}");
        let mut admin = Self { agent, origin, url, session: String::new(), made: Mutex::default() };
        let body = json!({ "username": user, "password": password });
        let (status, data) = admin.post("authenticate?method=password", &body)?;
        match data["token"].as_str() {
            Some(token) if status == 200 => admin.session = token.to_owned(),
            _ => return Err(format!("the administrator cannot log in: status {status}")),
        }
        Ok(admin)
    }

    /// Makes something, and gives its id. A cluster makes nothing while it elects a leader, which on a machine with other
    /// work it does at any time.
    pub(crate) fn create(&self, collection: &str, body: &Value) -> String {
        let begun = Instant::now();
        let (status, data) = loop {
            let answer = self.post(collection, body).unwrap_or_else(|problem| panic!("{problem}"));
            if !matches!(answer.0, 429 | 503) || begun.elapsed() > TIMEOUT {
                break answer;
            }
            thread::sleep(PAUSE);
        };
        assert_eq!(status, 201, "POST {collection}: {data}");
        let id = data["id"].as_str().expect("what was made has an id").to_owned();
        self.adopt(format!("{collection}/{id}"));
        id
    }

    /// Takes over what came to be without it, as `collection/id`, to delete it at the end.
    pub(crate) fn adopt(&self, path: String) {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).push(path);
    }

    /// Does something with what is at `path`.
    pub(crate) fn send(&self, path: &str, media_type: &str, body: &str) {
        let request = self.agent.post(format!("{}/{path}", self.url)).content_type(media_type);
        let answer = read("POST", path, request.header("zt-session", &self.session).send(body));
        let (status, data) = answer.unwrap_or_else(|problem| panic!("{problem}"));
        assert_eq!(status, 200, "POST {path}: {data}");
    }

    /// The text at `path`.
    pub(crate) fn text(&self, path: &str) -> String {
        let request = self.agent.get(format!("{}/{path}", self.url)).header("zt-session", &self.session);
        let answer = request.call().and_then(|mut response| response.body_mut().read_to_string());
        answer.unwrap_or_else(|problem| panic!("GET {path}: {problem}"))
    }

    /// Asks for something that makes nothing new; false if the controller does not know it.
    pub(crate) fn ask(&self, path: &str, body: &Value) -> bool {
        match self.post(path, body).unwrap_or_else(|problem| panic!("{problem}")) {
            (200, _) => true,
            (404, _) => false,
            (status, data) => panic!("POST {path}: status {status}: {data}"),
        }
    }

    /// What is at `path`, or `None` if there is nothing.
    pub(crate) fn find(&self, path: &str) -> Option<Value> {
        match self.get(path).unwrap_or_else(|problem| panic!("{problem}")) {
            (200, data) => Some(data),
            (404, _) => None,
            (status, data) => panic!("GET {path}: status {status}: {data}"),
        }
    }

    /// The nodes of its cluster, as this one sees them.
    pub(crate) fn cluster_members(&self) -> Result<Vec<Value>, String> {
        let (mut status, mut data) = (0, Value::Null);
        // It was renamed.
        for name in ["cluster", "raft"] {
            let path = format!("/fabric/v1/{name}/list-members");
            let request = self.agent.get(format!("{}{path}", self.origin)).header("zt-session", &self.session);
            (status, data) = read("GET", &path, request.call())?;
            if status != 404 {
                break;
            }
        }
        match data {
            Value::Array(members) if status == 200 => Ok(members),
            other => Err(format!("the nodes cannot be listed: status {status}: {other}")),
        }
    }

    /// Changes what is at `path`.
    pub(crate) fn patch(&self, path: &str, body: &Value) {
        let request = self.agent.patch(format!("{}/{path}", self.url)).content_type("application/json");
        let answer = read("PATCH", path, request.header("zt-session", &self.session).send(body.to_string()));
        let (status, data) = answer.unwrap_or_else(|problem| panic!("{problem}"));
        assert_eq!(status, 200, "PATCH {path}: {data}");
    }

    /// Proves by a certificate that a CA belongs to whoever registered it.
    pub(crate) fn verify_ca(&self, id: &str, certificate: &str) {
        let path = format!("cas/{id}/verify");
        let request = self.agent.post(format!("{}/{path}", self.url)).content_type("text/plain");
        let answer = read("POST", &path, request.header("zt-session", &self.session).send(certificate));
        let (status, data) = answer.unwrap_or_else(|problem| panic!("{problem}"));
        assert_eq!(status, 200, "POST {path}: {data}");
    }

    /// Deletes what is at `path`.
    pub(crate) fn delete(&self, path: &str) {
        let (status, data) = self.remove(path).unwrap_or_else(|problem| panic!("{problem}"));
        assert_eq!(status, 200, "DELETE {path}: {data}");
    }

    /// Deletes all that was made and is still there, the newest first, and logs out.
    pub(crate) fn tidy_up(&self) {
        let made = std::mem::take(&mut *self.made.lock().unwrap_or_else(PoisonError::into_inner));
        for path in made.iter().rev().map(String::as_str).chain(["current-api-session"]) {
            match self.remove(path) {
                Ok((200 | 404, _)) => {}
                Ok((status, _)) => eprintln!("{path} is left behind: status {status}"),
                Err(problem) => eprintln!("{path} is left behind: {problem}"),
            }
        }
    }

    fn get(&self, path: &str) -> Answer {
        let request = self.agent.get(format!("{}/{path}", self.url));
        read("GET", path, request.header("zt-session", &self.session).call())
    }

    fn post(&self, path: &str, body: &Value) -> Answer {
        let request = self.agent.post(format!("{}/{path}", self.url)).content_type("application/json");
        read("POST", path, request.header("zt-session", &self.session).send(body.to_string()))
    }

    fn remove(&self, path: &str) -> Answer {
        let request = self.agent.delete(format!("{}/{path}", self.url));
        read("DELETE", path, request.header("zt-session", &self.session).call())
    }
}

/// Status and `data` of a success, or status and `error`.
fn read(method: &str, path: &str, response: Result<Response<ureq::Body>, ureq::Error>) -> Answer {
    let problem = |error: &dyn std::fmt::Display| format!("{method} {path}: {error}");
    let mut response = response.map_err(|error| problem(&error))?;
    let text = response.body_mut().read_to_string().map_err(|error| problem(&error))?;
    let mut body: Value = serde_json::from_str(&text).map_err(|error| problem(&error))?;
    let member = if response.status().is_success() { "data" } else { "error" };
    Ok((response.status().as_u16(), body[member].take()))
}
