//! Redirects. They are read and never followed by themselves: each has to lead to the controller that sent it.

use percent_encoding::percent_decode_str;

use crate::error::Error;
use crate::secret::Secret;
use crate::wire::url::is_plain_path;
use crate::wire::{ControllerUrl, Head, Request};

/// The names and values of a query, decoded. Codes and the ids of logins are among them.
pub(super) struct Pairs(Vec<(String, Secret)>);

/// A place at the controller itself.
pub(super) struct Place {
    pub(super) path: String,
    pub(super) pairs: Pairs,
}

impl Pairs {
    pub(super) fn read(query: &str) -> Self {
        let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), Secret::new(decode(value)))
        });
        Self(pairs.collect())
    }

    /// The value of this name; an empty one is none.
    pub(super) fn get(&self, name: &str) -> Option<&Secret> {
        let value = self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value);
        value.filter(|value| !value.expose().is_empty())
    }
}

impl Place {
    /// The place at `controller` that an address stands for, as seen from the path `from`.
    ///
    /// # Errors
    /// What is wrong with the address, which is not repeated: it may hold a secret.
    pub(super) fn at(controller: &ControllerUrl, from: &str, address: &str) -> Result<Self, &'static str> {
        let address = address.split('#').next().unwrap_or_default();
        let (place, query) = address.split_once('?').unwrap_or((address, ""));
        let path = match place {
            "" => from.to_owned(),
            _ if place.starts_with("//") || place.contains("://") => own_path(controller, place)?,
            _ if place.starts_with('/') => place.to_owned(),
            _ if place.contains(':') => return Err(ELSEWHERE),
            _ => format!("{}/{place}", from.rsplit_once('/').map_or("", |(folder, _)| folder)),
        };
        if !is_plain_path(&path) {
            return Err("it leads to a path with steps or characters that no path of a controller has");
        }
        Ok(Self { path, pairs: Pairs::read(query) })
    }

    /// Where an answer sends the client that asked `request`.
    pub(super) fn of(controller: &ControllerUrl, request: &Request, head: &Head) -> Result<Self, Error> {
        let location = location(request, head)?;
        Self::at(controller, &request.path, location).map_err(|why| unusable(request, why))
    }
}

const ELSEWHERE: &str = "it leads away from the controller";

/// The path of an address with a host, which has to be the controller's.
fn own_path(controller: &ControllerUrl, address: &str) -> Result<String, &'static str> {
    let whole = if address.starts_with("//") { format!("https:{address}") } else { address.to_owned() };
    let host = ControllerUrl::parse(&whole).map_err(|_| "it leads to an address that no controller has")?;
    if host != *controller {
        return Err(ELSEWHERE);
    }
    let rest = whole.split_once("://").map_or("", |(_, rest)| rest);
    Ok(rest.find('/').map_or("/", |at| &rest[at..]).to_owned())
}

/// The `Location` of an answer.
pub(super) fn location<'h>(request: &Request, head: &'h Head) -> Result<&'h str, Error> {
    head.location.as_deref().ok_or_else(|| unusable(request, "the redirect does not say where to"))
}

/// A redirect that does not lead on.
pub(super) fn unusable(request: &Request, why: &str) -> Error {
    Error::Decode { operation: request.operation(), path: "Location".to_owned(), message: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> Result<Place, &'static str> {
        Place::at(&ControllerUrl::parse("https://ctrl.test:1280").unwrap(), "/oidc/authorize", address)
    }

    fn value(place: &Place, name: &str) -> Option<String> {
        place.pairs.get(name).map(|value| value.expose().to_owned())
    }

    #[test]
    fn a_place_is_the_same_however_its_address_is_written() {
        for address in [
            "/oidc/login/cert?authRequestID=a%2Bb",
            "https://ctrl.test:1280/oidc/login/cert?authRequestID=a%2bb",
            "HTTPS://CTRL.test:1280/oidc/login/cert?authRequestID=a%2Bb#part",
            "//ctrl.test:1280/oidc/login/cert?x=y&authRequestID=a%2Bb",
            "login/cert?authRequestID=a%2Bb",
        ] {
            let place = at(address).unwrap();
            assert_eq!(
                (place.path.as_str(), value(&place, "authRequestID").as_deref()),
                ("/oidc/login/cert", Some("a+b"))
            );
        }
        assert_eq!(at("?id=1").unwrap().path, "/oidc/authorize");
    }

    #[test]
    fn an_address_that_leads_away_is_refused() {
        for address in [
            "https://evil.test:1280/oidc/login/cert?authRequestID=a",
            "https://ctrl.test/oidc/login/cert",
            "https://ctrl.test:1281/oidc/login/cert",
            "http://ctrl.test:1280/oidc/login/cert",
            "https://ctrl.test:1280@evil.test/x",
            "https://evil.test:1280?https://ctrl.test:1280/",
            "//evil.test/oidc",
            "openziti://auth/callback",
            "javascript:alert(1)",
            "/oidc/../../x",
            "//",
            "/\\evil.test",
            "https://",
        ] {
            assert!(at(address).is_err(), "{address}");
        }
    }

    #[test]
    fn a_query_is_decoded_and_what_is_empty_is_not_there() {
        let pairs = Pairs::read("code=a%2Fb%3D&state=x+y&&empty=&flag&%ff=1&code=second");
        let get = |name| pairs.get(name).map(Secret::expose);
        assert_eq!((get("code"), get("state"), get("empty"), get("flag")), (Some("a/b="), Some("x y"), None, None));
    }
}
