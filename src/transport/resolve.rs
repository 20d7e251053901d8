//! Names to addresses, within a call's deadline.
//!
//! `getaddrinfo` cannot be interrupted, only left behind. So it runs on a helper thread: one look-up per name, at most
//! four threads in the process, none of which outlives its queue or holds anything but names. All callers of one name
//! wait for the same look-up, each for as long as its own call allows. Literals and names in the cache need no thread.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::call_state::CallState;
use crate::error::Error;

const MAX_THREADS: usize = 4;
const MAX_ADDRESSES: usize = 16;
const KEPT_FOR: Duration = Duration::from_secs(60);

type Addresses = Vec<IpAddr>;
type System = dyn Fn(&str) -> io::Result<Addresses> + Send + Sync;

/// Finds addresses. Clones share cache and look-ups.
#[derive(Clone)]
pub(super) struct Resolver {
    shared: Arc<Shared>,
}

struct Shared {
    system: Box<System>,
    kept_for: Duration,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    process: u32,
    known: HashMap<String, Known>,
    running: HashMap<String, Arc<LookUp>>,
    queue: VecDeque<(String, Arc<LookUp>)>,
    threads: usize,
}

struct Known {
    addresses: Addresses,
    until: Instant,
}

type LookUp = OnceLock<Result<Addresses, String>>;

impl Resolver {
    /// The resolver of this process: the one thing that all clients share.
    pub(super) fn shared() -> Self {
        static SHARED: LazyLock<Resolver> = LazyLock::new(|| Resolver::new(ask_system, KEPT_FOR));
        SHARED.clone()
    }

