//! A process that has a Rust logger already: it gets the log lines, so the C callback cannot.
#![cfg(feature = "capi")]

use std::ffi::{c_char, c_void};
use std::ptr;

use log::{Log, Metadata, Record};
use ziti_edge_client::ffi::{zec_code, zec_error_code, zec_set_log};

struct Application;

impl Log for Application {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, _: &Record<'_>) {}

    fn flush(&self) {}
}

extern "C" fn ignore(_: i32, _: *const c_char, _: *const c_char, _: *mut c_void) {}

#[test]
fn a_logger_of_the_application_is_left_alone() {
    log::set_logger(&Application).unwrap();
    log::set_max_level(log::LevelFilter::Info);
    let error = zec_set_log(5, Some(ignore), ptr::null_mut());
    assert_eq!(zec_error_code(error.as_deref()), zec_code::ZEC_ERR_UNSUPPORTED);
    assert!(zec_set_log(0, None, ptr::null_mut()).is_none());
    assert_eq!(log::max_level(), log::LevelFilter::Info);
}
