//! What is due when. No I/O, and no clock but the one it is told.

use std::time::{Duration, Instant, SystemTime};

use crate::login::Now;
use crate::trust::certificate::CertificateFacts;

const FIRST_RETRY: Duration = Duration::from_secs(30);
const LONGEST_RETRY: Duration = Duration::from_secs(3600);
/// What is due so soon is done with the rest, so that nobody is called again for it alone.
const TOGETHER: Duration = Duration::from_secs(5);
/// Nothing is left alone for longer, whatever a controller says.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 3600);
/// A certificate is due when this is left of it, or the last third if that is less.
const LONGEST_BEFORE_END: Duration = Duration::from_secs(30 * 24 * 3600);

/// What is looked after, in the order in which it is done: what comes later needs what comes before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Login,
    Certificate,
    Controllers,
    Authorities,
}

impl Part {
    pub(super) const ALL: [Part; 4] = [Part::Login, Part::Certificate, Part::Controllers, Part::Authorities];
}

#[derive(Debug, Clone, Copy, Default)]
struct Task {
    /// `None` is at once.
    due: Option<Instant>,
    /// In a row.
    failures: u32,
    /// True if it is left alone until there is a login.
    waits: bool,
}

/// When each part is due. In the beginning all are.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    tasks: [Task; Part::ALL.len()],
}

impl Schedule {
    /// The parts that are due, or nearly so.
    pub(super) fn due(&self, now: Now) -> Vec<Part> {
        let soon = now.monotonic + TOGETHER;
        let is_due = |part: &Part| self.tasks[*part as usize].due.is_none_or(|due| due <= soon);
        Part::ALL.into_iter().filter(is_due).collect()
    }

    /// A part was done and is due again after this time.
    pub(super) fn done(&mut self, part: Part, again: Duration, now: Now) {
        self.tasks[part as usize] = Task { due: Some(now.monotonic + again.min(LONGEST_PAUSE)), ..Task::default() };
    }

    /// A part is due at once.
    pub(super) fn hasten(&mut self, part: Part) {
        self.tasks[part as usize].due = None;
    }

    /// A part needs a login, and is due when that is looked at again, or as soon as there is one.
    pub(super) fn wait_for_login(&mut self, part: Part) {
        let due = self.tasks[Part::Login as usize].due;
        let task = &mut self.tasks[part as usize];
        *task = Task { due, waits: true, ..*task };
    }

    /// There is a login again: what waited for one is due.
    pub(super) fn login_is_there(&mut self) {
        for task in self.tasks.iter_mut().filter(|task| task.waits) {
            *task = Task { due: None, waits: false, ..*task };
        }
    }

    /// A part cannot be done as things are: somebody has to change them first.
    pub(super) fn refused(&mut self, part: Part, now: Now) {
        self.done(part, LONGEST_RETRY, now);
    }

    /// A part failed: it is due again soon, and each time later.
    pub(super) fn failed(&mut self, part: Part, now: Now) {
        let failures = self.tasks[part as usize].failures;
        let pause = FIRST_RETRY.saturating_mul(2_u32.saturating_pow(failures)).min(LONGEST_RETRY);
        self.tasks[part as usize] =
            Task { due: Some(now.monotonic + pause), failures: failures.saturating_add(1), waits: false };
    }

    /// How long until something is due.
    pub(super) fn next(&self, now: Now) -> Duration {
        let left = |task: &Task| task.due.map_or(Duration::ZERO, |due| due.saturating_duration_since(now.monotonic));
        self.tasks.iter().map(left).min().unwrap_or_default()
    }
}

