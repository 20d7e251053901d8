//! A new certificate in place of the old one, so that at each moment one of both is kept that logs in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::CertificateDer;

use super::event::{Event, EventKind};
use super::schedule::certificate_lasts;
use super::wishes::{fetch, own_authenticator, wishes};
use crate::api::authenticators::{ExtendedCertificate, extend_request, verify_request};
use crate::client::Client;
use crate::error::Error;
use crate::identity::{Held, Identity, NewPair, Store};
use crate::login::{ApiSession, Generation, LiveSession, SessionToken, Wanted};
use crate::transport::Call;
use crate::trust::certificate::CertificateFacts;
use crate::trust::{display_time, renewed_chain};

/// So often it is looked whether an administrator asks for a renewal.
const LOOK_AGAIN: Duration = Duration::from_secs(3600);
/// What is told of a login that a renewal leaves as it is.
const STAYS: &str = "; the login goes on, and the next one wants a second factor again";
/// So soon it is tried again to save what could not be saved.
const SAVE_AGAIN: Duration = Duration::from_secs(30);

impl Client {
    /// Renews the certificate now, whether or not it is due.
    ///
    /// The controller issues a new one for the key there is; for a new key if it asks for one, or the client was made
    /// with [`always_renew_key`](crate::ClientBuilder::always_renew_key). The new certificate, and its key, are kept
    /// beside the identity before they are confirmed, and take its place once they have logged in; should anything
    /// fail, the old ones stay. Calls on other threads go on. If a renewal was interrupted, that one is brought to its
    /// end. If another process renewed the identity meanwhile, its certificate is used.
    ///
    /// `POST /current-identity/authenticators/{id}/extend` (extendCurrentIdentityAuthenticator) and
    /// `…/extend-verify` (extendVerifyCurrentIdentityAuthenticator)
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a certificate that the network did not issue, for a new key where a signer has the old
    /// one, and while a login over OIDC goes on with the certificate before this one. [`Error::InvalidArgument`] for a client without a store: what is renewed has to be kept.
    /// [`Error::Storage`] if it cannot be kept, and [`Error::Identity`] if a save hook does not keep it. Then nothing has
    /// changed, unless an event was told: the new certificate had been confirmed by then, is in use, and is saved by
    /// the next renewal.
    pub fn renew(&self) -> Result<Event, Error> {
        self.require_outside()?;
        let call = self.call();
        let event = self.renewed(&call)?;
        self.told(Some(event.clone())).map(|_| event)
    }

    /// Renews the certificate if it is due: if an administrator asks for it, if its end is near (see
    /// [`renew_before`](crate::ClientBuilder::renew_before)), or if a renewal was interrupted. `None` if it is not, or if
    /// another thread did it meanwhile.
    ///
    /// # Errors
    /// As for [`renew`](Client::renew).
    pub fn renew_if_due(&self) -> Result<Option<Event>, Error> {
        self.require_outside()?;
        let call = self.call();
        let (event, _) = self.look_after_certificate(&call)?;
        self.told(event)
    }

    /// Tells what was done, and returns it unless it is not saved.
    fn told(&self, event: Option<Event>) -> Result<Option<Event>, Error> {
        self.tell(event.as_slice());
        match event.as_ref().and_then(|event| event.error.clone()) {
            Some(error) => Err(error),
            None => Ok(event),
        }
    }

    pub(super) fn look_after_certificate(&self, call: &Call) -> Result<(Option<Event>, Duration), Error> {
        let event = match self.certificate_due(call)? {
            Due::Never => return Ok((None, LOOK_AGAIN)),
            Due::In(left) => return Ok((None, left.min(LOOK_AGAIN))),
            Due::Now { leaf, unfinished } => self.renewed_if_still_due(call, &leaf, unfinished)?,
        };
        if event.as_ref().is_some_and(|event| event.error.is_some()) {
            return Ok((event, SAVE_AGAIN));
        }
        let left = self.certificate_left(&self.generation())?.filter(|left| !left.is_zero());
        Ok((event, left.unwrap_or(LOOK_AGAIN).min(LOOK_AGAIN)))
    }

