//! The controllers of a network: which one to ask next, and where its API lies.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::clock::{Told, skew_note};
use super::now::Now;
use super::pacing::Jitter;
use crate::error::{ApiError, Error};
use crate::wire::fields::{Fields, Model};
use crate::wire::url::is_plain_path;
use crate::wire::{Api, ControllerUrl, Request, envelope};

/// A controller that failed is asked last for this long.
const AVOIDED_FOR: Duration = Duration::from_secs(60);
/// With other controllers left to try, silence costs at least this much and not the whole deadline.
const SHORTEST_ATTEMPT: Duration = Duration::from_secs(2);

/// The controllers of one network with what was learnt of each. Does no I/O.
pub(crate) struct Controllers {
    known: Mutex<Vec<Known>>,
}

#[derive(Clone)]
struct Known {
    url: ControllerUrl,
    features: Option<Arc<Features>>,
    failed_at: Option<Instant>,
    answered_at: Option<Instant>,
    /// What time it was for it when it answered last.
    told: Option<Told>,
    /// Until when it asks not to be asked, and with what answer.
    busy: Option<(Instant, ApiError)>,
}

/// What a controller says of itself, as far as a login cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Features {
    /// The path of the client API, without a trailing slash.
    client_path: String,
    /// The path of the management API, if the controller serves it at this address.
    management_path: Option<String>,
    /// True on a cluster, where one node may know what another does not know yet.
    pub(crate) clustered: bool,
    /// Below which path there is OIDC to log in with, without a trailing slash.
    oidc_path: Option<String>,
}

impl Features {
    /// The path of an API, without a trailing slash.
    pub(crate) fn path(&self, api: Api) -> Result<&str, Error> {
        match api {
            Api::Client => Ok(&self.client_path),
            Api::Management => self.management_path.as_deref().ok_or_else(|| {
                let message = "this controller does not serve the management API at this address";
                Error::Unsupported(message.to_owned())
            }),
        }
    }

    /// The path of OIDC, without a trailing slash, if the controller lets its clients log in with that.
    pub(crate) fn oidc_path(&self) -> Option<&str> {
        self.oidc_path.as_deref()
    }

    /// `GET /version`, which answers below the host itself: it is asked before the path of the API is known.
    pub(crate) fn request() -> Request {
        let mut request = Request::get("/version").without_login().at_root();
        request.max_answer = MAX_VERSION;
        request
    }

    /// Reads an answer of `GET /version`. Only paths are taken from it, never a host.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Error> {
        let version: VersionAnswer = envelope::data("GET /version", body)?;
        let path = |api: &str| version.api_versions.get(api)?.get("v1")?.path.as_deref();
        let client_path = path("edge-client").or_else(|| path("edge")).unwrap_or(DEFAULT_PATH);
        if !is_plain_path(client_path) {
            return Err(Error::Decode {
                operation: "GET /version".to_owned(),
                path: "data.apiVersions.edge-client.v1.path".to_owned(),
                message: "this is not the path of an API".to_owned(),
            });
        }
        let management_path = path("edge-management").filter(|path| is_plain_path(path));
        let owned = |path: &str| path.trim_end_matches('/').to_owned();
        let can = |capability: &str| version.capabilities.iter().any(|word| word == capability);
        let oidc_path = path("edge-oidc").unwrap_or(DEFAULT_OIDC_PATH);
        Ok(Self {
            client_path: owned(client_path),
            management_path: management_path.map(owned),
            clustered: can("HA_CONTROLLER"),
            oidc_path: (can("OIDC_AUTH") && is_plain_path(oidc_path)).then(|| owned(oidc_path)),
        })
    }
}

/// What a controller says of itself has about 2 KiB.
const MAX_VERSION: u64 = 1024 * 1024;
const DEFAULT_PATH: &str = "/edge/client/v1";
/// 1.3 says that it has OIDC, and not where.
const DEFAULT_OIDC_PATH: &str = "/oidc";

struct VersionAnswer {
    api_versions: BTreeMap<String, BTreeMap<String, ApiPath>>,
    capabilities: Vec<String>,
}

