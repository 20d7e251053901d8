//! What real controllers answered to enrollments that they refused, played to enrollments by the same method.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use ziti_edge_client::{EnrollmentMethod as Method, EnrollmentProblem as Problem, Error};
use ziti_edge_testkit::Fault;

use crate::ways::{self, Way};

/// What an answer has to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Becomes {
    Problem(Problem),
    /// It cannot be had there.
    Unsupported,
    /// The request is sent once more.
    AnotherTry,
}

use Becomes::{AnotherTry, Unsupported};

const fn of(problem: Problem) -> Becomes {
    Becomes::Problem(problem)
}

/// Method, status and code of every refusal that was recorded, and what it becomes.
const REFUSALS: &[(Method, u64, &str, Becomes)] = &[
    (Method::Ott, 400, "COULD_NOT_PROCESS_CSR", of(Problem::CsrRefused)),
    (Method::Ott, 400, "COULD_NOT_VALIDATE", of(Problem::Refused)),
    (Method::Ott, 400, "ENROLLMENT_EXPIRED", of(Problem::TokenExpired)),
    (Method::Ott, 400, "INVALID_CONTENT_TYPE", of(Problem::Refused)),
    (Method::Ott, 400, "INVALID_ENROLLMENT_TOKEN", of(Problem::TokenNotKnown)),
    (Method::Ott, 415, "COULD_NOT_VALIDATE", of(Problem::Refused)),
    (Method::Ott, 415, "UNSUPPORTED_MEDIA", of(Problem::Refused)),
    (Method::Ott, 429, "SERVER_TOO_MANY_REQUESTS", AnotherTry),
    (Method::Ott, 503, "CLUSTER_NO_LEADER", AnotherTry),
    (Method::OttCa, 400, "CERTIFICATE_FAILED_VALIDATION", of(Problem::CertificateRefused)),
    (Method::OttCa, 400, "CERT_FAILED_VALIDATION", of(Problem::CertificateRefused)),
    (Method::OttCa, 400, "INVALID_ENROLLMENT_TOKEN", of(Problem::TokenNotKnown)),
    (Method::OttCa, 409, "CERT_IN_USE", of(Problem::CertificateInUse)),
    (Method::Ca, 400, "CERT_FAILED_VALIDATION", of(Problem::CertificateRefused)),
    (Method::Ca, 400, "INVALID_CONTENT_TYPE", of(Problem::Refused)),
    (Method::Ca, 400, "INVALID_ENROLLMENT_TOKEN", of(Problem::TokenNotKnown)),
    (Method::Ca, 409, "CERT_IN_USE", of(Problem::CertificateInUse)),
    (Method::Ca, 500, "", of(Problem::MaybeSpent)),
    (Method::Updb, 400, "COULD_NOT_VALIDATE", of(Problem::PasswordRefused)),
    (Method::Updb, 400, "INVALID_ENROLLMENT_TOKEN", of(Problem::TokenNotKnown)),
    (Method::Updb, 400, "INVALID_ENROLL_METHOD", of(Problem::WrongMethod)),
    (Method::Updb, 501, "", Unsupported),
    (Method::Updb, 602, "COULD_NOT_VALIDATE", of(Problem::PasswordRefused)),
    (Method::ErOtt, 400, "COULD_NOT_PROCESS_CSR", of(Problem::CsrRefused)),
    (Method::ErOtt, 400, "INVALID_ENROLLMENT_TOKEN", of(Problem::TokenNotKnown)),
    (Method::ErOtt, 400, "MISSING_OR_INVALID_CSR", of(Problem::CsrRefused)),
    (Method::Token, 400, "INVALID_ENROLLMENT_TOKEN", of(Problem::ExternalJwtRefused)),
    (Method::Token, 404, "NOT_FOUND", Unsupported),
    (Method::Token, 409, "ENROLLMENT_IDENTITY_ALREADY_ENROLLED", of(Problem::AlreadyEnrolled)),
    (Method::Token, 409, "INVALID_ENROLLMENT_NOT_ALLOWED", of(Problem::NotAllowed)),
    (Method::Token, 501, "", Unsupported),
    (Method::Token, 602, "COULD_NOT_VALIDATE", of(Problem::Refused)),
];

