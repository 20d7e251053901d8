//! Peers that do exactly what a script says.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{Acceptor, ServerConfig};
use rustls::sign::CertifiedKey;
use rustls::{
    DigitallySignedStruct, DistinguishedName, HandshakeKind, RootCertStore, ServerConnection, SignatureScheme,
    StreamOwned,
};
use socket2::{Domain, Socket, Type};

use crate::transport::ClientAuth;
use crate::trust::provider::provider;
use crate::wire::ControllerUrl;

/// A certificate authority with one server certificate, for `127.0.0.1` and `controller.test`.
pub(super) struct Pki {
    ca: CertifiedIssuer<'static, KeyPair>,
    server: Arc<ServerConfig>,
}

impl Pki {
    pub(super) fn new() -> Self {
        Self::with_names(&["127.0.0.1", "controller.test"])
    }

    pub(super) fn with_names(names: &[&str]) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "authority of a test");
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let (chain, key) = issue(&ca, names);
        let mut server = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(Arc::new(AnyClient))
            .with_single_cert(chain, key)
            .unwrap();
        server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Self { ca, server: Arc::new(server) }
    }

    pub(super) fn verifier(&self) -> Arc<dyn ServerCertVerifier> {
        let mut roots = RootCertStore::empty();
        roots.add(self.ca.der().clone()).unwrap();
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build().unwrap()
    }

    pub(super) fn client_auth(&self) -> ClientAuth {
        let (chain, key) = issue(&self.ca, &["identity"]);
        let key = Arc::new(CertifiedKey::from_der(chain, key, &provider()).unwrap());
        Arc::new(move |_| key.clone())
    }
}

