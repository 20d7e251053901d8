//! When something changed for whom: what `service-updates` tells.

use std::collections::HashMap;
use std::time::Duration;

use time::OffsetDateTime;

/// The smallest step that a time in JSON can show.
const STEP: Duration = Duration::from_millis(1);

/// The times of the last changes. Each is later than all before it, whatever the clock says, so that every change is
/// told from the one before.
#[derive(Default)]
pub(crate) struct Changes {
    last: Option<OffsetDateTime>,
    of_all: Option<OffsetDateTime>,
    by_identity: HashMap<String, OffsetDateTime>,
}

impl Changes {
    fn next(&mut self, now: OffsetDateTime) -> OffsetDateTime {
        let next = self.last.map_or(now, |last| now.max(last + STEP));
        self.last = Some(next);
        next
    }

    /// Something changed for everybody.
    pub(crate) fn touch_all(&mut self, now: OffsetDateTime) {
        self.of_all = Some(self.next(now));
    }

    /// Something changed for one identity.
    pub(crate) fn touch(&mut self, identity_id: &str, now: OffsetDateTime) {
        let next = self.next(now);
        self.by_identity.insert(identity_id.to_owned(), next);
    }

    /// The stamp of a session that began at `created`: the time of the last change, or that of the session itself. The
    /// latter is shown a step early, so that a change at the same time shows.
    pub(crate) fn stamp(&self, identity_id: &str, created: OffsetDateTime) -> OffsetDateTime {
        let changed = self.of_all.max(self.by_identity.get(identity_id).copied());
        changed.unwrap_or(created - STEP).max(created - STEP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_moves_the_stamps_of_those_it_is_for() {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::from_secs(60);
        let mut changes = Changes::default();
        let stamps = |changes: &Changes| ["alice", "bob"].map(|identity| changes.stamp(identity, now));
        let before = stamps(&changes);
        changes.touch("alice", now);
        let alice = stamps(&changes);
        assert!(alice[0] > before[0] && alice[1] == before[1]);
        changes.touch_all(now - Duration::from_secs(5));
        let all = stamps(&changes);
        assert!(all[0] > alice[0] && all[1] > alice[1]);
    }

    #[test]
    fn a_session_that_begins_later_has_a_later_stamp() {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::from_secs(60);
        let mut changes = Changes::default();
        changes.touch_all(now);
        assert!(changes.stamp("alice", now + Duration::from_secs(1)) > changes.stamp("alice", now));
    }
}
