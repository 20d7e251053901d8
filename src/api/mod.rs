//! What can be asked: one folder per resource.

pub mod api_session;
pub mod authentication;
pub mod authenticators;
pub mod controller;
pub mod current_identity;
pub mod edge_router;
pub mod enrollment;
pub mod list;
pub mod mfa;
#[cfg(test)]
mod oracle;
pub mod posture;
pub mod raw;
#[cfg(test)]
mod recorded;
pub mod services;
pub mod sessions;

pub use crate::wire::{EntityRef, Timestamp};

use crate::client::Client;

/// The resources.
impl Client {
    /// What the controller says of itself.
    pub fn controller(&self) -> controller::Controller<'_> {
        controller::Controller::new(self)
    }

    /// The controllers of the network.
    pub fn controllers(&self) -> controller::Controllers<'_> {
        controller::Controllers::new(self)
    }

    /// The API documents that the controller serves.
    pub fn specs(&self) -> controller::Specs<'_> {
        controller::Specs::new(self)
    }

    /// The identity providers that the network trusts.
    pub fn external_jwt_signers(&self) -> authentication::ExternalJwtSigners<'_> {
        authentication::ExternalJwtSigners::new(self)
    }

    /// The session of the login.
    pub fn current_api_session(&self) -> api_session::CurrentApiSession<'_> {
        api_session::CurrentApiSession::new(self)
    }

    /// The certificates of the session.
    pub fn session_certificates(&self) -> api_session::SessionCertificates<'_> {
        api_session::SessionCertificates::new(self)
    }

    /// The identity as the controller knows it.
    pub fn current_identity(&self) -> current_identity::CurrentIdentity<'_> {
        current_identity::CurrentIdentity::new(self)
    }

    /// The ways in which the identity can log in.
    pub fn authenticators(&self) -> authenticators::Authenticators<'_> {
        authenticators::Authenticators::new(self)
    }

    /// The second factor of the identity.
    pub fn mfa(&self) -> mfa::Mfa<'_> {
        mfa::Mfa::new(self)
    }

    /// The enrollment operations as the API has them; see [`Enrollment`](crate::Enrollment) for the whole way.
    pub fn enrollments(&self) -> enrollment::Enrollments<'_> {
        enrollment::Enrollments::new(self)
    }

    /// The tokens by which anybody may join the network.
    pub fn network_jwts(&self) -> enrollment::NetworkJwts<'_> {
        enrollment::NetworkJwts::new(self)
    }

    /// What this device tells about itself.
    pub fn posture(&self) -> posture::Posture<'_> {
        posture::Posture::new(self)
    }

    /// The services the identity may use.
    pub fn services(&self) -> services::Services<'_> {
        services::Services::new(self)
    }

    /// The sessions with services.
    pub fn sessions(&self) -> sessions::Sessions<'_> {
        sessions::Sessions::new(self)
    }
}
