//! Which controller this one behaves like, and what differs between them.

use std::str::FromStr;

/// The controller whose answers are imitated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Version {
    /// 1.3: validation failures are plain 400, enrollment may answer bare PEM.
    V1_3,
    /// 1.6: validation failures are 601 to 606, sessions live on while they are used.
    V1_6,
    /// 2.0: sessions end when their time is over, `WWW-Authenticate` says why a token was refused.
    #[default]
    V2_0,
}

/// What was wrong with a request before any handler saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Invalid {
    WrongType,
    Missing,
    NotInEnumeration,
    ContentType,
    Accept,
}

impl Version {
    /// Every version, oldest first.
    pub const ALL: [Self; 3] = [Self::V1_3, Self::V1_6, Self::V2_0];

    pub(crate) fn status_of(self, invalid: Invalid) -> u16 {
        if self == Self::V1_3 {
            return 400;
        }
        match invalid {
            Invalid::WrongType => 601,
            Invalid::Missing => 602,
            Invalid::NotInEnumeration => 606,
            Invalid::ContentType => 415,
            Invalid::Accept => 406,
        }
    }

    /// A session lives on while it is used.
    pub(crate) fn slides(self) -> bool {
        self != Self::V2_0
    }

    /// A refused token is explained in `WWW-Authenticate`.
    pub(crate) fn explains_401(self) -> bool {
        self == Self::V2_0
    }

    /// The largest request body, if there is a cap.
    pub(crate) fn body_cap(self) -> Option<usize> {
        (self == Self::V1_6).then_some(1 << 20)
    }

    /// A login says so if the leaf came without its intermediate.
    pub(crate) fn reports_improper_chains(self) -> bool {
        self != Self::V1_3
    }

    /// Posture queries for a second factor say when it is asked for again.
    pub(crate) fn tells_mfa_prompts(self) -> bool {
        self == Self::V2_0
    }

    /// A session with a service has a signed token, and the answer that makes it leaves out what the client knows.
    pub(crate) fn signs_session_tokens(self) -> bool {
        self == Self::V2_0
    }

    /// An identity shows its permissions and interfaces.
    pub(crate) fn shows_permissions(self) -> bool {
        self != Self::V1_3
    }

    /// An access token had by certificate is good only together with that certificate.
    pub(crate) fn binds_tokens(self) -> bool {
        self == Self::V2_0
    }

    /// Logging out ends the access tokens of the identity.
    pub(crate) fn ends_access_tokens(self) -> bool {
        self == Self::V2_0
    }

    /// Enrolled certificates carry the identity's SPIFFE id.
    pub(crate) fn names_identities_in_certificates(self) -> bool {
        self == Self::V2_0
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "1.3" => Ok(Self::V1_3),
            "1.6" => Ok(Self::V1_6),
            "2.0" => Ok(Self::V2_0),
            _ => Err(format!("version {text}: not one of 1.3, 1.6, 2.0")),
        }
    }
}
