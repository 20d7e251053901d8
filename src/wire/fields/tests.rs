use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::wire::Timestamp;

/// All places that a model reads: `items[].name`, and `{}` for any key of a map.
///
/// Found by feeding it documents: what it asks for in an empty one may be an object of more to ask, or a list or a map
/// of such, or one of those within another.
pub(crate) fn paths_of<T: Field>() -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    let mut documents = Vec::from(shapes());
    while let Some(document) = documents.pop() {
        let reader = Reader::default();
        let text = document.to_string();
        T::from_value(Some(parsed(&text)), &reader.top(""));
        for path in reader.asked.into_inner() {
            if known.insert(path.clone()) {
                documents.extend(shapes().map(|value| with(&document, &path, value)));
            }
        }
    }
    let below = format!(".{ANY_KEY}");
    known.iter().map(|path| path.replace("[0]", "[]").replace(&below, "{}").replace(ANY_KEY, "{}")).collect()
}

/// All that an object can be found in.
fn shapes() -> [Value; 7] {
    let map = |value: Value| json!({ANY_KEY: value});
    let object = || json!({});
    [object(), json!([{}]), map(object()), json!([[{}]]), json!([map(object())]), map(json!([{}])), map(map(object()))]
}

fn parsed(text: &str) -> Json<'_> {
    serde_json::from_str(text).unwrap()
}

const ANY_KEY: &str = "any-key";

/// The document with a value at a path.
fn with(document: &Value, path: &str, value: Value) -> Value {
    let mut document = document.clone();
    let pointer = format!("/{}", path.replace("[0]", ".0").trim_start_matches('.').replace('.', "/"));
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    document.pointer_mut(parent).unwrap()[key] = value;
    document
}

#[derive(Debug, PartialEq)]
struct Thing {
    id: String,
    name: Option<String>,
    parts: Vec<Part>,
    named: BTreeMap<String, Part>,
    tags: Map<String, Value>,
    is_on: bool,
    is_known: Option<bool>,
    count: Option<u64>,
    cost: Option<i64>,
    port: Option<u16>,
    at: Option<Timestamp>,
}

#[derive(Debug, PartialEq)]
struct Part {
    words: Vec<String>,
}

impl Model for Thing {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            id: fields.get("id"),
            name: fields.get("name"),
            parts: fields.get("parts"),
            named: fields.get("named"),
            tags: fields.get("tags"),
            is_on: fields.get("isOn"),
            is_known: fields.get("isKnown"),
            count: fields.get("count"),
            cost: fields.get("cost"),
            port: fields.get("port"),
            at: fields.get("at"),
        }
    }
}

impl Model for Part {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { words: fields.get("words") }
    }
}

fn thing(value: Value) -> Result<Thing, (String, String)> {
    read("GET /things", "data", parsed(&value.to_string())).model.map_err(|error| match error {
        Error::Decode { operation, path, message } => {
            assert_eq!(operation, "GET /things");
            (path, message)
        }
        other => panic!("{other}"),
    })
}

#[test]
fn every_kind_of_field_is_read() {
    let thing = thing(json!({
        "id": "a", "name": "b", "parts": [{"words": ["x", "y"]}, {}], "named": {"k": {"words": ["z"]}},
        "tags": {"free": [1, null]}, "isOn": true, "isKnown": false, "count": u64::MAX, "cost": -3, "port": 65535,
        "at": "2026-11-22T07:13:06Z", "more": {"deep": 1},
    }))
    .unwrap();
    assert_eq!(thing.parts, [Part { words: vec!["x".into(), "y".into()] }, Part { words: vec![] }]);
    assert_eq!(thing.named["k"].words, ["z"]);
    assert_eq!(Value::Object(thing.tags), json!({"free": [1, null]}));
    assert_eq!((thing.id.as_str(), thing.name.as_deref(), thing.is_on), ("a", Some("b"), true));
    assert_eq!((thing.is_known, thing.count, thing.cost), (Some(false), Some(u64::MAX), Some(-3)));
    assert_eq!(thing.port, Some(65535));
    assert_eq!(thing.at.unwrap().as_str(), "2026-11-22T07:13:06Z");
}

