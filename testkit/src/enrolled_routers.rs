//! Edge routers that enroll at the controller. They carry no data here.

/// An edge router, enrolled or about to be.
pub(crate) struct EnrolledRouter {
    /// The common name that its certificates have to have.
    pub(crate) id: String,
    /// The SHA-1 of its certificate, once it has one.
    pub(crate) certificate: Option<String>,
}

/// All routers.
#[derive(Default)]
pub(crate) struct EnrolledRouters {
    all: Vec<EnrolledRouter>,
}

impl EnrolledRouters {
    pub(crate) fn add(&mut self, id: String) {
        self.all.push(EnrolledRouter { id, certificate: None });
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut EnrolledRouter> {
        self.all.iter_mut().find(|router| router.id == id)
    }

    /// The router whose certificate has this fingerprint.
    pub(crate) fn by_certificate(&mut self, fingerprint: &str) -> Option<&mut EnrolledRouter> {
        self.all.iter_mut().find(|router| router.certificate.as_deref() == Some(fingerprint))
    }
}
