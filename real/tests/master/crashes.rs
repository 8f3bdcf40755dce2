//! Real agents with real tasks on a network that misbehaves, and SIGKILL for everybody: tasks write
//! down that they started, and none does so twice. Some are killed; some belong to frameworks that are
//! torn down or stay away, and nothing of those goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fairground_workloads::rng::{self, Stream};
use serde_json::{Value, json};
use uuid::Uuid;

use super::framework::{Framework, task};
use super::process::Master;
use super::proxy::Proxy;
use super::support::master::Agent;
use super::support::{until, without_fences};

const ROUNDS: usize = 200;

/// The tasks that wrote down in their sandboxes that they started, once for every time.
fn started(agents: &[Agent]) -> Vec<String> {
    let list = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        folders.map(|entry| entry.path()).collect()
    };
    let frameworks = agents
        .iter()
        .flat_map(|agent| list(&agent.work().join("sandboxes")));
    let launches = frameworks
        .flat_map(|framework| list(&framework))
        .flat_map(|task| list(&task));
    let said = launches.filter_map(|launch| std::fs::read_to_string(launch.join("started")).ok());
    let lines = said.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
    lines.collect()
}

struct Crashes {
    master: Master,
    proxies: Vec<Proxy>,
    agents: Vec<Agent>,
    framework: Framework,
    draws: Stream,
    /// What the command line of every task has.
    mark: String,
    /// Every task asked for, with the state it ended in.
    tasks: BTreeMap<String, Option<String>>,
    /// Those of them that were ordered to end.
    killed: BTreeSet<String>,
    /// Tasks of frameworks that did not stay.
    passing: Vec<String>,
}

impl Crashes {
    fn round(&mut self) {
        match self.draws.below(8) {
            0 => {
                let agent = self.draws.below(self.agents.len() as u64) as usize;
                self.agents[agent].kill_9();
                self.hear_up_to(200);
                self.agents[agent].start_again();
            }
            1 => {
                self.master.kill();
                self.master.restart();
                let info = json!({"user": "", "name": "f", "failover_timeout": 60,
                                  "id": {"value": self.framework.id}});
                self.framework = Framework::subscribe_as(self.master.address, &info);
            }
            2 => {
                let agent = self.draws.below(self.agents.len() as u64) as usize;
                self.proxies[agent].cut(true);
            }
            3 => self.kill_one(),
            4 => self.pass_by(),
            _ => self.proxies.iter().for_each(|proxy| proxy.cut(false)),
        }
        self.hear_up_to(300);
    }

    /// Orders a task to end that has not ended, as far as its framework knows.
    fn kill_one(&mut self) {
        let live: Vec<String> = self.live().cloned().collect();
        if !live.is_empty() {
            let one = self.draws.below(live.len() as u64) as usize;
            self.kill(live[one].clone());
        }
    }

    fn live(&self) -> impl Iterator<Item = &String> {
        let live = self.tasks.iter().filter(|(_, end)| end.is_none());
        live.map(|(task, _)| task)
    }

    fn kill(&mut self, task: String) {
        self.framework
            .say("KILL", json!({"task_id": {"value": task}}));
        self.killed.insert(task);
    }

    /// A framework comes, launches what it can, and goes, maybe before its tasks have started.
    fn pass_by(&mut self) {
        let info = json!({"user": "", "name": "passing", "failover_timeout": 0});
        let passing = Framework::subscribe_as(self.master.address, &info);
        let end = Instant::now() + Duration::from_millis(500);
        while let Some(event) = passing.next_within(end.saturating_duration_since(Instant::now())) {
            let Some(offer) = event["offers"]["offers"].get(0) else {
                continue;
            };
            let id = format!("p{:04}", self.passing.len());
            let command = self.command(&id, "1000");
            passing.accept(offer, &[task(offer, &id, &command)], 0.2);
            self.passing.push(id);
            break;
        }
        self.hear_up_to(50);
        if self.draws.below(2) == 0 {
            passing.say("TEARDOWN", Value::Null);
        }
    }

    /// Writes down that the task started, and sleeps.
    fn command(&self, id: &str, seconds: &str) -> String {
        format!("echo {id} >> started; sleep {seconds}; : {}", self.mark)
    }

    fn hear_up_to(&mut self, millis: u64) {
        let span = Duration::from_millis(self.draws.below(millis));
        self.hear(span);
    }

    /// Takes in what comes for a while, and launches a task or two on every offer.
    fn hear(&mut self, span: Duration) {
        let end = Instant::now() + span;
        while let Some(event) = self
            .framework
            .next_within(end.saturating_duration_since(Instant::now()))
        {
            if event["type"] == "UPDATE" {
                self.status(&event["update"]["status"]);
            }
            let offers = event["offers"]["offers"].as_array();
            for offer in offers.into_iter().flatten() {
                self.launch(offer);
            }
        }
    }

