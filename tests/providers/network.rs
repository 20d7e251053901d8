//! The whole way: from what a network says of its provider to a login at its controller.

use std::thread;
use std::time::Duration;

use serde_json::json;
use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{
    CancelToken, Client, Credentials, Error, Identity, JwtSource, LoginFlow, ProviderLogin, ProviderSettings,
    ProviderToken,
};
use ziti_edge_testkit::{
    ExternalSigner, IdentityOptions, ProviderEndpoint, ProviderFault, TestController, TestProvider, Version,
};

use super::{BACK, options, provider, support, told};

/// A controller that takes the provider's tokens, with a user of it.
fn network(version: Version, signer: ExternalSigner) -> (TestController, Identity) {
    with_alice(support::controller(version, 3), signer)
}

fn with_alice(controller: TestController, signer: ExternalSigner) -> (TestController, Identity) {
    controller.add_external_signer(signer);
    let external_id = Some("alice@example.test".to_owned());
    let options = IdentityOptions { name: "alice".to_owned(), external_id, ..IdentityOptions::default() };
    let identity = Identity::from_json(&controller.enrolled_identity_json_with(options)).unwrap();
    (controller, identity)
}

/// Logs in at the one provider of the network.
fn log_in(provider: &TestProvider, identity: &Identity) -> Result<ProviderToken, Error> {
    let anybody = Client::new(identity)?;
    let signers = anybody.external_jwt_signers().list(&ListQuery::new())?;
    let login = ProviderLogin::begin(&ProviderSettings::for_signer(&signers[0])?, BACK, &options(provider))?;
    login.complete(&provider.browse(login.login_url()).unwrap())
}

fn client(identity: &Identity, token: &ProviderToken) -> Client {
    let credentials = Credentials::external_jwt(JwtSource::provider(token));
    Client::builder(identity).credentials(credentials).timeout(support::ENOUGH).build().unwrap()
}

#[test]
fn the_provider_of_a_network_gives_the_token_by_which_a_client_logs_in() {
    for version in Version::ALL {
        let provider = provider();
        let (controller, identity) = network(version, provider.signer("idp"));
        let token = log_in(&provider, &identity).unwrap();
        let client = client(&identity, &token);
        assert_eq!(client.services().list(&ServiceQuery::new()).unwrap().len(), 3, "{version:?}");
        let session = client.authenticate().unwrap().session().clone();
        assert_eq!(session.identity_name.as_deref(), Some("alice"), "{version:?}");
        assert_eq!(provider.count(ProviderEndpoint::Token), 1);
        drop(controller);
    }
}

/// By the clock of the controller, which is another one than the provider's.
#[test]
fn a_token_that_is_over_is_told_to_be_the_providers() {
    let provider = provider();
    let (controller, identity) = network(Version::V2_0, provider.signer("idp"));
    let token = log_in(&provider, &identity).unwrap();
    controller.advance(Duration::from_secs(48 * 3600));
    let (error, text) = told(client(&identity, &token).services().list(&ServiceQuery::new()));
    assert!(matches!(error, Error::Identity(_)) && text.contains("expired at"), "{text}");
    assert!(text.contains(&format!("the identity provider {} gave", provider.issuer())), "{text}");
    assert!(!text.contains("give the client"), "{text}");
    assert_eq!(provider.count(ProviderEndpoint::Token), 2, "it was renewed for that");
}

