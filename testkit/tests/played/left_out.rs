//! What is not played, and why.

use ziti_edge_testkit::Version::{self, V1_3, V1_6, V2_0};

use super::exchange::Exchange;

/// A reason and the exchanges it is for.
pub(crate) struct LeftOut {
    pub(crate) versions: &'static [Version],
    pub(crate) area: &'static str,
    pub(crate) which: Which,
    pub(crate) reason: &'static str,
}

pub(crate) enum Which {
    Operations(&'static [&'static str]),
    /// Purposes that begin like this.
    Purposes(&'static [&'static str]),
}

impl LeftOut {
    pub(crate) fn covers(&self, version: Version, exchange: &Exchange) -> bool {
        self.versions.contains(&version)
            && self.area == exchange.area
            && match self.which {
                Which::Operations(operations) => operations.iter().any(|operation| exchange.is(operation)),
                Which::Purposes(purposes) => purposes.iter().any(|begin| exchange.purpose.starts_with(begin)),
            }
    }
}

const ALL: &[Version] = &[V1_3, V1_6, V2_0];

pub(crate) const LEFT_OUT: &[LeftOut] = &[
    LeftOut {
        versions: ALL,
        area: "controller",
        which: Which::Operations(&[
            "listEnumeratedCapabilities",
            "listProtocols",
            "listSpecs",
            "detailSpec",
            "detailSpecBody",
            "listNetworkJWTs",
            "listExternalJwtSigners",
            "listControllers",
        ]),
        reason: "operations the controller does not have yet",
    },
    LeftOut {
        versions: ALL,
        area: "controller",
        which: Which::Purposes(&["swagger json"]),
        reason: "the API document is not served",
    },
    LeftOut {
        versions: ALL,
        area: "controller",
        which: Which::Purposes(&["deflate", "brotli"]),
        reason: "the only content coding is gzip; the real controller's others are broken",
    },
    LeftOut {
        versions: &[V1_3],
        area: "controller",
        which: Which::Purposes(&["openid configuration at host root"]),
        reason: "no OIDC yet",
    },
    LeftOut {
        versions: ALL,
        area: "enrollment",
        which: Which::Operations(&[
            "enrollUpdb",
            "enrollOttCa",
            "enrollCa",
            "enrollErOtt",
            "enrollToken",
            "enrollmentChallenge",
            "extendRouterEnrollment",
        ]),
        reason: "enrollment methods the controller does not have yet",
    },
    LeftOut {
        versions: ALL,
        area: "enrollment",
        which: Which::Purposes(&["generic updb", "generic ottca", "generic ca", "generic erott"]),
        reason: "enrollment methods the controller does not have yet, in the generic form",
    },
    LeftOut {
        versions: ALL,
        area: "authentication",
        which: Which::Purposes(&["ext-jwt"]),
        reason: "no login by external JWT yet",
    },
    LeftOut {
        versions: ALL,
        area: "authentication",
        which: Which::Purposes(&["secondary ext-jwt", "password, policy needs secondary", "policy needs totp and"]),
        reason: "no external JWT as a second factor yet",
    },
    LeftOut {
        versions: ALL,
        area: "authentication",
        which: Which::Purposes(&["cert third party ca", "cert auto ca"]),
        reason: "identities enrolled by other methods",
    },
    LeftOut {
        versions: ALL,
        area: "authentication",
        which: Which::Purposes(&["lockout: right password while locked"]),
        reason: "no lockout policies yet",
    },
    LeftOut {
        versions: &[V1_3, V1_6],
        area: "authentication",
        which: Which::Purposes(&["lockout: right password 64 s after the lock"]),
        reason: "no lockout policies yet; these locked anew with each attempt",
    },
    LeftOut {
        versions: ALL,
        area: "api-session",
        which: Which::Operations(&[
            "listCurrentApiSessionCertificates",
            "createCurrentApiSessionCertificate",
            "detailCurrentApiSessionCertificate",
            "deleteCurrentApiSessionCertificate",
            "createTotpToken",
        ]),
        reason: "operations the controller does not have yet",
    },
];