/// A refusal as it was recorded.
struct Recorded {
    method: Method,
    status: u64,
    code: String,
    answer: Fault,
}

/// One of each answer to `POST /enroll…` that is no success.
fn recorded() -> Vec<Recorded> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let mut known = BTreeSet::new();
    let mut refusals = Vec::new();
    for file in [
        "1.3/enrollment",
        "1.3/errors",
        "1.6/enrollment",
        "1.6/errors",
        "2.0/enrollment",
        "2.0/errors",
        "2.0-cluster/cluster",
    ] {
        let text = std::fs::read_to_string(folder.join(format!("{file}.jsonl"))).unwrap();
        let exchanges = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        for refusal in exchanges.filter_map(|exchange| refusal(&exchange)) {
            let Fault::Body { body, .. } = &refusal.answer else { unreachable!("it is made below") };
            if known.insert((refusal.method.as_str(), refusal.status, body.clone())) {
                refusals.push(refusal);
            }
        }
    }
    refusals
}

fn refusal(exchange: &Value) -> Option<Recorded> {
    let path = exchange["request"]["path"].as_str()?;
    let word = match exchange["operation"].as_str()? {
        "enroll" => path.split_once("method=")?.1.split('&').next()?,
        "enrollOtt" => "ott",
        "enrollOttCa" => "ottca",
        "enrollCa" => "ca",
        "enrollUpdb" => "updb",
        "enrollErOtt" => "erott",
        "enrollToken" => "token",
        _ => return None,
    };
    let method = ways::ALL.into_iter().map(|way| way.method).find(|method| method.as_str() == word)?;
    let (response, status) = (&exchange["response"], exchange["response"]["status"].as_u64()?);
    let body = response["body"].as_str().unwrap_or_default().to_owned();
    let headers = response["headers"].as_array()?;
    let content_type = headers.iter().find(|header| header[0] == "Content-Type");
    let content_type = content_type.and_then(|header| header[1].as_str()).unwrap_or_default().to_owned();
    let code =
        serde_json::from_str(&body).ok().and_then(|body: Value| Some(body["error"]["code"].as_str()?.to_owned()));
    let answer = Fault::Body { status: status.try_into().ok()?, content_type, body: body.into_bytes() };
    (status >= 300).then(|| Recorded { method, status, code: code.unwrap_or_default(), answer })
}

#[test]
fn every_recorded_refusal_is_told_as_what_it_is() {
    let mut met = BTreeSet::new();
    let networks = ways::ALL.map(|way: Way| (way, way.network()));
    for recorded in recorded() {
        let Recorded { method, status, code, answer } = recorded;
        let row = REFUSALS.iter().position(|row| (row.0, row.1, row.2) == (method, status, code.as_str()));
        let row = row.unwrap_or_else(|| panic!("{method} {status} {code:?} is not in the list"));
        met.insert(row);
        for (way, network) in networks.iter().filter(|(way, _)| way.method == method) {
            let (candidate, before) = (network.candidate(), network.asked());
            network.once(answer.clone());
            let outcome = candidate.enroll();
            let (sent, what) = (network.asked() - before, format!("{way:?} {status} {code}: {outcome:?}"));
            match (REFUSALS[row].3, outcome) {
                (AnotherTry, Ok(_)) => assert_eq!((sent, candidate.place.names().len()), (2, 1), "{what}"),
                (Unsupported, Err(Error::Unsupported(_))) => {
                    assert_eq!((sent, candidate.place.names().len()), (1, 0), "{what}");
                }
                (Becomes::Problem(expected), Err(Error::Enrollment { problem, .. })) => {
                    assert_eq!((problem, sent), (expected, 1), "{what}");
                    let left = if problem == Problem::MaybeSpent { vec!["alice.json.pending"] } else { vec![] };
                    assert_eq!(candidate.place.names(), left, "{what}");
                }
                (expected, _) => panic!("expected {expected:?}: {what}"),
            }
        }
    }
    assert_eq!(met.len(), REFUSALS.len(), "all of them were recorded: {met:?}");
}
