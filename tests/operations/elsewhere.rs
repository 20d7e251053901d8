//! What belongs to the client API is not asked of the management API, which has other operations at some of the paths.

use std::collections::BTreeSet;

use ziti_edge_client::api::enrollment::EnrollBody;
use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::api::posture::PostureResponse;
use ziti_edge_client::api::services::{ServicePatch, ServiceQuery, ServiceUpdate};
use ziti_edge_client::api::sessions::{SessionRequest, SessionType};
use ziti_edge_client::{Client, EnrollmentMethod, Error, Secret};
use ziti_edge_testkit::Version;

use crate::support::{client, controller};

const OPERATIONS: &str = include_str!("../api/operations.tsv");

/// Operations of a client for the management API that are none of that API, because logins are made on the client API,
/// and because a controller tells its version below neither.
const OF_BOTH: [&str; 3] = ["authenticate", "authenticateMfa", "listVersion"];

type Call = fn(&Client) -> Result<(), Error>;

/// Each operation that only the client API has, and each way to call it.
const ELSEWHERE: &[(&str, &[Call])] = &[
    ("listRoot", &[|client| client.controller().root().map(drop)]),
    ("listEnumeratedCapabilities", &[|client| client.controller().capabilities().map(drop)]),
    ("listProtocols", &[|client| client.controller().protocols().map(drop)]),
    ("listWellKnownCas", &[|client| client.controller().ca_certificates().map(drop)]),
    ("listSpecs", &[|client| client.specs().list().map(drop)]),
    ("detailSpec", &[|client| client.specs().get("id").map(drop)]),
    ("detailSpecBody", &[|client| client.specs().body("id").map(drop)]),
    (
        "listControllers",
        &[
            |client| client.controllers().list(&all()).map(drop),
            |client| client.controllers().page(&all()).map(drop),
            |client| first(client.controllers().iter(&all())?),
        ],
    ),
    (
        "listExternalJwtSigners",
        &[
            |client| client.external_jwt_signers().list(&all()).map(drop),
            |client| client.external_jwt_signers().page(&all()).map(drop),
            |client| first(client.external_jwt_signers().iter(&all())?),
        ],
    ),
    (
        "listServiceUpdates",
        &[
            |client| client.current_api_session().service_updates().map(drop),
            |client| client.services().changed_since(None).map(drop),
            |client| client.services().watch(ServiceQuery::new())?.poll().map(drop),
        ],
    ),
    ("createTotpToken", &[|client| client.current_api_session().create_totp_token(&code()).map(drop)]),
    (
        "listCurrentApiSessionCertificates",
        &[
            |client| client.session_certificates().list(&all()).map(drop),
            |client| client.session_certificates().page(&all()).map(drop),
            |client| first(client.session_certificates().iter(&all())?),
        ],
    ),
    ("createCurrentApiSessionCertificate", &[|client| client.session_certificates().create("csr").map(drop)]),
    ("detailCurrentApiSessionCertificate", &[|client| client.session_certificates().get("id").map(drop)]),
    ("deleteCurrentApiSessionCertificate", &[|client| client.session_certificates().delete("id")]),
    ("getCurrentIdentity", &[|client| client.current_identity().get().map(drop)]),
    (
        "getCurrentIdentityEdgeRouters",
        &[
            |client| client.current_identity().edge_routers().list(&all()).map(drop),
            |client| client.current_identity().edge_routers().page(&all()).map(drop),
            |client| first(client.current_identity().edge_routers().iter(&all())?),
        ],
    ),
    ("detailMfa", &[|client| client.mfa().get().map(drop)]),
    ("enrollMfa", &[|client| client.mfa().enroll().map(drop)]),
    ("deleteMfa", &[|client| client.mfa().delete(None), |client| client.mfa().delete(Some(&code()))]),
    ("verifyMfa", &[|client| client.mfa().verify(&code())]),
    ("detailMfaQrCode", &[|client| client.mfa().qr_code().map(drop)]),
    ("detailMfaRecoveryCodes", &[|client| client.mfa().recovery_codes(&code()).map(drop)]),
    ("createMfaRecoveryCodes", &[|client| client.mfa().create_recovery_codes(&code())]),
    (
        "enroll",
        &[|client| {
            client.enrollments().enroll(EnrollmentMethod::Ott, Some(&code()), &EnrollBody::new().csr("csr")).map(drop)
        }],
    ),
    ("enrollOtt", &[|client| client.enrollments().ott(&code(), "csr").map(drop)]),
    ("enrollOttCa", &[|client| client.enrollments().ottca(&code())]),
    ("enrollCa", &[|client| client.enrollments().ca()]),
    ("enrollUpdb", &[|client| client.enrollments().updb(&code(), "name", &code()).map(drop)]),
    ("enrollErOtt", &[|client| client.enrollments().erott(&code(), "csr", "csr").map(drop)]),
    ("enrollToken", &[|client| client.enrollments().token(&code(), None, None).map(drop)]),
    ("extendRouterEnrollment", &[|client| client.enrollments().extend_router("csr", "csr").map(drop)]),
    ("getEnrollmentJwks", &[|client| client.enrollments().jwks().map(drop)]),
    ("enrollmentChallenge", &[|client| client.enrollments().challenge("nonce", "key").map(drop)]),
    ("listNetworkJWTs", &[|client| client.network_jwts().list().map(drop)]),
    ("createPostureResponse", &[|client| client.posture().submit(&response()).map(drop)]),
    ("createPostureResponseBulk", &[|client| client.posture().submit_bulk(&[response()]).map(drop)]),
    (
        "listServices",
        &[
            |client| client.services().list(&ServiceQuery::new()).map(drop),
            |client| client.services().page(&ServiceQuery::new()).map(drop),
            |client| first(client.services().iter(&ServiceQuery::new())?),
        ],
    ),
    ("detailService", &[|client| client.services().get("id").map(drop)]),
    ("updateService", &[|client| client.services().update("id", &ServiceUpdate::new("name"))]),
    ("patchService", &[|client| client.services().patch("id", &ServicePatch::default())]),
    ("deleteService", &[|client| client.services().delete("id")]),
    (
        "listServiceTerminators",
        &[
            |client| client.services().terminators("id").list(&all()).map(drop),
            |client| client.services().terminators("id").page(&all()).map(drop),
            |client| first(client.services().terminators("id").iter(&all())?),
        ],
    ),
    ("listServiceEdgeRouters", &[|client| client.services().edge_routers("id", None).map(drop)]),
    (
        "listSessions",
        &[
            |client| client.sessions().list(&all()).map(drop),
            |client| client.sessions().page(&all()).map(drop),
            |client| first(client.sessions().iter(&all())?),
        ],
    ),
    ("createSession", &[|client| client.sessions().create(&SessionRequest::new("id", SessionType::Dial)).map(drop)]),
    ("detailSession", &[|client| client.sessions().get("id").map(drop)]),
    ("deleteSession", &[|client| client.sessions().delete("id")]),
];

