//! The test controller as a program.

mod arguments;

use std::fs::{self, OpenOptions};
use std::io::{self, BufRead, Write};
use std::path::Path;
use std::process::ExitCode;

use arguments::{Arguments, HELP, Wanted};
use serde_json::json;
use ziti_edge_testkit::{ExternalSigner, IdentityOptions, TestController};

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
    let mut signer = None;
    for wanted in &arguments.identities {
        make(&controller, wanted, &mut signer)?;
        writeln!(out, "identity {} {}", wanted.name, wanted.jwt.display())?;
        out.flush()?;
    }
    tell_codes(&controller)
}

/// Makes an identity, and writes its tokens. The first that logs in by an external JWT brings a signer of them.
fn make(controller: &TestController, wanted: &Wanted, signer: &mut Option<String>) -> io::Result<()> {
    let Wanted { name, jwt, password, totp, external_jwt } = wanted;
    let write = |path: &Path, token: &str| {
        write_private(path, token).map_err(|error| io::Error::other(format!("token file {}: {error}", path.display())))
    };
    let (password, external_id) = (password.clone(), external_jwt.is_some().then(|| name.clone()));
    let options = IdentityOptions { name: name.clone(), password, external_id, ..IdentityOptions::default() };
    let made = controller.create_identity_with(options);
    if *totp {
        controller.enroll_mfa(&made.id);
    }
    if let Some(path) = external_jwt {
        let signer = signer.get_or_insert_with(|| controller.add_external_signer(ExternalSigner::named("external")));
        let token = controller.external_token(signer, &json!({ "sub": name }));
        write(path, &token.expect("the signer was added just now"))?;
    }
    write(jwt, &made.jwt)
}

/// Answers what stdin asks for, until it closes.
fn tell_codes(controller: &TestController) -> io::Result<()> {
    let (stdin, mut out) = (io::stdin().lock(), io::stdout());
    for line in stdin.split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        let Some(name) = line.trim_end().strip_prefix("totp ") else { continue };
        let code = controller.identity_id(name).and_then(|id| controller.totp_code(&id));
        writeln!(out, "totp {name} {}", code.as_deref().unwrap_or("none"))?;
        out.flush()?;
    }
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
