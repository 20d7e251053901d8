//! What a step of a login is answered: it is done, more is wanted, or it is refused.

use super::redirect::Place;
use crate::error::{ApiError, Error};
use crate::login::session::AuthQuery;
use crate::wire::fields::{Fields, Model};
use crate::wire::{ControllerUrl, Head, Request, envelope, refusal};

/// What became of a factor.
pub(super) enum Answered {
    /// The login has all it needs. There is its code.
    Done(Place),
    /// The factor was taken, and these are missing.
    Wants {
        factors: Vec<AuthQuery>,
        /// True if the controller says what it thinks of the JWT of a second factor: only those do that take one.
        judged_jwt: bool,
    },
    /// A success that says neither: up to 1.6 some steps are done that way, and 1.3 answers so to steps that it does not
    /// have. The error is for all others.
    Nothing(Error),
    /// A login page for browsers: up to 1.6 that is what wrong credentials are answered with.
    Page(ApiError),
    /// The controller looked at it and says no.
    Refused(ApiError),
}

/// The realm of the JWT of a second factor.
const SECOND_JWT: &str = "openziti-secondary-ext-jwt";

struct Queries {
    auth_queries: Vec<AuthQuery>,
}

impl Model for Queries {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { auth_queries: fields.get("authQueries") }
    }
}

impl Answered {
    /// Reads the answer to a step.
    ///
    /// # Errors
    /// The answer cannot be read, or is about something else than the factor.
    pub(super) fn read(controller: &ControllerUrl, request: &Request, head: &Head, body: &[u8]) -> Result<Self, Error> {
        let refusal = || refusal::read(&request.operation(), head, body);
        match head.status {
            302 | 303 => Place::of(controller, request, head).map(Self::Done),
            400 | 401 | 404 | 409 => Ok(Self::Refused(refusal())),
            _ if !head.is_success() => Err(refusal::into_error(refusal())),
            _ if is_page(head, body) => Ok(Self::Page(ApiError {
                message: "it is answered with a page to log in at, which is how controllers before 2.0 say no"
                    .to_owned(),
                ..refusal()
            })),
            _ => {
                let Queries { auth_queries } = envelope::bare(&request.operation(), body)?;
                let judged_jwt = head.www_authenticate.iter().any(|challenge| challenge.contains(SECOND_JWT));
                Ok(match auth_queries.as_slice() {
                    [] => Self::Nothing(Error::Decode {
                        operation: request.operation(),
                        path: "authQueries".to_owned(),
                        message: "the login is neither done, nor is a factor missing".to_owned(),
                    }),
                    _ => Self::Wants { factors: auth_queries, judged_jwt },
                })
            }
        }
    }
}

fn is_page(head: &Head, body: &[u8]) -> bool {
    let is_html = |kind: &str| kind.to_ascii_lowercase().contains("html");
    head.content_type.as_deref().is_some_and(is_html) || body.trim_ascii_start().starts_with(b"<")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, location: Option<&str>, kind: &str, body: &str) -> Result<Answered, Error> {
        let controller = ControllerUrl::parse("https://ctrl.test:1280").unwrap();
        let location = location.map(str::to_owned);
        let head = Head { status, location, content_type: Some(kind.to_owned()), ..Head::default() };
        Answered::read(&controller, &Request::post("/oidc/login/password"), &head, body.as_bytes())
    }

    #[test]
    fn a_redirect_to_the_controller_is_the_end_of_the_factors() {
        let callback = "https://ctrl.test:1280/oidc/authorize/callback?id=a1";
        let Ok(Answered::Done(place)) = read(302, Some(callback), "", "") else { panic!() };
        assert_eq!((place.path.as_str(), place.pairs.get("id").unwrap().expose()), ("/oidc/authorize/callback", "a1"));
        for location in [None, Some("https://evil.test/oidc/authorize/callback?id=a1")] {
            assert!(matches!(read(302, location, "", ""), Err(Error::Decode { .. })), "{location:?}");
        }
    }

    #[test]
    fn missing_factors_are_listed() {
        let body = r#"{"authQueries":[{"typeId":"TOTP","isTotpEnrolled":true},{"typeId":"EXT-JWT","id":"s"}]}"#;
        let Ok(Answered::Wants { factors, judged_jwt: false }) = read(200, None, "application/json", body) else {
            panic!()
        };
        assert_eq!(
            factors.iter().map(AuthQuery::describe).collect::<Vec<_>>(),
            ["a TOTP code", "an external JWT of signer s"]
        );
    }

    #[test]
    fn a_success_that_says_nothing_is_none() {
        for body in [r#"{"data":null,"meta":null}"#, r#"{"authQueries":null}"#, "{}"] {
            assert!(matches!(read(200, None, "application/json", body), Ok(Answered::Nothing(_))), "{body}");
        }
    }

    #[test]
    fn a_page_is_a_refusal_whatever_it_calls_itself() {
        for (kind, body) in [("text/html; charset=utf-8", "<!DOCTYPE html>\n<html>"), ("application/json", " <html>")] {
            let Ok(Answered::Page(answer)) = read(200, None, kind, body) else { panic!("{body}") };
            assert!(answer.message.contains("before 2.0") && answer.status == 200);
        }
    }

    #[test]
    fn refusals_are_told_from_failures() {
        let bare = r#"{"code":"INVALID_AUTH","message":"The authentication request failed"}"#;
        let Ok(Answered::Refused(answer)) = read(401, None, "application/json", bare) else { panic!() };
        assert_eq!((answer.status, answer.code.as_str()), (401, "INVALID_AUTH"));
        let Ok(Answered::Refused(answer)) = read(401, None, "text/plain", "The authentication request failed\n") else {
            panic!()
        };
        assert_eq!(answer.message, "The authentication request failed");
        assert!(matches!(read(503, None, "", ""), Err(Error::Busy(_))));
        assert!(matches!(read(500, None, "", r#"{"code":"UNHANDLED","message":"x"}"#), Err(Error::Api(_))));
        assert!(matches!(read(200, None, "application/json", "[1]"), Err(Error::Decode { .. })));
    }
}
