//! What support asks first: which library it is, on which system, and what it was told.

use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};

use crate::client::Client;
use crate::client::status::whole_milliseconds;
use crate::identity::{IdentityDescription, Store};
use crate::login::{Credentials, Generation, LoginFlow, system_release};
use crate::trust::display_time;

/// What was built into this library, in words of Cargo.toml.
const FEATURES: [(&str, bool); 4] = [
    ("ring", cfg!(feature = "ring")),
    ("aws-lc-rs", cfg!(feature = "aws-lc-rs")),
    ("native-certs", cfg!(feature = "native-certs")),
    ("capi", cfg!(feature = "capi")),
];

/// The client that was diagnosed: what it is, where it runs, and how it was set up. No secrets.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DiagnosedClient {
    /// The version of this library.
    pub version: String,
    /// The features it was built with, such as `ring`.
    pub features: Vec<String>,
    /// Operating system, its release where it is known, and architecture.
    pub system: String,
    /// When the diagnosis began, by the local clock.
    #[serde(serialize_with = "time")]
    pub time: SystemTime,
    /// The identity, with the file that it is kept in.
    pub identity: IdentityDescription,
    /// True if a signer has the identity's key.
    pub is_key_in_signer: bool,
    /// By what the client logs in: `certificate`, `password` or `external_jwt`.
    pub credentials: String,
    /// Which kind of login it was told to make: `auto`, `legacy` or `oidc`.
    pub login_flow: String,
    /// The proxy, without its password; some hosts may be excepted from it.
    pub proxy: Option<String>,
    /// True if the system's roots are trusted, too.
    pub trusts_system_roots: bool,
    /// The time limit of a call.
    #[serde(rename = "timeoutMs", serialize_with = "whole_milliseconds")]
    pub timeout: Duration,
    /// The time limit of opening one connection.
    #[serde(rename = "connectTimeoutMs", serialize_with = "whole_milliseconds")]
    pub connect_timeout: Duration,
}

impl Client {
    pub(super) fn described(&self, generation: &Generation) -> DiagnosedClient {
        let settings = self.settings();
        let mut identity = generation.identity.describe();
        if let Some(path) = generation.store.as_ref().and_then(Store::path) {
            identity.store = Some(path.to_owned());
        }
        let auth = generation.identity.client_auth();
        DiagnosedClient {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            features: FEATURES.iter().filter(|(_, is_built)| *is_built).map(|(name, _)| (*name).to_owned()).collect(),
            system: system(),
            time: SystemTime::now(),
            identity,
            is_key_in_signer: auth.is_some_and(|auth| auth.key().signer().is_some()),
            credentials: credentials(&generation.ways.credentials).to_owned(),
            login_flow: flow(generation.ways.flow).to_owned(),
            proxy: settings.proxy.as_ref().map(ToString::to_string),
            trusts_system_roots: settings.trust_system_roots,
            timeout: self.timeout,
            connect_timeout: settings.connect_timeout,
        }
    }
}

fn system() -> String {
    let (os, release, arch) = (std::env::consts::OS, system_release(), std::env::consts::ARCH);
    if release.is_empty() { format!("{os} {arch}") } else { format!("{os} {release} {arch}") }
}

fn credentials(credentials: &Credentials) -> &'static str {
    match credentials {
        Credentials::Certificate => "certificate",
        Credentials::Password { .. } => "password",
        Credentials::ExternalJwt(_) => "external_jwt",
    }
}

fn flow(flow: LoginFlow) -> &'static str {
    match flow {
        LoginFlow::Auto => "auto",
        LoginFlow::Legacy => "legacy",
        LoginFlow::Oidc => "oidc",
    }
}

impl DiagnosedClient {
    /// What there is to tell, by name, in the order in which it is read.
    pub(super) fn lines(&self) -> Vec<(&'static str, String)> {
        let Self { version, features, system, time, identity, is_key_in_signer, .. } = self;
        let store = identity.store.as_ref().map(|path| path.display().to_string());
        let whose = identity.certificate.as_ref().map(|certificate| certificate.subject.clone());
        let place = if *is_key_in_signer { ", in a signer" } else { "" };
        let kept = match identity.authorities.len() {
            0 => "no CA certificate".to_owned(),
            1 => "1 CA certificate".to_owned(),
            many => format!("{many} CA certificates"),
        };
        let roots = if self.trusts_system_roots { " and the system's roots" } else { "" };
        let mut lines = vec![
            ("library", format!("ziti-edge-client {version} ({})", features.join(", "))),
            ("system", system.clone()),
            ("time", display_time(*time)),
            ("identity", store.unwrap_or_else(|| "kept in no file".to_owned())),
            ("whose", whose.unwrap_or_else(|| "without a certificate".to_owned())),
            ("key", identity.key_kind.as_ref().map_or_else(|| "none".to_owned(), |kind| format!("{kind}{place}"))),
            ("trusts", format!("{kept}{roots}")),
            ("logs in", format!("by {}, flow {}", self.credentials, self.login_flow)),
            ("proxy", self.proxy.clone().unwrap_or_else(|| "none".to_owned())),
            ("limits", format!("{:.1} s, to connect {:.1} s", seconds(self.timeout), seconds(self.connect_timeout))),
        ];
        lines.extend(identity.warnings.iter().map(|warning| ("warning", warning.clone())));
        lines
    }
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

fn time<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    display_time(*time).serialize(serializer)
}
