//! Logins by passwords and external JWTs, alone and with second factors.

use std::thread;
use std::time::Duration;

use serde_json::json;
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, Credentials, EnrollOptions, Enrollment, Error, Identity, JwtSource, Login, LoginFlow};

use crate::network::{Network, unique};
use crate::operations::Kind;
use crate::papers::Signer;
use crate::second_factor::set_up;
use crate::stories::Story;

pub(crate) const ALL: &[(&str, Story)] = &[
    ("a_password_logs_in_and_a_wrong_one_is_sent_once", a_password_logs_in_and_a_wrong_one_is_sent_once),
    ("an_external_jwt_logs_in", an_external_jwt_logs_in),
    ("an_external_jwt_is_a_second_factor_for_every_way", an_external_jwt_is_a_second_factor_for_every_way),
    ("a_second_jwt_that_ends_is_replaced", a_second_jwt_that_ends_is_replaced),
];

const PASSWORD: &str = "open sesame 1";

fn list(client: &Client) -> Result<usize, Error> {
    client.services().list(&ServiceQuery::new()).map(|services| services.len())
}

/// Somebody with a password, and without a certificate.
struct User {
    id: String,
    name: String,
    identity: Identity,
}

fn user(network: &Network) -> User {
    let name = unique("user");
    let invitation = network.invite_by("updb", &json!(name));
    let options: EnrollOptions = network.enroll_options().username(&name).password(PASSWORD.into());
    let identity = Enrollment::parse(&invitation.jwt).unwrap().enroll(&options).unwrap();
    User { id: invitation.id, name, identity }
}

fn client(network: &Network, identity: &Identity, credentials: Credentials, second: Option<JwtSource>) -> Client {
    let builder = network.builder(identity).credentials(credentials).login_flow(LoginFlow::Legacy);
    match second {
        Some(second) => builder.second_factor_jwt(second),
        None => builder,
    }
    .build()
    .unwrap()
}

fn a_password_logs_in_and_a_wrong_one_is_sent_once(network: &Network) {
    let user = user(network);
    let client = client(network, &user.identity, Credentials::password(&user.name, "wrong"), None);
    for _ in 0..2 {
        assert!(matches!(list(&client), Err(Error::Rejected(why)) if why.answer.code == "INVALID_AUTH"));
    }
    client.set_credentials(Credentials::password(&user.name, PASSWORD)).unwrap();
    list(&client).unwrap();
    let Login::Complete(session) = client.authenticate().unwrap() else { panic!("nothing else is wanted") };
    assert_eq!(session.identity_id.as_deref(), Some(user.id.as_str()));

    let app = set_up(&client);
    client.logout().unwrap();
    assert!(matches!(list(&client), Err(Error::LoginPending { .. })));
    assert!(matches!(client.authenticate_mfa(&app.code()), Ok(Login::Complete(_))));
    list(&client).unwrap();
}

fn an_external_jwt_logs_in(network: &Network) {
    let (signer, subject) = (Signer::register(network), unique("subject"));
    let user = user(network);
    network.admin.patch(&format!("identities/{}", user.id), &json!({ "externalId": subject }));
    let by = |source| client(network, &user.identity, Credentials::external_jwt(source), None);

    let good = by(JwtSource::token(signer.token(&subject)));
    let Login::Complete(session) = good.authenticate().unwrap() else { panic!("nothing else is wanted") };
    assert_eq!(session.identity_id.as_deref(), Some(user.id.as_str()));
    list(&good).unwrap();

    let stranger = signer.token(&unique("stranger"));
    assert!(matches!(list(&by(JwtSource::token(stranger.clone()))), Err(Error::Rejected(_))));
    let right = signer.token(&subject);
    let supplier = JwtSource::supplier(move |asked| Ok(if asked.refused { right.clone() } else { stranger.clone() }));
    list(&by(supplier)).expect("the second token is the right one");
    let over = by(JwtSource::token(signer.token_for(&subject, Duration::ZERO)));
    assert!(matches!(list(&over), Err(Error::Identity(_))), "it is not even sent");

    let app = set_up(&good);
    let waiting = by(JwtSource::token(signer.token(&subject)));
    assert!(matches!(waiting.authenticate(), Ok(Login::Pending(_))));
    assert!(matches!(waiting.authenticate_mfa(&app.code()), Ok(Login::Complete(_))));
}

