//! Reads recorded answers as the operations here do.

use serde_json::{Map, Value};

use super::{ApiSession, ServiceUpdates, TotpToken};
use crate::api::recorded::body;
use crate::error::Error;
use crate::wire::envelope;

pub(in crate::api) fn read(operation: &str, body: &[u8]) -> Option<Result<(), Error>> {
    Some(match operation {
        "authenticate" | "getCurrentAPISession" => envelope::data::<ApiSession>(operation, body).map(|session| {
            let times = [&session.created_at, &session.updated_at, &session.expires_at, &session.last_activity_at];
            assert!(times.into_iter().flatten().all(|at| at.unix_seconds() != Some(0)));
            session.auth_queries.iter().for_each(|query| drop(query.describe()));
        }),
        // It says nothing but that the code was right; the session is asked for afterwards.
        "authenticateMfa" => envelope::data::<Map<String, Value>>(operation, body).map(drop),
        "createTotpToken" => envelope::data::<TotpToken>(operation, body).map(drop),
        "listServiceUpdates" => envelope::data::<ServiceUpdates>(operation, body).map(drop),
        _ => return None,
    })
}

#[test]
fn a_totp_token_is_secret_and_says_when_it_was_issued() {
    let body = body("2.0 oidc 99");
    let token: TotpToken = envelope::data("POST /x", body.as_bytes()).unwrap();
    assert_eq!(token.token.expose().split('.').count(), 3);
    assert_eq!(token.issued_at.as_ref().unwrap().as_str(), "2026-11-22T06:54:09.212Z");
    assert!(!format!("{token:?}").contains(token.token.expose()));
}

#[test]
fn the_recorded_time_of_the_last_change_is_read() {
    let body = br#"{"data":{"lastChangeAt":"2026-11-22T07:12:51.048Z"},"meta":{}}"#;
    let updates: ServiceUpdates = envelope::data("GET /current-api-session/service-updates", body).unwrap();
    assert_eq!(updates.last_change_at.as_str(), "2026-11-22T07:12:51.048Z");
    assert_eq!(updates.last_change_at.unix_seconds(), Some(1_795_331_571));
    let absent: Result<ServiceUpdates, Error> = envelope::data("GET /x", br#"{"data":{}}"#);
    assert!(absent.unwrap_err().to_string().contains("data.lastChangeAt"));
}
