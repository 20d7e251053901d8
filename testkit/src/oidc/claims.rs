//! What tokens say.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::Lifetimes;
use crate::manners::Version;
use crate::random;
use crate::sessions::Login;
use crate::state::Identity;

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Access,
    Refresh,
}

impl Kind {
    pub(crate) fn letter(self) -> &'static str {
        match self {
            Self::Access => "a",
            Self::Refresh => "r",
        }
    }
}

/// What a login showed.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) login: Login,
    /// How it was shown: `password`, `cert`, `ext-jwt`, `totp`, `ejs:` and a signer.
    pub(crate) methods: Vec<String>,
    /// SHA-1 of the certificates shown, if it was by certificate.
    pub(crate) fingerprints: Vec<String>,
    /// What the client told about itself and its host.
    pub(crate) told: Value,
    pub(crate) at: OffsetDateTime,
}

impl Grant {
    /// Whether a one-time code is still to be shown; `enrolled` is whether the identity has a verified TOTP.
    pub(crate) fn wants_code(&self, enrolled: bool) -> bool {
        (enrolled || self.login.mfa_demanded) && !self.showed_code()
    }

    pub(crate) fn showed_code(&self) -> bool {
        self.methods.iter().any(|method| method == "totp")
    }

    /// What a refresh token of this login says for as long as there are refresh tokens of it.
    pub(crate) fn claims(&self, identity: &Identity, config_types: &[String], version: Version) -> Value {
        let login = &self.login;
        let fingerprints = (!self.fingerprints.is_empty()).then_some(&self.fingerprints);
        let mut claims = json!({
            "amr": self.methods,
            "auth_time": self.at.unix_timestamp(),
            "sub": login.identity_id,
            "z_asid": random::uuid(),
            "z_cfs": fingerprints,
            "z_env": self.told["envInfo"],
            "z_ice": login.extendable,
            "z_ra": login.ip_address,
            "z_sdk": self.told["sdkInfo"],
        });
        if !config_types.is_empty() {
            claims["z_ct"] = json!(config_types);
        }
        if let Some(external_id) = &identity.external_id {
            claims["z_eid"] = external_id.as_str().into();
        }
        if version != Version::V1_3 {
            claims["z_authid"] = login.authenticator_id.as_str().into();
            claims["z_cer"] = login.extension.is_some().into();
            claims["z_ckrr"] = login.extension.is_some_and(|extension| extension.key_roll).into();
            claims["z_iccc"] = login.improper_chain.into();
        }
        if version == Version::V2_0 && fingerprints.is_some() {
            claims["z_cae"] = true.into();
        }
        claims
    }
}

/// Makes the claims of tokens that are issued now.
pub(crate) struct Minter {
    pub(crate) issuer: String,
    pub(crate) version: Version,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) now: OffsetDateTime,
}

impl Minter {
    /// An access and a refresh token over what the login said; `id` is the one they share, each has its own if `None`.
    pub(crate) fn pair(&self, login: &Value, id: Option<&str>) -> (Value, Value) {
        let refresh = self.token(login.clone(), Kind::Refresh, id);
        let mut access = self.token(login.clone(), Kind::Access, id);
        let said: &[&str] = match self.version {
            Version::V1_3 => &["amr", "auth_time", "client_id"],
            Version::V1_6 => &["amr", "auth_time"],
            Version::V2_0 => &[],
        };
        if let Some(access) = access.as_object_mut() {
            access.retain(|name, _| !said.contains(&name.as_str()));
        }
        (access, refresh)
    }

    fn token(&self, mut claims: Value, kind: Kind, id: Option<&str>) -> Value {
        let life = match kind {
            Kind::Access => self.lifetimes.access,
            Kind::Refresh => self.lifetimes.refresh,
        };
        let now = self.now.unix_timestamp();
        // A refresh token names whom it was first had from.
        if kind == Kind::Access || claims["iss"].is_null() {
            claims["iss"] = self.issuer.as_str().into();
        }
        claims["iat"] = now.into();
        claims["nbf"] = now.into();
        claims["exp"] = (self.now + life).unix_timestamp().into();
        claims["jti"] = id.map_or_else(random::uuid, str::to_owned).into();
        claims["z_t"] = kind.letter().into();
        claims
    }

    /// The claims of an id token beside `access`; `code` is the one that was exchanged for it.
    pub(crate) fn id_token(
        &self,
        refresh: &Value,
        identity: &Identity,
        access: &str,
        code: Option<&str>,
        nonce: Option<&str>,
    ) -> Value {
        let mut claims = json!({
            "amr": refresh["amr"],
            "at_hash": half_hash(access),
            "aud": refresh["aud"],
            "auth_time": refresh["auth_time"],
            "azp": refresh["client_id"],
            "client_id": refresh["client_id"],
            "exp": (self.now + self.lifetimes.access).unix_timestamp(),
            "iat": self.now.unix_timestamp(),
            "iss": self.issuer,
            "name": identity.name,
            "sub": refresh["sub"],
            "z_ia": identity.admin,
        });
        if let Some(external_id) = &identity.external_id {
            claims["z_eid"] = external_id.as_str().into();
        }
        if let Some(code) = code {
            claims["c_hash"] = half_hash(code).into();
        }
        if let Some(nonce) = nonce {
            claims["nonce"] = nonce.into();
        }
        claims
    }
}

/// The left half of the SHA-256, in base64: how an id token tells what it goes with.
fn half_hash(text: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(&digest(&SHA256, text.as_bytes()).as_ref()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_specification() {
        let code = "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk";
        assert_eq!(half_hash(code), "LDktKdoQak3Pk0cnXxCltA");
    }
}
