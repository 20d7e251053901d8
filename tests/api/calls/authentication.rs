//! Logging in and out.

use ziti_edge_client::Login;

use super::Call;

pub(super) const CALLS: &[Call] = &[
    Call::new("client authenticate", |scene| {
        let login = scene.client.authenticate()?;
        assert!(matches!(login, Login::Complete(_)), "{login:?}");
        Ok(())
    })
    .query("method=cert")
    .body(r#"{"configTypes":["all"],"sdkInfo":{*},"envInfo":{*}}"#),
    Call::new("client deleteCurrentApiSession", |scene| {
        scene.client.authenticate()?;
        scene.client.logout()?;
        assert_eq!(scene.controller.session_count(), 0);
        Ok(())
    }),
];
