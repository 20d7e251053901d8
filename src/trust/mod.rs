//! Whom I believe: enrollment tokens, CA bundles, certificate facts, TLS verifiers. No I/O but reading system roots.

pub(crate) mod bundle;
pub(crate) mod certificate;
mod explain;
mod issued;
mod jws;
pub(crate) mod onlooker;
mod pkcs7;
pub(crate) mod provider;
pub(crate) mod token;
pub(crate) mod verifier;

pub(crate) use bundle::CaBundle;
pub(crate) use explain::{display_time, error_of_ours, explain, is_not_ready};
pub(crate) use issued::{clock_note, issued_for, renewed_chain};
pub(crate) use token::EnrollmentToken;

#[cfg(test)]
pub(crate) mod tests;
