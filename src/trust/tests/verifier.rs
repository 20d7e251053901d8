use super::*;
use crate::error::{EnrollmentProblem, Error};
use crate::trust::verifier::{self, BootstrapVerifier, Verifier, verify_chain};
use crate::trust::{CaBundle, EnrollmentToken, issued_for};
use rcgen::PublicKeyData;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

fn bundle(pki: &Pki) -> CaBundle {
    CaBundle::from_pem("ca", &pki.pem()).unwrap()
}

fn days(count: u64) -> Duration {
    Duration::from_secs(count * 86_400)
}

fn verifier(pki: &Pki) -> Verifier {
    verifier::controller(Some(&bundle(pki)), false).unwrap()
}

#[test]
fn without_bundle_and_opt_in_the_error_names_the_option() {
    let message = verifier::controller(None, false).unwrap_err().to_string();
    assert!(message.contains("trust_system_roots") && message.contains("id.ca"), "{message}");
}

#[test]
fn a_chain_of_the_network_is_accepted_by_name_and_by_address() {
    let pki = Pki::new();
    let leaf = pki.leaf(&KeyPair::generate().unwrap(), LeafPlan::default());
    for host in ["ctrl.acme.test", "127.0.0.1"] {
        let chain = [leaf.clone(), pki.intermediate_der()];
        verify_chain(&*verifier(&pki), &chain, host, SystemTime::now()).unwrap();
        // The intermediate is an anchor too, so a server that does not send it is accepted.
        verify_chain(&*verifier(&pki), &chain[..1], host, SystemTime::now()).unwrap();
    }
}

#[test]
fn each_unacceptable_chain_is_explained() {
    let pki = Pki::new();
    let key = KeyPair::generate().unwrap();
    let leaf = pki.leaf(&key, LeafPlan::default());
    let client_only = LeafPlan { usages: vec![ExtendedKeyUsagePurpose::ClientAuth], ..LeafPlan::default() };
    let nameless = LeafPlan { names: Vec::new(), ..LeafPlan::default() };
    let now = SystemTime::now();
    for (leaf, host, time, expected) in [
        (&leaf, "ctrl.acme.test", now + days(400), "expired on 20"),
        (&leaf, "ctrl.acme.test", now - days(30), "check the clock"),
        (&leaf, "other.test", now, "but for ctrl.acme.test, 127.0.0.1"),
        (&leaf, "::1", now, "is not valid for this name"),
        (&leaf, "not a name", now, "not a host name"),
        (&pki.leaf(&key, client_only), "ctrl.acme.test", now, "not made for a server"),
        (&pki.leaf(&key, nameless), "ctrl.acme.test", now, "names no host at all"),
        (&Pki::new().leaf(&key, LeafPlan::default()), "ctrl.acme.test", now, "but another key"),
        (&Pki::named("other").leaf(&key, LeafPlan::default()), "ctrl.acme.test", now, "not signed by the network's CA"),
        (&pki.root.der().clone(), "ctrl.acme.test", now, "a CA's own certificate"),
        (&CertificateDer::from(vec![1, 2, 3]), "ctrl.acme.test", now, "not a valid X.509"),
    ] {
        let error = verify_chain(&*verifier(&pki), std::slice::from_ref(leaf), host, time).unwrap_err();
        assert!(error.contains(expected), "expected {expected:?}, got {error:?}");
    }
    let error = verify_chain(&*verifier(&pki), &[], "ctrl.acme.test", now).unwrap_err();
    assert_eq!(error, "the controller showed no certificate");
}

fn token(key: &KeyPair) -> Arc<EnrollmentToken> {
    let claims = r#"{"iss":"https://ctrl.acme.test","sub":"a","jti":"b","em":"ott"}"#;
    let jwt = sign_jwt(r#"{"alg":"ES256"}"#, claims, key, SignatureScheme::ECDSA_NISTP256_SHA256);
    Arc::new(EnrollmentToken::parse(&jwt).unwrap())
}

/// Runs a handshake in memory; the server shows `leaf` and signs with `key`.
fn handshake(
    verifier: Arc<BootstrapVerifier>,
    chain: Vec<CertificateDer<'static>>,
    key: &KeyPair,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> Result<(), rustls::Error> {
    let certified = rustls::sign::CertifiedKey::new(
        chain,
        provider().key_provider.load_private_key(PrivateKeyDer::try_from(key.serialize_der()).unwrap()).unwrap(),
    );
    let server = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(certified)));
    let client = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    let name = ServerName::try_from("ctrl.acme.test").unwrap();
    let mut client = ClientConnection::new(Arc::new(client), name).unwrap();
    let mut server = ServerConnection::new(Arc::new(server)).unwrap();
    while client.is_handshaking() || server.is_handshaking() {
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).unwrap();
        server.read_tls(&mut bytes.as_slice()).unwrap();
        server.process_new_packets()?;
        let mut bytes = Vec::new();
        server.write_tls(&mut bytes).unwrap();
        client.read_tls(&mut bytes.as_slice()).unwrap();
        client.process_new_packets()?;
    }
    Ok(())
}

#[test]
fn the_bootstrap_accepts_the_leaf_that_signed_and_keeps_its_chain() {
    let (pki, key) = (Pki::new(), KeyPair::generate().unwrap());
    let chain = vec![pki.leaf(&key, LeafPlan::default()), pki.intermediate_der()];
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let verifier = BootstrapVerifier::new(token(&key));
        handshake(verifier.clone(), chain.clone(), &key, &[version]).unwrap();
        assert_eq!(verifier.chain(), chain);
        assert!(verifier.refusal().is_none());
    }
}

