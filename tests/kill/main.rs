//! What is on disk after `kill -9`, and after a disk that fails, in the middle of an enrollment, a renewal, a save
//! or a login that is kept; and what becomes of a file that several processes or users share.
//!
//! The work is done by this program itself, started anew under a tracer (tests/c/tracer.c) that ends it just before,
//! or fails, each of the system calls that touch the folder of the identity file. Where the system permits no tracing
//! these tests are reported as ignored.

#[cfg(target_os = "linux")]
mod candidate;
#[cfg(target_os = "linux")]
mod enrollments;
#[cfg(target_os = "linux")]
mod job;
#[cfg(target_os = "linux")]
mod methods;
#[cfg(target_os = "linux")]
mod owners;
#[cfg(target_os = "linux")]
mod peers;
#[cfg(target_os = "linux")]
mod place;
#[cfg(target_os = "linux")]
mod renewals;
#[cfg(target_os = "linux")]
mod saves;
#[cfg(target_os = "linux")]
mod sessions;
#[cfg(target_os = "linux")]
mod sharing;
#[cfg(target_os = "linux")]
mod tracer;

use std::process::ExitCode;

/// A test that looks at each step of a job.
#[cfg(target_os = "linux")]
pub(crate) type TracedStory = fn(&tracer::Tracer);
/// A test that does without.
#[cfg(target_os = "linux")]
pub(crate) type Story = fn();

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    let trial = libtest_mimic::Trial::test("kill", || Err("needs Linux".into())).with_ignored_flag(true);
    libtest_mimic::run(&libtest_mimic::Arguments::from_args(), vec![trial]).exit_code()
}

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    use libtest_mimic::{Arguments, Trial};
    use std::sync::Arc;

    if let Some(code) = job::run_if_asked() {
        return code;
    }
    let arguments = Arguments::from_args();
    let tracer = tracer::Tracer::build().map(Arc::new);
    let traced = [enrollments::TRACED, methods::TRACED, renewals::TRACED, saves::TRACED, sessions::TRACED]
        .concat()
        .into_iter()
        .map(|(name, story)| match &tracer {
            Ok(tracer) => {
                let tracer = Arc::clone(tracer);
                Trial::test(name, move || {
                    story(&tracer);
                    Ok(())
                })
            }
            Err(why) => {
                let message = why.clone();
                Trial::test(name, || Err(message.into())).with_kind(why).with_ignored_flag(true)
            }
        });
    let untraced = |(name, story): (&str, Story)| {
        Trial::test(name, move || {
            story();
            Ok(())
        })
    };
    let plain = [enrollments::PLAIN, peers::PLAIN, saves::PLAIN, sharing::PLAIN].concat().into_iter().map(untraced);
    let if_possible = |stories: &[(&'static str, Story)], lacks: Option<&str>| -> Vec<Trial> {
        let trials = stories.iter().copied().map(untraced);
        match lacks {
            None => trials.collect(),
            Some(why) => trials.map(|trial| trial.with_kind(why).with_ignored_flag(true)).collect(),
        }
    };
    let privileged = if_possible(owners::PRIVILEGED, owners::lacks());
    let with_disks = if_possible(owners::WITH_DISKS, owners::lacks_disks());
    libtest_mimic::run(&arguments, traced.chain(plain).chain(privileged).chain(with_disks).collect()).exit_code()
}
