//! Sessions with services.

use serde_json::{Map, Value, json};

use super::Call;
use super::routes::Route;
use crate::answers::{Answer, Refusal};
use crate::jwt;
use crate::page::Query;
use crate::posture::Endpoint;
use crate::random;
use crate::routers::EdgeRouters;
use crate::service_sessions::ServiceSession;
use crate::services::{Permission, Policy, Service};
use crate::sessions::Session;

/// How long the signed token of a session is good for, in seconds.
const YEAR: i64 = 365 * 24 * 3600;

pub(super) const ROUTES: &[Route] = &[
    Route::get(&["sessions"], "listSessions", |call, _| call.list_sessions()),
    Route::post(&["sessions"], "createSession", |call, _| call.create_session()),
    Route::get(&["sessions", "{id}"], "detailSession", |call, id| call.show_session(id)),
    Route::delete(&["sessions", "{id}"], "deleteSession", |call, id| call.delete_session(id)),
];

impl Call<'_> {
    fn list_sessions(&self) -> Result<Answer, Refusal> {
        self.in_session(|session| {
            let query = Query::<ServiceSession>::parse(self.request, self.manners())?;
            let state = self.state();
            let there = |known: &&ServiceSession| state.catalog.get(&known.service_id).is_some();
            let known = state.service_sessions.of(&session.id).filter(there);
            Ok(query.page(known, |known| {
                let service = state.catalog.get(&known.service_id);
                service.map(|service| known.with_policies(service, &state.routers))
            }))
        })
    }

    fn show_session(&self, id: &str) -> Result<Answer, Refusal> {
        self.in_session(|session| {
            let state = self.state();
            let known = state.service_sessions.of(&session.id).find(|known| known.id == id);
            let known = known.and_then(|known| Some((known, state.catalog.get(&known.service_id)?)));
            let (known, service) = known.ok_or_else(|| not_found(id))?;
            Ok(Answer::data(&known.with_policies(service, &state.routers)))
        })
    }

    fn delete_session(&self, id: &str) -> Result<Answer, Refusal> {
        self.in_session(|session| {
            let ended = self.state().service_sessions.end(&session.id, id);
            if ended { Ok(Answer::data(&json!({}))) } else { Err(not_found(id)) }
        })
    }

    fn create_session(&self) -> Result<Answer, Refusal> {
        self.in_session(|session| {
            let document = self.json("session")?;
            let permission = permission(&document["type"])?;
            let service_id = document["serviceId"].as_str().unwrap_or_default();
            let mut guard = self.state();
            let state = &mut *guard;
            state.forget_ended_sessions(self.manners(), self.now);
            let endpoint = state.posture.of(session, self.manners(), self.now);
            let service = permitted(state.catalog.get(service_id), service_id, permission, &endpoint)?;
            // For a session of OpenID Connect the token is all there is: nobody keeps what it is for.
            let by_token = session.is_of_token();
            let known = state.service_sessions.like(session, service, permission).cloned();
            let signs = by_token || self.manners().signs_session_tokens();
            // Where tokens are not signed, a session that is there is shown even if no router is left for it.
            if (signs || known.is_none()) && !state.routers.serving(service).any(|router| router.online) {
                return Err(no_edge_routers());
            }
            if by_token {
                let started = ServiceSession::new(session, service, permission, None, self.now);
                let token = self.session_token(&started, &started.id, false);
                let document = started.brief(service, &state.routers, &token);
                return Ok(Answer { status: 201, ..Answer::data(&document) });
            }
            let again = known.is_some();
            let token = (!signs).then(random::uuid);
            let known =
                known.unwrap_or_else(|| state.service_sessions.start(session, service, permission, token, self.now));
            let document = self.started(&known, again, service, &state.routers);
            Ok(Answer { status: 201, ..Answer::data(&document) })
        })
    }

    /// The session as the answer that makes it shows it, for the first time or again.
    fn started(&self, known: &ServiceSession, again: bool, service: &Service, routers: &EdgeRouters) -> Value {
        if !self.manners().signs_session_tokens() {
            return known.document(service, routers);
        }
        let token_id = if again { random::session_id() } else { known.id.clone() };
        known.brief(service, routers, &self.session_token(known, &token_id, true))
    }

    fn session_token(&self, known: &ServiceSession, token_id: &str, legacy: bool) -> String {
        let now = self.now.unix_timestamp();
        let mut claims = json!({
            "iss": self.shared.url(),
            "sub": known.service_id,
            "aud": ["openziti"],
            "exp": now + YEAR,
            "iat": now,
            "jti": token_id,
            "z_asid": known.api_session_id,
            "z_iid": known.identity_id,
            "z_t": "s",
            "z_st": known.permission,
        });
        if self.manners().signs_session_tokens() {
            claims["z_leg"] = legacy.into();
        }
        self.shared.pki.token(&claims)
    }

    /// Refuses what the header `session-token` holds unless it is the token of one of the session's own. Where those
    /// are not signed this refuses them all, as the real controller does.
    pub(super) fn check_session_token(&self, session: &Session) -> Result<(), Refusal> {
        let Some(token) = self.request.header("session-token").filter(|token| !token.is_empty()) else {
            return Ok(());
        };
        let refused = |why: String| Refusal::unauthorized().because(why);
        let claims = jwt::verify(&self.shared.pki.key, token).map_err(|why| refused(why.to_owned()))?;
        let of = claims["z_asid"].as_str().unwrap_or_default();
        if of == session.id {
            return Ok(());
        }
        Err(refused(format!("invalid api session id, expected {}, got {of}", session.id)))
    }
}

