//! Which controllers the environment names.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ureq::tls::{Certificate, PemItem, parse_pem};

use crate::admin::Admin;
use crate::network::Network;
use crate::quickstart::Quickstart;

/// A controller to test against.
pub(crate) enum Target {
    /// One that is started for the tests.
    Program { path: PathBuf, version: String },
    /// One that runs already.
    Running { url: String, user: String, password: String, roots: Roots },
}

/// Who vouches for a running controller.
pub(crate) enum Roots {
    Network(Vec<Certificate<'static>>),
    System(Vec<Certificate<'static>>),
}

/// The controllers that `ZITI_BIN` and `ZITI_URL` name. A variable that cannot be used is an error: whoever set it
/// wants the tests to run.
pub(crate) fn from_environment() -> Result<Vec<Target>, String> {
    let mut targets = Vec::new();
    for path in env::split_paths(&env::var_os("ZITI_BIN").unwrap_or_default()).filter(|path| *path != Path::new("")) {
        let version = version_of(&path)?;
        targets.push(Target::Program { path, version });
    }
    if let Some(url) = variable("ZITI_URL") {
        let wanted = |name: &str| variable(name).ok_or(format!("ZITI_URL is set, so {name} has to be"));
        let roots = match variable("ZITI_CA") {
            Some(path) => Roots::Network(network_roots(Path::new(&path))?),
            None => Roots::System(system_roots()),
        };
        targets.push(Target::Running { url, user: wanted("ZITI_USER")?, password: wanted("ZITI_PASSWORD")?, roots });
    }
    Ok(targets)
}

impl Target {
    /// What its tests' names begin with.
    pub(crate) fn label(&self) -> &str {
        match self {
            Target::Program { version, .. } => version,
            Target::Running { .. } => "running",
        }
    }

    /// The program that is started for the tests.
    pub(crate) fn program(&self) -> Option<&Path> {
        match self {
            Target::Program { path, .. } => Some(path),
            Target::Running { .. } => None,
        }
    }

    /// True if it is started as the tests want it, with or without an edge router.
    pub(crate) fn is_ours(&self) -> bool {
        self.program().is_some()
    }

    /// Starts the controller if need be, and logs in as its administrator.
    pub(crate) fn open(&self, with_router: bool) -> Result<Network, String> {
        match self {
            Target::Program { path, .. } => {
                let (controller, admin) = Quickstart::start(path, with_router)?;
                Ok(Network::started(controller, admin))
            }
            Target::Running { url, user, password, roots } => {
                let (roots, by_system) = match roots {
                    Roots::Network(roots) => (roots, false),
                    Roots::System(roots) => (roots, true),
                };
                Ok(Network::running(Admin::log_in(url, user, password, roots)?, by_system))
            }
        }
    }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// What `ziti version` prints, such as `v1.6.20`.
fn version_of(program: &Path) -> Result<String, String> {
    let shown = program.display();
    let output =
        Command::new(program).arg("version").output().map_err(|error| format!("ZITI_BIN: {shown}: {error}"))?;
    let printed = String::from_utf8_lossy(&output.stdout);
    match printed.split_whitespace().next() {
        Some(version) if output.status.success() => Ok(version.to_owned()),
        _ => Err(format!("ZITI_BIN: `{shown} version` names no version: {}", output.status)),
    }
}

/// The certificates of a PEM file, or of the CA bundle in an identity file.
fn network_roots(path: &Path) -> Result<Vec<Certificate<'static>>, String> {
    let problem = |what: &str| format!("ZITI_CA: {}: {what}", path.display());
    let text = fs::read_to_string(path).map_err(|error| problem(&error.to_string()))?;
    let pem = match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(identity) => identity["id"]["ca"].as_str().unwrap_or_default().trim_start_matches("pem:").to_owned(),
        Err(_) => text,
    };
    let roots = certificates(&pem);
    if roots.is_empty() { Err(problem("no PEM certificate")) } else { Ok(roots) }
}

/// The certificates in a PEM text.
pub(crate) fn certificates(pem: &str) -> Vec<Certificate<'static>> {
    let certificate = |item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    };
    parse_pem(pem.as_bytes()).filter_map(certificate).collect()
}

fn system_roots() -> Vec<Certificate<'static>> {
    let found = rustls_native_certs::load_native_certs().certs;
    found.iter().map(|der| Certificate::from_der(der).to_owned()).collect()
}
