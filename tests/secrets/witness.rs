//! Who remembers all that the library shows.

use std::error::Error as _;
use std::fmt::Debug;
use std::sync::{Mutex, Once};

use ziti_edge_client::Error;

use crate::canaries::Canaries;

/// Lines of the library itself begin with one of these.
const OWN_TARGETS: &str = "ziti_edge_client";

/// A line that was logged.
#[derive(Clone)]
struct Line {
    target: String,
    text: String,
}

static LOGGED: Mutex<Vec<Line>> = Mutex::new(Vec::new());

struct Logger;

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        // Also what a logger could read from a record besides its text.
        let text = format!("{} {:?} {:?}", record.args(), record.module_path(), record.file());
        LOGGED.lock().unwrap().push(Line { target: record.target().to_owned(), text });
    }

    fn flush(&self) {}
}

/// Remembers what is logged by everybody at every level, and what it is shown.
#[derive(Default)]
pub(crate) struct Witness {
    shown: Vec<(String, String)>,
}

impl Witness {
    pub(crate) fn new() -> Self {
        static LOGGER: Once = Once::new();
        LOGGER.call_once(|| {
            log::set_logger(&Logger).expect("no other logger in this program");
            log::set_max_level(log::LevelFilter::Trace);
        });
        Self::default()
    }

    /// Remembers what a value shows of itself.
    pub(crate) fn see(&mut self, name: &str, value: &impl Debug) {
        self.shown.push((name.to_owned(), format!("{value:?}\n{value:#?}")));
    }

    /// Remembers an error with all that belongs to it, and gives it back.
    pub(crate) fn fail<T: Debug>(&mut self, name: &str, outcome: Result<T, Error>) -> Error {
        let error = outcome.expect_err(name);
        let mut text = format!("{error}\n{error:?}\n{error:#?}\n{:?}\n", error.answer());
        let mut source = error.source();
        while let Some(inner) = source {
            text.push_str(&format!("{inner}\n{inner:?}\n"));
            source = inner.source();
        }
        self.shown.push((format!("error of: {name}"), text));
        error
    }

    /// How many lines of the library and of others there were.
    pub(crate) fn lines(&self) -> (usize, usize) {
        let logged = LOGGED.lock().unwrap();
        let own = logged.iter().filter(|line| is_own(line)).count();
        (own, logged.len() - own)
    }

    /// All places in which a secret shows.
    pub(crate) fn leaks(&self, canaries: &Canaries) -> Vec<String> {
        let logged = LOGGED.lock().unwrap().clone();
        let own: Vec<&Line> = logged.iter().filter(|line| is_own(line)).collect();
        let mut leaks = Vec::new();
        for (name, text) in &self.shown {
            leaks.extend(canaries.found_in(text).iter().map(|found| format!("{name} shows {found}:\n{text}")));
        }
        let all: String = own.iter().map(|line| format!("{}\n", line.text)).collect();
        for found in canaries.found_in(&all) {
            let line = own.iter().find(|line| canaries.found_in(&line.text).contains(&found));
            let line = line.map_or("several lines", |line| line.text.as_str());
            leaks.push(format!("a log line shows {found}: {line}"));
        }
        leaks
    }
}

fn is_own(line: &Line) -> bool {
    line.target == OWN_TARGETS || line.target.starts_with(&format!("{OWN_TARGETS}::"))
}
