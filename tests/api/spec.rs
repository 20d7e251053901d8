//! The tables against the API documents themselves, which are no part of this package: `ZITI_SPEC` names the folder
//! that has them, as `client-0.26.38.yml`, `client-0.29.0.yml`, and the same for `management`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use crate::sources::none;
use crate::table::{answers, operations};

const VERSIONS: [&str; 2] = ["0.26.38", "0.29.0"];

/// The operation that the documents have no name for, and the one that we gave it.
const NAMELESS: (&str, &str, &str) = ("delete", "/current-api-session", "deleteCurrentApiSession");

/// What the documents, and our tables, say of one operation.
#[derive(Debug, Default, PartialEq, Eq)]
struct Facts {
    line: String,
    since: String,
    query: BTreeSet<String>,
    headers: BTreeSet<String>,
    answer: BTreeSet<String>,
}

/// All that the documents list is in the tables, and nothing else.
pub(crate) fn the_tables_say_what_the_documents_say(folder: &Path) -> Result<(), String> {
    let mut documented = read(folder, "client");
    let management = read(folder, "management");
    documented.extend(management);
    let ours = ours();
    let mut wrong = Vec::new();
    for (key, facts) in &documented {
        match ours.get(key) {
            Some(own) if own == facts => {}
            own => wrong.push(format!("{key}: the documents say {facts:?}, the tables {own:?}")),
        }
    }
    let more = ours.keys().filter(|key| !documented.contains_key(*key));
    wrong.extend(more.map(|key| format!("{key}: in no document")));
    none(wrong)
}

fn ours() -> BTreeMap<String, Facts> {
    let answers = answers();
    let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    let facts = operations().iter().map(|operation| {
        let facts = Facts {
            line: operation.line(),
            since: operation.since.to_owned(),
            query: owned(&operation.query),
            headers: owned(&operation.headers),
            answer: owned(&answers[operation.name]),
        };
        (operation.key(), facts)
    });
    facts.collect()
}

/// Both documents of an API, what they say of one operation put together.
fn read(folder: &Path, api: &str) -> BTreeMap<String, Facts> {
    let mut all = BTreeMap::new();
    for version in VERSIONS {
        let file = folder.join(format!("{api}-{version}.yml"));
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let document = Document(serde_saphyr::from_str(&text).unwrap());
        for (path, method, operation) in document.operations() {
            let name = match operation["operationId"].as_str() {
                Some(name) => name,
                None if (method, path) == (NAMELESS.0, NAMELESS.1) => NAMELESS.2,
                None => panic!("{}: {method} {path} has no name", file.display()),
            };
            if api == "management" && !is_ours(operation, name) {
                continue;
            }
            let facts: &mut Facts = all.entry(format!("{api} {name}")).or_default();
            if facts.since.is_empty() {
                facts.since = version.to_owned();
                facts.line = format!("{} {path}", method.to_uppercase());
            }
            document.add(facts, path, operation);
        }
    }
    all
}

/// Of the management API the client has what concerns one's own session and authenticators; a token for TOTP codes it asks
/// of the client API alone.
fn is_ours(operation: &Value, name: &str) -> bool {
    let tags = operation["tags"].as_array().into_iter().flatten();
    tags.into_iter().any(|tag| tag == "Current API Session") && name != "createTotpToken"
}

/// An OpenAPI 2 document.
struct Document(Value);

impl Document {
    /// Path, method and description of each operation.
    fn operations(&self) -> impl Iterator<Item = (&str, &str, &Value)> {
        let paths = self.0["paths"].as_object().into_iter().flatten();
        paths.flat_map(|(path, methods)| {
            let methods = methods.as_object().into_iter().flatten();
            let methods = methods.filter(|(method, _)| *method != "parameters");
            methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
        })
    }

    fn add(&self, facts: &mut Facts, path: &str, operation: &Value) {
        let of_path = self.0["paths"][path]["parameters"].as_array().into_iter().flatten();
        let of_operation = operation["parameters"].as_array().into_iter().flatten();
        for parameter in of_path.chain(of_operation).map(|parameter| self.resolved(parameter)) {
            let name = parameter["name"].as_str().unwrap_or_default().to_owned();
            match parameter["in"].as_str() {
                Some("query") => drop(facts.query.insert(name)),
                Some("header") => drop(facts.headers.insert(name)),
                _ => {}
            }
        }
        let answer = ["200", "201"].into_iter().find_map(|status| operation["responses"].get(status));
        if let Some(schema) = answer.and_then(|answer| answer.get("schema")) {
            let properties = self.properties(schema);
            self.paths("", properties.get("data").copied().unwrap_or(schema), &mut facts.answer);
        }
    }

    fn resolved<'a>(&'a self, mut value: &'a Value) -> &'a Value {
        while let Some(to) = value["$ref"].as_str() {
            value = self.0.pointer(to.trim_start_matches('#')).unwrap_or_else(|| panic!("{to} leads nowhere"));
        }
        value
    }

    /// The properties of an object, those that it inherits included.
    fn properties<'a>(&'a self, schema: &'a Value) -> BTreeMap<&'a str, &'a Value> {
        let schema = self.resolved(schema);
        let parts = schema["allOf"].as_array().into_iter().flatten();
        let mut all: BTreeMap<_, _> = parts.flat_map(|part| self.properties(part)).collect();
        let own: Option<&Map<_, _>> = schema["properties"].as_object();
        all.extend(own.into_iter().flatten().map(|(name, value)| (name.as_str(), value)));
        all
    }

    /// The path of every value that a schema has, below `at`.
    fn paths(&self, at: &str, schema: &Value, out: &mut BTreeSet<String>) {
        if at == "_links" || at.ends_with("._links") {
            out.insert(at.to_owned());
            return;
        }
        let schema = self.resolved(schema);
        let properties = self.properties(schema);
        if !properties.is_empty() {
            for (name, value) in properties {
                let dot = if at.is_empty() { "" } else { "." };
                self.paths(&format!("{at}{dot}{name}"), value, out);
            }
        } else if schema["type"] == "array" {
            self.paths(&format!("{at}[]"), &schema["items"], out);
        } else if let Some(member) = self.member(schema) {
            self.paths(&format!("{at}{{}}"), member, out);
        } else if !at.is_empty() {
            out.insert(at.to_owned());
        }
    }

    /// What the members of a map are.
    fn member<'a>(&'a self, schema: &'a Value) -> Option<&'a Value> {
        let schema = self.resolved(schema);
        let mut parts = schema["allOf"].as_array().into_iter().flatten();
        let own = schema.get("additionalProperties").filter(|member| member.is_object());
        own.or_else(|| parts.find_map(|part| self.member(part)))
    }
}
