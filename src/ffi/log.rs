//! Log lines for C: the only setting of the whole process.

use std::ffi::{c_char, c_void};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use log::{LevelFilter, Log, Metadata, Record};

use super::error::zec_error;
use super::guard::guard;
use super::strings::c_string;
use crate::error::Error;

/// Takes one log line: `level` from 1 (errors) to 5 (all there is), `target` the part of the library that wrote it.
/// Runs on the thread of the call that logs, possibly on several threads at once. It must not use the clients whose
/// calls it logs.
pub type zec_log_callback =
    Option<unsafe extern "C" fn(level: i32, target: *const c_char, message: *const c_char, userdata: *mut c_void)>;

/// Only lines of this library pass: others in the same binary may print what must not be seen.
const OURS: &str = "ziti_edge_client";

/// Where log lines go.
struct Sink {
    level: LevelFilter,
    callback: unsafe extern "C" fn(i32, *const c_char, *const c_char, *mut c_void),
    userdata: *mut c_void,
}

// SAFETY: the library only passes userdata on; the callback may run on any thread (header, "Threads").
unsafe impl Send for Sink {}
// SAFETY: the callback may run on several threads at once (header, "Threads").
unsafe impl Sync for Sink {}

/// The sink of this process; none is silence.
static LOGGER: Logger = Logger { sink: RwLock::new(None) };

struct Logger {
    sink: RwLock<Option<Arc<Sink>>>,
}

impl Logger {
    /// The sink, if it wants the line. No lock is held any more: a callback may replace itself.
    fn sink(&self, metadata: &Metadata<'_>) -> Option<Arc<Sink>> {
        let module = metadata.target().split("::").next();
        let sink = self.sink.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        (module == Some(OURS) && metadata.level() <= sink.level).then_some(sink)
    }

    /// Replaces the sink. `then` learns the level that is wanted from now on, before another thread can change it.
    fn replace(&self, sink: Option<Sink>, then: impl FnOnce(LevelFilter)) {
        let mut current = self.sink.write().unwrap_or_else(PoisonError::into_inner);
        then(sink.as_ref().map_or(LevelFilter::Off, |sink| sink.level));
        *current = sink.map(Arc::new);
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.sink(metadata).is_some()
    }

    fn log(&self, record: &Record<'_>) {
        let Some(sink) = self.sink(record.metadata()) else { return };
        let target = c_string(record.target());
        let message = c_string(&record.args().to_string());
        // SAFETY: the caller gave callback and userdata for each other (header, "Threads"); the texts outlive the call.
        unsafe { (sink.callback)(record.level() as i32, target.as_ptr(), message.as_ptr(), sink.userdata) };
    }

    fn flush(&self) {}
}

/// Makes our logger the process's, once. False if another one was there before.
fn install() -> bool {
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    *INSTALLED.get_or_init(|| log::set_logger(&LOGGER).is_ok())
}

fn level_filter(level: i32) -> Result<LevelFilter, Error> {
    let levels = [
        LevelFilter::Off,
        LevelFilter::Error,
        LevelFilter::Warn,
        LevelFilter::Info,
        LevelFilter::Debug,
        LevelFilter::Trace,
    ];
    let known = usize::try_from(level).ok().and_then(|level| levels.get(level).copied());
    known.ok_or_else(|| Error::InvalidArgument(format!("argument level is {level}; expected 0 (nothing) to 5 (all)")))
}

fn set_log(level: i32, callback: zec_log_callback, userdata: *mut c_void) -> Result<(), Error> {
    let level = level_filter(level)?;
    let sink = callback.map(|callback| Sink { level, callback, userdata });
    if install() {
        LOGGER.replace(sink, log::set_max_level);
        return Ok(());
    }
    match sink {
        // Nothing of ours was ever written there.
        None => Ok(()),
        Some(_) => {
            let message = "this process has a Rust logger already, which gets the log lines; set the level there";
            Err(Error::Unsupported(message.into()))
        }
    }
}

