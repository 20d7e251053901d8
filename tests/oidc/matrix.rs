//! What works where: docs/logins.md says it, and each of its cells is tried.

use ziti_edge_client::{Client, Error, JwtSource, LoginFlow};
use ziti_edge_testkit::{TestController, Version};

use crate::table::{Second, table};
use crate::{Network, Way, build, list};

fn name(version: Version) -> &'static str {
    match version {
        Version::V1_3 => "1.3",
        Version::V1_6 => "1.6",
        Version::V2_0 => "2.0",
    }
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

/// Tries one way to log in, and says what a cell of the table has to say of it; and how often there were tokens.
fn tried(way: Way, second: Second, flow: LoginFlow, version: Version) -> (&'static str, usize) {
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
    let found = match log_in(&network, &client, second) {
        Ok(1) => "works",
        Err(Error::Unsupported(why)) if why.contains("LoginFlow::Legacy") => "Unsupported",
        other => panic!("{way:?} {second:?} {flow:?} {version:?}: {other:?}"),
    };
    (found, network.had().0)
}

#[test]
fn every_cell_of_the_table_is_as_it_says() {
    for row in table() {
        for version in Version::ALL {
            for flow in [LoginFlow::Legacy, LoginFlow::Oidc] {
                let (found, tokens) = tried(row.way, row.second, flow, version);
                let cell = row.cell(flow, name(version));
                assert_eq!(found, cell, "{:?} {:?} {flow:?} {version:?}", row.way, row.second);
                assert_eq!(tokens, usize::from(found == "works" && flow == LoginFlow::Oidc));
            }
        }
    }
}

#[test]
fn whatever_works_at_a_controller_works_where_the_kind_of_login_is_not_chosen() {
    for row in table() {
        for version in Version::ALL {
            let (found, tokens) = tried(row.way, row.second, LoginFlow::Auto, version);
            assert_eq!(found, "works", "{:?} {:?} {version:?}", row.way, row.second);
            assert_eq!(tokens, usize::from(version == Version::V2_0), "{:?} {:?} {version:?}", row.way, row.second);
        }
    }
}
