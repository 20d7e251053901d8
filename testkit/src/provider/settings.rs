//! What a provider knows, and what is to go wrong.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::device::Devices;
use super::grant::Code;

/// What a provider can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProviderEndpoint {
    /// `/.well-known/openid-configuration`
    Configuration,
    /// Where a browser goes.
    Authorize,
    /// Where codes become tokens.
    Token,
    /// Where a device gets its code.
    Device,
    /// The keys that sign its tokens.
    Keys,
    /// Anything else.
    Unknown,
}

/// A part of what a provider says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProviderPart {
    /// Its configuration.
    Configuration,
    /// The parameters with which the browser is sent back.
    Redirect,
    /// The answer of the token endpoint.
    Tokens,
    /// The claims of ID tokens.
    IdClaims,
    /// The claims of access tokens.
    AccessClaims,
    /// The codes for a device.
    DeviceCodes,
}

/// What an endpoint does in place of answering.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ProviderFault {
    /// This answer.
    Answer {
        /// The HTTP status.
        status: u16,
        /// The media type; none if empty.
        content_type: String,
        /// The body.
        body: Vec<u8>,
    },
    /// A refusal with this status that repeats all that was asked.
    Repeat(u16),
    /// Sends elsewhere.
    Redirect(String),
    /// Carries out what was asked, and closes the connection.
    LoseAnswer,
    /// Neither answers nor closes the connection.
    Silent,
    /// Begins an answer and sends a byte of it now and then, for ever.
    Drip,
}

/// A request as it came.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ProviderSeen {
    /// Whom it was for.
    pub endpoint: ProviderEndpoint,
    /// The method.
    pub method: String,
    /// The decoded parameters of its query or its form.
    pub parameters: Vec<(String, String)>,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Whether the client showed a certificate.
    pub with_certificate: bool,
}

impl ProviderSeen {
    /// The value of a parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        parameter(&self.parameters, name)
    }
}

/// The value of a parameter.
pub(super) fn parameter<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// What changes while a provider runs.
pub(super) struct State {
    pub(super) user: String,
    pub(super) token_life: Duration,
    /// What its clock is ahead of the system's.
    pub(super) ahead: Duration,
    pub(super) tells_time: bool,
    pub(super) faults: HashMap<ProviderEndpoint, ProviderFault>,
    pub(super) changes: HashMap<ProviderPart, Value>,
    pub(super) seen: Vec<ProviderSeen>,
    /// Logins by their codes.
    pub(super) codes: HashMap<String, Code>,
    pub(super) devices: Devices,
    /// Whose each refresh token is. Each is good once.
    pub(super) refresh_tokens: HashMap<String, String>,
}

impl State {
    pub(super) fn new(user: &str) -> Self {
        Self {
            user: user.to_owned(),
            token_life: Duration::from_secs(3600),
            ahead: Duration::ZERO,
            tells_time: true,
            faults: HashMap::new(),
            changes: HashMap::new(),
            seen: Vec::new(),
            codes: HashMap::new(),
            devices: Devices::default(),
            refresh_tokens: HashMap::new(),
        }
    }

    pub(super) fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc() + self.ahead
    }

    /// The object with the changes that were asked for.
    pub(super) fn changed(&self, part: ProviderPart, mut object: Value) -> Value {
        let changes = self.changes.get(&part).and_then(Value::as_object);
        if let (Some(changes), Some(object)) = (changes, object.as_object_mut()) {
            merge(object, changes);
        }
        object
    }
}

fn merge(object: &mut Map<String, Value>, changes: &Map<String, Value>) {
    for (name, value) in changes {
        match value {
            Value::Null => drop(object.remove(name)),
            value => drop(object.insert(name.clone(), value.clone())),
        }
    }
}
