//! The network's CA certificates: new ones are trusted beside the old, which go when the new ones are proved.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::CertificateDer;

use super::event::{Event, EventKind};
use crate::client::{Client, Settings};
use crate::error::Error;
use crate::identity::Identity;
use crate::login::{Features, Generation};
use crate::transport::Call;
use crate::trust::CaBundle;
use crate::trust::certificate::subject;

const LOOK_AGAIN: Duration = Duration::from_secs(6 * 3600);
/// While certificates are about to go, it is looked more often whether they still can.
const LOOK_AGAIN_IN_TRIAL: Duration = Duration::from_secs(3600);
/// So long the network has to do without the old certificates before they go: it may go back to them.
const TRIAL: Duration = Duration::from_secs(24 * 3600);
/// No network has so many; more of them would make a file that is not read any more.
const MOST: usize = 500;

/// A bundle that does without some of the certificates that are trusted, and since when it was seen to suffice.
#[derive(Debug, Clone)]
pub(super) struct Trial {
    bundle: CaBundle,
    since: Instant,
}

/// What an announced bundle means for the own one.
#[derive(Debug)]
enum Verdict {
    Same,
    /// There are new ones, to be trusted beside all others.
    Grown,
    /// Some of the own ones are not there any more.
    Shrunk,
    /// The same, but what is not there may be what cannot be read.
    Unclear,
}

fn verdict(own: &CaBundle, announced: &CaBundle) -> Result<Verdict, Error> {
    if own.is_same(announced) {
        return Ok(Verdict::Same);
    }
    if own.lacks(announced).next().is_none() {
        return Ok(if announced.problems().is_empty() { Verdict::Shrunk } else { Verdict::Unclear });
    }
    grown(own, announced).map(|_| Verdict::Grown)
}

fn grown(own: &CaBundle, announced: &CaBundle) -> Result<CaBundle, Error> {
    let joined = own.joined(announced);
    if joined.certificates().len() > MOST {
        let message = format!("more than {MOST} CA certificates, old and new: the bundle there is stays");
        return Err(Error::Identity(message));
    }
    Ok(joined)
}

/// Whether the trial of `announced` is over, and if not, how it goes on from here.
fn judge(trial: Option<Trial>, announced: &CaBundle, now: Instant) -> Result<(), Trial> {
    match trial.filter(|trial| trial.bundle.is_same(announced)) {
        Some(trial) if now.saturating_duration_since(trial.since) >= TRIAL => Ok(()),
        Some(trial) => Err(trial),
        None => Err(Trial { bundle: announced.clone(), since: now }),
    }
}

impl Client {
    pub(super) fn look_after_authorities(&self, call: &Call) -> Result<(Vec<Event>, Duration), Error> {
        let current = self.generation();
        // Without a bundle there is nothing that could vouch for one.
        let Some(own) = current.identity.ca() else { return Ok((Vec::new(), LOOK_AGAIN)) };
        let Some(announced) = self.announced(call, &current)? else { return Ok((Vec::new(), LOOK_AGAIN)) };
        match verdict(own, &announced)? {
            Verdict::Same | Verdict::Unclear => {
                self.shared.upkeep.state().trial = None;
                Ok((Vec::new(), LOOK_AGAIN))
            }
            Verdict::Grown => {
                self.shared.upkeep.state().trial = None;
                // Another process may have added others meanwhile.
                let events = self.change_identity(call, |identity| {
                    identity.with_ca(&grown(identity.ca().unwrap_or(own), &announced)?)
                })?;
                Ok((events, LOOK_AGAIN_IN_TRIAL))
            }
            Verdict::Shrunk => self.try_without(call, &current, own, &announced),
        }
    }

