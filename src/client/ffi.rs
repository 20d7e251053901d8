//! The C face of clients.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::{c_char, c_void};
use std::mem::{MaybeUninit, offset_of};

use super::session::ffi::{keeper, zec_session_change_callback};
use super::upkeep::ffi::{teller, zec_event_callback};
use super::{Client, ClientBuilder};
use crate::enroll::options::ffi::{ZEC_KEY_ED25519, ZEC_KEY_P256, ZEC_KEY_P384, ZEC_KEY_RSA};
use crate::error::Error;
use crate::ffi::{
    Options, Userdata, arg, cancel_token, clear, guard, guard_or, limit, optional_text, proxy, read_options, store,
    texts, zec_cancel, zec_error, zec_identity, zec_save_callback, zec_userdata_free,
};
use crate::identity::KeyChoice;
use crate::login::ffi::{jwt_source, login_flow, zec_credentials, zec_jwt_source};
use crate::secret::Secret;

const DEFAULT_RSA_BITS: u32 = 2048;

/// A client of one identity's controllers. Any number of threads may use it at once. Its calls block, each at most for
/// the client's time limit. When no controller has served for two minutes there is one attempt a minute, and all other
/// calls end at once with the last error, but for zec_client_authenticate() and what follows zec_client_retry_now().
pub struct zec_client {
    pub(crate) client: Client,
}

impl zec_client {
    /// A handle that C owns from now on.
    fn give(client: Client) -> *mut Self {
        Box::into_raw(Box::new(Self { client }))
    }
}

/// How a client works; zero and NULL mean the default. Begin with ZEC_CLIENT_OPTIONS_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_client_options {
    /// Set by the _INIT macro.
    pub size: usize,
    /// Other than 0: trust the system's roots too when verifying controllers, not only the network's CA bundle.
    pub trust_system_roots: u32,
    /// Other than 0: do not ask for compressed answers.
    pub no_gzip: u32,
    /// Other than 0: do not tell the controller operating system, architecture and host name at login.
    pub no_environment: u32,
    /// The most time one call may take. Default 30,000.
    pub timeout_ms: u64,
    /// The most time opening one connection may take, from the look-up of the name to the end of the TLS handshake.
    /// Default 10,000.
    pub connect_timeout_ms: u64,
    /// The most rows a list may have; a longer one is ZEC_ERR_INVALID_ARGUMENT. Default 1,000,000.
    pub max_rows: u64,
    /// The file in which the identity is kept. Default: the one it was loaded from or enrolled into. It is read again
    /// when the controller refuses the certificate, as another process may have renewed it.
    pub path: *const c_char,
    /// Is given the identity when a call changes it, in place of `path`, not both.
    pub save: zec_save_callback,
    /// Passed to `save`.
    pub userdata: *mut c_void,
    /// Frees `userdata` when the last client that uses it is freed, or when the call fails, unless it fails because of
    /// `size`. May be NULL.
    pub userdata_free: zec_userdata_free,
    /// Ends the calls of this client and of those derived from it. May be freed while they have it.
    pub cancel: *const zec_cancel,
    /// `http://[user:password@]host:port`, or the same with `socks5://`, where names are looked up here, or
    /// `socks5h://`, where the proxy does that. Or "environment": the proxy that `https_proxy` names, else `all_proxy`,
    /// each also in upper case, for all hosts but those in `no_proxy`; if there is none, no proxy. Default: no proxy.
    pub proxy: *const c_char,
    /// The types of the configs that services carry, by name or id; "all" for every type. Default: those that the
    /// identity file names, else all.
    pub config_types: *const *const c_char,
    pub config_types_len: usize,
    /// The application's id and version, shown to administrators. At most 255 bytes of each are sent.
    pub app_id: *const c_char,
    pub app_version: *const c_char,
    /// Is told what changed without being asked for. See zec_client_maintain().
    pub on_event: zec_event_callback,
    /// Passed to `on_event`.
    pub event_userdata: *mut c_void,
    /// Frees `event_userdata`, when and as `userdata_free` does `userdata`. May be NULL.
    pub event_userdata_free: zec_userdata_free,
    /// How long before its end a certificate is due to be renewed, of which two thirds of its time are the most.
    /// Default: when a third of its time is left, at most 30 days.
    pub renew_before_ms: u64,
    /// Other than 0: each renewal makes a new key. Default: only those for which the controller asks for one.
    pub always_renew_key: u32,
    /// Which key a renewal makes that needs a new one: ZEC_KEY_P256, ZEC_KEY_P384, ZEC_KEY_ED25519 or ZEC_KEY_RSA, which
    /// has 2048 bits.
    pub renewal_key_kind: u32,
    /// By what the client logs in. Default: the certificate of the identity; one without it needs others.
    pub credentials: *const zec_credentials,
    /// The external JWT that logins get which want one as a second factor: it is sent with every request. May be freed
    /// while clients use it.
    pub second_factor_jwt: *const zec_jwt_source,
    /// Which kind of login is made: ZEC_LOGIN_FLOW_AUTO, ZEC_LOGIN_FLOW_LEGACY or ZEC_LOGIN_FLOW_OIDC.
    pub login_flow: u64,
    /// Is given each session before it is used, to be kept for the next process. See zec_client_resume_session().
    pub on_session_change: zec_session_change_callback,
    /// Passed to `on_session_change`.
    pub session_userdata: *mut c_void,
    /// Frees `session_userdata`, when and as `userdata_free` does `userdata`. May be NULL.
    pub session_userdata_free: zec_userdata_free,
    /// The session to go on with, as by zec_client_resume_session(); one that cannot be used is the error of the call.
    pub saved_session: *const c_char,
}