impl Model for VersionAnswer {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { api_versions: fields.get("apiVersions"), capabilities: fields.get("capabilities") }
    }
}

struct ApiPath {
    path: Option<String>,
}

impl Model for ApiPath {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { path: fields.get("path") }
    }
}

impl Controllers {
    /// In the beginning all are equal, and chance decides which to ask first: the clients of a network do not all begin
    /// with the same one.
    pub(crate) fn new(urls: &[ControllerUrl], jitter: &Jitter) -> Self {
        let unknown = |url: &ControllerUrl| Known {
            url: url.clone(),
            features: None,
            failed_at: None,
            answered_at: None,
            told: None,
            busy: None,
        };
        let mut known: Vec<Known> = urls.iter().map(unknown).collect();
        jitter.shuffle(&mut known);
        Self { known: Mutex::new(known) }
    }

    /// The same with what is known of those that are among `others`, too.
    pub(crate) fn knowing(self, others: &Self) -> Self {
        let others = others.lock().clone();
        for one in self.lock().iter_mut() {
            if let Some(known) = others.iter().find(|known| known.url == one.url) {
                *one = known.clone();
            }
        }
        self
    }

    /// All controllers, the one to ask first at the front: the one that answered last. Those that failed a short time
    /// ago come last, and after them those that ask for patience.
    pub(crate) fn in_order(&self, now: Instant) -> Vec<ControllerUrl> {
        let known = self.lock();
        let avoided = |one: &Known| one.failed_at.filter(|_| one.is_avoided(now));
        let mut order: Vec<&Known> = known.iter().collect();
        order.sort_by_key(|one| (one.busy_until(now), avoided(one), Reverse(one.answered_at)));
        order.into_iter().map(|one| one.url.clone()).collect()
    }

    /// The same with how much longer each is avoided, if it is.
    pub(crate) fn avoided(&self, now: Instant) -> Vec<(ControllerUrl, Option<Duration>)> {
        let left = |failed_at: Instant| AVOIDED_FOR.checked_sub(now.saturating_duration_since(failed_at));
        let of = |url: &ControllerUrl| self.lock().iter().find(|one| one.url == *url)?.failed_at.and_then(left);
        let order = self.in_order(now);
        order.into_iter().map(|url| (url.clone(), of(&url).filter(|left| !left.is_zero()))).collect()
    }

    /// True if this one failed a short time ago, and there is another that did not and may be asked.
    pub(super) fn has_better(&self, than: &ControllerUrl, now: Instant) -> bool {
        let known = self.lock();
        let (own, others): (Vec<&Known>, Vec<&Known>) = known.iter().partition(|one| one.url == *than);
        own.iter().any(|one| one.is_avoided(now))
            && others.iter().any(|one| !one.is_avoided(now) && one.busy_until(now).is_none())
    }

    /// What a controller answered that does not want to be asked yet, with the time that is left of it.
    pub(super) fn wants_patience(&self, url: &ControllerUrl, now: Instant) -> Option<ApiError> {
        let known = self.lock();
        let one = known.iter().find(|one| one.url == *url)?;
        let left = one.busy_until(now)?.saturating_duration_since(now);
        let (_, answer) = one.busy.as_ref()?;
        Some(ApiError { retry_after: Some(left), ..answer.clone() })
    }

    /// How long until the first controller may be asked; zero if one may.
    pub(super) fn patience(&self, now: Instant) -> Duration {
        let known = self.lock();
        let left = |one: &Known| one.busy_until(now).map_or(Duration::ZERO, |end| end.saturating_duration_since(now));
        known.iter().map(left).min().unwrap_or_default()
    }

    /// Remembers that a controller asks not to be asked until then.
    pub(super) fn leave_alone(&self, url: &ControllerUrl, until: Option<Instant>, answer: &ApiError) {
        if let Some(one) = self.lock().iter_mut().find(|one| one.url == *url) {
            one.busy = until.map(|until| (until, answer.clone()));
        }
    }

    /// Remembers what time it is for a controller.
    pub(super) fn tells_time(&self, url: &ControllerUrl, told: Told) {
        if let Some(one) = self.lock().iter_mut().find(|one| one.url == *url) {
            one.told = Some(told);
        }
    }

