//! An OpenZiti controller for tests: real TLS, real certificates, really signed enrollment tokens, state, and faults on
//! command.
//!
//! It answers what an identity needs to enroll, log in and list its services, in the manners of 1.3, 1.6 or 2.0, and is
//! held to recorded answers of those controllers.
//!
//! ```
//! use ziti_edge_testkit::{Fault, Operation, TestController};
//!
//! let controller = TestController::builder().services(3).start()?;
//! let token = controller.create_identity("alice");
//! assert_eq!(token.split('.').count(), 3);
//!
//! // The next list of services is cut off in the middle.
//! controller.fault_times(Operation::Services, Fault::Truncate, 1);
//! // … point a client at controller.url(), then:
//! assert_eq!(controller.count(Operation::Services), 0);
//! assert_eq!(controller.faults_played(), 0);
//! # Ok::<(), std::io::Error>(())
//! ```

mod answers;
mod builder;
mod changes;
mod clock;
mod connection;
mod controller;
mod faults;
mod filter;
mod http;
mod identities;
mod jwt;
mod listener;
mod manners;
mod network;
mod operations;
mod page;
mod pkcs7;
mod pki;
mod posture;
mod random;
mod recorded;
mod routers;
mod service_sessions;
mod services;
mod sessions;
mod shared;
mod spoil;
mod state;
mod terminators;
mod tls;

pub use builder::Builder;
pub use controller::TestController;
pub use faults::{Fault, Operation};
pub use manners::Version;
pub use pki::ServerKey;
pub use posture::{MfaCheck, PostureCheck, ProcessCheck};
pub use routers::EdgeRouter;
pub use services::{Permission, Policy, ServiceSpec, Terminator};
pub use shared::Seen;
pub use state::{Created, IdentityOptions};

/// The Rust of the page about this package is compiled, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
