//! Logs in the Standard Workload Format, replayed first come, first served, against a plain
//! re-implementation.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fairground_policies::registry::Registry;
use fairground_policies::resources::Resources;
use fairground_policies::time::{Span, Time};
use fairground_sim::experiment::Experiment;
use fairground_sim::recipe::Recipe;
use fairground_workloads::rng;
use fairground_workloads::trace::{Runtimes, Work};

use crate::common::Cluster;
use crate::{Plain, times, work};

/// A log of `jobs` jobs of up to `most` processors with memory of many sizes, some at one second.
fn log(jobs: u32, most: u64, purpose: &str) -> String {
    let mut draw = rng::stream(7, purpose);
    let mut text = String::from("; Version: 2.2\n; MaxProcs: 64\n");
    let mut submitted = 0;
    for job in 1..=jobs {
        submitted += draw.below(40).saturating_sub(10);
        let processors = draw.between(1, most);
        let run = draw.between(1, 600);
        let kib = 1024 * draw.between(1, 64) * 64;
        let _ = writeln!(
            text,
            "{job} {submitted} -1 {run} {processors} -1 {kib} {processors} {run} {kib} 1 1 1 1 1 1 -1 -1"
        );
    }
    text
}

/// The jobs that the log becomes.
fn read(text: &str) -> Vec<Plain> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("log.swf"), text).expect("a log");
    let recipe = r#"
        name = "log"
        title = "log"
        duration = "1d"
        policies = ["fifo"]
        [[cluster]]
        agents = 1
        cpus = 64
        mem = "256GiB"
        [[framework]]
        name = "log"
        workload.swf = { file = "log.swf" }
    "#;
    let path = folder.path().join("recipe.toml");
    std::fs::write(&path, recipe).expect("a recipe");
    let loaded = Recipe::load(Some(&path), &[]).expect("a recipe that reads");
    let experiment = Experiment::load(&loaded, Registry::default()).expect("known names");
    let trace = experiment.trace(1).expect("a trace");
    let Work::Batch(jobs) = &trace.workloads[0].work else {
        panic!("a log is batch work");
    };
    let plain = jobs.iter().map(|job| {
        let (stage, runtimes) = job.stages().next().expect("a stage");
        let Runtimes::Plain { local, .. } = runtimes else {
            panic!("tasks with plain times");
        };
        assert!(job.spec.gang, "jobs of a log are rigid");
        Plain {
            submitted: job.submitted,
            needs: stage.needs,
            tasks: stage.tasks,
            run: local[0],
        }
    });
    let plain: Vec<Plain> = plain.collect();
    check_lines(text, &plain);
    plain
}

/// The jobs are those of the lines: submission, processors and run time by hand.
fn check_lines(text: &str, jobs: &[Plain]) {
    let lines = text.lines().filter(|line| !line.starts_with(';'));
    let lines: Vec<Vec<u64>> = lines
        .map(|line| line.split(' ').map(|n| n.parse().unwrap_or(0)).collect())
        .collect();
    assert_eq!(lines.len(), jobs.len());
    for (line, job) in lines.iter().zip(jobs) {
        let first = lines[0][1];
        assert_eq!(job.submitted, Time::from_secs(line[1] - first));
        assert_eq!(u64::from(job.tasks), line[4]);
        assert_eq!(job.run, Span::from_secs(line[3]));
        assert_eq!(job.needs, Resources::cores(1, line[6] / 1024));
    }
}

/// How a plain cluster serves its jobs, always in the order of submission.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    /// Task by task, whatever fits first.
    FirstFit,
    /// A job's tasks together; the first that finds no room keeps the machine for itself if it could
    /// start some of them, else those behind it may go on.
    Rigid,
    /// A job's tasks together, and nobody before the one in front.
    Strict,
}

/// A cluster that serves its jobs as it is written here; when each started and was done.
struct PlainCluster<'a> {
    jobs: &'a [Plain],
    order: Order,
    now: Time,
    free: Vec<Resources>,
    /// What ends when: the agent and the job.
    ends: BTreeMap<Time, Vec<(usize, usize)>>,
    waiting: Vec<u32>,
    times: Vec<(Time, Time)>,
}

