//! Authenticators, at both APIs, and the rest of what the management API has.

use rcgen::{CertificateParams, KeyPair};
use ziti_edge_client::api::authenticators::AuthenticatorChange;
use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::{Client, Error, Filter, Identity, Secret};
use ziti_edge_testkit::IdentityOptions;

use super::{Call, Scene};

pub(super) const CALLS: &[Call] = &[
    Call::new("client listCurrentIdentityAuthenticators", |scene| list(&scene.client)).query("limit=500&offset=0"),
    Call::new("client listCurrentIdentityAuthenticators", |scene| {
        let query = ListQuery::new().filter(Filter::field("method").eq("updb")).limit(1).offset(0);
        let page = scene.client.authenticators().page(&query)?;
        assert_eq!((page.len(), page.total()), (0, 0));
        Ok(())
    })
    .case("a page")
    .query("limit=1&offset=0&filter=method%20%3D%20%22updb%22"),
    Call::new("client detailCurrentIdentityAuthenticator", |scene| get(&scene.client)),
    Call::new("client detailCurrentIdentityAuthenticator", |scene| {
        scene.client.authenticators().get("unknown").map(drop)
    })
    .case("an unknown id")
    .refused(404, "NOT_FOUND"),
    Call::new("client updateCurrentIdentityAuthenticator", |scene| update(&with_password(scene))).body(WHOLE),
    Call::new("client updateCurrentIdentityAuthenticator", |scene| {
        let client = with_password(scene);
        let change = AuthenticatorChange::new(Secret::new("wrong")).username("carol").password(Secret::new("second"));
        client.authenticators().update(&id(&client, "updb")?, &change)
    })
    .case("a wrong password")
    .body(r#"{"username":"carol","password":"second","currentPassword":"wrong"}"#)
    .refused(401, "UNAUTHORIZED"),
    Call::new("client patchCurrentIdentityAuthenticator", |scene| patch(&with_password(scene))).body(PART),
    Call::new("client patchCurrentIdentityAuthenticator", |scene| {
        let change = AuthenticatorChange::new(Secret::new("first")).password(Secret::new("second"));
        scene.client.authenticators().patch(&id(&scene.client, "cert")?, &change)
    })
    .case("a certificate")
    .body(PART)
    .refused(409, "CAN_NOT_UPDATE_AUTHENTICATOR"),
    Call::new("client extendCurrentIdentityAuthenticator", |scene| extend(&scene.client).map(drop)).body(CSR),
    Call::new("client extendCurrentIdentityAuthenticator", |scene| {
        scene.client.authenticators().extend(&id(&scene.client, "cert")?, "nonsense").map(drop)
    })
    .case("no request")
    .body(r#"{"clientCertCsr":"nonsense"}"#)
    .refused(400, "COULD_NOT_PROCESS_CSR"),
    Call::new("client extendVerifyCurrentIdentityAuthenticator", |scene| confirm(&scene.client)).body(CERTIFICATE),
    Call::new("client extendVerifyCurrentIdentityAuthenticator", |scene| {
        extend(&scene.client)?;
        scene.client.authenticators().extend_verify(&id(&scene.client, "cert")?, "nonsense")
    })
    .case("another certificate")
    .body(r#"{"clientCert":"nonsense"}"#)
    .refused(400, "INVALID_CLIENT_CERT"),
    Call::new("management getCurrentAPISession", |scene| {
        let session = scene.client.management().current_api_session().get()?;
        assert_eq!(session.identity_name.as_deref(), Some("alice"));
        Ok(())
    }),
    Call::new("management deleteCurrentApiSession", |scene| {
        scene.client.authenticate()?;
        scene.client.management().logout()?;
        assert_eq!(scene.controller.session_count(), 0);
        Ok(())
    }),
    Call::new("management listCurrentIdentityAuthenticators", |scene| list(&scene.client.management()))
        .query("limit=500&offset=0"),
    Call::new("management detailCurrentIdentityAuthenticator", |scene| get(&scene.client.management())),
    Call::new("management updateCurrentIdentityAuthenticator", |scene| update(&with_password(scene).management()))
        .body(WHOLE),
    Call::new("management patchCurrentIdentityAuthenticator", |scene| patch(&with_password(scene).management()))
        .body(PART),
    Call::new("management extendCurrentIdentityAuthenticator", |scene| extend(&scene.client.management()).map(drop))
        .body(CSR),
    Call::new("management extendVerifyCurrentIdentityAuthenticator", |scene| confirm(&scene.client.management()))
        .body(CERTIFICATE),
];

const WHOLE: &str = r#"{"username":"carol","password":"second","currentPassword":"first"}"#;
const PART: &str = r#"{"password":"second","currentPassword":"first"}"#;
const CSR: &str = r#"{"clientCertCsr":"-----BEGIN CERTIFICATE REQUEST-----*"}"#;
const CERTIFICATE: &str = r#"{"clientCert":"-----BEGIN CERTIFICATE-----*"}"#;

/// A client of an administrator with the password `first`, beside a certificate.
fn with_password(scene: &Scene) -> Client {
    let options = IdentityOptions {
        name: "carlos".to_owned(),
        password: Some("first".to_owned()),
        is_admin: true,
        ..IdentityOptions::default()
    };
    let identity = scene.controller.enrolled_identity_json_with(options);
    Client::new(&Identity::from_json(&identity).expect("it is whole")).expect("it is whole")
}

fn id(client: &Client, method: &str) -> Result<String, Error> {
    let all = client.authenticators().list(&ListQuery::new())?.into_vec();
    let own = all.into_iter().find(|own| own.method.as_deref() == Some(method));
    Ok(own.expect("the identity has one").id)
}

fn list(client: &Client) -> Result<(), Error> {
    let all = client.authenticators().list(&ListQuery::new())?;
    assert_eq!((all.len(), all[0].method.as_deref()), (1, Some("cert")));
    Ok(())
}

fn get(client: &Client) -> Result<(), Error> {
    let own = client.authenticators().get(&id(client, "cert")?)?;
    assert_eq!(own.identity.and_then(|identity| identity.name).as_deref(), Some("alice"));
    Ok(())
}

fn update(client: &Client) -> Result<(), Error> {
    let id = id(client, "updb")?;
    let change = AuthenticatorChange::new(Secret::new("first")).username("carol").password(Secret::new("second"));
    client.authenticators().update(&id, &change)?;
    assert_eq!(client.authenticators().get(&id)?.username.as_deref(), Some("carol"));
    Ok(())
}

fn patch(client: &Client) -> Result<(), Error> {
    let change = AuthenticatorChange::new(Secret::new("first")).password(Secret::new("second"));
    client.authenticators().patch(&id(client, "updb")?, &change)
}

fn extend(client: &Client) -> Result<String, Error> {
    let key = KeyPair::generate().expect("the system has random numbers");
    let csr = CertificateParams::default().serialize_request(&key).expect("the key can sign");
    let csr = csr.pem().expect("a request can be written");
    let new = client.authenticators().extend(&id(client, "cert")?, &csr)?;
    assert!(new.ca.is_some_and(|ca| ca.contains("-----BEGIN CERTIFICATE-----")));
    Ok(new.client_cert)
}

fn confirm(client: &Client) -> Result<(), Error> {
    let certificate = extend(client)?;
    client.authenticators().extend_verify(&id(client, "cert")?, &certificate)
}
