//! Services made out of a recorded page: as long and as varied as real ones.

use std::path::Path;
use std::{fs, io};

use serde_json::Value;

use crate::random;
use crate::services::{Permission, Policy, ServiceSpec};

/// So many services; from the second round through the page on with ids and names of their own.
pub(crate) fn services(page: &Path, count: usize) -> io::Result<Vec<ServiceSpec>> {
    let named = |error: String| io::Error::other(format!("recorded page {}: {error}", page.display()));
    let text = fs::read_to_string(page).map_err(|error| named(error.to_string()))?;
    let body: Value = serde_json::from_str(&text).map_err(|error| named(error.to_string()))?;
    let rows = body["data"].as_array().filter(|rows| !rows.is_empty()).ok_or_else(|| named("no services".into()))?;
    Ok((0..count).map(|number| service(&rows[number % rows.len()], number, number / rows.len())).collect())
}

fn service(row: &Value, number: usize, round: usize) -> ServiceSpec {
    let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let (name, id) = (text("name"), text("id"));
    let (name, id) = match round {
        0 => (name, id),
        // The recorded names end with five digits of their own; these are as long and never met there.
        _ => {
            let stem = name.char_indices().nth_back(4).map_or("", |(at, _)| &name[..at]);
            (format!("{stem}x{number:04}"), random::long_id(&format!("{id} {round}")))
        }
    };
    let configs = row["config"].as_object().into_iter().flatten();
    let attributes = row["roleAttributes"].as_array().into_iter().flatten().filter_map(Value::as_str);
    ServiceSpec {
        name,
        id: Some(id),
        configs: configs.map(|(config_type, config)| (config_type.clone(), config.clone())).collect(),
        policies: row["postureQueries"].as_array().into_iter().flatten().map(policy).collect(),
        role_attributes: attributes.map(str::to_owned).collect(),
        tags: row["tags"].clone(),
        encryption_required: row["encryptionRequired"] == true,
        ..ServiceSpec::default()
    }
}

fn policy(set: &Value) -> Policy {
    let permission = if set["policyType"] == "Bind" { Permission::Bind } else { Permission::Dial };
    let posture_queries = set["postureQueries"].as_array().cloned().unwrap_or_default();
    Policy { posture_queries, ..Policy::everybody(permission) }
}
