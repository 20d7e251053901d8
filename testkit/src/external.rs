//! External JWT signers: others than the controller whose tokens let identities log in.

use std::fmt;
use std::sync::Arc;

use rcgen::{KeyPair, PublicKeyData};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Value, json};
use time::OffsetDateTime;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::filter::Listed;
use crate::manners::Version;
use crate::{clock, jwt, random};

/// How long a token is good unless its claims say otherwise, in seconds.
const TOKEN_LIFE: i64 = 3600;

/// An external JWT signer to be.
#[derive(Debug, Clone)]
pub struct ExternalSigner {
    /// Its name.
    pub name: String,
    /// The `iss` of its tokens.
    pub issuer: String,
    /// The `aud` of its tokens.
    pub audience: String,
    /// What a client calls itself there.
    pub client_id: Option<String>,
    /// Where a user logs in.
    pub auth_url: Option<String>,
    /// The scopes to ask for.
    pub scopes: Vec<String>,
    /// The claim that tells the identity.
    pub claim: String,
    /// Whether that claim is an identity's external id; otherwise it is its id.
    pub by_external_id: bool,
    /// Whether its tokens enroll new identities that log in by certificate. Known from 2.0 on.
    pub enrolls_to_certificate: bool,
    /// Whether its tokens enroll new identities that log in by such tokens. Known from 2.0 on.
    pub enrolls_to_token: bool,
    /// Which of its tokens clients have to show: `ACCESS` or `ID`. Told from 1.6 on.
    pub target_token: String,
    /// What signs its tokens; `None` makes a new key, by which [`TestController::external_token`] signs.
    ///
    /// [`TestController::external_token`]: crate::TestController::external_token
    pub key: Option<SignerKey>,
}

/// A key that signs tokens.
#[derive(Clone)]
pub struct SignerKey(Arc<KeyPair>);

impl SignerKey {
    pub(crate) fn new(key: Arc<KeyPair>) -> Self {
        Self(key)
    }
}

impl fmt::Debug for SignerKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SignerKey")
    }
}

impl ExternalSigner {
    /// A signer with an issuer and a login page made from its name, whose `sub` is an identity's external id.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            issuer: format!("https://{name}.example.test"),
            audience: "openziti".to_owned(),
            client_id: Some("ziti-client".to_owned()),
            auth_url: Some(format!("https://{name}.example.test/auth")),
            scopes: vec!["openid".to_owned()],
            claim: "sub".to_owned(),
            by_external_id: true,
            enrolls_to_certificate: false,
            enrolls_to_token: false,
            target_token: "ACCESS".to_owned(),
            key: None,
        }
    }
}

/// A signer that the controller knows.
pub(crate) struct Signer {
    pub(crate) id: String,
    pub(crate) spec: ExternalSigner,
    key: Arc<KeyPair>,
    created: OffsetDateTime,
}

impl fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Signer").field("spec", &self.spec).finish_non_exhaustive()
    }
}

/// Why a token is no good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// There is none that concerns a signer.
    Missing,
    Invalid,
    Expired,
}

impl Signer {
    pub(crate) fn new(spec: ExternalSigner, now: OffsetDateTime) -> Result<Self, rcgen::Error> {
        let key = match &spec.key {
            Some(SignerKey(key)) => Arc::clone(key),
            None => Arc::new(KeyPair::generate()?),
        };
        Ok(Self { id: random::long_random_id(), spec, key, created: now })
    }

    /// The same signer with another key.
    pub(crate) fn with_new_key(&self) -> Result<Self, rcgen::Error> {
        let key = Arc::new(KeyPair::generate()?);
        Ok(Self { id: self.id.clone(), spec: self.spec.clone(), key, created: self.created })
    }

    /// A token with these claims, and those that every token of the signer has.
    pub(crate) fn sign(&self, claims: &Value, now: OffsetDateTime) -> String {
        let now = now.unix_timestamp();
        let mut all = json!({
            "iss": self.spec.issuer,
            "aud": self.spec.audience,
            "iat": now,
            "nbf": now,
            "exp": now + TOKEN_LIFE,
            "jti": random::uuid(),
        });
        for (name, value) in claims.as_object().into_iter().flatten() {
            all[name] = value.clone();
        }
        let header = json!({"alg": jwt::algorithm(&self.key), "kid": self.id, "typ": "JWT"});
        jwt::sign(&self.key, &header.to_string(), &all.to_string())
    }