fn issue(
    ca: &CertifiedIssuer<'static, KeyPair>,
    names: &[&str],
) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let key = KeyPair::generate().unwrap();
    let names = names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
    let leaf = CertificateParams::new(names).unwrap().signed_by(&key, ca).unwrap();
    (vec![leaf.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
}

/// Takes any client certificate or none, and names an authority that issued none of them.
#[derive(Debug)]
struct AnyClient;

impl ClientCertVerifier for AnyClient {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        static HINTS: std::sync::LazyLock<Vec<DistinguishedName>> =
            std::sync::LazyLock::new(|| vec![DistinguishedName::in_sequence(b"someone else")]);
        &HINTS
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &provider().signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &provider().signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

/// What a server saw of one handshake.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Handshake {
    pub(super) resumed: bool,
    pub(super) alpn: Option<String>,
    pub(super) server_name: Option<String>,
    pub(super) client_certificate: bool,
}

/// A TLS server that runs a script on each of its connections.
pub(super) struct Server {
    pub(super) url: ControllerUrl,
    pub(super) address: SocketAddr,
    handshakes: Arc<Mutex<Vec<Handshake>>>,
}

impl Server {
    pub(super) fn start(pki: &Pki, script: impl Fn(Peer) + Send + Sync + 'static) -> Self {
        let handshakes = Arc::new(Mutex::new(Vec::new()));
        let (config, seen) = (pki.server.clone(), handshakes.clone());
        let address = serve(move |tcp| {
            let Some(mut peer) = Peer::accept(tcp, config.clone()) else { return };
            peer.index = {
                let mut seen = seen.lock().unwrap();
                seen.push(peer.handshake());
                seen.len() - 1
            };
            script(peer);
        });
        Self { url: url(address), address, handshakes }
    }

    pub(super) fn handshakes(&self) -> Vec<Handshake> {
        self.handshakes.lock().unwrap().clone()
    }
}

/// The server's end of one connection.
pub(super) struct Peer {
    /// How many connections came before this one.
    pub(super) index: usize,
    stream: StreamOwned<ServerConnection, TcpStream>,
}

impl Peer {
    fn accept(mut tcp: TcpStream, config: Arc<ServerConfig>) -> Option<Self> {
        let mut acceptor = Acceptor::default();
        let accepted = loop {
            if acceptor.read_tls(&mut tcp).ok()? == 0 {
                return None;
            }
            if let Some(accepted) = acceptor.accept().ok()? {
                break accepted;
            }
        };
        let mut conn = accepted.into_connection(config).ok()?;
        while conn.is_handshaking() {
            conn.complete_io(&mut tcp).ok()?;
        }
        Some(Self { index: 0, stream: StreamOwned::new(conn, tcp) })
    }

    fn handshake(&self) -> Handshake {
        let conn = &self.stream.conn;
        Handshake {
            resumed: conn.handshake_kind() == Some(HandshakeKind::Resumed),
            alpn: conn.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()),
            server_name: conn.server_name().map(str::to_owned),
            client_certificate: conn.peer_certificates().is_some(),
        }
    }

    /// Head and body of the next request; `None` once the client is gone.
    pub(super) fn read_request(&mut self) -> Option<String> {
        let mut read = Vec::new();
        let head_end = loop {
            if let Some(at) = read.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            self.read_some(&mut read)?;
        };
        let head = String::from_utf8_lossy(&read[..head_end]).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let end = head_end + length.map_or(0, |length| length.trim().parse::<usize>().unwrap());
        while read.len() < end {
            self.read_some(&mut read)?;
        }
        Some(String::from_utf8(read).unwrap())
    }

    fn read_some(&mut self, into: &mut Vec<u8>) -> Option<()> {
        let mut piece = [0; 4096];
        match self.stream.read(&mut piece) {
            Ok(0) | Err(_) => None,
            Ok(amount) => {
                into.extend_from_slice(&piece[..amount]);
                Some(())
            }
        }
    }

    /// False once the client is gone.
    pub(super) fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).and_then(|()| self.stream.flush()).is_ok()
    }

    pub(super) fn send_slowly(&mut self, bytes: impl AsRef<[u8]>) {
        for byte in bytes.as_ref() {
            if !self.send([*byte]) {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Stays silent until the client is gone.
    pub(super) fn stall(&mut self) {
        stall(&mut self.stream.sock);
    }

    /// Reads nothing, so that the client cannot go on sending.
    pub(super) fn read_nothing(&self, long: Duration) {
        thread::sleep(long);
    }

    pub(super) fn close_properly(mut self) {
        self.stream.conn.send_close_notify();
        let _ = self.stream.flush();
    }

    /// Ends the connection with a reset.
    pub(super) fn reset(self) {
        socket2::SockRef::from(&self.stream.sock).set_linger(Some(Duration::ZERO)).unwrap();
    }
}

/// A server without TLS; returns its address.
pub(super) fn serve(script: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let script = Arc::new(script);
    thread::spawn(move || {
        for tcp in listener.incoming().map_while(Result::ok) {
            let script = script.clone();
            thread::spawn(move || script(tcp));
        }
    });
    address
}

/// Stays silent until the client is gone.
pub(super) fn stall(tcp: &mut TcpStream) {
    loop {
        match tcp.read(&mut [0; 4096]) {
            Ok(0) => return,
            Err(error) if error.kind() != ErrorKind::Interrupted => return,
            _ => {}
        }
    }
}

pub(super) fn url(address: SocketAddr) -> ControllerUrl {
    ControllerUrl::parse(&format!("https://{address}")).unwrap()
}

/// A listener whose queue is full: what connects to it gets no answer at all.
pub(super) struct FullListener {
    pub(super) address: SocketAddr,
    _kept: Vec<Socket>,
}

impl FullListener {
    pub(super) fn new() -> Self {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap().as_socket().unwrap();
        let mut kept = vec![listener];
        for _ in 0..4 {
            let filler = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            filler.set_nonblocking(true).unwrap();
            let _ = filler.connect(&address.into());
            kept.push(filler);
        }
        Self { address, _kept: kept }
    }
}
