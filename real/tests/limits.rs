//! Limits hold, measured from outside the task. These run on version 1, hybrid and version 2
//! hosts alike; `.ci/guests` runs them on a version 2 kernel.

use std::fs;
use std::time::{Duration, Instant};

use fairground_policies::resources::{Mebibytes, Millicores};
use fairground_real::isolation::spec::{End, Exit};

mod support;

use support::{Ground, Task, skipped, until};

/// Touches so many megabytes and keeps them; `dd` has its buffer in memory.
fn eat(mebibytes: u64) -> String {
    format!("exec dd if=/dev/zero of=/dev/null bs={mebibytes}M count=100000")
}

const SPIN: &str = "while :; do :; done";

fn by_itself(end: End) -> Exit {
    Exit {
        end,
        oom: false,
        memory: None,
        killed: false,
        timed_out: false,
        usage: None,
        output_lost: 0,
        left: None,
    }
}

fn without_usage(exit: Exit) -> Exit {
    Exit {
        usage: None,
        ..exit
    }
}

/// Percent of one processor that the kernel counted for a task over a while.
fn percent(task: &Task, time: Duration) -> f64 {
    let (start, before) = (Instant::now(), task.group.usage().unwrap());
    std::thread::sleep(time);
    let used = task.group.usage().unwrap().cpu_us - before.cpu_us;
    100.0 * used as f64 / start.elapsed().as_micros() as f64
}

#[test]
fn a_task_ends_as_it_says_and_leaves_nothing() {
    if skipped() {
        return;
    }
    let ground = Ground::new();
    let mut good = ground
        .shell("good", "echo out; echo err >&2; (sleep 1000 &)")
        .start();
    let exit = good.wait();
    assert!(exit.usage.unwrap().cpu_us > 0);
    assert_eq!(without_usage(exit), by_itself(End::Exited(0)));
    assert_eq!(
        (good.stdout().as_str(), good.stderr().as_str()),
        ("out\n", "err\n")
    );
    let exit = ground.shell("bad", "exit 7").start().wait();
    assert_eq!(without_usage(exit), by_itself(End::Exited(7)));
    let exit = ground.shell("shot", "kill -9 $$").start().wait();
    assert_eq!(without_usage(exit), by_itself(End::Signaled(9)));
    let mut absent = ground.shell("absent", "");
    absent.spec.program = "/no/such/program".into();
    let End::NotStarted(why) = absent.start().wait().end else {
        panic!("it cannot have started")
    };
    assert!(
        why.contains("cannot execute /no/such/program: No such file"),
        "{why}"
    );
    ground.assert_empty();
}

#[test]
fn nothing_of_a_task_is_ever_outside_of_its_groups() {
    if skipped() {
        return;
    }
    let ground = Ground::new();
    // The first thing it does is to say where it is.
    let mut task = ground.shell("task", "");
    task.spec.program = "/bin/cat".into();
    task.spec.argv = ["cat", "/proc/self/cgroup"].map(String::from).to_vec();
    let mut task = task.start();
    assert_eq!(task.wait().end, End::Exited(0), "{}", task.stderr());
    let seen = task.stdout();
    let own = format!(":/{}/task", ground.prefix);
    let of_ours = |line: &&str| {
        let controllers = line.split(':').nth(1).unwrap_or_default();
        let ours = ["", "cpu", "cpuacct", "memory", "pids"];
        controllers.split(',').any(|one| ours.contains(&one))
    };
    let lines: Vec<&str> = seen.lines().filter(of_ours).collect();
    assert!(!lines.is_empty(), "{seen}");
    assert!(lines.iter().all(|line| line.ends_with(&own)), "{seen}");
}

#[test]
fn half_a_processor_is_half_a_processor() {
    if skipped() {
        return;
    }
    let ground = Ground::new();
    let mut half = ground.shell("half", SPIN);
    half.spec.limits.cpu_limit = Some(Millicores(500));
    let mut half = half.start();
    // A machine that is busy may have less to give for a while; it never gives more.
    let mut shares = Vec::new();
    while shares.last().is_none_or(|share| *share < 45.0) && shares.len() < 6 {
        shares.push(percent(&half, Duration::from_secs(2)));
    }
    half.kill(Duration::ZERO);
    let usage = half.wait().usage.unwrap();
    println!(
        "half a processor: {shares:.1?} %, throttled {} of {}",
        usage.throttled, usage.periods
    );
    assert!(shares.iter().all(|share| *share <= 55.0), "{shares:?} %");
    assert!(shares.iter().any(|share| *share >= 45.0), "{shares:?} %");
    assert_eq!(usage.throttled > 0, usage.throttled_us > 0, "{usage:?}");
    ground.assert_empty();
}

