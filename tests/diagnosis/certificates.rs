//! Servers that are not to be believed.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, Stream};
use ziti_edge_client::{StepKind, StepOutcome};
use ziti_edge_testkit::{TestController, Version};

use crate::support::{self, controller};
use crate::{client_at, only_fails, step};

#[test]
fn a_certificate_of_another_network_is_told_by_the_chain() {
    let (ours, other) = (controller(Version::V2_0, 0), controller(Version::V2_0, 0));
    let diagnosis = client_at(&ours, &[&other.url()], None).diagnose();
    only_fails(&diagnosis, StepKind::Chain, "signed by a CA that has the name of the network's CA but another key");
    assert!(other.requests().is_empty(), "a controller that is not trusted was asked");
}

#[test]
fn a_certificate_for_another_name_is_told_by_the_name() {
    let controller = support::start(TestController::builder().address("0.0.0.0:0"));
    let url = format!("https://127.0.0.2:{}", controller.address().port());
    let diagnosis = client_at(&controller, &[&url], None).diagnose();
    only_fails(&diagnosis, StepKind::Name, "is not valid for this name but for");
    assert_eq!(step(&diagnosis, StepKind::Chain).outcome, StepOutcome::Ok, "{diagnosis}");
    assert!(controller.requests().is_empty());
}

#[test]
fn a_certificate_that_is_over_or_of_the_future_is_told_by_the_chain() {
    let controller = controller(Version::V2_0, 0);
    for (from, until, says) in [(2019, 2020, "expired on 2020-01-01"), (4000, 4001, "is valid only from 4000-01-01")] {
        let Server { address, ca, .. } = serve("the network's CA", from, until);
        let url = format!("https://{address}");
        let diagnosis = client_at(&controller, &[&url], Some(&ca)).diagnose();
        only_fails(&diagnosis, StepKind::Chain, says);
        assert_eq!(step(&diagnosis, StepKind::Name).outcome, StepOutcome::Ok, "{diagnosis}");
        assert!(step(&diagnosis, StepKind::Chain).detail.contains("check the clock of this machine"), "{diagnosis}");
        assert_eq!(step(&diagnosis, StepKind::Chain).advice, None, "nobody is suspected of anything else");
    }
}

#[test]
fn whoever_ends_tls_on_the_way_is_named() {
    let controller = controller(Version::V2_0, 0);
    let Server { address, .. } = serve("Corporate Web Filter", 2020, 4000);
    let url = format!("https://{address}");
    let diagnosis = client_at(&controller, &[&url], None).diagnose();
    only_fails(&diagnosis, StepKind::Chain, "is not signed by the network's CA");
    let shown = &step(&diagnosis, StepKind::Tls).detail;
    assert!(shown.ends_with("issued by CN=Corporate Web Filter"), "{diagnosis}");
    assert!(step(&diagnosis, StepKind::Chain).advice.as_ref().unwrap().contains("inspects it"), "{diagnosis}");
    for skipped in [StepKind::Version, StepKind::Clock, StepKind::Login] {
        assert_eq!(step(&diagnosis, skipped).outcome, StepOutcome::Skipped, "{diagnosis}");
    }
}

#[test]
fn a_server_that_speaks_no_tls_is_told_by_that() {
    let controller = controller(Version::V2_0, 0);
    for (answer, says, advises) in [
        (&b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"[..], "does not speak TLS on this port", false),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "does not speak TLS on this port", false),
        (b"", "the peer closed the connection", true),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for mut peer in listener.incoming().flatten() {
                let _ = peer.read(&mut [0; 4096]).and_then(|_| peer.write_all(answer));
            }
        });
        let diagnosis = client_at(&controller, &[&url], None).diagnose();
        only_fails(&diagnosis, StepKind::Tls, says);
        assert_eq!(step(&diagnosis, StepKind::Tls).advice.is_some(), advises, "{diagnosis}");
    }
}

#[test]
fn a_server_is_told_the_name_that_it_is_asked_by() {
    let controller = controller(Version::V2_0, 0);
    let Server { address, ca, names } = serve("the network's CA", 2020, 4000);
    let url = format!("https://localhost:{}", address.port());
    let diagnosis = client_at(&controller, &[&url], Some(&ca)).diagnose();
    assert_eq!(step(&diagnosis, StepKind::Tls).outcome, StepOutcome::Ok, "{diagnosis}");
    assert_eq!(step(&diagnosis, StepKind::Name).outcome, StepOutcome::Failed, "{diagnosis}");
    // The first connection is no more than that.
    let named = std::iter::from_fn(|| names.recv_timeout(Duration::from_secs(5)).ok()).flatten().next();
    assert_eq!(named.as_deref(), Some("localhost"));
}

/// A TLS server on loopback.
struct Server {
    address: SocketAddr,
    /// The CA that issued its certificate.
    ca: String,
    /// By which name each client asks for it.
    names: mpsc::Receiver<Option<String>>,
}

/// Serves with a certificate that is valid in these years.
fn serve(authority_name: &str, from: i32, until: i32) -> Server {
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, authority_name);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(from, 1, 1);
    params.not_after = rcgen::date_time_ymd(until, 1, 1);
    let chain = vec![params.signed_by(&key, &authority).unwrap().der().clone()];
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (seen, names) = mpsc::channel();
    thread::spawn(move || {
        for mut socket in listener.incoming().flatten() {
            let mut connection = ServerConnection::new(config.clone()).unwrap();
            let _ = Stream::new(&mut connection, &mut socket).read(&mut [0; 1]);
            // Nobody may be interested.
            let _ = seen.send(connection.server_name().map(str::to_owned));
        }
    });
    Server { address, ca: authority.pem(), names }
}
