//! The C face of sessions with services.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::{c_char, c_void};
use std::mem::{MaybeUninit, offset_of};

use super::{Session, SessionRequest, SessionType};
use crate::api::edge_router::ffi::zec_edge_router;
use crate::api::list::List;
use crate::error::Error;
use crate::ffi::{
    Arena, Options, Root, View, arg, clear, for_each, give, guard, guard_or, optional_text, publish, read_options,
    release, text, zec_client, zec_error, zec_list_query,
};

/// Which session is wanted. Begin with ZEC_SESSION_REQUEST_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_session_request {
    /// Set by the _INIT macro.
    pub size: usize,
    /// The service.
    pub service_id: *const c_char,
    /// "Dial" to use the service, "Bind" to host it. Default: "Dial".
    pub kind: *const c_char,
    /// What to attach to the session, as a JSON object. Default: nothing.
    pub tags_json: *const c_char,
}

// SAFETY: integers and pointers; the last field ends where the struct ends.
unsafe impl Options for zec_session_request {
    const END: usize = offset_of!(Self, tags_json) + size_of::<*const c_char>();
}

impl zec_session_request {
    /// # Safety
    /// As for [`read_options`], and the strings in it are valid or NULL.
    unsafe fn rust(request: *const Self) -> Result<SessionRequest, Error> {
        let request = arg((!request.is_null()).then_some(request), "request")?;
        // SAFETY: the same promise is asked of the caller.
        let Self { size: _, service_id, kind, tags_json } = unsafe { read_options(request, "request") }?;
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let service_id = unsafe { text(service_id, "request.service_id") }?;
        // SAFETY: as above.
        let kind = unsafe { optional_text(kind, "request.kind") }?;
        // SAFETY: as above.
        let tags = unsafe { optional_text(tags_json, "request.tags_json") }?;
        let request = SessionRequest::new(service_id, kind.map_or(Ok(SessionType::Dial), str::parse)?);
        let Some(tags) = tags else { return Ok(request) };
        let tags = serde_json::from_str(tags)
            .map_err(|_| Error::InvalidArgument("argument request.tags_json is no JSON object".to_owned()))?;
        Ok(request.tags(tags))
    }
}

/// The leave to dial or to host one service. Each text but `id`, `token` and `tags_json` may be NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_session {
    pub id: *const c_char,
    /// A secret: what edge routers ask for. Wiped when the session is freed; copies are yours to wipe. Where it is the
    /// same as the id, it is only a stand-in: since controller 2.0 zec_sessions_create() alone has the token.
    pub token: *const c_char,
    /// "Dial" or "Bind"; other words may come.
    pub kind: *const c_char,
    pub service_id: *const c_char,
    pub service_name: *const c_char,
    /// The login that the session belongs to.
    pub api_session_id: *const c_char,
    pub identity_id: *const c_char,
    /// The edge routers to reach the service through; empty if none is there for it.
    pub edge_routers: *const *const zec_edge_router,
    pub edge_routers_len: usize,
    /// The ids of the policies that allow it; empty in the answer of zec_sessions_create(), and in networks without any
    /// posture check.
    pub service_policy_ids: *const *const c_char,
    pub service_policy_ids_len: usize,
    /// As the controller wrote it (RFC 3339); and the next likewise.
    pub created_at: *const c_char,
    pub updated_at: *const c_char,
    /// What is attached to it, as a JSON object.
    pub tags_json: *const c_char,
}

impl View for zec_session {
    type Model = Session;

    fn view(model: &Session, arena: &mut Arena) -> Self {
        let Session {
            id,
            token,
            kind,
            service_id,
            service,
            api_session_id,
            // It says the id once more.
            api_session: _,
            identity_id,
            edge_routers,
            service_policies,
            created_at,
            updated_at,
            tags,
        } = model;
        let policy_ids: Vec<&str> = service_policies.iter().filter_map(|policy| policy.id.as_deref()).collect();
        Self {
            id: arena.str(id),
            token: arena.secret(token),
            kind: arena.optional_str(kind.as_deref()),
            service_id: arena.optional_str(service_id.as_deref()),
            service_name: arena.name_of(service.as_ref()),
            api_session_id: arena.optional_str(api_session_id.as_deref()),
            identity_id: arena.optional_str(identity_id.as_deref()),
            edge_routers: arena.views(edge_routers),
            edge_routers_len: edge_routers.len(),
            service_policy_ids: arena.strs(policy_ids.iter().copied()),
            service_policy_ids_len: policy_ids.len(),
            created_at: arena.time(created_at.as_ref()),
            updated_at: arena.time(updated_at.as_ref()),
            tags_json: arena.json(tags),
        }
    }
}

