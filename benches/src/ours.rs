//! The library itself.

use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, EnrollOptions, Enrollment, Identity, Store};

use crate::Outcome;

/// Logs in and lists all services, as the C example does.
pub(crate) fn list(identity: &str, gzip: bool) -> Outcome<String> {
    let client = Client::builder(&Identity::load(identity)?).gzip(gzip).build()?;
    client.authenticate()?;
    let services = client.services().list(&ServiceQuery::new())?;
    let mut bytes = 0;
    for service in &services {
        bytes += service.id().len() + service.name().len();
    }
    Ok(format!("{} services, {bytes} bytes of ids and names", services.len()))
}

/// Logs in, and no more.
pub(crate) fn login(identity: &str) -> Outcome<String> {
    let client = Client::new(&Identity::load(identity)?)?;
    client.authenticate()?;
    Ok("logged in".to_owned())
}

/// Makes a client and does nothing with it: what all other figures contain.
pub(crate) fn start(identity: &str) -> Outcome<String> {
    Client::new(&Identity::load(identity)?)?;
    Ok("no request".to_owned())
}

/// Logs in, then asks `count` times for the current session on the warm connection.
pub(crate) fn get(count: u32, identity: &str) -> Outcome<String> {
    let client = Client::new(&Identity::load(identity)?)?;
    client.authenticate()?;
    for _ in 0..count {
        client.current_api_session().get()?;
    }
    Ok(format!("{count} requests"))
}

/// Asks `count` new clients for the version: each makes a full handshake.
pub(crate) fn connect(count: u32, identity: &str) -> Outcome<String> {
    let identity = Identity::load(identity)?;
    for _ in 0..count {
        Client::new(&identity)?.controller().version()?;
    }
    Ok(format!("{count} new clients"))
}

/// Asks one client `count` times for the version. Where the controller closes the connection after each answer, each
/// but the first makes a resumed handshake.
pub(crate) fn reconnect(count: u32, identity: &str) -> Outcome<String> {
    let client = Client::new(&Identity::load(identity)?)?;
    for _ in 0..count {
        client.controller().version()?;
    }
    Ok(format!("{count} connections"))
}

pub(crate) fn enroll(jwt: &str, identity: &str) -> Outcome<String> {
    let jwt = std::fs::read_to_string(jwt)?;
    Enrollment::parse(&jwt)?.enroll(&EnrollOptions::new().store(Store::file(identity)))?;
    Ok(format!("wrote {identity}"))
}
