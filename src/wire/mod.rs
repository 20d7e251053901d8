//! How bytes read: requests, envelopes, error shapes, pages, addresses. No I/O happens here.

pub(crate) mod envelope;
pub(crate) mod lenient;
pub(crate) mod page;
pub(crate) mod refusal;
pub(crate) mod request;
pub(crate) mod timestamp;
pub(crate) mod url;

pub(crate) use request::{Accept, Body, Head, LoginNeed, Method, Request};
pub use timestamp::Timestamp;
pub(crate) use url::ControllerUrl;
