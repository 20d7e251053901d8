//! The API, whole: every operation that the API documents list can be called from Rust and from C, is documented, is
//! read from what real controllers answered, and loses no property of its answer on the way into a model.
//!
//! `table.rs` says what the tables beside it hold. Where the environment names a folder with the API documents
//! (`ZITI_SPEC`), the tables themselves are checked; else that test is reported as ignored. That no property is lost is a
//! unit test (`src/api/oracle.rs`), as it asks the models themselves.

mod calls;
#[path = "../c/support.rs"]
mod files;
#[path = "../support/outcome.rs"]
mod outcome;
mod page;
mod recorded;
mod sources;
mod spec;
#[path = "../support/mod.rs"]
mod support;
mod table;

use std::path::Path;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

/// A check of sources and tables; its error is all that is wrong.
type Check = fn() -> Result<(), String>;

const CHECKS: [(&str, Check); 9] = [
    ("the_tables_are_sound", table::the_tables_are_sound),
    ("every_operation_is_a_rust_method", sources::every_operation_is_a_rust_method),
    ("every_operation_is_a_c_function", sources::every_operation_is_a_c_function),
    ("the_heads_of_the_resources_agree_with_the_table", sources::the_heads_of_the_resources_agree_with_the_table),
    ("every_operation_is_read_from_a_recording", recorded::every_operation_is_read_from_a_recording),
    ("what_no_recording_shows_says_so", recorded::what_no_recording_shows_says_so),
    ("every_operation_is_called", calls::every_operation_is_called),
    ("every_parameter_is_sent", calls::every_parameter_is_sent),
    ("the_page_is_the_one_that_the_table_prints", page::the_page_is_the_one_that_the_table_prints),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let checks = CHECKS.map(|(name, test)| trial(name.to_owned(), test));
    let calls = calls::all().map(|call| {
        trial(format!("calls::{}", call.title()), || {
            call.make();
            Ok(())
        })
    });
    let trials = checks.into_iter().chain(calls).chain([documents()]).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial(name: String, test: impl FnOnce() -> Result<(), String> + Send + 'static) -> Trial {
    Trial::test(name, || test().map_err(Failed::from))
}

/// The test that needs the API documents.
fn documents() -> Trial {
    const NAME: &str = "the_tables_say_what_the_documents_say";
    const NEED: &str = "needs ZITI_SPEC";
    match std::env::var_os("ZITI_SPEC") {
        Some(folder) => trial(NAME.to_owned(), move || spec::the_tables_say_what_the_documents_say(Path::new(&folder))),
        None => Trial::test(NAME, || Err(NEED.into())).with_kind(NEED).with_ignored_flag(true),
    }
}
