//! A blocking client for the OpenZiti Edge Client API.

mod client;
mod error;
mod secret;

mod identity;
mod trust;

mod enroll;
mod login;

mod transport;
mod wire;

pub mod api;

#[cfg(feature = "capi")]
pub mod ffi;

pub use client::{Client, ClientBuilder};
pub use enroll::{EnrollOptions, Enrollment, EnrollmentMethod};
pub use error::{ApiError, EnrollmentProblem, Error, Rejection, Stage};
pub use identity::{Identity, Store};
pub use login::{ApiSession, AuthQuery, Login};
pub use secret::Secret;
pub use transport::{CancelToken, Proxy};
