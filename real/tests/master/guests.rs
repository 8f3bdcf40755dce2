//! A cluster of three machines with a kernel of control groups version 2: User Mode Linux guests,
//! each with nothing but busybox and a static agent. Their master is the host's. What the limits
//! do is measured from outside of tasks and agents.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::framework::{Framework, task};
use super::process::Master;
use super::support::ports::free_address;
use super::support::until;

const SPIN: &str = "while :; do :; done";
/// Where the host and its guests meet.
const BRIDGE: &str = "fgguests";
const HOST: &str = "10.87.44.1";

/// The static agent that `.ci/guests` builds.
fn static_agent() -> Option<PathBuf> {
    let program = std::env::var_os("FAIRGROUND_STATIC");
    if program.is_none() {
        println!("guests: skipped: needs guests and a static agent; run `sudo .ci/guests`");
    }
    program.map(PathBuf::from)
}

/// Runs a command that has to succeed.
fn run(command: &str) {
    let status = Command::new("sh").args(["-ec", command]).status().unwrap();
    assert!(status.success(), "{command}");
}

/// What every program in a guest has to be told of its processor, see `without_xstate`.
fn tunables() -> &'static str {
    include_str!("../guests/tunables").trim_end()
}

/// The guests and their network; gone when dropped.
struct Guests {
    work: TempDir,
    children: Vec<Child>,
}

impl Guests {
    /// Boots `node1` to `node3`.
    fn boot(agent: &Path, master: &str) -> Self {
        let mut guests = Self {
            work: TempDir::new().unwrap(),
            children: Vec::new(),
        };
        let (root, own) = (guests.work.path().join("root"), env!("CARGO_MANIFEST_DIR"));
        run(&format!(
            "mkdir -p {root}/bin {root}/proc {root}/sys {root}/dev {root}/tmp {root}/run {root}/etc
             for name in $(busybox --list); do ln -s busybox {root}/bin/$name; done
             cp --remove-destination /bin/busybox {root}/bin
             cp {agent} {root}/bin/fairground-real
             cp {own}/tests/guests/init {own}/tests/guests/probe {root}
             echo 'root:x:0:0::/:/bin/sh' >{root}/etc/passwd
             echo 'nobody:x:65534:65534::/:/bin/sh' >>{root}/etc/passwd
             echo 'nogroup:x:65534:' >{root}/etc/group
             cd {root}; find . | busybox cpio -o -H newc 2>/dev/null | gzip -1 >../image
             ip link add {BRIDGE} type bridge
             ip address add {HOST}/24 dev {BRIDGE}
             ip link set {BRIDGE} up",
            root = root.display(),
            agent = agent.display(),
        ));
        for number in 1..=3 {
            run(&format!(
                "ip tuntap add dev {BRIDGE}{number} mode tap
                 ip link set {BRIDGE}{number} master {BRIDGE} up"
            ));
            let child = guests.start(number, master);
            guests.children.push(child);
        }
        guests
    }

    fn start(&self, number: usize, master: &str) -> Child {
        let program = Path::new(env!("CARGO_BIN_EXE_fairground-real"));
        let words = std::fs::File::create(self.words(number)).unwrap();
        // The guest's helpers stay behind when only its first process is killed; with their
        // namespace gone they go too.
        Command::new("unshare")
            .args(["--pid", "--fork", "--kill-child", "--mount-proc"])
            .arg(program.with_file_name("examples/without_xstate"))
            .args([
                "linux.uml",
                "mem=256M",
                "con=null",
                "con0=fd:0,fd:1",
                "ssl=null",
                "panic=1",
            ])
            .arg(format!(
                "initrd={}",
                self.work.path().join("image").display()
            ))
            .arg(format!(
                "vec0:transport=tap,ifname={BRIDGE}{number},depth=64"
            ))
            .args([&format!("umid=node{number}"), &format!("me=node{number}")])
            .args([
                &format!("ip={}", address(number)),
                &format!("master={master}"),
            ])
            .args(["quiet", tunables()])
            .env("HOME", self.work.path())
            .stdin(Stdio::null())
            .stdout(words.try_clone().unwrap())
            .stderr(words)
            .spawn()
            .unwrap()
    }

