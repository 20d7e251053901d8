//! What only the operating system can tell about a socket.
#![allow(unsafe_code, reason = "poll(2) has no safe wrapper among our dependencies")]

pub(super) use imp::{connected, in_progress, is_quiet};

#[cfg(unix)]
mod imp {
    use std::io;
    use std::net::TcpStream;
    use std::os::fd::{AsFd, AsRawFd};
    use std::time::Duration;

    use socket2::Socket;

    /// Waits at most `slice` for a non-blocking connect to end; true once the socket is connected.
    pub(crate) fn connected(socket: &Socket, slice: Duration) -> io::Result<bool> {
        if !poll(socket, libc::POLLOUT, slice)? {
            return Ok(false);
        }
        match socket.take_error()? {
            Some(error) => Err(error),
            None => Ok(true),
        }
    }

    /// True if the peer has neither sent anything more nor closed the connection.
    pub(crate) fn is_quiet(stream: &TcpStream) -> bool {
        matches!(poll(stream, libc::POLLIN, Duration::ZERO), Ok(false))
    }

    /// True if a non-blocking connect goes on in the background.
    pub(crate) fn in_progress(error: &io::Error) -> bool {
        error.raw_os_error() == Some(libc::EINPROGRESS)
    }

    fn poll(socket: &impl AsFd, events: libc::c_short, timeout: Duration) -> io::Result<bool> {
        let mut entry = libc::pollfd { fd: socket.as_fd().as_raw_fd(), events, revents: 0 };
        let millis = timeout.as_micros().div_ceil(1000).min(60_000) as libc::c_int;
        // SAFETY: `entry` is one initialized pollfd, borrowed by us alone until poll returns; its descriptor is open.
        match unsafe { libc::poll(&mut entry, 1, millis) } {
            -1 => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::Interrupted => Ok(false),
                error => Err(error),
            },
            ready => Ok(ready > 0),
        }
    }
}

#[cfg(not(unix))]
mod imp {
    use std::io;
    use std::net::TcpStream;
    use std::thread;
    use std::time::Duration;

    use socket2::Socket;

    const LOOK_AGAIN: Duration = Duration::from_millis(5);

    /// Waits at most `slice` for a non-blocking connect to end; true once the socket is connected.
    pub(crate) fn connected(socket: &Socket, slice: Duration) -> io::Result<bool> {
        if let Some(error) = socket.take_error()? {
            return Err(error);
        }
        if socket.peer_addr().is_ok() {
            return Ok(true);
        }
        thread::sleep(slice.min(LOOK_AGAIN));
        Ok(false)
    }

    /// True if the peer has neither sent anything more nor closed the connection.
    pub(crate) fn is_quiet(stream: &TcpStream) -> bool {
        let peek = || {
            stream.set_nonblocking(true)?;
            let peeked = stream.peek(&mut [0]);
            stream.set_nonblocking(false)?;
            peeked
        };
        matches!(peek(), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    /// True if a non-blocking connect goes on in the background.
    pub(crate) fn in_progress(error: &io::Error) -> bool {
        error.kind() == io::ErrorKind::WouldBlock
    }
}
