//! Sessions that outlive the client that made them.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use serde_json::json;
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, Credentials, Error, JwtSource, Login, LoginFlow, Secret, SessionProblem};

use crate::network::{Member, Network, unique};
use crate::operations::Kind;
use crate::papers::Signer;
use crate::second_factor::{App, set_up};
use crate::stories::Story;

pub(crate) const ALL: &[(&str, Story)] = &[
    ("saved_session_goes_on_in_another_client", a_session_goes_on_in_another_client),
    ("saved_refreshed_tokens_go_on_in_another_client", refreshed_tokens_go_on_in_another_client),
    ("saved_session_of_a_replaced_certificate_is_told_apart", a_session_of_a_replaced_certificate_is_told_apart),
    (
        "saved_login_over_oidc_that_waits_goes_on_in_another_client",
        a_login_over_oidc_that_waits_goes_on_in_another_client,
    ),
    (
        "saved_second_factor_that_is_being_set_up_goes_on_in_another_client",
        a_second_factor_that_is_being_set_up_goes_on,
    ),
    ("saved_waiting_login_gets_its_external_jwt_anew", a_waiting_login_gets_its_external_jwt_anew),
];

const PASSWORD: &str = "Zec-test-1!";
const FLOWS: [LoginFlow; 2] = [LoginFlow::Legacy, LoginFlow::Oidc];

fn list(client: &Client) -> Result<usize, Error> {
    client.services().list(&ServiceQuery::new()).map(|services| services.len())
}

fn client(network: &Network, member: &Member, flow: LoginFlow) -> Client {
    network.builder(&member.identity).login_flow(flow).build().expect("the identity is complete")
}

/// The session of a client as text.
fn saved(client: &Client) -> Secret {
    client.save_session().expect("there is a session")
}

fn id(client: &Client) -> String {
    client.current_api_session().get().unwrap().id
}

fn a_session_goes_on_in_another_client(network: &Network) {
    let (member, stranger) = (network.enroll(), network.enroll());
    for flow in FLOWS {
        let first = client(network, &member, flow);
        list(&first).unwrap();
        let text = saved(&first);
        let second = client(network, &member, flow);
        second.resume_session(&text).unwrap();
        list(&second).unwrap();
        assert_eq!(id(&second), id(&first), "nobody logged in again");
        let outcome = client(network, &stranger, flow).resume_session(&text);
        let is_told = matches!(&outcome, Err(Error::SavedSession { problem: SessionProblem::WrongIdentity, .. }));
        assert!(is_told, "{outcome:?}");
    }
}

fn refreshed_tokens_go_on_in_another_client(network: &Network) {
    let member = network.enroll();
    let time = Arc::new(Mutex::new((Instant::now(), SystemTime::now())));
    let kept: Arc<Mutex<Option<Secret>>> = Arc::default();
    let (clock, keeps) = (Arc::clone(&time), Arc::clone(&kept));
    let builder = network.builder(&member.identity).login_flow(LoginFlow::Oidc);
    let builder = builder.clock(move || *clock.lock().expect("no holder panics"));
    let first = builder.on_session_change(move |text, _| {
        *keeps.lock().expect("no holder panics") = text.cloned();
        Ok(())
    });
    let first = first.build().unwrap();
    list(&first).unwrap();
    let begun = id(&first);
    for _ in 0..2 {
        {
            let mut now = time.lock().expect("no holder panics");
            *now = (now.0 + Duration::from_secs(25 * 60), now.1 + Duration::from_secs(25 * 60));
        }
        list(&first).unwrap();
        let text = kept.lock().expect("no holder panics").clone().expect("each session is handed out");
        let second = client(network, &member, LoginFlow::Oidc);
        second.resume_session(&text).unwrap();
        list(&second).unwrap();
        assert_eq!(id(&second), begun, "nobody logged in again");
    }
}

