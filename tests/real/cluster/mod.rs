//! A real cluster: three controllers of one network on loopback, that are killed, silenced and started again.

mod logins;
mod member;
mod node;
mod outage;
mod writes;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::admin::Admin;
use crate::quickstart::{ADMIN, LOOPBACK, PAUSE, free_port, on_loopback, scrubbed};
use crate::target;
use node::Node;

const NODES: usize = 3;
/// Three nodes make a dozen RSA keys, on a machine that may have other work.
const START_LIMIT: Duration = Duration::from_secs(240);
/// A dead or silent leader is replaced within seconds, and a node that comes back has to catch up.
const HEAL_LIMIT: Duration = Duration::from_secs(120);

/// One test, of one cluster that is whole when it begins. It may leave it in any state.
pub(crate) type Story = fn(&mut Cluster);

/// All tests by name.
pub(crate) fn all() -> impl Iterator<Item = &'static (&'static str, Story)> {
    [logins::ALL, writes::ALL, outage::ALL].into_iter().flatten()
}

/// A cluster that tests use one after the other. It starts with the first of them.
pub(crate) struct Shared(LazyLock<Started, Box<dyn FnOnce() -> Started + Send>>);

type Started = Result<Mutex<Cluster>, String>;

impl Shared {
    pub(crate) fn new(program: PathBuf) -> Self {
        // The program gives itself five seconds to make its administrator, which a busy machine may not have.
        let start = move || Cluster::start(&program).or_else(|_| Cluster::start(&program)).map(Mutex::new);
        Self(LazyLock::new(Box::new(start)))
    }

    /// Tells a story of a cluster that is whole.
    pub(crate) fn tell(&self, story: Story) -> Result<(), String> {
        let cluster = self.0.as_ref().map_err(String::clone)?;
        // A story that failed leaves a cluster that can be made whole, as every other one does.
        let mut cluster = cluster.lock().unwrap_or_else(PoisonError::into_inner);
        cluster.heal()?;
        story(&mut cluster);
        Ok(())
    }
}

/// True if the program can start nodes of a cluster by itself.
pub(crate) fn is_possible(program: &Path) -> bool {
    cfg!(unix) && help_of(program, &["edge", "quickstart", "join"]).contains("--cluster-member")
}

/// What begins a cluster: older programs have a command of its own for that.
fn first_command(program: &Path) -> &'static [&'static str] {
    let has_own = help_of(program, &["edge", "quickstart", "ha"]).contains("quickstart ha [flags]");
    if has_own { &["edge", "quickstart", "ha"] } else { &["edge", "quickstart"] }
}

fn help_of(program: &Path, command: &[&str]) -> String {
    let output = scrubbed(program).args(command).arg("--help").output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
}

/// Three nodes. They are killed, and their folder is removed, when this is dropped.
pub(crate) struct Cluster {
    nodes: Vec<Node>,
    // After the nodes, which write into it.
    folder: TempDir,
}

