//! The session of a login.

use ziti_edge_client::Secret;

use super::Call;

pub(super) const CALLS: &[Call] = &[
    Call::new("client getCurrentAPISession", |scene| {
        let session = scene.client.current_api_session().get()?;
        assert_eq!(session.identity_name.as_deref(), Some("alice"));
        Ok(())
    }),
    Call::new("client createTotpToken", |scene| {
        scene.client.current_api_session().create_totp_token(&Secret::new("123456")).map(drop)
    })
    .case("a login without OIDC")
    .body(r#"{"code":"123456"}"#)
    .refused(400, "INVALID_BACKING_TOKEN_TYPE"),
    Call::new("client listServiceUpdates", |scene| {
        let updates = scene.client.current_api_session().service_updates()?;
        assert!(updates.last_change_at.unix_seconds().is_some());
        Ok(())
    }),
];
