//! What I may: logging in, staying logged in, and which controller to turn to.

mod controllers;
mod dispatch;
mod flight;
mod generation;
mod request;
mod session;

pub(crate) use controllers::{Controllers, Features};
pub(crate) use flight::{Flight, Wanted};
pub(crate) use generation::Generation;
pub(crate) use request::AboutClient;
pub use session::{ApiSession, AuthQuery, Login};
