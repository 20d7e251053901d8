//! The enrollment token: a JWT that the controller's TLS key signed.

use std::fmt;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::pki_types::CertificateDer;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Number;

use super::jws::{Algorithm, Mismatch};
use super::provider::sha256_hex;
use crate::enroll::EnrollmentMethod;
use crate::error::{EnrollmentProblem, Error};
use crate::secret::Secret;
use crate::wire::ControllerUrl;

/// Real tokens have about 1 KiB.
const MAX_TOKEN: usize = 16 * 1024;
/// Identity ids and one-time tokens are far shorter.
const MAX_TEXT: usize = 512;
/// The end of the year 9999: later times are nonsense, not dates.
const MAX_TIME: f64 = 253_402_300_799.0;

/// A parsed token. Nothing in it is to be believed before [`verify`](Self::verify).
#[derive(Clone)]
pub(crate) struct EnrollmentToken {
    pub(crate) method: EnrollmentMethod,
    pub(crate) issuer: ControllerUrl,
    /// The identity's id.
    pub(crate) subject: String,
    /// The one-time token (`jti`).
    pub(crate) one_time: Secret,
    pub(crate) expires_at: Option<SystemTime>,
    pub(crate) not_before: Option<SystemTime>,
    algorithm: Algorithm,
    /// Header and claims as they came: what the signature is over. The one-time token is in it.
    signed: Secret,
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: Option<Claim<String>>,
    crit: Option<IgnoredAny>,
}

/// The claims that are read; any others may be there.
#[derive(Deserialize)]
struct Claims {
    iss: Option<Claim<String>>,
    sub: Option<Claim<String>>,
    jti: Option<Claim<String>>,
    em: Option<Claim<String>>,
    exp: Option<Claim<Number>>,
    nbf: Option<Claim<Number>>,
}

/// A claim of any type, so that one of a wrong type can be named without showing its value. Numbers are read as serde_json's
/// own: with its `arbitrary_precision`, which any crate of a program can switch on, it finds no other number here.
#[derive(Deserialize)]
#[serde(untagged)]
enum Claim<T> {
    Right(T),
    Wrong(IgnoredAny),
}

impl EnrollmentToken {
    /// Reads a compact JWT of at most 16 KiB, surrounded by any white space.
    ///
    /// A header or claim that is read here may not occur twice.
    pub(crate) fn parse(jwt: &str) -> Result<Self, Error> {
        let jwt = jwt.trim();
        let (signed, header, claims, signature) = split(jwt).map_err(malformed)?;
        let algorithm = read_header(header).map_err(malformed)?;
        let signature = decode(signature, "the signature").map_err(malformed)?;
        if algorithm.signature_len().is_some_and(|length| length != signature.len()) || signature.is_empty() {
            let (name, length) = (algorithm.name(), signature.len());
            return Err(malformed(format!("the signature has {length} bytes, which {name} never has")));
        }
        let claims: Claims = read_json(claims, "the claims set").map_err(malformed)?;
        let method = claims.method()?;
        let (subject, one_time) = claims.names(method).map_err(malformed)?;
        Ok(Self {
            method,
            issuer: claims.issuer().map_err(malformed)?,
            subject,
            one_time: Secret::new(one_time),
            expires_at: time(claims.exp, "exp").map_err(malformed)?,
            not_before: time(claims.nbf, "nbf").map_err(malformed)?,
            algorithm,
            signed: Secret::new(signed),
            signature,
        })
    }

