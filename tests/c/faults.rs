//! The cells of the matrix as tests of C programs.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};
use std::sync::{Arc, LazyLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use libtest_mimic::{Arguments, Trial};
use tempfile::TempDir;
use ziti_edge_client::Stage;
use ziti_edge_testkit::{Operation, TestController};

use crate::programs::{Linking, command, compile, has, valgrind};
use crate::stages::cells::{Cell, Hang, Kind, cells};
use crate::stages::names;
use crate::stages::scene::{SETTLE, Scene};

/// The stages in which the programs can hang. Only a login with a great many config types is long enough to hang in
/// `send`, and these programs ask for none.
const STAGES: [Stage; 6] = [Stage::Resolve, Stage::Connect, Stage::Proxy, Stage::Tls, Stage::Wait, Stage::Body];

const LATE: Duration = Duration::from_millis(250);
const AT_ONCE: Duration = Duration::from_millis(100);
const ENOUGH: Duration = Duration::from_secs(60);
/// A call that valgrind slows down has surely come to the handshake by then.
const UNDER_VALGRIND: Duration = Duration::from_secs(10);
/// From the moment at which a fault strikes until a slow client has surely noticed.
const SETTLE_UNDER_VALGRIND: Duration = Duration::from_secs(2);

/// Most of the time these tests wait: that many at once, for each processor.
const AT_ONCE_PER_PROCESSOR: usize = 4;

/// How a call that hangs is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Deadline,
    Cancel,
}

impl By {
    /// The code of the error: ZEC_ERR_TIMEOUT or ZEC_ERR_CANCELED, unless the token may be spent.
    fn code(self, cell: &Cell) -> &'static str {
        match self {
            _ if cell.token_may_be_spent() => "11",
            Self::Deadline => "7",
            Self::Cancel => "8",
        }
    }
}

/// What is compiled once for all tests.
struct Programs {
    stall: PathBuf,
    cancel: PathBuf,
    shim: PathBuf,
    _folder: TempDir,
}

impl Programs {
    fn compile() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = |name: &str| compile(&format!("tests/c/{name}.c"), "c99", Linking::Shared, folder.path());
        let (stall, cancel) = (program("stall"), program("cancel"));
        Self { stall, cancel, shim: names::compile_shim(folder.path()), _folder: folder }
    }
}

