//! What is said between client and proxy before the tunnel is open.

use super::super::call_state::CallState;
use super::super::tcp::TcpTransport;
use crate::error::{Error, Stage};

/// A connection to a proxy, and the call that it is for. Each read and write keeps the deadline of the call.
pub(super) struct Talk<'a> {
    call: &'a CallState,
    transport: &'a mut TcpTransport,
}

impl<'a> Talk<'a> {
    pub(super) fn new(call: &'a CallState, transport: &'a mut TcpTransport) -> Self {
        Self { call, transport }
    }

    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.transport.send(self.call, bytes).map_err(|error| self.broken(error))
    }

    /// The next `N` bytes, as soon as they are there.
    pub(super) fn receive<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// The same for a number that is known only now.
    pub(super) fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        while self.transport.received().len() < bytes.len() {
            self.receive_more()?;
        }
        bytes.copy_from_slice(&self.transport.received()[..bytes.len()]);
        self.transport.consume(bytes.len());
        Ok(())
    }

    /// All bytes up to and including `end`, or `None` if it does not come within the first `most` bytes.
    pub(super) fn receive_until(&mut self, end: &[u8], most: usize) -> Result<Option<Vec<u8>>, Error> {
        loop {
            let received = self.transport.received();
            if let Some(at) = received.windows(end.len()).position(|window| window == end) {
                let bytes = received[..at + end.len()].to_vec();
                self.transport.consume(bytes.len());
                return Ok(Some(bytes));
            }
            if received.len() >= most {
                return Ok(None);
            }
            self.receive_more()?;
        }
    }

    /// The proxy wants a login, or another one.
    pub(super) fn login_failed(&self, why: impl Into<String>) -> Error {
        self.call.enter(Stage::ProxyLogin);
        self.failed(why)
    }

    /// The proxy did not do what it was asked for.
    pub(super) fn failed(&self, why: impl Into<String>) -> Error {
        self.call.broken(why.into())
    }

    fn receive_more(&mut self) -> Result<(), Error> {
        match self.transport.receive(self.call) {
            Ok(0) => Err(self.failed("the proxy closed the connection")),
            Ok(_) => Ok(()),
            Err(error) => Err(self.broken(error)),
        }
    }

    fn broken(&self, error: ureq::Error) -> Error {
        match error {
            ureq::Error::Other(inner) => match inner.downcast::<Error>() {
                Ok(ours) => *ours,
                Err(other) => self.failed(other.to_string()),
            },
            ureq::Error::Io(error) => self.failed(format!("the connection to the proxy broke: {error}")),
            other => self.failed(other.to_string()),
        }
    }
}
