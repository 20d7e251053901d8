//! What works where, as docs/logins.md says it in a table.

use ziti_edge_client::LoginFlow;

/// By what somebody logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Certificate,
    Password,
    ExternalJwt,
}

/// A row of the table: the first factor, the second one, and what becomes of it in each column.
pub(crate) struct Row {
    pub(crate) way: Way,
    pub(crate) second: Second,
    cells: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Second {
    None,
    Totp,
    TotpSetUp,
    Jwt,
    JwtAndTotp,
}

impl Second {
    pub(crate) fn wants_jwt(self) -> bool {
        matches!(self, Second::Jwt | Second::JwtAndTotp)
    }

    pub(crate) fn wants_code(self) -> bool {
        matches!(self, Second::Totp | Second::JwtAndTotp)
    }
}

impl Row {
    /// What the table says of this way to log in, at controllers that it calls by this name.
    pub(crate) fn cell(&self, flow: LoginFlow, version: &str) -> &str {
        let at = COLUMNS.iter().position(|column| *column == (flow, version)).expect("there is such a column");
        &self.cells[at]
    }
}

const COLUMNS: [(LoginFlow, &str); 6] = [
    (LoginFlow::Legacy, "1.3"),
    (LoginFlow::Legacy, "1.6"),
    (LoginFlow::Legacy, "2.0"),
    (LoginFlow::Oidc, "1.3"),
    (LoginFlow::Oidc, "1.6"),
    (LoginFlow::Oidc, "2.0"),
];

/// All rows, which have to be as many as there are ways.
pub(crate) fn table() -> Vec<Row> {
    let page = include_str!("../../docs/logins.md");
    let mut lines = page.lines().skip_while(|line| !line.starts_with("| first factor"));
    let head = lines.next().expect("there is a table").trim_matches('|').split('|').skip(2);
    let named = COLUMNS.map(|(flow, version)| match flow {
        LoginFlow::Oidc => format!("OIDC, {version}"),
        _ => format!("legacy, {version}"),
    });
    assert_eq!(head.map(str::trim).collect::<Vec<_>>(), named);
    let rows: Vec<Row> = lines.skip(1).take_while(|line| line.starts_with('|')).map(row).collect();
    assert_eq!(rows.len(), 15);
    assert!(rows.iter().all(|row| row.cells.len() == COLUMNS.len()));
    rows
}

fn row(line: &str) -> Row {
    let mut cells = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned());
    let way = match cells.next().as_deref() {
        Some("certificate") => Way::Certificate,
        Some("password") => Way::Password,
        Some("external JWT") => Way::ExternalJwt,
        other => panic!("{other:?} is no first factor"),
    };
    let second = match cells.next().as_deref() {
        Some("none") => Second::None,
        Some("TOTP") => Second::Totp,
        Some("TOTP, set up on the way") => Second::TotpSetUp,
        Some("external JWT") => Second::Jwt,
        Some("external JWT and TOTP") => Second::JwtAndTotp,
        other => panic!("{other:?} is no second factor"),
    };
    Row { way, second, cells: cells.collect() }
}
