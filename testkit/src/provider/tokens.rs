//! Tokens as a provider issues them.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::settings::ProviderPart;
use super::{AUDIENCE, CLIENT_ID, Shared};
use crate::{jwt, random};

/// The name of its key.
pub(super) const KEY_ID: &str = "provider-key";

/// The answer of the token endpoint.
pub(super) fn issue(shared: &Shared, user: &str, nonce: Option<&str>) -> Value {
    let mut state = shared.state();
    let now = state.now().unix_timestamp();
    let claims = |audience: &str| {
        json!({
            "iss": shared.issuer,
            "sub": user,
            "aud": audience,
            "iat": now,
            "exp": now + state.token_life.as_secs().cast_signed(),
            "jti": random::uuid(),
        })
    };
    let access = sign(shared, &state.changed(ProviderPart::AccessClaims, claims(AUDIENCE)));
    let mut id = claims(CLIENT_ID);
    id["at_hash"] = BASE64_URL_SAFE_NO_PAD.encode(&digest(&SHA256, access.as_bytes()).as_ref()[..16]).into();
    if let Some(nonce) = nonce {
        id["nonce"] = nonce.into();
    }
    let id = sign(shared, &state.changed(ProviderPart::IdClaims, id));
    let refresh_token = random::uuid();
    state.refresh_tokens.insert(refresh_token.clone(), user.to_owned());
    let tokens = json!({
        "access_token": access,
        "id_token": id,
        "refresh_token": refresh_token,
        "token_type": "Bearer",
        "expires_in": state.token_life.as_secs(),
    });
    state.changed(ProviderPart::Tokens, tokens)
}

fn sign(shared: &Shared, claims: &Value) -> String {
    let header = json!({"alg": jwt::algorithm(&shared.key), "kid": KEY_ID, "typ": "JWT"});
    jwt::sign(&shared.key, &header.to_string(), &claims.to_string())
}
