//! Reads models out of answers: one line per field, and one rule for all of them.
//!
//! The type of a field says how it is read. A text is required; an `Option` is `None` where the controller sent nothing
//! or `null`; lists and maps are then empty and flags false. Members that no model asks for are ignored. What is there
//! and has another type is a fault, of which the first is reported with its place.
//!
//! Derived readers would do the same with an attribute per field and ten times the code in the library, because each
//! field of each model becomes functions of its own.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

use super::json::{Json, Member, into_map};
use crate::error::Error;
use crate::secret::Secret;

/// A type that is read from the members of an object.
pub(crate) trait Model: Sized {
    fn from_fields(fields: &mut Fields<'_>) -> Self;
}

/// A type that a field can have.
pub(crate) trait Field: Sized {
    /// Reads what the controller sent; `null` comes as `None`, like nothing at all. After a fault the result does not
    /// matter, as nobody gets it.
    fn from_value(value: Option<Json<'_>>, at: &Place<'_>) -> Self;

    /// The same where `None` is allowed, which a type may have a value of its own for.
    fn if_given(value: Json<'_>, at: &Place<'_>) -> Option<Self> {
        Some(Self::from_value(Some(value), at))
    }
}

/// What became of reading a value.
pub(crate) struct Outcome<T> {
    pub(crate) model: Result<T, Error>,
    /// True if a secret was read, also if something else could not be: the text that it stands in has to be wiped.
    pub(crate) has_secret: bool,
}

/// Reads a value that lies at `path` in the answer to `operation`.
pub(crate) fn read<T: Field>(operation: &str, path: &str, value: Json<'_>) -> Outcome<T> {
    let reader = Reader::default();
    let model = T::from_value(given(value), &reader.top(path));
    let model = match reader.fault.into_inner() {
        None => Ok(model),
        Some((path, message)) => Err(Error::Decode { operation: operation.to_owned(), path, message }),
    };
    Outcome { model, has_secret: reader.has_secret.get() }
}

/// The members of an object, taken out one by one.
pub(crate) struct Fields<'p> {
    members: Vec<Member<'p>>,
    at: &'p Place<'p>,
}

impl Fields<'_> {
    /// The member with this name. Not inlined: models ask for hundreds of members of a dozen types.
    #[inline(never)]
    pub(crate) fn get<T: Field>(&mut self, name: &'static str) -> T {
        let at = self.at.below(Step::Key(name));
        #[cfg(test)]
        at.reader.asked.borrow_mut().insert(at.path());
        T::from_value(take(&mut self.members, name), &at)
    }
}

/// Takes the last member of this name out.
fn take<'a>(members: &mut Vec<Member<'a>>, name: &str) -> Option<Json<'a>> {
    let at = members.iter().rposition(|(own, _)| own == name)?;
    given(members.remove(at).1)
}

/// Where in an answer a value lies.
pub(crate) struct Place<'p> {
    reader: &'p Reader,
    parent: Option<&'p Place<'p>>,
    step: Step<'p>,
}

enum Step<'p> {
    Key(&'p str),
    Index(usize),
}

/// What one reading leaves behind.
#[derive(Default)]
struct Reader {
    /// The first fault: its path, and what is wrong.
    fault: RefCell<Option<(String, String)>>,
    has_secret: Cell<bool>,
    /// All places that a model looked at.
    #[cfg(test)]
    asked: RefCell<std::collections::BTreeSet<String>>,
}

impl Reader {
    fn top<'p>(&'p self, path: &'p str) -> Place<'p> {
        Place { reader: self, parent: None, step: Step::Key(path) }
    }
}

impl Place<'_> {
    fn below<'p>(&'p self, step: Step<'p>) -> Place<'p> {
        Place { reader: self.reader, parent: Some(self), step }
    }

    /// Takes note that what is here is not what was expected.
    pub(crate) fn fault(&self, expected: &str, found: Option<&Json<'_>>) {
        self.reader.fault.borrow_mut().get_or_insert_with(|| {
            let message = match found {
                None => format!("{expected} is missing"),
                Some(found) => format!("this is {}, expected {expected}", kind(found)),
            };
            (self.path(), message)
        });
    }

    /// Such as `data.items[3].name`. Keys of maps are the controller's choice: no control characters, and an end.
    fn path(&self) -> String {
        let mut path = self.parent.map(Place::path).unwrap_or_default();
        match self.step {
            Step::Index(index) => path.push_str(&format!("[{index}]")),
            Step::Key(key) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.extend(key.chars().filter(|c| !c.is_control()).take(LONGEST_KEY));
            }
        }
        path
    }
}

