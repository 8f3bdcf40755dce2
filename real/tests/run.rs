//! A recipe of the simulator, run for real: what is refused, what is kept, what is left.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use expect_test::{Expect, expect};
use fairground_policies::registry::Registry;
use fairground_workloads::measured::RealRun;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

#[allow(unreachable_pub, dead_code, reason = "a test program has no outside")]
#[path = "support/leftovers.rs"]
mod leftovers;
#[allow(unreachable_pub, dead_code, reason = "a test program has no outside")]
#[path = "support/log.rs"]
mod log;

use leftovers::leftovers;

const PROGRAM: &str = env!("CARGO_BIN_EXE_fairground-real");

/// Every kind of work at once, on two agents for three minutes.
const SMALL: &str = r#"
name = "small"
duration = "3m"
policies = ["drf[round=1s]"]

[[cluster]]
agents = 2
cpus = 4
mem = "8GiB"

[[framework]]
name = "hadoop"
scheduler = "fair[wait=5s]"

[framework.workload.hadoop]
gap = "1m"
map = "10s"
copy = "5s"
work = "5s"
bins = [{ name = "small", jobs = 1, maps = 2, most = 3, reduces = 1 }]

[[framework]]
name = "spark"

[framework.workload.spark]
gap = "1m"
stages = [1, 3]
tasks = [1, 4]
task = "4s"

[framework.workload.spark.executors]
cpus = 1
mem = "1GiB"
max = 2
idle = "20s"

[[framework]]
name = "rails"

[framework.workload.rails]
rate = 10

[framework.workload.rails.service]
cpus = 1
mem = "512MiB"

[framework.workload.rails.autoscaler]
period = "10s"
min = 1
max = 2
"#;

/// Work that is in a file.
const OF_A_LOG: &str = r#"
name = "log"
cluster = [{ agents = 2, cpus = 4, mem = "8GiB" }]

[[framework]]
name = "log"

[framework.workload.swf]
file = "jobs.swf"
"#;

/// Says so and returns `true` when a cluster cannot be made here.
fn skipped() -> bool {
    if nix::unistd::geteuid().is_root() && Path::new("/sys/fs/cgroup").exists() {
        return false;
    }
    let name = std::thread::current().name().unwrap_or("test").to_owned();
    println!("{name}: skipped: needs root; run `sudo -E cargo test -p fairground-real --test run`");
    true
}

/// A folder with a recipe in `recipe.toml`.
fn folder(recipe: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("recipe.toml"), recipe).unwrap();
    folder
}

fn run_in(folder: &TempDir, args: &str) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("run").args(args.split_whitespace());
    command.current_dir(folder.path());
    command
}

/// `run` with these arguments refuses the recipe, and says why.
fn refused(recipe: &str, args: &str, expected: &Expect) {
    let folder = folder(recipe);
    std::fs::create_dir(folder.path().join("full")).unwrap();
    std::fs::write(folder.path().join("full/letter"), "dear").unwrap();
    let output = run_in(&folder, args).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    expected.assert_eq(&said);
    assert_eq!(output.status.code(), Some(2), "{args}");
    assert!(output.stdout.is_empty());
    assert!(!folder.path().join("fairground-out").exists());
}