fn plain(jobs: &[Plain], agents: &[Resources], order: Order) -> Vec<(Time, Time)> {
    let never = Time::from_micros(u64::MAX);
    let mut cluster = PlainCluster {
        jobs,
        order,
        now: Time::ZERO,
        free: agents.to_vec(),
        ends: BTreeMap::new(),
        waiting: vec![0; jobs.len()],
        times: vec![(never, Time::ZERO); jobs.len()],
    };
    let mut submitted = 0;
    loop {
        let next = jobs.get(submitted).map(|job| job.submitted);
        let end = cluster.ends.first_key_value().map(|(at, _)| *at);
        let Some(now) = next.into_iter().chain(end).min() else {
            return cluster.times;
        };
        cluster.now = now;
        for (agent, job) in cluster.ends.remove(&now).unwrap_or_default() {
            cluster.free[agent] += jobs[job].needs;
        }
        while jobs.get(submitted).is_some_and(|job| job.submitted == now) {
            cluster.waiting[submitted] = jobs[submitted].tasks;
            submitted += 1;
        }
        match order {
            Order::FirstFit => (0..agents.len()).for_each(|agent| cluster.fill(agent)),
            Order::Rigid | Order::Strict => cluster.start_whole_jobs(),
        }
    }
}

impl PlainCluster<'_> {
    fn fill(&mut self, agent: usize) {
        for job in 0..self.jobs.len() {
            while self.waiting[job] > 0 && self.jobs[job].needs.fits_in(self.free[agent]) {
                self.start(job, agent);
            }
        }
    }

    fn start_whole_jobs(&mut self) {
        for job in 0..self.jobs.len() {
            let Plain { needs, tasks, .. } = self.jobs[job];
            if self.waiting[job] == 0 {
                continue;
            }
            if needs.times_in(self.free[0]).expect("a size") >= u64::from(tasks) {
                (0..tasks).for_each(|_| self.start(job, 0));
            } else if self.order == Order::Strict || needs.fits_in(self.free[0]) {
                return;
            }
        }
    }

    fn start(&mut self, job: usize, agent: usize) {
        let Plain { needs, run, .. } = self.jobs[job];
        self.free[agent] -= needs;
        self.waiting[job] -= 1;
        let (first, last) = &mut self.times[job];
        *first = self.now.min(*first);
        *last = self.now + run;
        self.ends.entry(*last).or_default().push((agent, job));
    }
}

/// Jobs of a log under `policy` with `scheduler` on these agents, against the plain cluster.
fn check(policy: &str, scheduler: &str, jobs: &[Plain], agents: &[Resources], order: Order) {
    let gang = order != Order::FirstFit;
    let cluster = Cluster::new(policy, agents).framework(scheduler, work(jobs, gang));
    let run = cluster.run_quickly();
    let (got, expected) = (times(&run, 0), plain(jobs, agents, order));
    for (job, (got, expected)) in got.iter().zip(&expected).enumerate() {
        assert_eq!(got, expected, "job {job} under {policy} and {scheduler}");
    }
}

/// Agents that are short of cores, of memory, or of both.
fn agents(count: u64) -> Vec<Resources> {
    let size = |agent: u64| Resources::cores(4 + agent % 3 * 6, 8192 * (1 + agent % 4));
    (0..count).map(size).collect()
}

#[test]
fn first_come_first_served_is_the_plain_cluster() {
    let jobs = read(&log(400, 12, "fifo"));
    for policy in ["fifo", "drf", "priority", "random"] {
        check(policy, "fifo", &jobs, &agents(8), Order::FirstFit);
    }
    // Offers for tasks know the next 64 jobs one by one.
    check(
        "drf[offers=task]",
        "fifo",
        &jobs,
        &agents(20),
        Order::FirstFit,
    );
}

#[test]
fn rigid_jobs_start_whole_as_on_the_plain_machine() {
    let jobs = read(&log(600, 40, "rigid"));
    let machine = [Resources::cores(64, 192 * 1024)];
    for policy in ["fifo", "drf"] {
        check(policy, "gang[hold=1000d]", &jobs, &machine, Order::Strict);
        check(policy, "fifo[hold=1000d]", &jobs, &machine, Order::Rigid);
    }
    check(
        "drf[offers=task]",
        "gang[hold=1000d]",
        &jobs,
        &machine,
        Order::Strict,
    );
}

#[test]
fn a_static_partition_is_a_plain_cluster_of_its_own() {
    let logs = ["one", "two", "three"].map(|name| read(&log(300, 8, name)));
    let agents = agents(9);
    let mut cluster = Cluster::new("static[split=2:3:4]", &agents);
    for jobs in &logs {
        cluster = cluster.framework("fifo", work(jobs, false));
    }
    let run = cluster.run_quickly();
    let mut from = 0;
    for (framework, (jobs, part)) in (0..).zip(logs.iter().zip([2, 3, 4])) {
        let mine = &agents[from..from + part];
        assert_eq!(times(&run, framework), plain(jobs, mine, Order::FirstFit));
        from += part;
    }
}