// SAFETY: integers, pointers and functions that may be NULL; the last field ends where the struct ends.
unsafe impl Options for zec_client_options {
    const END: usize = offset_of!(Self, saved_session) + size_of::<*const c_char>();
}

impl zec_client_options {
    /// # Safety
    /// As for [`read_options`], and the strings and the handle in it are valid or NULL.
    unsafe fn rust(options: *const Self) -> Result<impl FnOnce(ClientBuilder) -> Result<Client, Error>, Error> {
        // SAFETY: the same promise is asked of the caller.
        let options = unsafe { read_options(options, "options") }?;
        let Self {
            size: _,
            trust_system_roots,
            no_gzip,
            no_environment,
            timeout_ms,
            connect_timeout_ms,
            max_rows,
            path,
            save,
            userdata,
            userdata_free,
            cancel,
            proxy: url,
            config_types,
            config_types_len,
            app_id,
            app_version,
            on_event,
            event_userdata,
            event_userdata_free,
            renew_before_ms,
            always_renew_key,
            renewal_key_kind,
            credentials,
            second_factor_jwt,
            login_flow: flow,
            on_session_change,
            session_userdata,
            session_userdata_free,
            saved_session,
        } = options;
        // First of all, so that their destructors run whatever is wrong with the rest.
        let userdata = Userdata::new(userdata, userdata_free);
        let tell = teller(on_event, Userdata::new(event_userdata, event_userdata_free));
        let keep = keeper(on_session_change, Userdata::new(session_userdata, session_userdata_free));
        // SAFETY: a string is NULL or NUL-terminated; callbacks run on any thread (header, "Threads").
        let store = unsafe { store(path, save, userdata) }?;
        // SAFETY: a handle is NULL or was not freed yet (header, "Ownership").
        let cancel = unsafe { cancel_token(cancel) };
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let proxy = unsafe { proxy(url, "options.proxy") }?;
        // SAFETY: as above, and the array is as long as its length says.
        let config_types = unsafe { texts(config_types, config_types_len, "options.config_types") }?;
        let config_types: Vec<String> = config_types.into_iter().map(str::to_owned).collect();
        // SAFETY: as above.
        let app_id = unsafe { optional_text(app_id, "options.app_id") }?.unwrap_or_default().to_owned();
        // SAFETY: as above.
        let app_version = unsafe { optional_text(app_version, "options.app_version") }?.unwrap_or_default().to_owned();
        let key = new_key(renewal_key_kind)?;
        // SAFETY: credentials begin with their size and hold valid strings and handles (header, "Ownership").
        let credentials = unsafe { zec_credentials::rust(credentials, "options.credentials") }?;
        // SAFETY: a handle is NULL or was not freed yet (header, "Ownership").
        let second = unsafe { jwt_source(second_factor_jwt) };
        let flow = login_flow(flow, "options.login_flow")?;
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let saved = unsafe { optional_text(saved_session, "options.saved_session") }?.map(Secret::new);
        Ok(move |builder: ClientBuilder| {
            let builder = builder.credentials(credentials).login_flow(flow);
            let builder = set(builder, second, ClientBuilder::second_factor_jwt);
            let builder = builder.always_renew_key(always_renew_key != 0).renewal_key(key);
            let builder = set(builder, limit(renew_before_ms), ClientBuilder::renew_before);
            let builder = set(builder, tell, ClientBuilder::on_event);
            let builder = set(builder, keep, ClientBuilder::on_session_change);
            let builder = builder.trust_system_roots(trust_system_roots != 0).gzip(no_gzip == 0);
            let builder = builder.send_environment(no_environment == 0).application(app_id, app_version);
            let builder =
                set(builder, Some(config_types).filter(|types| !types.is_empty()), ClientBuilder::config_types);
            let builder = set(builder, limit(timeout_ms), ClientBuilder::timeout);
            let builder = set(builder, limit(connect_timeout_ms), ClientBuilder::connect_timeout);
            let builder = set(builder, (max_rows != 0).then_some(max_rows), ClientBuilder::max_rows);
            let builder = set(builder, store, ClientBuilder::store);
            let builder = set(builder, cancel.as_ref(), ClientBuilder::cancel);
            let client = set(builder, proxy, ClientBuilder::proxy).build()?;
            saved.map_or(Ok(()), |saved| client.resume_session(&saved))?;
            Ok(client)
        })
    }
}

