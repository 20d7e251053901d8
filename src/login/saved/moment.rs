//! When a login was saved, by a clock that nobody sets.

use std::time::Duration;

use crate::transport::since_boot;

/// A moment on a machine that has not been started again since.
pub(super) struct Moment {
    /// Names the time between two starts of the machine.
    pub(super) boot: Option<String>,
    pub(super) since_boot: Option<Duration>,
}

impl Moment {
    pub(super) fn now() -> Self {
        Self { boot: boot(), since_boot: since_boot() }
    }

    /// How long ago it was; `None` if nobody knows. The wall clock is not asked: whoever sets it would end logins.
    pub(super) fn elapsed(&self) -> Option<Duration> {
        let now = Self::now();
        let same = self.boot.is_some() && self.boot == now.boot;
        now.since_boot?.checked_sub(self.since_boot?).filter(|_| same)
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn boot() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned()).filter(|id| !id.is_empty())
}

/// Elsewhere each start of a process counts as one of the machine.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn boot() -> Option<String> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn time_is_known_as_long_as_the_machine_was_not_started_again() {
        assert!(Moment::now().elapsed().is_some_and(|elapsed| elapsed < Duration::from_secs(60)));
        let other = Moment { boot: Some("another".to_owned()), ..Moment::now() };
        let future = Moment { since_boot: Some(Duration::MAX), ..Moment::now() };
        let unknown = Moment { boot: None, since_boot: None };
        assert!([other, future, unknown].iter().all(|moment| moment.elapsed().is_none()));
    }
}
