//! Services as views of the text that the controller sent.

use std::fmt;

use serde::de::DeserializeOwned;

use super::block::{Block, Field, List, Row};
use super::config::{self, Config};
use super::posture::{self, PostureQuerySet};
use crate::error::Error;
use crate::wire::Timestamp;

/// Services, in the order in which the controller sent them.
///
/// The list owns the text of all its services, page by page; a [`Service`] is a view of it.
#[derive(Clone, Default)]
pub struct ServiceList {
    blocks: Vec<Block>,
    len: usize,
    total: u64,
}

impl Block {
    /// The services with their rows.
    pub(super) fn services(&self) -> impl Iterator<Item = (Service<'_>, &Row)> {
        self.rows().iter().map(|row| (Service { block: self, row }, row))
    }
}

impl ServiceList {
    pub(super) fn push(&mut self, block: Block) {
        if block.len() > 0 {
            self.len += block.len();
            self.blocks.push(block);
        }
    }

    pub(super) fn set_total(&mut self, total: u64) {
        self.total = total;
    }

    #[cfg(test)]
    pub(super) fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// How many services are in the list.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True if there is no service in the list.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many services match in all, as the controller counted last.
    ///
    /// For a page this says how far to go on. For a whole list it differs from [`len`](ServiceList::len) only if
    /// services came or went meanwhile.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The service at a position.
    pub fn get(&self, mut position: usize) -> Option<Service<'_>> {
        for block in &self.blocks {
            if position < block.len() {
                return Some(Service { block, row: block.row(position) });
            }
            position -= block.len();
        }
        None
    }

    /// The services in order.
    pub fn iter(&self) -> Iter<'_> {
        Iter { blocks: self.blocks.iter(), current: None, left: self.len }
    }
}

impl fmt::Debug for ServiceList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<'a> IntoIterator for &'a ServiceList {
    type Item = Service<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// The services of a list in order.
#[derive(Clone)]
pub struct Iter<'a> {
    blocks: std::slice::Iter<'a, Block>,
    current: Option<(&'a Block, usize)>,
    left: usize,
}

impl<'a> Iterator for Iter<'a> {
    type Item = Service<'a>;

    fn next(&mut self) -> Option<Service<'a>> {
        let (block, row) = match self.current {
            Some((block, row)) if row < block.len() => (block, row),
            _ => (self.blocks.next()?, 0),
        };
        self.current = Some((block, row + 1));
        self.left -= 1;
        Some(Service { block, row: block.row(row) })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl fmt::Debug for Iter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// What an identity may be allowed to do with a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Permission {
    /// To connect to it.
    Dial,
    /// To host it.
    Bind,
}

impl Permission {
    /// The controller's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dial => "Dial",
            Self::Bind => "Bind",
        }
    }
}

/// A service that this identity may dial or host: a view that costs nothing to copy.
///
/// A text in which the controller sent a NUL has U+FFFD in its place, so that C sees the same text.
#[derive(Clone, Copy)]
pub struct Service<'a> {
    block: &'a Block,
    row: &'a Row,
}

