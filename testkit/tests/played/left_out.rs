//! What is not played, and why.

use ziti_edge_testkit::Version::{self, V1_3, V1_6, V2_0};

use super::exchange::Exchange;

/// A reason and the exchanges it is for.
pub(crate) struct LeftOut {
    pub(crate) versions: &'static [Version],
    pub(crate) area: &'static str,
    /// How their purposes begin.
    pub(crate) purposes: &'static [&'static str],
    pub(crate) reason: &'static str,
}

impl LeftOut {
    pub(crate) fn covers(&self, version: Version, exchange: &Exchange) -> bool {
        self.versions.contains(&version)
            && self.area == exchange.area
            && self.purposes.iter().any(|begin| exchange.purpose.starts_with(begin))
    }
}

const ALL: &[Version] = &[V1_3, V1_6, V2_0];

pub(crate) const LEFT_OUT: &[LeftOut] = &[
    LeftOut {
        versions: ALL,
        area: "controller",
        purposes: &["deflate", "brotli"],
        reason: "the only content coding is gzip; the real controller's others are broken",
    },
    LeftOut {
        versions: &[V2_0],
        area: "oidc",
        purposes: &["bearer: list session certificates"],
        reason: "the first two of everybody's certificates, which those are follows from ids that are random",
    },
    LeftOut {
        versions: &[V2_0],
        area: "cluster",
        purposes: &[
            "0.0 s after the leader died: enroll",
            "2.3 s after the leader died: enroll",
            "4.5 s after the leader died: enroll",
        ],
        reason: "controllers of one network have no leader among them; faults stand for what its loss does",
    },
    LeftOut {
        versions: &[V2_0],
        area: "management",
        purposes: &["management session used on client api"],
        reason: "the administrator that comes with 2.0 has an empty list of role attributes where all others have null",
    },
];
