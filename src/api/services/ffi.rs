//! The C face of services.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::{CStr, c_char, c_void};
use std::mem::MaybeUninit;
use std::{iter, ptr};

use super::block::{FIELDS, LISTS};
use super::query::ffi::zec_service_query;
use super::{Field, List, OwnedService, Service, ServiceList};
use crate::ffi::{Root, arg, clear, guard, guard_or, publish, release, text, zec_client, zec_error};
use crate::wire::Timestamp;

/// A service that this identity may dial or host.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_service {
    pub id: *const c_char,
    pub name: *const c_char,
    /// True if this identity may connect to it, as long as its device passes the checks: see zec_service_can_use_dial().
    pub can_dial: bool,
    /// True if this identity may host it, likewise: see zec_service_can_use_bind().
    pub can_bind: bool,
    pub encryption_required: bool,
    /// After how many milliseconds without data a connection is closed; 0 is never.
    pub max_idle_time_ms: i64,
    /// The configs that were asked for, as one JSON object of config type to config; `{}` if there is none.
    pub config_json: *const c_char,
    /// The ids of all configs of the service, asked for or not.
    pub config_ids: *const *const c_char,
    pub config_ids_len: usize,
    /// What this identity may do, in the controller's words: "Dial", "Bind"; other words may come.
    pub permissions: *const *const c_char,
    pub permissions_len: usize,
    /// The attributes that policies select the service by.
    pub role_attributes: *const *const c_char,
    pub role_attributes_len: usize,
    /// The posture checks by policy, as a JSON array; `[]` if there is none.
    pub posture_queries_json: *const c_char,
    /// What an administrator attached to the service, as one JSON object; `{}` if there is nothing.
    pub tags_json: *const c_char,
    /// How the network picks among the terminators, such as `smartrouting`, or NULL.
    pub terminator_strategy: *const c_char,
    /// As the controller wrote it (RFC 3339), or NULL.
    pub created_at: *const c_char,
    /// As the controller wrote it (RFC 3339), or NULL. A change of its configs alone does not count.
    pub updated_at: *const c_char,
}

/// Services, in the order in which the controller sent them. `len` is 0 if there is none.
#[repr(C)]
pub struct zec_service_list {
    pub items: *const *const zec_service,
    pub len: usize,
    /// How many services match in all: for a page, how far to go on.
    pub total: u64,
}

impl Root for zec_service {
    type Kept = Row;
}

impl Root for zec_service_list {
    type Kept = Rows;
}

/// What the record of one service points to.
pub(crate) struct Row {
    service: OwnedService,
    words: Words,
}

impl Row {
    pub(super) fn new(service: OwnedService) -> Self {
        let words = Words::of([service.view()].into_iter());
        Self { service, words }
    }

    pub(super) fn view(&mut self) -> zec_service {
        view(self.service.view(), &mut self.words.walk())
    }
}

/// What the records of a list point to. The text they point to lies in the list itself.
pub(crate) struct Rows {
    services: ServiceList,
    words: Words,
    records: Vec<zec_service>,
    pointers: Vec<*const zec_service>,
}

impl Rows {
    pub(super) fn new(services: ServiceList) -> Self {
        let words = Words::of(services.iter());
        Self { services, words, records: Vec::new(), pointers: Vec::new() }
    }

    pub(super) fn view(&mut self) -> zec_service_list {
        let mut words = self.words.walk();
        self.records = self.services.iter().map(|service| view(service, &mut words)).collect();
        self.pointers = self.records.iter().map(ptr::from_ref).chain([ptr::null()]).collect();
        zec_service_list { items: self.pointers.as_ptr(), len: self.records.len(), total: self.services.total() }
    }
}

/// The lists in the records, each in the order below.
const WORD_LISTS: [List; LISTS] = [List::ConfigIds, List::Permissions, List::RoleAttributes];

/// All words of all services, each list of them followed by NULL.
pub(crate) struct Words(Vec<*const c_char>);

impl Words {
    fn of<'a>(services: impl Iterator<Item = Service<'a>>) -> Self {
        let mut words = Vec::new();
        for service in services {
            for list in WORD_LISTS {
                words.extend(beginnings(service.list_with_nuls(list)));
                words.push(ptr::null());
            }
        }
        Self(words)
    }

    /// Gives one list after the other: where it begins and how many words it has.
    fn walk(&self) -> impl FnMut() -> (*const *const c_char, usize) {
        let mut lists = self.0.split_inclusive(|word| word.is_null());
        move || {
            let list = lists.next().expect("as many lists are taken as were put in");
            (list.as_ptr(), list.len() - 1)
        }
    }
}

