//! Logins in a browser, and what is given for codes and refresh tokens.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::answer::Answer;
use super::settings::{ProviderPart, parameter};
use super::{CLIENT_ID, Shared, tokens};
use crate::http::encode;
use crate::random;

type Parameters = [(String, String)];

/// What the exchange of a code has to fit.
pub(super) struct Code {
    redirect_uri: String,
    challenge: String,
    nonce: Option<String>,
    user: String,
}

/// Where a browser is sent whose user agrees to a login.
pub(super) fn authorize(shared: &Shared, asked: &Parameters) -> Result<String, Answer> {
    let wanted = |name: &str| parameter(asked, name).unwrap_or_default();
    let known = [("client_id", CLIENT_ID), ("response_type", "code"), ("code_challenge_method", "S256")];
    for (name, value) in known {
        if wanted(name) != value {
            return Err(Answer::refusal("invalid_request", &format!("{name} is not {value}")));
        }
    }
    if !wanted("scope").split(' ').any(|scope| scope == "openid") || wanted("code_challenge").is_empty() {
        return Err(Answer::refusal("invalid_request", "scope or code_challenge"));
    }
    let mut state = shared.state();
    let code = random::uuid();
    let login = Code {
        redirect_uri: wanted("redirect_uri").to_owned(),
        challenge: wanted("code_challenge").to_owned(),
        nonce: parameter(asked, "nonce").map(str::to_owned),
        user: state.user.clone(),
    };
    state.codes.insert(code.clone(), login);
    let answer = json!({"code": code, "state": wanted("state"), "iss": shared.issuer});
    let answer = state.changed(ProviderPart::Redirect, answer);
    let pair = |(name, value): (&String, &Value)| Some(format!("{name}={}", encode(value.as_str()?)));
    let query: Vec<String> = answer.as_object().into_iter().flatten().filter_map(pair).collect();
    let uri = wanted("redirect_uri");
    Ok(format!("{uri}{}{}", if uri.contains('?') { '&' } else { '?' }, query.join("&")))
}

/// Answers a request for tokens.
pub(super) fn token(shared: &Shared, form: &Parameters) -> Answer {
    if parameter(form, "client_id") != Some(CLIENT_ID) {
        return Answer::refusal("invalid_client", "client not known");
    }
    let wanted = |name: &str| parameter(form, name).unwrap_or_default();
    let granted = match wanted("grant_type") {
        "authorization_code" => exchange(shared, form),
        "refresh_token" => {
            let token = wanted("refresh_token");
            let user = shared.state().refresh_tokens.remove(token);
            let gone = || Answer::refusal("invalid_grant", &format!("the refresh token {token} is not known"));
            user.map(|user| (user, None)).ok_or_else(gone)
        }
        "urn:ietf:params:oauth:grant-type:device_code" => {
            let mut state = shared.state();
            state.devices.take(wanted("device_code")).map(|()| (state.user.clone(), None))
        }
        _ => Err(Answer::refusal("unsupported_grant_type", "")),
    };
    match granted {
        Ok((user, nonce)) => Answer::json(200, &tokens::issue(shared, &user, nonce.as_deref())),
        Err(refusal) => refusal,
    }
}

/// Whose a code is, and the nonce that was sent for it.
fn exchange(shared: &Shared, form: &Parameters) -> Result<(String, Option<String>), Answer> {
    let wanted = |name: &str| parameter(form, name).unwrap_or_default();
    let code = wanted("code");
    let invalid = |why: &str| Answer::refusal("invalid_grant", &format!("{why}: {code}"));
    let login = shared.state().codes.remove(code).ok_or_else(|| invalid("no such code"))?;
    if login.redirect_uri != wanted("redirect_uri") {
        return Err(invalid("another redirect_uri"));
    }
    if BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, wanted("code_verifier").as_bytes())) != login.challenge {
        return Err(invalid("the code_verifier does not fit"));
    }
    Ok((login.user, login.nonce))
}