    /// The claim that tells the identity, if the token is the signer's and good now.
    fn claim(&self, token: &str, claims: &Value, now: OffsetDateTime) -> Result<String, Fault> {
        let (message, signature) = token.rsplit_once('.').ok_or(Fault::Missing)?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).map_err(|_| Fault::Invalid)?;
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.key.der_bytes());
        key.verify(message.as_bytes(), &signature).map_err(|_| Fault::Invalid)?;
        let now = now.unix_timestamp();
        if claims["exp"].as_i64().is_none_or(|end| now >= end) {
            return Err(Fault::Expired);
        }
        if claims["nbf"].as_i64().is_some_and(|start| now < start) {
            return Err(Fault::Invalid);
        }
        claims[&self.spec.claim].as_str().map(str::to_owned).ok_or(Fault::Invalid)
    }

    /// What a login that needs a token of the signer as a second factor asks for.
    pub(crate) fn demand(&self) -> Secondary {
        let ExternalSigner { issuer, client_id, auth_url, scopes, .. } = self.spec.clone();
        Secondary { signer_id: self.id.clone(), issuer, client_id, auth_url, scopes }
    }

    /// A row of `/external-jwt-signers`.
    pub(crate) fn document(&self, version: Version) -> Value {
        let spec = &self.spec;
        let mut document = json!({
            "_links": {"self": {"href": format!("./external-jwt-signers/{}", self.id)}},
            "createdAt": clock::json(self.created),
            "id": self.id,
            "tags": {},
            "updatedAt": clock::json(self.created),
            "audience": spec.audience,
            "clientId": spec.client_id,
            "externalAuthUrl": spec.auth_url,
            "name": spec.name,
            "scopes": spec.scopes,
        });
        if version != Version::V1_3 {
            document["targetToken"] = spec.target_token.as_str().into();
        }
        if version == Version::V2_0 {
            // What is not allowed is not mentioned.
            for (allowed, name) in
                [(spec.enrolls_to_certificate, "enrollToCertEnabled"), (spec.enrolls_to_token, "enrollToTokenEnabled")]
            {
                if allowed {
                    document[name] = true.into();
                }
            }
        }
        document
    }
}

impl Listed for Signer {
    /// The controller tells of more, and knows them no better than here.
    const FIELDS: &'static [&'static str] =
        &["name", "enabled", "audience", "clientId", "scopes", "id", "createdAt", "updatedAt", "tags", "isSystem"];
    const SETS: &'static [&'static str] = &["scopes"];

    fn value(&self, field: &str) -> Value {
        match field {
            "id" => self.id.as_str().into(),
            "name" => self.spec.name.as_str().into(),
            "audience" => self.spec.audience.as_str().into(),
            "clientId" => self.spec.client_id.as_deref().into(),
            "createdAt" | "updatedAt" => clock::json(self.created).into(),
            "enabled" => true.into(),
            "isSystem" => false.into(),
            _ => Value::Null,
        }
    }

    fn values(&self, _set: &str) -> Vec<Value> {
        self.spec.scopes.iter().map(|scope| scope.as_str().into()).collect()
    }
}

/// A token that has to come with every request of a session.
#[derive(Debug, Clone)]
pub(crate) struct Secondary {
    pub(crate) signer_id: String,
    pub(crate) issuer: String,
    client_id: Option<String>,
    auth_url: Option<String>,
    scopes: Vec<String>,
}

impl Secondary {
    /// As `authQueries` of a session tells it.
    pub(crate) fn query(&self) -> Value {
        json!({
            "clientId": self.client_id,
            "httpUrl": self.auth_url,
            "id": self.signer_id,
            "provider": "url",
            "scopes": self.scopes,
            "typeId": "EXT-JWT",
        })
    }
}

/// The claims of a token that nobody verified yet.
fn claims(token: &str) -> Option<Value> {
    let claims = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&claims).ok().filter(Value::is_object)
}

/// The signer of the first token that concerns one of `signers`, and the claim that tells the identity.
pub(crate) fn judge<'a>(
    tokens: &[&str],
    signers: impl Iterator<Item = &'a Signer> + Clone,
    now: OffsetDateTime,
) -> Result<(&'a Signer, String), Fault> {
    for token in tokens {
        let Some(claims) = claims(token) else { continue };
        let concerned = |signer: &&Signer| claims["iss"] == signer.spec.issuer && claims["aud"] == signer.spec.audience;
        if let Some(signer) = signers.clone().find(concerned) {
            return signer.claim(token, &claims, now).map(|claim| (signer, claim));
        }
    }
    Err(Fault::Missing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_token_is_good_for_its_signer_while_it_lasts() {
        let now = OffsetDateTime::now_utc();
        let signers = ["a", "b"].map(|name| Signer::new(ExternalSigner::named(name), now).unwrap());
        let [first, second] = &signers;
        let judged =
            |token: &str, now| judge(&["x", token], signers.iter(), now).map(|(signer, claim)| (&signer.id, claim));
        let token = second.sign(&json!({"sub": "alice"}), now);
        assert_eq!(judged(&token, now), Ok((&second.id, "alice".to_owned())));
        assert_eq!(judged(&token, now + Duration::from_secs(3600)), Err(Fault::Expired));
        assert_eq!(judged(&token, now - Duration::from_secs(2)), Err(Fault::Invalid));
        assert_eq!(judged(&second.sign(&json!({}), now), now), Err(Fault::Invalid), "without the claim");
        let pretended = first.sign(&json!({"sub": "alice", "iss": second.spec.issuer}), now);
        assert_eq!(judged(&pretended, now), Err(Fault::Invalid), "signed by another");
        assert_eq!(judged(&first.sign(&json!({"sub": "x", "aud": "y"}), now), now), Err(Fault::Missing));
        assert_eq!(judged("not.a.jwt", now), Err(Fault::Missing));
    }
}
