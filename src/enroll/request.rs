//! The requests that enroll, and those that find out whether one did.

use serde::Serialize;

use super::EnrollmentMethod;
use super::inputs::Inputs;
use crate::identity::Pending;
use crate::secret::Secret;
use crate::wire::request::bearer;
use crate::wire::{Body, Request};

/// Two leaves with their intermediates and a CA bundle, in JSON.
const MAX_ANSWER: u64 = 1024 * 1024;

/// What the bodies can hold.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    client_csr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cert_csr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_cert_csr: Option<&'a str>,
}

/// The request that enrolls, in the form that all controllers take which have the method.
pub(super) fn enroll(
    method: EnrollmentMethod,
    one_time: Option<&Secret>,
    inputs: &Inputs,
    pending: &Pending,
) -> Request {
    let request = match inputs {
        Inputs::Token { jwt, signer_id, .. } => by_external_jwt(jwt, signer_id.as_deref()),
        _ => Request::post("/enroll").query("method", method.as_str()),
    };
    let mut request = request.without_login();
    request.max_answer = MAX_ANSWER;
    if let Some(token) = one_time {
        request = request.secret_query("token", token);
    }
    let csr = pending.own.as_ref().map(|own| own.csr.as_str());
    let server_csr = pending.server.as_ref().map(|server| server.csr.as_str());
    let fields = match inputs {
        Inputs::Token { .. } => Fields { client_csr: csr, ..Fields::default() },
        Inputs::Router { .. } => Fields { cert_csr: csr, server_cert_csr: server_csr, ..Fields::default() },
        Inputs::Certificate { name: Some(name), .. } => Fields { name: Some(name), ..Fields::default() },
        Inputs::Password { username, password } => {
            return with_password(request, username, password);
        }
        // Without its media type some controllers refuse a body that is empty.
        _ => return request.body(Body::text(csr.unwrap_or_default().to_owned())),
    };
    request.body(Body::json(&fields))
}

/// A login by what was enrolled, where that is there without an answer: it tells whether a request whose answer was
/// lost was carried out. The session ends by itself.
pub(super) fn login(inputs: &Inputs) -> Option<Request> {
    let login = |method: &str| Request::post("/authenticate").without_login().query("method", method);
    match inputs {
        Inputs::Certificate { .. } => Some(login("cert").body(Body::json(&Fields::default()))),
        Inputs::Password { username, password } => Some(with_password(login("password"), username, password)),
        Inputs::Token { jwt, key: None, .. } => {
            let request = login("ext-jwt").header("authorization", &bearer(jwt));
            Some(request.body(Body::json(&Fields::default())))
        }
        _ => None,
    }
}

fn by_external_jwt(jwt: &Secret, signer_id: Option<&str>) -> Request {
    let request = Request::post("/enroll/token").header("authorization", &bearer(jwt));
    match signer_id {
        Some(id) => request.header("ziti-token-issuer-id", &Secret::new(id)),
        None => request,
    }
}

fn with_password(request: Request, username: &str, password: &Secret) -> Request {
    let fields = Fields { username: Some(username), password: Some(password.expose()), ..Fields::default() };
    request.hide(password).body(Body::json(&fields))
}
