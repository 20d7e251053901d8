//! The work that is killed.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, EnrollOptions, Enrollment, Error, Event, Identity, LoginFlow, Secret, Store};

use crate::candidate;

/// The first argument of a program that is to do a job instead of testing.
const WORD: &str = "--job";

/// A job with its files.
pub(crate) enum Job<'a> {
    /// Redeems the token in the first file into the second.
    Enroll(&'a Path, &'a Path),
    /// Enrolls by what is in the first file into the second.
    EnrollBy(&'a Path, &'a Path),
    /// Loads the first file and saves it as the second.
    Save(&'a Path, &'a Path),
    /// Renews the certificate of the first file, with a new key. The second is the folder it lies in.
    Renew(&'a Path, &'a Path),
    /// Logs in over OIDC by the first file, and has the login refreshed twice, while each session is kept in the second.
    StayLoggedIn(&'a Path, &'a Path),
    /// Loads a file, says so, and saves it when it is told to; with another controller, if one is given.
    Hold(&'a Path, &'a str),
    /// Makes a client of a file, which trusts the system's roots, too, if the second is [`SYSTEM`]. Then it does what it
    /// is told to, word by word, and says what came of it.
    Serve(&'a Path, &'a str),
}

/// That the system's roots are trusted.
pub(crate) const SYSTEM: &str = "system";

impl Job<'_> {
    /// Program and arguments that do it.
    pub(crate) fn command_line(&self) -> Vec<OsString> {
        let (name, from, to) = match self {
            Job::Enroll(token, target) => ("enroll", token, target),
            Job::EnrollBy(brings, target) => ("enroll-by", brings, target),
            Job::Save(source, target) => ("save", source, target),
            Job::Renew(file, folder) => ("renew", file, folder),
            Job::StayLoggedIn(identity, session) => ("stay-logged-in", identity, session),
            Job::Hold(file, address) => ("hold", file, &Path::new(address)),
            Job::Serve(file, roots) => ("serve", file, &Path::new(roots)),
        };
        let program = env::current_exe().expect("a running program has a file");
        vec![program.into(), WORD.into(), name.into(), from.into(), to.into()]
    }

    /// The same as a process that was not started yet.
    pub(crate) fn command(&self) -> Command {
        let mut line = self.command_line().into_iter();
        let mut command = Command::new(line.next().expect("there is a program"));
        command.args(line);
        command
    }
}

/// Does the job if this process was started for one. An error goes to stdout, as text.
pub(crate) fn run_if_asked() -> Option<ExitCode> {
    let arguments: Vec<OsString> = env::args_os().collect();
    let [_, word, name, from, to] = arguments.as_slice() else { return None };
    if word != WORD {
        return None;
    }
    // Files with a key must be their owner's alone whatever the process would allow.
    rustix::process::umask(rustix::fs::Mode::empty());
    let done = match name.to_str() {
        Some("enroll") => enroll(&fs::read_to_string(from).expect("a token"), Path::new(to)).map(drop),
        Some("enroll-by") => enroll_by(&fs::read(from).expect("what is brought"), Path::new(to)).map(drop),
        Some("renew") => renew(Path::new(from)).map(drop),
        Some("stay-logged-in") => stay_logged_in(Path::new(from), to.into()),
        Some("serve") => serve(Path::new(from), to == SYSTEM),
        Some("hold") => hold(Path::new(from), to.to_str().expect("an address")),
        _ => Identity::load(from).and_then(|identity| identity.save(to)),
    };
    Some(match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    })
}

/// Redeems a token into a file.
pub(crate) fn enroll(jwt: &str, target: &Path) -> Result<Identity, Error> {
    Enrollment::parse(jwt)?.enroll(&EnrollOptions::new().store(Store::file(target)))
}

fn enroll_by(brings: &[u8], target: &Path) -> Result<Identity, Error> {
    let (enrollment, options) = candidate::enrollment(&serde_json::from_slice(brings).expect("JSON"));
    enrollment.enroll(&options.store(Store::file(target)))
}

/// Goes on with an enrollment into a file.
pub(crate) fn resume(jwt: &str, target: &Path) -> Result<Identity, Error> {
    Enrollment::parse(jwt)?.resume(&EnrollOptions::new().store(Store::file(target)))
}

/// Renews the certificate in a file, with a new key.
pub(crate) fn renew(path: &Path) -> Result<Event, Error> {
    Client::builder(&Identity::load(path)?).always_renew_key(true).build()?.renew()
}

fn hold(path: &Path, address: &str) -> Result<(), Error> {
    let mut identity = Identity::load(path)?;
    if !address.is_empty() {
        identity = identity.with_controllers(&[address])?;
    }
    println!("loaded");
    io::stdin().read_line(&mut String::new()).expect("a word on stdin");
    identity.save(path)
}

fn stay_logged_in(identity: &Path, session: PathBuf) -> Result<(), Error> {
    let passed = Arc::new(AtomicU64::new(0));
    let minutes = Arc::clone(&passed);
    let keep = move |text: Option<&Secret>, _| {
        let (new, text) = (session.with_extension("new"), text.map(Secret::expose).unwrap_or_default());
        fs::write(&new, text).and_then(|()| fs::rename(&new, &session)).map_err(|error| error.to_string())
    };
    let builder = Client::builder(&Identity::load(identity)?).login_flow(LoginFlow::Oidc).on_session_change(keep);
    let client = builder.clock(move || {
        let passed = Duration::from_secs(60 * minutes.load(Ordering::Relaxed));
        (Instant::now() + passed, SystemTime::now() + passed)
    });
    let client = client.build()?;
    for _ in 0..3 {
        client.services().list(&ServiceQuery::new())?;
        passed.fetch_add(25, Ordering::Relaxed);
    }
    Ok(())
}

fn serve(path: &Path, by_system: bool) -> Result<(), Error> {
    let client = Client::builder(&Identity::load(path)?).trust_system_roots(by_system).build()?;
    for word in io::stdin().lines() {
        let outcome = match word.expect("a word on stdin").as_str() {
            "list" => client.services().list(&ServiceQuery::new()).map(|services| services.len().to_string()),
            "renew" => client.renew().map(|event| event.kind.as_str().to_owned()),
            _ => Ok(client.maintain().events.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ")),
        };
        println!("{}", outcome.unwrap_or_else(|error| error.to_string()));
    }
    Ok(())
}
