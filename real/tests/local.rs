//! A cluster on this machine, as the README says: real agents in network namespaces, real tasks.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fairground_policies::registry::Registry;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

#[allow(unreachable_pub, dead_code, reason = "a test program has no outside")]
#[path = "support/leftovers.rs"]
mod leftovers;
#[allow(unreachable_pub, dead_code, reason = "a test program has no outside")]
#[path = "support/log.rs"]
mod log;

#[allow(unreachable_pub, reason = "a test program has no outside")]
#[path = "support/ports.rs"]
mod ports;

use leftovers::{leftovers, processes};
use ports::free_address;

const PROGRAM: &str = env!("CARGO_BIN_EXE_fairground-real");

/// Says so and returns `true` when a cluster cannot be made here.
fn skipped() -> bool {
    if nix::unistd::geteuid().is_root() && Path::new("/sys/fs/cgroup").exists() {
        return false;
    }
    let name = std::thread::current().name().unwrap_or("test").to_owned();
    println!(
        "{name}: skipped: needs root; run `sudo -E cargo test -p fairground-real --test local`"
    );
    true
}

/// A cluster with a name, a port and addresses of its own; ended with the test.
struct Cluster {
    name: &'static str,
    program: PathBuf,
    master: String,
    kept: log::Kept,
}

impl Cluster {
    fn up(name: &'static str, subnet: &str, agents: u32) -> Self {
        let agents = agents.to_string();
        Self::up_with(PROGRAM, name, subnet, &["--agents", &agents])
    }

    fn up_with(
        program: impl Into<PathBuf>,
        name: &'static str,
        subnet: &str,
        flags: &[&str],
    ) -> Self {
        let master = free_address().to_string();
        let kept = log::Kept::new();
        let cluster = Self {
            name,
            program: program.into(),
            master,
            kept,
        };
        let listen = cluster.master.clone();
        let up = [
            "up", "--name", name, "--listen", &listen, "--subnet", subnet,
        ];
        assert_eq!(cluster.check(&[&up, flags].concat(), 0).trim(), listen);
        cluster
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(args).env("FAIRGROUND_MASTER", &self.master);
        command
    }

    /// What a command prints; its exit code has to be this.
    fn check(&self, args: &[&str], code: i32) -> String {
        self.said(args, code).0
    }

    /// What a command prints and what it says; its exit code has to be this.
    fn said(&self, args: &[&str], code: i32) -> (String, String) {
        let output = self.command(args).output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {out}{err}");
        (out, err)
    }

