//! The ways to enroll, and what each of them needs.

use std::fmt;

/// The ways to enroll. Those with a one-time token are what tokens say (claim `em`); the others need none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EnrollmentMethod {
    /// One-time token: the key is made here, the network issues the certificate.
    Ott,
    /// One-time token with a certificate of a third-party CA.
    OttCa,
    /// Any certificate of a third-party CA, without a one-time token.
    Ca,
    /// One-time token that sets the password of a user name.
    Updb,
    /// One-time token of an edge router, which gets a certificate for its client side and one for its server side.
    ErOtt,
    /// No identity, only the network's address and CA bundle: for logins by password or external JWT.
    Network,
    /// The token of an external JWT signer, without a one-time token. Controllers have it since 2.0.
    Token,
}

impl EnrollmentMethod {
    /// The word of the API, such as `ott`.
    pub fn as_str(self) -> &'static str {
        match self {
            EnrollmentMethod::Ott => "ott",
            EnrollmentMethod::OttCa => "ottca",
            EnrollmentMethod::Ca => "ca",
            EnrollmentMethod::Updb => "updb",
            EnrollmentMethod::ErOtt => "erott",
            EnrollmentMethod::Network => "network",
            EnrollmentMethod::Token => "token",
        }
    }

    /// What [`EnrollOptions`](super::EnrollOptions) have to hold for it.
    pub fn needs(self) -> &'static [EnrollmentInput] {
        use EnrollmentInput::{Certificate, ExternalJwt, Key, Password, Username};
        match self {
            EnrollmentMethod::Ott | EnrollmentMethod::ErOtt | EnrollmentMethod::Network => &[],
            EnrollmentMethod::OttCa | EnrollmentMethod::Ca => &[Certificate, Key],
            EnrollmentMethod::Updb => &[Username, Password],
            EnrollmentMethod::Token => &[ExternalJwt],
        }
    }

    /// What they may hold beside that. Anything else is an error: it would be of no use.
    pub fn takes(self) -> &'static [EnrollmentInput] {
        use EnrollmentInput::{Key, Name, ServerKey, SignerId, WithoutCertificate};
        match self {
            EnrollmentMethod::Ott => &[Key],
            EnrollmentMethod::OttCa | EnrollmentMethod::Updb | EnrollmentMethod::Network => &[],
            EnrollmentMethod::Ca => &[Name],
            EnrollmentMethod::ErOtt => &[Key, ServerKey],
            EnrollmentMethod::Token => &[Key, SignerId, WithoutCertificate],
        }
    }

    /// True if its token works once, and names whoever enrolls.
    pub(crate) fn is_one_time(self) -> bool {
        use EnrollmentMethod::{ErOtt, Ott, OttCa, Updb};
        matches!(self, Ott | OttCa | Updb | ErOtt)
    }
}

impl fmt::Display for EnrollmentMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that [`EnrollOptions`](super::EnrollOptions) can hold for some of the methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EnrollmentInput {
    /// A choice of key; for a certificate that exists, its key or a signer.
    Key,
    /// A certificate of a third-party CA with its chain.
    Certificate,
    /// The name that the identity shall have.
    Name,
    /// The user name.
    Username,
    /// The password that it shall have.
    Password,
    /// A choice of the key of a router's server side.
    ServerKey,
    /// A token of an external JWT signer.
    ExternalJwt,
    /// The id of that signer.
    SignerId,
    /// That no certificate is wanted.
    WithoutCertificate,
}

impl EnrollmentInput {
    /// The name of the option, such as `external_jwt`.
    pub fn as_str(self) -> &'static str {
        match self {
            EnrollmentInput::Key => "key",
            EnrollmentInput::Certificate => "certificate",
            EnrollmentInput::Name => "name",
            EnrollmentInput::Username => "username",
            EnrollmentInput::Password => "password",
            EnrollmentInput::ServerKey => "server_key",
            EnrollmentInput::ExternalJwt => "external_jwt",
            EnrollmentInput::SignerId => "signer_id",
            EnrollmentInput::WithoutCertificate => "without_certificate",
        }
    }
}

impl fmt::Display for EnrollmentInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
