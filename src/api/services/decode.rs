//! Reads services straight from the body of an answer into a block, without anything in between.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::block::{Block, Builder, FIELDS, Field, Fields, LISTS, List, Row, TooLarge};
use crate::error::Error;
use crate::wire::envelope::{Envelope, explain, parse};
use crate::wire::page::Pagination;

/// One page: the services that were wanted, how many came, and where the page lies.
pub(super) struct Page {
    pub(super) block: Block,
    pub(super) rows: u64,
    pub(super) pagination: Pagination,
}

/// Reads a page of a list. `keep` is asked with the id of each service, once; its error ends the reading.
pub(super) fn page(
    operation: &str,
    body: &[u8],
    builder: &mut Builder,
    keep: &mut dyn FnMut(&str) -> Result<bool, Error>,
) -> Result<Page, Error> {
    builder.begin(body.len());
    let mut ended = None;
    let mut kept = |id: &str| keep(id).map_err(|error| ended = Some(error)).ok();
    let parsed = parse(body, Envelope { data: Rows { builder, keep: &mut kept }, paged: true });
    if let Some(error) = ended {
        return Err(error);
    }
    match parsed {
        Ok((rows, pagination)) => Ok(Page { block: builder.finish(), rows, pagination }),
        Err(error) => {
            builder.begin(0);
            let rows = Rows { builder, keep: &mut |_| Some(false) };
            Err(explain(operation, body, Envelope { data: rows, paged: true }, &error))
        }
    }
}

/// Reads the answer that holds one service.
pub(super) fn one(operation: &str, body: &[u8]) -> Result<Block, Error> {
    let mut builder = Builder::default();
    builder.begin(body.len());
    let keep: &mut Keep<'_> = &mut |_| Some(true);
    match parse(body, Envelope { data: OneRow { builder: &mut builder, keep }, paged: false }) {
        Ok(_) => Ok(builder.finish()),
        Err(error) => {
            builder.begin(0);
            let row = OneRow { builder: &mut builder, keep };
            Err(explain(operation, body, Envelope { data: row, paged: false }, &error))
        }
    }
}

/// Whether the service with this id is wanted; `None` ends the reading.
type Keep<'b> = dyn FnMut(&str) -> Option<bool> + 'b;

/// The array of services; its value is how many there were, wanted or not.
struct Rows<'b> {
    builder: &'b mut Builder,
    keep: &'b mut Keep<'b>,
}

impl<'de> DeserializeSeed<'de> for Rows<'_> {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of services")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<u64, A::Error> {
        let mut rows = 0;
        while seq.next_element_seed(OneRow { builder: self.builder, keep: self.keep })?.is_some() {
            rows += 1;
        }
        Ok(rows)
    }
}

struct OneRow<'b> {
    builder: &'b mut Builder,
    keep: &'b mut Keep<'b>,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Key {
    Id,
    Name,
    CreatedAt,
    UpdatedAt,
    TerminatorStrategy,
    Config,
    Tags,
    PostureQueries,
    Permissions,
    RoleAttributes,
    Configs,
    EncryptionRequired,
    MaxIdleTimeMillis,
    #[serde(other)]
    Other,
}

impl<'de> DeserializeSeed<'de> for OneRow<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OneRow<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a service")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let start = self.builder.position().map_err(A::Error::custom)?;
        let mut draft = Draft::default();
        while let Some(key) = map.next_key()? {
            match key {
                Key::Id => draft.text(&mut map, Field::Id)?,
                Key::Name => draft.text(&mut map, Field::Name)?,
                Key::CreatedAt => draft.text(&mut map, Field::CreatedAt)?,
                Key::UpdatedAt => draft.text(&mut map, Field::UpdatedAt)?,
                Key::TerminatorStrategy => draft.text(&mut map, Field::TerminatorStrategy)?,
                Key::Config => draft.raw::<b'{', A>(&mut map, Field::ConfigJson)?,
                Key::Tags => draft.raw::<b'{', A>(&mut map, Field::TagsJson)?,
                Key::PostureQueries => draft.raw::<b'[', A>(&mut map, Field::PostureQueriesJson)?,
                Key::Permissions => draft.words(&mut map, List::Permissions, self.builder)?,
                Key::RoleAttributes => draft.words(&mut map, List::RoleAttributes, self.builder)?,
                Key::Configs => draft.words(&mut map, List::ConfigIds, self.builder)?,
                Key::EncryptionRequired => {
                    draft.first(FIELDS + LISTS)?;
                    draft.row.encryption_required = map.next_value::<Option<bool>>()?.unwrap_or_default();
                }
                Key::MaxIdleTimeMillis => {
                    draft.first(FIELDS + LISTS + 1)?;
                    draft.row.max_idle_time_millis = map.next_value::<Option<i64>>()?.unwrap_or_default();
                }
                Key::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let id = draft.required(Field::Id)?;
        draft.required::<A::Error>(Field::Name)?;
        match (self.keep)(id) {
            Some(true) => self.builder.row(draft.row, draft.lists, draft.fields).map_err(A::Error::custom),
            Some(false) => {
                self.builder.rewind(start);
                Ok(())
            }
            None => Err(A::Error::custom("nobody wants the rest")),
        }
    }
}

