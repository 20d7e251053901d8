//! How a login begins, and how it is sent back with a code.

use super::discovery::{Endpoints, step};
use super::redirect::{Pairs, Place, location, unusable};
use crate::error::{ApiError, Error, one_line};
use crate::login::pkce::{Pkce, unguessable};
use crate::secret::Secret;
use crate::wire::{ControllerUrl, Head, Request, refusal};

/// What this client is called: the name that all controllers have for those that are not browsers.
pub(super) const CLIENT: &str = "openziti";
/// Where a browser would be sent back to. All controllers allow it, nothing listens there, and nothing needs to.
pub(super) const REDIRECT_URI: &str = "http://localhost:8080/auth/callback";
/// Without `offline_access` there is no refresh token.
const SCOPE: &str = "openid offline_access";

/// A login on its way, from its first request to its tokens. One controller knows of it, and no other.
#[derive(Clone)]
pub(crate) struct Authorization {
    pub(crate) controller: ControllerUrl,
    pub(super) endpoints: Endpoints,
    /// What each step names the login by. It stands for it until the code is exchanged, so it is not shown.
    pub(super) id: Secret,
    pub(super) pkce: Pkce,
    pub(super) state: Secret,
    pub(super) nonce: Secret,
}

/// What a login is made of before the controller has a name for it.
pub(super) struct Beginning {
    pkce: Pkce,
    state: Secret,
    nonce: Secret,
}

impl Beginning {
    pub(super) fn new() -> Result<Self, Error> {
        Ok(Self { pkce: Pkce::new()?, state: unguessable()?, nonce: unguessable()? })
    }

    /// `GET /oidc/authorize`, for a login by `method`: `cert`, `password` or `ext-jwt`.
    pub(super) fn request(&self, endpoints: &Endpoints, method: &str) -> Request {
        step(Request::get(&endpoints.authorize))
            .query("client_id", CLIENT)
            .query("response_type", "code")
            .query("scope", SCOPE)
            .query("redirect_uri", REDIRECT_URI)
            .query("code_challenge", self.pkce.challenge())
            .query("code_challenge_method", Pkce::METHOD)
            .query("state", self.state.expose())
            .query("nonce", self.nonce.expose())
            .query("method", method)
            .with_hidden_query()
    }

    /// Reads the answer: the login has a name now.
    pub(super) fn read(
        self,
        controller: &ControllerUrl,
        endpoints: Endpoints,
        request: &Request,
        head: &Head,
        body: &[u8],
    ) -> Result<Authorization, Error> {
        require_redirect(request, head, body)?;
        // A refusal may lead to where a browser would be sent back to, which is nowhere.
        if let Some(refused) = location(request, head)?.strip_prefix(REDIRECT_URI) {
            return Err(refused_with(request, &back(refused)));
        }
        let place = Place::of(controller, request, head)?;
        if place.pairs.get("error").is_some() {
            return Err(refused_with(request, &place.pairs));
        }
        let id = place.pairs.get("authRequestID");
        let id = id.cloned().ok_or_else(|| unusable(request, "the redirect does not name the login that began"))?;
        let Self { pkce, state, nonce } = self;
        Ok(Authorization { controller: controller.clone(), endpoints, id, pkce, state, nonce })
    }
}

impl Authorization {
    /// Where the code would be, for a login that may have had all its factors.
    pub(super) fn callback(&self) -> Request {
        step(Request::get(format!("{}/callback", self.endpoints.authorize))).secret_query("id", &self.id)
    }

    /// Asks for the code there.
    pub(super) fn code_request(place: &Place) -> Request {
        let id = place.pairs.get("id").cloned().unwrap_or_default();
        step(Request::get(&place.path)).secret_query("id", &id)
    }

    /// Reads the code, which is good for one exchange.
    pub(super) fn read_code(&self, request: &Request, head: &Head, body: &[u8]) -> Result<Secret, Error> {
        require_redirect(request, head, body)?;
        let Some(rest) = location(request, head)?.strip_prefix(REDIRECT_URI) else {
            return Err(unusable(request, "the redirect leads elsewhere than back to this client"));
        };
        let pairs = back(rest);
        if pairs.get("state").map(Secret::expose) != Some(self.state.expose()) {
            return Err(unusable(request, "the redirect is not about this login: its state is another"));
        }
        if pairs.get("error").is_some() {
            return Err(refused_with(request, &pairs));
        }
        pairs.get("code").cloned().ok_or_else(|| unusable(request, "the redirect holds no code"))
    }
}

/// What comes after the redirect URI.
fn back(rest: &str) -> Pairs {
    let query = rest.strip_prefix('?').unwrap_or_default();
    Pairs::read(query.split('#').next().unwrap_or_default())
}

/// Anything but a redirect is a refusal.
pub(super) fn require_redirect(request: &Request, head: &Head, body: &[u8]) -> Result<(), Error> {
    match head.status {
        302 | 303 => Ok(()),
        200..=299 => Err(unusable(request, "the answer is no redirect")),
        _ => Err(refusal::into_error(refusal::read(&request.operation(), head, body))),
    }
}

