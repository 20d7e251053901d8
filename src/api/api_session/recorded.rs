//! Reads recorded answers as the operations here do.

use super::ApiSession;
use crate::error::Error;
use crate::wire::envelope;

pub(in crate::api) fn read(operation: &str, body: &[u8]) -> Option<Result<(), Error>> {
    Some(match operation {
        "authenticate" | "getCurrentAPISession" => envelope::data::<ApiSession>(operation, body).map(|session| {
            let times = [&session.created_at, &session.updated_at, &session.expires_at, &session.last_activity_at];
            assert!(times.into_iter().flatten().all(|at| at.unix_seconds() != Some(0)));
            session.auth_queries.iter().for_each(|query| drop(query.describe()));
        }),
        _ => return None,
    })
}
