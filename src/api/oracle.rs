//! No property of an answer is lost: what the API documents list is read by a model, or left out with a reason.
//!
//! The tables are those of `tests/api`; `tests/api/table.rs` says what they hold.

use std::collections::{BTreeMap, BTreeSet};

use super::api_session::{NewSessionCertificate, ServiceUpdates, SessionCertificate, TotpToken};
use super::authentication::ExternalJwtSigner;
use super::authenticators::{Authenticator, ExtendedCertificate};
use super::controller::{ControllerNode, Protocol, Spec, Version};
use super::current_identity::IdentityDetail;
use super::edge_router::EdgeRouter;
use super::enrollment::{Enrolled, Jwks, NetworkJwt, NonceSignature};
use super::mfa::{Created, MfaEnrollment, RecoveryCodes};
use super::posture::PostureAnswer;
use super::services::edge_routers::ServiceEdgeRouters;
use super::services::{self, PostureQuerySet, Terminator};
use super::sessions::Session;
use crate::login::ApiSession;
use crate::wire::fields::tests::paths_of;

const ANSWERS: &str = include_str!("../../tests/api/answers.tsv");
const LEFT_OUT: &str = include_str!("../../tests/api/left_out.tsv");

/// All places that are looked at where the answer to an operation is read. `None` if nothing reads it.
fn read_of(operation: &str) -> Option<BTreeSet<String>> {
    Some(match operation {
        "authenticate" | "getCurrentAPISession" => paths_of::<ApiSession>(),
        "createCurrentApiSessionCertificate" => paths_of::<NewSessionCertificate>(),
        "createPostureResponse" | "createPostureResponseBulk" => paths_of::<PostureAnswer>(),
        "createSession" | "detailSession" => paths_of::<Session>(),
        "createTotpToken" => paths_of::<TotpToken>(),
        "detailCurrentApiSessionCertificate" => paths_of::<SessionCertificate>(),
        "detailCurrentIdentityAuthenticator" => paths_of::<Authenticator>(),
        "detailMfa" => paths_of::<MfaEnrollment>(),
        "detailMfaRecoveryCodes" => paths_of::<RecoveryCodes>(),
        "detailService" => service(),
        "detailSpec" => paths_of::<Spec>(),
        "enroll" | "enrollErOtt" | "enrollOtt" | "enrollToken" | "extendRouterEnrollment" => paths_of::<Enrolled>(),
        "enrollMfa" => paths_of::<Created>(),
        "enrollmentChallenge" => paths_of::<NonceSignature>(),
        "extendCurrentIdentityAuthenticator" => paths_of::<ExtendedCertificate>(),
        "getCurrentIdentity" => paths_of::<IdentityDetail>(),
        "getCurrentIdentityEdgeRouters" => rows(paths_of::<EdgeRouter>()),
        "getEnrollmentJwks" => paths_of::<Jwks>(),
        "listControllers" => rows(paths_of::<ControllerNode>()),
        "listCurrentApiSessionCertificates" => rows(paths_of::<SessionCertificate>()),
        "listCurrentIdentityAuthenticators" => rows(paths_of::<Authenticator>()),
        "listEnumeratedCapabilities" => paths_of::<Vec<String>>(),
        "listExternalJwtSigners" => rows(paths_of::<ExternalJwtSigner>()),
        "listNetworkJWTs" => rows(paths_of::<NetworkJwt>()),
        "listProtocols" => paths_of::<BTreeMap<String, Protocol>>(),
        "listSpecs" => rows(paths_of::<Spec>()),
        "listRoot" | "listVersion" => paths_of::<Version>(),
        "listServiceEdgeRouters" => paths_of::<ServiceEdgeRouters>(),
        "listServiceTerminators" => rows(paths_of::<Terminator>()),
        "listServices" => rows(service()),
        "listSessions" => rows(paths_of::<Session>()),
        "listServiceUpdates" => paths_of::<ServiceUpdates>(),
        _ => return None,
    })
}

/// Services have a reader of their own, and their posture queries are read late.
fn service() -> BTreeSet<String> {
    let posture = paths_of::<PostureQuerySet>().into_iter().map(|path| format!("postureQueries[].{path}"));
    services::MEMBERS.map(str::to_owned).into_iter().chain(posture).collect()
}

/// The places in a list whose rows have these.
fn rows(of_row: BTreeSet<String>) -> BTreeSet<String> {
    of_row.into_iter().map(|path| format!("[].{path}")).collect()
}

/// True if a value at this path is looked at, or is within one that is kept as it came: `parts*`.
fn is_read(path: &str, read: &BTreeSet<String>) -> bool {
    // Of a list of words, or a map of them, there is no more to look at than itself.
    let path = path.trim_end_matches(['[', ']', '{', '}']);
    let is_within = |whole: &str| path.strip_prefix(whole).is_some_and(|rest| rest.starts_with(['.', '[', '{']));
    path.is_empty() || read.contains(path) || read.iter().filter_map(|at| at.strip_suffix('*')).any(is_within)
}

/// True if a row of the table leaves this property out.
fn is_left_out(operation: &str, path: &str) -> bool {
    LEFT_OUT.lines().skip(1).any(|row| {
        let mut cells = row.split('\t');
        let of = cells.next().is_some_and(|of| of == "*" || of == operation);
        of && cells.next().is_some_and(|what| what == path || path.split('.').any(|step| step == what))
    })
}

#[test]
fn no_property_of_an_answer_is_lost() {
    let mut lost = Vec::new();
    for (operation, properties) in ANSWERS.lines().skip(1).filter_map(|row| row.split_once('\t')) {
        let properties = properties.split(' ').filter(|path| *path != "-" && !is_left_out(operation, path));
        let read = read_of(operation);
        let is_lost = |path: &&str| read.as_ref().is_none_or(|read| !is_read(path, read));
        let paths: Vec<&str> = properties.filter(is_lost).collect();
        if !paths.is_empty() {
            let why = if read.is_some() { "not read" } else { "no model in src/api/oracle.rs" };
            lost.push(format!("{operation}: {why}: {}", paths.join(" ")));
        }
    }
    assert!(lost.is_empty(), "{} in all:\n{}", lost.len(), lost.join("\n"));
}

#[test]
fn a_value_is_read_where_it_is_looked_at_or_kept_in_a_whole() {
    let read = ["id", "words", "parts", "parts[].name", "named", "named{}.at", "kept*"].map(str::to_owned).into();
    for path in ["id", "words[]", "parts[].name", "named{}.at", "kept.any.thing", "kept[].x", "kept{}{}.y"] {
        assert!(is_read(path, &read), "{path}");
    }
    for path in ["i", "idx", "parts[].other", "named{}.other", "other", "keptly", "other.id", "words[].x"] {
        assert!(!is_read(path, &read), "{path}");
    }
}

#[test]
fn models_tell_what_they_read() {
    let read = paths_of::<Version>();
    assert!(is_read("apiVersions{}{}.path", &read) && !is_read("apiVersions{}{}.owner", &read), "{read:?}");
    assert!(rows(read).contains("[].version"));
}