/// How long until a certificate is due; zero if it is. `before` is the time before its end that its user chose, of which
/// two thirds of its life are the most.
pub(super) fn certificate_lasts(facts: &CertificateFacts, before: Option<Duration>, now: SystemTime) -> Duration {
    let whole = facts.not_after.duration_since(facts.not_before).unwrap_or_default();
    // A new certificate must not be due at once, or there would be no end of renewals.
    let before = before.map_or(LONGEST_BEFORE_END.min(whole / 3), |before| before.min(whole / 3 * 2));
    let left = facts.not_after.duration_since(now).unwrap_or_default();
    left.saturating_sub(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn start() -> Now {
        Now { monotonic: Instant::now(), wall: SystemTime::UNIX_EPOCH + 20_000 * DAY }
    }

    fn later(now: Now, by: Duration) -> Now {
        Now { monotonic: now.monotonic + by, wall: now.wall + by }
    }

    fn all_done(now: Now) -> Schedule {
        let mut schedule = Schedule::default();
        assert_eq!(schedule.due(now), Part::ALL, "in the beginning");
        for (part, minutes) in Part::ALL.into_iter().zip([5, 10, 20, 40]) {
            schedule.done(part, minutes * MINUTE, now);
        }
        schedule
    }

    #[test]
    fn each_part_is_due_when_its_time_has_come_and_not_before() {
        let now = start();
        let mut schedule = all_done(now);
        assert_eq!((schedule.due(now), schedule.next(now)), (vec![], 5 * MINUTE));
        let now = later(now, 12 * MINUTE);
        assert_eq!((schedule.due(now), schedule.next(now)), (vec![Part::Login, Part::Certificate], Duration::ZERO));
        schedule.done(Part::Login, 24 * MINUTE, now);
        schedule.done(Part::Certificate, DAY, now);
        assert_eq!(schedule.next(now), 8 * MINUTE);
    }

    #[test]
    fn what_waits_for_a_login_is_due_with_it_or_once_it_is_there() {
        let now = start();
        let mut schedule = all_done(now);
        schedule.failed(Part::Login, now);
        schedule.wait_for_login(Part::Controllers);
        assert_eq!(schedule.next(now), FIRST_RETRY);
        assert_eq!(schedule.due(later(now, FIRST_RETRY)), [Part::Login, Part::Controllers]);
        assert_eq!(schedule.due(now), []);
        schedule.login_is_there();
        assert_eq!(schedule.due(now), [Part::Controllers], "the others have their own time");
        schedule.done(Part::Controllers, DAY, now);
        schedule.login_is_there();
        assert_eq!(schedule.due(now), [], "it waits no more");
        schedule.hasten(Part::Login);
        assert_eq!(schedule.due(now), [Part::Login]);
    }

    #[test]
    fn what_is_due_seconds_later_is_done_with_the_rest() {
        let now = start();
        let mut schedule = all_done(now);
        schedule.done(Part::Certificate, 5 * MINUTE + TOGETHER, now);
        schedule.done(Part::Controllers, 6 * MINUTE, now);
        assert_eq!(schedule.due(later(now, 5 * MINUTE)), [Part::Login, Part::Certificate]);
    }

    #[test]
    fn what_fails_is_tried_again_later_and_later_and_holds_up_nothing_else() {
        let mut now = start();
        let mut schedule = all_done(now);
        let mut pauses = Vec::new();
        for _ in 0..9 {
            schedule.failed(Part::Controllers, now);
            let pause = schedule.tasks[Part::Controllers as usize].due.unwrap() - now.monotonic;
            pauses.push(pause.as_secs());
            now = later(now, pause);
        }
        assert_eq!(pauses, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
        assert!(schedule.due(now).contains(&Part::Login));
        schedule.done(Part::Controllers, DAY, now);
        schedule.failed(Part::Controllers, now);
        assert_eq!(schedule.tasks[Part::Controllers as usize].due, Some(now.monotonic + FIRST_RETRY));
    }

    #[test]
    fn a_clock_that_is_set_makes_nothing_due_and_holds_up_nothing() {
        let now = start();
        let schedule = all_done(now);
        for wall in [now.wall - 3 * DAY, now.wall + 3 * DAY] {
            let set = Now { monotonic: now.monotonic + MINUTE, wall };
            assert_eq!(schedule.due(set), vec![]);
            assert_eq!(schedule.due(later(set, 4 * MINUTE)), [Part::Login]);
        }
    }

    fn facts(life: Duration) -> CertificateFacts {
        let mut params = rcgen::CertificateParams::default();
        let start = time::OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap();
        (params.not_before, params.not_after) = (start, start + life);
        let certificate = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
        CertificateFacts::read(certificate.der()).unwrap()
    }

    #[test]
    fn a_certificate_is_due_when_a_third_of_it_is_left_and_at_most_thirty_days() {
        for (life, due_after) in [(365 * DAY, 335 * DAY), (90 * DAY, 60 * DAY), (3 * DAY, 2 * DAY)] {
            let facts = facts(life);
            let lasts = |at: Duration| certificate_lasts(&facts, None, facts.not_before + at);
            assert_eq!(lasts(Duration::ZERO), due_after);
            assert_eq!(lasts(due_after - MINUTE), MINUTE);
            assert_eq!(lasts(due_after), Duration::ZERO);
            assert_eq!(lasts(life + DAY), Duration::ZERO, "one that ended is due, too");
        }
    }

    #[test]
    fn who_chose_when_a_certificate_is_due_is_obeyed() {
        let facts = facts(365 * DAY);
        let lasts = |before| certificate_lasts(&facts, Some(before), facts.not_before);
        assert_eq!((lasts(DAY), lasts(243 * DAY)), (364 * DAY, 122 * DAY));
    }

    #[test]
    fn a_new_certificate_is_never_due_at_once() {
        let facts = facts(90 * DAY);
        for before in [61 * DAY, 90 * DAY, Duration::MAX] {
            assert_eq!(certificate_lasts(&facts, Some(before), facts.not_before), 30 * DAY, "{before:?}");
        }
    }

    #[test]
    fn no_time_that_a_controller_names_is_too_long_or_makes_something_due_at_once() {
        let now = start();
        let mut schedule = all_done(now);
        for part in Part::ALL {
            schedule.done(part, Duration::MAX, now);
        }
        assert_eq!((schedule.due(now), schedule.next(now)), (vec![], DAY));
    }

    #[test]
    fn what_cannot_be_done_is_not_tried_again_soon() {
        let now = start();
        let mut schedule = all_done(now);
        schedule.failed(Part::Certificate, now);
        schedule.refused(Part::Certificate, now);
        assert_eq!(schedule.tasks[Part::Certificate as usize].due, Some(now.monotonic + 60 * MINUTE));
    }
}
