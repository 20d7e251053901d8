//! Catching the browser that comes back, on this machine.

#[cfg(feature = "capi")]
pub(crate) mod ffi;

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::authorization::ProviderLogin;
use crate::error::{Error, Stage};
use crate::secret::Secret;

/// Where the redirect leads if nobody says otherwise.
const PATH: &str = "/auth/callback";
/// Longer requests are none of a browser that comes back.
const MAX_HEAD: usize = 32 * 1024;
/// Browsers open a connection or two in advance.
const MAX_VISITORS: usize = 16;
/// Who has sent no request by then makes room for others.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often to look whether somebody has come.
const LOOK: Duration = Duration::from_millis(20);

/// Waits on this machine for the browser that a provider sends back: an optional help for
/// [`ProviderLogin`].
///
/// It listens from the moment it is made, on the loopback address only, and answers nothing but the redirect of the
/// login that is waited for.
pub struct LoopbackListener {
    listener: TcpListener,
    /// `http://host:port`
    origin: String,
    path: String,
}

impl LoopbackListener {
    /// Listens on 127.0.0.1 at this port, or at any free one for 0. The provider has to know
    /// `http://127.0.0.1:PORT/auth/callback` as a redirect address of the application; many allow any port.
    ///
    /// # Errors
    /// [`Error::Transport`] if the port is taken.
    pub fn bind(port: u16) -> Result<Self, Error> {
        Self::at(&format!("http://127.0.0.1:{port}{PATH}"))
    }

    /// Listens at a redirect address: `http://`, then `127.0.0.1`, `localhost` or `[::1]`, a port, and a path. Without
    /// a port, or with 0, at any free one.
    ///
    /// # Errors
    /// As for [`bind`](Self::bind), and [`Error::InvalidArgument`] for any other address.
    pub fn at(redirect_uri: &str) -> Result<Self, Error> {
        let bad =
            |why: &str| Error::InvalidArgument(format!("redirect address: {why}; expected http://127.0.0.1:port/path"));
        let rest = redirect_uri.strip_prefix("http://").ok_or_else(|| bad("it does not begin with http://"))?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"?#\"<>".contains(&byte);
        if path.len() > MAX_HEAD / 16 || !path.bytes().all(is_plain) {
            return Err(bad("its path is too long, or has a query or characters that have to be escaped"));
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ => (authority, "0"),
        };
        let port = port.parse().map_err(|_| bad("its port is not between 0 and 65535"))?;
        let address: SocketAddr = match host {
            "127.0.0.1" | "localhost" => (Ipv4Addr::LOCALHOST, port).into(),
            "[::1]" => (Ipv6Addr::LOCALHOST, port).into(),
            _ => return Err(bad("it is not on this machine")),
        };
        let (listener, port) = listen(address).map_err(|error| Error::Transport {
            stage: Stage::Connect,
            controller: format!("http://{authority}"),
            message: format!("cannot listen there: {error}"),
        })?;
        let path = if path.is_empty() { "/" } else { path };
        Ok(Self { listener, origin: format!("http://{host}:{port}"), path: path.to_owned() })
    }

    /// The redirect address to begin a login with.
    pub fn redirect_uri(&self) -> String {
        format!("{}{}", self.origin, self.path)
    }

    /// Waits for the browser, at most for `limit`, tells the user to go back to the program, and gives the address that
    /// [`complete`](ProviderLogin::complete) wants. The cancel token of the login ends it, too.
    ///
    /// What does not answer this login is refused, and the wait goes on.
    ///
    /// # Errors
    /// [`Error::Timeout`] or [`Error::Canceled`].
    pub fn wait(&self, login: &ProviderLogin, limit: Duration) -> Result<Secret, Error> {
        let call = login.options().reach.call_within(limit);
        let mut visitors = Vec::new();
        loop {
            self.welcome(&mut visitors);
            let mut came_back = None;
            visitors.retain_mut(|visitor| match visitor.read() {
                Heard::NotYet => visitor.since.elapsed() < PATIENCE,
                Heard::Over => false,
                Heard::TooMuch => visitor.answer(431, "This is more than was asked for."),
                Heard::Head => match self.judge(login, &visitor.head) {
                    Ok((url, page)) => {
                        came_back = Some(url);
                        visitor.answer(200, page)
                    }
                    Err((status, page)) => visitor.answer(status, page),
                },
            });
            if let Some(url) = came_back {
                return Ok(url);
            }
            call.pause(LOOK)?;
        }
    }