impl<'a> Service<'a> {
    /// The id.
    pub fn id(&self) -> &'a str {
        self.text(Field::Id)
    }

    /// The name, unique in its network.
    pub fn name(&self) -> &'a str {
        self.text(Field::Name)
    }

    /// True if this identity may connect to the service, as long as its device passes the checks: see
    /// [`can_use`](Service::can_use).
    pub fn can_dial(&self) -> bool {
        self.row.can_dial
    }

    /// True if this identity may host the service, as long as its device passes the checks: see
    /// [`can_use`](Service::can_use).
    pub fn can_bind(&self) -> bool {
        self.row.can_bind
    }

    /// What this identity may do, in the controller's words: `Dial`, `Bind`; others mean nothing yet.
    pub fn permissions(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.words(List::Permissions)
    }

    /// True if data has to be encrypted from end to end.
    pub fn encryption_required(&self) -> bool {
        self.row.encryption_required
    }

    /// The role attributes that policies select the service by.
    pub fn role_attributes(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.words(List::RoleAttributes)
    }

    /// The configs that were asked for, as one JSON object of config type to config; `{}` if there is none.
    pub fn config_json(&self) -> &'a str {
        self.text(Field::ConfigJson)
    }

    /// The config of one type as JSON, or `None` if the service has none or it was not asked for.
    ///
    /// # Errors
    /// [`Error::Decode`] if the configs cannot be read.
    pub fn raw_config(&self, config_type: &str) -> Result<Option<&'a str>, Error> {
        config::raw(self.name(), self.config_json(), config_type)
    }

    /// The config of one type that tunnelers know, or `None` as for [`raw_config`](Service::raw_config).
    ///
    /// It is read anew by each call; keep what it gives.
    ///
    /// # Errors
    /// [`Error::Decode`] if the config is not of the shape of `T`.
    pub fn config<T: Config>(&self) -> Result<Option<T>, Error> {
        config::read(self.name(), self.config_json())
    }

    /// The config of a type that this library does not know, or `None` as for [`raw_config`](Service::raw_config).
    ///
    /// ```
    /// # use ziti_edge_client::{api::services::Service, Error};
    /// #[derive(serde::Deserialize)]
    /// struct Greeting {
    ///     text: String,
    /// }
    ///
    /// fn greeting(service: Service<'_>) -> Result<Option<String>, Error> {
    ///     Ok(service.config_as::<Greeting>("greeting.v1")?.map(|greeting| greeting.text))
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::Decode`] if the config is not of the shape of `T`.
    pub fn config_as<T: DeserializeOwned>(&self, config_type: &str) -> Result<Option<T>, Error> {
        config::read_custom(self.name(), self.config_json(), config_type)
    }

    /// The ids of all configs of the service, asked for or not.
    pub fn config_ids(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.words(List::ConfigIds)
    }

    /// The tags as a JSON object; `{}` if there is none.
    pub fn tags_json(&self) -> &'a str {
        self.text(Field::TagsJson)
    }

    /// The posture checks by policy, as a JSON array; `[]` if the controller sent none.
    pub fn posture_queries_json(&self) -> &'a str {
        self.text(Field::PostureQueriesJson)
    }

    /// The posture checks by policy, with how they went. They come in no particular order.
    ///
    /// They are read anew by each call; keep what it gives.
    ///
    /// # Errors
    /// [`Error::Decode`] if the controller sent something else.
    pub fn posture_queries(&self) -> Result<Vec<PostureQuerySet>, Error> {
        posture::read(self.name(), self.posture_queries_json())
    }

    /// True if this identity may use the service in this way, from this device as it was when the controller answered.
    ///
    /// That is: it is permitted, and of the policies that grant it at least one has all its posture checks passed.
    /// One that checks nothing counts as passed, and so does having none.
    ///
    /// # Errors
    /// [`Error::Decode`] as for [`posture_queries`](Service::posture_queries).
    pub fn can_use(&self, permission: Permission) -> Result<bool, Error> {
        let is_permitted = match permission {
            Permission::Dial => self.can_dial(),
            Permission::Bind => self.can_bind(),
        };
        posture::can_use(self.name(), self.posture_queries_json(), is_permitted, permission)
    }

    /// How the network picks among the terminators, such as `smartrouting`.
    pub fn terminator_strategy(&self) -> Option<&'a str> {
        Some(self.text(Field::TerminatorStrategy)).filter(|text| !text.is_empty())
    }

    /// After how long without data a connection is closed, in milliseconds; 0 is never.
    pub fn max_idle_time_millis(&self) -> i64 {
        self.row.max_idle_time_millis
    }

    /// When the service was made.
    pub fn created_at(&self) -> Option<Timestamp> {
        Timestamp::new(self.text(Field::CreatedAt))
    }

    /// When the service was last changed. A change of its configs alone does not count.
    pub fn updated_at(&self) -> Option<Timestamp> {
        Timestamp::new(self.text(Field::UpdatedAt))
    }

    /// A copy that does not need the list.
    pub fn to_owned(&self) -> OwnedService {
        OwnedService::new(self.block.only(self.row))
    }

    /// A text with the NUL at its end, as it lies in the list: it stays there as long as the list does.
    pub(crate) fn text_with_nul(&self, field: Field) -> &'a str {
        self.block.field_with_nul(self.row, field)
    }

    /// The words of a list, each with the NUL at its end, as they lie in the list: it stays there like any text.
    pub(crate) fn list_with_nuls(&self, list: List) -> &'a str {
        self.block.list_with_nuls(self.row, list)
    }

    /// A text without the NUL at its end.
    pub(crate) fn text(&self, field: Field) -> &'a str {
        without_nul(self.text_with_nul(field))
    }

    fn words(&self, list: List) -> impl Iterator<Item = &'a str> + use<'a> {
        self.list_with_nuls(list).split_inclusive('\0').map(without_nul)
    }
}

fn without_nul(text: &str) -> &str {
    text.strip_suffix('\0').unwrap_or(text)
}

impl fmt::Debug for Service<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("id", &self.id())
            .field("name", &self.name())
            .field("can_dial", &self.can_dial())
            .field("can_bind", &self.can_bind())
            .finish_non_exhaustive()
    }
}

/// One service with its text.
#[derive(Clone)]
pub struct OwnedService {
    block: Block,
}

impl OwnedService {
    /// The only service of a block.
    pub(super) fn new(block: Block) -> Self {
        debug_assert_eq!(block.len(), 1);
        Self { block }
    }

    /// The service.
    pub fn view(&self) -> Service<'_> {
        Service { block: &self.block, row: self.block.row(0) }
    }
}

impl fmt::Debug for OwnedService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.view().fmt(f)
    }
}