    fn certificate_due(&self, call: &Call) -> Result<Due, Error> {
        let generation = self.generation();
        // One that this client does not show is not its own to renew.
        let shown = generation.identity.leaf().filter(|_| generation.ways.show_certificate());
        let Some(leaf) = shown else { return Ok(Due::Never) };
        let Some(left) = self.certificate_left(&generation)? else { return Ok(Due::Never) };
        let unfinished = self.has_unfinished_renewal(&generation.identity)?;
        if left.is_zero() || unfinished {
            return Ok(Due::Now { leaf: leaf.clone(), unfinished });
        }
        let session = self.on_generation(call, |generation| {
            let session = generation.session(call, Wanted::Current)?;
            Ok(generation.with_facts(call, &session)?.unwrap_or(session))
        })?;
        if !session.api_session.is_cert_extendable || !session.api_session.auth_queries.is_empty() {
            return Ok(Due::In(left));
        }
        let asked = self.on_generation(call, |generation| Ok(wishes(call, generation, &session)?.extension))?;
        Ok(if asked { Due::Now { leaf: leaf.clone(), unfinished } } else { Due::In(left) })
    }

    /// True if a renewal is due whatever an administrator wishes, or nobody can tell.
    pub(super) fn is_certificate_due(&self) -> bool {
        let generation = self.generation();
        let known = (self.certificate_left(&generation), self.has_unfinished_renewal(&generation.identity));
        !matches!(known, (Ok(Some(left)), Ok(false)) if !left.is_zero())
    }

    /// How long until the certificate is near its end; zero if it is, `None` if there is none.
    fn certificate_left(&self, generation: &Generation) -> Result<Option<Duration>, Error> {
        let facts = generation.identity.leaf().map(CertificateFacts::read).transpose()?;
        let lasts = |facts| certificate_lasts(&facts, self.settings().renewal.before, self.now().wall);
        Ok(facts.map(lasts))
    }

    fn has_unfinished_renewal(&self, identity: &Identity) -> Result<bool, Error> {
        let known = {
            let state = self.shared.upkeep.state();
            state.unsaved || state.kept.is_some()
        };
        let Some(store) = &self.settings().store else { return Ok(known) };
        Ok(known || store.kept_pair(identity)?.is_some())
    }

    fn renewed(&self, call: &Call) -> Result<Event, Error> {
        self.find_what_logs_in(call)?;
        let _turn = self.shared.upkeep.turn.take(call)?;
        self.renewed_in_turn(call)
    }

    /// `None` if another thread did it since this certificate was found to be due.
    fn renewed_if_still_due(
        &self,
        call: &Call,
        leaf: &CertificateDer<'static>,
        unfinished: bool,
    ) -> Result<Option<Event>, Error> {
        self.find_what_logs_in(call)?;
        let _turn = self.shared.upkeep.turn.take(call)?;
        let identity = self.identity();
        if identity.leaf() != Some(leaf) || (unfinished && !self.has_unfinished_renewal(&identity)?) {
            return Ok(None);
        }
        self.renewed_in_turn(call).map(Some)
    }

    /// Whatever other certificate there is, it is found by this.
    fn find_what_logs_in(&self, call: &Call) -> Result<(), Error> {
        self.on_generation(call, |generation| generation.session(call, Wanted::Current).map(drop))
    }

    fn renewed_in_turn(&self, call: &Call) -> Result<Event, Error> {
        let current = self.generation();
        let session = current.with_second(call, current.session(call, Wanted::Current)?)?;
        let session = current.with_facts(call, &session)?.unwrap_or(session);
        let store = self.settings().store.as_ref().ok_or_else(|| {
            let message = "a renewed certificate has to be kept: give the client a store (ClientBuilder::store), or \
                           load its identity from a file";
            Error::InvalidArgument(message.to_owned())
        })?;
        if current.earlier_of(&session.token).is_some() {
            let message = "the login goes on with the certificate before this one; to renew this one, log in anew \
                           (Client::authenticate) and give the login its second factor";
            return Err(Error::Unsupported(message.to_owned()));
        }
        Renewal { client: self, call, current, session, store }.run()
    }
}

/// When a certificate is to be renewed.
enum Due {
    /// There is none.
    Never,
    In(Duration),
    Now {
        leaf: CertificateDer<'static>,
        /// A renewal of it was begun.
        unfinished: bool,
    },
}

/// One renewal, whose turn it is.
struct Renewal<'a> {
    client: &'a Client,
    call: &'a Call,
    current: Arc<Generation>,
    session: Arc<LiveSession>,
    store: &'a Store,
}