    /// Lets in who has come since. Where there are too many, the first goes.
    fn welcome(&self, visitors: &mut Vec<Visitor>) {
        for _ in 0..MAX_VISITORS {
            let Ok((stream, _)) = self.listener.accept() else { return };
            if stream.set_nonblocking(true).is_err() {
                continue;
            }
            if visitors.len() == MAX_VISITORS {
                visitors.remove(0);
            }
            visitors.push(Visitor { stream, head: Zeroizing::default(), since: Instant::now() });
        }
    }

    /// The redirect that a request is, with a page for the user; or what to answer it.
    fn judge(&self, login: &ProviderLogin, head: &[u8]) -> Result<(Secret, &'static str), (u16, &'static str)> {
        let bad = (400, "This is not the answer that the program waits for.");
        let head = str::from_utf8(head).map_err(|_| bad)?;
        let mut lines = head.split("\r\n");
        let mut words = lines.next().unwrap_or_default().split(' ');
        let (Some(method), Some(target), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(bad);
        };
        // A page of elsewhere whose name leads here has another host.
        let fields = lines.filter_map(|line| line.split_once(':'));
        let mut hosts = fields.filter(|(name, _)| name.eq_ignore_ascii_case("host")).map(|(_, host)| host.trim());
        let is_ours = |host: &str| self.origin == format!("http://{}", host.to_ascii_lowercase());
        if !version.starts_with("HTTP/1.") || !hosts.next().is_some_and(is_ours) || hosts.next().is_some() {
            return Err(bad);
        }
        if target.split('?').next() != Some(&self.path) {
            return Err((404, "There is nothing here."));
        }
        if method != "GET" {
            return Err((405, "There is nothing to be done here."));
        }
        let url = Secret::new(format!("{}{target}", self.origin));
        let redirect = login.answer(url.expose()).map_err(|_| bad)?;
        let page = match redirect.get("error") {
            None => "You are logged in. You can close this window and go back to the program.",
            Some(_) => "The login did not succeed. Go back to the program to see why.",
        };
        Ok((url, page))
    }
}

fn listen(address: SocketAddr) -> io::Result<(TcpListener, u16)> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

impl fmt::Debug for LoopbackListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoopbackListener").field("redirect_uri", &self.redirect_uri()).finish()
    }
}

/// A connection that somebody opened.
struct Visitor {
    stream: TcpStream,
    /// What came so far. There may be a code in it.
    head: Zeroizing<Vec<u8>>,
    since: Instant,
}

/// What came over a connection.
enum Heard {
    NotYet,
    /// All of the head, without the empty line.
    Head,
    TooMuch,
    Over,
}

impl Visitor {
    /// Takes what is there, without waiting.
    fn read(&mut self) -> Heard {
        let mut bytes = Zeroizing::new([0; 4096]);
        loop {
            match self.stream.read(bytes.as_mut_slice()) {
                Ok(0) => return Heard::Over,
                Ok(amount) => self.head.extend_from_slice(&bytes[..amount]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Heard::NotYet,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Heard::Over,
            }
            if let Some(end) = self.head.windows(4).position(|four| four == b"\r\n\r\n") {
                self.head.truncate(end);
                return Heard::Head;
            }
            if self.head.len() > MAX_HEAD {
                return Heard::TooMuch;
            }
        }
    }

    /// Says one sentence, which fits into any socket's buffer. Always the last thing that is done: false.
    fn answer(&mut self, status: u16, sentence: &str) -> bool {
        let reason = if status == 200 { "OK" } else { "No" };
        let page = format!("<!DOCTYPE html><html lang=\"en\"><title>Login</title><p>{sentence}</p></html>\n");
        let answer = format!(
            "HTTP/1.1 {status} {reason}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
             Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n\
             Content-Security-Policy: default-src 'none'\r\nConnection: close\r\n\r\n{page}",
            page.len()
        );
        // Whether the browser still wants to see it does not matter.
        let _ = self.stream.write_all(answer.as_bytes());
        let _ = self.stream.shutdown(Shutdown::Write);
        false
    }
}