#[test]
fn what_cannot_be_run_is_refused_before_anything_begins() {
    refused(
        SMALL,
        "nowhere.toml",
        &expect![[r"
        fairground-real: nowhere.toml: cannot be read: No such file or directory (os error 2)
          hint: name a recipe file, or none for the built-in one
    "]],
    );
    refused(
        "",
        "recipe.toml",
        &expect![[r"
        fairground-real: recipe.toml:1:1: missing field `name`
    "]],
    );
    refused(
        SMALL,
        "recipe.toml --policy static",
        &expect![[r"
        fairground-real: static: reserves agents for frameworks, and a real master knows neither before they come; name one that shares, as drf or fair
    "]],
    );
    refused(
        SMALL,
        "recipe.toml --policy nobody",
        &expect![[r"
            fairground-real: no policy is called `nobody`; known are static, drf, fair, fifo, priority, borg, random, lottery, slots, asset, choosy, hdrf, karma, slurm, tiresias, yarn-fair, yarn-capacity, kueue, kai, armada, volcano, ceei, gavel, mesos-like, omega-like, slurm-like, yarn-capacity-like, yarn-fair-like, kueue-like, kai-like, armada-like, volcano-like
        "]],
    );
    refused(
        SMALL,
        "recipe.toml --out full",
        &expect![[r"
        fairground-real: --out full: holds something else; name a new folder, or one of an earlier run
    "]],
    );
    refused(
        OF_A_LOG,
        "recipe.toml",
        &expect![[r"
        fairground-real: recipe.toml: framework `log`: expected work and machines that need no file, found a workload of the kind `swf`
          hint: this program reads no traces; draw them with `fairground draw RECIPE --seed N >drawn.json` and say --drawn drawn.json
    "]],
    );
    refused(
        OF_A_LOG,
        "recipe.toml --drawn full/letter",
        &expect![[r"
        fairground-real: full/letter:1: column 1: expected what `fairground draw` wrote; expected value
          hint: draw log again: `fairground draw RECIPE --seed 1`
    "]],
    );
    let in_role = SMALL.replace("name = \"spark\"", "name = \"spark\"\nrole = \"batch\"");
    refused(
        &in_role,
        "recipe.toml",
        &expect![[r"
        fairground-real: framework `spark`: it is in the role `batch`, and a recipe that is run for real knows no roles
          hint: leave them out of the recipe, or use `fairground run`
    "]],
    );
    let greedy = SMALL.replace("cpus = 1\nmem = \"1GiB\"", "cpus = 5\nmem = \"1GiB\"");
    refused(
        &greedy,
        "recipe.toml",
        &expect![[r"
        fairground-real: framework `spark`: an executor needs more than the cluster has; in simulation it would never run, and here it would wait for ever
    "]],
    );
    let closed = SMALL.replace("gap = \"1m\"\nmap", "closed = { users = 2 }\nmap");
    refused(
        &closed,
        "recipe.toml",
        &expect![[r"
        fairground-real: framework `hadoop`: its jobs wait for the end of others (`closed`, `feedback`), which only the simulator can do
          hint: leave that out of the recipe, or use `fairground run`
    "]],
    );
    refused(
        SMALL,
        "recipe.toml --time-scale 0",
        &expect![[r"
        error: invalid value '0' for '--time-scale <K>': 0 is not in 1..=100000

        For more information, try '--help'.
    "]],
    );
    refused(
        SMALL,
        "recipe.toml --name Big",
        &expect![[r"
        error: invalid value 'Big' for '--name <NAME>': `Big` is not a name; expected 1 to 6 small letters and digits

        For more information, try '--help'.
    "]],
    );
}

#[test]
fn an_ordinary_user_is_told_what_a_cluster_needs() {
    let folder = folder(SMALL);
    // In a namespace of users without any, root is nobody.
    let mut command = run_in(&folder, "recipe.toml --name user");
    if nix::unistd::geteuid().is_root() {
        command = Command::new("unshare");
        let run = [PROGRAM, "run", "recipe.toml", "--name", "user"];
        command.arg("-U").args(run).current_dir(folder.path());
    }
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let last = said.lines().last().unwrap();
    let expected =
        "fairground-real: network namespaces and control groups need root; run it with sudo";
    assert_eq!((output.status.code(), last), (Some(2), expected), "{said}");
}

#[test]
fn a_recipe_runs_for_real_and_all_of_it_is_kept() {
    if skipped() {
        return;
    }
    let folder = folder(SMALL);
    let args = "recipe.toml --time-scale 20 --policy drf[round=1s] --seed 3 --name small \
                --subnet 10.88.41";
    let kept = log::Kept::new();
    let output = run_in(&folder, args).output().unwrap();
    let table = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{table}{said}");
    assert_eq!(leftovers("small"), Vec::<String>::new());
    for words in [
        "measuring what of this machine is free",
        "agents, the cluster `small`",
        "s have passed: 0 of ",
        "ending the cluster",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }

    let out = folder.path().join("fairground-out/small-real");
    let mut names: Vec<PathBuf> = std::fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into())
        .collect();
    names.sort();
    let expected = ["jobs.csv", "log", "recipe.toml", "run.json"];
    assert_eq!(names, expected.map(PathBuf::from));
    let real = RealRun::beside(&out.join("log")).unwrap();
    assert_eq!((real.seed, real.scale), (3, 20));
    assert_eq!(real.policy.to_string(), "drf[round=1s]");
    assert!(!real.jobs.is_empty());
    for job in &real.jobs {
        let times = (Some(job.submitted), job.started, job.finished);
        assert!(times.0 <= times.1 && times.1 <= times.2, "{job:?}");
        assert_eq!(job.lost, 0, "{job:?}");
    }
    // The table counts what is kept: a row a framework, every job finished.
    let jobs: usize = table
        .lines()
        .skip(1)
        .map(|row| {
            let words: Vec<&str> = row.split_whitespace().collect();
            assert_eq!(words[1], words[2], "{table}");
            words[1].parse::<usize>().unwrap()
        })
        .sum();
    assert_eq!(
        (jobs, table.lines().count()),
        (real.jobs.len(), 4),
        "{table}"
    );
    let rows = std::fs::read_to_string(out.join("jobs.csv")).unwrap();
    assert_eq!(rows.lines().count(), jobs + 1);
    kept.replays(&out.join("log"), &Registry::default());
}

#[test]
fn a_run_that_is_interrupted_leaves_nothing() {
    if skipped() {
        return;
    }
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let folder = folder(SMALL);
        let args = "recipe.toml --name inter --subnet 10.88.42";
        let kept = log::Kept::new();
        let mut command = run_in(&folder, args);
        let child = command.stderr(Stdio::piped()).spawn().unwrap();
        let log_path = Path::new("/var/lib/fairground/inter/master/log");
        wait_until("a task runs", || {
            let log = std::fs::read_to_string(log_path).unwrap_or_default();
            log.contains("\"state\":\"running\"")
        });
        // So far, that is: all of it ends with the cluster.
        let copy = folder.path().join("log");
        std::fs::copy(log_path, &copy).unwrap();
        kept.replays(&copy, &Registry::default());
        kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(130), "{said}");
        assert!(said.ends_with("interrupted: nothing is kept\n"), "{said}");
        assert_eq!(leftovers("inter"), Vec::<String>::new());
        assert!(!folder.path().join("fairground-out").exists());
    }
}

/// Waits for something that takes a moment; a minute is long even on a busy machine.
fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_mins(1), "in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
