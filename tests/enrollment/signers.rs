//! A signer that was asked for and cannot be used: an error, and no other key in its place.

use std::sync::Arc;
use std::time::Duration;

use rcgen::{KeyPair, PublicKeyData, SigningKey};
use ziti_edge_client::{EnrollmentMethod as Method, Error, KeyChoice, Signer, SigningScheme};

use crate::ways::{self, Candidate, Network, Way};

/// A signer in which something may be broken.
struct Fragile {
    key: KeyPair,
    has_public_key: bool,
    signs: bool,
}

impl Signer for Fragile {
    fn reference(&self) -> String {
        "test:fragile".to_owned()
    }

    fn public_key(&self) -> Result<Vec<u8>, String> {
        if self.has_public_key { Ok(self.key.subject_public_key_info()) } else { Err("no such slot".to_owned()) }
    }

    fn schemes(&self) -> Vec<SigningScheme> {
        vec![SigningScheme::EcdsaP256Sha256]
    }

    fn sign(&self, _: SigningScheme, message: &[u8], _: Duration) -> Result<Vec<u8>, String> {
        match self.signs {
            true => self.key.sign(message).map_err(|error| error.to_string()),
            false => Err("the device is gone".to_owned()),
        }
    }
}

fn enroll(candidate: &Candidate, key: KeyPair, has_public_key: bool, signs: bool) -> Error {
    let signer = Fragile { key, has_public_key, signs };
    let options = candidate.options.clone().key(KeyChoice::Signer(Arc::new(signer)));
    candidate.enrollment.enroll(&options).unwrap_err()
}

/// The methods for which there is a key, and that of the papers where it is the one that is needed.
fn with_a_key() -> impl Iterator<Item = (Way, Network, Candidate, KeyPair)> {
    let ways = ways::ALL.into_iter().filter(|way| way.issues || [Method::OttCa, Method::Ca].contains(&way.method));
    ways.map(|way| {
        let network = way.network();
        let candidate = network.candidate();
        let key =
            candidate.key.as_ref().map_or_else(|| KeyPair::generate().unwrap(), |pem| KeyPair::from_pem(pem).unwrap());
        (way, network, candidate, key)
    })
}

#[test]
fn one_that_cannot_be_found_is_an_error_before_anybody_is_asked() {
    for (way, network, candidate, key) in with_a_key() {
        let error = enroll(&candidate, key, false, true);
        let told = "signer test:fragile: no such slot";
        assert!(matches!(&error, Error::Identity(why) if why == told), "{way:?}: {error:?}");
        assert_eq!((network.controller.connections(), candidate.place.names().len()), (0, 0), "{way:?}");
        candidate.enroll().unwrap();
    }
}

#[test]
fn one_that_does_not_sign_is_an_error_and_spends_nothing() {
    for (way, network, candidate, key) in with_a_key() {
        let error = enroll(&candidate, key, true, false);
        let told = "signer test:fragile: the device is gone";
        assert!(matches!(&error, Error::Identity(why) if why == told), "{way:?}: {error:?}");
        assert_eq!((network.asked(), candidate.place.names().len()), (0, 0), "{way:?}");
        candidate.enroll().unwrap();
    }
}

#[test]
fn one_with_the_key_of_another_certificate_is_an_error_before_anybody_is_asked() {
    for (way, network, candidate, _) in with_a_key().filter(|(way, ..)| !way.issues) {
        let error = enroll(&candidate, KeyPair::generate().unwrap(), true, true);
        assert!(error.to_string().contains("does not belong to the certificate"), "{way:?}: {error:?}");
        assert_eq!((network.controller.connections(), candidate.place.names().len()), (0, 0), "{way:?}");
    }
}

#[test]
fn the_server_side_of_a_router_cannot_have_one() {
    let way = ways::ALL.into_iter().find(|way| way.method == Method::ErOtt).unwrap();
    let network = way.network();
    let candidate = network.candidate();
    let signer = Arc::new(Fragile { key: KeyPair::generate().unwrap(), has_public_key: true, signs: true });
    let options = candidate.options.clone().server_key(KeyChoice::Signer(signer.clone()));
    let error = candidate.enrollment.enroll(&options).unwrap_err();
    assert!(matches!(&error, Error::Unsupported(why) if why.contains("server side of a router")), "{error:?}");
    assert_eq!((network.controller.connections(), candidate.place.names().len()), (0, 0));

    let identity = candidate.enrollment.enroll(&candidate.options.clone().key(KeyChoice::Signer(signer))).unwrap();
    assert!(identity.to_json().expose().contains("test:fragile"), "the client side can");
    assert!(identity.server_certificate().unwrap().is_some());
}
