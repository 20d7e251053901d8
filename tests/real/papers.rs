//! What an administrator prepares so that somebody can join: authorities, identity providers, routers, enrollments.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::{Value, json};
use ziti_edge_client::Secret;

use crate::network::{Network, unique};

/// A certificate and its key, both PEM.
pub(crate) struct Papers {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

/// A new key as PEM, and a certificate request for it in this name.
pub(crate) fn key_and_csr(name: &str) -> (String, String) {
    let key = KeyPair::generate().expect("the system has random numbers");
    let csr = named(name).serialize_request(&key).expect("the key can sign");
    (key.serialize_pem(), csr.pem().expect("a request can be written"))
}

fn named(name: &str) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters
}

/// A CA outside the network, whose certificates may enroll.
pub(crate) struct Authority {
    pub(crate) id: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Makes one, registers it, and proves that it is ours.
    pub(crate) fn register(network: &Network) -> Self {
        let mut parameters = named(&unique("authority"));
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("the system has random numbers");
        let certificate = parameters.self_signed(&key).expect("the key can sign").pem();
        let id = network.admin.create(
            "cas",
            &json!({
                "name": unique("ca"), "certPem": certificate, "identityRoles": [], "isAuthEnabled": true,
                "isAutoCaEnrollmentEnabled": true, "isOttCaEnrollmentEnabled": true,
            }),
        );
        let authority = Self { id, issuer: Issuer::new(parameters, key) };
        let registered = network.admin.find(&format!("cas/{}", authority.id)).expect("it was made just now");
        let proof = registered["verificationToken"].as_str().expect("a new CA is to be verified");
        network.admin.verify_ca(&authority.id, &authority.issue(proof).certificate);
        authority
    }

    pub(crate) fn issue(&self, name: &str) -> Papers {
        let key = KeyPair::generate().expect("the system has random numbers");
        let certificate = named(name).signed_by(&key, &self.issuer).expect("the authority can sign");
        Papers { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

/// An identity provider whose tokens the network takes.
pub(crate) struct Signer {
    pub(crate) id: String,
    pub(crate) name: String,
    claims: Value,
    key: KeyPair,
}

impl Signer {
    /// Makes one whose tokens enroll, and registers it.
    pub(crate) fn register(network: &Network) -> Self {
        let name = unique("signer");
        let key = KeyPair::generate().expect("the system has random numbers");
        let certificate = named(&name).self_signed(&key).expect("the key can sign").pem();
        let (issuer, audience) = (format!("https://{name}.test"), "zec-test");
        let id = network.admin.create(
            "external-jwt-signers",
            &json!({
                "name": name, "enabled": true, "issuer": issuer, "audience": audience, "kid": name,
                "certPem": certificate, "externalAuthUrl": issuer, "clientId": "zec", "scopes": ["openid", "email"],
                "useExternalId": true, "claimsProperty": "sub",
                "enrollToCertEnabled": true, "enrollToTokenEnabled": true,
            }),
        );
        Self { claims: json!({ "iss": issuer, "aud": audience }), id, name, key }
    }

    /// Has another key from now on: tokens that the earlier one signed are void.
    pub(crate) fn change_key(&mut self, network: &Network) {
        self.key = KeyPair::generate().expect("the system has random numbers");
        let certificate = named(&self.name).self_signed(&self.key).expect("the key can sign").pem();
        network.admin.patch(&format!("external-jwt-signers/{}", self.id), &json!({ "certPem": certificate }));
    }

    /// A token for whom it names.
    pub(crate) fn token(&self, subject: &str) -> Secret {
        self.token_for(subject, Duration::from_secs(600))
    }

    /// The same with a lifetime.
    pub(crate) fn token_for(&self, subject: &str, lifetime: Duration) -> Secret {
        let mut claims = self.claims.clone();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is after 1970");
        claims["sub"] = subject.into();
        claims["iat"] = now.as_secs().into();
        claims["exp"] = (now + lifetime).as_secs().into();
        let head = json!({ "alg": "ES256", "typ": "JWT", "kid": self.name });
        let text = [head, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, self.key.serialized_der(), &random);
        let signature = key.expect("rcgen makes such keys").sign(&random, text.as_bytes()).expect("it can sign");
        Secret::new(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// Makes an identity that enrolls by some method, and gives the token.
pub(crate) fn enrollment_token(network: &Network, method: &str, details: Value) -> Secret {
    let body =
        json!({ "name": unique("identity"), "type": "Default", "isAdmin": false, "enrollment": { method: details } });
    let id = network.admin.create("identities", &body);
    let identity = network.admin.find(&format!("identities/{id}")).expect("it was made just now");
    Secret::new(identity["enrollment"][method]["token"].as_str().expect("a new identity has a token"))
}

/// An edge router that has not enrolled yet.
pub(crate) struct NewRouter {
    pub(crate) id: String,
    pub(crate) token: Secret,
}

impl NewRouter {
    pub(crate) fn register(network: &Network) -> Self {
        let id = network.admin.create("edge-routers", &json!({ "name": unique("router") }));
        let router = network.admin.find(&format!("edge-routers/{id}")).expect("it was made just now");
        let token = router["enrollmentToken"].as_str().expect("a new router has a token");
        Self { id, token: Secret::new(token) }
    }
}