    /// Checks the signature against a TLS leaf certificate; the algorithm must fit the leaf's key.
    pub(crate) fn verify(&self, leaf: &CertificateDer<'_>) -> Result<(), Error> {
        let mismatch = match self.algorithm.verify(leaf, self.signed.expose().as_bytes(), &self.signature) {
            Ok(()) => return Ok(()),
            Err(mismatch) => mismatch,
        };
        let what = match mismatch {
            Mismatch::Certificate(why) => {
                let message = format!("the controller's certificate cannot be used: {why}");
                return Err(Error::Tls { controller: self.issuer.origin().to_owned(), message });
            }
            Mismatch::KeyType => {
                format!("alg {} does not fit the key of the controller's certificate", self.algorithm.name())
            }
            Mismatch::Signature => "the controller's certificate did not sign it".to_owned(),
        };
        let message = format!(
            "enrollment token: {what}; either the certificate of {} changed since the token was made \
             (have a new token made), or a proxy ends TLS on the way (connect past it)",
            self.issuer
        );
        Err(Error::enrollment(EnrollmentProblem::TokenNotFromController, message))
    }

    /// Tells tokens apart without giving one away: SHA-256 of the one-time token, in hex.
    pub(crate) fn fingerprint(&self) -> String {
        sha256_hex(self.one_time.expose().as_bytes())
    }
}

impl fmt::Debug for EnrollmentToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnrollmentToken")
            .field("method", &self.method)
            .field("issuer", &self.issuer)
            .field("subject", &self.subject)
            .field("algorithm", &self.algorithm.name())
            .field("expires_at", &self.expires_at)
            .field("not_before", &self.not_before)
            .finish_non_exhaustive()
    }
}

impl Claims {
    fn method(&self) -> Result<EnrollmentMethod, Error> {
        let word = text(&self.em, "em").map_err(malformed)?;
        let unsupported = |why: &str| Err(Error::Unsupported(format!("enrollment token: {why}")));
        match word {
            "ott" => Ok(EnrollmentMethod::Ott),
            "ottca" => Ok(EnrollmentMethod::OttCa),
            "ca" => Ok(EnrollmentMethod::Ca),
            "updb" => Ok(EnrollmentMethod::Updb),
            "erott" => Ok(EnrollmentMethod::ErOtt),
            "network" => Ok(EnrollmentMethod::Network),
            "trott" => unsupported("method \"trott\" is for transit routers, which this library does not enroll"),
            "" => Err(malformed("the claim em (how to enroll) is missing: this is no enrollment token")),
            _ => unsupported(&format!("method {:?} is not known here", excerpt(word))),
        }
    }

    /// The claims `sub` and `jti`, which the one-time methods cannot do without.
    fn names(&self, method: EnrollmentMethod) -> Result<(String, String), String> {
        let (subject, one_time) = (text(&self.sub, "sub")?, text(&self.jti, "jti")?);
        let needed = method.is_one_time();
        for (claim, what, value) in [("sub", "the identity", subject), ("jti", "the one-time token", one_time)] {
            if needed && value.is_empty() {
                return Err(format!("the claim {claim} ({what}) is missing"));
            }
            if value.len() > MAX_TEXT {
                return Err(format!("the claim {claim} ({what}) is longer than {MAX_TEXT} bytes"));
            }
            if value.contains(char::is_control) {
                return Err(format!("the claim {claim} ({what}) holds control characters"));
            }
        }
        Ok((subject.to_owned(), one_time.to_owned()))
    }

    fn issuer(&self) -> Result<ControllerUrl, String> {
        let issuer = text(&self.iss, "iss")?;
        match issuer.split_once("://") {
            _ if issuer.is_empty() => Err("the claim iss (the controller's address) is missing".to_owned()),
            _ if issuer.len() > MAX_TEXT => Err(format!("the claim iss is longer than {MAX_TEXT} bytes")),
            None => Err(format!("claim iss: controller address {issuer:?}: the scheme is missing, expected https://")),
            Some(_) => ControllerUrl::parse(issuer).map_err(|error| format!("claim iss: {error}")),
        }
    }
}

/// When a JWT is over, if it says so. It need not be one.
pub(crate) fn expires_at(jwt: &Secret) -> Option<SystemTime> {
    #[derive(Deserialize)]
    struct End {
        exp: Option<Claim<Number>>,
    }
    let end: End = read_json(jwt.expose().split('.').nth(1)?, "the claims set").ok()?;
    time(end.exp, "exp").ok()?
}