    /// What is worth saying of the clock of this controller; if it never told the time, of another one's.
    pub(crate) fn skew_note(&self, url: &ControllerUrl, now: Now) -> Option<String> {
        let known = self.lock();
        let own = known.iter().find(|one| one.url == *url && one.told.is_some());
        let known = own.or_else(|| known.iter().find(|one| one.told.is_some()))?;
        skew_note(known.url.origin(), known.told?.ahead(now))
    }

    /// Forgets what speaks against asking a controller.
    pub(crate) fn forgive(&self) {
        for one in self.lock().iter_mut() {
            (one.failed_at, one.busy) = (None, None);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    pub(crate) fn features(&self, url: &ControllerUrl) -> Option<Arc<Features>> {
        self.lock().iter().find(|one| one.url == *url)?.features.clone()
    }

    pub(crate) fn learn(&self, url: &ControllerUrl, features: &Arc<Features>) {
        if let Some(one) = self.lock().iter_mut().find(|one| one.url == *url) {
            one.features = Some(Arc::clone(features));
        }
    }

    /// Remembers that a controller could not be used just now. True if that holds for all of them.
    pub(crate) fn failed(&self, url: &ControllerUrl, now: Instant) -> bool {
        let mut known = self.lock();
        if let Some(one) = known.iter_mut().find(|one| one.url == *url) {
            one.failed_at = Some(now);
        }
        known.iter().all(|one| one.failed_at.is_some())
    }

    /// Remembers that a controller answered.
    pub(crate) fn answered(&self, url: &ControllerUrl, now: Instant) {
        if let Some(one) = self.lock().iter_mut().find(|one| one.url == *url) {
            (one.failed_at, one.answered_at, one.busy) = (None, Some(now), None);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn is_avoided(&self, now: Instant) -> bool {
        self.failed_at.is_some_and(|at| now.saturating_duration_since(at) < AVOIDED_FOR)
    }

    fn busy_until(&self, now: Instant) -> Option<Instant> {
        self.busy.as_ref().map(|(until, _)| *until).filter(|until| *until > now)
    }
}

/// Until when an attempt may stay without an answer, if `untried` more controllers could be asked after it. The last
/// one has all that is left of the call.
pub(crate) fn first_byte_by(now: Instant, remaining: Duration, untried: usize) -> Option<Instant> {
    let others = u32::try_from(untried).ok().filter(|others| *others > 0)?;
    Some(now + SHORTEST_ATTEMPT.max(remaining / (others + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Head, refusal};

    fn url(text: &str) -> ControllerUrl {
        ControllerUrl::parse(text).unwrap()
    }

    fn in_this_order(urls: &[&ControllerUrl]) -> Controllers {
        let urls: Vec<ControllerUrl> = urls.iter().map(|url| (*url).clone()).collect();
        Controllers::new(&urls, &Jitter::of(|| 0.0))
    }

    fn version(path: &str) -> Vec<u8> {
        format!(r#"{{"data":{{"apiVersions":{{"edge-client":{{"v1":{{"path":"{path}"}}}}}}}},"meta":{{}}}}"#)
            .into_bytes()
    }

    #[test]
    fn a_failed_controller_is_asked_last_for_a_minute() {
        let (a, b) = (url("https://a:1"), url("https://b:1"));
        let controllers = in_this_order(&[&a, &b]);
        let now = Instant::now();
        assert_eq!(controllers.in_order(now), [a.clone(), b.clone()]);
        controllers.failed(&a, now);
        assert_eq!(controllers.in_order(now), [b.clone(), a.clone()]);
        controllers.failed(&b, now + Duration::from_secs(1));
        assert_eq!(
            controllers.in_order(now + Duration::from_secs(2)),
            [a.clone(), b.clone()],
            "the older failure first"
        );
        assert_eq!(controllers.in_order(now + Duration::from_secs(70)), [a.clone(), b.clone()]);
        controllers.failed(&a, now + Duration::from_secs(70));
        controllers.answered(&a, now + Duration::from_secs(71));
        assert_eq!(controllers.in_order(now + Duration::from_secs(71)), [a, b]);
    }

    #[test]
    fn the_one_that_answered_last_is_asked_first() {
        let (a, b, c) = (url("https://a:1"), url("https://b:1"), url("https://c:1"));
        let controllers = in_this_order(&[&a, &b, &c]);
        let now = Instant::now();
        controllers.answered(&b, now);
        assert_eq!(controllers.in_order(now), [b.clone(), a.clone(), c.clone()]);
        assert!(!controllers.failed(&b, now));
        let later = now + AVOIDED_FOR;
        controllers.answered(&c, later);
        assert_eq!(controllers.in_order(later), [c.clone(), b.clone(), a.clone()], "served before is better than not");
        assert!(!controllers.failed(&c, later) && controllers.failed(&a, later), "then all of them have failed");
    }

    #[test]
    fn one_that_asks_for_patience_comes_last_until_its_time_is_over() {
        let (a, b) = (url("https://a:1"), url("https://b:1"));
        let controllers = in_this_order(&[&a, &b]);
        let now = Instant::now();
        let second = Duration::from_secs(1);
        let answer = refusal::read("GET /x", &Head { status: 429, ..Head::default() }, b"");
        controllers.leave_alone(&a, Some(now + 100 * second), &answer);
        controllers.failed(&b, now);
        assert_eq!(controllers.in_order(now), [b.clone(), a.clone()]);
        assert_eq!(controllers.wants_patience(&a, now + second).unwrap().retry_after, Some(99 * second));
        assert!(controllers.wants_patience(&b, now).is_none());
        assert_eq!(controllers.patience(now), Duration::ZERO, "the other one may be asked");
        controllers.leave_alone(&b, Some(now + 20 * second), &answer);
        assert_eq!(controllers.patience(now), 20 * second);
        assert!(controllers.wants_patience(&a, now + 100 * second).is_none());
        controllers.forgive();
        assert_eq!((controllers.patience(now), controllers.in_order(now)), (Duration::ZERO, vec![a, b]));
    }

    #[test]
    fn one_silent_controller_of_three_leaves_time_for_the_others() {
        let now = Instant::now();
        assert_eq!(first_byte_by(now, Duration::from_secs(30), 2), Some(now + Duration::from_secs(10)));
        assert_eq!(first_byte_by(now, Duration::from_secs(3), 2), Some(now + Duration::from_secs(2)));
        assert_eq!(first_byte_by(now, Duration::from_secs(30), 0), None);
    }

    #[test]
    fn only_a_plain_path_is_taken_from_a_version_answer() {
        assert_eq!(Features::read(&version("/edge/client/v1/")).unwrap().path(Api::Client).unwrap(), "/edge/client/v1");
        for path in ["https://evil.test/edge", "//evil.test/x", "/a/../b", "edge/client/v1", "/x?y=z", ""] {
            assert!(matches!(Features::read(&version(path)), Err(Error::Decode { .. })), "{path}");
        }
    }

    #[test]
    fn an_old_controller_without_capabilities_is_not_clustered() {
        let features = Features::read(br#"{"data":{"capabilities":null}}"#).unwrap();
        assert_eq!((features.path(Api::Client).unwrap(), features.clustered), ("/edge/client/v1", false));
        assert!(matches!(features.path(Api::Management), Err(Error::Unsupported(_))));
        let features = Features::read(br#"{"data":{"capabilities":["NEWER","HA_CONTROLLER"]}}"#).unwrap();
        assert!(features.clustered && features.oidc_path().is_none());
    }

    #[test]
    fn there_is_oidc_where_the_controller_says_so() {
        let path = |rest: &str| {
            let body = format!(r#"{{"data":{{"capabilities":["OIDC_AUTH"]{rest}}}}}"#);
            Features::read(body.as_bytes()).unwrap().oidc_path().map(str::to_owned)
        };
        let at = |place: &str| format!(r#","apiVersions":{{"edge-oidc":{{"v1":{{"path":"{place}"}}}}}}"#);
        assert_eq!(path("").as_deref(), Some("/oidc"));
        assert_eq!(path(&at("/login/oidc/")).as_deref(), Some("/login/oidc"));
        assert_eq!(path(&at("https://evil.test/oidc")), None);
    }
}