/// Sends the library's log lines of the whole process to `callback`, in place of an earlier one; NULL silences it.
/// `level`: 0 nothing, 1 errors, 2 warnings, 3 information, 4 details, 5 all there is. No line holds a secret.
/// An earlier callback may still be running on another thread when this returns: keep its `userdata` until the calls
/// that were running have ended. A callback may call this function. In a process whose Rust code has a logger already,
/// that one gets the lines, and this is ZEC_ERR_UNSUPPORTED.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_set_log(level: i32, callback: zec_log_callback, userdata: *mut c_void) -> Option<Box<zec_error>> {
    guard(|| set_log(level, callback, userdata))
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::ffi::CStr;
    use std::ptr;

    use log::Level;

    use super::*;

    /// A logger that hands its lines to `callback`, with `userdata`.
    fn logger<T>(
        level: LevelFilter,
        callback: unsafe extern "C" fn(i32, *const c_char, *const c_char, *mut c_void),
        userdata: &T,
    ) -> Logger {
        let logger = Logger { sink: RwLock::new(None) };
        logger.replace(Some(Sink { level, callback, userdata: ptr::from_ref(userdata).cast_mut().cast() }), drop);
        logger
    }

    fn write(logger: &Logger, level: Level, target: &str, message: &str) {
        logger.log(&Record::builder().level(level).target(target).args(format_args!("{message}")).build());
    }

    unsafe extern "C" fn collect(level: i32, target: *const c_char, message: *const c_char, userdata: *mut c_void) {
        // SAFETY: both texts are NUL-terminated.
        let (target, message) = unsafe { (CStr::from_ptr(target), CStr::from_ptr(message)) };
        // SAFETY: the tests that use this callback give such a cell.
        let lines = unsafe { &*userdata.cast::<RefCell<Vec<String>>>() };
        lines.borrow_mut().push(format!("{level} {} {}", target.to_str().unwrap(), message.to_str().unwrap()));
    }

    unsafe extern "C" fn silence(_: i32, _: *const c_char, _: *const c_char, userdata: *mut c_void) {
        // SAFETY: the test that uses this callback gives such a cell.
        unsafe { &*(*userdata.cast::<Cell<*const Logger>>()).get() }.replace(None, drop);
    }

    #[test]
    fn only_our_own_lines_pass_and_only_up_to_the_level() {
        let lines = RefCell::new(Vec::<String>::new());
        let logger = logger(LevelFilter::Debug, collect, &lines);
        write(&logger, Level::Debug, "ziti_edge_client::transport", "one");
        write(&logger, Level::Trace, "ziti_edge_client::transport", "too detailed");
        write(&logger, Level::Error, "ureq::run", "of another");
        write(&logger, Level::Error, "ziti_edge_client_of_another", "of another");
        write(&logger, Level::Error, "ziti_edge_client", "a\0b");
        assert_eq!(lines.into_inner(), ["4 ziti_edge_client::transport one", "1 ziti_edge_client a\u{FFFD}b"]);
    }

    #[test]
    fn a_callback_may_replace_itself() {
        let userdata = Cell::new(ptr::null::<Logger>());
        let logger = logger(LevelFilter::Trace, silence, &userdata);
        userdata.set(&logger);
        write(&logger, Level::Error, "ziti_edge_client", "one");
        assert!(logger.sink.read().unwrap().is_none());
    }

    #[test]
    fn the_level_that_is_wanted_follows_the_sink() {
        let lines = RefCell::new(Vec::<String>::new());
        let logger = logger(LevelFilter::Debug, collect, &lines);
        let mut wanted = None;
        logger.replace(None, |level| wanted = Some(level));
        assert_eq!(wanted, Some(LevelFilter::Off));
    }

    #[test]
    fn levels_are_numbers_from_0_to_5() {
        assert_eq!(level_filter(0).unwrap(), LevelFilter::Off);
        assert_eq!(level_filter(5).unwrap(), LevelFilter::Trace);
        for level in [-1, 6, i32::MIN, i32::MAX] {
            assert!(level_filter(level).unwrap_err().to_string().contains(&format!("argument level is {level};")));
        }
    }
}
