//! Which operation a request asks for.

use super::{
    Call, about, authenticators, current_identity, enroll, enroll_router, enroll_token, external, login, management,
    mfa, oidc, posture, root, service_parts, services, session_certificates, sessions,
};
use crate::answers::{Answer, Refusal};
use crate::http::{self, Request};

/// The tables of all operations.
const TABLES: &[&[Route]] = &[
    root::ROUTES,
    about::ROUTES,
    enroll::ROUTES,
    enroll_router::ROUTES,
    enroll_token::ROUTES,
    login::ROUTES,
    external::ROUTES,
    mfa::ROUTES,
    authenticators::ROUTES,
    current_identity::ROUTES,
    session_certificates::ROUTES,
    services::ROUTES,
    service_parts::ROUTES,
    sessions::ROUTES,
    posture::ROUTES,
    management::ROUTES,
    oidc::ROUTES,
    oidc::LOGIN_ROUTES,
    oidc::TOKEN_ROUTES,
];

/// Carries an operation out; the text is the decoded `{id}` of the path, empty where it has none.
type CarryOut = fn(&Call<'_>, &str) -> Result<Answer, Refusal>;

/// The APIs that the controller has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Api {
    Client,
    Management,
    Oidc,
}

impl Api {
    fn base(self) -> &'static str {
        match self {
            Self::Client => "/edge/client/v1",
            Self::Management => "/edge/management/v1",
            Self::Oidc => "/oidc",
        }
    }
}

/// One operation: where it is, what it is called, what carries it out.
pub(super) struct Route {
    method: &'static str,
    /// Segments; `{id}` stands for any.
    path: &'static [&'static str],
    /// The operation id of the API document.
    pub(super) id: &'static str,
    apis: &'static [Api],
    pub(super) carry_out: CarryOut,
}

impl Route {
    const fn new(method: &'static str, path: &'static [&'static str], id: &'static str, carry_out: CarryOut) -> Self {
        Self { method, path, id, apis: &[Api::Client], carry_out }
    }

    pub(super) const fn get(path: &'static [&'static str], id: &'static str, carry_out: CarryOut) -> Self {
        Self::new("GET", path, id, carry_out)
    }

    pub(super) const fn post(path: &'static [&'static str], id: &'static str, carry_out: CarryOut) -> Self {
        Self::new("POST", path, id, carry_out)
    }

    pub(super) const fn put(path: &'static [&'static str], id: &'static str, carry_out: CarryOut) -> Self {
        Self::new("PUT", path, id, carry_out)
    }

    pub(super) const fn patch(path: &'static [&'static str], id: &'static str, carry_out: CarryOut) -> Self {
        Self::new("PATCH", path, id, carry_out)
    }

    pub(super) const fn delete(path: &'static [&'static str], id: &'static str, carry_out: CarryOut) -> Self {
        Self::new("DELETE", path, id, carry_out)
    }

    /// On the management API as well as on the client API.
    pub(super) const fn on_both(self) -> Self {
        Self { apis: &[Api::Client, Api::Management], ..self }
    }

    /// Of OpenID Connect.
    pub(super) const fn of_oidc(self) -> Self {
        Self { apis: &[Api::Oidc], ..self }
    }

    /// On the management API only.
    pub(super) const fn on_management(self) -> Self {
        Self { apis: &[Api::Management], ..self }
    }

    /// The `{id}` of `path`, if `path` is the route's.
    fn id_in<'a>(&self, path: &[&'a str]) -> Option<&'a str> {
        let fits = |(own, found): (&&str, &&str)| *own == "{id}" || own == found;
        let fits = self.path.len() == path.len() && self.path.iter().zip(path).all(fits);
        let place = self.path.iter().position(|own| *own == "{id}");
        fits.then(|| place.map_or("", |place| path[place]))
    }
}

/// What there is at a path.
pub(super) enum Found {
    /// The operation, and the decoded `{id}` of the path.
    Route(&'static Route, String),
    /// None of this method, but some of these.
    OtherVerbs(String),
    Nothing,
}

fn routes() -> impl Iterator<Item = &'static Route> {
    TABLES.iter().copied().flatten()
}