fn new_key(kind: u32) -> Result<KeyChoice, Error> {
    match kind {
        ZEC_KEY_P256 => Ok(KeyChoice::P256),
        ZEC_KEY_P384 => Ok(KeyChoice::P384),
        ZEC_KEY_ED25519 => Ok(KeyChoice::Ed25519),
        ZEC_KEY_RSA => Ok(KeyChoice::Rsa { bits: DEFAULT_RSA_BITS }),
        other => {
            let message = format!("argument options.renewal_key_kind is {other}, which is no kind of a new key");
            Err(Error::InvalidArgument(message))
        }
    }
}

/// Sets one option, if the caller gave it.
fn set<T>(
    builder: ClientBuilder,
    value: Option<T>,
    with: impl FnOnce(ClientBuilder, T) -> ClientBuilder,
) -> ClientBuilder {
    match value {
        Some(value) => with(builder, value),
        None => builder,
    }
}

/// Makes a client. No I/O. `options` may be NULL; `identity` may be freed afterwards.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_client_new(
    identity: Option<&zec_identity>,
    options: *const zec_client_options,
    out: Option<&mut MaybeUninit<*mut zec_client>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        // SAFETY: options begin with their size and hold valid strings and handles (header, "Ownership").
        let options = unsafe { zec_client_options::rust(options) };
        let out = clear(arg(out, "out")?);
        let identity = arg(identity, "identity")?;
        out.write(zec_client::give(options?(Client::builder(&identity.identity))?));
        Ok(())
    })
}

/// The same client with another time limit per call; the tighter of both holds. `timeout_ms` must not be 0, which
/// other interfaces take for "no limit" or for "at once". It shares login and connections with `client`, which may be
/// freed first.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_client_with_timeout(
    client: Option<&zec_client>,
    timeout_ms: u64,
    out: Option<&mut MaybeUninit<*mut zec_client>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        let timeout = limit(timeout_ms).ok_or_else(|| Error::InvalidArgument("argument timeout_ms is 0".into()))?;
        out.write(zec_client::give(client.client.with_timeout(timeout)));
        Ok(())
    })
}

/// The same client with one more cancel token; each of them ends its calls. It shares login and connections with
/// `client`, which may be freed first.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_client_with_cancel(
    client: Option<&zec_client>,
    cancel: Option<&zec_cancel>,
    out: Option<&mut MaybeUninit<*mut zec_client>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let cancel = arg(cancel, "cancel")?;
        let client = arg(client, "client")?;
        out.write(zec_client::give(client.client.with_cancel(&cancel.token)));
        Ok(())
    })
}

/// The same client for the management API of the same controllers. It has the operations on the own session and the own
/// authenticators, zec_controller_version() and zec_client_request(), and logs in as ever; anything else is
/// ZEC_ERR_UNSUPPORTED without any I/O. It shares login and connections with `client`, which may be freed first.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_client_management(
    client: Option<&zec_client>,
    out: Option<&mut MaybeUninit<*mut zec_client>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        out.write(zec_client::give(client.client.management()));
        Ok(())
    })
}

/// The identity as it is now; it may have been renewed since the client was made.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_client_identity(
    client: Option<&zec_client>,
    out: Option<&mut MaybeUninit<*mut zec_identity>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        out.write(zec_identity::give(client.client.identity()));
        Ok(())
    })
}

/// Has this client and those derived from it log in with other credentials from now on, the next time that a call needs
/// a login: the one there is is used no more, and left to expire. Calls in flight end as they began. No I/O.
/// `credentials` may be freed afterwards. ZEC_ERR_TIMEOUT if another thread renews the identity for as long as a call
/// may take.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_client_set_credentials(
    client: Option<&zec_client>,
    credentials: *const zec_credentials,
) -> Option<Box<zec_error>> {
    guard(|| {
        let client = arg(client, "client")?;
        if credentials.is_null() {
            return Err(Error::InvalidArgument("argument credentials is NULL".to_owned()));
        }
        // SAFETY: credentials begin with their size and hold valid strings and handles (header, "Ownership").
        client.client.set_credentials(unsafe { zec_credentials::rust(credentials, "credentials") }?)
    })
}

/// Has this client and those derived from it take the external JWT of a second factor from elsewhere from now on. The
/// login stays; one whose JWT was refused gets another one with the next call that needs it. No I/O. `source` may be freed
/// afterwards.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_client_set_second_factor_jwt(
    client: Option<&zec_client>,
    source: Option<&zec_jwt_source>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let source = arg(source, "source")?;
        arg(client, "client")?.client.set_second_factor_jwt(&source.source)
    })
}

/// Takes no earlier refusal of the credentials, or of an external JWT, for an answer any more: the next call that needs
/// a login asks the controller again. It also tries controllers that have failed, or asked to be left alone, without
/// waiting for its turn. No I/O.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_client_retry_now(client: Option<&zec_client>) -> Option<Box<zec_error>> {
    guard(|| {
        arg(client, "client")?.client.retry_now();
        Ok(())
    })
}

/// Closes its connections, unless derived clients still use them; no I/O. The session stays: see zec_client_logout().
#[unsafe(no_mangle)]
pub extern "C" fn zec_client_free(client: Option<Box<zec_client>>) {
    guard_or((), || drop(client));
}