    fn launch(&mut self, offer: &Value) {
        let mut list = Vec::new();
        let resources = offer["resources"].as_array().unwrap();
        let cpus = resources.iter().find(|r| r["name"] == "cpus");
        let cpus = cpus.map_or(0.0, |r| r["scalar"]["value"].as_f64().unwrap());
        // Half a processor each; what is left of others' offers may have none.
        for _ in 0..((cpus * 2.0) as usize).min(2) {
            let id = format!("t{:04}", self.tasks.len());
            // One in sixteen never ends by itself.
            let nap = match self.draws.below(32) {
                0..2 => "1000".to_owned(),
                nap => format!("0.{}", nap % 4),
            };
            let command = self.command(&id, &nap);
            list.push(task(offer, &id, &command));
            self.tasks.insert(id, None);
        }
        self.framework.accept(offer, &list, 0.2);
    }

    fn status(&mut self, status: &Value) {
        let task = status["task_id"]["value"].as_str().unwrap();
        let state = status["state"].as_str().unwrap();
        if !["TASK_STAGING", "TASK_STARTING", "TASK_RUNNING"].contains(&state) {
            let end = self.tasks.get_mut(task).expect("a task that was asked for");
            assert!(
                end.as_ref().is_none_or(|end| end == state),
                "{end:?}, then {status}"
            );
            *end = Some(state.to_owned());
        }
        self.framework.acknowledge(status);
    }

    fn settle(&mut self) {
        self.proxies.iter().for_each(Proxy::behave);
        self.framework.say("SUPPRESS", Value::Null);
        let begun = Instant::now();
        while self.live().next().is_some() {
            assert!(
                begun.elapsed() < Duration::from_mins(1),
                "{:?}",
                self.live().collect::<Vec<_>>()
            );
            for task in self.live().cloned().collect::<Vec<_>>() {
                self.kill(task);
            }
            // What ended while nobody listened is told again by this.
            self.framework.say("RECONCILE", json!({}));
            self.hear(Duration::from_millis(500));
        }
    }
}

#[test]
fn tasks_run_once_whoever_is_killed() {
    if without_fences() {
        return;
    }
    let seed = std::env::var("FAIRGROUND_SEED").map_or(1, |seed| seed.parse().unwrap());
    println!("FAIRGROUND_SEED={seed}");
    let master = Master::start(&["--fsync", "never"]);
    let proxies: Vec<Proxy> = (0..2)
        .map(|i| Proxy::start(master.address, seed, &format!("proxy {i}")))
        .collect();
    let agents = (0..).zip(&proxies);
    let agents = agents
        .map(|(i, proxy)| Agent::start_at(&proxy.address.to_string(), &format!("host{i}")))
        .collect();
    let info = json!({"user": "", "name": "f", "failover_timeout": 60});
    let framework = Framework::subscribe_as(master.address, &info);
    let mut crashes = Crashes {
        master,
        proxies,
        agents,
        framework,
        draws: rng::stream(seed, "crashes"),
        mark: Uuid::new_v4().to_string(),
        tasks: BTreeMap::new(),
        killed: BTreeSet::new(),
        passing: Vec::new(),
    };
    for _ in 0..ROUNDS {
        crashes.round();
    }
    crashes.settle();
    let mark = crashes.mark.clone();
    until("nothing goes on", || Agent::processes(&mark).is_empty());
    crashes.master.wait_for_metric("master/cpus_used", 0.0);
    let started = started(&crashes.agents);
    let times = |task: &String| started.iter().filter(|line| *line == task).count();
    let mut ends: BTreeMap<&str, usize> = BTreeMap::new();
    for (task, end) in &crashes.tasks {
        let end = end.as_deref().unwrap();
        *ends.entry(end).or_default() += 1;
        let times = times(task);
        match end {
            "TASK_FINISHED" => assert_eq!(times, 1, "{task}"),
            "TASK_KILLED" if crashes.killed.contains(task) => assert!(times <= 1, "{task}"),
            // Its agent was killed when it was about to start it and cannot know.
            "TASK_LOST" => assert!(times <= 1, "{task} started {times} times"),
            other => panic!("{task} ended as {other}"),
        }
    }
    for task in &crashes.passing {
        assert!(times(task) <= 1, "{task} of a framework that is gone");
    }
    println!("{ends:?}, {} of passing frameworks", crashes.passing.len());
    assert!(
        ends["TASK_FINISHED"] > 50 && ends["TASK_KILLED"] > 5 && crashes.passing.len() > 5,
        "the rounds were worth it: {ends:?}"
    );
    drop(crashes.agents);
}
