//! A cluster on one machine, for trying things out: `up` and `down`.
//!
//! Every agent lives in a network namespace of its own behind a bridge, so that it has its own
//! address and its own ports. Whatever belongs to a cluster carries its name or lies in its
//! directory; `down` finds it by that and needs nobody's memory, also after kill -9 of any part.

mod keys;
mod leftovers;
mod network;

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use fairground_workloads::{say, words};
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::isolation::store;
use crate::web;
use keys::Keys;
pub(crate) use keys::credential_for;
use leftovers::Found;
use network::Network;

/// Where the directories of clusters are.
const CLUSTERS: &str = "/var/lib/fairground";
/// What a cluster is called that was given no name.
const DEFAULT_NAME: &str = "local";
/// How long a cluster has to come up.
const START: Duration = Duration::from_secs(30);
/// The most agents one bridge has addresses for.
const MOST: u32 = 200;

/// Which cluster of this machine is meant.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Which {
    /// What the cluster is called: up to 6 small letters and digits
    #[arg(long, default_value = DEFAULT_NAME, value_parser = read_name)]
    name: String,
}

/// Starts a cluster on this machine: a master, and agents in network namespaces of their own.
#[derive(clap::Args, Debug)]
pub struct UpArgs {
    #[command(flatten)]
    which: Which,
    /// How many agents
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST)))]
    agents: u32,
    /// What every agent gives to tasks
    #[arg(long, default_value = "cpus:1;mem:1024;disk:1024;ports:[31000-32000]")]
    resources: String,
    /// Where the master listens
    #[arg(long, default_value = "127.0.0.1:5050")]
    listen: SocketAddr,
    /// Ask nobody who they are, also where other machines can reach the master
    #[arg(long)]
    insecure: bool,
    /// The first three numbers of the addresses behind the bridge
    #[arg(long, default_value = "10.87.0")]
    subnet: String,
    /// The policy of the first level, as in `fairground policies`
    #[arg(long, default_value = "drf[round=1s]")]
    allocator: String,
    /// Run tasks as root for frameworks that ask for it
    #[arg(long)]
    allow_root: bool,
}

/// Ends a cluster on this machine and leaves nothing of it.
#[derive(clap::Args, Debug)]
pub struct DownArgs {
    #[command(flatten)]
    which: Which,
}

/// What a cluster consists of.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) which: &'a Which,
    /// What every agent gives to tasks.
    pub(crate) resources: Vec<String>,
    pub(crate) listen: SocketAddr,
    pub(crate) subnet: &'a str,
    pub(crate) allocator: &'a str,
    pub(crate) seed: u64,
    /// How much roles count: `role=2`.
    pub(crate) weights: Vec<String>,
    /// Whether tasks may be root's.
    pub(crate) allow_root: bool,
    /// Directories that tasks do not see, whoever they are.
    pub(crate) hidden: Vec<PathBuf>,
    /// Whether frameworks, agents and whoever ends something are asked who they are.
    pub(crate) asks: bool,
}

pub(crate) fn read_name(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    // Names of network interfaces have 15 characters.
    if (1..=6).contains(&text.len()) && text.chars().all(fits) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "`{text}` is not a name; expected 1 to 6 small letters and digits"
    ))
}

impl Which {
    pub(crate) fn called(name: &str) -> Self {
        Self {
            name: name.to_owned(),
        }
    }

    /// The directory of everything it writes.
    pub(crate) fn folder(&self) -> PathBuf {
        Path::new(CLUSTERS).join(&self.name)
    }

    /// Where its keys and its log are.
    pub(crate) fn secrets(&self) -> Vec<PathBuf> {
        let folder = self.folder();
        vec![Keys::folder(&folder), folder.join("master")]
    }

    /// The beginning of the name of everything that is not in the folder.
    fn prefix(&self) -> String {
        format!("fg-{}", self.name)
    }

    fn found(&self) -> anyhow::Result<Found> {
        Found::look(&self.folder(), &self.prefix())
    }

    /// Whether its master was told to listen there.
    fn listens_at(&self, address: SocketAddr) -> bool {
        let address = address.to_string();
        let is_its_master =
            |args: &[String]| args.iter().any(|arg| arg == "master") && args.contains(&address);
        self.found()
            .is_ok_and(|found| found.any_process(is_its_master))
    }

    /// What ends it.
    fn down(&self) -> String {
        match self.name.as_str() {
            DEFAULT_NAME => "fairground-real down".to_owned(),
            name => format!("fairground-real down --name {name}"),
        }
    }
}

