use rcgen::{CertifiedIssuer, Issuer, KeyPair, PublicKeyData};
use rustls::pki_types::CertificateDer;

use super::{LeafPlan, Pki, ca_params, leaf_params};
use crate::error::Error;
use crate::trust::bundle::certificates_to_pem;
use crate::trust::{CaBundle, renewed_chain};

/// A network with two intermediates in a row, and what the inner one issued.
struct Network {
    root: CertifiedIssuer<'static, KeyPair>,
    outer: CertifiedIssuer<'static, KeyPair>,
    inner: CertifiedIssuer<'static, KeyPair>,
    key: KeyPair,
}

impl Network {
    fn new() -> Self {
        let key = || KeyPair::generate().unwrap();
        let root = CertifiedIssuer::self_signed(ca_params("root"), key()).unwrap();
        let outer = CertifiedIssuer::signed_by(ca_params("outer"), key(), &root).unwrap();
        let inner = CertifiedIssuer::signed_by(ca_params("inner"), key(), &outer).unwrap();
        Self { root, outer, inner, key: key() }
    }

    fn leaf(&self) -> CertificateDer<'static> {
        let issuer = &*self.inner as &Issuer<'_, KeyPair>;
        leaf_params(LeafPlan::default()).signed_by(&self.key, issuer).unwrap().into()
    }

    fn intermediates(&self) -> [CertificateDer<'static>; 2] {
        [self.inner.der().clone(), self.outer.der().clone()]
    }

    fn bundle(&self) -> CaBundle {
        CaBundle::from_pem("the root", &self.root.pem()).unwrap()
    }

    /// The chain that is made of an answer with these certificates, where the old one was whole.
    fn renewed(&self, answer: &[CertificateDer<'static>]) -> Result<Vec<CertificateDer<'static>>, Error> {
        let [inner, outer] = self.intermediates();
        let old = [self.leaf(), inner, outer];
        let key = self.key.subject_public_key_info();
        renewed_chain(&certificates_to_pem(answer), Some(""), &key, &old, Some(&self.bundle()))
    }
}

#[test]
fn a_renewed_chain_is_as_whole_as_the_old_one_however_much_of_it_came() {
    let network = Network::new();
    let [inner, outer] = network.intermediates();
    let leaf = network.leaf();
    let whole = [leaf.clone(), inner.clone(), outer.clone()];
    for length in 1..=3 {
        assert_eq!(network.renewed(&whole[..length]).unwrap(), whole, "of {length}");
    }
    let with_root = [leaf, inner, outer, network.root.der().clone()];
    assert_eq!(network.renewed(&with_root).unwrap(), with_root, "nothing is added to it or taken away");
}

#[test]
fn a_missing_intermediate_comes_from_the_bundle_or_from_the_answer() {
    let pki = Pki::new();
    let key = KeyPair::generate().unwrap();
    let leaf = pki.leaf(&key, LeafPlan::default());
    let (alone, public_key) = (certificates_to_pem(std::slice::from_ref(&leaf)), key.subject_public_key_info());
    let bundle = |pem: String| CaBundle::from_pem("a bundle", &pem).unwrap();
    let (all, root, other) = (bundle(pki.pem()), bundle(pki.root.pem()), bundle(Pki::named("other").pem()));
    let expected = vec![leaf, pki.intermediate_der()];
    for (ca, own) in [(None, Some(&all)), (Some(pki.pem()), Some(&root)), (Some(pki.pem()), None)] {
        assert_eq!(renewed_chain(&alone, ca.as_deref(), &public_key, &[], own).unwrap(), expected);
    }
    // The network has a new CA, of which only this answer tells so far.
    assert_eq!(renewed_chain(&alone, Some(&pki.pem()), &public_key, &[], Some(&other)).unwrap(), expected);
    for (ca, own) in [(None, Some(&root)), (None, Some(&other)), (Some(String::new()), Some(&root))] {
        assert!(matches!(renewed_chain(&alone, ca.as_deref(), &public_key, &[], own), Err(Error::Identity(_))));
    }
}

/// Where the system's roots vouch for the controllers, an identity may have no CA certificates.
#[test]
fn without_ca_certificates_a_renewed_chain_has_to_be_for_the_key() {
    let network = Network::new();
    let [inner, outer] = network.intermediates();
    let old = [network.leaf(), inner.clone(), outer.clone()];
    let (leaf, key) = (network.leaf(), network.key.subject_public_key_info());
    let pem = certificates_to_pem(std::slice::from_ref(&leaf));
    assert_eq!(renewed_chain(&pem, None, &key, &old, None).unwrap(), [leaf, inner, outer]);
    let other_key = KeyPair::generate().unwrap().subject_public_key_info();
    assert!(matches!(renewed_chain(&pem, None, &other_key, &old, None), Err(Error::Identity(_))));
}

#[test]
fn intermediates_that_did_not_sign_it_are_not_added() {
    let (old, new) = (Pki::named("old"), Pki::named("new"));
    let key = KeyPair::generate().unwrap();
    let public_key = key.subject_public_key_info();
    let renewed = certificates_to_pem(&[new.leaf(&key, LeafPlan::default())]);
    let old_chain = [old.leaf(&key, LeafPlan::default()), old.intermediate_der()];
    let bundle = CaBundle::from_pem("both", &(old.pem() + &new.pem())).unwrap();
    let chain = renewed_chain(&renewed, None, &public_key, &old_chain, Some(&bundle)).unwrap();
    assert_eq!(chain[1..], [new.intermediate_der()]);
    let other_key = KeyPair::generate().unwrap().subject_public_key_info();
    assert!(renewed_chain(&renewed, None, &other_key, &old_chain, Some(&bundle)).is_err(), "it is for another key");
}
