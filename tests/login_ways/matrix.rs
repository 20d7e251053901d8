//! Each way to log in with each second factor, at each version.

use ziti_edge_client::{Client, Credentials, Error, JwtSource, Login, Secret};
use ziti_edge_testkit::{Operation, Version};

use crate::{Network, alice, build, list};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    Certificate,
    Password,
    ExternalJwt,
}

const WAYS: [Way; 3] = [Way::Certificate, Way::Password, Way::ExternalJwt];

impl Way {
    fn credentials(self, network: &Network) -> Credentials {
        match self {
            Way::Certificate => Credentials::certificate(),
            Way::Password => network.right_password(),
            Way::ExternalJwt => Credentials::external_jwt(JwtSource::token(network.token(&alice()))),
        }
    }

    /// A client of alice, whose identity has a certificate whatever the way.
    fn client(self, network: &Network, second: Option<JwtSource>) -> Client {
        let builder = Client::builder(&network.identity).credentials(self.credentials(network));
        build(match second {
            Some(second) => builder.second_factor_jwt(second),
            None => builder,
        })
    }
}

/// Runs for each version and way.
fn each(run: impl Fn(Version, Way)) {
    for version in Version::ALL {
        for way in WAYS {
            run(version, way);
        }
    }
}

#[test]
fn each_way_logs_in_alone() {
    each(|version, way| {
        let network = Network::new(version);
        let client = way.client(&network, None);
        assert_eq!(list(&client).unwrap(), 1, "{version:?} {way:?}");
        let login = client.authenticate().unwrap();
        assert!(matches!(&login, Login::Complete(session) if session.identity_id.as_deref() == Some(&network.id)));
        assert_eq!(network.logins(), 2, "{version:?} {way:?}");
    });
}

#[test]
fn the_certificate_is_shown_only_where_it_logs_in() {
    each(|version, way| {
        let network = Network::new(version);
        list(&way.client(&network, None)).unwrap();
        for request in network.controller.requests() {
            let shown = request.peer_has_certificate;
            assert_eq!(shown, way == Way::Certificate, "{version:?} {way:?} {}", request.path);
        }
    });
}

#[test]
fn each_way_takes_a_code_as_a_second_factor() {
    each(|version, way| {
        let network = Network::new(version);
        network.controller.enroll_mfa(&network.id);
        let client = way.client(&network, None);
        assert!(matches!(list(&client), Err(Error::LoginPending { .. })), "{version:?} {way:?}");
        let code = Secret::new(network.controller.totp_code(&network.id).unwrap());
        assert!(matches!(client.authenticate_mfa(&code), Ok(Login::Complete(_))));
        assert_eq!((list(&client).unwrap(), network.logins()), (1, 1), "{version:?} {way:?}");
    });
}

#[test]
fn each_way_takes_an_external_jwt_as_a_second_factor() {
    each(|version, way| {
        let network = Network::with_second_jwt(version);
        let client = way.client(&network, Some(JwtSource::token(network.second_token(&alice()))));
        assert_eq!(list(&client).unwrap(), 1, "{version:?} {way:?}");
        assert!(matches!(client.authenticate(), Ok(Login::Complete(_))), "{version:?} {way:?}");
    });
}

#[test]
fn each_way_takes_a_code_and_an_external_jwt() {
    each(|version, way| {
        let network = Network::with_second_jwt(version);
        network.controller.enroll_mfa(&network.id);
        let client = way.client(&network, Some(JwtSource::token(network.second_token(&alice()))));
        let Ok(Login::Pending(session)) = client.authenticate() else {
            panic!("{version:?} {way:?}: a code is wanted")
        };
        assert_eq!(session.auth_queries.len(), 1, "the JWT is there: {:?}", session.auth_queries);
        let code = Secret::new(network.controller.totp_code(&network.id).unwrap());
        assert!(matches!(client.authenticate_mfa(&code), Ok(Login::Complete(_))), "{version:?} {way:?}");
        assert_eq!((list(&client).unwrap(), network.logins()), (1, 1), "{version:?} {way:?}");
    });
}

#[test]
fn a_code_that_comes_first_leaves_a_complete_login_where_there_is_an_external_jwt() {
    each(|version, way| {
        let network = Network::with_second_jwt(version);
        network.controller.enroll_mfa(&network.id);
        let client = way.client(&network, Some(JwtSource::token(network.second_token(&alice()))));
        let code = Secret::new(network.controller.totp_code(&network.id).unwrap());
        assert!(matches!(client.authenticate_mfa(&code), Ok(Login::Complete(_))), "{version:?} {way:?}");
        network.controller.clear_requests();
        assert_eq!((list(&client).unwrap(), network.logins()), (1, 0), "{version:?} {way:?}");
        assert_eq!(network.controller.count(Operation::CurrentApiSession), 0);
    });
}

#[test]
fn an_identity_without_a_certificate_names_the_option_that_it_needs() {
    for version in Version::ALL {
        let network = Network::new(version);
        let client = build(Client::builder(&network.nobody()));
        let error = list(&client).unwrap_err();
        assert!(matches!(&error, Error::Identity(message) if message.contains("credentials")), "{error}");
        assert_eq!(network.controller.requests().len(), 0, "{version:?}");
        assert!(client.controller().version().is_ok(), "what needs no login works");
    }
}