impl Plan<'_> {
    /// The address of the master and of this machine inside the cluster's network.
    pub(crate) fn inside(&self) -> anyhow::Result<IpAddr> {
        Network::new(&self.which.prefix(), self.subnet).bridge_address()
    }

    /// Starts the cluster.
    ///
    /// # Errors
    /// When something of that name is there already, or a part does not start.
    pub(crate) fn begin(&self) -> anyhow::Result<()> {
        check_root()?;
        let found = self.which.found()?;
        let name = &self.which.name;
        if !found.is_empty() {
            bail!(
                "something of a cluster called `{name}` is there: {found}; end it with `{}`",
                self.which.down()
            );
        }
        self.check_address()?;
        let folder = self.which.folder();
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let begun = start(self, &folder);
        if begun.is_err() {
            clean_up(self.which)?;
        }
        begun
    }
}

impl Plan<'_> {
    /// Nobody may listen at the master's address: what answers there would be taken for it.
    fn check_address(&self) -> anyhow::Result<()> {
        let Err(error) = TcpListener::bind(self.listen) else {
            return Ok(());
        };
        let known = clusters().find(|which| which.listens_at(self.listen));
        let whose = known.map_or(String::new(), |which| {
            let name = which.name;
            format!(" by the cluster `{name}` (`fairground-real down --name {name}` ends it)")
        });
        bail!(
            "--listen {}: {error}{whose}; choose another address, as in --listen {}:{} --subnet 10.87.1",
            self.listen,
            self.listen.ip(),
            self.listen.port().wrapping_add(1).max(1024)
        );
    }
}

/// The clusters of this machine, by their directories.
fn clusters() -> impl Iterator<Item = Which> {
    let folders = std::fs::read_dir(CLUSTERS).into_iter().flatten().flatten();
    let names = folders.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter_map(|name| Some(Which::called(&read_name(&name).ok()?)))
}

fn check_root() -> anyhow::Result<()> {
    if nix::unistd::geteuid().is_root() {
        return Ok(());
    }
    bail!("network namespaces and control groups need root; run it with sudo")
}

/// Starts a cluster.
///
/// # Errors
/// When something of that name is there already, or a part does not start.
pub fn up(args: &UpArgs) -> anyhow::Result<ExitCode> {
    if args.listen.port() == 0 {
        bail!(
            "--listen {}: agents have to be told the port; name one",
            args.listen
        );
    }
    let plan = Plan {
        which: &args.which,
        resources: vec![args.resources.clone(); args.agents as usize],
        listen: args.listen,
        subnet: &args.subnet,
        allocator: &args.allocator,
        seed: 0,
        weights: Vec::new(),
        allow_root: args.allow_root,
        // Other agents' and other clusters', too.
        hidden: vec![CLUSTERS.into()],
        asks: !args.insecure,
    };
    plan.begin()?;
    words::print(format!("{}\n", args.listen))?;
    say!(
        "{} up; end the cluster with `{}`",
        match args.agents {
            1 => "1 agent is".to_owned(),
            more => format!("{more} agents are"),
        },
        args.which.down()
    );
    Ok(ExitCode::SUCCESS)
}

fn start(plan: &Plan<'_>, folder: &Path) -> anyhow::Result<()> {
    let network = Network::new(&plan.which.prefix(), plan.subnet);
    network.make_bridge()?;
    let inside = SocketAddr::new(network.bridge_address()?, plan.listen.port());
    let listen = [plan.listen.to_string(), inside.to_string()];
    let work = folder.join("master");
    let work = work.to_str().context("the directory's name is UTF-8")?;
    // Only this machine and the namespaces have a way to the bridge's address.
    let seed = plan.seed.to_string();
    let mut master = vec![
        "master",
        "--work-dir",
        work,
        "--listen",
        &listen[0],
        // The bridge's address is one of all there are.
        if plan.listen.ip().is_unspecified() {
            "--advertise"
        } else {
            "--listen"
        },
        &listen[1],
        "--allocator",
        plan.allocator,
        "--seed",
        &seed,
        "--ping",
        "2s",
        "--cluster",
        &plan.which.name,
    ];
    let keys = plan.asks.then(|| Keys::make(folder, plan.listen));
    let keys = keys.transpose()?;
    let [credentials, credential] = match &keys {
        Some(keys) => [&keys.credentials, &keys.agent].map(|path| path.display().to_string()),
        None => [const { String::new() }; 2],
    };
    if plan.asks {
        master.extend(["--credentials", &credentials]);
    } else {
        master.push("--insecure");
    }
    let hidden = plan.hidden.iter().map(|path| path.display().to_string());
    let hidden: Vec<String> = hidden.collect();
    for weight in &plan.weights {
        master.extend(["--weight", weight]);
    }
    let mut parts = Parts {
        folder,
        listen: plan.listen,
        started: Vec::new(),
    };
    parts.spawn("master", None, &master)?;
    // A master that does not come up, for its policy or its port, is told before anything else is made.
    parts.wait_for_agents(0)?;
    for (index, resources) in (0..).zip(&plan.resources) {
        let namespace = network.make_namespace(index)?;
        let name = format!("agent-{index}");
        let own = format!("{}:5051", network.agent_address(index));
        let work = folder.join(&name);
        let work = work.to_str().context("the directory's name is UTF-8")?;
        let mut agent = vec![
            "agent",
            "--master",
            &listen[1],
            "--work-dir",
            work,
            "--listen",
            &own,
            "--hostname",
            &name,
            "--cgroup-prefix",
            &namespace,
            "--resources",
            resources,
        ];
        if plan.asks {
            agent.extend(["--credential", &credential]);
        } else {
            agent.push("--insecure");
        }
        for place in &hidden {
            agent.extend(["--hide", place]);
        }
        if plan.allow_root {
            agent.push("--allow-root");
        }
        parts.spawn(&name, Some(&namespace), &agent)?;
    }
    parts.wait_for_agents(plan.resources.len())
}

