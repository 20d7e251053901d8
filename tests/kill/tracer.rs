//! The tracer, compiled and at hand.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::job::Job;

const NOT_PERMITTED: i32 = 77;
const MISTAKE: i32 = 78;
/// What a shell says of a program that SIGKILL ended.
pub(crate) const KILLED: i32 = 137;

/// What happens to the job.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mode {
    /// Nothing, its steps are only told.
    Count,
    /// It is killed just before this step.
    Kill(usize),
    /// It is killed when half of what this step writes was written.
    Torn(usize),
    /// This step fails with this error.
    Fail(usize, i32),
}

/// One system call that touched the folder; a number of 0 means one on a socket.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) number: usize,
    pub(crate) call: String,
    pub(crate) path: PathBuf,
    /// The second path of a rename.
    pub(crate) to: PathBuf,
}

/// What became of a job.
#[derive(Debug)]
pub(crate) struct Traced {
    pub(crate) code: i32,
    pub(crate) log: Vec<Step>,
    pub(crate) said: String,
}

impl Traced {
    /// The steps without what happened on sockets.
    pub(crate) fn steps(&self) -> impl Iterator<Item = &Step> {
        self.log.iter().filter(|step| step.number > 0)
    }
}

/// A compiled tracer.
pub(crate) struct Tracer {
    folder: TempDir,
}

impl Tracer {
    /// Compiles the tracer and tries it; the error says why jobs cannot be traced here.
    pub(crate) fn build() -> Result<Self, String> {
        let tracer = Self { folder: tempfile::tempdir().expect("a folder for a program") };
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c/tracer.c");
        let compiler = std::env::var_os("CC").unwrap_or("cc".into());
        let mut command = Command::new(compiler);
        command.args(["-std=c11", "-Wall", "-Wextra", "-O1", "-o"]).arg(tracer.program()).arg(source);
        let compiled = command.output().map_err(|_| "needs a C compiler".to_owned())?;
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));

        let (place, log) = (tracer.folder.path(), tracer.folder.path().join("trial.log"));
        let mut trial = Command::new(tracer.program());
        trial.arg(log).arg(place).args(["fail", "1", "28", "/bin/sh", "-c", ": > \"$0\""]).arg(place.join("new"));
        let tried = trial.output().expect("a program that was compiled a moment ago");
        match tried.status.code() {
            Some(NOT_PERMITTED) => Err("needs ptrace".to_owned()),
            _ if place.join("new").exists() => panic!("the tracer does not do what it should: {tried:?}"),
            _ => Ok(tracer),
        }
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("tracer")
    }

    /// Does a job on files in `folder`.
    pub(crate) fn run(&self, mode: Mode, folder: &Path, job: &Job<'_>) -> Traced {
        let log = tempfile::NamedTempFile::new_in(self.folder.path()).expect("a file for the log");
        let (word, step, error) = match mode {
            Mode::Count => ("count", 0, 0),
            Mode::Kill(step) => ("kill", step, 0),
            Mode::Torn(step) => ("torn", step, 0),
            Mode::Fail(step, error) => ("fail", step, error),
        };
        let mut command = Command::new(self.program());
        command.arg(log.path()).arg(folder).args([word, &step.to_string(), &error.to_string()]);
        let output = command.args(job.command_line()).output().expect("the tracer runs");
        let code = output.status.code().expect("the tracer itself is not killed");
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(code != MISTAKE && code != NOT_PERMITTED, "{said}");
        let text = fs::read_to_string(log.path()).expect("the tracer writes a log");
        Traced { code, log: text.lines().map(read_step).collect(), said: said.trim().to_owned() }
    }
}

fn read_step(line: &str) -> Step {
    let mut parts = line.split('\t');
    let mut next = || parts.next().expect("four parts in every line of the log");
    Step { number: next().parse().expect("a number"), call: next().to_owned(), path: next().into(), to: next().into() }
}

/// Each step with an error for it to fail with; every third one is the same.
pub(crate) fn failures(whole: &Traced) -> impl Iterator<Item = (usize, i32)> {
    let errors = [libc::ENOSPC, libc::EROFS, libc::EIO];
    let count = whole.steps().count();
    (1..=count).zip(errors.into_iter().cycle())
}
