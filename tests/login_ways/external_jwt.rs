//! Logins by external JWTs.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::json;
use ziti_edge_client::{Client, Credentials, Error, JwtSource, Secret};
use ziti_edge_testkit::{ExternalSigner, IdentityOptions, Operation, TestController, Version};

use crate::support::seen;
use crate::{Network, Supplier, alice, authorizations, list};

fn by(source: JwtSource) -> Credentials {
    Credentials::external_jwt(source)
}

#[test]
fn the_token_is_in_the_login_and_in_no_other_request() {
    for version in Version::ALL {
        let network = Network::new(version);
        let token = network.token(&alice());
        let around = Secret::new(format!("  {}\n", token.expose()));
        list(&network.client(by(JwtSource::token(around)))).unwrap();
        let login = seen(&network.controller, Operation::Authenticate).remove(0);
        assert_eq!(login.query, "method=ext-jwt");
        assert_eq!(login.header("authorization"), Some(format!("Bearer {}", token.expose()).as_str()));
        assert_eq!(authorizations(&network, Operation::Services), [None], "{version:?}");
    }
}

#[test]
fn a_supplier_is_asked_once_for_each_login() {
    for version in Version::ALL {
        let network = Network::new(version);
        let supplier = Supplier::new([network.token(&alice())]);
        let client = network.client(by(supplier.source()));
        for _ in 0..3 {
            list(&client).unwrap();
        }
        assert_eq!(supplier.asked(), [(None, false)], "{version:?}");
        network.controller.expire_sessions();
        list(&client).unwrap();
        assert_eq!(supplier.asked().len(), 2, "{version:?}");
    }
}

#[test]
fn a_supplier_is_asked_once_more_where_its_token_is_refused() {
    for version in Version::ALL {
        let network = Network::new(version);
        let supplier = Supplier::new([network.token(&json!({"sub": "mallory"})), network.token(&alice())]);
        let client = network.client(by(supplier.source()));
        assert_eq!(list(&client).unwrap(), 1, "{version:?}");
        assert_eq!((supplier.asked(), network.logins()), (vec![(None, false), (None, true)], 2));
    }
}

#[test]
fn tokens_that_are_refused_are_tried_no_more_until_somebody_says_so() {
    for version in Version::ALL {
        let network = Network::new(version);
        let supplier = Supplier::new([network.token(&json!({"sub": "mallory"}))]);
        let client = network.client(by(supplier.source()));
        for _ in 0..3 {
            assert!(matches!(list(&client), Err(Error::Rejected(_))), "{version:?}");
        }
        assert_eq!((supplier.asked().len(), network.logins()), (2, 2), "{version:?}");
        client.retry_now();
        assert!(matches!(list(&client), Err(Error::Rejected(_))), "{version:?}");
        assert_eq!(network.logins(), 4, "{version:?}");
        let token = network.token(&json!({"sub": "mallory"}));
        client.set_credentials(by(JwtSource::token(token))).unwrap();
        for _ in 0..3 {
            assert!(matches!(list(&client), Err(Error::Rejected(_))), "{version:?}");
        }
        assert_eq!(network.logins(), 5, "one token is sent once");
    }
}

#[test]
fn tokens_of_others_are_refused() {
    for version in Version::ALL {
        let network = Network::with(version, |alice| alice.signers = Some(Vec::new()));
        let elsewhere = TestController::start().unwrap();
        let unknown = elsewhere.add_external_signer(ExternalSigner::named("unknown"));
        let foreign = Secret::new(elsewhere.external_token(&unknown, &alice()).unwrap());
        let wrong_audience = network.token(&json!({"sub": crate::SUBJECT, "aud": "others"}));
        for (what, token) in [
            ("issuer", foreign),
            ("audience", wrong_audience),
            ("signer", network.token(&alice())),
            ("text", "x".into()),
        ] {
            let client = network.client(by(JwtSource::token(token)));
            assert!(matches!(list(&client), Err(Error::Rejected(_))), "{version:?} {what}");
        }
        let disabled = IdentityOptions {
            name: "bob".to_owned(),
            external_id: Some("bob".to_owned()),
            disabled: true,
            ..IdentityOptions::default()
        };
        network.controller.create_identity_with(disabled);
        let client = network.client(by(JwtSource::token(network.token(&json!({"sub": "bob"})))));
        assert!(matches!(list(&client), Err(Error::Rejected(_))), "{version:?} disabled");
    }
}