    fn try_without(
        &self,
        call: &Call,
        current: &Generation,
        own: &CaBundle,
        announced: &CaBundle,
    ) -> Result<(Vec<Event>, Duration), Error> {
        let suffices = self.suffices(call, current, announced)?;
        let now = self.now().monotonic;
        let trial = self.shared.upkeep.state().trial.take();
        if !suffices {
            return Ok((Vec::new(), LOOK_AGAIN_IN_TRIAL));
        }
        if let Err(goes_on) = judge(trial, announced, now) {
            self.shared.upkeep.state().trial = Some(goes_on);
            return Ok((Vec::new(), LOOK_AGAIN_IN_TRIAL));
        }
        // What another process has added meanwhile is not what was tried.
        let stays = |der: &CertificateDer<'static>| announced.contains(der) || !own.contains(der);
        let change = |identity: &Identity| identity.with_ca(&identity.ca().unwrap_or(own).only(stays));
        Ok((self.change_identity(call, change)?, LOOK_AGAIN))
    }

    /// The CA certificates that a controller of the network names; `None` if only the system's roots vouch for it.
    fn announced(&self, call: &Call, current: &Arc<Generation>) -> Result<Option<CaBundle>, Error> {
        let request = CaBundle::request();
        let mut body = Vec::new();
        match self.proven(current)?.send(call, &request, &mut body) {
            Ok(_) => {}
            Err(Error::Tls { .. }) if self.settings().trust_system_roots => return Ok(None),
            Err(error) => return Err(error),
        }
        let announced = CaBundle::decode_pkcs7(&body).map_err(|message| Error::Decode {
            operation: request.operation(),
            path: String::new(),
            message,
        })?;
        for problem in announced.problems() {
            log::warn!("the controller's CA certificates: {problem}");
        }
        Ok(Some(announced))
    }

    /// Whether `bundle` alone verifies every controller that can be reached, and at least one.
    fn suffices(&self, call: &Call, current: &Generation, bundle: &CaBundle) -> Result<bool, Error> {
        let tried = self.by_bundle_only(current.identity.with_ca(bundle)?, current)?;
        let mut verified = false;
        for controller in tried.identity.controller_urls() {
            match tried.attempt(call, controller, None, 1, &Features::request(), &mut Vec::new()) {
                Ok(_) => verified = true,
                Err(failure) if matches!(failure.error, Error::Tls { .. }) => return Ok(false),
                Err(_) => call.check()?,
            }
        }
        Ok(verified)
    }

    /// A generation that talks to controllers that the CA bundle verifies, and to no other.
    pub(super) fn proven(&self, current: &Arc<Generation>) -> Result<Arc<Generation>, Error> {
        if !self.settings().trust_system_roots {
            return Ok(Arc::clone(current));
        }
        let generation = self.by_bundle_only(current.identity.clone(), current)?;
        // Shared, and no copy: a login that is renewed here is the client's.
        Ok(Arc::new(Generation { flight: Arc::clone(&current.flight), ..generation }))
    }

    fn by_bundle_only(&self, identity: Identity, like: &Generation) -> Result<Generation, Error> {
        // That the bundle alone verifies no controller says nothing about the client's own calls.
        let pacer = Arc::new(like.pacer.apart());
        let settings = Settings { trust_system_roots: false, pacer, ..self.settings().clone() };
        settings.generation_after(like, identity, Arc::clone(&like.ways))
    }

    /// Saves a change of the identity, and goes on with it and the same login. Returns what is another than before,
    /// which may be what another process had changed in the file.
    pub(super) fn change_identity(
        &self,
        call: &Call,
        change: impl Fn(&Identity) -> Result<Identity, Error>,
    ) -> Result<Vec<Event>, Error> {
        let _turn = self.shared.upkeep.turn.take(call)?;
        let current = self.generation();
        let saved = match &self.settings().store {
            None => change(&current.identity)?,
            Some(store) => {
                let held = store.hold(|| call.check())?;
                let stored = held.now(&current.identity)?;
                let saved = held.save(&change(&stored)?, call.remaining())?;
                // Another certificate in the file is used only once it is known to log in.
                let is_current = stored.leaf() == current.identity.leaf();
                if is_current { saved } else { change(&current.identity)? }
            }
        };
        let events = differences(&current.identity, &saved);
        let newer = self.settings().generation_after(&current, saved, Arc::clone(&current.ways))?;
        // Shared, and no copy: calls that are still under way may renew the login, or give it a factor.
        self.put(Arc::new(Generation { flight: Arc::clone(&current.flight), ..newer }));
        Ok(events)
    }
}