fn not_found(id: &str) -> Refusal {
    Refusal::not_found(format!("session with id {id} not found"))
}

fn no_edge_routers() -> Refusal {
    let message = "No edge routers are assigned and online to handle the requested connection";
    Refusal::new(400, "NO_EDGE_ROUTERS_AVAILABLE", message)
}

/// What a session is asked for; nothing said is to dial.
fn permission(found: &Value) -> Result<Permission, Refusal> {
    match found.as_str() {
        None | Some("Dial") => Ok(Permission::Dial),
        Some("Bind") => Ok(Permission::Bind),
        Some(other) => Err(Refusal::invalid_field("type", "type in body should be one of [Dial Bind Invalid]", other)),
    }
}

/// The service, if `endpoint` may use it in this way.
fn permitted<'a>(
    service: Option<&'a Service>,
    id: &str,
    permission: Permission,
    endpoint: &Endpoint<'_>,
) -> Result<&'a Service, Refusal> {
    let service = service.filter(|service| service.visible_to(endpoint.identity_id));
    let service = service.ok_or_else(|| Refusal::not_found(format!("service with id {id} not found")))?;
    let policies: Vec<&Policy> =
        service.policies_of(endpoint.identity_id).filter(|policy| policy.permission == permission).collect();
    if policies.is_empty() {
        return Err(Refusal::invalid_field("ServiceId", "service not found", id));
    }
    if policies.iter().any(|policy| endpoint.passes(policy)) {
        return Ok(service);
    }
    Err(failed_posture(&policies, endpoint))
}

fn failed_posture(policies: &[&Policy], endpoint: &Endpoint<'_>) -> Refusal {
    let fixed = |policy: &Policy| {
        let failed = policy.posture_queries.iter().filter(|query| query["isPassing"] != true);
        let failed = failed.map(|query| json!({"id": query["id"], "isPassing": false, "typeId": query["queryType"]}));
        failed.collect::<Vec<_>>()
    };
    let failed = |policy: &Policy| {
        let failed = policy.checks.iter().filter(|check| !endpoint.verdict(check).passes);
        let failed = failed.map(|check| json!({"id": check.id(), "isPassing": false, "typeId": check.type_id()}));
        fixed(policy).into_iter().chain(failed).collect::<Value>()
    };
    let data: Map<String, Value> = policies.iter().map(|policy| (policy.id(), failed(policy))).collect();
    let ids = data.keys().cloned().collect::<Vec<_>>().join(" ");
    let message = format!("Failed to pass posture checks for service policies: [{ids}]");
    Refusal::new(409, "INVALID_POSTURE", "Posture response data is missing or wrong")
        .about(json!({"data": data, "message": message}))
}
