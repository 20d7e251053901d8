//! The controller's own clock: real time plus what a test added, and the three ways the controller writes a time.

use std::sync::Mutex;
use std::time::Duration;

use time::OffsetDateTime;

#[derive(Default)]
pub(crate) struct Clock {
    ahead: Mutex<time::Duration>,
}

impl Clock {
    pub(crate) fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc() + *self.ahead.lock().expect("no holder panics")
    }

    pub(crate) fn advance(&self, by: Duration) {
        *self.ahead.lock().expect("no holder panics") += by;
    }

    pub(crate) fn set_back(&self, by: Duration) {
        *self.ahead.lock().expect("no holder panics") -= by;
    }
}

/// `2026-11-22T06:53:50.416Z`
pub(crate) fn json(time: OffsetDateTime) -> String {
    format!("{}T{}.{:03}Z", date(time), clock(time), time.millisecond())
}

/// `2026-11-22 07:23:50.416260529 +0000 UTC`, as Go prints a time that nobody formatted.
pub(crate) fn go(time: OffsetDateTime) -> String {
    let fraction = format!(".{:09}", time.nanosecond());
    format!("{} {}{} +0000 UTC", date(time), clock(time), fraction.trim_end_matches('0').trim_end_matches('.'))
}

/// `Sun, 22 Nov 2026 06:53:51 GMT`
pub(crate) fn http(time: OffsetDateTime) -> String {
    let (weekday, month) = (time.weekday().to_string(), time.month().to_string());
    format!("{}, {:02} {} {} {} GMT", &weekday[..3], time.day(), &month[..3], time.year(), clock(time))
}

fn date(time: OffsetDateTime) -> String {
    format!("{:04}-{:02}-{:02}", time.year(), u8::from(time.month()), time.day())
}

fn clock(time: OffsetDateTime) -> String {
    format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_a_time_in_the_three_recorded_ways() {
        let time = OffsetDateTime::from_unix_timestamp_nanos(1_795_330_430_416_260_500).unwrap();
        assert_eq!(json(time), "2026-11-22T06:53:50.416Z");
        assert_eq!(go(time), "2026-11-22 06:53:50.4162605 +0000 UTC");
        assert_eq!(http(time), "Sun, 22 Nov 2026 06:53:50 GMT");
    }

    #[test]
    fn goes_forward_and_back_on_demand() {
        let clock = Clock::default();
        clock.advance(Duration::from_secs(3600));
        assert!(clock.now() > OffsetDateTime::now_utc() + Duration::from_secs(3590));
        clock.set_back(Duration::from_secs(7200));
        assert!(clock.now() < OffsetDateTime::now_utc() - Duration::from_secs(3590));
    }
}