/// What changed about controllers and CA certificates.
fn differences(old: &Identity, new: &Identity) -> Vec<Event> {
    let mut events = Vec::new();
    if old.controller_urls() != new.controller_urls() {
        let addresses: Vec<&str> = new.controllers().collect();
        events.push(Event::plain(EventKind::ControllersChanged, addresses.join(", ")));
    }
    if let (Some(old), Some(new)) = (old.ca(), new.ca()) {
        for (kind, names) in
            [(EventKind::CaAdded, names(old.lacks(new))), (EventKind::CaRemoved, names(new.lacks(old)))]
        {
            events.extend(names.map(|names| Event::plain(kind, names)));
        }
    }
    events
}

/// The subjects of certificates; `None` of none.
fn names<'a>(certificates: impl Iterator<Item = &'a CertificateDer<'static>>) -> Option<String> {
    let names: Vec<String> = certificates.map(|der| subject(der).unwrap_or_else(|| "without a name".into())).collect();
    (!names.is_empty()).then(|| names.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::bundle::certificates_to_pem;

    fn authority() -> String {
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
        certificates_to_pem(&[certificate.der().clone()])
    }

    fn bundle(authorities: &[&String]) -> CaBundle {
        let text: String = authorities.iter().map(|pem| pem.as_str()).collect();
        CaBundle::from_pem("a bundle", &text).unwrap()
    }

    #[test]
    fn the_same_certificates_in_another_order_are_no_change() {
        let (one, two) = (authority(), authority());
        assert!(matches!(verdict(&bundle(&[&one, &two]), &bundle(&[&two, &one])), Ok(Verdict::Same)));
    }

    #[test]
    fn new_certificates_come_beside_all_others() {
        let (old, new) = (authority(), authority());
        for announced in [bundle(&[&new]), bundle(&[&new, &old])] {
            assert!(matches!(verdict(&bundle(&[&old]), &announced), Ok(Verdict::Grown)), "{announced:?}");
            assert!(grown(&bundle(&[&old]), &announced).unwrap().is_same(&bundle(&[&old, &new])));
        }
        assert!(matches!(verdict(&bundle(&[&old, &new]), &bundle(&[&new])), Ok(Verdict::Shrunk)));
    }

    #[test]
    fn what_cannot_be_read_takes_no_certificate_away_and_keeps_none_out() {
        let (old, new) = (authority(), authority());
        let broken = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n".to_owned();
        let verdict = |announced: &[&String]| verdict(&bundle(&[&old, &new]), &bundle(announced)).unwrap();
        assert!(matches!(verdict(&[&new, &broken]), Verdict::Unclear));
        assert!(matches!(verdict(&[&new, &broken, &authority()]), Verdict::Grown));
        assert!(matches!(verdict(&[&new]), Verdict::Shrunk));
    }

    #[test]
    fn certificates_without_end_are_not_taken_over() {
        let own = authority();
        let many: Vec<String> = (0..MOST).map(|_| authority()).collect();
        let announced = bundle(&many.iter().collect::<Vec<_>>());
        assert!(matches!(verdict(&bundle(&[&own]), &announced), Err(Error::Identity(_))));
    }

    #[test]
    fn old_certificates_go_when_the_new_ones_sufficed_for_a_day_without_a_break() {
        let (new, other) = (bundle(&[&authority()]), bundle(&[&authority()]));
        let now = Instant::now();
        let first = judge(None, &new, now).unwrap_err();
        assert_eq!(first.since, now);
        let still = judge(Some(first.clone()), &new, now + TRIAL / 2).unwrap_err();
        assert_eq!(still.since, now, "it goes on");
        judge(Some(still.clone()), &new, now + TRIAL).unwrap();
        let anew = judge(Some(still), &other, now + TRIAL).unwrap_err();
        assert_eq!(anew.since, now + TRIAL, "another bundle has a trial of its own");
    }
}
