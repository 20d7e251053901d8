//! Every operation from end to end: called in Rust, answered by a controller for tests, and looked at on its way.
//!
//! One file for each resource holds its calls. A call says what goes out but for the path, which the table knows, and how
//! it ends: in success, unless it says otherwise.

mod api_session;
mod authentication;
mod authenticators;
mod controller;
mod current_identity;
mod enrollment;
mod mfa;
mod posture;
mod service_parts;
mod services;
mod session_certificates;
mod sessions;

use ziti_edge_client::{Client, Error};
use ziti_edge_testkit::{Seen, TestController, Version};

use crate::outcome::Outcome;
use crate::sources::none;
use crate::support;
use crate::table::{Operation, leaves_out_parameter, operations};

const ALL: [&[Call]; 12] = [
    controller::CALLS,
    authentication::CALLS,
    api_session::CALLS,
    session_certificates::CALLS,
    current_identity::CALLS,
    authenticators::CALLS,
    mfa::CALLS,
    services::CALLS,
    service_parts::CALLS,
    sessions::CALLS,
    enrollment::CALLS,
    posture::CALLS,
];

/// What may be asked for below no API's path, too.
const AT_ROOT: [&str; 3] = ["listRoot", "listVersion", "listWellKnownCas"];

/// A controller of 2.0 with three services, and a client of it that has not logged in.
pub(crate) struct Scene {
    pub(crate) controller: TestController,
    pub(crate) client: Client,
}

/// One way to call an operation.
pub(crate) struct Call {
    /// The API and the name of the operation: `client listServices`.
    key: &'static str,
    /// Tells the calls of an operation apart.
    case: &'static str,
    query: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    outcome: Outcome,
    run: fn(&Scene) -> Result<(), Error>,
}

/// What the calls of a resource are written with. In the texts `*` is any text.
#[allow(dead_code, reason = "not every resource needs all of it")]
impl Call {
    /// A call that sends a path alone.
    const fn new(key: &'static str, run: fn(&Scene) -> Result<(), Error>) -> Self {
        Self { key, case: "", query: "", headers: &[], body: "", outcome: Outcome::Success, run }
    }

    const fn case(self, case: &'static str) -> Self {
        Self { case, ..self }
    }

    const fn query(self, query: &'static str) -> Self {
        Self { query, ..self }
    }

    /// Headers that matter to this call, by name.
    const fn headers(self, headers: &'static [(&'static str, &'static str)]) -> Self {
        Self { headers, ..self }
    }

    const fn body(self, body: &'static str) -> Self {
        Self { body, ..self }
    }

    const fn refused(self, status: u16, code: &'static str) -> Self {
        Self { outcome: Outcome::Refused(status, code), ..self }
    }

    /// The controller has no such operation, and the error says so.
    const fn not_there(self) -> Self {
        Self { outcome: Outcome::NotThere, ..self }
    }
}

impl Call {
    /// The name of its test.
    pub(crate) fn title(&self) -> String {
        [self.key.replace(' ', "::"), self.case.replace(' ', "_")].join(if self.case.is_empty() { "" } else { "::" })
    }

    /// Makes the call, and looks at how it ended and at what went out.
    pub(crate) fn make(&self) {
        let operation = operations().iter().find(|operation| operation.key() == self.key);
        let operation = operation.unwrap_or_else(|| panic!("{} is no operation", self.key));
        let controller = support::controller(Version::V2_0, 3);
        let client = support::client(&controller);
        let scene = Scene { controller, client };
        self.outcome.check((self.run)(&scene));
        let requests = scene.controller.requests();
        let sent = requests.iter().rev().find(|request| is_request_of(operation, request));
        let sent = sent.unwrap_or_else(|| panic!("no {} went out: {requests:?}", operation.line()));
        assert!(fits(self.query, &sent.query), "the query {:?} is not {:?}", sent.query, self.query);
        let body = String::from_utf8_lossy(&sent.body);
        assert!(fits(self.body, &body), "the body {body:?} is not {:?}", self.body);
        for (name, value) in self.headers {
            let header = sent.header(name).unwrap_or_default();
            assert!(fits(value, header), "the header {name} is {header:?}, not {value:?}");
        }
    }

    fn sends(&self, parameter: &str) -> bool {
        self.query.split('&').any(|pair| pair.split('=').next() == Some(parameter))
    }

    fn has_header(&self, name: &str) -> bool {
        self.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name))
    }
}

/// True if the request has the method and the path of the operation, below the path of its API.
fn is_request_of(operation: &Operation, request: &Seen) -> bool {
    let base = format!("/edge/{}/v1", operation.api);
    let path = match request.path.strip_prefix(&base) {
        Some(path) => path,
        None if AT_ROOT.contains(&operation.name) => &request.path,
        None => return false,
    };
    let path = if path.is_empty() { "/" } else { path };
    let (wanted, steps): (Vec<&str>, Vec<&str>) = (operation.path.split('/').collect(), path.split('/').collect());
    let is_same = |(wanted, step): (&&str, &&str)| wanted == step || (wanted.starts_with('{') && !step.is_empty());
    request.method == operation.method && wanted.len() == steps.len() && wanted.iter().zip(&steps).all(is_same)
}

/// True if `text` is `pattern`, in which `*` is any text.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(start) else { return false };
    let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    ends.any(|at| fits(rest, &text[at..]))
}

pub(crate) fn all() -> impl Iterator<Item = &'static Call> {
    ALL.into_iter().flatten()
}

/// No operation is without a call, and no call without an operation.
pub(crate) fn every_operation_is_called() -> Result<(), String> {
    let lacks_call = |operation: &&Operation| !all().any(|call| call.key == operation.key());
    let missing = operations().iter().filter(lacks_call);
    none(missing.map(|operation| format!("{}: there is no call in tests/api/calls", operation.key())).collect())
}

/// Whatever parameter the documents have can be given. The management API is served by the same code.
pub(crate) fn every_parameter_is_sent() -> Result<(), String> {
    let mut wrong = Vec::new();
    for operation in operations().iter().filter(|operation| operation.api == "client") {
        let calls = || all().filter(|call| call.key == operation.key());
        let query = operation.query.iter().filter(|name| !calls().any(|call| call.sends(name)));
        let headers = operation.headers.iter().filter(|name| !calls().any(|call| call.has_header(name)));
        let missing = query.chain(headers).filter(|name| !leaves_out_parameter(operation.name, name));
        wrong.extend(missing.map(|name| format!("{}: no call in tests/api/calls sends {name}", operation.key())));
    }
    none(wrong)
}