impl Renewal<'_> {
    fn run(&self) -> Result<Event, Error> {
        let held = self.store.hold(|| self.call.check())?;
        let stored = held.now(&self.current.identity)?;
        let unsaved = std::mem::take(&mut self.client.shared.upkeep.state().unsaved);
        if unsaved {
            return self.save_at_last(&held);
        }
        if stored.leaf() != self.current.identity.leaf()
            && let Some(event) = self.reload(&stored)?
        {
            return Ok(event);
        }
        let base = if stored.leaf() == self.current.identity.leaf() { stored } else { self.mend(&held, &stored)? };
        let kept = self.client.shared.upkeep.state().kept.clone();
        let pair = match kept.map_or_else(|| held.kept(&base), |kept| Ok(Some(kept)))? {
            Some(pair) if pair.leaf() == base.leaf() => {
                held.forget(&base);
                self.client.shared.upkeep.state().kept = None;
                let message = "the interrupted renewal had come to its end";
                return Ok(Event::plain(EventKind::RenewalRecovered, message));
            }
            Some(pair) => pair,
            None => self.issue(&held, &base)?,
        };
        self.settle(&held, &base, pair)
    }

    /// Goes on with the certificate that another process has put into the store, if the controllers take it.
    fn reload(&self, stored: &Identity) -> Result<Option<Event>, Error> {
        let Some(newer) = self.client.generation_if_newer(stored.clone(), &self.current)? else { return Ok(None) };
        match newer.session_at_once(self.call) {
            Ok(_) => {
                self.client.put(Arc::new(newer));
                Ok(Some(Event::plain(EventKind::CertificateReloaded, "another process renewed it")))
            }
            Err(Error::Rejected(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Puts the pair in use back into the store, which holds an older one that the controllers refuse: a copy of the file
    /// was restored. Any other pair is somebody's, and may be taken a moment later.
    fn mend(&self, held: &Held<'_>, stored: &Identity) -> Result<Identity, Error> {
        let facts = |identity: &Identity| identity.leaf().map(CertificateFacts::read).transpose();
        let (own, other) = (facts(&self.current.identity)?, facts(stored)?);
        let whose = |facts: &CertificateFacts| (facts.spiffe_id.clone(), facts.common_name.clone());
        let is_older = own
            .zip(other)
            .is_some_and(|(own, other)| whose(&own) == whose(&other) && other.not_before < own.not_before);
        let auth = self.current.identity.client_auth().filter(|_| is_older).ok_or_else(|| {
            let message = "the file of the identity holds another certificate than the one in use, and the controllers \
                           refuse it; try again later, or put the right file in its place";
            Error::Identity(message.to_owned())
        })?;
        let pair = NewPair { key: auth.key().clone(), chain: auth.chain().to_vec() };
        held.save(&stored.with_pair(&pair)?, self.call.remaining())
    }

    /// Saves the identity in use, which could not be saved when it was renewed.
    fn save_at_last(&self, held: &Held<'_>) -> Result<Event, Error> {
        let saved = held.save(&self.current.identity, self.call.remaining());
        let saved = saved.inspect_err(|_| self.client.shared.upkeep.state().unsaved = true)?;
        held.forget(&saved);
        Ok(Event::plain(EventKind::RenewalRecovered, "the renewed certificate is saved now"))
    }

    /// Has a certificate issued, which is in force only when it is confirmed, and keeps it.
    fn issue(&self, held: &Held<'_>, base: &Identity) -> Result<NewPair, Error> {
        let session = &self.session.api_session;
        session.require_complete()?;
        if !session.is_cert_extendable {
            let message = "the controller does not renew this certificate: the network did not issue it, or it is not \
                           the one that logged in";
            return Err(Error::Unsupported(message.to_owned()));
        }
        let auth = base
            .client_auth()
            .ok_or_else(|| Error::Unsupported("the identity has no certificate that could be renewed".to_owned()))?;
        let renewal = &self.client.settings().renewal;
        let wanted = wishes(self.call, &self.current, &self.session)?;
        let key = renewal.key_for(auth.key(), wanted.new_key || renewal.always_new_key)?;
        held.prove_writable()?;
        let name = CertificateFacts::read(&auth.chain()[0])?.common_name.unwrap_or_else(|| "identity".to_owned());
        let csr = key.csr(&name, Instant::now() + self.call.remaining())?;
        let authenticator = own_authenticator(self.call, &self.current, &self.session)?;
        let extended: ExtendedCertificate = fetch(self.call, &self.current, &extend_request(&authenticator, &csr)?)?;
        let public_key = key.public_key()?;
        let ca = base.ca().or_else(|| self.current.identity.ca());
        let chain = renewed_chain(&extended.client_cert, extended.ca.as_deref(), &public_key, auth.chain(), ca)?;
        let pair = NewPair { key, chain };
        held.keep(base, &pair, self.call.remaining())?;
        if self.store.path().is_none() {
            self.client.shared.upkeep.state().kept = Some(pair.clone());
        }
        Ok(pair)
    }

    /// Confirms the new certificate and puts it in the place of the old one; finds out which of both is in force.
    fn settle(&self, held: &Held<'_>, base: &Identity, pair: NewPair) -> Result<Event, Error> {
        // Whatever may fail here does so while the old one is in force.
        let (settings, ways) = (self.client.settings(), Arc::clone(&self.current.ways));
        let mut newer = settings.generation_after(&self.current, base.with_pair(&pair)?, ways)?;
        let authenticator = own_authenticator(self.call, &self.current, &self.session)?;
        let request = verify_request(&authenticator, &pair.leaf_pem())?;
        let confirmed = self.current.send(self.call, &request, &mut Vec::new());
        let logged_in = match &confirmed {
            // A node of a cluster may hear of it a moment later.
            Ok(_) => newer.first_session(self.call),
            Err(_) => newer.session_at_once(self.call),
        };
        match (logged_in, confirmed) {
            (Ok(session), _) => {
                let waits = |session: &LiveSession| !session.api_session.auth_queries.is_empty();
                let stays = waits(&session) && !waits(&self.session);
                if stays {
                    self.keep_login(&mut newer);
                }
                let event = self.adopt(held, newer, &pair, base)?;
                // What was told last may be one of the login that is not gone on with.
                self.client.generation().tell_of_current(self.call);
                Ok(if stays { Event { message: event.message + STAYS, ..event } } else { event })
            }
            (Err(Error::Rejected(_)), Err(refused)) if is_final(&refused) && self.current.is_taken(self.call)? => {
                self.client.shared.upkeep.state().kept = None;
                held.discard(base, self.call.remaining())?;
                Err(refused)
            }
            (Err(_), Err(unconfirmed)) => Err(unconfirmed),
            (Err(error), Ok(_)) => Err(error),
        }
    }

    /// Goes on with the login there is: the new one waits for a factor, which this one has had.
    fn keep_login(&self, newer: &mut Generation) {
        match &self.session.token {
            SessionToken::Oidc(_) => newer.go_on_with(&self.current),
            SessionToken::Legacy(_) | SessionToken::Waiting(_) => {
                newer.flight.carry(&self.current.flight, without_wishes);
            }
        }
    }

    /// Uses and saves the identity with the new pair, which has logged in.
    fn adopt(&self, held: &Held<'_>, newer: Generation, pair: &NewPair, base: &Identity) -> Result<Event, Error> {
        let problem = self.client.adopt(held, newer, self.call).err();
        let facts = CertificateFacts::read(&pair.chain[0])?;
        let until = display_time(facts.not_after);
        let has_new_key = base.client_auth().is_some_and(|auth| auth.key().text().expose() != pair.key.text().expose());
        let key = if has_new_key { "a new key" } else { "the same key" };
        let unsaved = problem.as_ref().map(|error| format!("; it is in use, but not saved: {error}"));
        let unsaved = unsaved.unwrap_or_default();
        let message = format!("{} has a new certificate until {until}, with {key}{unsaved}", facts.subject);
        Ok(Event { kind: EventKind::CertificateRenewed, message, error: problem })
    }
}

impl Client {
    /// Uses a generation whose certificate has logged in, in the place of one that is refused by now, and saves its
    /// identity. Only who has the turn may.
    ///
    /// # Errors
    /// What kept it from being saved. It is in use all the same, and saved by the next renewal.
    pub(super) fn adopt(&self, held: &Held<'_>, mut newer: Generation, call: &Call) -> Result<(), Error> {
        let saved = held.save(&newer.identity, call.remaining());
        {
            let mut state = self.shared.upkeep.state();
            state.unsaved = saved.is_err();
            state.kept = None;
        }
        let problem = match saved {
            Ok(identity) => {
                held.forget(&identity);
                newer.identity = identity;
                Ok(())
            }
            Err(error) => Err(error),
        };
        self.put(Arc::new(newer));
        problem
    }
}

/// The session without what it asked for at its login: that is done by now.
fn without_wishes(session: &mut ApiSession) {
    session.is_cert_extend_requested = false;
    session.is_cert_key_roll_requested = false;
}

/// True for an answer that says what the controller did: nothing.
fn is_final(error: &Error) -> bool {
    error.answer().is_some_and(|answer| (400..500).contains(&answer.status) && answer.status != 429)
}