    fn words(&self, number: usize) -> PathBuf {
        self.work.path().join(format!("node{number}"))
    }

    /// Pulls a guest's plug.
    fn kill(&mut self, number: usize) {
        self.children[number - 1].kill().unwrap();
        self.children[number - 1].wait().unwrap();
    }
}

impl Drop for Guests {
    fn drop(&mut self) {
        for number in 1..=self.children.len() {
            self.kill(number);
            if std::thread::panicking() {
                let words = std::fs::read_to_string(self.words(number)).unwrap_or_default();
                eprintln!("node{number} said:\n{words}");
            }
        }
        let remove =
            "for link in $(ls /sys/class/net | grep ^fgguests); do ip link del $link; done";
        run(remove);
    }
}

fn address(number: usize) -> String {
    format!("10.87.44.{}", 10 + number)
}

/// What a guest's kernel counts: how long it is up, and the numbers of its containers.
struct Counts {
    up: f64,
    containers: BTreeMap<String, BTreeMap<String, f64>>,
}

fn counts(number: usize) -> Counts {
    let mut text = String::new();
    let mut stream = TcpStream::connect((address(number), 9000)).unwrap();
    stream.read_to_string(&mut text).unwrap();
    let mut lines = text.lines();
    let up = lines.next().unwrap().parse().unwrap();
    let container = |line: &str| {
        let (name, numbers) = line.split_once(' ').unwrap();
        let number = |word: &str| {
            let (name, value) = word.split_once('=').unwrap();
            (name.to_owned(), value.parse().unwrap())
        };
        let numbers = numbers.split_whitespace().map(number);
        (name.to_owned(), numbers.collect())
    };
    let containers = lines.map(container).collect();
    Counts { up, containers }
}

/// Percent of the guest's processor that containers used over a while.
fn percents(number: usize, containers: &[&str], span: Duration) -> Vec<f64> {
    let before = counts(number);
    std::thread::sleep(span);
    let after = counts(number);
    let used = |counts: &Counts, name: &str| counts.containers[name]["usage_usec"];
    let percent = |name: &&str| used(&after, name) - used(&before, name);
    let whole = (after.up - before.up) * 1e6;
    containers
        .iter()
        .map(|name| 100.0 * percent(name) / whole)
        .collect()
}

/// A task for a guest.
fn guest_task(offer: &Value, id: &str, command: &str, cpus: f64) -> Value {
    let mut task = task(offer, id, command);
    task["resources"][0]["scalar"]["value"] = json!(cpus);
    let (name, value) = tunables().split_once('=').unwrap();
    let variable = json!({"name": name, "value": value});
    task["command"]["environment"] = json!({"variables": [variable]});
    task
}

/// Waits until tasks run, and for the end of one that is to end; containers and that last status.
fn settle(framework: &Framework, running: &[&str], ending: Option<&str>) -> (Vec<String>, Value) {
    let (mut containers, mut end) = (BTreeMap::new(), json!(null));
    while containers.len() < running.len() || (ending.is_some() && end.is_null()) {
        let status = framework.next_of("UPDATE")["update"]["status"].clone();
        let id = status["task_id"]["value"].as_str().unwrap().to_owned();
        match status["state"].as_str().unwrap() {
            "TASK_RUNNING" if running.contains(&id.as_str()) => {
                let container = &status["container_status"]["container_id"]["value"];
                containers.insert(id, container.as_str().unwrap().to_owned());
            }
            "TASK_STARTING" | "TASK_RUNNING" => {}
            _ if ending == Some(&id) => end = status,
            _ => panic!("{status}"),
        }
    }
    (
        running.iter().map(|id| containers[*id].clone()).collect(),
        end,
    )
}

