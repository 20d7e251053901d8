//! What can be asked: one folder per resource.

pub mod api_session;
pub mod authentication;
pub mod controller;
#[cfg(test)]
mod recorded;
pub mod services;

pub use crate::wire::Timestamp;
