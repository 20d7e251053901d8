//! Logins on other devices.

use serde_json::{Value, json};

use super::answer::Answer;
use super::settings::{ProviderPart, parameter};
use super::{CLIENT_ID, Shared};
use crate::random;

/// The devices that wait for their user.
#[derive(Default)]
pub(super) struct Devices {
    waiting: Vec<Device>,
}

struct Device {
    device_code: String,
    user_code: String,
    /// What the user said.
    agreed: Option<bool>,
}

impl Devices {
    /// False if there is no such code.
    pub(super) fn enter(&mut self, user_code: &str, agrees: bool) -> bool {
        let device = self.waiting.iter_mut().find(|device| device.user_code == user_code);
        device.is_some_and(|device| {
            device.agreed = Some(agrees);
            true
        })
    }

    /// Ends the wait of a device whose user has agreed; else why there are no tokens yet.
    pub(super) fn take(&mut self, device_code: &str) -> Result<(), Answer> {
        let at = self.waiting.iter().position(|device| device.device_code == device_code);
        let at = at.ok_or_else(|| Answer::refusal("expired_token", &format!("no device has {device_code}")))?;
        match self.waiting[at].agreed {
            None => Err(Answer::refusal("authorization_pending", "")),
            Some(false) => Err(Answer::refusal("access_denied", "the user said no")),
            Some(true) => {
                self.waiting.remove(at);
                Ok(())
            }
        }
    }
}

/// Answers a device that wants a code.
pub(super) fn codes(shared: &Shared, form: &[(String, String)]) -> Answer {
    if parameter(form, "client_id") != Some(CLIENT_ID) {
        return Answer::refusal("invalid_client", "client not known");
    }
    let mut state = shared.state();
    let (device_code, user_code) = (random::uuid(), random::recovery_code());
    let codes: Value = state.changed(
        ProviderPart::DeviceCodes,
        json!({
            "device_code": device_code,
            "user_code": user_code,
            "verification_uri": format!("{}/device", shared.issuer),
            "verification_uri_complete": format!("{}/device?user_code={user_code}", shared.issuer),
            "expires_in": 600,
            "interval": 0,
        }),
    );
    state.devices.waiting.push(Device { device_code, user_code, agreed: None });
    Answer::json(200, &codes)
}
