//! Tests that need a process of their own: they count what belongs to the process, or preload a library.

use std::path::Path;
use std::process::Command;

use super::names;

const ALONE: &str = "TEST_RUNS_ALONE";

/// Runs the test `name` of this program once more, in a process of its own. False in that process: go on there.
pub(crate) fn run_alone(name: &str) -> bool {
    run(name, |_| ())
}

/// As [`run_alone`], with names that are never resolved. The notes about them are in [`notes`].
pub(crate) fn run_alone_with_held_names(name: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    run(name, |command| {
        command.env("LD_PRELOAD", names::compile_shim(folder.path())).env(names::NOTES, folder.path());
    })
}

fn run(name: &str, prepare: impl FnOnce(&mut Command)) -> bool {
    if std::env::var_os(ALONE).is_some() {
        return false;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture"]).env(ALONE, "1");
    prepare(&mut command);
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{name}, alone: {told}{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("1 passed"), "{name} was not run: {told}");
    true
}

/// The folder with the notes about names that are never resolved, in a process that has them.
pub(crate) fn notes() -> Option<&'static Path> {
    static NOTES: std::sync::LazyLock<Option<std::path::PathBuf>> =
        std::sync::LazyLock::new(|| std::env::var_os(names::NOTES).map(Into::into));
    NOTES.as_deref()
}
