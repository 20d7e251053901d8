//! The provider's connections.

use std::io::{self, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::json;
use time::OffsetDateTime;

use super::answer::Answer;
use super::settings::{ProviderEndpoint, ProviderFault, ProviderPart, ProviderSeen};
use super::{Shared, device, grant, tokens};
use crate::http::{self, Reader, Request};
use crate::oidc::jwk;

/// No test leaves a connection alone for longer.
const IDLE: Duration = Duration::from_secs(30);

/// The thread that accepts, and all connections that are open.
pub(super) struct Server {
    address: SocketAddr,
    open: Arc<Open>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Open {
    stopping: AtomicBool,
    connections: Mutex<Vec<TcpStream>>,
}

impl Server {
    pub(super) fn listen() -> io::Result<TcpListener> {
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
    }

    pub(super) fn start(shared: Arc<Shared>, config: Arc<ServerConfig>, listener: TcpListener) -> io::Result<Self> {
        let (address, open) = (listener.local_addr()?, Arc::new(Open::default()));
        let theirs = Arc::clone(&open);
        let accept = move || {
            for tcp in listener.incoming().map_while(Result::ok) {
                if theirs.stopping.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(handle) = tcp.try_clone() {
                    theirs.connections.lock().expect("no holder panics").push(handle);
                }
                let (shared, config) = (Arc::clone(&shared), Arc::clone(&config));
                thread::spawn(move || {
                    let end = tcp.try_clone();
                    // A connection that breaks is no matter of the provider's.
                    drop(serve(&shared, config, tcp));
                    // The list of open connections has it too, so dropping it does not end it.
                    drop(end.map(|tcp| tcp.shutdown(Shutdown::Both)));
                });
            }
        };
        let thread = thread::Builder::new().name("testkit provider".to_owned()).spawn(accept)?;
        Ok(Self { address, open, thread: Some(thread) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.open.stopping.store(true, Ordering::SeqCst);
        // Ends the accepting thread's wait.
        drop(TcpStream::connect_timeout(&self.address, Duration::from_secs(1)));
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed already.
            let _ = thread.join();
        }
        for connection in self.open.connections.lock().expect("no holder panics").drain(..) {
            // It may be over already.
            let _ = connection.shutdown(Shutdown::Both);
        }
    }
}

fn serve(shared: &Shared, config: Arc<ServerConfig>, mut tcp: TcpStream) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    tcp.set_read_timeout(Some(IDLE))?;
    let mut tls = ServerConnection::new(config).map_err(io::Error::other)?;
    while tls.is_handshaking() {
        tls.complete_io(&mut tcp)?;
    }
    let with_certificate = tls.peer_certificates().is_some();
    let (mut stream, mut reader) = (StreamOwned::new(tls, tcp), Reader::default());
    loop {
        let over = |_| io::Error::from(io::ErrorKind::ConnectionAborted);
        let request = reader.head(&mut stream, || ()).map_err(over)?;
        let request = reader.body(&mut stream, request, None).map_err(over)?;
        let endpoint = endpoint_of(&request.path);
        let parameters = parameters(&request);
        shared.state().seen.push(ProviderSeen {
            endpoint,
            method: request.method.clone(),
            parameters: parameters.clone(),
            headers: request.headers.clone(),
            with_certificate,
        });
        let fault = shared.state().faults.get(&endpoint).cloned();
        match fault {
            None => answer(shared, endpoint, &parameters).send(&mut stream, now(shared))?,
            Some(ProviderFault::Answer { status, content_type, body }) => {
                Answer::new(status, &content_type, body).send(&mut stream, now(shared))?;
            }
            Some(ProviderFault::Repeat(status)) => {
                let said: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
                let body = json!({"error": "invalid_request", "error_description": said.join(" ")});
                Answer::json(status, &body).send(&mut stream, now(shared))?;
            }
            Some(ProviderFault::Redirect(location)) => Answer::redirect(location).send(&mut stream, now(shared))?,
            Some(ProviderFault::LoseAnswer) => {
                drop(answer(shared, endpoint, &parameters));
                return Ok(());
            }
            Some(ProviderFault::Drip) => drip(&mut stream)?,
            // Until the client or the provider goes.
            Some(ProviderFault::Silent) => drop(reader.head(&mut stream, || ())),
        }
    }
}

/// What time it is, if that is told.
fn now(shared: &Shared) -> Option<OffsetDateTime> {
    let state = shared.state();
    state.tells_time.then(|| state.now())
}

/// Until the client or the provider goes.
fn drip(stream: &mut impl Write) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{")?;
    loop {
        stream.write_all(b" ")?;
        stream.flush()?;
        thread::sleep(Duration::from_millis(10));
    }
}

fn endpoint_of(path: &str) -> ProviderEndpoint {
    match path {
        "/.well-known/openid-configuration" => ProviderEndpoint::Configuration,
        "/authorize" => ProviderEndpoint::Authorize,
        "/token" => ProviderEndpoint::Token,
        "/device_authorization" => ProviderEndpoint::Device,
        "/keys" => ProviderEndpoint::Keys,
        _ => ProviderEndpoint::Unknown,
    }
}

fn parameters(request: &Request) -> Vec<(String, String)> {
    let form = String::from_utf8_lossy(&request.body);
    http::pairs(request.query.as_deref().unwrap_or(&form)).collect()
}

fn answer(shared: &Shared, endpoint: ProviderEndpoint, parameters: &[(String, String)]) -> Answer {
    match endpoint {
        ProviderEndpoint::Configuration => configuration(shared),
        ProviderEndpoint::Authorize => match grant::authorize(shared, parameters) {
            Ok(location) => Answer::redirect(location),
            Err(refusal) => refusal,
        },
        ProviderEndpoint::Token => grant::token(shared, parameters),
        ProviderEndpoint::Device => device::codes(shared, parameters),
        ProviderEndpoint::Keys => Answer::json(200, &json!({"keys": [jwk(&shared.key, tokens::KEY_ID)]})),
        ProviderEndpoint::Unknown => Answer::new(404, "text/plain", b"nothing here".to_vec()),
    }
}

fn configuration(shared: &Shared) -> Answer {
    let at = |path: &str| format!("{}{path}", shared.issuer);
    let configuration = json!({
        "issuer": shared.issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "device_authorization_endpoint": at("/device_authorization"),
        "jwks_uri": at("/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    });
    Answer::json(200, &shared.state().changed(ProviderPart::Configuration, configuration))
}