#[test]
fn a_token_that_is_over_is_not_sent() {
    for version in Version::ALL {
        let network = Network::new(version);
        let over = || network.token(&json!({"sub": crate::SUBJECT, "exp": 1_000_000_000}));
        let error = list(&network.client(by(JwtSource::token(over())))).unwrap_err();
        assert!(matches!(&error, Error::Identity(message) if message.contains("expired at 2001-09-09")), "{error}");
        let supplier = Supplier::new([over(), network.token(&alice())]);
        assert_eq!(list(&network.client(by(supplier.source()))).unwrap(), 1);
        assert_eq!(supplier.asked(), [(None, false), (None, true)]);
        assert_eq!(network.logins(), 1, "{version:?}");
        // Nobody has another one for the client but whoever supplies them.
        let error = list(&network.client(by(Supplier::new([over()]).source()))).unwrap_err().to_string();
        assert!(error.contains("supplier gave") && error.contains("expired at 2001-09-09"), "{error}");
        assert!(!error.contains("give the client"), "{error}");
    }
}

#[test]
fn the_time_of_a_token_is_judged_by_the_controllers_clock() {
    for version in Version::ALL {
        let network = Network::new(version);
        network.controller.set_back(Duration::from_secs(2 * 3600));
        let token = network.token(&alice());
        assert_eq!(list(&network.client(by(JwtSource::token(token.clone())))).unwrap(), 1, "{version:?}");
        network.controller.advance(Duration::from_secs(2 * 3600));
        let error = list(&network.client(by(JwtSource::token(token)))).unwrap_err();
        assert!(matches!(error, Error::Identity(_)), "{version:?}: {error}");
    }
}

#[test]
fn what_a_supplier_says_instead_of_a_token_is_in_the_error() {
    let network = Network::new(Version::V2_0);
    let silent = || JwtSource::supplier(|_| Err("nobody is\nlogged in there".to_owned()));
    let error = list(&network.client(by(silent()))).unwrap_err();
    assert_eq!(error.to_string(), "no external JWT was supplied: nobody is logged in there");
    assert!(matches!(error, Error::Identity(_)));
    for unusable in ["", "two words", "canary\r\nX-Header: y", "ü"] {
        let error = list(&network.client(by(JwtSource::supplier(move |_| Ok(unusable.into()))))).unwrap_err();
        assert!(matches!(&error, Error::Identity(message) if !message.contains("canary")), "{error}");
    }
    assert_eq!(network.controller.requests().len(), 0);
}

#[test]
fn a_supplier_cannot_use_the_client_that_asks_it() {
    let network = Network::new(Version::V2_0);
    let (own, said) = (Arc::new(OnceLock::<Client>::new()), Arc::new(OnceLock::new()));
    let source = {
        let (own, said) = (Arc::clone(&own), Arc::clone(&said));
        JwtSource::supplier(move |_| {
            let error = list(own.get().expect("it was made")).unwrap_err();
            said.set(matches!(error, Error::InvalidArgument(_))).expect("it is asked once");
            Err(error.to_string())
        })
    };
    own.set(network.client(by(source))).expect("it is set once");
    let error = list(own.get().unwrap()).unwrap_err().to_string();
    assert!(error.contains("inside of a callback of its own login"), "{error}");
    assert_eq!(said.get(), Some(&true));
}

#[test]
fn a_supplier_is_told_the_time_that_is_left_and_its_time_counts() {
    let network = Network::new(Version::V2_0);
    let limit = Duration::from_millis(300);
    let source = JwtSource::supplier(move |request| {
        assert!(request.left <= limit && !request.left.is_zero());
        std::thread::sleep(request.left);
        Ok("x".into())
    });
    let error = list(&network.client(by(source)).with_timeout(limit)).unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    assert_eq!(network.logins(), 0);
}
