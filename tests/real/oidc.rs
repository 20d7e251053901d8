//! Logins over the controller's OIDC.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use serde_json::json;
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, Credentials, Error, Identity, JwtSource, LoggedOut, Login, LoginFlow, Secret};

use crate::network::{Network, unique};
use crate::operations::Kind;
use crate::papers::Signer;
use crate::second_factor::{App, set_up};
use crate::stories::Story;

pub(crate) const ALL: &[(&str, Story)] = &[
    ("oidc_logs_in_by_certificate_and_stays_logged_in", oidc_logs_in_by_certificate_and_stays_logged_in),
    ("oidc_logs_in_by_password_and_tells_a_wrong_one", oidc_logs_in_by_password_and_tells_a_wrong_one),
    ("oidc_waits_for_a_code", oidc_waits_for_a_code),
    ("oidc_sets_up_a_second_factor_on_the_way", oidc_sets_up_a_second_factor_on_the_way),
    ("oidc_takes_an_external_jwt_as_second_factor_since_2_0", oidc_takes_an_external_jwt_as_second_factor_since_2_0),
    ("oidc_logs_out", oidc_logs_out),
];

fn over_oidc(network: &Network, identity: &Identity, credentials: Credentials) -> Client {
    let builder = network.builder(identity).credentials(credentials).login_flow(LoginFlow::Oidc);
    builder.build().expect("the identity is complete")
}

fn by_certificate(network: &Network, identity: &Identity) -> Client {
    over_oidc(network, identity, Credentials::certificate())
}

fn list(client: &Client) -> Result<usize, Error> {
    client.services().list(&ServiceQuery::new()).map(|services| services.len())
}

fn token(client: &Client) -> String {
    client.current_api_session().get().unwrap().token.expose().to_owned()
}

fn oidc_logs_in_by_certificate_and_stays_logged_in(network: &Network) {
    let member = network.enroll();
    let time = Arc::new(Mutex::new((Instant::now(), SystemTime::now())));
    let clock = Arc::clone(&time);
    let builder = network.builder(&member.identity).login_flow(LoginFlow::Oidc);
    let client = builder.clock(move || *clock.lock().expect("no holder panics")).build().unwrap();
    let Login::Complete(session) = client.authenticate().unwrap() else { panic!("a certificate is all it takes") };
    assert_eq!(session.identity_id.as_deref(), Some(member.id()));
    let first = token(&client);
    for _ in 0..2 {
        let before = token(&client);
        {
            let mut now = time.lock().expect("no holder panics");
            *now = (now.0 + Duration::from_secs(25 * 60), now.1 + Duration::from_secs(25 * 60));
        }
        list(&client).unwrap();
        assert_ne!(token(&client), before, "refreshed by the client's clock");
    }
    let same = client.current_api_session().get().unwrap();
    assert!(same.id == session.id && same.token.expose() != first, "the same session with other tokens");
}

fn oidc_logs_in_by_password_and_tells_a_wrong_one(network: &Network) {
    const PASSWORD: &str = "Zec-test-1!";
    let member = network.enroll();
    let username = &member.invitation.name;
    let body = json!({ "method": "updb", "identityId": member.id(), "username": username, "password": PASSWORD });
    network.admin.create("authenticators", &body);
    let client = over_oidc(network, &member.identity, Credentials::password(username, PASSWORD));
    list(&client).unwrap();
    let wrong = over_oidc(network, &member.identity, Credentials::password(username, "Zec-wrong-1!"));
    let outcome = list(&wrong);
    assert!(matches!(outcome, Err(Error::Rejected(_))), "{outcome:?}");
}

fn oidc_waits_for_a_code(network: &Network) {
    let member = network.enroll();
    let app = set_up(&network.client(&member.identity));
    let client = by_certificate(network, &member.identity);
    assert!(matches!(client.authenticate().unwrap(), Login::Pending(_)));
    assert!(matches!(list(&client), Err(Error::LoginPending { .. })));
    let wrong = client.authenticate_mfa(&Secret::new("000000"));
    assert!(matches!(&wrong, Err(Error::Api(answer)) if answer.code == "INVALID TOTP CODE"), "{wrong:?}");
    assert!(matches!(client.authenticate_mfa(&app.code()).unwrap(), Login::Complete(_)));
    list(&client).unwrap();
}

fn oidc_sets_up_a_second_factor_on_the_way(network: &Network) {
    let member = network.enroll_with_strict_policy();
    let client = by_certificate(network, &member.identity);
    assert!(matches!(list(&client), Err(Error::LoginPending { .. })));
    if let Err(error) = client.mfa().enroll() {
        // 1.3 has no steps for it.
        assert!(matches!(&error, Error::Unsupported(why) if why.contains("LoginFlow::Legacy")), "{error}");
        return;
    }
    client.mfa().delete(None).unwrap();
    client.mfa().enroll().unwrap();
    let app = App::set_up(&client.mfa().get().unwrap().provisioning_url.unwrap());
    let wrong = client.mfa().verify(&Secret::new("000000"));
    assert!(matches!(&wrong, Err(Error::Api(answer)) if answer.code == "MFA_INVALID_TOKEN"), "{wrong:?}");
    client.mfa().verify(&app.code()).unwrap();
    list(&client).expect("the login is complete now");
}

fn oidc_takes_an_external_jwt_as_second_factor_since_2_0(network: &Network) {
    let (signer, other) = (Signer::register(network), Signer::register(network));
    let policy = network.policy(&["cert"], &json!({ "requireTotp": false, "requireExtJwtSigner": signer.id }));
    let subject = unique("subject");
    let member = network.enroll_with(&json!({ "authPolicyId": policy, "externalId": subject }));
    let with = |jwt| {
        let builder = network.builder(&member.identity).login_flow(LoginFlow::Oidc);
        builder.second_factor_jwt(JwtSource::token(jwt)).build().expect("the identity is complete")
    };
    assert!(matches!(list(&by_certificate(network, &member.identity)), Err(Error::LoginPending { .. })));
    let (right, wrong) = (list(&with(signer.token(&subject))), list(&with(other.token(&subject))));
    if network.kind() == Kind::V2_0 {
        right.unwrap();
        assert!(matches!(&wrong, Err(Error::LoginPending { factors }) if factors[0].is_refused), "{wrong:?}");
    } else {
        let is_unsupported = |outcome| matches!(outcome, Err(Error::Unsupported(why)) if why.contains("Legacy"));
        assert!(is_unsupported(right) && is_unsupported(wrong));
    }
}

fn oidc_logs_out(network: &Network) {
    let member = network.enroll();
    let client = by_certificate(network, &member.identity);
    list(&client).unwrap();
    client.logout().unwrap();
    list(&client).unwrap();
    assert_eq!(client.logout_everywhere().unwrap(), LoggedOut::Now);
    list(&client).unwrap();
    assert_eq!(client.logout_everywhere().unwrap(), LoggedOut::Before);
}
