//! A blocking client for the OpenZiti Edge Client API: enroll, log in, list services. The same surface in C.
//!
//! ```no_run
//! use ziti_edge_client::api::services::{InterceptV1, ServiceQuery};
//! use ziti_edge_client::{Client, EnrollOptions, Enrollment, Identity, Store};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! Enrollment::load("alice.jwt")?.enroll(&EnrollOptions::new().store(Store::file("alice.json")))?;
//!
//! let client = Client::new(&Identity::load("alice.json")?)?;
//! for service in &client.services().list(&ServiceQuery::new())? {
//!     let intercept = service.config::<InterceptV1>()?;
//!     println!("{} {:?}", service.name(), intercept.map(|intercept| intercept.addresses));
//! }
//! # Ok(()) }
//! ```
//!
//! Each call has one deadline (30 s unless told otherwise) over all it does, and can be canceled from any thread with a
//! [`CancelToken`]. Threads: a [`Client`] can be shared and cloned freely. The library has no threads of its own but for
//! name look-ups, which the system cannot interrupt: they run on at most four helper threads that hold nothing of a client.
//!
//! A process may fork while no call is in flight. The child opens connections of its own.
//!
//! The library logs through the `log` crate at targets that begin with `ziti_edge_client`, never a secret. What `ureq`
//! and `rustls` log is theirs: keep these two at debug or quieter, as `ureq` prints whole requests at trace.

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

pub use client::diagnose::{ControllerDiagnosis, DiagnosedClient, Diagnosis, DiagnosisStep, StepKind, StepOutcome};
pub use client::session::{KeyAccess, SessionCredentials, SessionKind};
pub use client::status::{ControllerStatus, Counters, Failed, LoginState, LoginStatus, Status};
pub use client::upkeep::{Event, EventKind, Maintenance};
pub use client::{Client, ClientBuilder};
pub use enroll::{EnrollOptions, Enrollment, EnrollmentInput, EnrollmentMethod};
pub use error::{ApiError, EnrollmentProblem, Error, Rejection, SessionProblem, Stage};
pub use identity::{
    CertificateDescription, Identity, IdentityDescription, IdentityParts, KeyChoice, PendingEnrollment, PrivateKey,
    ServerCertificate, Signer, SigningScheme, Store,
};
pub use login::{
    ApiSession, AuthQuery, Credentials, DeviceLogin, JwtRequest, JwtSource, LoggedOut, Login, LoginFlow,
    LoopbackListener, ProviderLogin, ProviderOptions, ProviderSettings, ProviderToken, TargetToken,
};
pub use secret::Secret;
pub use transport::{CancelToken, Proxy};
pub use wire::{Filter, FilterField, FilterValue, Method};

/// What is said of threads above, kept by the compiler.
const _: () = {
    const fn crosses_threads<T: Send + Sync>() {}
    crosses_threads::<Client>();
    crosses_threads::<ClientBuilder>();
    crosses_threads::<Event>();
    crosses_threads::<Enrollment>();
    crosses_threads::<EnrollOptions>();
    crosses_threads::<Identity>();
    crosses_threads::<KeyChoice>();
    crosses_threads::<Store>();
    crosses_threads::<Login>();
    crosses_threads::<ProviderLogin>();
    crosses_threads::<ProviderToken>();
    crosses_threads::<DeviceLogin>();
    crosses_threads::<LoopbackListener>();
    crosses_threads::<Credentials>();
    crosses_threads::<Proxy>();
    crosses_threads::<CancelToken>();
    crosses_threads::<Error>();
    crosses_threads::<api::services::ServiceList>();
    crosses_threads::<api::services::ServiceWatch>();
    crosses_threads::<Filter>();
    crosses_threads::<api::list::List<api::sessions::Session>>();
    const fn moves_to_a_thread<T: Send>() {}
    moves_to_a_thread::<api::list::Rows<'_, api::sessions::Session>>();
};

/// The Rust of the README is compiled, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
