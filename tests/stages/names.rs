//! Names that are never resolved: a shim before the system's resolver, and what the tests tell it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder in which the shim and the tests leave notes for each other.
pub(crate) const NOTES: &str = "STALLED_NAMES";

/// A name that the shim holds back.
pub(crate) struct HeldName {
    pub(crate) name: String,
    notes: PathBuf,
}

impl HeldName {
    /// A name of this label. `notes` is the folder that the process which looks it up has in its environment.
    pub(crate) fn new(label: &str, notes: &Path) -> Self {
        Self { name: format!("{label}.stall.test"), notes: notes.to_owned() }
    }

    fn note(&self, what: &str) -> PathBuf {
        self.notes.join(format!("{}.{what}", self.name))
    }

    /// True once the shim holds a look-up back.
    pub(crate) fn is_asked(&self) -> bool {
        self.note("asked").exists()
    }

    /// Lets the name be this machine.
    pub(crate) fn release(&self) {
        std::fs::write(self.note("go"), "").unwrap();
    }
}

/// Compiles the shim into `folder`. Gives the library to preload.
pub(crate) fn compile_shim(folder: &Path) -> PathBuf {
    let library = folder.join("preload.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c/preload.c");
    let mut command = Command::new("cc");
    command.args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-shared", "-fPIC"]);
    let output = command.arg(source).arg("-o").arg(&library).arg("-ldl").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    library
}
