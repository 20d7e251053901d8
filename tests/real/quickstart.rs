//! A controller of our own: `ziti edge quickstart` on loopback, in a temporary folder.

use std::env;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::admin::Admin;
use crate::target;

/// It makes half a dozen RSA keys first, which alone takes a minute where the machine has other work.
const START_LIMIT: Duration = Duration::from_secs(240);
const STOP_LIMIT: Duration = Duration::from_secs(10);
pub(crate) const PAUSE: Duration = Duration::from_millis(100);
pub(crate) const LOOPBACK: &str = "127.0.0.1";
pub(crate) const ADMIN: &str = "admin";

/// A running controller. It is ended, and its folder removed, when this is dropped.
pub(crate) struct Quickstart {
    process: Child,
    folder: TempDir,
    program: PathBuf,
}

impl Quickstart {
    /// Starts the program and waits until its administrator can log in, and until its edge router is online if it has
    /// one. It is up a good while before that.
    pub(crate) fn start(program: &Path, with_router: bool) -> Result<(Self, Admin), String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let port = free_port()?;
        let mut command = command(program, folder.path(), port, free_port()?)?;
        if !with_router {
            command.arg("--no-router");
        }
        let process = command.spawn().map_err(|error| error.to_string())?;
        let mut controller = Self { process, folder, program: program.to_owned() };
        let url = format!("https://{LOOPBACK}:{port}");
        let admin = controller.wait_for(|controller| controller.log_in(&url))?;
        if with_router {
            controller.wait_for(|_| router_is_online(&admin))?;
        }
        Ok((controller, admin))
    }

    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    fn wait_for<T>(&mut self, attempt: impl Fn(&Self) -> Result<T, String>) -> Result<T, String> {
        let start = Instant::now();
        loop {
            let problem = match attempt(self) {
                Ok(done) => return Ok(done),
                Err(problem) => problem,
            };
            if let Ok(Some(status)) = self.process.try_wait() {
                return Err(format!("the controller ended: {status}\n{}", last_lines(&log_of(self.folder.path()))));
            }
            if start.elapsed() > START_LIMIT {
                let limit = START_LIMIT.as_secs();
                return Err(format!("not up after {limit} s: {problem}\n{}", last_lines(&log_of(self.folder.path()))));
            }
            thread::sleep(PAUSE);
        }
    }

    fn log_in(&self, url: &str) -> Result<Admin, String> {
        let roots = self.folder.path().join("pki/root-ca/certs/root-ca.cert");
        let roots = fs::read_to_string(roots).map_err(|error| format!("the root CA: {error}"))?;
        Admin::log_in(url, ADMIN, ADMIN, &target::certificates(&roots))
    }

    /// Asks the program to end, as Ctrl-C would.
    #[cfg(unix)]
    fn interrupt(&self) {
        let id = self.process.id().try_into().ok().and_then(rustix::process::Pid::from_raw);
        if let Some(id) = id {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::INT);
        }
    }

    #[cfg(not(unix))]
    fn interrupt(&mut self) {
        let _ = self.process.kill();
    }
}

impl Drop for Quickstart {
    fn drop(&mut self) {
        self.interrupt();
        let start = Instant::now();
        while start.elapsed() < STOP_LIMIT {
            if !matches!(self.process.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(PAUSE);
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A router that has just enrolled is online before it says where it listens.
fn router_is_online(admin: &Admin) -> Result<(), String> {
    let routers = admin.find("edge-routers").unwrap_or_default();
    let is_ready = |router: &Value| router["isOnline"] == true && router["supportedProtocols"]["tls"].is_string();
    match routers.as_array().into_iter().flatten().any(is_ready) {
        true => Ok(()),
        false => Err("the edge router is not online".to_owned()),
    }
}

fn command(program: &Path, folder: &Path, port: u16, router_port: u16) -> Result<Command, String> {
    let log = File::create(log_of(folder)).map_err(|error| error.to_string())?;
    let errors = log.try_clone().map_err(|error| error.to_string())?;
    let mut command = scrubbed(program);
    command
        .args(["edge", "quickstart", "--home"])
        .arg(folder)
        .args(["--ctrl-address", LOOPBACK, "--ctrl-port", &port.to_string()])
        .args(["--router-address", LOOPBACK, "--router-port", &router_port.to_string()])
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors);
    on_loopback(&mut command, folder);
    Ok(command)
}

/// Lets the program listen on loopback only, and leave nothing outside of the folder, where its sockets are as well.
pub(crate) fn on_loopback(command: &mut Command, folder: &Path) {
    command
        .env("TMPDIR", folder)
        .env("ZITI_CONFIG_DIR", folder)
        .env("ZITI_CTRL_BIND_ADDRESS", LOOPBACK)
        .env("ZITI_CTRL_EDGE_BIND_ADDRESS", LOOPBACK);
}

/// The program, without the settings for it that the tests' own environment may hold.
pub(crate) fn scrubbed(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ZITI_")) {
        command.env_remove(name);
    }
    command
}

/// The end of what a program printed.
pub(crate) fn last_lines(log: &Path) -> String {
    let log = fs::read(log).unwrap_or_default();
    let log = String::from_utf8_lossy(&log);
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

fn log_of(folder: &Path) -> PathBuf {
    folder.join("quickstart.log")
}

/// A port that nobody listens on. Below 32768, because older programs read ports as signed 16-bit numbers, and
/// outgoing connections do not take those.
pub(crate) fn free_port() -> Result<u16, String> {
    const FIRST: u16 = 12_000;
    const COUNT: u16 = 20_000;
    static TRIED: AtomicU16 = AtomicU16::new(0);
    let start = process::id().wrapping_mul(101);
    for _ in 0..COUNT {
        let step = u32::from(TRIED.fetch_add(1, Ordering::Relaxed));
        let offset = start.wrapping_add(step) % u32::from(COUNT);
        let port = FIRST + u16::try_from(offset).expect("less than COUNT");
        if TcpListener::bind((LOOPBACK, port)).is_ok() {
            return Ok(port);
        }
    }
    Err("no free port on loopback".to_owned())
}
