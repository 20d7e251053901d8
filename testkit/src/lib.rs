//! An OpenZiti controller for tests: real TLS, real certificates, really signed enrollment tokens, state, and faults on
//! command.
//!
//! It answers what an identity needs to enroll, log in, show a second factor, list its services, prove its posture,
//! make sessions with services and replace its password or certificate, in the manners of 1.3, 1.6 or 2.0, and is held
//! to recorded answers of those controllers.
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
//!
//! A service that only some may use, and only while their endpoint is what it should be:
//!
//! ```
//! use ziti_edge_testkit::{EdgeRouter, Permission, Policy, PostureCheck, ServiceSpec, Terminator, TestController};
//!
//! let controller = TestController::start()?;
//! controller.set_edge_routers([EdgeRouter::named("east")]);
//! let check = PostureCheck::os("Linux", "5.0.0");
//! controller.add_service(ServiceSpec {
//!     name: "web".to_owned(),
//!     policies: vec![Policy::everybody(Permission::Dial).check(check)],
//!     terminators: vec![Terminator { identity: "first".to_owned(), router: "east".to_owned() }],
//!     ..ServiceSpec::default()
//! });
//! // Sessions with it are refused until a client responds that it runs on Linux 5 or later.
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Somebody who logs in by a token of an external JWT signer, and then has to show a one-time code:
//!
//! ```
//! use ziti_edge_testkit::{ExternalSigner, IdentityOptions, TestController};
//!
//! let controller = TestController::start()?;
//! let signer = controller.add_external_signer(ExternalSigner::named("idp"));
//! let external_id = Some("alice@example.test".to_owned());
//! let alice = IdentityOptions { name: "alice".to_owned(), external_id, ..IdentityOptions::default() };
//! let alice = controller.create_identity_with(alice);
//! controller.enroll_mfa(&alice.id);
//! let token = controller.external_token(&signer, &serde_json::json!({"sub": "alice@example.test"}));
//! assert!(token.is_some());
//! // … log in with it, then answer the session's query with the code of now:
//! assert_eq!(controller.totp_code(&alice.id).map(|code| code.len()), Some(6));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! An identity provider whose user agrees to everything, and a controller that takes its tokens:
//!
//! ```
//! use ziti_edge_testkit::{ProviderEndpoint, TestController, TestProvider};
//!
//! let (provider, controller) = (TestProvider::start()?, TestController::start()?);
//! controller.add_external_signer(provider.signer("idp"));
//! // … begin a login at provider.issuer(), and give the address that it wants opened to provider.browse(), then:
//! assert_eq!(provider.count(ProviderEndpoint::Token), 0);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! A login by OpenID Connect, whose access token is good for a minute, and whose refresh is carried out and then lost:
//!
//! ```
//! use std::time::Duration;
//! use ziti_edge_testkit::{Fault, Operation, TestController};
//!
//! let controller = TestController::builder().access_token_lifetime(Duration::from_secs(60)).start()?;
//! // … log in through `/oidc`, then:
//! controller.advance(Duration::from_secs(60));
//! controller.fault_times(Operation::Named("oidcToken"), Fault::LostAnswer, 1);
//! // … and refresh. The controller counts what it gave tokens for:
//! assert_eq!((controller.oidc_logins(), controller.oidc_refreshes()), (0, 0));
//! # Ok::<(), std::io::Error>(())
//! ```

mod access;
mod answers;
mod authenticators;
mod authorities;
mod builder;
mod changes;
mod clock;
mod connection;
mod controller;
mod enrolled_routers;
mod external;
mod faults;
mod filter;
mod http;
mod identities;
mod jwt;
mod listed_controllers;
mod listener;
mod manners;
mod mfa;
mod network;
mod oidc;
mod operations;
mod page;
mod pkcs7;
mod pki;
mod posture;
mod provider;
mod random;
mod recorded;
mod routers;
mod service_sessions;
mod services;
mod session_certificates;
mod sessions;
mod shared;
mod spoil;
mod state;
mod terminators;
mod tls;
mod totp;
mod x509;

pub use authenticators::Lockout;
pub use authorities::{CertificateAuthority, Papers};
pub use builder::Builder;
pub use controller::TestController;
pub use external::{ExternalSigner, SignerKey};
pub use faults::{Fault, Operation};
pub use listed_controllers::ListedController;
pub use manners::Version;
pub use pki::ServerKey;
pub use posture::{MfaCheck, PostureCheck, ProcessCheck};
pub use provider::{ProviderEndpoint, ProviderFault, ProviderPart, ProviderSeen, TestProvider};
pub use routers::EdgeRouter;
pub use services::{Permission, Policy, ServiceSpec, Terminator};
pub use shared::Seen;
pub use state::{Created, IdentityOptions};

/// The Rust of the page about this package is compiled, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
