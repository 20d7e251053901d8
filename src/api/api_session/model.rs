//! The session is also what a login answers, and lives with it.

pub use crate::login::{ApiSession, AuthQuery};
