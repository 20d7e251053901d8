//! What I may: logging in, staying logged in, and which controller to turn to.

mod challenge;
mod clock;
mod controllers;
mod counters;
mod credentials;
mod dispatch;
mod earlier;
mod factor;
#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod flight;
mod generation;
mod given_up;
mod live;
mod now;
mod oidc;
mod pacer;
mod pacing;
mod pkce;
pub(crate) mod provider;
mod request;
mod saved;
mod second;
mod session;
mod ways;

pub(crate) use clock::CLOCK_MAY_BE_OFF;
pub(crate) use controllers::{Controllers, Features};
pub(crate) use counters::{Counted, Mishap};
pub use credentials::{Credentials, JwtRequest, JwtSource, LoginFlow};
pub(crate) use earlier::Earlier;
pub(crate) use factor::SendForLogin;
pub(crate) use flight::{Era, Flight, LoginAttempts, Wanted};
pub(crate) use generation::{Generation, answer};
pub(crate) use live::{LiveSession, SessionToken};
pub(crate) use now::{Clock, Now};
pub(crate) use oidc::CodeFor;
pub use oidc::LoggedOut;
pub(crate) use pacer::Pacer;
pub(crate) use pacing::{Backoff, Jitter, renewal_share, spread};
pub use provider::{
    DeviceLogin, LoopbackListener, ProviderLogin, ProviderOptions, ProviderSettings, ProviderToken, TargetToken,
};
pub(crate) use request::{AboutClient, system_release, with_code};
pub(crate) use saved::SessionHook;
pub use session::{ApiSession, AuthQuery, Login};
pub(crate) use ways::Ways;
