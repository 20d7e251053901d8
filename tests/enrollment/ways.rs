//! Every way to enroll, for what holds whichever it is.

use serde_json::json;
use ziti_edge_client::{
    EnrollOptions, Enrollment, EnrollmentMethod as Method, Error, Identity, KeyChoice, PrivateKey, Secret, Store,
};
use ziti_edge_testkit::{
    CertificateAuthority, ExternalSigner, Fault, IdentityOptions, Operation, TestController, Version,
};

use crate::network::{named, token_with};
use crate::place::Place;

/// A way to enroll: its method, and whether there shall be a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) method: Method,
    pub(crate) issues: bool,
}

const fn way(method: Method, issues: bool) -> Way {
    Way { method, issues }
}

/// All that send a request.
pub(crate) const ALL: [Way; 7] = [
    way(Method::Ott, true),
    way(Method::OttCa, false),
    way(Method::Ca, false),
    way(Method::Updb, false),
    way(Method::ErOtt, true),
    way(Method::Token, true),
    way(Method::Token, false),
];

impl Way {
    pub(crate) fn operation(self) -> Operation {
        if self.method == Method::Token { Operation::Named("enrollToken") } else { Operation::Enroll }
    }

    /// A network in which one can enroll like this.
    pub(crate) fn network(self) -> Network {
        // One that is final about a token it does not know; only later ones enroll by an external JWT.
        self.network_of(if self.method == Method::Token { Version::V2_0 } else { Version::V1_6 })
    }

    /// Such a network with controllers of this version.
    pub(crate) fn network_of(self, version: Version) -> Network {
        let controller = TestController::builder().version(version).start().unwrap();
        let both =
            ExternalSigner { enrolls_to_certificate: true, enrolls_to_token: true, ..ExternalSigner::named("idp") };
        let (authority, signer) = (controller.add_authority("partner"), controller.add_external_signer(both));
        Network { way: self, controller, authority, signer }
    }
}

/// A network in which one can enroll in one way.
pub(crate) struct Network {
    way: Way,
    pub(crate) controller: TestController,
    authority: CertificateAuthority,
    signer: String,
}

impl Network {
    /// Somebody new, whom the network expects.
    pub(crate) fn candidate(&self) -> Candidate {
        let controller = &self.controller;
        let place = Place::new();
        let jwt = match self.way.method {
            Method::Ca => controller.authority_jwt(&self.authority),
            Method::ErOtt => controller.create_router().jwt,
            Method::Token => token_with(controller, json!({"em": "network", "exp": null})),
            method => {
                let (method, authority) = (method.as_str().to_owned(), Some(self.authority.clone()));
                controller.create_identity_with(IdentityOptions { method, authority, ..named("alice") }).jwt
            }
        };
        let options = EnrollOptions::new().store(Store::file(place.target()));
        let papers = [Method::OttCa, Method::Ca].contains(&self.way.method).then(|| self.authority.issue("device"));
        let options = match (&papers, self.way.method) {
            (Some(papers), _) => {
                let key = PrivateKey::parse(papers.key.as_bytes()).unwrap();
                options.certificate(&papers.certificate).key(KeyChoice::Existing(key))
            }
            (_, Method::Updb) => options.username("alice").password(Secret::new("open sesame")),
            (_, Method::Token) => {
                let subject = json!({ "sub": place.target() });
                let options =
                    options.external_jwt(Secret::new(controller.external_token(&self.signer, &subject).unwrap()));
                if self.way.issues { options } else { options.without_certificate() }
            }
            _ => options,
        };
        let enrollment = Enrollment::parse(&jwt).unwrap();
        let enrollment =
            if self.way.method == Method::Token { enrollment.by(Method::Token).unwrap() } else { enrollment };
        Candidate { enrollment, options, key: papers.map(|papers| papers.key), place }
    }

    /// Has the next request that enrolls answered like this.
    pub(crate) fn once(&self, fault: Fault) {
        self.controller.fault_times(self.way.operation(), fault, 1);
    }

    /// How many requests that enroll were seen.
    pub(crate) fn asked(&self) -> usize {
        self.controller.count(self.way.operation())
    }
}

/// Somebody who enrolls, with all that is needed for it.
pub(crate) struct Candidate {
    pub(crate) enrollment: Enrollment,
    pub(crate) options: EnrollOptions,
    /// The key of a third-party certificate, in PEM.
    pub(crate) key: Option<String>,
    pub(crate) place: Place,
}

impl Candidate {
    pub(crate) fn enroll(&self) -> Result<Identity, Error> {
        self.enrollment.enroll(&self.options)
    }
}