#[test]
fn the_bootstrap_ends_the_handshake_with_a_stranger() {
    let (pki, key, stranger) = (Pki::new(), KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let verifier = BootstrapVerifier::new(token(&key));
    let chain = vec![pki.leaf(&stranger, LeafPlan::default())];
    handshake(verifier.clone(), chain, &stranger, rustls::ALL_VERSIONS).unwrap_err();
    assert!(verifier.chain().is_empty());
    let refusal = verifier.refusal().unwrap();
    assert!(matches!(refusal, Error::Enrollment { problem: EnrollmentProblem::TokenNotFromController, .. }));
}

#[test]
fn the_bootstrap_refuses_the_right_leaf_without_its_key() {
    let (pki, key, stranger) = (Pki::new(), KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let chain = vec![pki.leaf(&key, LeafPlan::default())];
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let verifier = BootstrapVerifier::new(token(&key));
        handshake(verifier, chain.clone(), &stranger, &[version]).unwrap_err();
    }
}

#[test]
fn a_refusal_forgets_the_chain_that_was_accepted_before() {
    let (pki, key) = (Pki::new(), KeyPair::generate().unwrap());
    let verifier = BootstrapVerifier::new(token(&key));
    let name = ServerName::try_from("x").unwrap();
    let verify = |leaf: &CertificateDer<'_>| verifier.verify_server_cert(leaf, &[], &name, &[], UnixTime::now());
    verify(&pki.leaf(&key, LeafPlan::default())).unwrap();
    verify(&pki.leaf(&KeyPair::generate().unwrap(), LeafPlan::default())).unwrap_err();
    assert!(verifier.chain().is_empty() && verifier.refusal().is_some());
}

fn client_leaf(pki: &Pki, key: &KeyPair, from_days: i64, until_days: i64) -> CertificateDer<'static> {
    let usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    pki.leaf(key, LeafPlan { usages, from_days, until_days, ..LeafPlan::default() })
}

#[test]
fn an_issued_certificate_must_fit_key_usage_and_network() {
    let (pki, key) = (Pki::new(), KeyPair::generate().unwrap());
    let spki = key.subject_public_key_info();
    let good = client_leaf(&pki, &key, -1, 300);
    assert_eq!(issued_for(&[good, pki.intermediate_der()], &spki, Some(&bundle(&pki))).unwrap(), None);

    let server_only = LeafPlan { usages: vec![ExtendedKeyUsagePurpose::ServerAuth], ..LeafPlan::default() };
    for (chain, expected) in [
        (vec![], "is missing from the answer"),
        (vec![CertificateDer::from(vec![0x30, 0])], "cannot be read"),
        (vec![client_leaf(&pki, &KeyPair::generate().unwrap(), -1, 300)], "is for another key"),
        (vec![pki.leaf(&key, server_only)], "is not a client certificate of this network"),
        (vec![client_leaf(&Pki::new(), &key, -1, 300)], "is not a client certificate of this network"),
    ] {
        let error = issued_for(&chain, &spki, Some(&bundle(&pki))).unwrap_err();
        assert!(matches!(error, Error::Enrollment { problem: EnrollmentProblem::BadCertificate, .. }), "{error:?}");
        assert!(error.to_string().contains(expected), "expected {expected:?}, got {error}");
    }
}

#[test]
fn without_a_bundle_an_issued_certificate_must_still_fit_the_key() {
    let (pki, key) = (Pki::new(), KeyPair::generate().unwrap());
    let spki = key.subject_public_key_info();
    assert_eq!(issued_for(&[client_leaf(&pki, &key, -1, 300)], &spki, None).unwrap(), None);
    assert!(issued_for(&[client_leaf(&pki, &key, 3, 300)], &spki, None).unwrap().unwrap().contains("valid only from"));
    for chain in [vec![], vec![client_leaf(&pki, &KeyPair::generate().unwrap(), -1, 300)]] {
        issued_for(&chain, &spki, None).unwrap_err();
    }
}

#[test]
fn a_clock_that_disagrees_with_an_issued_certificate_is_only_noted() {
    let (pki, key) = (Pki::new(), KeyPair::generate().unwrap());
    let spki = key.subject_public_key_info();
    for (from, until, expected) in [(3, 300, "valid only from"), (-30, -3, "ended on")] {
        let chain = [client_leaf(&pki, &key, from, until)];
        let note = issued_for(&chain, &spki, Some(&bundle(&pki))).unwrap().unwrap();
        assert!(note.contains(expected) && note.contains("check the clock"), "{note}");
    }
}

#[test]
fn what_real_controllers_issued_fits_their_ca_bundle() {
    for version in ["1.3", "1.6", "2.0"] {
        let answers = recorded(version, "controller");
        let (.., body) = answers.iter().find(|(name, status, _)| name == "listWellKnownCas" && *status == 200).unwrap();
        let bundle = CaBundle::from_pkcs7(body.as_bytes()).unwrap();
        let (.., answer) = recorded(version, "enrollment").swap_remove(0);
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        let chain = crate::trust::certificate::chain_from_pem("x", answer["data"]["cert"].as_str().unwrap()).unwrap();
        let facts = crate::trust::certificate::CertificateFacts::read(&chain[0]).unwrap();
        issued_for(&chain, &facts.public_key, Some(&bundle)).unwrap();
    }
}