/// The API that a path belongs to, and the path within it. Trailing and double slashes do not count.
fn split(path: &str) -> (Api, Vec<&str>) {
    let path: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    match path.as_slice() {
        ["edge", "client", "v1", rest @ ..] | ["edge", "v1", rest @ ..] => (Api::Client, rest.to_vec()),
        ["edge", "management", "v1", rest @ ..] => (Api::Management, rest.to_vec()),
        ["oidc", rest @ ..] => (Api::Oidc, rest.to_vec()),
        _ => (Api::Client, path),
    }
}

/// Whether a path is under the base of OpenID Connect.
pub(super) fn is_oidc(path: &str) -> bool {
    split(path).0 == Api::Oidc
}

/// What `request` asks for.
pub(super) fn find(request: &Request) -> Found {
    let (api, path) = split(&request.path);
    let here = || routes().filter(|route| route.apis.contains(&api) && route.id_in(&path).is_some());
    if let Some(route) = here().find(|route| route.method == request.method) {
        return Found::Route(route, http::decode(route.id_in(&path).unwrap_or_default()));
    }
    let mut allowed: Vec<&str> = here().map(|route| route.method).collect();
    allowed.sort_unstable();
    if allowed.is_empty() { Found::Nothing } else { Found::OtherVerbs(allowed.join(" ")) }
}

/// The path of a request under the base of its API, however it was asked for.
pub(super) fn full_path(request: &Request) -> String {
    let (api, path) = split(&request.path);
    format!("{}/{}", api.base(), path.join("/"))
}

/// The operation id of what a request asks for; its head is enough. Empty if that is no operation.
pub(crate) fn id_of(request: &Request) -> &'static str {
    match find(request) {
        Found::Route(route, _) => route.id,
        Found::OtherVerbs(_) | Found::Nothing => "",
    }
}

/// The operation ids of all that the controller has.
pub(crate) fn ids() -> impl Iterator<Item = &'static str> {
    routes().map(|route| route.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, path: &str) -> Request {
        Request { method: method.into(), path: path.into(), ..Request::default() }
    }

    fn id(method: &str, path: &str) -> &'static str {
        id_of(&request(method, path))
    }

    fn allowed(method: &str, path: &str) -> String {
        match find(&request(method, path)) {
            Found::OtherVerbs(allowed) => allowed,
            Found::Route(route, _) => panic!("{} is there", route.id),
            Found::Nothing => panic!("nothing is there"),
        }
    }

    #[test]
    fn every_base_path_leads_to_the_same_operations() {
        for path in
            ["/version", "//version", "/edge/v1/version/", "/edge/client/v1/version", "/edge/management/v1/version"]
        {
            assert_eq!(id("GET", path), "listVersion", "{path}");
        }
        assert_eq!(id("GET", "/"), "listRoot");
        assert_eq!(id("GET", "/services"), "listServices");
    }

    #[test]
    fn what_only_the_client_api_has_is_not_under_the_other_base() {
        assert_eq!(id("GET", "/edge/management/v1/services"), "");
    }

    #[test]
    fn ids_are_decoded() {
        let Found::Route(route, id) = find(&request("GET", "/edge/client/v1/services/a%2Fb%20c")) else {
            panic!("nothing is there");
        };
        assert_eq!((route.id, id.as_str()), ("detailService", "a/b c"));
    }

    #[test]
    fn what_is_not_there_is_told_by_its_full_path() {
        assert!(matches!(find(&request("GET", "/no-such-thing")), Found::Nothing));
        assert_eq!(full_path(&request("GET", "/no-such-thing")), "/edge/client/v1/no-such-thing");
        assert_eq!(full_path(&request("GET", "/edge/management/v1/x/")), "/edge/management/v1/x");
    }

    #[test]
    fn other_methods_are_told_those_that_are_there() {
        assert_eq!(allowed("PUT", "/services"), "GET");
        assert_eq!(allowed("POST", "/current-api-session"), "DELETE GET");
        assert_eq!(allowed("POST", "/services/x"), "DELETE GET PATCH PUT");
    }

    #[test]
    fn no_two_operations_are_at_one_place() {
        for (number, route) in routes().enumerate() {
            let same = |other: &&Route| other.method == route.method && other.path == route.path;
            let later = routes().skip(number + 1).filter(|other| other.apis.iter().any(|api| route.apis.contains(api)));
            assert!(later.into_iter().all(|other| !same(&other)), "{}", route.id);
        }
    }
}