#[test]
fn a_client_without_credentials_does_what_needs_no_login_and_says_what_it_lacks_for_the_rest() {
    for flow in [LoginFlow::Auto, LoginFlow::Legacy, LoginFlow::Oidc] {
        let provider = provider();
        let controller = TestController::builder().services(3).start().unwrap();
        let (controller, identity) = with_alice(controller, provider.signer("idp"));
        let bare = json!({"ztAPI": controller.api_url(), "id": {"ca": controller.ca_pem()}});
        let bare = Identity::from_json(&bare.to_string()).unwrap();
        let client = Client::builder(&bare).login_flow(flow).timeout(support::ENOUGH).build().unwrap();
        let signers = client.external_jwt_signers();
        assert_eq!(signers.list(&ListQuery::new()).unwrap().len(), 1);
        assert_eq!(signers.iter(&ListQuery::new()).unwrap().count(), 1);
        client.controller().version().unwrap();
        for outcome in [client.services().list(&ServiceQuery::new()).map(drop), client.authenticate().map(drop)] {
            let (error, text) = told(outcome);
            assert!(matches!(error, Error::Identity(_)) && text.contains("credentials"), "{flow:?}: {text}");
        }
        let token = log_in(&provider, &identity).unwrap();
        client.set_credentials(Credentials::external_jwt(JwtSource::provider(&token))).unwrap();
        assert_eq!(client.services().list(&ServiceQuery::new()).unwrap().len(), 3, "{flow:?}");
    }
}

#[test]
fn the_token_of_a_provider_logs_in_over_the_controllers_own_oidc_too() {
    let provider = provider();
    let controller = TestController::builder().services(3).start().unwrap();
    let (_controller, identity) = with_alice(controller, provider.signer("idp"));
    let token = log_in(&provider, &identity).unwrap();
    let credentials = Credentials::external_jwt(JwtSource::provider(&token));
    let builder = Client::builder(&identity).credentials(credentials).timeout(support::ENOUGH);
    let client = builder.login_flow(LoginFlow::Oidc).build().unwrap();
    assert_eq!(client.services().list(&ServiceQuery::new()).unwrap().len(), 3);
}

#[test]
fn a_signer_that_wants_id_tokens_gets_them() {
    let provider = provider();
    let audience = provider.client_id().to_owned();
    let signer = ExternalSigner { target_token: "ID".to_owned(), audience, ..provider.signer("idp") };
    let (_controller, identity) = network(Version::V2_0, signer);
    let token = log_in(&provider, &identity).unwrap();
    assert_eq!(token.token().expose(), token.id_token().unwrap().expose());
    client(&identity, &token).authenticate().unwrap();
}

#[test]
fn a_client_renews_its_token_when_controllers_refuse_it() {
    let provider = provider();
    let (controller, identity) = network(Version::V2_0, provider.signer("idp"));
    let token = log_in(&provider, &identity).unwrap();
    let client = client(&identity, &token);
    client.authenticate().unwrap();
    // The session and the token are over by the controller's clock; the next token is not.
    controller.advance(Duration::from_secs(7200));
    provider.set_token_life(Duration::from_secs(86_400));
    assert_eq!(client.services().list(&ServiceQuery::new()).unwrap().len(), 3);
    assert_eq!(provider.count(ProviderEndpoint::Token), 2);
    assert!(token.expires_in().unwrap() > Duration::from_secs(80_000), "the handle has the new one");
}

#[test]
fn a_client_whose_token_is_over_for_good_says_where_to_log_in() {
    let provider = provider();
    let (controller, identity) = network(Version::V2_0, provider.signer("idp"));
    let token = log_in(&provider, &identity).unwrap();
    let client = client(&identity, &token);
    client.authenticate().unwrap();
    provider.revoke();
    controller.advance(Duration::from_secs(7200));
    let (error, text) = told(client.services().list(&ServiceQuery::new()));
    assert!(text.contains("invalid_grant") || matches!(error, Error::Rejected(_)), "{text}");
    let (_, text) = told(client.authenticate());
    assert!(text.contains("log in there again"), "{text}");
    let asked = provider.count(ProviderEndpoint::Token);
    assert!(client.authenticate().is_err());
    assert_eq!(provider.count(ProviderEndpoint::Token), asked);
}