    /// A resolver with a cache and threads of its own.
    pub(super) fn new(
        system: impl Fn(&str) -> io::Result<Addresses> + Send + Sync + 'static,
        kept_for: Duration,
    ) -> Self {
        let shared = Shared {
            system: Box::new(system),
            kept_for,
            state: Mutex::new(State::new(std::process::id())),
            changed: Condvar::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// All addresses of `host`, which may be a literal; never an empty list.
    pub(super) fn resolve(&self, call: &CallState, host: &str, port: u16) -> Result<Vec<SocketAddr>, Error> {
        let addresses = match host.parse::<IpAddr>() {
            Ok(address) => vec![address],
            Err(_) => self.look_up(call, host)?,
        };
        Ok(addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect())
    }

    /// Makes the next call look `host` up again.
    pub(super) fn forget(&self, host: &str) {
        self.shared.lock().known.remove(host);
    }

    fn look_up(&self, call: &CallState, host: &str) -> Result<Addresses, Error> {
        let mut state = self.shared.lock();
        state.drop_threads_of_a_parent_process();
        if let Some(known) = state.known.get(host).filter(|known| Instant::now() < known.until) {
            return Ok(known.addresses.clone());
        }
        let look_up = match state.running.get(host) {
            Some(running) => running.clone(),
            None => {
                self.start(&mut state, host).map_err(|e| call.broken(format!("cannot look up the name {host}: {e}")))?
            }
        };
        loop {
            if let Some(result) = look_up.get() {
                return result.clone().map_err(|message| call.broken(message));
            }
            let left = call.left().inspect_err(|_| state.leave(host, &look_up))?;
            let waited = self.shared.changed.wait_timeout(state, call.slice(left));
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn start(&self, state: &mut State, host: &str) -> io::Result<Arc<LookUp>> {
        if state.threads < MAX_THREADS {
            let shared = self.shared.clone();
            match thread::Builder::new().name("ziti-resolve".to_owned()).spawn(move || shared.work()) {
                Ok(_) => state.threads += 1,
                Err(error) if state.threads == 0 => return Err(error),
                // One of the threads that exist will come to it.
                Err(_) => {}
            }
        }
        let look_up = Arc::new(LookUp::new());
        state.running.insert(host.to_owned(), look_up.clone());
        state.queue.push_back((host.to_owned(), look_up.clone()));
        Ok(look_up)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a helper thread does: one look-up after another until none is left.
    fn work(&self) {
        loop {
            let mut state = self.lock();
            let Some((host, look_up)) = state.queue.pop_front() else {
                state.threads -= 1;
                return;
            };
            drop(state);
            let result = match (self.system)(&host) {
                Ok(addresses) if addresses.is_empty() => Err(format!("the name {host} has no address")),
                Ok(addresses) => Ok(addresses),
                Err(error) => Err(format!("the name {host} cannot be resolved: {error}")),
            };
            self.finish(host, &look_up, result);
        }
    }

    fn finish(&self, host: String, look_up: &LookUp, result: Result<Addresses, String>) {
        let mut state = self.lock();
        state.running.remove(&host);
        if let Ok(addresses) = &result {
            let now = Instant::now();
            state.known.retain(|_, known| now < known.until);
            state.known.insert(host, Known { addresses: addresses.clone(), until: now + self.kept_for });
        }
        look_up.get_or_init(|| result);
        drop(state);
        self.changed.notify_all();
    }
}

impl State {
    fn new(process: u32) -> Self {
        Self { process, known: HashMap::new(), running: HashMap::new(), queue: VecDeque::new(), threads: 0 }
    }

    /// A forked child has this memory, but none of the threads.
    fn drop_threads_of_a_parent_process(&mut self) {
        let process = std::process::id();
        if self.process != process {
            *self = Self { known: std::mem::take(&mut self.known), ..Self::new(process) };
        }
    }

    /// A caller gives up. A look-up that has not begun is not worth a thread if nobody else waits for it.
    fn leave(&mut self, host: &str, look_up: &Arc<LookUp>) {
        const MAP_AND_QUEUE_AND_CALLER: usize = 3;
        let queued = self.queue.iter().position(|(_, queued)| Arc::ptr_eq(queued, look_up));
        if let Some(position) = queued.filter(|_| Arc::strong_count(look_up) == MAP_AND_QUEUE_AND_CALLER) {
            self.queue.remove(position);
            self.running.remove(host);
        }
    }
}

fn ask_system(host: &str) -> io::Result<Addresses> {
    Ok((host, 0).to_socket_addrs()?.map(|address| address.ip()).take(MAX_ADDRESSES).collect())
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;
    use crate::error::Stage;
    use crate::transport::{Call, CancelToken};

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn names(resolver: &Resolver, host: &str) -> Result<Vec<SocketAddr>, Error> {
        resolver.resolve(Call::new(Duration::from_secs(10), &[]).state(), host, 1280)
    }

    /// Answers each name once it gets a word for it; counts the look-ups.
    fn held_back() -> (Resolver, mpsc::Sender<()>, Arc<AtomicUsize>) {
        let count = Arc::new(AtomicUsize::new(0));
        let (go, wait) = mpsc::channel();
        let (wait, counted) = (Mutex::new(wait), count.clone());
        let system = move |_: &str| {
            counted.fetch_add(1, Ordering::SeqCst);
            let _ = wait.lock().unwrap().recv();
            Ok(vec![HERE])
        };
        (Resolver::new(system, KEPT_FOR), go, count)
    }

    #[test]
    fn literals_are_not_looked_up() {
        let resolver = Resolver::new(|_| panic!("looked up"), KEPT_FOR);
        assert_eq!(names(&resolver, "127.0.0.1").unwrap(), [SocketAddr::new(HERE, 1280)]);
        assert_eq!(names(&resolver, "::1").unwrap()[0].to_string(), "[::1]:1280");
    }

    #[test]
    fn the_system_knows_localhost() {
        assert!(names(&Resolver::shared(), "localhost").unwrap().iter().all(|address| address.ip().is_loopback()));
    }

    #[test]
    fn a_name_is_kept_for_a_while_or_until_it_is_forgotten() {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        let system = move |_: &str| {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(vec![HERE])
        };
        let resolver = Resolver::new(system, Duration::from_millis(200));
        for _ in 0..3 {
            names(&resolver, "a.test").unwrap();
        }
        assert_eq!(count.load(Ordering::SeqCst), 1);
        resolver.forget("a.test");
        names(&resolver, "a.test").unwrap();
        assert_eq!(count.load(Ordering::SeqCst), 2);
        thread::sleep(Duration::from_millis(250));
        names(&resolver, "a.test").unwrap();
        assert_eq!(count.load(Ordering::SeqCst), 3);
        assert_eq!(resolver.shared.lock().known.len(), 1);
    }

    #[test]
    fn a_name_that_cannot_be_resolved_is_asked_again() {
        let resolver = Resolver::new(
            |host| match host {
                "empty.test" => Ok(Vec::new()),
                _ => Err(io::Error::other("no such name")),
            },
            KEPT_FOR,
        );
        for _ in 0..2 {
            let error = names(&resolver, "a.test").unwrap_err().to_string();
            assert!(error.contains("the name a.test cannot be resolved: no such name"), "{error}");
        }
        assert!(names(&resolver, "empty.test").unwrap_err().to_string().contains("has no address"));
    }

    #[test]
    fn callers_of_one_name_share_one_look_up() {
        let (resolver, go, count) = held_back();
        thread::scope(|scope| {
            let callers: Vec<_> = (0..8).map(|_| scope.spawn(|| names(&resolver, "a.test").unwrap())).collect();
            thread::sleep(Duration::from_millis(50));
            go.send(()).unwrap();
            callers.into_iter().for_each(|caller| assert_eq!(caller.join().unwrap().len(), 1));
        });
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn four_names_that_hang_keep_a_fifth_waiting_and_no_longer_than_its_call() {
        let (resolver, go, count) = held_back();
        let short = Duration::from_millis(100);
        for name in ["a.test", "b.test", "c.test", "d.test", "e.test"] {
            let began = Instant::now();
            let call = Call::new(short, &[]);
            call.state().enter(Stage::Resolve);
            let error = resolver.resolve(call.state(), name, 1).unwrap_err();
            assert!(matches!(error, Error::Timeout { stage: Stage::Resolve, .. }), "{error:?}");
            assert!(began.elapsed() < 3 * short);
        }
        assert_eq!(count.load(Ordering::SeqCst), 4);
        assert!(resolver.shared.lock().queue.is_empty(), "nobody waits for the fifth name any more");
        drop(go);
        names(&resolver, "f.test").unwrap();
        assert_eq!(names(&resolver, "a.test").unwrap().len(), 1);
    }

    #[test]
    fn a_cancel_ends_the_wait_for_a_name() {
        let (resolver, _go, _) = held_back();
        let token = CancelToken::new();
        let used = token.clone();
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(30));
            used.cancel();
        });
        let began = Instant::now();
        let call = Call::new(Duration::from_secs(10), &[token]);
        assert!(matches!(resolver.resolve(call.state(), "a.test", 1), Err(Error::Canceled { .. })));
        assert!(began.elapsed() < Duration::from_millis(130));
    }

    #[test]
    fn helper_threads_end_when_nothing_is_left_to_do() {
        let resolver = Resolver::new(|_| Ok(vec![HERE]), KEPT_FOR);
        names(&resolver, "a.test").unwrap();
        let ended = Instant::now() + Duration::from_secs(5);
        while resolver.shared.lock().threads > 0 {
            assert!(Instant::now() < ended);
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn a_forked_child_waits_for_no_thread_of_its_parent() {
        let resolver = Resolver::new(|_| Ok(vec![HERE]), KEPT_FOR);
        {
            let mut state = resolver.shared.lock();
            state.process += 1;
            state.threads = MAX_THREADS;
            state.running.insert("a.test".to_owned(), Arc::new(LookUp::new()));
        }
        assert_eq!(names(&resolver, "a.test").unwrap().len(), 1);
    }
}