#[test]
fn weights_of_two_to_one_share_a_processor_two_to_one() {
    if skipped() {
        return;
    }
    let ground = Ground::new();
    let task = |name, millicores| {
        // One processor for both, so that they contend; a machine with one has no choice.
        let mut task = ground.shell(name, &format!("taskset -p -c 0 $$ >/dev/null; {SPIN}"));
        task.spec.limits.cpus = Millicores(millicores);
        task.start()
    };
    let (mut two, mut one) = (task("two", 2000), task("one", 1000));
    let before = (
        two.group.usage().unwrap().cpu_us,
        one.group.usage().unwrap().cpu_us,
    );
    std::thread::sleep(Duration::from_secs(6));
    let after = (
        two.group.usage().unwrap().cpu_us,
        one.group.usage().unwrap().cpu_us,
    );
    let ratio = (after.0 - before.0) as f64 / (after.1 - before.1) as f64;
    for task in [&mut two, &mut one] {
        task.kill(Duration::ZERO);
        assert!(task.wait().killed);
    }
    println!("weights 2:1 gave {ratio:.2}:1");
    assert!((1.6..=2.4).contains(&ratio), "{ratio}");
    ground.assert_empty();
}

#[test]
fn a_task_over_its_memory_is_killed_and_its_sibling_lives() {
    if skipped() {
        return;
    }
    let ground = Ground::new();
    let mut sibling = ground.shell("sibling", "sleep 1000").start();
    // The process that is killed is not the task's first one: the task ends all the same.
    let mut greedy = ground.shell("greedy", &format!("({}); sleep 1000", eat(200)));
    greedy.spec.limits.mem_limit = Some(Mebibytes(64));
    let exit = greedy.start().wait();
    let usage = exit.usage.unwrap();
    println!("over 64 MiB: {usage:?}");
    if ground.cgroups.version() == 1 {
        // The process that was too large may be gone before this is counted.
        let memory = exit.memory.as_deref().unwrap();
        assert!(
            !memory.contains("total_") && !memory.contains(" 0\n"),
            "{memory}"
        );
    }
    assert!(exit.oom && !exit.killed && usage.oom_kills >= 1, "{exit:?}");
    assert!(
        exit.end != End::Exited(0) && exit.left.is_none(),
        "{exit:?}"
    );
    assert!(!sibling.files.exit().exists());
    sibling.kill(Duration::from_secs(5));
    let exit = sibling.wait();
    assert_eq!(
        (exit.end, exit.killed, exit.oom),
        (End::Signaled(15), true, false)
    );
    let fits = ground
        .shell("fits", "dd if=/dev/zero of=/dev/null bs=16M count=4")
        .start()
        .wait();
    assert_eq!(without_usage(fits), by_itself(End::Exited(0)));
    ground.assert_empty();
}

#[test]
fn a_fork_bomb_stops_at_its_limit() {
    if skipped() {
        return;
    }
    let ground = Ground::new();
    // A shell that cannot fork gives up; the first one lives on.
    let bomb = "(while :; do sleep 1000 & done); exec sleep 1000";
    let mut bomb = ground.shell("bomb", bomb);
    bomb.spec.limits.pids = Some(20);
    let mut bomb = bomb.start();
    let group = bomb.group.clone();
    let mut most = 0;
    until("a process is refused", || {
        let usage = group.usage().unwrap_or_default();
        most = most.max(usage.pids);
        usage.pids_refused > 0
    });
    bomb.kill(Duration::ZERO);
    let exit = bomb.wait();
    let usage = exit.usage.unwrap();
    assert!(usage.pids_refused > 0, "{usage:?}");
    // The kernel counts a process before it refuses it.
    assert!((2..=21).contains(&most), "{most} processes");
    assert_eq!(exit.left, None);
    ground.assert_empty();
}

