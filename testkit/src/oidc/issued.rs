//! What became of the tokens of a network. All its controllers share this.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use time::OffsetDateTime;

use super::Kind;

/// More than a test issues; a program that runs for days forgets the tokens that nobody revoked.
const REMEMBERED: usize = 50_000;

/// Tokens by the id they carry; the access and the refresh token of one login share it.
#[derive(Default)]
pub(crate) struct Issued {
    tokens: HashMap<String, Entry>,
    /// Identities that were logged out.
    ended: HashSet<String>,
}

struct Entry {
    identity_id: String,
    session_id: String,
    /// In seconds of Unix time: of the token that lasts longer.
    expires: i64,
    revoked: Option<OffsetDateTime>,
    /// There is an access token with this id that is good, as far as it is not revoked.
    accesses: bool,
    /// The same for a refresh token.
    refreshes: bool,
}

impl Issued {
    /// Takes note of a token.
    pub(crate) fn add(&mut self, claims: &Value, now: OffsetDateTime) {
        self.make_room(now);
        let text = |name: &str| claims[name].as_str().unwrap_or_default().to_owned();
        let expires = claims["exp"].as_i64().unwrap_or_default();
        let entry = self.tokens.entry(text("jti")).or_insert_with(|| Entry {
            identity_id: text("sub"),
            session_id: text("z_asid"),
            expires,
            revoked: None,
            accesses: false,
            refreshes: false,
        });
        entry.expires = entry.expires.max(expires);
        entry.accesses |= claims["z_t"] == Kind::Access.letter();
        entry.refreshes |= claims["z_t"] == Kind::Refresh.letter();
    }

    fn make_room(&mut self, now: OffsetDateTime) {
        if self.tokens.len() < REMEMBERED {
            return;
        }
        self.tokens.retain(|_, entry| now.unix_timestamp() < entry.expires && entry.revoked.is_some());
        if self.tokens.len() >= REMEMBERED {
            self.tokens.clear();
        }
    }

    /// Lets the token of these claims be no good from a time on, with what shares its id. False if it was revoked
    /// before, whether that is in force yet or not; then nothing changes.
    pub(crate) fn revoke(&mut self, claims: &Value, from: OffsetDateTime) -> bool {
        self.entry(claims, from).is_some_and(|entry| match entry.revoked {
            Some(_) => false,
            None => {
                entry.revoked = Some(from);
                true
            }
        })
    }

    /// The same from now on, whatever was to come later.
    pub(crate) fn revoke_now(&mut self, claims: &Value, now: OffsetDateTime) {
        if let Some(entry) = self.entry(claims, now) {
            entry.revoked = Some(entry.revoked.map_or(now, |from| from.min(now)));
        }
    }

    /// Lets the access token of these claims be no good; a refresh token that shares its id is as before.
    pub(crate) fn end_access(&mut self, claims: &Value, now: OffsetDateTime) {
        if let Some(entry) = self.entry(claims, now) {
            entry.accesses = false;
        }
    }

    /// What is known of a token, which may be one that nobody took note of.
    fn entry(&mut self, claims: &Value, now: OffsetDateTime) -> Option<&mut Entry> {
        let id = claims["jti"].as_str()?;
        if !self.tokens.contains_key(id) {
            self.add(claims, now);
        }
        self.tokens.get_mut(id)
    }

    /// Whether the token of these claims is no good any more.
    pub(crate) fn is_revoked(&self, claims: &Value, kind: Kind, now: OffsetDateTime) -> bool {
        let entry = claims["jti"].as_str().and_then(|id| self.tokens.get(id));
        entry.is_some_and(|entry| {
            entry.revoked.is_some_and(|from| from <= now) || (kind == Kind::Access && !entry.accesses)
        })
    }

    /// Logs an identity out, whose access tokens end with it if `for_access`. False if that happened before; then
    /// nothing changes.
    pub(crate) fn end_identity(&mut self, identity_id: &str, for_access: bool) -> bool {
        if !self.ended.insert(identity_id.to_owned()) {
            return false;
        }
        for entry in self.tokens.values_mut().filter(|entry| for_access && entry.identity_id == identity_id) {
            entry.accesses = false;
        }
        true
    }

    /// Ends all access tokens.
    pub(crate) fn end_all_access(&mut self) {
        self.tokens.values_mut().for_each(|entry| entry.accesses = false);
    }

    /// Ends all tokens.
    pub(crate) fn end_all(&mut self, now: OffsetDateTime) {
        self.tokens.values_mut().for_each(|entry| entry.revoked = Some(now));
    }

    /// The sessions of which there is a token that may be good.
    pub(crate) fn sessions(&self, now: OffsetDateTime) -> HashSet<String> {
        let good = |entry: &&Entry| {
            let revoked = entry.revoked.is_some_and(|from| from <= now);
            now.unix_timestamp() < entry.expires && !revoked && (entry.accesses || entry.refreshes)
        };
        self.tokens.values().filter(good).map(|entry| entry.session_id.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::time::Duration;

    fn claims(id: &str) -> Value {
        json!({"jti": id, "sub": "alice", "z_asid": "session", "exp": i64::MAX, "z_t": "a"})
    }

    #[test]
    fn a_revocation_comes_into_force_in_its_time_and_counts_once() {
        let (now, later) = (OffsetDateTime::now_utc(), OffsetDateTime::now_utc() + Duration::from_secs(30));
        let mut issued = Issued::default();
        issued.add(&claims("a"), now);
        assert!(issued.revoke(&claims("a"), later));
        assert!(!issued.revoke(&claims("a"), now));
        assert!(!issued.is_revoked(&claims("a"), Kind::Access, now));
        assert!(issued.is_revoked(&claims("a"), Kind::Access, later));
        issued.revoke_now(&claims("a"), now);
        assert!(issued.is_revoked(&claims("a"), Kind::Refresh, now));
        assert!(issued.sessions(now).is_empty());
    }

    #[test]
    fn an_identity_is_logged_out_once_and_keeps_its_refresh_tokens() {
        let now = OffsetDateTime::now_utc();
        let mut issued = Issued::default();
        issued.add(&claims("a"), now);
        assert!(issued.end_identity("alice", true));
        assert!(issued.is_revoked(&claims("a"), Kind::Access, now));
        assert!(!issued.is_revoked(&claims("a"), Kind::Refresh, now));
        issued.add(&claims("b"), now);
        assert!(!issued.end_identity("alice", true));
        assert!(!issued.is_revoked(&claims("b"), Kind::Access, now));
    }

    #[test]
    fn a_session_is_there_as_long_as_one_of_its_tokens() {
        let now = OffsetDateTime::now_utc();
        let mut issued = Issued::default();
        let mut refresh = claims("a");
        refresh["z_t"] = "r".into();
        issued.add(&claims("a"), now);
        issued.add(&refresh, now);
        issued.end_access(&claims("a"), now);
        assert!(issued.is_revoked(&claims("a"), Kind::Access, now));
        assert_eq!(issued.sessions(now).len(), 1);
        issued.end_all(now);
        assert!(issued.sessions(now).is_empty());
    }

    #[test]
    fn what_was_revoked_is_remembered_longest() {
        let now = OffsetDateTime::now_utc();
        let mut issued = Issued::default();
        issued.revoke(&claims("revoked"), now);
        for number in 0..REMEMBERED {
            issued.add(&claims(&number.to_string()), now);
        }
        assert!(issued.tokens.len() < REMEMBERED);
        assert!(issued.is_revoked(&claims("revoked"), Kind::Refresh, now));
    }
}
