//! Every way to log in, as far as the controller can.

use serde_json::json;
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, Credentials, Error, JwtSource, LoginFlow};

use crate::network::{Member, Network, unique};
use crate::operations::Kind;
use crate::papers::Signer;
use crate::second_factor::{App, set_up};
use crate::stories::Story;
use crate::ways_table::{Row, Second, Way, table};

pub(crate) const ALL: &[(&str, Story)] =
    &[("every_way_to_log_in_is_as_the_table_says", every_way_to_log_in_is_as_the_table_says)];

const PASSWORD: &str = "Zec-test-1!";

/// Somebody who can log in by all means, once he has the second factors.
struct Somebody {
    member: Member,
    subject: String,
    /// What shows his codes, if he has set it up.
    app: Option<App>,
}

/// Who makes the external JWTs of logins, and of second factors.
struct Signers {
    first: Signer,
    second: Signer,
}

impl Somebody {
    fn new(network: &Network, signers: &Signers, second: Second) -> Self {
        let signer = second.wants_jwt().then_some(&signers.second.id);
        let secondary = json!({ "requireTotp": second == Second::TotpSetUp, "requireExtJwtSigner": signer });
        let policy = network.policy(&["cert", "updb", "extJwt"], &secondary);
        let subject = unique("subject");
        let member = network.enroll_with(&json!({ "authPolicyId": policy, "externalId": subject }));
        let name = &member.invitation.name;
        let body = json!({ "method": "updb", "identityId": member.id(), "username": name, "password": PASSWORD });
        network.admin.create("authenticators", &body);
        let mut somebody = Self { member, subject, app: None };
        if second.wants_code() {
            let client = somebody.client(network, signers, Way::Certificate, second, LoginFlow::Legacy);
            somebody.app = Some(set_up(&client));
        }
        somebody
    }

    fn client(&self, network: &Network, signers: &Signers, way: Way, second: Second, flow: LoginFlow) -> Client {
        let jwt = |signer: &Signer| JwtSource::token(signer.token(&self.subject));
        let credentials = match way {
            Way::Certificate => Credentials::certificate(),
            Way::Password => Credentials::password(&self.member.invitation.name, PASSWORD),
            Way::ExternalJwt => Credentials::external_jwt(jwt(&signers.first)),
        };
        let builder = network.builder(&self.member.identity).credentials(credentials).login_flow(flow);
        let builder = match second.wants_jwt() {
            true => builder.second_factor_jwt(jwt(&signers.second)),
            false => builder,
        };
        builder.build().expect("the identity is complete")
    }

    /// Logs in with all the factors, until a call works.
    fn log_in(&self, client: &Client, second: Second) -> Result<(), Error> {
        let list = || client.services().list(&ServiceQuery::new()).map(drop);
        match (list(), &self.app) {
            (Err(Error::LoginPending { .. }), Some(app)) => client.authenticate_mfa(&app.code()).map(drop)?,
            (Err(Error::LoginPending { .. }), None) if second == Second::TotpSetUp => {
                client.mfa().enroll()?;
                let setup = client.mfa().get()?;
                let app = App::set_up(&setup.provisioning_url.expect("it is not verified yet"));
                client.mfa().verify(&app.code())?;
            }
            (outcome, _) => return outcome,
        }
        list()
    }
}

fn every_way_to_log_in_is_as_the_table_says(network: &Network) {
    let version = match network.kind() {
        Kind::V1_3 => "1.3",
        Kind::V1_6 => "1.6",
        Kind::V2_0 => "2.0",
    };
    let signers = Signers { first: Signer::register(network), second: Signer::register(network) };
    for row in table() {
        let Row { way, second, .. } = row;
        for flow in [LoginFlow::Legacy, LoginFlow::Oidc] {
            let somebody = Somebody::new(network, &signers, second);
            let client = somebody.client(network, &signers, way, second, flow);
            let found = match somebody.log_in(&client, second) {
                Ok(()) => "works",
                Err(Error::Unsupported(why)) if why.contains("LoginFlow::Legacy") => "Unsupported",
                Err(other) => panic!("{way:?} {second:?} {flow:?}: {other:?}"),
            };
            assert_eq!(found, row.cell(flow, version), "{way:?} {second:?} {flow:?}");
        }
    }
}