    fn submit(&self, args: &[&str]) -> Child {
        let mut command = self.command(&[&["submit"], args].concat());
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    fn wait_for_task(&self, task: &str, state: &str) {
        let begun = Instant::now();
        loop {
            let table = self.check(&["ps", "--all"], 0);
            let row = table.lines().find(|line| line.starts_with(task));
            if row.is_some_and(|row| row.contains(state)) {
                return;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "{task} is not {state}: {table}"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends the cluster and looks for anything of it.
    fn down(self) {
        let folder = Path::new("/var/lib/fairground").join(self.name);
        let copy = tempfile::NamedTempFile::new().unwrap();
        std::fs::copy(folder.join("master/log"), copy.path()).unwrap();
        self.kept.replays(copy.path(), &Registry::default());
        self.check(&["down", "--name", self.name], 0);
        assert_eq!(leftovers(self.name), Vec::<String>::new());
        self.check(&["down", "--name", self.name], 1);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Already down unless the test failed.
        let _ = self.command(&["down", "--name", self.name]).output();
    }
}

#[test]
fn the_commands_do_what_they_say() {
    if skipped() {
        return;
    }
    let cluster = Cluster::up("cmds", "10.87.41", 3);
    assert_eq!(cluster.check(&["ps", "--agents"], 0).lines().count(), 4);
    let say = "echo index $FAIRGROUND_INDEX; echo $FAIRGROUND_HOST; echo words >&2; ip -4 -o address show dev eth0";
    cluster.check(&["submit", "--tasks", "4", "--", "sh", "-c", say], 0);
    for index in 0..4 {
        let task = format!("job-{index}.{index}");
        let text = cluster.check(&["logs", &task], 0);
        let begin = format!("index {index}\nagent-");
        assert!(text.starts_with(&begin), "{text}");
        assert!(
            text.contains(" 10.87.41.1"),
            "a task has its agent's address: {text}"
        );
        assert_eq!(cluster.check(&["logs", "--stderr", &task], 0), "words\n");
    }
    cluster.check(&["submit", "--", "sh", "-c", "exit 3"], 1);
    let mut long = cluster.submit(&["--name", "long", "--", "sleep", "1000"]);
    cluster.wait_for_task("long-0.0", "running");
    cluster.check(&["kill", "long-0.0"], 0);
    assert_eq!(long.wait().unwrap().code(), Some(1));
    cluster.wait_for_task("long-0.0", "killed");
    ps_tells_all(&cluster);
    cluster.down();
}

/// After a job of four tasks, one that failed with 3, and one that was killed.
fn ps_tells_all(cluster: &Cluster) {
    let table = cluster.check(&["ps", "--all"], 0);
    let mut lines = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    let head = lines.next().unwrap();
    let expected = "TASK NAME STATE HOST AGE EXIT CPUS MEM ROLE FRAMEWORK";
    assert_eq!(head.join(" "), expected);
    let rows: Vec<_> = lines.collect();
    assert_eq!(rows.len(), 6, "{table}");
    for row in &rows {
        assert!(row[3].starts_with("agent-"), "{table}");
        assert!(row[4].ends_with(['s', 'm']), "{table}");
        let job = row[1].rsplit_once('-').unwrap().0;
        assert_eq!(row[8..], ["*", job, "(batch)"]);
    }
    let exits: Vec<_> = rows.iter().map(|row| (row[2], row[5])).collect();
    let ok = ("finished", "0");
    let expected = [ok, ok, ok, ok, ("failed", "3"), ("killed", "SIGTERM")];
    assert_eq!(exits, expected, "{table}");
    let json = cluster.check(&["ps", "--all", "--json"], 0);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["tasks"][4]["exit"], 3);
    assert_eq!(json["tasks"][4]["message"], "Command exited with status 3");
    assert_eq!(json["waiting"], serde_json::json!([]));
    // Nothing runs, and that is shown until somebody has seen enough.
    let mut watch = cluster.command(&["ps", "--watch", "1"]);
    let mut watch = watch.stdout(Stdio::piped()).spawn().unwrap();
    let shown = BufReader::new(watch.stdout.take().unwrap()).lines();
    let heads = shown
        .map(Result::unwrap)
        .filter(|line| line.starts_with("TASK"));
    assert_eq!(heads.take(2).count(), 2);
    kill(Pid::from_raw(watch.id().cast_signed()), Signal::SIGINT).unwrap();
    // It may be about to write to us, who have seen enough.
    watch.wait().unwrap();
}

/// Waits until a file that a command writes has these words.
fn wait_for_words(path: &Path, words: &str) {
    let begun = Instant::now();
    loop {
        let text = std::fs::read_to_string(path).unwrap();
        if text.contains(words) {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{words}: {text}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_task_larger_than_any_agent_is_told_while_it_waits() {
    if skipped() {
        return;
    }
    let cluster = Cluster::up("large", "10.87.54", 1);
    let words = tempfile::NamedTempFile::new().unwrap();
    let mut submit = cluster.command(&["submit", "--name", "big", "--cpus", "4", "--", "true"]);
    submit.stdout(Stdio::null());
    let mut job = submit.stderr(words.reopen().unwrap()).spawn().unwrap();
    let why = "stage `big` waits: a task needs 4 CPUs, the largest agent has 1";
    wait_for_words(words.path(), why);
    let (_, said) = cluster.said(&["ps"], 0);
    assert_eq!(said.trim(), format!("big (batch): {why}"));
    let json = cluster.check(&["ps", "--json"], 0);
    assert!(
        json.contains("a task needs 4 CPUs, the largest agent has 1"),
        "{json}"
    );
    // What fits is not talked about.
    cluster.check(&["submit", "--cpus", "1", "--", "true"], 0);
    cluster.check(&["kill", "big (batch)"], 0);
    job.wait().unwrap();
    assert_eq!(cluster.said(&["ps"], 0).1, "");
    cluster.down();
}

#[test]
fn up_says_at_once_what_is_in_its_way() {
    if skipped() {
        return;
    }
    let cluster = Cluster::up("here", "10.87.55", 1);
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let held = held.local_addr().unwrap().to_string();
    let free = free_address().to_string();
    let up = ["up", "--name", "beside", "--subnet", "10.87.56", "--listen"];
    for (more, words) in [
        (
            vec![cluster.master.as_str()],
            "by the cluster `here` (`fairground-real down --name here` ends it)",
        ),
        (vec![held.as_str()], "Address already in use"),
        (
            vec![free.as_str(), "--allocator", "dfr"],
            "master ended at once",
        ),
        (vec![free.as_str(), "--allocator", "dfr"], "`dfr`"),
        (
            vec![free.as_str(), "--resources", "cpus"],
            "'cpus' is not NAME:VALUE",
        ),
    ] {
        let (_, said) = cluster.said(&[&up, more.as_slice()].concat(), 2);
        assert!(said.contains(words), "{words}: {said}");
        assert!(!said.contains("after 30 s"), "{said}");
        assert_eq!(leftovers("beside"), Vec::<String>::new());
    }
    let one = [&up, &[free.as_str(), "--agents", "1"][..]].concat();
    let (_, said) = cluster.said(&one, 0);
    assert_eq!(
        said.lines().last().unwrap(),
        "1 agent is up; end the cluster with `fairground-real down --name beside`"
    );
    cluster.check(&["down", "--name", "beside"], 0);
    cluster.down();
}

/// Two tasks that do not end when told to, each with a child that has left its session and its
/// parent; SIGKILL for every process of the cluster that has the word in its command line.
fn down_leaves_nothing_after_kill_9_of(word: &str, name: &'static str, subnet: &str) {
    if skipped() {
        return;
    }
    let cluster = Cluster::up(name, subnet, 2);
    let stubborn = format!(
        "trap '' TERM; (setsid sh -c 'trap \"\" TERM; sleep 1001' leftover-{name} &); sleep 1002"
    );
    let args = ["--tasks", "2", "--name", "two", "--", "sh", "-c", &stubborn];
    let mut job = cluster.submit(&args);
    cluster.wait_for_task("two-0.0", "running");
    cluster.wait_for_task("two-1.1", "running");
    assert!(!leftovers(cluster.name).is_empty());
    job.kill().unwrap();
    job.wait().unwrap();
    let mut killed = 0;
    for (pid, line) in processes(cluster.name) {
        if line.contains("/var/lib/") && line.contains(word) {
            killed += 1;
            // It may have ended with its parent.
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
    assert!(killed > 0, "nothing is called `{word}`");
    cluster.down();
}

#[test]
fn down_leaves_nothing_after_kill_9_of_everything() {
    down_leaves_nothing_after_kill_9_of("", "kills", "10.87.42");
}

#[test]
fn down_leaves_nothing_after_kill_9_of_the_master() {
    down_leaves_nothing_after_kill_9_of("\0master\0", "kmast", "10.87.46");
}

#[test]
fn down_leaves_nothing_after_kill_9_of_the_agents() {
    down_leaves_nothing_after_kill_9_of("\0agent\0", "kagent", "10.87.47");
}

#[test]
fn down_leaves_nothing_after_kill_9_of_supervisors() {
    down_leaves_nothing_after_kill_9_of("\0supervise\0", "ksuper", "10.87.48");
}

#[test]
fn down_leaves_nothing_after_kill_9_of_inits() {
    down_leaves_nothing_after_kill_9_of("\0init\0", "kinit", "10.87.49");
}

#[test]
fn down_leaves_nothing_after_kill_9_of_up() {
    if skipped() {
        return;
    }
    for moment in 0..8 {
        let mut up = Command::new(PROGRAM);
        up.args(["up", "--name", "half", "--agents", "3"]);
        up.args([
            "--listen",
            &free_address().to_string(),
            "--subnet",
            "10.87.50",
        ]);
        up.stdout(Stdio::null()).stderr(Stdio::null());
        let mut up = up.spawn().unwrap();
        std::thread::sleep(Duration::from_millis(40 * moment));
        up.kill().unwrap();
        up.wait().unwrap();
        let down = Command::new(PROGRAM)
            .args(["down", "--name", "half"])
            .output()
            .unwrap();
        // Or there was nothing yet.
        assert!(down.status.code() <= Some(1), "{moment}: {down:?}");
        assert_eq!(leftovers("half"), Vec::<String>::new(), "{moment}");
    }
}

#[test]
fn down_finds_everything_whatever_the_program_is_called() {
    if skipped() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("mine");
    std::fs::copy(PROGRAM, &program).unwrap();
    let cluster = Cluster::up_with(&program, "mine", "10.87.45", &["--agents", "1"]);
    let mut job = cluster.submit(&["--name", "long", "--", "sleep", "1000"]);
    cluster.wait_for_task("long-0.0", "running");
    job.kill().unwrap();
    job.wait().unwrap();
    cluster.down();
}

#[test]
fn tasks_are_roots_only_where_that_is_allowed() {
    if skipped() {
        return;
    }
    let job = tempfile::NamedTempFile::new().unwrap();
    let text = "name = 'who'\n[[stage]]\nname = 'who'\ncpus = 0.1\nmem = 32\nuser = 'root'\n\
                command = 'id -u; cd /var/lib/fairground; find . -name sandboxes -prune -o -print'\n";
    std::fs::write(job.path(), text).unwrap();
    let submit = ["submit", "--file", job.path().to_str().unwrap()];
    let cluster = Cluster::up("user", "10.87.52", 1);
    cluster.check(&submit, 1);
    cluster.down();
    let flags = ["--agents", "1", "--allow-root"];
    let cluster = Cluster::up_with(PROGRAM, "root", "10.87.53", &flags);
    cluster.check(&submit, 0);
    // Not even root sees anything of the clusters but its own sandbox.
    let seen = cluster.check(&["logs", "who-0.0"], 0);
    assert_eq!(seen, "0\n.\n./root\n./root/agent-0\n");
    cluster.down();
}

#[test]
fn a_second_cluster_of_the_same_name_is_refused() {
    if skipped() {
        return;
    }
    let cluster = Cluster::up("twice", "10.87.43", 1);
    // A second one of the same name is refused, and the first is not harmed.
    cluster.check(&["up", "--name", "twice"], 2);
    cluster.check(&["up", "--name", "any", "--listen", "127.0.0.1:0"], 2);
    cluster.check(&["submit", "--", "true"], 0);
    cluster.down();
}

#[test]
fn a_cluster_on_every_address_tells_frameworks_one() {
    if skipped() {
        return;
    }
    let cluster = Cluster::up("one", "10.87.51", 1);
    let every = free_address().to_string().replace("127.0.0.1", "0.0.0.0");
    let up = [
        "up",
        "--name",
        "every",
        "--agents",
        "1",
        "--listen",
        &every,
        "--insecure",
        "--subnet",
        "10.87.52",
    ];
    assert_eq!(cluster.check(&up, 0).trim(), every);
    cluster.check(&["down", "--name", "every"], 0);
    cluster.down();
}

#[test]
fn a_cluster_asks_everybody_but_who_started_it() {
    if skipped() {
        return;
    }
    let cluster = Cluster::up("asks", "10.87.54", 1);
    let folder = Path::new("/var/lib/fairground/asks");
    for name in [
        "keys/credentials",
        "keys/agent",
        "keys/client",
        "master.words",
    ] {
        let about = std::fs::metadata(folder.join(name)).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::mode(&about.permissions());
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    for path in [
        "/api/v1/scheduler",
        "/fairground/v1/kill",
        "/agent/v1/subscribe",
    ] {
        let mut stream = std::net::TcpStream::connect(&cluster.master).unwrap();
        let head = "HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: application/json";
        write!(
            stream,
            "POST {path} {head}\r\nContent-Length: 2\r\n\r\n{{}}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 401 Unauthorized"),
            "{path}: {answer}"
        );
    }
    let look = "cd /var/lib/fairground; find . -name sandboxes -prune -o -print; \
                cat asks/keys/client 2>&1; exit 0";
    cluster.check(&["submit", "--name", "look", "--", "sh", "-c", look], 0);
    let seen = cluster.check(&["logs", "look-0.0"], 0);
    let expected = ".\n./asks\n./asks/agent-0\ncat: asks/keys/client: No such file";
    assert!(seen.starts_with(expected), "{seen}");
    cluster.down();
}
