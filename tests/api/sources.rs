//! Every operation is where the tables say it is: in the sources, at the head of its resource, and in the header.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::files::{root, rust_files};
use crate::table::{Operation, operations};

/// A public method with its documentation.
pub(crate) struct Method {
    of: String,
    name: String,
    /// The type that it returns, as it is written.
    pub(crate) returns: String,
    pub(crate) docs: String,
}

/// All public methods of the library.
pub(crate) struct Methods(Vec<Method>);

impl Methods {
    pub(crate) fn read() -> Self {
        Self(rust_files("src").iter().flat_map(|(_, text)| methods(text)).collect())
    }

    fn find(&self, of: &str, name: &str) -> Option<&Method> {
        self.0.iter().find(|method| method.of == of && method.name == name)
    }

    /// The method that a cell of the table names: `services().list`, from a client, or `Type::method`.
    pub(crate) fn resolve(&self, call: &str) -> Result<&Method, String> {
        let found = |of: &str, name: &str| self.find(of, name).ok_or_else(|| format!("there is no {of}::{name}"));
        if let Some((of, name)) = call.split_once("::") {
            return found(of, name);
        }
        let mut of = "Client".to_owned();
        let mut steps: Vec<&str> = call.split('.').collect();
        let name = steps.pop().expect("splitting always gives a part");
        for step in steps {
            match type_name(&found(&of, step.trim_end_matches("()"))?.returns) {
                same if same == "Self" => {}
                other => of = other,
            }
        }
        found(&of, name)
    }
}

/// The public methods of a file. They are told by their place in formatted code.
fn methods(text: &str) -> Vec<Method> {
    let mut methods = Vec::new();
    let mut of = String::new();
    let mut docs = String::new();
    for (at, line) in text.lines().enumerate() {
        let code = line.trim();
        if let Some(doc) = code.strip_prefix("///") {
            docs += doc;
        } else if line.starts_with("impl") {
            of = type_of(line);
        } else if let Some(function) = code.strip_prefix("pub fn ").or_else(|| code.strip_prefix("pub const fn ")) {
            let name = function.split(['(', '<']).next().unwrap_or_default().to_owned();
            let head: String = text.lines().skip(at).take(8).collect();
            let head = head.split('{').next().unwrap_or_default();
            let returns = head.split_once("-> ").map(|(_, after)| after.trim().to_owned()).unwrap_or_default();
            methods.push(Method { of: of.clone(), name, returns, docs: std::mem::take(&mut docs) });
        } else if !code.starts_with("#[") {
            docs.clear();
        }
    }
    methods
}

/// The type of an `impl` block: `Services` of `impl<'a> Services<'a> {`.
fn type_of(line: &str) -> String {
    let line = line.rsplit_once(" for ").map_or(line, |(_, after)| after);
    let line = line.trim_start_matches("impl");
    let line = if line.starts_with('<') { line.split_once("> ").map_or(line, |(_, after)| after) } else { line };
    type_name(line.trim_start())
}

/// `Services` of `services::Services<'_>`.
fn type_name(text: &str) -> String {
    let path: String = text.chars().take_while(|c| c.is_alphanumeric() || "_:".contains(*c)).collect();
    path.rsplit("::").next().unwrap_or_default().to_owned()
}

/// True if the text names an operation as `METHOD /path` and then its name in parentheses. The path may have a query.
fn names(docs: &str, operation: &Operation) -> bool {
    let docs = docs.replace('`', "");
    let docs: Vec<&str> = docs.split_whitespace().collect();
    let name = format!("({})", operation.name);
    docs.windows(3).any(|words| {
        let path = words[1].split('?').next();
        words[0] == operation.method && path == Some(operation.path) && words[2].starts_with(&name)
    })
}

/// Every operation has its methods in Rust, and their documentation names it.
pub(crate) fn every_operation_is_a_rust_method() -> Result<(), String> {
    let all = Methods::read();
    let mut missing = Vec::new();
    for operation in operations() {
        for call in &operation.rust {
            match all.resolve(call) {
                Ok(method) if names(&method.docs, operation) => {}
                Ok(_) => missing.push(format!(
                    "{}: the documentation of {call} lacks {} ({})",
                    operation.key(),
                    operation.line(),
                    operation.name
                )),
                Err(why) => missing.push(format!("{}: {call}: {why}", operation.key())),
            }
        }
    }
    none(missing)
}

