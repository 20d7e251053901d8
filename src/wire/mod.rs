//! How bytes read: requests, envelopes, error shapes, pages, addresses. No I/O happens here.

mod entity;
pub(crate) mod envelope;
pub(crate) mod fields;
pub(crate) mod filter;
pub(crate) mod json;
pub(crate) mod page;
pub(crate) mod refusal;
pub(crate) mod request;
pub(crate) mod timestamp;
pub(crate) mod url;

pub use entity::EntityRef;
pub use filter::{Filter, FilterField, FilterValue};
pub use request::Method;
pub(crate) use request::{Api, Body, Head, LoginNeed, Request};
pub use timestamp::Timestamp;
pub(crate) use url::ControllerUrl;
