//! New values for an authenticator.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::Error;
use crate::secret::Secret;
use crate::wire::Body;

/// New values for an authenticator by user name and password, with the password that is right so far.
#[derive(Debug, Clone)]
#[must_use]
pub struct AuthenticatorChange {
    current_password: Secret,
    username: Option<String>,
    password: Option<Secret>,
    tags: Option<Map<String, Value>>,
}

impl AuthenticatorChange {
    /// No change yet.
    pub fn new(current_password: impl Into<Secret>) -> Self {
        Self { current_password: current_password.into(), username: None, password: None, tags: None }
    }

    /// The name to log in with.
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.username = Some(username.into());
        self
    }

    /// The new password.
    pub fn password(mut self, password: impl Into<Secret>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// The tags, all of them.
    pub fn tags(mut self, tags: Map<String, Value>) -> Self {
        self.tags = Some(tags);
        self
    }

    /// An error unless there is all that a replacement needs.
    pub(super) fn require_whole(&self) -> Result<(), Error> {
        let missing = match (&self.username, &self.password) {
            (None, _) => "user name",
            (_, None) => "password",
            _ => return Ok(()),
        };
        Err(Error::InvalidArgument(format!("the change has no {missing}; update needs both, patch only what changes")))
    }

    /// What of the body must not be seen.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.password.iter().chain([&self.current_password])
    }

    pub(super) fn body(&self) -> Body {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct ChangeBody<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            username: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            password: Option<&'a str>,
            current_password: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            tags: Option<&'a Map<String, Value>>,
        }
        Body::json(&ChangeBody {
            username: self.username.as_deref(),
            password: self.password.as_ref().map(Secret::expose),
            current_password: self.current_password.expose(),
            tags: self.tags.as_ref(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_given_is_sent() {
        let text = |change: &AuthenticatorChange| String::from_utf8(change.body().bytes.to_vec()).unwrap();
        let change = AuthenticatorChange::new("old\"".to_owned());
        assert_eq!(text(&change), r#"{"currentPassword":"old\""}"#);
        let change = change.username("bob").password("new".to_owned()).tags(Map::new());
        assert_eq!(text(&change), r#"{"username":"bob","password":"new","currentPassword":"old\"","tags":{}}"#);
    }

    #[test]
    fn a_replacement_needs_user_name_and_password() {
        let missing = |change: AuthenticatorChange| change.require_whole().map_err(|error| error.to_string());
        let change = AuthenticatorChange::new("canary-old".to_owned());
        assert!(missing(change.clone()).unwrap_err().contains("has no user name"));
        assert!(missing(change.clone().username("bob")).unwrap_err().contains("has no password"));
        let whole = change.username("bob").password("canary-new".to_owned());
        assert!(!format!("{whole:?}").contains("canary"));
        assert_eq!(missing(whole), Ok(()));
    }
}
