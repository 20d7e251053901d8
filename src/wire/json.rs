//! JSON as a tree that borrows its texts from the body it was read from.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// A value. Unlike `serde_json::Value` it copies no text that holds no escapes, and makes no search tree of an object:
/// models take a dozen members out of each, once.
#[derive(Debug)]
pub(crate) enum Json<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    Object(Vec<Member<'a>>),
}

/// A member of an object, in the order in which they came.
pub(crate) type Member<'a> = (Cow<'a, str>, Json<'a>);

impl Json<'_> {
    /// The value for itself. Where a member comes twice, the last one counts.
    pub(crate) fn into_value(self) -> Value {
        match self {
            Json::Null => Value::Null,
            Json::Bool(flag) => Value::Bool(flag),
            Json::Number(number) => Value::Number(number),
            Json::Text(text) => Value::String(text.into_owned()),
            Json::List(items) => Value::Array(items.into_iter().map(Json::into_value).collect()),
            Json::Object(members) => Value::Object(into_map(members)),
        }
    }
}

pub(crate) fn into_map(members: Vec<Member<'_>>) -> Map<String, Value> {
    members.into_iter().map(|(name, value)| (name.into_owned(), value.into_value())).collect()
}

/// The most values that one answer may have. Each takes up to a hundred bytes, so that no answer takes more than 200 MB,
/// however few bytes it writes them with.
const MAX_VALUES: u32 = 2_000_000;

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Tree { left: &Cell::new(MAX_VALUES) }.deserialize(deserializer)
    }
}

/// Reads a value with all that is in it.
#[derive(Clone, Copy)]
struct Tree<'c> {
    /// How many more values there may be.
    left: &'c Cell<u32>,
}

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        let left = self.left.get().checked_sub(1);
        self.left.set(left.ok_or_else(|| D::Error::custom(format_args!("more than {MAX_VALUES} values")))?);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json<'de>, E> {
        Ok(Number::from_f64(number).map_or(Json::Null, Json::Number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(Key(name)) = map.next_key()? {
            members.push((name, map.next_value_seed(self)?));
        }
        Ok(number(&members).map_or_else(|| Json::Object(members), Json::Number))
    }
}

/// What serde_json makes of each number where another crate of the program has switched on its `arbitrary_precision`:
/// an object with this member.
const NUMBER: &str = "$serde_json::private::Number";

fn number(members: &[Member<'_>]) -> Option<Number> {
    match members {
        [(name, Json::Text(digits))] if name == NUMBER => digits.parse().ok(),
        _ => None,
    }
}

/// The name of a member, which serde by itself would copy.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_str(Tree { left: &Cell::new(0) })? {
            Json::Text(name) => Ok(Key(name)),
            _ => Err(D::Error::custom("the name of a member is no text")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::de::value::{Error, MapDeserializer};

    use super::*;

    #[test]
    fn a_number_is_read_also_where_all_its_digits_are_kept() {
        let read = |name: &'static str, digits: &'static str| {
            let map = MapDeserializer::<_, Error>::new([(name, digits)].into_iter());
            Json::deserialize(map).unwrap()
        };
        for (digits, wanted) in [("42", Some(42)), ("18446744073709551615", Some(u64::MAX)), ("-1", None)] {
            let Json::Number(number) = read(NUMBER, digits) else { panic!("{digits} is no number") };
            assert_eq!(number.as_u64(), wanted);
        }
        assert!(matches!(read(NUMBER, "x"), Json::Object(_)));
        assert!(matches!(read("name", "42"), Json::Object(_)));
        let text = r#"{"a":[0,-3,1.5,18446744073709551615]}"#;
        assert_eq!(serde_json::from_str::<Json<'_>>(text).unwrap().into_value().to_string(), text);
    }

    #[test]
    fn an_answer_of_too_many_values_is_refused() {
        let list = |items: u32| format!("[{}0]", "0,".repeat(items as usize - 1));
        assert!(serde_json::from_str::<Json<'_>>(&list(MAX_VALUES - 1)).is_ok());
        for text in [list(MAX_VALUES), format!("[{}{{}}]", r#"{"":0},"#.repeat(MAX_VALUES as usize / 2))] {
            let error = serde_json::from_str::<Json<'_>>(&text).unwrap_err();
            assert!(error.to_string().contains("more than 2000000 values"), "{error}");
        }
        assert!(size_of::<Member<'_>>() <= 64, "twice that while a list grows");
    }
}
