//! What works where: docs/logins.md says it, and each of its cells is tried.

use ziti_edge_client::{Client, Error, JwtSource, LoginFlow};
use ziti_edge_testkit::{TestController, Version};

use crate::{Network, Way, build, list};

/// A row of the table: the first factor, the second one, and what becomes of it in each column.
struct Row {
    way: Way,
    second: Second,
    cells: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Second {
    None,
    Totp,
    TotpSetUp,
    Jwt,
    JwtAndTotp,
}

impl Second {
    fn wants_jwt(self) -> bool {
        matches!(self, Second::Jwt | Second::JwtAndTotp)
    }

    fn wants_code(self) -> bool {
        matches!(self, Second::Totp | Second::JwtAndTotp)
    }
}

const COLUMNS: [(LoginFlow, Version); 6] = [
    (LoginFlow::Legacy, Version::V1_3),
    (LoginFlow::Legacy, Version::V1_6),
    (LoginFlow::Legacy, Version::V2_0),
    (LoginFlow::Oidc, Version::V1_3),
    (LoginFlow::Oidc, Version::V1_6),
    (LoginFlow::Oidc, Version::V2_0),
];

fn table() -> Vec<Row> {
    let page = include_str!("../../docs/logins.md");
    let rows = page.lines().skip_while(|line| !line.starts_with("| first factor")).skip(2);
    rows.take_while(|line| line.starts_with('|')).map(row).collect()
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

/// Logs in with all the factors, until a call works.
fn log_in(network: &Network, client: &Client, second: Second) -> Result<usize, Error> {
    match list(client) {
        Err(Error::LoginPending { .. }) if second.wants_code() => client.authenticate_mfa(&network.code()).map(drop)?,
        Err(Error::LoginPending { .. }) if second == Second::TotpSetUp => {
            client.mfa().enroll()?;
            client.mfa().verify(&network.code())?;
        }
        outcome => return outcome,
    }
    list(client)
}

#[test]
fn every_cell_of_the_table_is_as_it_says() {
    let rows = table();
    assert_eq!(rows.len(), 15);
    for Row { way, second, cells } in rows {
        assert_eq!(cells.len(), COLUMNS.len());
        for ((flow, version), cell) in COLUMNS.into_iter().zip(&cells) {
            let network = Network::with(TestController::builder().version(version), |alice| {
                alice.secondary_signer = second.wants_jwt().then(String::new);
            });
            if second.wants_code() {
                network.controller.enroll_mfa(&network.id);
            }
            network.controller.require_mfa(&network.id, second == Second::TotpSetUp);
            let builder = network.builder(way).login_flow(flow);
            let client = build(match second.wants_jwt() {
                true => builder.second_factor_jwt(JwtSource::token(network.second_jwt())),
                false => builder,
            });
            let outcome = log_in(&network, &client, second);
            let found = match &outcome {
                Ok(1) => "works",
                Err(Error::Unsupported(why)) if why.contains("LoginFlow::Legacy") => "Unsupported",
                other => panic!("{way:?} {second:?} {flow:?} {version:?}: {other:?}"),
            };
            assert_eq!(found, cell, "{way:?} {second:?} {flow:?} {version:?}: {outcome:?}");
            assert_eq!(network.had().0, usize::from(found == "works" && flow == LoginFlow::Oidc));
        }
    }
}
