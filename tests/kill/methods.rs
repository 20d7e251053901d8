//! Enrollments by every method but `ott` that are interrupted: each has keys of its own, or none, and a journal of its own.

use ziti_edge_client::Identity;

use crate::TracedStory;
use crate::candidate::{Candidate, Network};
use crate::tracer::{KILLED, Mode, Traced, Tracer, failures};

pub(crate) const TRACED: &[(&str, TracedStory)] = &[
    ("killed_at_any_step_an_enrollment_by_a_certificate_and_token_can_be_resumed", |tracer| killed(tracer, "ottca")),
    ("killed_at_any_step_an_enrollment_by_a_certificate_alone_can_be_resumed", |tracer| killed(tracer, "ca")),
    ("killed_at_any_step_an_enrollment_by_a_password_can_be_resumed", |tracer| killed(tracer, "updb")),
    ("killed_at_any_step_the_enrollment_of_a_router_loses_neither_key", |tracer| killed(tracer, "erott")),
    ("killed_at_any_step_an_enrollment_by_an_external_jwt_loses_no_key", |tracer| killed(tracer, "token")),
    ("killed_at_any_step_an_enrollment_to_external_jwts_can_be_resumed", |tracer| killed(tracer, "token-only")),
    ("whatever_step_fails_an_enrollment_by_a_certificate_and_token_says_so", |tracer| fails(tracer, "ottca")),
    ("whatever_step_fails_an_enrollment_by_a_certificate_alone_says_so", |tracer| fails(tracer, "ca")),
    ("whatever_step_fails_an_enrollment_by_a_password_says_so", |tracer| fails(tracer, "updb")),
    ("whatever_step_fails_the_enrollment_of_a_router_says_so_and_loses_nothing", |tracer| fails(tracer, "erott")),
    ("whatever_step_fails_an_enrollment_by_an_external_jwt_says_so_and_loses_nothing", |tracer| fails(tracer, "token")),
    ("whatever_step_fails_an_enrollment_to_external_jwts_says_so", |tracer| fails(tracer, "token-only")),
];

fn undisturbed(tracer: &Tracer, network: &Network) -> Traced {
    let candidate = Candidate::new(network);
    let whole = candidate.run(tracer, Mode::Count);
    assert_eq!(whole.code, 0, "{}", whole.said);
    Identity::load(candidate.target()).unwrap();
    whole
}

fn killed(tracer: &Tracer, way: &'static str) {
    let network = Network::new(way);
    let whole = undisturbed(tracer, &network);
    let torn = whole.steps().filter(|step| step.call == "write").map(|step| Mode::Torn(step.number));
    let (mut left, mut lost) = (0, 0);
    for mode in whole.steps().map(|step| Mode::Kill(step.number)).chain(torn) {
        let candidate = Candidate::new(&network);
        let traced = candidate.run(tracer, mode);
        assert_eq!(traced.code, KILLED, "{mode:?}: {}", traced.said);
        left += usize::from(candidate.sent().is_some());
        lost +=
            usize::from(candidate.check_after_interruption(&format!("{way}: {mode:?} of {:?}", traced.steps().last())));
    }
    assert!(left > 5, "some were killed after the request had left");
    assert_eq!(
        lost > 0,
        network.issues(),
        "a certificate that nobody wrote down is lost, anything else is not: {lost}"
    );
}

fn fails(tracer: &Tracer, way: &'static str) {
    let network = Network::new(way);
    let whole = undisturbed(tracer, &network);
    for (number, error) in failures(&whole) {
        let candidate = Candidate::new(&network);
        let traced = candidate.run(tracer, Mode::Fail(number, error));
        let what = format!("{way}: {error} at {:?}", traced.steps().nth(number - 1));
        assert!([0, 1].contains(&traced.code), "{what}: {}", traced.said);
        assert!(traced.code == 1 || candidate.target().exists(), "{what}: nothing was said");
        if traced.code == 1 && candidate.sent().is_none() {
            assert_eq!(candidate.names(), [""; 0], "{what}: nothing is spent, so nothing of it stays");
        }
        assert!(!candidate.check_after_interruption(&what), "{what}: what was answered is lost");
    }
}
