//! The identity file as JSON, with all its members: the ones that are read here and the ones that are only kept.

use std::collections::HashSet;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::{Error as _, SerializeMap};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::error::Category;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// A JSON object whose members keep their order, and their text as it was written.
#[derive(Clone, Default)]
pub(super) struct Document {
    members: Vec<(String, Member)>,
}

#[derive(Clone)]
enum Member {
    /// JSON text. It may be a key, so it is treated as one.
    Raw(Secret),
    /// The member `id`, whose own members are read.
    Object(Document),
}

impl Document {
    /// Reads one object; the error says what is wrong without quoting from the text.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let document: Self = serde_json::from_str(text).map_err(|error| match error.classify() {
            Category::Data => "is not a JSON object".to_owned(),
            _ => format!("is not valid JSON (line {}, column {})", error.line(), error.column()),
        })?;
        let mut known = HashSet::with_capacity(document.members.len());
        match document.members.iter().find(|(name, _)| !known.insert(name)) {
            Some((name, _)) => Err(format!("has the member {name:?} twice")),
            None => Ok(document),
        }
    }

    fn get(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|(known, _)| known == name).map(|(_, member)| member)
    }

    /// The JSON text of a member; `None` if it is missing or null.
    pub(super) fn raw(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Member::Raw(text) if text.expose() != "null" => Some(text.expose()),
            _ => None,
        }
    }

    /// A member that is a text; missing, null and empty are all `None`.
    pub(super) fn text(&self, name: &str) -> Result<Option<Secret>, String> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        let text: Secret = serde_json::from_str(raw).map_err(|_| format!("{name} is not a text"))?;
        Ok(Some(text).filter(|text| !text.expose().trim().is_empty()))
    }

    /// A member that is a list of texts; missing and null are empty.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, String> {
        let Some(raw) = self.raw(name) else { return Ok(Vec::new()) };
        serde_json::from_str(raw).map_err(|_| format!("{name} is not a list of texts"))
    }

    /// Takes the member `name` apart, so that its own members can be read. One that is missing or null stays so.
    pub(super) fn open_object(&mut self, name: &str) -> Result<(), String> {
        if let Some(text) = self.raw(name) {
            let object = Self::parse(text).map_err(|why| format!("{name} {why}"))?;
            self.put(name, Member::Object(object));
        }
        Ok(())
    }

    /// A member that was taken apart by [`open_object`](Self::open_object).
    pub(super) fn object(&self, name: &str) -> Option<&Document> {
        match self.get(name)? {
            Member::Object(object) => Some(object),
            Member::Raw(_) => None,
        }
    }

    pub(super) fn object_mut(&mut self, name: &str) -> Option<&mut Document> {
        match self.members.iter_mut().find(|(known, _)| known == name)? {
            (_, Member::Object(object)) => Some(object),
            _ => None,
        }
    }

    pub(super) fn set_text(&mut self, name: &str, text: &str) {
        self.put(name, Member::Raw(json(&text, text.len())));
    }

    pub(super) fn set_texts(&mut self, name: &str, texts: &[String]) {
        let len = texts.iter().map(|text| text.len() + 4).sum();
        self.put(name, Member::Raw(json(&texts, len)));
    }

    pub(super) fn set_number(&mut self, name: &str, number: u32) {
        self.put(name, Member::Raw(json(&number, 0)));
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.members.retain(|(known, _)| known != name);
    }

    pub(super) fn set_object(&mut self, name: &str, object: Document) {
        self.put(name, Member::Object(object));
    }

    /// What `mine` and `theirs` made of `base`, each in its own way, with all changes of both. The error is the name of
    /// a member that they changed differently.
    pub(super) fn join(base: &Self, mine: &Self, theirs: &Self) -> Result<Self, String> {
        let mut joined = Self::default();
        let mine_only = mine.members.iter().filter(|(name, _)| theirs.get(name).is_none());
        for (name, _) in theirs.members.iter().chain(mine_only) {
            let member = match [base, mine, theirs].map(|document| document.get(name)) {
                [base, mine, theirs] if same(base, mine) || same(mine, theirs) => theirs,
                [base, mine, theirs] if same(base, theirs) => mine,
                [Some(Member::Object(base)), Some(Member::Object(mine)), Some(Member::Object(theirs))] => {
                    let inner = Self::join(base, mine, theirs).map_err(|inner| format!("{name}.{inner}"))?;
                    joined.members.push((name.clone(), Member::Object(inner)));
                    continue;
                }
                _ => return Err(name.clone()),
            };
            joined.members.extend(member.map(|member| (name.clone(), member.clone())));
        }
        Ok(joined)
    }

    /// Whether both say the same, in whatever order.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        self.members.len() == other.members.len()
            && self.members.iter().all(|(name, member)| same(Some(member), other.get(name)))
    }

    /// Replaces a member in its place, or appends it.
    fn put(&mut self, name: &str, member: Member) {
        match self.members.iter_mut().find(|(known, _)| known == name) {
            Some(place) => place.1 = member,
            None => self.members.push((name.to_owned(), member)),
        }
    }

    /// Indented JSON with one newline at the end.
    pub(super) fn to_json(&self) -> Secret {
        let mut json = Zeroizing::new(Vec::with_capacity(self.text_len() + 1024));
        serde_json::to_writer_pretty(&mut *json, self).expect("the document holds nothing but valid JSON");
        json.push(b'\n');
        into_secret(json)
    }

    fn text_len(&self) -> usize {
        let lengths = self.members.iter().map(|(name, member)| match member {
            Member::Raw(text) => name.len() + text.expose().len() + 16,
            Member::Object(object) => name.len() + object.text_len() + 16,
        });
        lengths.sum()
    }
}

/// Whether both are missing, or say the same: a text may be written with other escapes.
fn same(left: Option<&Member>, right: Option<&Member>) -> bool {
    let text = |raw: &Secret| serde_json::from_str::<Secret>(raw.expose()).ok();
    match (left, right) {
        (None, None) => true,
        (Some(Member::Object(left)), Some(Member::Object(right))) => left.says_the_same(right),
        (Some(Member::Raw(left)), Some(Member::Raw(right))) => {
            left.expose() == right.expose()
                || matches!((text(left), text(right)), (Some(left), Some(right)) if left.expose() == right.expose())
        }
        _ => false,
    }
}

/// JSON of a value that has about `len` bytes of text.
fn json(value: &impl Serialize, len: usize) -> Secret {
    let mut json = Zeroizing::new(Vec::with_capacity(len + len / 4 + 64));
    serde_json::to_writer(&mut *json, value).expect("texts can always be written as JSON");
    into_secret(json)
}

/// Takes over JSON that was written into room enough: growing would have left copies of a key behind.
fn into_secret(mut json: Zeroizing<Vec<u8>>) -> Secret {
    Secret::new(String::from_utf8(std::mem::take(&mut *json)).expect("JSON is UTF-8"))
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Document;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                    members.push((name, Member::Raw(Secret::new(value.get()))));
                }
                Ok(Document { members })
            }
        }
        deserializer.deserialize_map(Members)
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.members.len()))?;
        for (name, member) in &self.members {
            match member {
                Member::Raw(text) => {
                    let raw: &RawValue = serde_json::from_str(text.expose()).map_err(S::Error::custom)?;
                    map.serialize_entry(name, raw)?;
                }
                Member::Object(object) => map.serialize_entry(name, object)?,
            }
        }
        map.end()
    }
}
