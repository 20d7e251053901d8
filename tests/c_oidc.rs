//! Logins over OIDC from C.
#![cfg(all(feature = "capi", target_os = "linux"))]

#[path = "c/oidc.rs"]
mod oidc;
#[path = "c/scene.rs"]
mod scene;
#[path = "c/support.rs"]
mod support;

#[test]
fn a_login_over_oidc_lists_is_refreshed_made_anew_kept_and_ended() {
    oidc::logins_over_oidc(|program| support::command(program));
}