fn an_external_jwt_is_a_second_factor_for_every_way(network: &Network) {
    let (signer, second, subject) = (Signer::register(network), Signer::register(network), unique("subject"));
    let secondary = json!({ "requireTotp": false, "requireExtJwtSigner": second.id });
    let policy = network.policy(&["cert", "updb", "extJwt"], &secondary);
    let user = user(network);
    let properties = json!({ "authPolicyId": policy, "externalId": subject });
    network.admin.patch(&format!("identities/{}", user.id), &properties);
    let by_password = || Credentials::password(&user.name, PASSWORD);
    let ways = [by_password(), Credentials::external_jwt(JwtSource::token(signer.token(&subject)))];
    for way in ways {
        let alone = client(network, &user.identity, way.clone(), None);
        let error = list(&alone).unwrap_err();
        assert!(matches!(error, Error::LoginPending { .. }) && error.to_string().contains(&second.id), "{error}");
        let source = JwtSource::token(second.token(&subject));
        let both = client(network, &user.identity, way, Some(source));
        list(&both).unwrap();
        assert!(matches!(both.authenticate(), Ok(Login::Complete(_))));
    }
    let wrong = JwtSource::token(signer.token(&subject));
    let error = list(&client(network, &user.identity, by_password(), Some(wrong))).unwrap_err();
    assert!(matches!(&error, Error::LoginPending { factors } if factors[0].is_refused), "{error:?}");
    let somebody = JwtSource::token(second.token(&unique("stranger")));
    let outcome = list(&client(network, &user.identity, by_password(), Some(somebody)));
    assert_eq!(outcome.is_ok(), network.kind() == Kind::V2_0, "{outcome:?}");

    let member = network.enroll_with(&json!({ "authPolicyId": policy, "externalId": unique("member") }));
    let own = network.admin.find(&format!("identities/{}", member.id())).unwrap();
    let source = JwtSource::token(second.token(own["externalId"].as_str().unwrap()));
    let certificate = client(network, &member.identity, Credentials::certificate(), Some(source));
    list(&certificate).unwrap();
    let app = set_up(&certificate);
    certificate.logout().unwrap();
    assert!(matches!(list(&certificate), Err(Error::LoginPending { .. })));
    assert!(matches!(certificate.authenticate_mfa(&app.code()), Ok(Login::Complete(_))));
    list(&certificate).unwrap();
}

/// Nothing but the controller's clock ends a token, so this one waits for it.
fn a_second_jwt_that_ends_is_replaced(network: &Network) {
    const SHORT: Duration = Duration::from_secs(4);
    let (second, subject) = (Signer::register(network), unique("subject"));
    let secondary = json!({ "requireTotp": false, "requireExtJwtSigner": second.id });
    let policy = network.policy(&["updb"], &secondary);
    let user = user(network);
    let properties = json!({ "authPolicyId": policy, "externalId": subject });
    network.admin.patch(&format!("identities/{}", user.id), &properties);
    let credentials = || Credentials::password(&user.name, PASSWORD);

    let short = second.token_for(&subject, SHORT);
    let one = client(network, &user.identity, credentials(), Some(JwtSource::token(short.clone())));
    let (again, first) = (second.token(&subject), std::sync::Mutex::new(Some(short)));
    let supplier = JwtSource::supplier(move |_| Ok(first.lock().unwrap().take().unwrap_or_else(|| again.clone())));
    let two = client(network, &user.identity, credentials(), Some(supplier));
    list(&one).unwrap();
    list(&two).unwrap();
    let session = two.current_api_session().get().unwrap().id;
    thread::sleep(SHORT + Duration::from_secs(1));
    let error = list(&one).unwrap_err();
    assert!(matches!(&error, Error::LoginPending { factors } if factors[0].is_refused), "{error:?}");
    list(&two).unwrap();
    assert_eq!(two.current_api_session().get().unwrap().id, session, "nobody logged in again");
}
