//! What controllers say of themselves.

use super::Call;

pub(super) const CALLS: &[Call] = &[Call::new("client listVersion", |scene| {
    let version = scene.client.controller().version()?;
    assert_eq!(version.base_path("edge-client"), Some("/edge/client/v1"));
    Ok(())
})];