/// Every operation has its functions in the header, and their comments name it.
pub(crate) fn every_operation_is_a_c_function() -> Result<(), String> {
    let header = fs::read_to_string(root().join("include/ziti_edge_client.h")).unwrap();
    let mut missing = Vec::new();
    for operation in operations() {
        for function in &operation.c {
            match comment(&header, function) {
                Some(docs) if names(&docs, operation) => {}
                Some(_) => missing.push(format!(
                    "{}: the comment of {function} lacks {} ({})",
                    operation.key(),
                    operation.line(),
                    operation.name
                )),
                None => missing.push(format!("{}: there is no {function}", operation.key())),
            }
        }
        if operation.api == "management" && !header.contains("zec_client_management(") {
            missing.push(format!("{}: there is no zec_client_management", operation.key()));
        }
    }
    none(missing)
}

/// The comment of a function in the header, joined; `None` if the function is not there.
fn comment(header: &str, function: &str) -> Option<String> {
    let call = format!("{function}(");
    let lines: Vec<&str> = header.lines().collect();
    let is_declaration = |line: &&str| {
        !line.trim_start().starts_with("//") && line.split([' ', '*']).any(|word| word.starts_with(&call))
    };
    let at = lines.iter().position(is_declaration)?;
    let above = lines[..at].iter().rev().skip_while(|line| !line.starts_with("///") && !line.is_empty());
    let mut docs: Vec<&str> = above.map_while(|line| line.strip_prefix("///")).collect();
    docs.reverse();
    Some(docs.concat())
}

/// The names in one row at the head of a resource: those of Rust, as `Type::method`, and those of C.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    rust: BTreeSet<String>,
    c: BTreeSet<String>,
}

/// The rows at the heads of all resources, by `METHOD /path`.
fn heads() -> BTreeMap<String, Head> {
    let mut heads = BTreeMap::new();
    for (file, text) in rust_files("src/api") {
        for row in text.lines().filter_map(|line| line.strip_prefix("//! | `")) {
            let cells: Vec<&str> = row.split(" | ").collect();
            let [operation, rust, c] = cells[..] else { panic!("{file}: not operation | Rust | C: {row}") };
            let head = Head { rust: between(rust, "[`", "`]"), c: between(c, "`", "`") };
            let twice = heads.insert(operation.trim_end_matches('`').to_owned(), head);
            assert!(twice.is_none(), "{file}: {operation} stands twice");
        }
    }
    heads
}

fn between(text: &str, start: &str, end: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut rest = text;
    while let Some((inner, after)) = rest.split_once(start).and_then(|(_, after)| after.split_once(end)) {
        found.insert(inner.to_owned());
        rest = after;
    }
    found
}

/// The tables at the heads of the resources say the same as ours, in both directions.
pub(crate) fn the_heads_of_the_resources_agree_with_the_table() -> Result<(), String> {
    let all = Methods::read();
    let heads = heads();
    let mut wrong = Vec::new();
    for operation in operations() {
        let Some(head) = heads.get(&operation.line()) else {
            wrong.push(format!("{}: no head in src/api has a row for {}", operation.key(), operation.line()));
            continue;
        };
        let called = |call: &&str| all.resolve(call).map_or((*call).to_owned(), |to| format!("{}::{}", to.of, to.name));
        let ours = Head {
            rust: operation.rust.iter().map(called).collect(),
            c: operation.c.iter().map(|&function| function.to_owned()).collect(),
        };
        if *head != ours {
            wrong.push(format!("{}: its head has {head:?}, operations.tsv has {ours:?}", operation.key()));
        }
    }
    for line in heads.keys().filter(|line| !operations().iter().any(|operation| operation.line() == **line)) {
        wrong.push(format!("a head in src/api has {line}, operations.tsv does not"));
    }
    none(wrong)
}

/// An error of all that is wrong, one a line, if anything is.
pub(crate) fn none(wrong: Vec<String>) -> Result<(), String> {
    if wrong.is_empty() { Ok(()) } else { Err(format!("{} in all:\n{}", wrong.len(), wrong.join("\n"))) }
}
