//! What only the operating system can tell: about a socket, and how long the machine has been up.
#![allow(unsafe_code, reason = "poll(2) and clock_gettime(2) have no safe wrapper among our dependencies")]

pub(super) use imp::{connected, in_progress, is_quiet};
pub(crate) use up::since_boot;

#[cfg(any(target_os = "linux", target_os = "android", target_os = "macos", target_os = "ios"))]
mod up {
    use std::time::Duration;

    /// On Apple's systems the clock of this name goes on while the machine sleeps.
    #[cfg(any(target_os = "macos", target_os = "ios"))]
    const CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const CLOCK: libc::clockid_t = libc::CLOCK_BOOTTIME;

    /// The time since the machine was started, or since some other moment that stays the same, with the time in which
    /// it slept. `None` where the system does not tell.
    pub(crate) fn since_boot() -> Option<Duration> {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: `time` is an initialized timespec, borrowed by us alone until the function returns.
        let done = unsafe { libc::clock_gettime(CLOCK, &mut time) } == 0;
        let (seconds, nanos) = (u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?);
        done.then(|| Duration::new(seconds, nanos))
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos", target_os = "ios")))]
mod up {
    use std::time::Duration;

    /// Unknown: elsewhere `Instant` itself goes on while the machine sleeps, or nothing does.
    pub(crate) fn since_boot() -> Option<Duration> {
        None
    }
}

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