#[test]
fn a_silent_provider_is_given_up_within_the_call_that_needs_its_token() {
    let provider = provider();
    let (controller, identity) = network(Version::V2_0, provider.signer("idp"));
    let client = client(&identity, &log_in(&provider, &identity).unwrap());
    client.authenticate().unwrap();
    controller.advance(Duration::from_secs(7200));
    provider.fault(ProviderEndpoint::Token, ProviderFault::Silent);
    let short = client.with_timeout(Duration::from_secs(1));
    let (error, text) = told(short.services().list(&ServiceQuery::new()));
    assert!(matches!(error, Error::Timeout { .. }) && text.contains(provider.issuer()), "{text}");
    let cancel = CancelToken::new();
    let canceled = client.with_cancel(&cancel);
    let asked = provider.count(ProviderEndpoint::Token);
    thread::scope(|scope| {
        scope.spawn(|| {
            while provider.count(ProviderEndpoint::Token) == asked {
                thread::sleep(Duration::from_millis(5));
            }
            cancel.cancel();
        });
        let (error, text) = told(canceled.services().list(&ServiceQuery::new()));
        assert!(matches!(error, Error::Canceled { .. }), "{text}");
    });
}

#[test]
fn the_token_of_a_provider_is_a_second_factor_too() {
    let provider = provider();
    let controller = support::controller(Version::V2_0, 3);
    let signer = controller.add_external_signer(provider.signer("idp"));
    let alice = IdentityOptions {
        name: "alice".to_owned(),
        external_id: Some("alice@example.test".to_owned()),
        secondary_signer: Some(signer),
        ..IdentityOptions::default()
    };
    let identity = Identity::from_json(&controller.enrolled_identity_json_with(alice)).unwrap();
    let token = log_in(&provider, &identity).unwrap();
    let builder = Client::builder(&identity).timeout(support::ENOUGH);
    let client = builder.second_factor_jwt(JwtSource::provider(&token)).build().unwrap();
    assert_eq!(client.services().list(&ServiceQuery::new()).unwrap().len(), 3);
}

#[test]
fn a_login_by_a_signer_can_be_renewed_whatever_scopes_the_signer_names() {
    let provider = provider();
    let scope_of = |settings: &ProviderSettings| {
        let login = ProviderLogin::begin(settings, BACK, &options(&provider)).unwrap();
        login.login_url().split(['?', '&']).find_map(|pair| pair.strip_prefix("scope=")).unwrap().to_owned()
    };
    for (scopes, expected) in [
        (&[] as &[&str], "openid%20offline_access"),
        (&["email"], "openid%20email%20offline_access"),
        (&["offline_access", "openid", "email"], "openid%20offline_access%20email"),
    ] {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let (_controller, identity) = network(Version::V2_0, ExternalSigner { scopes, ..provider.signer("idp") });
        let signers = Client::new(&identity).unwrap().external_jwt_signers().list(&ListQuery::new()).unwrap();
        let settings = ProviderSettings::for_signer(&signers[0]).unwrap();
        assert_eq!(scope_of(&settings), expected);
        assert_eq!(scope_of(&settings.scopes(&["email"])), "openid%20email", "for a provider that refuses the rest");
    }
}

#[test]
fn a_signer_that_says_too_little_is_named() {
    type Spoil = fn(&mut ExternalSigner);
    let cases: [(Spoil, &str); 4] = [
        (|signer| signer.client_id = None, "signer idp: it has no clientId"),
        (|signer| signer.auth_url = None, "signer idp: it has no externalAuthUrl"),
        (|signer| signer.auth_url = Some(String::new()), "signer idp: it has no externalAuthUrl"),
        (|signer| signer.target_token = "REFRESH".to_owned(), "kind of token"),
    ];
    for (spoil, why) in cases {
        let provider = provider();
        let mut signer = provider.signer("idp");
        spoil(&mut signer);
        let (_controller, identity) = network(Version::V2_0, signer);
        let (_, text) = told(log_in(&provider, &identity));
        assert!(text.contains(why), "{text}");
        assert!(provider.seen().is_empty());
    }
}
