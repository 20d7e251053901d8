//! The C face: what the C functions of all modules share, and all of them by name.
//!
//! Each module that C can reach has an `ffi.rs` beside it with its functions and records; the header
//! `include/ziti_edge_client.h` is printed from those files, and its first lines hold the rules that every `SAFETY`
//! line here refers to. Rust programs have no use for this module.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

mod arena;
mod callback;
mod cancel;
mod error;
mod guard;
mod log;
mod options;
mod query;
mod record;
mod signer;
mod string_list;
mod strings;
mod version;

pub(crate) use arena::Arena;
pub(crate) use callback::{Userdata, hand_over, store, words_of};
pub(crate) use error::code;
pub(crate) use guard::{arg, clear, guard, guard_or};
pub(crate) use options::{Options, cancel_token, limit, proxy, reach, read_options};
pub(crate) use record::{Root, View, for_each, give, milliseconds, or_minus_one, publish, release, unix_seconds};
pub(crate) use signer::array;
pub(crate) use strings::{bytes, c_string, give_secret, give_text, optional_text, path, pointers, secret, text, texts};

pub use callback::{zec_save_callback, zec_userdata_free};
pub use cancel::{zec_cancel, zec_cancel_cancel, zec_cancel_free, zec_cancel_is_canceled, zec_cancel_new};
pub use error::{
    zec_code, zec_error, zec_error_api_code, zec_error_cause_json, zec_error_code, zec_error_enrollment_problem,
    zec_error_free, zec_error_http_status, zec_error_is_retryable, zec_error_message, zec_error_request_id,
    zec_error_retry_after_ms, zec_error_session_problem, zec_error_stage,
};
pub use log::{zec_log_callback, zec_set_log};
pub use query::{zec_filter_quote, zec_list_query};
pub use signer::{
    ZEC_SCHEME_ECDSA_P256_SHA256, ZEC_SCHEME_ECDSA_P384_SHA384, ZEC_SCHEME_ECDSA_P521_SHA512, ZEC_SCHEME_ED25519,
    ZEC_SCHEME_RSA_PKCS1_SHA256, ZEC_SCHEME_RSA_PKCS1_SHA384, ZEC_SCHEME_RSA_PKCS1_SHA512, ZEC_SCHEME_RSA_PSS_SHA256,
    ZEC_SCHEME_RSA_PSS_SHA384, ZEC_SCHEME_RSA_PSS_SHA512, zec_sign_callback, zec_signature, zec_signer,
    zec_signer_free, zec_signer_new, zec_signer_options,
};
pub use string_list::{zec_string_list, zec_string_list_free};
pub use strings::zec_string_free;
pub use version::zec_version;

pub use crate::api::api_session::certificates::ffi::*;
pub use crate::api::api_session::ffi::*;
pub use crate::api::authentication::external_jwt_signers::ffi::*;
pub use crate::api::authentication::ffi::*;
pub use crate::api::authenticators::ffi::*;
pub use crate::api::controller::controllers::ffi::*;
pub use crate::api::controller::ffi::*;
pub use crate::api::controller::specs::ffi::*;
pub use crate::api::current_identity::edge_routers::ffi::*;
pub use crate::api::current_identity::ffi::*;
pub use crate::api::current_identity::parts::ffi::*;
pub use crate::api::edge_router::ffi::*;
pub use crate::api::enrollment::ffi::*;
pub use crate::api::enrollment::network_jwts::ffi::*;
pub use crate::api::enrollment::proof::ffi::*;
pub use crate::api::mfa::ffi::*;
pub use crate::api::posture::ffi::*;
pub use crate::api::raw::ffi::*;
pub use crate::api::services::change::ffi::*;
pub use crate::api::services::config::ffi::*;
pub use crate::api::services::config::health::ffi::*;
pub use crate::api::services::config::host::ffi::*;
pub use crate::api::services::config::intercept::ffi::*;
pub use crate::api::services::config::tunneler::ffi::*;
pub use crate::api::services::edge_routers::ffi::*;
pub use crate::api::services::ffi::*;
pub use crate::api::services::posture::ffi::*;
pub use crate::api::services::query::ffi::*;
pub use crate::api::services::terminators::ffi::*;
pub use crate::api::services::watch::ffi::*;
pub use crate::api::sessions::failed_posture::ffi::*;
pub use crate::api::sessions::ffi::*;
pub use crate::client::diagnose::ffi::*;
pub use crate::client::ffi::*;
pub use crate::client::session::ffi::*;
pub use crate::client::status::ffi::*;
pub use crate::client::upkeep::ffi::*;
pub use crate::enroll::ffi::*;
pub use crate::enroll::options::ffi::*;
pub use crate::identity::ffi::*;
pub use crate::login::ffi::*;
pub use crate::login::provider::authorization::ffi::*;
pub use crate::login::provider::device::ffi::*;
pub use crate::login::provider::keeper::ffi::*;
pub use crate::login::provider::loopback::ffi::*;
pub use crate::login::provider::settings::ffi::*;
pub use crate::login::provider::token::ffi::*;

/// Handles cross threads in C whatever Rust thinks of it, so Rust had better agree.
const _: () = {
    const fn crosses_threads<T: Send + Sync>() {}
    crosses_threads::<zec_client>();
    crosses_threads::<zec_identity>();
    crosses_threads::<zec_error>();
    crosses_threads::<zec_signer>();
    crosses_threads::<zec_cancel>();
    crosses_threads::<zec_service_watch>();
    crosses_threads::<zec_provider_login>();
    crosses_threads::<zec_device_login>();
    crosses_threads::<zec_loopback>();
    crosses_threads::<zec_provider_token>();
};