#[test]
fn null_is_the_same_as_nothing() {
    let nulls = json!({
        "id": "a", "name": null, "parts": null, "named": null, "tags": null, "isOn": null, "isKnown": null,
        "count": null, "cost": null, "port": null, "at": null,
    });
    assert_eq!(thing(nulls), thing(json!({"id": "a"})));
    let empty = thing(json!({"id": "a", "at": "0001-01-01T00:00:00Z"})).unwrap();
    assert!(empty.parts.is_empty() && empty.named.is_empty() && empty.tags.is_empty() && !empty.is_on);
    assert_eq!((empty.name, empty.is_known, empty.count, empty.cost, empty.at), (None, None, None, None, None));
    assert_eq!(empty.port, None);
}

#[test]
fn of_a_member_that_comes_twice_the_last_counts() {
    let text = r#"{"id":"a","tags":{"k":1,"k":2},"id":7,"named":{"n":{"words":["x"]},"n":{}},"id":"b"}"#;
    let thing: Thing = read("GET /things", "data", parsed(text)).model.unwrap();
    assert_eq!(thing.id, "b");
    assert_eq!(Value::Object(thing.tags), json!({"k": 2}));
    assert!(thing.named["n"].words.is_empty());
}

#[test]
fn the_first_fault_is_told_with_its_place_and_without_its_value() {
    let fault = |more: Value| {
        let mut value = json!({"id": "a"});
        value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        thing(value).unwrap_err()
    };
    let told = |path: &str, message: &str| (path.to_owned(), message.to_owned());
    assert_eq!(thing(json!({})).unwrap_err(), told("data.id", "a string is missing"));
    assert_eq!(thing(json!(null)).unwrap_err(), told("data", "an object is missing"));
    assert_eq!(thing(json!("canary")).unwrap_err(), told("data", "this is a string, expected an object"));
    assert_eq!(fault(json!({"id": 7})), told("data.id", "this is a number, expected a string"));
    assert_eq!(fault(json!({"parts": {}})), told("data.parts", "this is an object, expected a list"));
    assert_eq!(fault(json!({"parts": [{}, 1]})), told("data.parts[1]", "this is a number, expected an object"));
    assert_eq!(fault(json!({"parts": [null]})), told("data.parts[0]", "an object is missing"));
    let place = "data.named.k.words[1]";
    assert_eq!(
        fault(json!({"named": {"k": {"words": ["", false]}}})),
        told(place, "this is a boolean, expected a string")
    );
    assert_eq!(fault(json!({"tags": []})), told("data.tags", "this is a list, expected an object"));
    assert_eq!(fault(json!({"isOn": "true"})), told("data.isOn", "this is a string, expected a boolean"));
    for count in [json!(-1), json!(1.5), json!(1e300)] {
        assert_eq!(
            fault(json!({"count": count})),
            told("data.count", "this is a number, expected a whole number from 0")
        );
    }
    assert_eq!(fault(json!({"cost": u64::MAX})), told("data.cost", "this is a number, expected a whole number"));
    for port in [json!(-1), json!(65536), json!(1.5)] {
        let message = "this is a number, expected a whole number from 0 to 65535";
        assert_eq!(fault(json!({"port": port})), told("data.port", message));
    }
    assert_eq!(fault(json!({"at": 5})), told("data.at", "this is a number, expected a string"));
    assert_eq!(fault(json!({"name": 1, "cost": "x"})).0, "data.name");
}

#[test]
fn a_key_in_a_path_is_short_and_has_no_control_characters() {
    let named = BTreeMap::from([(format!("a\n{}", "k".repeat(5000)), 1)]);
    let (path, _) = thing(json!({"id": "a", "named": named})).unwrap_err();
    assert_eq!(path, format!("data.named.a{}", "k".repeat(LONGEST_KEY - 1)));
}

#[test]
fn the_places_that_a_model_reads_are_known() {
    let paths = paths_of::<Thing>();
    let expected = "at cost count id isKnown isOn name named named{}.words parts parts[].words port tags";
    assert_eq!(paths.iter().map(String::as_str).collect::<Vec<_>>().join(" "), expected);
    assert_eq!(paths_of::<Vec<Part>>(), BTreeSet::from(["[].words".to_owned()]));
}

#[test]
fn places_are_known_through_lists_and_maps_of_each_other() {
    assert_eq!(paths_of::<BTreeMap<String, Vec<Part>>>(), ["{}[].words".to_owned()].into());
    assert_eq!(paths_of::<BTreeMap<String, BTreeMap<String, Part>>>(), ["{}{}.words".to_owned()].into());
    assert_eq!(paths_of::<Vec<BTreeMap<String, Part>>>(), ["[]{}.words".to_owned()].into());
    assert_eq!(paths_of::<Vec<Vec<Part>>>(), ["[][].words".to_owned()].into());
}
