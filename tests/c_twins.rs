//! What Rust can do, C can: each public function of what makes and keeps a login has its twin in the header.
#![cfg(all(feature = "capi", target_os = "linux"))]

#[path = "c/support.rs"]
mod support;

use std::collections::BTreeMap;
use std::fs;

use support::{root, rust_files};

/// Where the functions of these types are written down.
const TYPES: [&str; 8] = [
    "Client",
    "ClientBuilder",
    "JwtSource",
    "ProviderLogin",
    "ProviderToken",
    "DeviceLogin",
    "LoopbackListener",
    "Proxy",
];

/// What C has in another form, and where: each is in the header.
const OTHERWISE: [(&str, &str); 24] = [
    ("ClientBuilder::application", "const char *app_id;"),
    ("ClientBuilder::build", "zec_client_new("),
    ("ClientBuilder::gzip", "uint32_t no_gzip;"),
    ("ClientBuilder::proxy_from_environment", "Or \"environment\""),
    ("ClientBuilder::renew_before", "uint64_t renew_before_ms;"),
    ("ClientBuilder::renewal_key", "uint32_t renewal_key_kind;"),
    ("ClientBuilder::send_environment", "uint32_t no_environment;"),
    ("ClientBuilder::store", "zec_save_callback save;"),
    ("ClientBuilder::timeout", "uint64_t timeout_ms;"),
    ("ClientBuilder::connect_timeout", "uint64_t connect_timeout_ms;"),
    ("Client::new", "zec_client_new("),
    ("Client::builder", "zec_client_options options = ZEC_CLIENT_OPTIONS_INIT;"),
    ("Proxy::parse", "const char *proxy;"),
    ("Proxy::from_environment", "Or \"environment\""),
    ("JwtSource::provider", "zec_jwt_source_provider("),
    ("ProviderLogin::login_url", "zec_provider_login_url("),
    ("DeviceLogin::expires_in", "zec_device_login_expires_in_ms("),
    ("DeviceLogin::interval", "zec_device_login_interval_ms("),
    ("ProviderToken::token", "const char *token;"),
    ("ProviderToken::access_token", "const char *access_token;"),
    ("ProviderToken::id_token", "const char *id_token;"),
    ("ProviderToken::refresh_token", "const char *refresh_token;"),
    ("ProviderToken::subject", "const char *subject;"),
    ("ProviderToken::expires_in", "int64_t expires_in_ms;"),
];

/// The public functions of a type by name, but those that are for tests.
fn functions() -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in rust_files("src") {
        // Resources of the API have a test of their own, and C reads records by their fields.
        if path.starts_with("src/api/") || path.ends_with("ffi.rs") {
            continue;
        }
        let mut owner = None;
        let mut is_hidden = false;
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("impl ") {
                owner = TYPES.into_iter().find(|name| rest.strip_suffix(" {") == Some(*name));
            }
            if line.trim_start().starts_with("#[doc(hidden)]") {
                is_hidden = true;
            } else if let Some(rest) = line.strip_prefix("    pub fn ") {
                let name = rest.split(['(', '<']).next().unwrap();
                found.extend(owner.filter(|_| !is_hidden).map(|owner| format!("{owner}::{name}")));
                is_hidden = false;
            }
        }
    }
    found
}

/// `ProviderLogin` as C spells it.
fn snake(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

#[test]
fn what_rust_can_do_with_logins_c_can_do() {
    let header = fs::read_to_string(root().join("include/ziti_edge_client.h")).unwrap();
    let otherwise = BTreeMap::from(OTHERWISE);
    let functions = functions();
    assert!(functions.len() > 60, "{functions:?}");
    let has_no_twin = |function: &&String| {
        let (owner, name) = function.split_once("::").unwrap();
        let in_header = match otherwise.get(function.as_str()) {
            Some(form) => header.contains(form),
            // An option: a field of the same name.
            None if owner == "ClientBuilder" => {
                [format!(" {name};"), format!("*{name};")].iter().any(|field| header.contains(field.as_str()))
            }
            None => {
                let type_name = snake(owner).replace("loopback_listener", "loopback");
                header.contains(&format!("zec_{type_name}_{name}("))
            }
        };
        !in_header
    };
    let missing: Vec<_> = functions.iter().filter(has_no_twin).collect();
    assert!(missing.is_empty(), "{missing:?} have no twins in C; those of another form are listed in tests/c_twins.rs");
    for function in otherwise.keys() {
        assert!(functions.iter().any(|known| known == function), "there is no {function} any more");
    }
}