/// The members of a service: those of `Field`, those of `List`, and the two that are no text.
pub(in crate::api) const MEMBERS: [&str; FIELDS + LISTS + 2] = [
    "id",
    "name",
    "createdAt",
    "updatedAt",
    "terminatorStrategy",
    "config",
    "tags",
    "postureQueries",
    "permissions",
    "roleAttributes",
    "configs",
    "encryptionRequired",
    "maxIdleTimeMillis",
];

/// A service of which some fields are read.
#[derive(Default)]
struct Draft<'de> {
    fields: Fields<'de>,
    lists: [(u32, u32); LISTS],
    /// Which members have come: a second one of the same name could mean anything.
    came: [bool; MEMBERS.len()],
    row: Row,
}

impl<'de> Draft<'de> {
    fn text<A: MapAccess<'de>>(&mut self, map: &mut A, field: Field) -> Result<(), A::Error> {
        self.first(field as usize)?;
        self.fields[field as usize] = map.next_value::<Option<Text<'de>>>()?.map(|text| text.0);
        Ok(())
    }

    fn raw<const OPEN: u8, A: MapAccess<'de>>(&mut self, map: &mut A, field: Field) -> Result<(), A::Error> {
        self.first(field as usize)?;
        self.fields[field as usize] = map.next_value::<Raw<'de, OPEN>>()?.0.map(Cow::Borrowed);
        Ok(())
    }

    fn words<A: MapAccess<'de>>(&mut self, map: &mut A, list: List, builder: &mut Builder) -> Result<(), A::Error> {
        self.first(FIELDS + list as usize)?;
        let start = builder.position().map_err(A::Error::custom)?;
        let permissions = (list == List::Permissions).then_some(&mut self.row);
        map.next_value_seed(Words { builder, permissions })?;
        self.lists[list as usize] = (start, builder.position().map_err(A::Error::custom)?);
        Ok(())
    }

    fn first<E: serde::de::Error>(&mut self, slot: usize) -> Result<(), E> {
        if std::mem::replace(&mut self.came[slot], true) {
            return Err(E::duplicate_field(MEMBERS[slot]));
        }
        Ok(())
    }

    fn required<E: serde::de::Error>(&self, field: Field) -> Result<&str, E> {
        self.fields[field as usize].as_deref().ok_or_else(|| E::missing_field(MEMBERS[field as usize]))
    }
}

/// A text that is borrowed from the body unless it holds escapes.
struct Text<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowing;
        impl<'de> Visitor<'de> for Borrowing {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Borrowing)
    }
}

/// JSON that is kept as text: an object or array by its first character `OPEN`, or nothing for `null`.
struct Raw<'de, const OPEN: u8>(Option<&'de str>);

impl<'de, const OPEN: u8> Deserialize<'de> for Raw<'de, OPEN> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&'de RawValue>::deserialize(deserializer)?.get();
        match text.as_bytes().first() {
            Some(&first) if first == OPEN => Ok(Self(Some(text))),
            Some(b'n') => Ok(Self(None)),
            _ if OPEN == b'{' => Err(D::Error::custom("this is not an object")),
            _ => Err(D::Error::custom("this is not a list")),
        }
    }
}

/// A list of words that goes into the block word by word.
struct Words<'b> {
    builder: &'b mut Builder,
    /// Set for the permissions, which are also kept as flags.
    permissions: Option<&'b mut Row>,
}

impl<'de> DeserializeSeed<'de> for Words<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Words<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of words")
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        while let Some(Text(word)) = seq.next_element()? {
            if let Some(row) = &mut self.permissions {
                row.can_dial |= word == "Dial";
                row.can_bind |= word == "Bind";
            }
            self.builder.word(word);
        }
        Ok(())
    }
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a page of more than 4 GiB")
    }
}
