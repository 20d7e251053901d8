//! Logging in at an identity provider, to get the JWT by which a client logs in at its controllers.
//!
//! | way | Rust | C |
//! |---|---|---|
//! | in a browser (authorization code with PKCE) | [`ProviderLogin`] | `zec_provider_login_…` |
//! | with help to catch the browser that comes back | [`LoopbackListener`] | `zec_loopback_…` |
//! | on another device (RFC 8628) | [`DeviceLogin`] | `zec_device_login_…` |
//! | by a refresh token that was kept ([`ProviderOptions::on_refresh_token`]) | [`ProviderToken::from_refresh_token`] | `zec_provider_token_…` |
//!
//! Nothing of a client takes part in this: connections are the provider's own, verified by the system's roots and those
//! that the caller adds, and no certificate is ever shown. All addresses are https, and no redirect is followed.
//!
//! Rules for ID tokens (OpenID Connect Core, 3.1.3.7): `iss` is the issuer of the configuration, `aud` names the
//! client, `azp` too where it is there or `aud` names several, `exp` is not over by the provider's clock, `nonce` is
//! the one that was sent, `at_hash` fits the access token by the hash of the ID token's algorithm (SHA-256, SHA-384 or
//! SHA-512 by its number, SHA-512 for Ed25519; others are not judged). The signature is left to the controller: here
//! TLS with the token endpoint proves where the token comes from.

mod answer;
pub(crate) mod authorization;
mod claims;
pub(crate) mod device;
mod discovery;
mod endpoint;
pub(crate) mod keeper;
pub(crate) mod loopback;
mod redirect;
pub(crate) mod settings;
pub(crate) mod token;

pub use authorization::ProviderLogin;
pub use device::DeviceLogin;
pub use loopback::LoopbackListener;
pub use settings::{ProviderOptions, ProviderSettings, TargetToken};
pub use token::ProviderToken;
