//! ID tokens that say which access token they go with.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::digest::{Algorithm, SHA256, SHA384, SHA512, digest};
use serde_json::{Value, json};
use ziti_edge_client::{Error, ProviderToken};
use ziti_edge_testkit::{ProviderPart, TestProvider};

use super::{is_unreadable, log_in, options, provider, settings};

fn jwt(algorithm: &str, claims: &Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2ln", part(&json!({"alg": algorithm})), part(claims))
}

/// Has the provider answer a refresh with an ID token of this algorithm that says this of the access token.
fn refreshed(provider: &TestProvider, algorithm: &str, hash: impl Fn(&[u8]) -> String) -> Result<(), Error> {
    let kept = log_in(provider)?.refresh_token().unwrap();
    let access = jwt("ES256", &json!({"aud": "openziti", "exp": 4_000_000_000_u64}));
    let id = json!({
        "iss": provider.issuer(),
        "sub": "alice@example.test",
        "aud": provider.client_id(),
        "exp": 4_000_000_000_u64,
        "at_hash": hash(access.as_bytes()),
    });
    provider.change(ProviderPart::Tokens, json!({"access_token": access, "id_token": jwt(algorithm, &id)}));
    let outcome = ProviderToken::from_refresh_token(&settings(provider), &options(provider), &kept);
    provider.heal();
    outcome.map(drop)
}

fn half(algorithm: &'static Algorithm) -> impl Fn(&[u8]) -> String {
    move |token| {
        let hash = digest(algorithm, token);
        BASE64_URL_SAFE_NO_PAD.encode(&hash.as_ref()[..hash.as_ref().len() / 2])
    }
}

#[test]
fn the_hash_is_that_of_the_algorithm() {
    let provider = provider();
    let hashes: [&Algorithm; 3] = [&SHA256, &SHA384, &SHA512];
    for (algorithm, right) in [
        ("RS256", 0),
        ("ES256", 0),
        ("PS256", 0),
        ("ES256K", 0),
        ("RS384", 1),
        ("ES384", 1),
        ("PS384", 1),
        ("RS512", 2),
        ("ES512", 2),
        ("PS512", 2),
        ("Ed25519", 2),
    ] {
        for (at, hash) in hashes.into_iter().enumerate() {
            let outcome = refreshed(&provider, algorithm, half(hash));
            match at == right {
                true => outcome.unwrap_or_else(|error| panic!("{algorithm}: {error}")),
                false => is_unreadable(algorithm, outcome, "id_token.at_hash", "does not go with the access token"),
            }
        }
        let of_another = refreshed(&provider, algorithm, |_| half(hashes[right])(b"another"));
        is_unreadable(algorithm, of_another, "id_token.at_hash", "does not go with the access token");
    }
}

#[test]
fn of_the_two_algorithms_that_share_a_name_the_one_that_is_known_is_judged() {
    let provider = provider();
    refreshed(&provider, "EdDSA", half(&SHA512)).unwrap();
    let of_another = refreshed(&provider, "EdDSA", |_| half(&SHA512)(b"another"));
    is_unreadable("Ed25519", of_another, "id_token.at_hash", "does not go with the access token");
    // Half of what Ed448 hashes to has 57 bytes.
    refreshed(&provider, "EdDSA", |_| BASE64_URL_SAFE_NO_PAD.encode([7; 57])).unwrap();
    for unknown in ["Ed448", "ML-DSA-44"] {
        refreshed(&provider, unknown, half(&SHA256)).unwrap_or_else(|error| panic!("{unknown}: {error}"));
    }
}
