//! The tables beside this file: what the API documents list, and where each of it is in Rust and in C.
//!
//! - `operations.tsv`: one operation a row. Its columns: which API; method and path; the name of the operation in the
//!   API documents; query and header parameters; the document that has it first; the methods in Rust, as
//!   `services().list` from a client or as `Type::method`; the functions in C; a remark for readers. `-` is nothing.
//! - `answers.tsv`: the properties of each operation's answer within its `data`, by path: `[]` is any row of a list,
//!   `{}` any member of a map. Links are not taken apart.
//! - `left_out.tsv`: what the client leaves out on purpose: a property, by its path or wherever its name comes up, or
//!   a parameter, with `?` before its name; of one operation or of all (`*`).

use std::collections::BTreeMap;
use std::sync::LazyLock;

const OPERATIONS: &str = include_str!("operations.tsv");
const ANSWERS: &str = include_str!("answers.tsv");
const LEFT_OUT: &str = include_str!("left_out.tsv");

/// One operation of one API.
#[derive(Debug)]
pub(crate) struct Operation {
    /// `client` or `management`.
    pub(crate) api: &'static str,
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) name: &'static str,
    pub(crate) query: Vec<&'static str>,
    pub(crate) headers: Vec<&'static str>,
    pub(crate) since: &'static str,
    pub(crate) rust: Vec<&'static str>,
    pub(crate) c: Vec<&'static str>,
    pub(crate) remark: Option<&'static str>,
}

impl Operation {
    /// `GET /services`
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// `client listServices`: no two rows have the same.
    pub(crate) fn key(&self) -> String {
        format!("{} {}", self.api, self.name)
    }
}

/// All operations, in the order of the table.
pub(crate) fn operations() -> &'static [Operation] {
    static ALL: LazyLock<Vec<Operation>> = LazyLock::new(|| rows(OPERATIONS).map(operation).collect());
    &ALL
}

fn operation([api, method, path, name, query, headers, since, rust, c, remark]: [&'static str; 10]) -> Operation {
    Operation {
        api,
        method,
        path,
        name,
        query: words(query),
        headers: words(headers),
        since,
        rust: words(rust),
        c: words(c),
        remark: (remark != "-").then_some(remark),
    }
}

/// The properties of each answer, by the name of the operation.
pub(crate) fn answers() -> BTreeMap<&'static str, Vec<&'static str>> {
    rows(ANSWERS).map(|[name, properties]| (name, words(properties))).collect()
}

/// True if this parameter of an operation is left out with a reason.
pub(crate) fn leaves_out_parameter(operation: &str, parameter: &str) -> bool {
    rows(LEFT_OUT).any(|[of, what, _]| of == operation && what.strip_prefix('?') == Some(parameter))
}

/// The rows of a table below its head.
fn rows<const N: usize>(table: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    table.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        cells.try_into().unwrap_or_else(|cells: Vec<&str>| panic!("{} cells in place of {N}: {line}", cells.len()))
    })
}

fn words(cell: &'static str) -> Vec<&'static str> {
    cell.split(' ').filter(|word| *word != "-").collect()
}

/// The tables agree with each other, and no row stands twice.
pub(crate) fn the_tables_are_sound() -> Result<(), String> {
    let mut keys: Vec<String> = operations().iter().map(Operation::key).collect();
    assert_eq!(keys.iter().filter(|key| key.starts_with("client ")).count(), 59);
    assert_eq!(keys.iter().filter(|key| key.starts_with("management ")).count(), 8);
    keys.sort_unstable();
    assert!(keys.windows(2).all(|pair| pair[0] != pair[1]), "{keys:?}");
    let answers = answers();
    for operation in operations() {
        let key = operation.key();
        assert!(answers.contains_key(operation.name), "{key} is not in answers.tsv");
        assert!(!operation.rust.is_empty() && !operation.c.is_empty(), "{key} names no function");
    }
    for name in answers.keys() {
        assert!(operations().iter().any(|operation| operation.name == *name), "{name} is not in operations.tsv");
    }
    for [of, what, reason] in rows(LEFT_OUT) {
        assert!(!reason.is_empty(), "{of} {what}: no reason");
        assert!(is_there(of, what), "{of} {what}: nothing of this kind is there to be left out");
    }
    Ok(())
}

/// True if a row of `left_out.tsv` speaks of something.
fn is_there(of: &str, what: &str) -> bool {
    if let Some(parameter) = what.strip_prefix('?') {
        return operations().iter().any(|operation| operation.name == of && operation.query.contains(&parameter));
    }
    let of_these = answers().into_iter().filter(|(name, _)| of == "*" || of == *name);
    of_these.flat_map(|(_, properties)| properties).any(|path| path == what || path.split('.').any(|step| step == what))
}