impl Cluster {
    fn start(program: &Path) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let ports = (0..NODES).map(|_| free_port()).collect::<Result<Vec<_>, _>>()?;
        let mut cluster = Self { nodes: Vec::new(), folder };
        let first = cluster.quickstart(program, first_command(program), 0, ports[0]);
        cluster.begin(program, 0, ports[0], first)?;
        cluster.wait_for(START_LIMIT, |cluster| cluster.log_in(0).map(drop))?;
        for (index, port) in ports.iter().enumerate().skip(1) {
            let mut command = cluster.quickstart(program, &["edge", "quickstart", "join"], index, *port);
            command.args(["--cluster-member", &format!("tls:{LOOPBACK}:{}", ports[0])]);
            cluster.begin(program, index, *port, command)?;
        }
        cluster.wait_for(START_LIMIT, |cluster| cluster.whole())?;
        Ok(cluster)
    }

    fn quickstart(&self, program: &Path, words: &[&str], index: usize, port: u16) -> Command {
        let mut command = scrubbed(program);
        command
            .args(words)
            .arg("--home")
            .arg(self.folder.path())
            .args(["--instance-id", &name_of(index), "--trust-domain", "zec-test", "--no-router"])
            .args(["--ctrl-address", LOOPBACK, "--ctrl-port", &port.to_string()]);
        command
    }

    fn begin(&mut self, program: &Path, index: usize, port: u16, mut command: Command) -> Result<(), String> {
        let folder = self.folder.path();
        let mut again = scrubbed(program);
        on_loopback(&mut command, folder);
        on_loopback(&mut again, folder);
        again.args(["controller", "run"]).arg(folder.join(name_of(index)).join("ctrl.yaml"));
        let log: PathBuf = folder.join(format!("{}.log", name_of(index)));
        self.nodes.push(Node::start(port, log, command, again)?);
        Ok(())
    }

    /// Makes all nodes run and agree on a leader.
    fn heal(&mut self) -> Result<(), String> {
        for node in &mut self.nodes {
            node.revive()?;
        }
        self.wait_for(HEAL_LIMIT, |cluster| cluster.whole())
    }

    /// Whether the leader sees every node, and every node serves.
    fn whole(&self) -> Result<(), String> {
        let members = self.members(self.find_leader()?)?;
        let connected = members.iter().filter(|member| member["connected"] == true).count();
        if connected < NODES {
            return Err(format!("the leader sees {connected} of {NODES} nodes"));
        }
        (0..NODES).try_for_each(|index| self.log_in(index).map(drop))
    }

    /// The node that leads, in the opinion of any that runs.
    fn find_leader(&self) -> Result<usize, String> {
        let mut problem = "no node runs".to_owned();
        for asked in self.running() {
            match self.members(asked).map(|members| self.leader_of(&members)) {
                Ok(Some(leader)) => return Ok(leader),
                Ok(None) => problem = "no node leads".to_owned(),
                Err(error) => problem = error,
            }
        }
        Err(problem)
    }

    fn leader_of(&self, members: &[serde_json::Value]) -> Option<usize> {
        let leader = members.iter().find(|member| member["leader"] == true)?["id"].as_str()?;
        self.running().find(|index| name_of(*index) == leader)
    }

    fn members(&self, asked: usize) -> Result<Vec<serde_json::Value>, String> {
        self.log_in(asked)?.cluster_members()
    }

    /// The node that leads, and the two others.
    pub(crate) fn roles(&self) -> [usize; NODES] {
        let leader = self.find_leader().expect("a cluster that is whole has a leader");
        [leader, (leader + 1) % NODES, (leader + 2) % NODES]
    }

    /// Waits until a node has noticed that nobody leads: until then it passes writes on, and waits for their answers.
    pub(crate) fn wait_until_nobody_leads(&mut self, asked: usize) {
        let nobody_leads = |cluster: &Self| {
            let leads = cluster.members(asked)?.iter().any(|member| member["leader"] == true);
            if leads { Err(format!("node {asked} still sees a leader")) } else { Ok(()) }
        };
        self.wait_for(HEAL_LIMIT, nobody_leads).unwrap_or_else(|problem| panic!("{problem}"));
    }

    fn running(&self) -> impl Iterator<Item = usize> + '_ {
        (0..NODES).filter(|index| self.nodes.get(*index).is_some_and(Node::is_running))
    }

    /// The address of a node.
    pub(crate) fn url(&self, index: usize) -> String {
        format!("https://{LOOPBACK}:{}", self.nodes[index].port())
    }

    /// The administrator at a node.
    pub(crate) fn admin(&self, index: usize) -> Admin {
        self.log_in(index).unwrap_or_else(|problem| panic!("node {index}: {problem}\n{}", self.last_words()))
    }

    fn log_in(&self, index: usize) -> Result<Admin, String> {
        let roots = fs::read_to_string(self.folder.path().join("pki/root-ca/certs/root-ca.cert"));
        let roots = roots.map_err(|error| format!("the root CA: {error}"))?;
        Admin::log_in(&self.url(index), ADMIN, ADMIN, &target::certificates(&roots))
    }

    /// Kills a node: what it was about to answer is lost.
    pub(crate) fn kill(&mut self, index: usize) {
        self.nodes[index].kill();
    }

    /// Stops a node without a word to anybody: its connections stay open, and new ones are accepted by the kernel.
    pub(crate) fn silence(&mut self, index: usize) {
        self.nodes[index].silence();
    }

    /// Starts all nodes that were killed, and does not wait for them.
    pub(crate) fn revive(&mut self) {
        self.nodes.iter_mut().for_each(|node| node.revive().expect("a node that ran starts again"));
    }

    fn wait_for(&mut self, limit: Duration, attempt: impl Fn(&Self) -> Result<(), String>) -> Result<(), String> {
        let start = Instant::now();
        loop {
            let Err(problem) = attempt(self) else { return Ok(()) };
            let ended = self.nodes.iter_mut().find_map(Node::ended);
            if let Some(status) = ended {
                return Err(format!("a node of the cluster ended: {status}\n{}", self.last_words()));
            }
            if start.elapsed() > limit {
                let seconds = limit.as_secs();
                return Err(format!("the cluster is not ready after {seconds} s: {problem}\n{}", self.last_words()));
            }
            thread::sleep(PAUSE);
        }
    }

    /// The end of what each node printed.
    fn last_words(&self) -> String {
        let words = |(index, node): (usize, &Node)| format!("--- {}:\n{}", name_of(index), node.last_words());
        self.nodes.iter().enumerate().map(words).collect::<Vec<_>>().join("\n")
    }
}

fn name_of(index: usize) -> String {
    format!("c{}", index + 1)
}
