//! A TCP connection whose every read and write keeps the deadline of the call it works for.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use ureq::unversioned::transport::{Buffers, LazyBuffers, NextTimeout, Transport};
use zeroize::Zeroize;

use super::call_state::CallState;
use super::cancel::Attachment;
use super::connect::into_ureq;
use super::platform;
use crate::error::{Error, Stage};

pub(super) const INPUT_BUFFER: usize = 32 * 1024;
/// Holds the longest line of a head: access tokens with many claims take more than 16 KiB.
pub(super) const OUTPUT_BUFFER: usize = 40 * 1024;

/// The longest a read or write blocks before the deadline is looked at again. A fixed value spares setting the
/// socket's time-out for each call: only the last second of a call needs another one.
const LONGEST_BLOCK: Duration = Duration::from_secs(1);
/// A time-out that is set already is good enough if it differs by less.
const CLOSE_ENOUGH: Duration = Duration::from_millis(40);
/// Zero would mean "no time-out" to the system.
const SHORTEST_BLOCK: Duration = Duration::from_millis(1);

/// A TCP connection as ureq wants it.
pub(super) struct TcpTransport {
    stream: Arc<TcpStream>,
    buffers: LazyBuffers,
    read_timeout: Duration,
    write_timeout: Duration,
    /// Who may shut the socket down, while a call uses it.
    attachments: Vec<Attachment>,
}

impl TcpTransport {
    pub(super) fn new(stream: TcpStream, call: &CallState) -> Result<Self, Error> {
        let mut transport = Self {
            stream: Arc::new(stream),
            buffers: LazyBuffers::new(INPUT_BUFFER, OUTPUT_BUFFER),
            read_timeout: Duration::ZERO,
            write_timeout: Duration::ZERO,
            attachments: Vec::new(),
        };
        transport.attach(call)?;
        Ok(transport)
    }

    /// Lets the call's cancel tokens shut the socket down until [`is_open`](Transport::is_open) ends its use.
    fn attach(&mut self, call: &CallState) -> Result<(), Error> {
        if !self.attachments.is_empty() {
            return Ok(());
        }
        for token in call.cancels() {
            let attachment = token.attach(&self.stream);
            self.attachments.push(attachment.ok_or_else(|| Error::Canceled { stage: call.stage() })?);
        }
        Ok(())
    }

    /// Sends what is meant for a proxy, and wipes it from the buffer: it may hold a password.
    pub(super) fn send(&mut self, call: &CallState, bytes: &[u8]) -> Result<(), ureq::Error> {
        for piece in bytes.chunks(OUTPUT_BUFFER) {
            self.buffers.output()[..piece.len()].copy_from_slice(piece);
            let outcome = self.write(call, piece.len());
            self.buffers.output()[..piece.len()].zeroize();
            outcome?;
        }
        Ok(())
    }

    /// Reads what has come, and tells how much that is; 0 once the peer has closed the connection.
    pub(super) fn receive(&mut self, call: &CallState) -> Result<usize, ureq::Error> {
        let amount = self.read(call)?;
        self.buffers.input_appended(amount);
        Ok(amount)
    }

    /// What was read and not used yet.
    pub(super) fn received(&self) -> &[u8] {
        self.buffers.input()
    }

    pub(super) fn consume(&mut self, amount: usize) {
        self.buffers.input_consume(amount);
    }

    fn read(&mut self, call: &CallState) -> Result<usize, ureq::Error> {
        self.attach(call).map_err(into_ureq)?;
        loop {
            let left = call.left().map_err(into_ureq)?;
            block_at_most(left, &mut self.read_timeout, |timeout| self.stream.set_read_timeout(Some(timeout)))?;
            match (&*self.stream).read(self.buffers.input_append_buf()) {
                Err(error) if is_early(&error) => {}
                Ok(amount) if amount > 0 => return Ok(amount),
                ended => {
                    // A socket that a cancel shut down looks like one that the peer closed.
                    call.left().map_err(into_ureq)?;
                    return Ok(ended?);
                }
            }
        }
    }

    fn write(&mut self, call: &CallState, amount: usize) -> Result<(), ureq::Error> {
        self.attach(call).map_err(into_ureq)?;
        let mut written = 0;
        while written < amount {
            let left = call.left().map_err(into_ureq)?;
            block_at_most(left, &mut self.write_timeout, |timeout| self.stream.set_write_timeout(Some(timeout)))?;
            match (&*self.stream).write(&self.buffers.output()[written..amount]) {
                Err(error) if is_early(&error) => {}
                Ok(more) if more > 0 => {
                    written += more;
                    if call.stage() == Stage::Send {
                        call.request_left();
                    }
                }
                ended => {
                    call.left().map_err(into_ureq)?;
                    ended?;
                    return Err(io::Error::from(io::ErrorKind::WriteZero).into());
                }
            }
        }
        Ok(())
    }
}

impl Transport for TcpTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        let call = CallState::current()?;
        self.write(&call, amount)
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        let call = CallState::current()?;
        Ok(self.receive(&call)? > 0)
    }

    /// ureq asks before a connection goes into its pool and when it comes out. From here on no cancel token reaches
    /// the socket until the next read or write; one that was used already keeps it out of the pool.
    fn is_open(&mut self) -> bool {
        let untouched = self.attachments.drain(..).all(Attachment::release);
        untouched && self.buffers.input().is_empty() && platform::is_quiet(&self.stream)
    }
}

impl fmt::Debug for TcpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpTransport").field("peer", &self.stream.peer_addr().ok()).finish_non_exhaustive()
    }
}

/// Sets the socket's time-out so that it ends at most [`CLOSE_ENOUGH`] after `left`.
fn block_at_most(
    left: Duration,
    current: &mut Duration,
    set: impl FnOnce(Duration) -> io::Result<()>,
) -> io::Result<()> {
    let wanted = left.clamp(SHORTEST_BLOCK, LONGEST_BLOCK);
    if wanted.abs_diff(*current) > CLOSE_ENOUGH || current.is_zero() {
        set(wanted)?;
        *current = wanted;
    }
    Ok(())
}

/// The read or write came back before anything happened: whether it goes on is for the call to say.
fn is_early(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}
