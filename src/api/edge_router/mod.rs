//! Edge routers, as the answers on sessions, services and identities have them.

#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod model;

pub use model::EdgeRouter;