/// Where each word begins, in a text of words that end with NUL.
fn beginnings(text: &str) -> impl Iterator<Item = *const c_char> {
    let mut rest = text.as_bytes();
    iter::from_fn(move || {
        let word = CStr::from_bytes_until_nul(rest).ok()?;
        rest = &rest[word.count_bytes() + 1..];
        Some(word.as_ptr())
    })
}

/// A record that points into the text of its service.
fn view(service: Service<'_>, words: &mut impl FnMut() -> (*const *const c_char, usize)) -> zec_service {
    const { assert!(FIELDS == 8 && LISTS == 3, "a new field needs its place in zec_service") };
    let text = |field| service.text_with_nul(field).as_ptr().cast::<c_char>();
    let given = |is_given: bool, field| if is_given { text(field) } else { ptr::null() };
    let time = |field| given(Timestamp::is_set(service.text(field)), field);
    let (config_ids, config_ids_len) = words();
    let (permissions, permissions_len) = words();
    let (role_attributes, role_attributes_len) = words();
    zec_service {
        id: text(Field::Id),
        name: text(Field::Name),
        can_dial: service.can_dial(),
        can_bind: service.can_bind(),
        encryption_required: service.encryption_required(),
        max_idle_time_ms: service.max_idle_time_millis(),
        config_json: text(Field::ConfigJson),
        config_ids,
        config_ids_len,
        permissions,
        permissions_len,
        role_attributes,
        role_attributes_len,
        posture_queries_json: text(Field::PostureQueriesJson),
        tags_json: text(Field::TagsJson),
        terminator_strategy: given(service.terminator_strategy().is_some(), Field::TerminatorStrategy),
        created_at: time(Field::CreatedAt),
        updated_at: time(Field::UpdatedAt),
    }
}

/// All services that this identity may dial or host and that match the query, each once. `query` may be NULL; it must
/// have no `limit` and no `offset`.
/// GET /services (listServices), page by page
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_services_list(
    client: Option<&zec_client>,
    query: *const zec_service_query,
    out: Option<&mut MaybeUninit<*mut zec_service_list>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        // SAFETY: a query begins with its size and holds valid strings (header, "Ownership").
        let query = unsafe { zec_service_query::rust(query) }?;
        out.write(publish(Rows::new(client.client.services().list(&query)?), Rows::view));
        Ok(())
    })
}

/// One page of the services that match the query; `total` says how many there are in all. `query` may be NULL.
/// GET /services (listServices)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_services_page(
    client: Option<&zec_client>,
    query: *const zec_service_query,
    out: Option<&mut MaybeUninit<*mut zec_service_list>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        // SAFETY: a query begins with its size and holds valid strings (header, "Ownership").
        let query = unsafe { zec_service_query::rust(query) }?;
        out.write(publish(Rows::new(client.client.services().page(&query)?), Rows::view));
        Ok(())
    })
}

/// Is shown one service, which is valid until it returns. Any answer but 0 ends the call, as a success.
pub type zec_service_callback = Option<unsafe extern "C" fn(service: *const zec_service, userdata: *mut c_void) -> i32>;

/// Shows the services that match the query to `callback` one by one, without keeping them all. `query` may be NULL; it
/// must have no `limit` and no `offset`. The time limit holds for all pages and all that the callback does.
/// GET /services (listServices), page by page
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_services_for_each(
    client: Option<&zec_client>,
    query: *const zec_service_query,
    callback: zec_service_callback,
    userdata: *mut c_void,
) -> Option<Box<zec_error>> {
    guard(|| {
        let callback = arg(callback, "callback")?;
        let client = arg(client, "client")?;
        // SAFETY: a query begins with its size and holds valid strings (header, "Ownership").
        let query = unsafe { zec_service_query::rust(query) }?;
        for service in client.client.services().iter(&query)?.within_one_call() {
            let mut row = Row::new(service?);
            let record = row.view();
            // SAFETY: callback and userdata were given for each other (header, "Threads").
            if unsafe { callback(&raw const record, userdata) } != 0 {
                break;
            }
        }
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_service_list_free(list: *mut zec_service_list) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(list) };
    });
}

/// The service with this id, with configs of the types in the client's options. One that this identity may not use is
/// ZEC_ERR_API with HTTP status 404.
/// GET /services/{id} (detailService)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_services_get(
    client: Option<&zec_client>,
    id: *const c_char,
    out: Option<&mut MaybeUninit<*mut zec_service>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let id = unsafe { text(id, "id") }?;
        let client = arg(client, "client")?;
        out.write(publish(Row::new(client.client.services().get(id)?), Row::view));
        Ok(())
    })
}

/// Frees a service that zec_services_get() returned; those of a list are freed with it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_service_free(service: *mut zec_service) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(service) };
    });
}
