//! The page for readers, printed from the table.

use std::fmt::Write as _;
use std::fs;

use crate::files::root;
use crate::table::{Operation, operations};

const PAGE: &str = "docs/operations.md";

const HEAD: &str = "\
# All operations

What the API documents of the Edge Client API list (0.29.0, of which 0.26.38 is a part), and where it is in Rust and in C.
This page is printed from `tests/api/operations.tsv`, which a test holds to the sources and to the header:

```console
$ UPDATE_DOCS=1 cargo test --test api
```

In Rust `client` is a `Client`; each method says what it takes and gives, and so does the header for C. An operation that a
controller does not have is `Error::Unsupported`, in C `ZEC_ERR_UNSUPPORTED`. Versions are those of controllers.
";

const MANAGEMENT: &str = "
## The management API

The same operations on one's own session and authenticators, for administrators, under the management API's own path: in C with the
handle from `zec_client_management`.
";

/// Run with `UPDATE_DOCS=1` to print the page anew.
pub(crate) fn the_page_is_the_one_that_the_table_prints() -> Result<(), String> {
    let printed = printed();
    let file = root().join(PAGE);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, &printed).unwrap();
    }
    let page = fs::read_to_string(&file).unwrap_or_default();
    let same = page == printed;
    same.then_some(()).ok_or_else(|| format!("{PAGE} is another one; UPDATE_DOCS=1 cargo test --test api prints it"))
}

fn printed() -> String {
    let mut page = HEAD.to_owned();
    page += "\n## The client API\n";
    table(&mut page, "client");
    page += MANAGEMENT;
    table(&mut page, "management");
    page
}

fn table(page: &mut String, api: &str) {
    *page += "\n| operation | Rust | C | remarks |\n|---|---|---|---|\n";
    for operation in operations().iter().filter(|operation| operation.api == api) {
        let Operation { name, remark, .. } = operation;
        let line = operation.line();
        let rust: Vec<String> = operation.rust.iter().map(|call| code(&in_full(call))).collect();
        let c: Vec<String> = operation.c.iter().map(|function| code(function)).collect();
        let remark = remark.map(|remark| format!("{remark}.")).unwrap_or_default();
        writeln!(page, "| `{line}` {name} | {} | {} | {remark} |", rust.join(", "), c.join(", "))
            .expect("a string takes any text");
    }
}

/// `client.services().list()`; a method of another type than the client stays as it is.
fn in_full(call: &str) -> String {
    if call.contains("::") { call.to_owned() } else { format!("client.{call}()") }
}

fn code(text: &str) -> String {
    format!("`{text}`")
}