/// The processes of a cluster that is being started.
struct Parts<'a> {
    folder: &'a Path,
    listen: SocketAddr,
    started: Vec<(String, Child)>,
}

impl Parts<'_> {
    /// Starts this program in the background; what it says goes to a file of the folder.
    fn spawn(&mut self, name: &str, namespace: Option<&str>, args: &[&str]) -> anyhow::Result<()> {
        let path = self.folder.join(format!("{name}.words"));
        let words = store::private(&path).with_context(|| path.display().to_string())?;
        let program = std::env::current_exe()?;
        // Out of reach of the terminal's signals; `ip netns exec` would hide the control groups.
        let mut command = Command::new("setsid");
        if let Some(namespace) = namespace {
            command
                .arg("nsenter")
                .arg(format!("--net=/run/netns/{namespace}"));
        }
        command.arg(program).args(args);
        command
            .stdin(Stdio::null())
            .stdout(words.try_clone()?)
            .stderr(words);
        let child = command
            .spawn()
            .with_context(|| format!("setsid, to start {name}"))?;
        self.started.push((name.to_owned(), child));
        Ok(())
    }

    /// Waits until the master says that so many agents are there.
    fn wait_for_agents(&mut self, agents: usize) -> anyhow::Result<()> {
        let begun = Instant::now();
        let url = format!("http://{}/metrics/snapshot", self.listen);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        loop {
            let active = runtime.block_on(async {
                let answer = web::client().ok()?.get(&url).send().await.ok()?;
                let numbers: Value = answer.json().await.ok()?;
                numbers["master/slaves_active"].as_f64()
            });
            // Asked last: whoever answered may have been another's master.
            self.all_live()?;
            if active.is_some_and(|active| active >= agents as f64) {
                return Ok(());
            }
            if begun.elapsed() > START {
                bail!(
                    "{} of {agents} agents are up after {} s; they said:\n{}",
                    active.unwrap_or(0.0),
                    START.as_secs(),
                    words(self.folder)
                );
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// That none of them has ended.
    fn all_live(&mut self) -> anyhow::Result<()> {
        for (name, child) in &mut self.started {
            if let Some(status) = child.try_wait()? {
                let path = self.folder.join(format!("{name}.words"));
                let said = std::fs::read_to_string(&path).unwrap_or_default();
                let said = said.trim_end().trim_start_matches("fairground-real: ");
                bail!("{name} ended at once ({status}):\n{said}");
            }
        }
        Ok(())
    }
}

/// The last lines of what the parts said.
fn words(folder: &Path) -> String {
    let mut all = String::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "words")
        {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let lines: Vec<&str> = text.lines().rev().take(3).collect();
            for line in lines.into_iter().rev() {
                writeln!(all, "{}: {line}", path.display()).expect("text can be written");
            }
        }
    }
    all
}

/// Ends a cluster.
///
/// # Errors
/// When something cannot be ended, saying what.
pub fn down(args: &DownArgs) -> anyhow::Result<ExitCode> {
    check_root()?;
    if args.which.found()?.is_empty() {
        say!("nothing of a cluster called `{}` is there", args.which.name);
        return Ok(ExitCode::FAILURE);
    }
    clean_up(&args.which)?;
    Ok(ExitCode::SUCCESS)
}

/// Asks agents to end their tasks and themselves, then ends by force whatever is left.
pub(crate) fn clean_up(which: &Which) -> anyhow::Result<()> {
    let found = which.found()?;
    found.signal(Signal::SIGUSR1, |args| {
        args.iter().any(|arg| arg == "agent")
    });
    wait_while(Duration::from_secs(8), || {
        Ok(which
            .found()?
            .any_process(|args| args.iter().any(|arg| arg == "agent")))
    })?;
    found.signal(Signal::SIGTERM, |args| {
        args.iter().any(|arg| arg == "master")
    });
    wait_while(Duration::from_secs(2), || {
        Ok(which.found()?.any_process(|_| true))
    })?;
    let begun = Instant::now();
    loop {
        let found = which.found()?;
        if found.is_empty() {
            return Ok(());
        }
        if begun.elapsed() > Duration::from_secs(20) {
            bail!("this is left and cannot be removed: {found}");
        }
        found.remove();
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn wait_while(
    limit: Duration,
    mut goes_on: impl FnMut() -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < limit && goes_on()? {
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
