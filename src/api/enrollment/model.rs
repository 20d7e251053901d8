//! What the enrollment operations send.

use serde::{Serialize, Serializer};

use crate::error::Error;
use crate::secret::Secret;
use crate::wire::Body;

/// The body of [`Enrollments::enroll`](super::Enrollments::enroll). Nothing is set at first, which is what the methods
/// `ottca` and `ca` need.
#[derive(Debug, Clone, Copy, Default)]
#[must_use]
pub struct EnrollBody<'a> {
    csr: Option<&'a str>,
    fields: Option<Fields<'a>>,
}

#[derive(Debug, Clone, Copy, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    client_csr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "exposed")]
    password: Option<&'a Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cert_csr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_cert_csr: Option<&'a str>,
}

impl<'a> EnrollBody<'a> {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// For `ott`: the certificate request as PEM, as all of the body. Every controller reads it.
    pub fn csr(mut self, pem: &'a str) -> Self {
        self.csr = Some(pem);
        self
    }

    /// For `ott`: the certificate request as PEM, in JSON. Controllers before 1.5 do not find it.
    pub fn client_csr(self, pem: &'a str) -> Self {
        self.with(|fields| fields.client_csr = Some(pem))
    }

    /// For `ca`: the name that the identity shall have.
    pub fn name(self, name: &'a str) -> Self {
        self.with(|fields| fields.name = Some(name))
    }

    /// For `updb`: the user name; the one of the enrollment counts.
    pub fn username(self, username: &'a str) -> Self {
        self.with(|fields| fields.username = Some(username))
    }

    /// For `updb`: the password that the identity shall have.
    pub fn password(self, password: &'a Secret) -> Self {
        self.with(|fields| fields.password = Some(password))
    }

    /// For `erott`: the certificate request of the router's client side, as PEM.
    pub fn cert_csr(self, pem: &'a str) -> Self {
        self.with(|fields| fields.cert_csr = Some(pem))
    }

    /// For `erott`: the certificate request of the router's server side, as PEM.
    pub fn server_cert_csr(self, pem: &'a str) -> Self {
        self.with(|fields| fields.server_cert_csr = Some(pem))
    }

    fn with(mut self, set: impl FnOnce(&mut Fields<'a>)) -> Self {
        set(self.fields.get_or_insert_default());
        self
    }

    pub(super) fn to_body(self) -> Result<Body, Error> {
        match (self.csr, self.fields) {
            (Some(_), Some(_)) => Err(Error::InvalidArgument(
                "the body of an enrollment is a certificate request by itself, or JSON; set csr alone, or client_csr"
                    .to_owned(),
            )),
            (None, Some(fields)) => Ok(Body::json(&fields)),
            // Without its media type some controllers refuse a body that is empty.
            (csr, None) => Ok(Body::text(csr.unwrap_or_default().to_owned())),
        }
    }

    /// What of the body must not be seen.
    pub(super) fn secret(&self) -> Option<&'a Secret> {
        self.fields.and_then(|fields| fields.password)
    }
}

fn exposed<S: Serializer>(secret: &Option<&Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.map(Secret::expose).serialize(serializer)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OneTime<'a> {
    pub(super) token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_csr: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OneTimeRouter<'a> {
    pub(super) token: &'a str,
    pub(super) client_csr: &'a str,
    pub(super) server_csr: &'a str,
}

#[derive(Serialize)]
pub(super) struct Credentials<'a> {
    pub(super) username: &'a str,
    pub(super) password: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TokenCsr<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_csr: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RouterCsrs<'a> {
    pub(super) cert_csr: &'a str,
    pub(super) server_cert_csr: &'a str,
}
