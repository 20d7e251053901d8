//! Ending a call from another thread.

use std::fmt;
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Ends calls from any thread. Sticky: once used, every call it was given to fails.
///
/// Clones are the same token.
#[derive(Clone, Default)]
pub struct CancelToken {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    canceled: AtomicBool,
    sockets: Mutex<Sockets>,
}

/// The sockets that calls of a token are using right now.
#[derive(Default)]
struct Sockets {
    next_id: u64,
    in_use: Vec<(u64, Weak<TcpStream>)>,
}

impl CancelToken {
    /// A token that has not been used.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends all calls that were given this token, within 100 ms, and all later ones at once.
    pub fn cancel(&self) {
        // The flag is set before the lock is taken: a socket is either seen here or refused by `attach`.
        self.shared.canceled.store(true, Ordering::SeqCst);
        let in_use = std::mem::take(&mut self.shared.sockets().in_use);
        for stream in in_use.iter().filter_map(|(_, stream)| stream.upgrade()) {
            // Fails only if the peer closed the connection, which ends the call as well.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// True once [`cancel`](Self::cancel) was called.
    pub fn is_canceled(&self) -> bool {
        self.shared.canceled.load(Ordering::SeqCst)
    }

    /// Lets `cancel` shut `stream` down for as long as the attachment lives; `None` if the token was used already.
    pub(super) fn attach(&self, stream: &Arc<TcpStream>) -> Option<Attachment> {
        let mut sockets = self.shared.sockets();
        if self.is_canceled() {
            return None;
        }
        let id = sockets.next_id;
        sockets.next_id += 1;
        sockets.in_use.push((id, Arc::downgrade(stream)));
        Some(Attachment { shared: self.shared.clone(), id })
    }
}

impl Shared {
    fn sockets(&self) -> MutexGuard<'_, Sockets> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelToken").field("canceled", &self.is_canceled()).finish()
    }
}

/// One socket under one token.
pub(super) struct Attachment {
    shared: Arc<Shared>,
    id: u64,
}

impl Attachment {
    /// Ends the attachment. False if the socket was shut down or is about to be: it must not be used again.
    pub(super) fn release(self) -> bool {
        self.detach()
    }

    fn detach(&self) -> bool {
        let mut sockets = self.shared.sockets();
        let before = sockets.in_use.len();
        sockets.in_use.retain(|(id, _)| *id != self.id);
        sockets.in_use.len() < before && !self.shared.canceled.load(Ordering::SeqCst)
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        self.detach();
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::TcpListener;

    use super::*;

    fn connection() -> (Arc<TcpStream>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (Arc::new(near), listener.accept().unwrap().0)
    }

    #[test]
    fn a_socket_in_use_is_shut_down_by_cancel() {
        let (near, mut far) = connection();
        let token = CancelToken::new();
        let attachment = token.attach(&near).unwrap();
        token.clone().cancel();
        assert_eq!(far.read(&mut [0]).unwrap(), 0);
        assert!(!attachment.release());
    }

    #[test]
    fn a_released_socket_is_left_alone() {
        let (near, far) = connection();
        let token = CancelToken::new();
        assert!(token.attach(&near).unwrap().release());
        token.cancel();
        far.set_nonblocking(true).unwrap();
        assert_eq!((&far).read(&mut [0]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    }

    #[test]
    fn a_used_token_takes_no_more_sockets() {
        let (near, _far) = connection();
        let token = CancelToken::new();
        token.cancel();
        assert!(token.is_canceled());
        assert!(token.attach(&near).is_none());
    }

    #[test]
    fn sockets_that_are_gone_leave_nothing_behind() {
        let (near, _far) = connection();
        let token = CancelToken::new();
        drop(token.attach(&near).unwrap());
        assert!(token.shared.sockets().in_use.is_empty());
        assert_eq!(format!("{token:?}"), "CancelToken { canceled: false }");
    }
}
