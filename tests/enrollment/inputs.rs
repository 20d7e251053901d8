//! What each method needs, and what is of no use to it.

use serde_json::json;
use ziti_edge_client::{
    EnrollOptions, Enrollment, EnrollmentInput as Input, EnrollmentMethod as Method, Error, KeyChoice, PrivateKey,
    Secret,
};

use crate::network::{single, token_with};
use crate::place::Place;

const METHODS: [(&str, Method, &[Input]); 6] = [
    ("ott", Method::Ott, &[]),
    ("ottca", Method::OttCa, &[Input::Certificate, Input::Key]),
    ("ca", Method::Ca, &[Input::Certificate, Input::Key]),
    ("updb", Method::Updb, &[Input::Username, Input::Password]),
    ("erott", Method::ErOtt, &[]),
    ("network", Method::Network, &[]),
];

fn key() -> KeyChoice {
    let key = rcgen::KeyPair::generate().unwrap();
    KeyChoice::Existing(PrivateKey::parse(key.serialize_pem().as_bytes()).unwrap())
}

/// The options with one more of them set.
fn with(input: Input, options: EnrollOptions) -> EnrollOptions {
    match input {
        Input::Key => options.key(key()),
        Input::Certificate => options.certificate("no certificate"),
        Input::Name => options.name("alice"),
        Input::Username => options.username("alice"),
        Input::Password => options.password(Secret::new("open sesame")),
        Input::ServerKey => options.server_key(KeyChoice::P384),
        Input::ExternalJwt => options.external_jwt(Secret::new("a.b.c")),
        Input::SignerId => options.signer_id("1"),
        Input::WithoutCertificate => options.without_certificate(),
        other => panic!("{other} is not covered"),
    }
}

#[test]
fn a_token_tells_what_its_method_needs() {
    let controller = single();
    for (word, method, needs) in METHODS {
        let enrollment = Enrollment::parse(&token_with(&controller, json!({"em": word}))).unwrap();
        assert_eq!((enrollment.method(), enrollment.method().as_str()), (method, word));
        assert_eq!(enrollment.needs(), needs, "{word}");
    }
    assert_eq!(Method::Token.needs(), [Input::ExternalJwt]);
}

#[test]
fn what_is_missing_is_named_before_anybody_is_asked() {
    let controller = single();
    for (word, _, needs) in METHODS {
        let jwt = token_with(&controller, json!({"em": word}));
        for missing in needs {
            let there = needs.iter().filter(|input| *input != missing);
            let options = there.fold(EnrollOptions::new(), |options, input| with(*input, options));
            let place = Place::new();
            let error = place.enroll_with(&jwt, options).unwrap_err();
            let named = format!("enrollment by {word} needs the option {missing}");
            assert!(matches!(&error, Error::InvalidArgument(why) if why.contains(&named)), "{error:?}");
            assert_eq!(place.names(), [""; 0]);
        }
    }
    assert_eq!(controller.connections(), 0);
}

#[test]
fn what_is_of_no_use_is_named_before_anybody_is_asked() {
    let controller = single();
    for (word, method, needs) in METHODS {
        let jwt = token_with(&controller, json!({"em": word}));
        let all = [
            Input::Key,
            Input::Certificate,
            Input::Name,
            Input::Username,
            Input::Password,
            Input::ServerKey,
            Input::ExternalJwt,
            Input::SignerId,
            Input::WithoutCertificate,
        ];
        for useless in all.into_iter().filter(|input| !needs.contains(input) && !method.takes().contains(input)) {
            let options = needs.iter().fold(EnrollOptions::new(), |options, input| with(*input, options));
            let error = Place::new().enroll_with(&jwt, with(useless, options)).unwrap_err();
            let named = format!("the option {useless} is set, but enrollment by {word} has no use for it");
            assert!(matches!(&error, Error::InvalidArgument(why) if *why == named), "{error:?}");
        }
    }
    assert_eq!(controller.connections(), 0);
}

#[test]
fn only_what_needs_no_one_time_token_can_become_another_method() {
    let controller = single();
    let by = |word: &str, method| Enrollment::parse(&token_with(&controller, json!({"em": word}))).unwrap().by(method);
    for method in [Method::Network, Method::Ca, Method::Token] {
        assert_eq!(by("network", method).unwrap().method(), method);
        assert_eq!(by("ca", method).unwrap().method(), method);
        assert!(matches!(by("ott", method), Err(Error::InvalidArgument(_))), "{method}");
    }
    for method in [Method::Ott, Method::OttCa, Method::Updb, Method::ErOtt] {
        let error = by("network", method).unwrap_err();
        assert!(error.to_string().contains("ask for its token"), "{error}");
        assert_eq!(by(method.as_str(), method).unwrap().method(), method, "it is that one already");
    }
}

#[test]
fn debug_output_of_the_options_shows_no_secret() {
    let options = EnrollOptions::new().password(Secret::new("canary-1")).external_jwt(Secret::new("canary-2"));
    let shown = format!("{options:?}");
    assert!(!shown.contains("canary"), "{shown}");
}
