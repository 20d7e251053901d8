//! Whether services changed, and which.

#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod print;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;

use super::block::Block;
use super::model::ServiceList;
use super::pages::Walk;
use super::query::ServiceQuery;
use crate::api::api_session::{ServiceUpdates, service_updates};
use crate::client::Client;
use crate::error::Error;
use crate::transport::Call;
use crate::wire::envelope;

use print::Prints;

/// When something last changed for an identity, as a controller said it.
///
/// Stamps are only ever the same or not: a later one is no sign of a later state, as each controller has a clock of its
/// own. A new login may have another stamp though nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServiceStamp(Box<str>);

impl ServiceStamp {
    /// A stamp that was kept as text.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The stamp as text, to be kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServiceStamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The stamp of now, unless it is the one that is known.
pub(super) fn changed_since(
    client: &Client,
    call: &Call,
    since: Option<&ServiceStamp>,
) -> Result<Option<ServiceStamp>, Error> {
    let request = service_updates();
    let mut body = Vec::new();
    client.send(call, &request, &mut body)?;
    let now: ServiceUpdates = client.noting(envelope::data(&request.operation(), &body))?;
    let now = ServiceStamp::new(now.last_change_at.as_str());
    Ok(Some(now).filter(|now| since != Some(now)))
}

/// What is to be known of a service to tell whether it changed.
struct Known {
    name: Box<str>,
    print: [u64; 2],
}

/// Tells which services came, changed and went since it was last asked.
///
/// It keeps id and name of each service, and a hash of all else. It is not for several threads at once, but can be moved
/// from one to another.
pub struct ServiceWatch {
    client: Client,
    query: ServiceQuery,
    stamp: Option<ServiceStamp>,
    prints: Prints,
    known: HashMap<Box<str>, Known>,
}

impl ServiceWatch {
    pub(super) fn new(client: &Client, query: ServiceQuery) -> Result<Self, Error> {
        query.check_whole()?;
        let client = client.clone();
        Ok(Self { client, query, stamp: None, prints: Prints::default(), known: HashMap::new() })
    }

    /// What changed since the last poll that succeeded. In the first one all services are added.
    ///
    /// `GET /current-api-session/service-updates` (listServiceUpdates), and only if something changed `GET /services`
    /// (listServices), 500 at a time; all within one deadline.
    ///
    /// A service has changed if anything that the controller says of it differs, configs and the outcome of posture
    /// checks included, but not how much longer a posture check holds. What time alone changes, such as a check whose
    /// time is over, may show only with the next change of something else.
    ///
    /// # Errors
    /// Any of a call. The watch is then as before, and the next poll tells all that this one would have told.
    pub fn poll(&mut self) -> Result<ServiceChanges, Error> {
        let call = self.client.call();
        // The stamp is older than the list: what changes in between is seen by the next poll, for the second time
        // perhaps, but not missed.
        let Some(stamp) = changed_since(&self.client, &call, self.stamp.as_ref())? else {
            return Ok(ServiceChanges::default());
        };
        let mut changes = ServiceChanges::default();
        let mut known = HashMap::with_capacity(self.known.len());
        let mut walk = Walk::new(&self.query, self.client.max_rows());
        while let Some(page) = walk.next_page_of(&self.client, &call)? {
            self.compare(&page, &mut known, &mut changes);
        }
        for list in [&mut changes.added, &mut changes.changed] {
            list.set_total(list.len() as u64);
        }
        changes.removed = self.missing_in(&known);
        self.known = known;
        self.stamp = Some(stamp);
        Ok(changes)
    }

    /// Takes note of the services of a page, and of those that were not there or not the same.
    fn compare(&self, page: &Block, known: &mut HashMap<Box<str>, Known>, changes: &mut ServiceChanges) {
        let (mut added, mut changed) = (Vec::new(), Vec::new());
        for (service, row) in page.services() {
            let print = self.prints.of(service);
            match self.known.get(service.id()) {
                None => added.push(row),
                Some(before) if before.print != print => changed.push(row),
                Some(_) => {}
            }
            known.insert(service.id().into(), Known { name: service.name().into(), print });
        }
        changes.added.push(page.some(added));
        changes.changed.push(page.some(changed));
    }

    fn missing_in(&self, known: &HashMap<Box<str>, Known>) -> Vec<RemovedService> {
        let gone = self.known.iter().filter(|(id, _)| !known.contains_key(*id));
        let mut removed: Vec<_> = gone
            .map(|(id, Known { name, .. })| RemovedService { id: id.to_string(), name: name.to_string() })
            .collect();
        removed.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        removed
    }
}

impl fmt::Debug for ServiceWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceWatch")
            .field("query", &self.query)
            .field("stamp", &self.stamp)
            .field("services", &self.known.len())
            .finish_non_exhaustive()
    }
}

/// What a poll of a [`ServiceWatch`] found.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ServiceChanges {
    /// Services that were not there before.
    pub added: ServiceList,
    /// Services of which something is different now.
    pub changed: ServiceList,
    /// Services that are gone, sorted by id.
    pub removed: Vec<RemovedService>,
}

impl ServiceChanges {
    /// True if nothing changed.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }
}

/// A service that is gone, or may no longer be used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemovedService {
    /// The id.
    pub id: String,
    /// The name that it had.
    pub name: String,
}
