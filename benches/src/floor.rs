//! The floor: the same bytes over the same TLS, inflated, and the JSON skipped. Also bare handshakes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::Outcome;
use crate::identity::{self, Pems};

type Stream = BufReader<StreamOwned<ClientConnection, TcpStream>>;

#[derive(Deserialize)]
struct Login {
    data: Token,
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

#[derive(Deserialize)]
struct Rows {
    data: Vec<IgnoredAny>,
    meta: Meta,
}

#[derive(Deserialize)]
struct Meta {
    pagination: Pagination,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pagination {
    total_count: usize,
}

pub(crate) fn list(path: &str) -> Outcome<String> {
    let pems = identity::read(path)?;
    let mut stream = connect(&pems, &config(&pems)?)?;
    let body = exchange(
        &mut stream,
        &pems,
        "POST /edge/client/v1/authenticate?method=cert",
        "",
        "{\"configTypes\":[\"all\"]}",
    )?;
    let login: Login = serde_json::from_slice(&body)?;
    let session = format!("zt-session: {}\r\n", login.data.token);
    let (mut rows, mut bytes) = (0, 0);
    loop {
        let target = format!("GET /edge/client/v1/services?limit=500&offset={rows}");
        let body = exchange(&mut stream, &pems, &target, &session, "")?;
        let page: Rows = serde_json::from_slice(&body)?;
        bytes += body.len();
        rows += page.data.len();
        if rows >= page.meta.pagination.total_count {
            return Ok(format!("{rows} services skipped, {bytes} bytes"));
        }
    }
}

/// `count` connections after a first one that is not counted apart: full handshakes, or resumed ones.
pub(crate) fn handshakes(count: u32, resume: bool, path: &str) -> Outcome<String> {
    let pems = identity::read(path)?;
    let shared = config(&pems)?;
    for _ in 0..=count {
        let mut fresh = (*shared).clone();
        fresh.resumption = rustls::client::Resumption::disabled();
        let config = if resume { Arc::clone(&shared) } else { Arc::new(fresh) };
        let mut stream = connect(&pems, &config)?;
        exchange(&mut stream, &pems, "GET /version", "", "")?;
    }
    Ok(format!("{count} more handshakes"))
}

fn config(pems: &Pems) -> Outcome<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pems.ca.as_bytes()) {
        roots.add(certificate?)?;
    }
    let chain = CertificateDer::pem_slice_iter(pems.cert.as_bytes()).collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_slice(pems.key.as_bytes())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)?;
    Ok(Arc::new(config))
}

fn connect(pems: &Pems, config: &Arc<ClientConfig>) -> Outcome<Stream> {
    let socket = TcpStream::connect(&pems.authority)?;
    socket.set_nodelay(true)?;
    let host = pems.authority.rsplit_once(':').map_or(pems.authority.as_str(), |(host, _)| host);
    let name = ServerName::try_from(host.to_owned())?;
    let connection = ClientConnection::new(Arc::clone(config), name)?;
    Ok(BufReader::with_capacity(32 * 1024, StreamOwned::new(connection, socket)))
}

/// One request and the whole body of its answer, inflated.
fn exchange(stream: &mut Stream, pems: &Pems, target: &str, headers: &str, body: &str) -> Outcome<Vec<u8>> {
    let (length, authority) = (body.len(), &pems.authority);
    let request = format!(
        "{target} HTTP/1.1\r\nHost: {authority}\r\nAccept: application/json\r\nAccept-Encoding: gzip\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    stream.get_mut().write_all(request.as_bytes())?;
    let (mut length, mut gzip, mut line) = (0, false, String::new());
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let header = line.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
        gzip |= header == "content-encoding: gzip";
    }
    let mut sent = vec![0; length];
    stream.read_exact(&mut sent)?;
    if !gzip {
        return Ok(sent);
    }
    let mut inflated = Vec::new();
    flate2::read::GzDecoder::new(sent.as_slice()).read_to_end(&mut inflated)?;
    Ok(inflated)
}