pub(crate) fn run() -> ExitCode {
    let mut arguments = Arguments::from_args();
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    arguments.test_threads.get_or_insert(AT_ONCE_PER_PROCESSOR * processors);
    let programs: Arc<LazyLock<Programs>> = Arc::new(LazyLock::new(Programs::compile));
    let mut trials = Vec::new();
    for by in [By::Deadline, By::Cancel] {
        for cell in STAGES.into_iter().flat_map(cells) {
            let programs = programs.clone();
            trials.push(Trial::test(format!("{by:?}: {cell}"), move || {
                play(&programs, &cell, by, false);
                Ok(())
            }));
        }
    }
    trials.extend(valgrind_trials(&programs));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A list that is canceled in each stage, and the calls that have most to clean up; reported as ignored where there is
/// no valgrind.
fn valgrind_trials(programs: &Arc<LazyLock<Programs>>) -> Vec<Trial> {
    const NONE: &str = "needs valgrind";
    let is_here = has("valgrind");
    let last_of = |kind, stage| cells(stage).into_iter().rfind(|cell| cell.kind == kind).expect("a cell of each kind");
    let canceled = STAGES.map(|stage| (By::Cancel, last_of(Kind::List, stage)));
    let others = [
        (By::Cancel, last_of(Kind::Enroll, Stage::Wait)),
        // A deadline has to leave even a slow machine the time to get there.
        (By::Deadline, last_of(Kind::Enroll, Stage::Tls)),
        (By::Deadline, last_of(Kind::Login, Stage::Tls)),
    ];
    let trial = |(by, cell): (By, Cell)| {
        let programs = programs.clone();
        let trial = Trial::test(format!("valgrind finds nothing, {by:?}: {cell}"), move || {
            play(&programs, &cell, by, true);
            Ok(())
        });
        if is_here { trial } else { trial.with_kind(NONE).with_ignored_flag(true) }
    };
    canceled.into_iter().chain(others).map(trial).collect()
}

/// Plays a cell: the program's call hangs, ends by deadline or cancel, and works afterwards.
fn play(programs: &Programs, cell: &Cell, by: By, slow: bool) {
    let notes = tempfile::tempdir().unwrap();
    let scene = Scene::with(TestController::builder().only_chacha20(slow), cell, Some(notes.path()));
    let program = if by == By::Deadline { &programs.stall } else { &programs.cancel };
    let mut command = if slow { valgrind(program) } else { command(program) };
    if cell.hang == Hang::Name {
        command.env("LD_PRELOAD", &programs.shim).env(names::NOTES, notes.path());
    }
    let limit = match by {
        By::Deadline if slow => UNDER_VALGRIND,
        By::Deadline => cell.deadline(),
        By::Cancel => ENOUGH,
    };
    let mut player = Player::start(command.args(arguments(&scene, cell, limit)));

    let is_reached = scene.is_reached(if slow { SETTLE_UNDER_VALGRIND } else { SETTLE }, || player.is_over());
    if by == By::Cancel {
        player.next_step();
    }
    let (told, said) = player.finish((!cell.token_may_be_spent()).then_some(|| scene.clear()));
    let told: Vec<&str> = told.split_whitespace().collect();
    let [code, stage, problem, took, denied] = told[..] else { panic!("it told {told:?}: {said}") };
    assert!(is_reached, "the call ended without having hung there: {said}");
    assert_eq!(code, by.code(cell), "{said}");
    let [took, denied] = [took, denied].map(|text| Duration::from_millis(text.parse().unwrap()));
    let in_time = match by {
        By::Deadline => took >= limit && took < limit + LATE + denied,
        By::Cancel => took < AT_ONCE + denied,
    };
    assert!(in_time || slow, "took {took:?}, {denied:?} of it without a processor: {said}");
    if cell.token_may_be_spent() {
        assert_eq!((problem, stage), ("maybe_spent", "-"), "{said}");
        assert!(said.contains(&format!("(stage {}", cell.stage)), "{said}");
        assert!(scene.new_identity_file().1.exists(), "the key was not kept");
        assert_eq!(scene.controller.count(Operation::Enroll), 1, "sent again");
    } else {
        assert_eq!((problem, stage), ("-", cell.stage.as_str()), "{said}");
    }
}

/// The arguments of tests/c/stall.c and tests/c/cancel.c.
fn arguments(scene: &Scene, cell: &Cell, limit: Duration) -> [String; 5] {
    let path = |path: PathBuf| path.into_os_string().into_string().unwrap();
    let (input, output) = match cell.kind {
        Kind::Enroll => (scene.token(), path(scene.new_identity_file().0)),
        Kind::Login | Kind::List => (path(scene.identity_file()), "-".to_owned()),
    };
    let proxy = scene.proxy().unwrap_or_else(|| "-".to_owned());
    [cell.kind.name().to_owned(), input, output, proxy, limit.as_millis().to_string()]
}

/// A program that runs, and goes on when it is told to.
struct Player {
    program: Child,
    steps: ChildStdin,
    /// The line in which it tells how the call ended; empty if it ended without.
    told: JoinHandle<String>,
}

impl Player {
    fn start(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut program = command.spawn().unwrap();
        let steps = program.stdin.take().expect("a pipe");
        let output = BufReader::new(program.stdout.take().expect("a pipe"));
        let told = thread::spawn(|| output.lines().next().map_or_else(String::new, Result::unwrap));
        Self { program, steps, told }
    }

    /// True once its call has ended.
    fn is_over(&self) -> bool {
        self.told.is_finished()
    }

    fn next_step(&mut self) {
        // It may have ended, which is told by what it says next.
        let _ = self.steps.write_all(b"\n");
    }

    /// Waits for the end of its call. What hangs is taken away with `clear`, if the call is to be made once more. Gives
    /// how it ended, and what it said on standard error. It has to end well.
    fn finish(mut self, clear: Option<impl FnOnce()>) -> (String, String) {
        let told = self.told.join().unwrap();
        if let Some(clear) = clear {
            clear();
            let _ = self.steps.write_all(b"\n");
        }
        drop(self.steps);
        let output = self.program.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{}: {said}", output.status);
        (told, said)
    }
}
