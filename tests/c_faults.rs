//! Every stage may hang, from C too: no call takes longer than it was given, and each can be canceled.
//!
//! The programs are tests/c/stall.c and tests/c/cancel.c. Here is what they meet, and the judgment.

#[cfg(all(feature = "capi", target_os = "linux"))]
#[path = "c/support.rs"]
mod programs;
#[cfg(all(feature = "capi", target_os = "linux"))]
mod stages;

#[cfg(all(feature = "capi", target_os = "linux"))]
#[path = "c/faults.rs"]
mod faults;

#[cfg(all(feature = "capi", target_os = "linux"))]
fn main() -> std::process::ExitCode {
    faults::run()
}

#[cfg(not(all(feature = "capi", target_os = "linux")))]
fn main() {}