fn a_session_of_a_replaced_certificate_is_told_apart(network: &Network) {
    for flow in FLOWS {
        let member = network.enroll();
        let first = client(network, &member, flow);
        list(&first).unwrap();
        let text = saved(&first);
        let renewing = client(network, &member, LoginFlow::Legacy);
        renewing.renew().unwrap();
        let renewed = network.builder(&renewing.identity()).login_flow(flow).build().unwrap();
        let outcome = renewed.resume_session(&text);
        let is_told = matches!(&outcome, Err(Error::SavedSession { problem: SessionProblem::CertificateReplaced, .. }));
        assert!(is_told, "{outcome:?}");
        list(&renewed).unwrap();
    }
}

fn a_login_over_oidc_that_waits_goes_on_in_another_client(network: &Network) {
    let member = network.enroll();
    let app = set_up(&client(network, &member, LoginFlow::Legacy));
    let username = &member.invitation.name;
    let body = json!({ "method": "updb", "identityId": member.id(), "username": username, "password": PASSWORD });
    network.admin.create("authenticators", &body);
    let with = |password: &str| {
        let builder = network.builder(&member.identity).login_flow(LoginFlow::Oidc);
        builder.credentials(Credentials::password(username, password)).build().unwrap()
    };
    let first = with(PASSWORD);
    assert!(matches!(list(&first), Err(Error::LoginPending { .. })));
    let text = saved(&first);
    drop(first);
    // It could not log in by itself.
    let second = with("Zec-wrong-1!");
    second.resume_session(&text).unwrap();
    let wrong = second.authenticate_mfa(&Secret::new("000000"));
    assert!(matches!(&wrong, Err(Error::Api(answer)) if answer.code == "INVALID TOTP CODE"), "{wrong:?}");
    assert!(matches!(second.authenticate_mfa(&app.code()).unwrap(), Login::Complete(_)));
    list(&second).unwrap();
}

fn a_second_factor_that_is_being_set_up_goes_on(network: &Network) {
    let member = network.enroll_with_strict_policy();
    let first = client(network, &member, LoginFlow::Oidc);
    assert!(matches!(list(&first), Err(Error::LoginPending { .. })));
    if let Err(error) = first.mfa().enroll() {
        // 1.3 has no steps for it.
        assert!(matches!(error, Error::Unsupported(_)), "{error}");
        return;
    }
    let app = App::set_up(&first.mfa().get().unwrap().provisioning_url.unwrap());
    let second = client(network, &member, LoginFlow::Oidc);
    second.resume_session(&saved(&first)).unwrap();
    second.mfa().verify(&app.code()).unwrap();
    list(&second).expect("the login is complete now");
}

fn a_waiting_login_gets_its_external_jwt_anew(network: &Network) {
    if network.kind() != Kind::V2_0 {
        // No login over OIDC takes one there.
        return;
    }
    let signer = Signer::register(network);
    let policy = network.policy(&["cert"], &json!({ "requireTotp": false, "requireExtJwtSigner": signer.id }));
    let subject = unique("subject");
    let member = network.enroll_with(&json!({ "authPolicyId": policy, "externalId": subject }));
    let with_jwt = |flow| {
        let builder = network.builder(&member.identity).login_flow(flow);
        builder.second_factor_jwt(JwtSource::token(signer.token(&subject))).build().unwrap()
    };
    let app = set_up(&with_jwt(LoginFlow::Legacy));
    let first = with_jwt(LoginFlow::Oidc);
    assert!(matches!(list(&first), Err(Error::LoginPending { factors }) if factors.len() == 1));
    let text = saved(&first);
    let without = client(network, &member, LoginFlow::Oidc);
    without.resume_session(&text).unwrap();
    assert!(matches!(without.authenticate_mfa(&app.code()), Err(Error::LoginPending { .. })));
    let second = with_jwt(LoginFlow::Oidc);
    second.resume_session(&text).unwrap();
    assert!(matches!(second.authenticate_mfa(&app.code()).unwrap(), Login::Complete(_)));
    list(&second).unwrap();
}
