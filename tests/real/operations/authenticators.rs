//! Authenticators, at both APIs.

use std::thread;

use serde_json::json;
use ziti_edge_client::api::authenticators::AuthenticatorChange;
use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::{Client, Error, Filter, Secret};

use super::Call;
use crate::authenticators::own;
use crate::network::{Network, unique};
use crate::papers::key_and_csr;
use crate::quickstart::PAUSE;

pub(super) const CALLS: &[Call] = &[
    Call::new("client listCurrentIdentityAuthenticators", |network| list(&network.new_client())),
    Call::new("client detailCurrentIdentityAuthenticator", |network| get(&network.new_client())),
    Call::new("client detailCurrentIdentityAuthenticator", |network| {
        network.new_client().authenticators().get("nobody.knows").map(drop)
    })
    .case("an unknown id")
    .refused(404, "NOT_FOUND"),
    Call::new("client updateCurrentIdentityAuthenticator", |network| update(&PasswordHolder::new(network), false)),
    Call::new("client updateCurrentIdentityAuthenticator", |network| {
        let holder = PasswordHolder::new(network);
        let change = AuthenticatorChange::new(Secret::new("wrong")).username(&holder.username);
        holder.client.authenticators().update(&holder.id, &change.password(Secret::new("second")))
    })
    .case("a wrong password")
    .refused(401, "UNAUTHORIZED"),
    Call::new("client patchCurrentIdentityAuthenticator", |network| patch(&PasswordHolder::new(network), false)),
    Call::new("client patchCurrentIdentityAuthenticator", |network| {
        let client = network.new_client();
        let change = AuthenticatorChange::new(Secret::new("first")).password(Secret::new("second"));
        client.authenticators().patch(&own(&client).id, &change)
    })
    .case("a certificate")
    .refused(409, "CAN_NOT_UPDATE_AUTHENTICATOR"),
    Call::new("client extendCurrentIdentityAuthenticator", |network| extend(&network.new_client()).map(drop)),
    Call::new("client extendCurrentIdentityAuthenticator", |network| {
        let client = network.new_client();
        client.authenticators().extend(&own(&client).id, "nonsense").map(drop)
    })
    .case("no request")
    .refused(400, "COULD_NOT_PROCESS_CSR"),
    Call::new("client extendVerifyCurrentIdentityAuthenticator", |network| extend_verify(&network.new_client())),
    Call::new("client extendVerifyCurrentIdentityAuthenticator", |network| {
        let client = network.new_client();
        extend(&client)?;
        client.authenticators().extend_verify(&own(&client).id, "nonsense")
    })
    .case("another certificate")
    .refused(400, "INVALID_CLIENT_CERT"),
    Call::new("management listCurrentIdentityAuthenticators", |network| list(&network.new_client().management())),
    Call::new("management detailCurrentIdentityAuthenticator", |network| get(&network.new_client().management())),
    Call::new("management updateCurrentIdentityAuthenticator", |network| update(&PasswordHolder::new(network), true)),
    Call::new("management patchCurrentIdentityAuthenticator", |network| patch(&PasswordHolder::new(network), true)),
    Call::new("management extendCurrentIdentityAuthenticator", |network| {
        extend(&network.new_client().management()).map(drop)
    }),
    Call::new("management extendVerifyCurrentIdentityAuthenticator", |network| {
        extend_verify(&network.new_client().management())
    }),
];

/// Somebody with the password `first`, beside a certificate.
struct PasswordHolder {
    client: Client,
    username: String,
    /// Of the authenticator.
    id: String,
}

impl PasswordHolder {
    fn new(network: &Network) -> Self {
        let member = network.enroll();
        let username = unique("user");
        let body = json!({ "method": "updb", "identityId": member.id(), "username": username, "password": "first" });
        let id = network.admin.create("authenticators", &body);
        Self { client: network.client(&member.identity), username, id }
    }

    fn client(&self, at_management: bool) -> Client {
        if at_management { self.client.management() } else { self.client.clone() }
    }

    /// True if this is the password.
    fn has(&self, password: &str) -> bool {
        let same = AuthenticatorChange::new(Secret::new(password)).password(Secret::new(password));
        self.client.authenticators().patch(&self.id, &same).is_ok()
    }
}

fn list(client: &Client) -> Result<(), Error> {
    let authenticators = client.authenticators();
    let all = authenticators.list(&ListQuery::new())?;
    assert_eq!((all.len(), all[0].method.as_deref()), (1, Some("cert")));
    let page = authenticators.page(&ListQuery::new().filter(Filter::field("method").eq("updb")).limit(1))?;
    assert_eq!((page.len(), page.total()), (0, 0));
    Ok(())
}

fn get(client: &Client) -> Result<(), Error> {
    let certificate = own(client);
    assert!(certificate.cert_pem.is_some() && certificate.is_issued_by_network, "{certificate:?}");
    // The controller notes on it how the login went, some time after that.
    for _ in 0..100 {
        if client.authenticators().get(&certificate.id)? == own(client) {
            return Ok(());
        }
        thread::sleep(PAUSE);
    }
    panic!("never the same: {certificate:?}");
}

fn update(holder: &PasswordHolder, at_management: bool) -> Result<(), Error> {
    let username = unique("user");
    let change = AuthenticatorChange::new(Secret::new("first")).username(&username).password(Secret::new("second"));
    let client = holder.client(at_management);
    client.authenticators().update(&holder.id, &change)?;
    assert_eq!(client.authenticators().get(&holder.id)?.username, Some(username));
    assert!(holder.has("second") && !holder.has("first"));
    Ok(())
}

fn patch(holder: &PasswordHolder, at_management: bool) -> Result<(), Error> {
    let change = AuthenticatorChange::new(Secret::new("first")).password(Secret::new("second"));
    let client = holder.client(at_management);
    client.authenticators().patch(&holder.id, &change)?;
    assert_eq!(client.authenticators().get(&holder.id)?.username.as_ref(), Some(&holder.username));
    assert!(holder.has("second") && !holder.has("first"));
    Ok(())
}

fn extend(client: &Client) -> Result<String, Error> {
    let new = client.authenticators().extend(&own(client).id, &key_and_csr("renewed").1)?;
    assert!(new.client_cert.contains("-----BEGIN CERTIFICATE-----"));
    assert!(new.ca.is_some_and(|ca| ca.contains("-----BEGIN CERTIFICATE-----")));
    Ok(new.client_cert)
}

fn extend_verify(client: &Client) -> Result<(), Error> {
    let new = extend(client)?;
    let id = own(client).id;
    client.authenticators().extend_verify(&id, &new)?;
    let kept = client.authenticators().get(&id)?.cert_pem.expect("it is a certificate");
    assert!(new.starts_with(kept.split_inclusive("-----END CERTIFICATE-----").next().unwrap()), "{kept}");
    Ok(())
}