/// A refusal in a redirect.
fn refused_with(request: &Request, pairs: &Pairs) -> Error {
    let text = |name: &str| pairs.get(name).map(|text| one_line(text.expose()));
    Error::Api(Box::new(ApiError {
        status: 302,
        code: text("error").unwrap_or_else(|| "HTTP_302".to_owned()),
        message: text("error_description").unwrap_or_else(|| "the redirect gives no reason".to_owned()),
        cause: None,
        request_id: None,
        retry_after: None,
        operation: request.operation(),
    }))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::login::oidc::discovery::tests::endpoints;

    fn controller() -> ControllerUrl {
        ControllerUrl::parse("https://ctrl.test:1280").unwrap()
    }

    /// A login on its way, with the nonce of the recordings.
    pub(in crate::login::oidc) fn known_login(state: &str) -> Authorization {
        Authorization {
            controller: controller(),
            endpoints: endpoints(),
            id: Secret::new("a1"),
            pkce: Pkce::new().unwrap(),
            state: Secret::new(state),
            nonce: Secret::new("n-0S6"),
        }
    }

    fn redirect(location: Option<&str>) -> Head {
        Head { status: 302, location: location.map(str::to_owned), ..Head::default() }
    }

    fn begin(location: Option<&str>) -> Result<Authorization, Error> {
        let beginning = Beginning::new().unwrap();
        let request = beginning.request(&endpoints(), "cert");
        beginning.read(&controller(), endpoints(), &request, &redirect(location), b"")
    }

    #[test]
    fn the_request_names_the_client_and_hides_what_ties_the_login_together() {
        let request = Beginning::new().unwrap().request(&endpoints(), "password");
        assert_eq!(request.to_string(), "GET /oidc/authorize?***");
        let target = request.target("").expose().to_owned();
        for part in [
            "client_id=openziti&",
            "scope=openid%20offline_access&",
            "redirect_uri=http%3A%2F%2Flocalhost%3A8080%2Fauth%2Fcallback&",
            "code_challenge_method=S256&",
            "&method=password",
        ] {
            assert!(target.contains(part), "{target}");
        }
    }

    #[test]
    fn a_login_has_the_name_that_its_redirect_tells() {
        for location in [
            "/oidc/login/username?authRequestID=a1",
            "https://ctrl.test:1280/oidc/login/cert?x=y&authRequestID=a1#here",
        ] {
            assert_eq!(begin(Some(location)).unwrap().id.expose(), "a1", "{location}");
        }
    }

    #[test]
    fn a_beginning_that_leads_nowhere_says_why() {
        for (location, expected) in [
            (None, "does not say where to"),
            (Some(""), "does not name the login"),
            (Some("/oidc/login/username"), "does not name the login"),
            (Some("/oidc/login/username?authRequestID="), "does not name the login"),
            (Some("/oidc/login/username#authRequestID=a1"), "does not name the login"),
            (Some("https://evil.test/oidc/login/username?authRequestID=a1"), "leads away"),
            (Some("http://ctrl.test:1280/oidc/login/username?authRequestID=a1"), "no controller has"),
            (Some("/oidc/login/username?authRequestID=a1&error=busy"), "302 busy"),
            (Some("http://localhost:8080/auth/callback?error=unsupported_response_type"), "unsupported_response_type"),
        ] {
            let Err(error) = begin(location) else { panic!("{location:?}") };
            assert!(error.to_string().contains(expected), "{location:?}: {error}");
        }
    }

    #[test]
    fn a_login_that_is_not_begun_says_what_the_controller_says() {
        let beginning = Beginning::new().unwrap();
        let request = beginning.request(&endpoints(), "cert");
        let head = Head { status: 400, ..Head::default() };
        let body = br#"{"error":"invalid_client","error_description":"client not found"}"#;
        let Err(error) = beginning.read(&controller(), endpoints(), &request, &head, body) else { panic!() };
        assert!(matches!(&error, Error::Api(answer) if answer.code == "invalid_client"), "{error}");
    }

    fn code(location: impl Fn(&str) -> String) -> Result<Secret, Error> {
        let login = begin(Some("/oidc/login/cert?authRequestID=a1")).unwrap();
        let head = redirect(Some(&location(login.state.expose())));
        login.read_code(&login.callback(), &head, b"")
    }

    #[test]
    fn the_code_comes_back_decoded_with_the_state_that_was_sent() {
        let good = code(|state| format!("{REDIRECT_URI}?code=a%2Fb%3D%3D&state={state}#x")).unwrap();
        assert_eq!(good.expose(), "a/b==");
    }

    #[test]
    fn a_code_of_another_login_or_for_another_client_is_not_taken() {
        let bad: [(&str, &str); 7] = [
            ("http://localhost:8080/auth/callback?code=canary&state=other", "state is another"),
            ("http://localhost:8080/auth/callback?code=canary", "state is another"),
            ("http://localhost:8080/auth/callback?state=STATE", "no code"),
            ("http://localhost:8080/auth/callback?code=&state=STATE", "no code"),
            ("http://localhost:8080/auth/callback?state=STATE&error=interaction_required", "interaction_required"),
            ("http://localhost:8080/auth/callbacks?code=canary&state=STATE", "state is another"),
            ("https://evil.test/auth/callback?code=canary&state=STATE", "elsewhere"),
        ];
        for (location, expected) in bad {
            let error = code(|state| location.replace("STATE", state)).unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains("canary"), "{location}: {error}");
        }
    }
}
