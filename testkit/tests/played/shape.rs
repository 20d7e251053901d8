//! What two JSON texts must have in common: keys and types, recursively; arrays by the union of their elements.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The keys and types of a JSON value.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    scalars: BTreeSet<String>,
    fields: Option<BTreeMap<String, Self>>,
    elements: Option<Box<Self>>,
}

impl Shape {
    pub(crate) fn of(value: &Value) -> Self {
        let mut shape = Self::default();
        shape.add(value);
        shape
    }

    fn add(&mut self, value: &Value) {
        match value {
            Value::Object(object) => {
                let fields = self.fields.get_or_insert_default();
                for (name, value) in object {
                    fields.entry(name.clone()).or_default().add(value);
                }
            }
            Value::Array(array) => {
                let elements = self.elements.get_or_insert_default();
                array.iter().for_each(|element| elements.add(element));
            }
            scalar => {
                self.scalars.insert(kind(scalar));
            }
        }
    }

    /// Where `self`, the recorded shape, and `other` differ.
    pub(crate) fn differences(&self, other: &Self, at: &str) -> Vec<String> {
        let mut found = Vec::new();
        if self.scalars != other.scalars {
            found.push(format!("{at}: {:?} was recorded, not {:?}", self.scalars, other.scalars));
        }
        compare(self.elements.as_deref(), other.elements.as_deref(), &format!("{at}[]"), &mut found);
        match (&self.fields, &other.fields) {
            (Some(own), Some(others)) => {
                let names: BTreeSet<&String> = own.keys().chain(others.keys()).collect();
                for name in names {
                    compare(own.get(name), others.get(name), &format!("{at}.{name}"), &mut found);
                }
            }
            (None, None) => (),
            (own, _) => found.push(format!("{at}: an object was {}recorded", if own.is_some() { "" } else { "not " })),
        }
        found
    }
}

fn compare(own: Option<&Shape>, other: Option<&Shape>, at: &str, found: &mut Vec<String>) {
    match (own, other) {
        (Some(own), Some(other)) => found.extend(own.differences(other, at)),
        (Some(_), None) => found.push(format!("{at} is missing")),
        (None, Some(_)) => found.push(format!("{at} was not recorded")),
        (None, None) => (),
    }
}

fn kind(scalar: &Value) -> String {
    match scalar {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "bool".to_owned(),
        Value::Number(_) => "number".to_owned(),
        Value::String(text) if text.starts_with("eyJ") && text.split('.').count() == 3 => "JWT".to_owned(),
        Value::String(text) => match text.matches("-----BEGIN CERTIFICATE-----").count() {
            0 => "string".to_owned(),
            certificates => format!("{certificates} certificates"),
        },
        Value::Array(_) | Value::Object(_) => unreachable!("not a scalar"),
    }
}

#[test]
fn tells_missing_keys_other_types_and_other_elements() {
    use serde_json::json;
    let recorded = Shape::of(&json!({"data": [{"id": "x", "n": 1}, {"id": null}], "meta": {}}));
    assert_eq!(recorded, Shape::of(&json!({"data": [{"id": null, "n": 2}, {"id": "y"}], "meta": {}})));
    let other = Shape::of(&json!({"data": [{"id": "x", "n": true}], "more": 1}));
    assert_eq!(recorded.differences(&other, "").len(), 4, "id, n, meta, more");
}
