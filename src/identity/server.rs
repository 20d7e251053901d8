//! What an identity file has for the server side of a router.

#[cfg(feature = "capi")]
pub(crate) mod ffi;

use super::{Identity, SERVER_MEMBERS, pem_member};
use crate::error::Error;
use crate::secret::Secret;

/// The server side of a router that was enrolled: `id.server_cert` and `id.server_key` of its identity file.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServerCertificate {
    /// The certificate with its intermediates, as PEM.
    pub certificate: String,
    /// Its private key, as PEM.
    pub key: Secret,
}

impl Identity {
    /// The certificate and key for the server side of a router, if the identity is one.
    ///
    /// # Errors
    /// [`Error::Identity`] if there is only one of the two, or it is something else; [`Error::Storage`] if it is in a
    /// file that cannot be read.
    pub fn server_certificate(&self) -> Result<Option<ServerCertificate>, Error> {
        let read = |name: &str| pem_member("identity", &self.inner.document, name, &self.inner.folder);
        let [key, certificate] = SERVER_MEMBERS.map(read);
        match (key?, certificate?) {
            (None, None) => Ok(None),
            (Some(key), Some(certificate)) => {
                Ok(Some(ServerCertificate { certificate: certificate.expose().to_owned(), key }))
            }
            _ => Err(Error::Identity(
                "identity: of id.server_cert and id.server_key there is only one; enroll the router again".to_owned(),
            )),
        }
    }
}
