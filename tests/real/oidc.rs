//! Logins over the controller's OIDC.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use serde_json::json;
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{
    Client, Credentials, Error, EventKind, Identity, JwtSource, LoggedOut, Login, LoginFlow, Secret,
};

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
    ("oidc_renews_a_certificate", oidc_renews_a_certificate),
    ("oidc_keeps_a_login_with_a_code_when_its_certificate_is_renewed", oidc_keeps_a_login_with_a_code),
    ("oidc_tells_of_a_second_jwt_that_is_refused_before_its_end", oidc_tells_of_a_second_jwt_that_is_refused),
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

/// A clock that a test moves.
#[derive(Clone)]
struct Time(Arc<Mutex<(Instant, SystemTime)>>);

impl Time {
    fn new() -> Self {
        Self(Arc::new(Mutex::new((Instant::now(), SystemTime::now()))))
    }

    /// A client over OIDC that goes by this clock.
    fn client(&self, network: &Network, identity: &Identity) -> Client {
        let own = self.clone();
        let builder = network.builder(identity).login_flow(LoginFlow::Oidc);
        builder.clock(move || *own.0.lock().expect("no holder panics")).build().expect("the identity is complete")
    }

    fn pass(&self, by: Duration) {
        let mut now = self.0.lock().expect("no holder panics");
        *now = (now.0 + by, now.1 + by);
    }
}

/// More than 80 percent of the life of an access token.
const DUE: Duration = Duration::from_secs(25 * 60);

fn oidc_logs_in_by_certificate_and_stays_logged_in(network: &Network) {
    let (member, time) = (network.enroll(), Time::new());
    let client = time.client(network, &member.identity);
    let Login::Complete(session) = client.authenticate().unwrap() else { panic!("a certificate is all it takes") };
    assert_eq!(session.identity_id.as_deref(), Some(member.id()));
    let first = token(&client);
    for _ in 0..2 {
        let before = token(&client);
        time.pass(DUE);
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

fn oidc_renews_a_certificate(network: &Network) {
    let member = network.enroll();
    let client = by_certificate(network, &member.identity);
    assert!(client.renew_if_due().unwrap().is_none());
    for _ in 0..2 {
        let before = token(&client);
        assert_eq!(client.renew().unwrap().kind, EventKind::CertificateRenewed);
        list(&client).unwrap();
        assert_ne!(token(&client), before, "a login of its own");
    }
    list(&by_certificate(network, &Identity::load(member.invitation.file("identity.json")).unwrap())).unwrap();
}

fn oidc_keeps_a_login_with_a_code(network: &Network) {
    let (member, time) = (network.enroll(), Time::new());
    let app = set_up(&network.client(&member.identity));
    let client = time.client(network, &member.identity);
    client.authenticate_mfa(&app.code()).unwrap();
    let before = client.credentials().unwrap().certificate;
    assert!(client.renew().unwrap().message.contains("the login goes on"));
    for _ in 0..3 {
        list(&client).expect("no code is wanted");
        assert_eq!(client.credentials().unwrap().certificate, before);
        time.pass(DUE);
    }
    assert!(matches!(client.authenticate().unwrap(), Login::Pending(_)), "the new certificate logs in");
    client.authenticate_mfa(&app.code()).unwrap();
    list(&client).unwrap();
    assert_ne!(client.credentials().unwrap().certificate, before);
}

fn oidc_tells_of_a_second_jwt_that_is_refused(network: &Network) {
    if network.kind() != Kind::V2_0 {
        return;
    }
    let (mut signer, subject) = (Signer::register(network), unique("subject"));
    let policy = network.policy(&["cert"], &json!({ "requireTotp": false, "requireExtJwtSigner": signer.id }));
    let member = network.enroll_with(&json!({ "authPolicyId": policy, "externalId": subject }));
    let builder = network.builder(&member.identity).login_flow(LoginFlow::Oidc);
    let client =
        builder.second_factor_jwt(JwtSource::token(signer.token(&subject))).build().expect("the identity is complete");
    list(&client).unwrap();
    signer.change_key(network);
    for _ in 0..2 {
        let outcome = list(&client);
        assert!(matches!(&outcome, Err(Error::LoginPending { factors }) if factors[0].is_refused), "{outcome:?}");
    }
    client.set_second_factor_jwt(&JwtSource::token(signer.token(&subject))).unwrap();
    list(&client).expect("it is good, and the login goes on with it");
}
