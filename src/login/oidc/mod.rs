//! Logins over the controller's OIDC: authorization code with PKCE, without a browser.
//!
//! `authorize` begins a login, which one controller knows for ten minutes. Factors are posted to it. Once it has all of
//! them it is sent back with a code, and that is exchanged for tokens, which all controllers of the network know.

mod answer;
mod authorize;
mod discovery;
mod flow;
mod logout;
#[cfg(test)]
mod recorded;
mod redirect;
mod refresh;
mod saved;
mod talk;
mod token;
mod waiting;

pub(super) use flow::NoOidc;
pub use logout::LoggedOut;
pub(super) use refresh::Renewal;
pub(super) use saved::{SavedLogin, SavedTokens};
pub(crate) use token::OidcTokens;
pub(super) use token::milliseconds;
pub(crate) use waiting::{CodeFor, WaitingLogin};