#[test]
fn limits_hold_in_a_cluster_of_guests() {
    let Some(agent) = static_agent() else {
        return;
    };
    let outside = format!("{HOST}:{}", free_address().port());
    let mut guests = Guests::boot(&agent, &outside);
    // Long enough for three machines that share what one has.
    let patience = ["--ping", "2s", "--pings", "8"];
    let listen = ["--listen", &outside, "--insecure", "--allocator", "drf"];
    let master = Master::start(&[&listen[..], &patience].concat());
    let info = json!({"user": "nobody", "name": "guests", "failover_timeout": 60});
    let framework = Framework::subscribe_as(master.address, &info);
    until("all guests are there", || {
        master.metric("master/slaves_active") > 2.5
    });
    let mut offers: BTreeMap<String, Value> = BTreeMap::new();
    while offers.len() < 3 {
        let offer = framework.offer();
        offers.insert(offer["hostname"].as_str().unwrap().to_owned(), offer);
    }
    let [one, two, three] = ["node1", "node2", "node3"].map(|name| &offers[name]);
    let refuse = 1000.0;

    let mut half = guest_task(one, "half", SPIN, 0.5);
    half["limits"] = json!({"cpus": {"value": 0.5}});
    framework.accept(one, &[half], refuse);
    let half = settle(&framework, &["half"], None).0.remove(0);
    let share = percents(1, &[&half], Duration::from_secs(5))[0];
    println!("guests: half a processor: {share:.1} %");
    assert!((45.0..=55.0).contains(&share), "{share} %");
    assert!(counts(1).containers[&half]["nr_throttled"] > 0.0);

    let (more, less) = (
        guest_task(two, "more", SPIN, 0.6),
        guest_task(two, "less", SPIN, 0.3),
    );
    framework.accept(two, &[more, less], refuse);
    let both = settle(&framework, &["more", "less"], None).0;
    let shares = percents(2, &[&both[0], &both[1]], Duration::from_secs(8));
    println!(
        "guests: weights 2:1: {:.1} % and {:.1} %",
        shares[0], shares[1]
    );
    assert!((1.6..=2.4).contains(&(shares[0] / shares[1])), "{shares:?}");

    let greedy = "exec dd if=/dev/zero of=/dev/null bs=64M count=100000";
    // A shell that cannot fork gives up; the first one lives on.
    let bomb = "(while :; do sleep 1000 & done); exec sleep 1000";
    let tasks = [
        ("sibling", "sleep 1000"),
        ("greedy", greedy),
        ("bomb", bomb),
    ];
    let tasks = tasks.map(|(id, command)| guest_task(three, id, command, 0.3));
    framework.accept(three, &tasks, refuse);
    let (running, greedy) = settle(&framework, &["sibling", "bomb"], Some("greedy"));
    assert_eq!(greedy["state"], "TASK_FAILED");
    assert_eq!(
        greedy["reason"], "REASON_CONTAINER_LIMITATION_MEMORY",
        "{greedy}"
    );
    println!("guests: too much memory: {}", greedy["message"]);
    let (sibling, bomb) = (&running[0], &running[1]);
    until("a process is refused", || {
        counts(3).containers[bomb]["pids_refused"] > 0.0
    });
    let now = counts(3);
    println!(
        "guests: the fork bomb has {} processes",
        now.containers[bomb]["pids"]
    );
    assert!(now.containers[bomb]["pids"] <= 20.0);
    assert!(now.containers[sibling]["pids"] > 0.0, "the sibling lives");

    framework.say("KILL", json!({"task_id": {"value": "bomb"}}));
    assert_eq!(framework.end_of("bomb"), "TASK_KILLED");
    let left = counts(3).containers;
    assert_eq!(
        left.keys().collect::<Vec<_>>(),
        [sibling],
        "nothing else is left"
    );

    guests.kill(3);
    let status = framework.status("sibling");
    assert_eq!(
        (&status["state"], &status["reason"]),
        (&json!("TASK_LOST"), &json!("REASON_AGENT_REMOVED"))
    );
}
