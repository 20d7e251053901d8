//! The authenticator that a certificate is at the controller, and what is asked for there.

use crate::api::authenticators::Authenticator;
use crate::error::Error;
use crate::login::{Generation, LiveSession};
use crate::transport::Call;
use crate::trust::certificate::chain_from_pem;
use crate::wire::fields::Field;
use crate::wire::request::entity_path;
use crate::wire::{Request, envelope};

const AUTHENTICATORS: &str = "/current-identity/authenticators";
/// The most that a page may have; an identity has one or two authenticators.
const ALL: &str = "500";
/// What 1.3 calls the authenticator of each login over OIDC: the word is the id of none.
const UNNAMED: &str = "oidc";

/// What an administrator asks for, and a controller says at each login and of the authenticator.
pub(super) struct Wishes {
    pub(super) extension: bool,
    pub(super) new_key: bool,
}

pub(super) fn wishes(call: &Call, generation: &Generation, session: &LiveSession) -> Result<Wishes, Error> {
    let now = &session.api_session;
    // What a login over OIDC says it said at its beginning, and says again after each refresh.
    if now.is_cert_extend_requested && generation.earlier_of(&session.token).is_none() {
        return Ok(Wishes { extension: true, new_key: now.is_cert_key_roll_requested });
    }
    let own = match named(session) {
        Some(id) => fetch(call, generation, &Request::get(entity_path(AUTHENTICATORS, id)?))?,
        None => find(call, generation)?,
    };
    Ok(Wishes {
        extension: own.is_extend_requested || own.is_key_roll_requested,
        new_key: now.is_cert_key_roll_requested || own.is_key_roll_requested,
    })
}

/// The id of the authenticator that the certificate is.
pub(super) fn own_authenticator(call: &Call, generation: &Generation, session: &LiveSession) -> Result<String, Error> {
    named(session).map_or_else(|| find(call, generation).map(|own| own.id), |id| Ok(id.to_owned()))
}

fn named(session: &LiveSession) -> Option<&str> {
    session.api_session.authenticator_id.as_deref().filter(|id| *id != UNNAMED)
}

/// The authenticator among those of the identity that has its certificate.
fn find(call: &Call, generation: &Generation) -> Result<Authenticator, Error> {
    let all: Vec<Authenticator> = fetch(call, generation, &Request::get(AUTHENTICATORS).query("limit", ALL))?;
    let own = generation.identity.leaf();
    let has_own = |one: &Authenticator| {
        let chain = one.cert_pem.as_deref().map(|pem| chain_from_pem("certPem", pem));
        chain.and_then(Result::ok).is_some_and(|chain| chain.first() == own)
    };
    all.into_iter().find(has_own).ok_or_else(|| {
        let message = "the controller does not say by which authenticator this client is logged in, and has none with \
                       its certificate; use LoginFlow::Legacy to renew it";
        Error::Unsupported(message.to_owned())
    })
}

pub(super) fn fetch<T: Field>(call: &Call, generation: &Generation, request: &Request) -> Result<T, Error> {
    let mut body = Vec::new();
    generation.send(call, request, &mut body)?;
    envelope::data(&request.operation(), &body)
}
