//! What I may: logging in, staying logged in, and which controller to turn to.

mod controllers;
mod dispatch;
mod factor;
mod flight;
mod generation;
mod request;
mod session;

pub(crate) use controllers::{Controllers, Features};
pub(crate) use factor::SendForLogin;
pub(crate) use flight::{Flight, LiveSession, Wanted};
pub(crate) use generation::Generation;
pub(crate) use request::{AboutClient, with_code};
pub use session::{ApiSession, AuthQuery, Login};
