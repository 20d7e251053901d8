//! The session of a login.

use super::Call;

pub(super) const CALLS: &[Call] = &[Call::new("client getCurrentAPISession", |scene| {
    let session = scene.client.current_api_session().get()?;
    assert_eq!(session.identity_name.as_deref(), Some("alice"));
    Ok(())
})];
