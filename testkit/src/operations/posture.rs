//! What endpoints say about themselves.

use serde_json::{Value, json};

use super::Call;
use super::routes::Route;
use crate::answers::{Answer, Refusal};
use crate::posture::{Endpoint, PostureCheck, Response, Verdict};
use crate::services::{Catalog, Service};
use crate::sessions::Session;

pub(super) const ROUTES: &[Route] = &[
    Route::post(&["posture-response"], "createPostureResponse", |call, _| call.posture_response()),
    Route::post(&["posture-response-bulk"], "createPostureResponseBulk", |call, _| call.posture_response_bulk()),
];

impl Call<'_> {
    fn posture_response(&self) -> Result<Answer, Refusal> {
        self.in_session(|session| {
            let response = Response::read(&self.json("postureResponse")?, self.manners())?;
            Ok(self.take_responses(session, vec![response]))
        })
    }

    fn posture_response_bulk(&self) -> Result<Answer, Refusal> {
        self.in_session(|session| {
            let Value::Array(documents) = self.json("postureResponse")? else {
                let cause = "json: cannot unmarshal object into Go value of type []json.RawMessage";
                return Err(Refusal::unreadable(cause));
            };
            let responses = documents.iter().map(|document| Response::read(document, self.manners()));
            let responses = responses.collect::<Result<Vec<_>, _>>()?;
            Ok(self.take_responses(session, responses))
        })
    }

    /// Takes responses in and tells for which services the time of a second factor changed.
    fn take_responses(&self, session: &Session, responses: Vec<Response>) -> Answer {
        let mut guard = self.state();
        let state = &mut *guard;
        state.forget_ended_sessions(self.manners(), self.now);
        let before = verdicts(&state.catalog, &state.posture.of(session, self.manners(), self.now));
        for response in responses {
            state.posture.take(session, response, self.now);
        }
        let endpoint = state.posture.of(session, self.manners(), self.now);
        let after = verdicts(&state.catalog, &endpoint);
        let timed = after.iter().zip(&before).filter(|(after, before)| after.verdict.until != before.verdict.until);
        let services: Vec<Value> = timed.map(|(after, _)| after.timing(&endpoint)).collect();
        if after.iter().zip(&before).any(|(after, before)| after.verdict != before.verdict) {
            state.catalog.changes.touch(&session.login.identity_id, self.now);
        }
        Answer { status: 201, ..Answer::data(&json!({"services": services})) }
    }
}

/// What came out of one check of one service.
struct Checked<'a> {
    service: &'a Service,
    check: &'a PostureCheck,
    verdict: Verdict,
}

impl Checked<'_> {
    fn timing(&self, endpoint: &Endpoint<'_>) -> Value {
        json!({
            "id": self.service.id,
            "name": self.service.spec.name,
            "postureQueryType": self.check.type_id(),
            "timeout": self.check.timeout(),
            "timeoutRemaining": endpoint.remaining(self.check),
        })
    }
}

/// The results of all checks that services have for an endpoint.
fn verdicts<'a>(catalog: &'a Catalog, endpoint: &Endpoint<'_>) -> Vec<Checked<'a>> {
    let checks = |service: &'a Service| {
        let policies = service.policies_of(endpoint.identity_id);
        policies.flat_map(|policy| &policy.checks).map(move |check| (service, check))
    };
    let checks = catalog.iter().filter(|_| catalog.checked).flat_map(checks);
    checks.map(|(service, check)| Checked { service, check, verdict: endpoint.verdict(check) }).collect()
}
