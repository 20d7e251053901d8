//! The least client that can talk to the controller: it adds nothing to a request and hides nothing of an answer.

#![allow(dead_code, reason = "each test program uses a part of it")]

pub(crate) mod oidc;

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;
use ziti_edge_testkit::TestController;

pub(crate) const CLIENT: &str = "/edge/client/v1";

/// A certificate chain and its key, both PEM.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) chain: String,
    pub(crate) key: String,
}

impl Identity {
    /// What an identity file holds.
    pub(crate) fn of(file: &str) -> Self {
        let file: Value = serde_json::from_str(file).unwrap();
        let pem = |name: &str| file["id"][name].as_str().unwrap().strip_prefix("pem:").unwrap().to_owned();
        Self { chain: pem("cert"), key: pem("key") }
    }

    /// Without the intermediate.
    pub(crate) fn leaf_only(&self) -> Self {
        let leaf = pem::parse_many(&self.chain).unwrap().remove(0);
        Self { chain: pem::encode(&leaf), key: self.key.clone() }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

pub(crate) struct Connection {
    pub(crate) tls: StreamOwned<ClientConnection, TcpStream>,
    config: Arc<ClientConfig>,
    /// What the controller is called.
    authority: String,
}

fn client(config: &Arc<ClientConfig>) -> io::Result<ClientConnection> {
    let name = ServerName::try_from("localhost").unwrap();
    ClientConnection::new(config.clone(), name).map_err(io::Error::other)
}

fn authority(controller: &TestController) -> String {
    controller.url().trim_start_matches("https://").to_owned()
}

/// The body as it is meant: the bytes of gzip are those of what is in it.
fn inflated(headers: &[(String, String)], body: Vec<u8>) -> Vec<u8> {
    if !headers.iter().any(|(name, value)| name.eq_ignore_ascii_case("content-encoding") && value == "gzip") {
        return body;
    }
    let mut inflated = Vec::new();
    flate2::read::GzDecoder::new(body.as_slice()).read_to_end(&mut inflated).unwrap();
    inflated
}

impl Connection {
    pub(crate) fn open(controller: &TestController, identity: Option<&Identity>) -> io::Result<Self> {
        let mut connection = Self::unshaken(controller, identity)?;
        while connection.tls.conn.is_handshaking() {
            connection.tls.conn.complete_io(&mut connection.tls.sock)?;
        }
        Ok(connection)
    }

    /// Connected, before the handshake.
    pub(crate) fn unshaken(controller: &TestController, identity: Option<&Identity>) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(controller.ca_pem().as_bytes()) {
            roots.add(certificate.unwrap()).unwrap();
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match identity {
            None => config.with_no_client_auth(),
            Some(identity) => {
                let chain = CertificateDer::pem_slice_iter(identity.chain.as_bytes()).map(Result::unwrap).collect();
                let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
                config.with_client_auth_cert(chain, key).unwrap()
            }
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let tcp = TcpStream::connect(controller.address())?;
        tcp.set_read_timeout(Some(Duration::from_secs(10)))?;
        tcp.set_nodelay(true)?;
        let config = Arc::new(config);
        let authority = authority(controller);
        Ok(Self { tls: StreamOwned::new(client(&config)?, tcp), config, authority })
    }

    /// A new connection with the tickets of this one.
    pub(crate) fn resume(&self, controller: &TestController) -> io::Result<Self> {
        let mut tcp = TcpStream::connect(controller.address())?;
        let mut tls = client(&self.config)?;
        while tls.is_handshaking() {
            tls.complete_io(&mut tcp)?;
        }
        let authority = authority(controller);
        Ok(Self { tls: StreamOwned::new(tls, tcp), config: self.config.clone(), authority })
    }

    pub(crate) fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<()> {
        let mut head = format!("{method} {path} HTTP/1.1\r\n");
        if !headers.iter().any(|(name, _)| *name == "Host") {
            head.push_str(&format!("Host: {}\r\n", self.authority));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() || method == "POST" {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        self.tls.write_all(head.as_bytes())?;
        self.tls.write_all(b"\r\n")?;
        self.tls.write_all(body)?;
        self.tls.flush()
    }

    /// Reads the head of an answer, byte by byte so that nothing of the body is lost.
    pub(crate) fn head(&mut self) -> io::Result<(u16, Vec<(String, String)>)> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.tls.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.map(|line| line.split_once(": ").unwrap_or((line.trim_end_matches(':'), "")));
        Ok((status, headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()))
    }

    pub(crate) fn receive(&mut self, method: &str) -> io::Result<Answer> {
        let (status, headers) = self.head()?;
        let value = |wanted: &str| {
            headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.clone())
        };
        let body = if method == "HEAD" {
            Vec::new()
        } else if value("transfer-encoding").is_some() {
            self.chunks()?
        } else {
            self.exactly(value("content-length").map_or(0, |length| length.parse().unwrap()))?
        };
        let body = inflated(&headers, body);
        Ok(Answer { status, headers, body })
    }

    fn exactly(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.tls.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let mut line = Vec::new();
            while !line.ends_with(b"\r\n") {
                line.extend(self.exactly(1)?);
            }
            let size = std::str::from_utf8(&line).unwrap().trim();
            let size = usize::from_str_radix(size, 16).unwrap();
            body.extend(self.exactly(size)?);
            self.exactly(2)?;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    pub(crate) fn ask(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        self.send(method, path, headers, body)?;
        self.receive(method)
    }

    pub(crate) fn get(&mut self, path: &str, session: Option<&str>) -> io::Result<Answer> {
        let mut headers = vec![("Accept", "application/json")];
        headers.extend(session.map(|token| ("zt-session", token)));
        self.ask("GET", &format!("{CLIENT}{path}"), &headers, b"")
    }

    /// Sends a JSON document.
    pub(crate) fn post(&mut self, path: &str, session: &str, document: &Value) -> io::Result<Answer> {
        let headers = [("Content-Type", "application/json"), ("zt-session", session)];
        self.ask("POST", &format!("{CLIENT}{path}"), &headers, document.to_string().as_bytes())
    }

    pub(crate) fn delete(&mut self, path: &str, session: &str) -> io::Result<Answer> {
        self.ask("DELETE", &format!("{CLIENT}{path}"), &[("zt-session", session)], b"")
    }

    /// Logs in by certificate; the result is the session's token.
    pub(crate) fn log_in(&mut self, body: &str) -> io::Result<String> {
        let headers = [("Accept", "application/json"), ("Content-Type", "application/json")];
        let answer = self.ask("POST", &format!("{CLIENT}/authenticate?method=cert"), &headers, body.as_bytes())?;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        Ok(answer.header("zt-session").unwrap().to_owned())
    }
}

/// Makes an enrolled identity and logs it in.
pub(crate) fn logged_in(controller: &TestController, name: &str) -> (Connection, String) {
    let identity = Identity::of(&controller.enrolled_identity_json(name));
    let mut connection = Connection::open(controller, Some(&identity)).unwrap();
    let token = connection.log_in(r#"{"configTypes":["all"]}"#).unwrap();
    (connection, token)
}
