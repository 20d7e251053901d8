//! Services for people, as a table, and for programs, as JSON lines.

use std::error::Error;
use std::io::Write;

use ziti_edge_client::api::services::{InterceptV1, Service, ServiceList};

pub(crate) fn print(services: &ServiceList, json: bool, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    if !json {
        writeln!(out, "{:<22} {:<24} {:<10} INTERCEPTS", "ID", "NAME", "MAY")?;
    }
    for service in services {
        let permissions = service.permissions().collect::<Vec<_>>();
        let addresses = service.config::<InterceptV1>()?.map(|intercept| intercept.addresses).unwrap_or_default();
        if json {
            writeln!(out, "{}", to_json(&service, &permissions, &addresses))?;
        } else {
            let (may, addresses) = (permissions.join(","), addresses.join(", "));
            writeln!(out, "{:<22} {:<24} {may:<10} {addresses}", service.id(), service.name())?;
        }
    }
    Ok(out.flush()?)
}

fn to_json(service: &Service<'_>, permissions: &[&str], addresses: &[String]) -> serde_json::Value {
    serde_json::json!({
        "id": service.id(),
        "name": service.name(),
        "permissions": permissions,
        "intercepts": addresses,
    })
}