impl Root for zec_session {
    type Kept = Arena;
}

/// Sessions, in the order in which the controller sent them. `len` is 0 if there is none.
#[repr(C)]
pub struct zec_session_list {
    pub items: *const *const zec_session,
    pub len: usize,
    /// How many match in all: for a page, how far to go on.
    pub total: u64,
}

impl Root for zec_session_list {
    type Kept = Arena;
}

impl zec_session_list {
    fn publish(list: &List<Session>) -> *mut Self {
        publish(Arena::new(), |arena: &mut Arena| Self {
            items: arena.views(list),
            len: list.len(),
            total: list.total(),
        })
    }
}

/// Is shown one session, which is valid until it returns. Any answer but 0 ends the call, as a success.
pub type zec_session_callback = Option<unsafe extern "C" fn(session: *const zec_session, userdata: *mut c_void) -> i32>;

/// All sessions of this login that match the query; under OIDC the controller lists none. `query` may be NULL; it must
/// have no `limit` and no `offset`.
/// GET /sessions (listSessions), page by page
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_sessions_list(
    client: Option<&zec_client>,
    query: *const zec_list_query,
    out: Option<&mut MaybeUninit<*mut zec_session_list>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        // SAFETY: a query begins with its size and holds valid strings (header, "Ownership").
        let query = unsafe { zec_list_query::rust(query) }?;
        out.write(zec_session_list::publish(&client.client.sessions().list(&query)?));
        Ok(())
    })
}

/// One page of the sessions of this login that match the query. `query` may be NULL.
/// GET /sessions (listSessions)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_sessions_page(
    client: Option<&zec_client>,
    query: *const zec_list_query,
    out: Option<&mut MaybeUninit<*mut zec_session_list>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        // SAFETY: a query begins with its size and holds valid strings (header, "Ownership").
        let query = unsafe { zec_list_query::rust(query) }?;
        out.write(zec_session_list::publish(&client.client.sessions().page(&query)?));
        Ok(())
    })
}

/// Shows the sessions that match the query to `callback` one by one, without keeping them all. `query` may be NULL; it
/// must have no `limit` and no `offset`. The time limit holds for all pages and all that the callback does.
/// GET /sessions (listSessions), page by page
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_sessions_for_each(
    client: Option<&zec_client>,
    query: *const zec_list_query,
    callback: zec_session_callback,
    userdata: *mut c_void,
) -> Option<Box<zec_error>> {
    guard(|| {
        let callback = arg(callback, "callback")?;
        let client = arg(client, "client")?;
        // SAFETY: a query begins with its size and holds valid strings (header, "Ownership").
        let query = unsafe { zec_list_query::rust(query) }?;
        let rows = client.client.sessions().iter(&query)?.within_one_call();
        // SAFETY: callback and userdata were given for each other (header, "Threads").
        for_each::<zec_session>(rows, |session| unsafe { callback(session, userdata) })
    })
}

/// A session with a service: the token for its edge routers, and where they are. Under a login that is not OIDC asking
/// again gives the session that is there. Fails with the code "INVALID_POSTURE" if this device does not pass the posture
/// checks (see zec_error_failed_posture()), and with "NO_EDGE_ROUTERS_AVAILABLE" if no edge router that may serve the
/// two is online: try later.
/// POST /sessions (createSession)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_sessions_create(
    client: Option<&zec_client>,
    request: *const zec_session_request,
    out: Option<&mut MaybeUninit<*mut zec_session>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a request begins with its size and holds valid strings (header, "Ownership").
        let request = unsafe { zec_session_request::rust(request) }?;
        let client = arg(client, "client")?;
        out.write(give(&client.client.sessions().create(&request)?));
        Ok(())
    })
}

/// The session with this id, of this login; under OIDC the controller finds none.
/// GET /sessions/{id} (detailSession)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_sessions_get(
    client: Option<&zec_client>,
    id: *const c_char,
    out: Option<&mut MaybeUninit<*mut zec_session>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let id = unsafe { text(id, "id") }?;
        let client = arg(client, "client")?;
        out.write(give(&client.client.sessions().get(id)?));
        Ok(())
    })
}

/// Ends the session with this id.
/// DELETE /sessions/{id} (deleteSession)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_sessions_delete(client: Option<&zec_client>, id: *const c_char) -> Option<Box<zec_error>> {
    guard(|| {
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let id = unsafe { text(id, "id") }?;
        arg(client, "client")?.client.sessions().delete(id)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_session_free(session: *mut zec_session) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(session) };
    });
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_session_list_free(list: *mut zec_session_list) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(list) };
    });
}