fn all() -> ListQuery {
    ListQuery::new()
}

fn code() -> Secret {
    Secret::new("123456")
}

fn response() -> PostureResponse {
    PostureResponse::Domain { id: "id".to_owned(), domain: "domain".to_owned() }
}

fn first<T>(mut rows: impl Iterator<Item = Result<T, Error>>) -> Result<(), Error> {
    rows.next().expect("an error, if nothing else").map(drop)
}

/// The operations that the tables name for an API.
fn operations_of(api: &str) -> BTreeSet<&'static str> {
    let rows = OPERATIONS.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    rows.filter(|row| row[0] == api).map(|row| row[3]).collect()
}

#[test]
fn what_belongs_to_the_client_api_is_refused_before_anything_is_sent() {
    let controller = controller(Version::V2_0, 0);
    let management = client(&controller).management();
    for (name, calls) in ELSEWHERE {
        for call in *calls {
            let error = call(&management).unwrap_err();
            assert!(matches!(&error, Error::Unsupported(why) if why.contains("management API")), "{name}: {error:?}");
        }
    }
    assert_eq!((controller.requests().len(), controller.connections()), (0, 0));
}

#[test]
fn no_operation_is_left_out() {
    let refused: BTreeSet<_> = ELSEWHERE.iter().map(|(name, _)| *name).collect();
    let served = &operations_of("management") | &BTreeSet::from(OF_BOTH);
    assert_eq!(&operations_of("client") - &served, refused);
    assert_eq!(served.len(), 8 + OF_BOTH.len());
}
