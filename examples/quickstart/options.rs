//! The command line of the quickstart.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) const USAGE: &str = "\
usage: quickstart [--jwt FILE] [--identity FILE] [--timeout SECONDS] [--json]

  (nothing)                     start a test controller in this process and enroll at it
  --identity FILE               log in with an identity file
  --jwt FILE --identity FILE    enroll with a token, write the identity file, then log in with it
  --timeout SECONDS             the most time each call may take (default 30)
  --json                        print services as JSON lines instead of a table";

pub(crate) struct Options {
    pub(crate) source: Source,
    pub(crate) timeout: Duration,
    pub(crate) json: bool,
}

pub(crate) enum Source {
    Help,
    TestController,
    Identity(PathBuf),
    Token { jwt: PathBuf, identity: PathBuf },
}

pub(crate) fn parse(mut arguments: impl Iterator<Item = OsString>) -> Result<Options, Box<dyn std::error::Error>> {
    let (mut jwt, mut identity, mut help) = (None, None, false);
    let (mut timeout, mut json) = (Duration::from_secs(30), false);
    while let Some(argument) = arguments.next() {
        let argument = argument.to_string_lossy();
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match &*argument {
            "--jwt" => jwt = Some(PathBuf::from(value()?)),
            "--identity" => identity = Some(PathBuf::from(value()?)),
            "--timeout" => timeout = seconds(&value()?.to_string_lossy())?,
            "--json" => json = true,
            "--help" | "-h" => help = true,
            _ => return Err(format!("unknown argument {argument}; --help tells which there are").into()),
        }
    }
    let source = match (help, jwt, identity) {
        (true, ..) => Source::Help,
        (_, None, None) => Source::TestController,
        (_, None, Some(identity)) => Source::Identity(identity),
        (_, Some(jwt), Some(identity)) => Source::Token { jwt, identity },
        (_, Some(_), None) => return Err("--jwt needs --identity FILE to write the identity to".into()),
    };
    Ok(Options { source, timeout, json })
}

fn seconds(text: &str) -> Result<Duration, String> {
    let bad = || format!("--timeout {text}: expected a number of seconds above 0");
    let seconds: f64 = text.parse().map_err(|_| bad())?;
    Duration::try_from_secs_f64(seconds).ok().filter(|timeout| !timeout.is_zero()).ok_or_else(bad)
}
