//! One node of a cluster: its process, which is ended and begun again.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use crate::quickstart::last_lines;

/// A node. Its process is killed when this is dropped.
pub(super) struct Node {
    port: u16,
    log: PathBuf,
    process: Child,
    state: State,
    /// What runs it again with what it knew.
    again: Command,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    Silent,
    Dead,
}

impl Node {
    pub(super) fn start(port: u16, log: PathBuf, mut command: Command, again: Command) -> Result<Self, String> {
        let process = spawn(&mut command, &log)?;
        Ok(Self { port, log, process, state: State::Running, again })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn is_running(&self) -> bool {
        self.state == State::Running
    }

    /// How it ended, if nobody ended it.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        if self.state == State::Dead {
            return None;
        }
        self.process.try_wait().ok().flatten()
    }

    pub(super) fn last_words(&self) -> String {
        last_lines(&self.log)
    }

    pub(super) fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        self.state = State::Dead;
    }

    pub(super) fn silence(&mut self) {
        self.signal(Signal::Stop);
        self.state = State::Silent;
    }

    /// Makes it run, whatever became of it.
    pub(super) fn revive(&mut self) -> Result<(), String> {
        match self.state {
            State::Running => {}
            State::Silent => self.signal(Signal::Continue),
            State::Dead => self.process = spawn(&mut self.again, &self.log)?,
        }
        self.state = State::Running;
        Ok(())
    }

    #[cfg(unix)]
    fn signal(&self, signal: Signal) {
        use rustix::process;
        let signal = match signal {
            Signal::Stop => process::Signal::STOP,
            Signal::Continue => process::Signal::CONT,
        };
        let id = self.process.id().try_into().ok().and_then(process::Pid::from_raw).expect("a process has an id");
        process::kill_process(id, signal).expect("the process is our own");
    }

    #[cfg(not(unix))]
    fn signal(&self, _: Signal) {
        unreachable!("clusters are only started where processes can be stopped");
    }
}

enum Signal {
    Stop,
    Continue,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(command: &mut Command, log: &Path) -> Result<Child, String> {
    let output = File::options().create(true).append(true).open(log).map_err(|error| error.to_string())?;
    let errors = output.try_clone().map_err(|error| error.to_string())?;
    command.stdin(Stdio::null()).stdout(output).stderr(errors).spawn().map_err(|error| error.to_string())
}
