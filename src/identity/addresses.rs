//! The controllers' addresses in an identity file: `ztAPI`, and `ztAPIs` where there are several.

use super::document::Document;
use crate::error::Error;
use crate::wire::ControllerUrl;

/// More than any cluster has.
pub(crate) const MAX_CONTROLLERS: usize = 100;
/// The path that other readers of the file expect behind an address; no controller has had another one.
const CLIENT_API: &str = "/edge/client/v1";

/// `ztAPI` and then `ztAPIs`, each controller once.
pub(super) fn read(document: &Document) -> Result<Vec<ControllerUrl>, String> {
    let preferred = document.text("ztAPI")?.map(|text| ("ztAPI", text.expose().to_owned()));
    let others = document.texts("ztAPIs")?.into_iter().map(|text| ("ztAPIs", text));
    let mut controllers = Vec::new();
    for (name, address) in preferred.into_iter().chain(others) {
        let url = ControllerUrl::parse(address.trim()).map_err(|error| format!("{name}: {error}"))?;
        if !controllers.contains(&url) {
            controllers.push(url);
        }
        if controllers.len() > MAX_CONTROLLERS {
            return Err(format!("ztAPIs: more than {MAX_CONTROLLERS} controllers"));
        }
    }
    if controllers.is_empty() {
        return Err("has no controller address: ztAPI is missing".to_owned());
    }
    Ok(controllers)
}

/// Writes the addresses as they are, the preferred one first. Some readers want `ztAPI`, and some take `ztAPIs` as the
/// sign of a cluster, so a single one is listed only where there was a list before.
pub(super) fn put(document: &mut Document, addresses: &[String]) {
    if let Some(first) = addresses.first() {
        document.set_text("ztAPI", first);
    }
    if addresses.len() > 1 || document.texts("ztAPIs").is_ok_and(|listed| !listed.is_empty()) {
        document.set_texts("ztAPIs", addresses);
    }
}

/// An address of a caller as other readers of the file want it: with `https://` and a path.
pub(super) fn in_full(address: &str) -> Result<String, Error> {
    let address = address.trim();
    let url = ControllerUrl::parse(address)?;
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let path = rest.find('/').map_or("", |at| rest[at..].trim_end_matches('/'));
    Ok(format!("{}{}", url.origin(), if path.is_empty() { CLIENT_API } else { path }))
}
