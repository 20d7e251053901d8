//! Enrolls, logs in and lists services: `cargo run --example quickstart -- --help` tells how.

mod options;
mod table;

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use options::{Options, Source};
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, EnrollOptions, Enrollment, Identity, Login, Store};
use ziti_edge_testkit::TestController;

fn main() -> ExitCode {
    match options::parse(std::env::args_os().skip(1)).and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("quickstart: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    match &options.source {
        Source::Help => writeln!(std::io::stdout(), "{}", options::USAGE)?,
        Source::Identity(file) => list(options, &Identity::load(file)?)?,
        Source::Token { jwt, identity } => {
            enroll(options, &Enrollment::load(jwt)?, identity)?;
            list(options, &Identity::load(identity)?)?;
        }
        Source::TestController => {
            let controller = TestController::builder().services(5).start()?;
            eprintln!("started a test controller at {}", controller.url());
            let folder = tempfile::tempdir()?;
            let identity = folder.path().join("quickstart.json");
            enroll(options, &Enrollment::parse(&controller.create_identity("quickstart"))?, &identity)?;
            list(options, &Identity::load(&identity)?)?;
        }
    }
    Ok(())
}

fn enroll(options: &Options, enrollment: &Enrollment, identity: &Path) -> Result<(), Box<dyn Error>> {
    eprintln!("enrolling at {}", enrollment.issuer());
    enrollment.enroll(&EnrollOptions::new().store(Store::file(identity)).timeout(options.timeout))?;
    eprintln!("wrote {}", identity.display());
    Ok(())
}

fn list(options: &Options, identity: &Identity) -> Result<(), Box<dyn Error>> {
    let client = Client::builder(identity).timeout(options.timeout).build()?;
    match client.authenticate()? {
        Login::Complete(session) => eprintln!("logged in as {}", session.identity_name.as_deref().unwrap_or("?")),
        Login::Pending(_) => return Err("the login wants a second factor, which this example does not give".into()),
        _ => return Err("the login is in a state that this example does not know".into()),
    }
    let listed = print_services(&client, options.json);
    // Also after an error: the session would otherwise stay until its time is over.
    let ended = client.logout().inspect(|()| eprintln!("logged out"));
    listed.and(ended.map_err(Into::into))
}

fn print_services(client: &Client, json: bool) -> Result<(), Box<dyn Error>> {
    let services = client.services().list(&ServiceQuery::new())?;
    table::print(&services, json, &mut std::io::stdout().lock())?;
    eprintln!("{} services", services.len());
    Ok(())
}
