//! Logs in by a password and, where the controller wants one, a TOTP code, and prints the services.
//!
//! ```console
//! $ cargo run --example password_totp IDENTITY.json USERNAME
//! ```
//!
//! Password and code are read from standard input, one line each. The identity needs no certificate.

use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, Credentials, Identity, Login, Secret};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let outcome = match arguments.as_slice() {
        [identity, username] => run(identity, username),
        _ => Err("usage: password_totp IDENTITY.json USERNAME".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("password_totp: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(identity: &str, username: &str) -> Result<(), Box<dyn Error>> {
    let credentials = Credentials::password(username, ask("password")?);
    let client = Client::builder(&Identity::load(identity)?).credentials(credentials).build()?;
    if let Login::Pending(session) = client.authenticate()? {
        let wants_code =
            session.auth_queries.iter().any(|query| matches!(query.type_id.as_deref(), Some("MFA" | "TOTP")));
        if wants_code {
            give_code(&client)?;
        }
    }
    let mut out = io::stdout().lock();
    for service in &client.services().list(&ServiceQuery::new())? {
        writeln!(out, "{}", service.name())?;
    }
    Ok(client.logout()?)
}

/// A code is asked for until one is right or no line is left.
fn give_code(client: &Client) -> Result<(), Box<dyn Error>> {
    loop {
        match client.authenticate_mfa(&ask("code")?) {
            Ok(_) => return Ok(()),
            Err(error @ ziti_edge_client::Error::Api(_)) => eprintln!("password_totp: {error}"),
            Err(error) => return Err(error.into()),
        }
    }
}

fn ask(what: &str) -> Result<Secret, Box<dyn Error>> {
    eprint!("{what}: ");
    let mut line = String::with_capacity(256);
    let read = io::stdin().read_line(&mut line)?;
    let line = Secret::new(line);
    if read == 0 {
        eprintln!();
        return Err(format!("no {what}").into());
    }
    Ok(Secret::new(line.expose().trim_end_matches(['\r', '\n'])))
}
