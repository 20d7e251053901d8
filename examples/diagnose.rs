//! Says which step on the way from an identity file to a login fails, and why.
//!
//! `cargo run --example diagnose -- identity.json`

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use ziti_edge_client::{Client, Identity};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("which identity? usage: diagnose IDENTITY.json")?;
    let identity = Identity::load(path)?;
    let client = Client::builder(&identity).timeout(Duration::from_secs(60)).proxy_from_environment()?.build()?;
    let diagnosis = client.diagnose();
    print!("{diagnosis}");
    Ok(if diagnosis.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
