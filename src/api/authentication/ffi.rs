//! The C face of logging in and out.

#![allow(unsafe_code, reason = "exporting a function by its name counts as unsafe")]

use std::mem::MaybeUninit;

use crate::ffi::{arg, clear, guard, zec_api_session, zec_client, zec_error};

/// Logs in with the identity's certificate, also if there is a login; later calls use the session. Optional: a call
/// that needs a login makes one. If `auth_queries` is not empty, the login waits for those factors.
/// POST /authenticate?method=cert (authenticate)
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_client_authenticate(
    client: Option<&zec_client>,
    out: Option<&mut MaybeUninit<*mut zec_api_session>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        out.write(zec_api_session::publish(client.client.authenticate()?.session()));
        Ok(())
    })
}

/// Ends the session, if there is one; the next call that needs one logs in anew.
/// DELETE /current-api-session (deleteCurrentApiSession)
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_client_logout(client: Option<&zec_client>) -> Option<Box<zec_error>> {
    guard(|| arg(client, "client")?.client.logout())
}