/// Whom a JWT is for, and who says so, if it tells. It need not be one.
pub(crate) fn subject(jwt: &Secret) -> Option<(String, String)> {
    #[derive(Deserialize)]
    struct Whom {
        iss: String,
        sub: String,
    }
    let Whom { iss, sub } = read_json(jwt.expose().split('.').nth(1)?, "the claims set").ok()?;
    Some((iss, sub))
}

/// What is signed, then header, claims and signature.
fn split(jwt: &str) -> Result<(&str, &str, &str, &str), String> {
    if jwt.is_empty() {
        return Err("empty".to_owned());
    }
    if jwt.contains('\0') {
        return Err("there are NUL characters in it, as in UTF-16 text; save it as UTF-8".to_owned());
    }
    if jwt.len() > MAX_TOKEN {
        return Err(format!("{} bytes are too long, at most {MAX_TOKEN} are accepted", jwt.len()));
    }
    let not_three = || "not a JWT: expected three parts with a dot between them".to_owned();
    let (signed, signature) = jwt.rsplit_once('.').ok_or_else(not_three)?;
    let (header, claims) = signed.split_once('.').ok_or_else(not_three)?;
    if claims.contains('.') {
        return Err(not_three());
    }
    Ok((signed, header, claims, signature))
}

fn read_header(part: &str) -> Result<Algorithm, String> {
    let header: Header = read_json(part, "the header")?;
    if header.crit.is_some() {
        return Err("the header has crit: it wants to be understood in a way that is not known here".to_owned());
    }
    match text(&header.alg, "alg")? {
        "" => Err("the header names no alg".to_owned()),
        name => Algorithm::named(name),
    }
}

fn decode(part: &str, what: &str) -> Result<Vec<u8>, String> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| format!("{what} is not base64url without padding"))
}

/// Errors of serde may quote what they met, which may be a secret: only their kind is told.
fn read_json<T: DeserializeOwned>(part: &str, what: &str) -> Result<T, String> {
    let json = decode(part, what)?;
    if !json.trim_ascii_start().starts_with(b"{") {
        return Err(format!("{what} is not a JSON object"));
    }
    serde_json::from_slice(&json).map_err(|error| {
        let repeated = error.to_string().starts_with("duplicate field");
        format!("{what} {}", if repeated { "has one name twice" } else { "is not valid JSON" })
    })
}

fn text<'a>(claim: &'a Option<Claim<String>>, name: &str) -> Result<&'a str, String> {
    match claim {
        None => Ok(""),
        Some(Claim::Right(text)) => Ok(text),
        Some(Claim::Wrong(_)) => Err(format!("{name} is not a text")),
    }
}

fn value<T>(claim: Option<Claim<T>>, name: &str, kind: &str) -> Result<Option<T>, String> {
    match claim {
        None => Ok(None),
        Some(Claim::Right(value)) => Ok(Some(value)),
        Some(Claim::Wrong(_)) => Err(format!("the claim {name} is not {kind}")),
    }
}

fn time(claim: Option<Claim<Number>>, name: &str) -> Result<Option<SystemTime>, String> {
    match value(claim, name, "a number")?.map(|number| number.as_f64().unwrap_or(f64::INFINITY)) {
        None => Ok(None),
        Some(seconds) if (0.0..=MAX_TIME).contains(&seconds) => {
            Ok(Some(SystemTime::UNIX_EPOCH + Duration::from_secs_f64(seconds)))
        }
        Some(_) => Err(format!("the claim {name} is no time between 1970 and 9999")),
    }
}

fn malformed(why: impl fmt::Display) -> Error {
    Error::enrollment(EnrollmentProblem::TokenMalformed, format!("enrollment token: {why}"))
}

fn excerpt(word: &str) -> String {
    word.chars().take(32).collect()
}
