//! The test controller as a program.

mod arguments;

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use arguments::{Arguments, HELP, Wanted};
use ziti_edge_testkit::TestController;

/// The services of a recorded page, if nobody says how many.
const RECORDED_SERVICES: usize = 500;

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> io::Result<()> {
    if arguments.help {
        return io::stdout().write_all(HELP.as_bytes());
    }
    let controller = start(arguments)?;
    controller.drop_after_requests(arguments.close_after);
    for (operation, fault) in &arguments.faults {
        controller.fault(*operation, fault.clone());
    }
    let mut out = io::stdout();
    writeln!(out, "url {}", controller.url())?;
    out.flush()?;
    for Wanted { name, jwt } in &arguments.identities {
        write_private(jwt, &controller.create_identity(name))
            .map_err(|error| io::Error::other(format!("token file {}: {error}", jwt.display())))?;
        writeln!(out, "identity {name} {}", jwt.display())?;
        out.flush()?;
    }
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

fn start(arguments: &Arguments) -> io::Result<TestController> {
    let mut builder = TestController::builder()
        .version(arguments.version)
        .server_key(arguments.server_key)
        .address(format!("127.0.0.1:{}", arguments.port));
    if let Some(timeout) = arguments.session_timeout {
        builder = builder.session_timeout(timeout);
    }
    if let Some(lifetime) = arguments.access_token_lifetime {
        builder = builder.access_token_lifetime(lifetime);
    }
    builder = match &arguments.recorded {
        Some(page) => builder.recorded_services(page, arguments.services.unwrap_or(RECORDED_SERVICES)),
        None => builder.services(arguments.services.unwrap_or_default()),
    };
    let named = |error| io::Error::new(io::Error::kind(&error), format!("controller: {error}"));
    builder.start().map_err(named)
}

/// Writes a file that nobody else may read.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        options.mode(0o600);
        // A file that was there keeps its mode when it is opened.
        if path.exists() {
            fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        }
    }
    options.open(path)?.write_all(text.as_bytes())
}