#[test]
fn a_task_that_ignores_sigterm_is_killed_when_its_grace_is_over() {
    if skipped() {
        return;
    }
    let ground = Ground::new();
    let stubborn = "trap '' TERM; (trap '' TERM; setsid sleep 1000) & while :; do sleep 0.1; done";
    let mut stubborn = ground.shell("stubborn", stubborn).start();
    until("its children are there", || {
        stubborn.group.processes().unwrap().len() >= 4
    });
    let pids = stubborn.group.processes().unwrap();
    let start = Instant::now();
    stubborn.kill(Duration::from_mins(1));
    std::thread::sleep(Duration::from_millis(300));
    assert!(!stubborn.files.exit().exists());
    // A second order shortens the first.
    stubborn.kill(Duration::from_millis(500));
    let exit = stubborn.wait();
    let took = start.elapsed();
    assert!(exit.killed && exit.left.is_none(), "{exit:?}");
    assert!(
        (Duration::from_millis(700)..Duration::from_secs(20)).contains(&took),
        "{took:?}"
    );
    for pid in pids {
        let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let gone = state.is_empty() || state.contains(") Z ") || !state.contains("sleep");
        assert!(gone, "{pid} lives: {state}");
    }
    ground.assert_empty();
}

#[test]
fn a_task_that_handles_sigterm_has_its_time() {
    if skipped() {
        return;
    }
    let ground = Ground::new();
    let polite = "trap 'echo bye; exit 3' TERM; while :; do sleep 0.1; done";
    let mut polite = ground.shell("polite", polite).start();
    std::thread::sleep(Duration::from_millis(300));
    polite.kill(Duration::from_secs(30));
    let exit = polite.wait();
    assert_eq!((exit.end, exit.killed), (End::Exited(3), true));
    assert_eq!(polite.stdout(), "bye\n");
}

#[test]
fn a_task_that_takes_too_long_is_ended() {
    if skipped() {
        return;
    }
    let ground = Ground::new();
    let mut slow = ground.shell("slow", "sleep 1000");
    slow.spec.max_completion_millis = Some(300);
    let exit = slow.start().wait();
    assert_eq!((exit.timed_out, exit.killed), (true, false));
    ground.assert_empty();
}

#[test]
fn without_its_supervisor_a_task_ends_and_can_be_cleared() {
    if skipped() {
        return;
    }
    let ground = Ground::new();
    let mut task = ground
        .shell("task", "setsid sleep 1000 & sleep 1000")
        .start();
    assert!(!task.group.processes().unwrap().is_empty());
    task.supervisor.as_mut().unwrap().kill().unwrap();
    let group = task.group.clone();
    until("the group is empty", || {
        group.processes().unwrap().is_empty()
    });
    assert!(!task.files.exit().exists());
    assert_eq!(ground.cgroups.names().unwrap(), ["task"]);
    fairground_real::isolation::container::clear(&task.spec).unwrap();
    ground.assert_empty();
}

#[test]
fn groups_die_also_without_namespaces() {
    if skipped() {
        return;
    }
    let ground = Ground::new();
    let mut task = ground.shell(
        "task",
        "trap '' TERM; (setsid sleep 1000) & sleep 1000; sleep 9",
    );
    task.spec.fences.namespaces = false;
    let mut task = task.start();
    until("its children are there", || {
        task.group.processes().unwrap().len() >= 4
    });
    task.kill(Duration::from_millis(200));
    let exit = task.wait();
    assert!(exit.killed && exit.left.is_none(), "{exit:?}");
    ground.assert_empty();
}

#[test]
fn what_a_task_writes_costs_others_little() {
    if skipped() {
        return;
    }
    let ground = Ground::new();
    let mut task = ground.shell("writes", "exec yes");
    task.spec.output.bytes = 1 << 40;
    let begun = Instant::now();
    let mut task = task.start();
    std::thread::sleep(Duration::from_secs(1));
    task.kill(Duration::ZERO);
    task.wait();
    // Twenty times a mebibyte a second, the one under way, and the last of the pipe.
    let most = begun.elapsed().as_millis() as u64 / 50 + 4;
    let written = fs::metadata(task.spec.sandbox.join("stdout"))
        .unwrap()
        .len();
    assert!(
        written >> 20 <= most,
        "{written} bytes, expected {most} MiB at most"
    );
    assert!(written > 0);
}
