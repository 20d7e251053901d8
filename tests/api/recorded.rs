//! Every operation is read from what real controllers answered to it.
//!
//! Each resource has a `recorded.rs` with a reader, which `src/api/recorded.rs` knows. There an operation is a pattern of
//! a `match`, as `"listVersion" =>`, if a success of it is recorded; else its name is in an `ERROR_ONLY` there, and the
//! documentation of its method, or of what that returns, says so in one sentence. Of an operation whose methods return
//! nothing there is nothing to read.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::files::{root, rust_files};
use crate::sources::{Methods, none};
use crate::table::{Operation, operations};

const RECORDINGS: &str = "tests/recordings";
const UNSEEN: &str = "Known from the API document only.";

/// Recorded successes are read, what has none is listed as such, and nothing is both.
pub(crate) fn every_operation_is_read_from_a_recording() -> Result<(), String> {
    let readers = readers();
    let read: BTreeSet<&str> = readers.iter().flat_map(|(_, text)| patterns(text)).collect();
    let error_only: BTreeSet<&str> = readers.iter().flat_map(|(_, text)| error_only(text)).collect();
    let recorded = recorded();
    let methods = Methods::read();
    let mut wrong = unknown_readers(&readers);
    for operation in operations() {
        let key = operation.key();
        let is_recorded = recorded.contains(operation.name);
        if is_recorded && !read.contains(operation.name) && !gives_nothing(operation, &methods) {
            wrong.push(format!("{key}: a success is recorded, and nothing reads it"));
        }
        if is_recorded == error_only.contains(operation.name) {
            let what = if is_recorded { "is recorded, ERROR_ONLY says it is not" } else { "is not in ERROR_ONLY" };
            wrong.push(format!("{key}: {what}"));
        }
    }
    let unknown = error_only.iter().filter(|name| !operations().iter().any(|operation| operation.name == **name));
    wrong.extend(unknown.map(|name| format!("{name} is in ERROR_ONLY, and is no operation")));
    none(wrong)
}

/// True if a success is all that the methods of an operation tell.
fn gives_nothing(operation: &Operation, methods: &Methods) -> bool {
    operation.rust.iter().all(|call| methods.resolve(call).is_ok_and(|method| method.returns == "Result<(), Error>"))
}

/// What nobody has seen an answer of says so.
pub(crate) fn what_no_recording_shows_says_so() -> Result<(), String> {
    let methods = Methods::read();
    let recorded = recorded();
    let files = rust_files("src/api");
    let unseen = operations().iter().filter(|operation| !recorded.contains(operation.name));
    let mut wrong = Vec::new();
    for (operation, call) in unseen.flat_map(|operation| operation.rust.iter().map(move |call| (operation, call))) {
        let Ok(method) = methods.resolve(call) else {
            wrong.push(format!("{}: there is no {call}", operation.key()));
            continue;
        };
        let model = model_of(&method.returns);
        if !method.docs.contains(UNSEEN) && !files.iter().any(|(_, text)| docs_of(model, text).contains(UNSEEN)) {
            wrong.push(format!("{}: neither {call} nor {model} says: {UNSEEN}", operation.key()));
        }
    }
    none(wrong)
}

/// `Key` of `Result<Key, Error>` and of `Result<Vec<Key>, Error>`.
fn model_of(returns: &str) -> &str {
    let ok = returns.strip_prefix("Result<").unwrap_or(returns);
    let inner = ["Vec<", "List<", "Option<"].into_iter().fold(ok, |inner, of| inner.strip_prefix(of).unwrap_or(inner));
    inner.split([',', '<', '>']).next().unwrap_or_default()
}

/// The documentation of a type in a file, empty if it is not there.
fn docs_of(model: &str, text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let head = format!("pub struct {model} {{");
    let Some(at) = lines.iter().position(|line| *line == head) else { return String::new() };
    let above = lines[..at].iter().rev().take_while(|line| line.starts_with("///") || line.starts_with("#["));
    let mut docs: Vec<&str> = above.filter_map(|line| line.strip_prefix("///")).collect();
    docs.reverse();
    docs.concat().trim().to_owned()
}

/// The files with readers, and the one that knows them.
fn readers() -> Vec<(String, String)> {
    rust_files("src/api").into_iter().filter(|(file, _)| file.ends_with("/recorded.rs")).collect()
}

/// Readers that are there and that nobody uses.
fn unknown_readers(readers: &[(String, String)]) -> Vec<String> {
    let all = fs::read_to_string(root().join("src/api/recorded.rs")).unwrap();
    let is_unknown = |file: &&str| {
        let module = file.trim_start_matches("src/api/").trim_end_matches(".rs").replace('/', "::");
        module != "recorded" && !all.contains(&format!("{module}::read"))
    };
    let files = readers.iter().map(|(file, _)| file.as_str()).filter(is_unknown);
    files.map(|file| format!("{file} is not among the readers of src/api/recorded.rs")).collect()
}

/// All texts that are patterns of a `match`.
fn patterns(text: &str) -> BTreeSet<&str> {
    let pieces: Vec<&str> = text.split('"').collect();
    let is_pattern = |after: &str| {
        let after = after.trim_start();
        after.starts_with("=>") || after.starts_with("| ") || after == "|"
    };
    pieces.windows(2).filter(|pair| is_pattern(pair[1])).map(|pair| pair[0]).collect()
}

fn error_only(text: &str) -> BTreeSet<&str> {
    let list = text.split_once("const ERROR_ONLY: ").and_then(|(_, after)| after.split_once("];"));
    list.map(|(list, _)| list.split('"').skip(1).step_by(2).collect()).unwrap_or_default()
}

/// The operations of which a recording has a success.
fn recorded() -> BTreeSet<&'static str> {
    let folders = fs::read_dir(root().join(RECORDINGS)).unwrap().map(|entry| entry.unwrap().path());
    let files = folders.flat_map(|folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    files.filter(|file| file.extension().is_some_and(|end| end == "jsonl")).flat_map(|file| successes(&file)).collect()
}

fn successes(file: &Path) -> Vec<&'static str> {
    let text = fs::read_to_string(file).unwrap();
    let exchanges = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let good = exchanges.filter(|exchange| exchange["response"]["status"].as_u64().is_some_and(|it| it / 100 == 2));
    good.filter_map(|exchange| operation_of(&exchange)).map(|operation| operation.name).collect()
}

/// The operation of an exchange. Where the documents have no name for it, it is told by its request.
fn operation_of(exchange: &Value) -> Option<&'static Operation> {
    let request = &exchange["request"];
    let is_it = |operation: &&Operation| match exchange["operation"].as_str() {
        Some(name) => operation.name == name,
        None => {
            let path = request["path"].as_str().and_then(|path| path.split('?').next());
            path == Some(format!("/edge/{}/v1{}", operation.api, operation.path).as_str())
                && request["method"] == operation.method
        }
    };
    operations().iter().find(is_it)
}