/// In characters; names of the API are shorter.
const LONGEST_KEY: usize = 100;

fn given(value: Json<'_>) -> Option<Json<'_>> {
    Some(value).filter(|value| !matches!(value, Json::Null))
}

fn kind(value: &Json<'_>) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::Text(_) => "a string",
        Json::List(_) => "a list",
        Json::Object(_) => "an object",
    }
}

impl<T: Model> Field for T {
    fn from_value(value: Option<Json<'_>>, at: &Place<'_>) -> Self {
        match value {
            Some(Json::Object(members)) => T::from_fields(&mut Fields { members, at }),
            other => {
                at.fault("an object", other.as_ref());
                T::from_fields(&mut Fields { members: Vec::new(), at })
            }
        }
    }
}

impl<T: Field> Field for Option<T> {
    fn from_value(value: Option<Json<'_>>, at: &Place<'_>) -> Self {
        value.and_then(|value| T::if_given(value, at))
    }
}

impl<T: Field> Field for Vec<T> {
    fn from_value(value: Option<Json<'_>>, at: &Place<'_>) -> Self {
        let one = |(index, value)| T::from_value(given(value), &at.below(Step::Index(index)));
        list(value, at).into_iter().enumerate().map(one).collect()
    }
}

impl<T: Field> Field for BTreeMap<String, T> {
    fn from_value(value: Option<Json<'_>>, at: &Place<'_>) -> Self {
        let mut map = BTreeMap::new();
        for (key, value) in object(value, at) {
            let value = T::from_value(given(value), &at.below(Step::Key(&key)));
            map.insert(key.into_owned(), value);
        }
        map
    }
}

/// An object of any content, kept as it is.
impl Field for Map<String, Value> {
    fn from_value(value: Option<Json<'_>>, at: &Place<'_>) -> Self {
        into_map(object(value, at))
    }
}

impl Field for String {
    fn from_value(value: Option<Json<'_>>, at: &Place<'_>) -> Self {
        match value {
            Some(Json::Text(text)) => text.into_owned(),
            other => {
                at.fault("a string", other.as_ref());
                String::new()
            }
        }
    }
}

impl Field for Secret {
    fn from_value(value: Option<Json<'_>>, at: &Place<'_>) -> Self {
        at.reader.has_secret.set(true);
        Secret::new(String::from_value(value, at))
    }
}

impl Field for bool {
    fn from_value(value: Option<Json<'_>>, at: &Place<'_>) -> Self {
        match value {
            Some(Json::Bool(flag)) => flag,
            Some(other) => {
                at.fault("a boolean", Some(&other));
                false
            }
            None => false,
        }
    }
}

impl Field for u64 {
    fn from_value(value: Option<Json<'_>>, at: &Place<'_>) -> Self {
        number(&value, Number::as_u64).unwrap_or_else(|| {
            at.fault("a whole number from 0", value.as_ref());
            0
        })
    }
}

impl Field for u16 {
    fn from_value(value: Option<Json<'_>>, at: &Place<'_>) -> Self {
        let small = number(&value, Number::as_u64).and_then(|number| u16::try_from(number).ok());
        small.unwrap_or_else(|| {
            at.fault("a whole number from 0 to 65535", value.as_ref());
            0
        })
    }
}

impl Field for i64 {
    fn from_value(value: Option<Json<'_>>, at: &Place<'_>) -> Self {
        number(&value, Number::as_i64).unwrap_or_else(|| {
            at.fault("a whole number", value.as_ref());
            0
        })
    }
}

fn number<T>(value: &Option<Json<'_>>, read: impl FnOnce(&Number) -> Option<T>) -> Option<T> {
    match value {
        Some(Json::Number(number)) => read(number),
        _ => None,
    }
}

fn list<'a>(value: Option<Json<'a>>, at: &Place<'_>) -> Vec<Json<'a>> {
    match value {
        Some(Json::List(items)) => items,
        Some(other) => {
            at.fault("a list", Some(&other));
            Vec::new()
        }
        None => Vec::new(),
    }
}

fn object<'a>(value: Option<Json<'a>>, at: &Place<'_>) -> Vec<Member<'a>> {
    match value {
        Some(Json::Object(members)) => members,
        Some(other) => {
            at.fault("an object", Some(&other));
            Vec::new()
        }
        None => Vec::new(),
    }
}

#[cfg(test)]
pub(crate) mod tests;
