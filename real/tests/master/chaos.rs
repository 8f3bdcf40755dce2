//! Hundreds of seeded rounds of everything that goes wrong between a framework, a master and its
//! agents, on a network that loses, repeats, delays and reorders what they say. Afterwards every
//! task has had one end, none was started twice, and the log replays.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use fairground_real::protocol::TaskState;
use fairground_workloads::rng::{self, Stream};
use serde_json::{Value, json};

use super::agent::{Agent, Spec};
use super::framework::Framework;
use super::process::Master;
use super::proxy::Proxy;
use super::quotas::tell;

const ROUNDS: u64 = 400;
const AGENTS: u64 = 3;
/// Those of a framework that has several.
const ROLES: [&str; 3] = ["a", "a/b", "c"];

struct Chaos {
    master: Master,
    /// Who the framework says it is.
    info: Value,
    proxies: Vec<Proxy>,
    agents: Vec<Agent>,
    framework: Framework,
    draws: Stream,
    offers: Vec<Value>,
    stale: Vec<Value>,
    /// Every task ever asked for, with the state it ended in.
    tasks: BTreeMap<String, Option<String>>,
    running: BTreeSet<String>,
    /// Tasks that were out of reach.
    unreachable: BTreeSet<String>,
    /// Statuses whose acknowledgement was taken in, by the question that was asked afterwards.
    asked: BTreeMap<String, String>,
    questions: u64,
    /// Statuses that may not come any more: that question was answered.
    acknowledged: BTreeSet<String>,
}

impl Chaos {
    fn new(seed: u64, flags: &[&str], info: &Value) -> Self {
        let master = Master::start(flags);
        let proxies: Vec<Proxy> = (0..AGENTS)
            .map(|i| Proxy::start(master.address, seed, &format!("proxy {i}")))
            .collect();
        let agents = (0..).zip(&proxies);
        let agents = agents
            .map(|(i, proxy)| Agent::start(&Spec::new(proxy.address, &format!("a{i}"), 4, 4000)))
            .collect();
        let framework = Framework::subscribe_as(master.address, info);
        Self {
            master,
            info: info.clone(),
            proxies,
            agents,
            framework,
            draws: rng::stream(seed, "chaos"),
            offers: Vec::new(),
            stale: Vec::new(),
            tasks: BTreeMap::new(),
            running: BTreeSet::new(),
            unreachable: BTreeSet::new(),
            asked: BTreeMap::new(),
            questions: 0,
            acknowledged: BTreeSet::new(),
        }
    }

    fn draw(&mut self, below: usize) -> usize {
        self.draws.below(below as u64) as usize
    }

    fn round(&mut self) {
        let roles = self.info.get("roles").is_some();
        match self.draw(if roles { 16 } else { 15 }) {
            0..=3 => self.launch(),
            4 | 5 => {
                let agent = self.draw(self.agents.len());
                self.agents[agent].break_stream();
            }
            6 => {
                self.master.kill();
                if self.draw(2) == 0 {
                    self.end_one();
                }
                self.master.restart();
                self.come_back();
            }
            7 => self.come_back(),
            8 => {
                if let Some(task) = self.any_running() {
                    self.framework
                        .say("KILL", json!({"task_id": {"value": task}}));
                }
            }
            9 | 10 => self.end_one(),
            11 => {
                let agent = self.draw(self.proxies.len());
                self.proxies[agent].cut(true);
            }
            12 | 13 => self.proxies.iter().for_each(|proxy| proxy.cut(false)),
            15 if self.draw(2) == 0 => self.change_roles(),
            15 => self.operate(),
            _ => self.launch_on_stale_offer(),
        }
        let wait = self.draw(30) as u64;
        self.hear(Duration::from_millis(wait));
    }

    fn any_running(&mut self) -> Option<String> {
        let chosen = self.draw(self.running.len().max(1));
        self.running.iter().nth(chosen).cloned()
    }

    /// A task ends by itself, if it runs.
    fn end_one(&mut self) {
        if let Some(task) = self.any_running() {
            self.running.remove(&task);
            for agent in &self.agents {
                agent.end_if_running(&task, TaskState::Finished);
            }
        }
    }

    fn new_task(&mut self) -> String {
        let id = format!("t{:04}", self.tasks.len());
        self.tasks.insert(id.clone(), None);
        id
    }

    fn launch(&mut self) {
        let Some(offer) = self.offers.pop() else {
            return;
        };
        let count = self.draw(3);
        let ids: Vec<String> = (0..count).map(|_| self.new_task()).collect();
        let commands = ["true", "false", "sleep"];
        let tasks: Vec<(&str, &str)> = ids
            .iter()
            .map(|id| (id.as_str(), commands[self.draws.below(3) as usize]))
            .collect();
        self.framework.launch(&offer, &tasks);
        self.stale.push(offer);
    }

    fn launch_on_stale_offer(&mut self) {
        if let Some(offer) = self.stale.pop() {
            let id = self.new_task();
            self.framework.launch(&offer, &[(&id, "true")]);
        }
    }

    /// The framework has other roles than before, and has what it launched in those that it left.
    fn change_roles(&mut self) {
        let some = 1 + self.draw((1 << ROLES.len()) - 1);
        let roles = (0..ROLES.len()).filter(|role| some & (1 << role) > 0);
        self.info["roles"] = roles.map(|role| ROLES[role]).collect();
        self.info["id"] = json!({"value": self.framework.id});
        let update = json!({"framework_info": self.info});
        assert_eq!(self.framework.call("UPDATE_FRAMEWORK", update).0, 200);
    }

    /// An operator changes what roles get.
    fn operate(&mut self) {
        let role = ROLES[self.draw(ROLES.len())];
        let (cpus, weight) = (self.draw(3), 1 + self.draw(4));
        let weights = json!([{"role": role, "weight": weight}]);
        // A guarantee of `a/b` would have to be within one of `a`.
        let quota = json!({"role": "c", "force": true, "guarantees": {"cpus": {"value": cpus}},
                           "limits": {"cpus": {"value": 4 * cpus}}});
        for (method, path, body) in [("PUT", "/weights", weights), ("POST", "/quota", quota)] {
            assert_eq!(tell(&self.master, method, path, "", &body).0, 200);
        }
    }

    /// The framework fails over to itself; its offers are gone.
    fn come_back(&mut self) {
        self.info["id"] = json!({"value": self.framework.id});
        self.framework = Framework::subscribe_as(self.master.address, &self.info);
        self.stale.append(&mut self.offers);
    }

    /// Takes in what comes for a while.
    fn hear(&mut self, span: Duration) {
        let end = Instant::now() + span;
        while let Some(event) = self
            .framework
            .next_within(end.saturating_duration_since(Instant::now()))
        {
            match event["type"].as_str().unwrap() {
                "OFFERS" => {
                    let offers = event["offers"]["offers"].as_array().unwrap();
                    self.offers.extend(offers.iter().cloned());
                }
                "UPDATE" => self.status(&event["update"]["status"]),
                // With roles that change too many would be stale.
                "RESCIND" if self.info.get("roles").is_some() => {
                    let is_meant = |offer: &mut Value| offer["id"] == event["rescind"]["offer_id"];
                    self.stale.extend(self.offers.extract_if(.., is_meant));
                }
                // The offers are stale now.
                "FAILURE" | "RESCIND" => {}
                other => panic!("{other}: {event}"),
            }
        }
    }

    fn status(&mut self, status: &Value) {
        let task = status["task_id"]["value"].as_str().unwrap();
        if let Some(uuid) = self.asked.remove(task) {
            self.acknowledged.insert(uuid);
            return;
        }
        let state = status["state"].as_str().unwrap();
        let goes_on = [
            "TASK_STAGING",
            "TASK_STARTING",
            "TASK_RUNNING",
            "TASK_UNREACHABLE",
        ];
        let is_over = !goes_on.contains(&state);
        if let Some(uuid) = status["uuid"].as_str() {
            assert!(
                !self.acknowledged.contains(uuid),
                "acknowledged and repeated: {status}"
            );
        }
        let end = self.tasks.get_mut(task).expect("a task that was asked for");
        if state == "TASK_UNREACHABLE" {
            self.unreachable.insert(task.to_owned());
        }
        if is_over {
            assert!(
                end.as_ref().is_none_or(|end| end == state),
                "{end:?}, then {status}"
            );
            *end = Some(state.to_owned());
            self.running.remove(task);
        } else if end.is_none() && state == "TASK_RUNNING" {
            self.running.insert(task.to_owned());
        }
        // Some are not acknowledged and have to come again.
        if let Some(uuid) = status["uuid"].as_str()
            && self.draws.below(4) > 0
        {
            self.framework.acknowledge(status);
            // Copies of the status may be on their way still, but not behind this answer.
            self.questions += 1;
            let question = format!("question {}", self.questions);
            let task = json!({"task_id": {"value": question}});
            self.framework.say("RECONCILE", json!({"tasks": [task]}));
            self.asked.insert(question, uuid.to_owned());
        }
    }

    /// Brings every task to its end.
    fn settle(&mut self) {
        self.proxies.iter().for_each(Proxy::behave);
        let begun = Instant::now();
        while self.tasks.values().any(Option::is_none) {
            assert!(begun.elapsed() < Duration::from_mins(1), "{:?}", self.tasks);
            let open: Vec<String> = self
                .tasks
                .iter()
                .filter(|(_, end)| end.is_none())
                .map(|(task, _)| task.clone())
                .collect();
            // A task that is not known any more is reported lost by this.
            for task in open {
                self.framework
                    .say("KILL", json!({"task_id": {"value": task}}));
            }
            self.hear(Duration::from_millis(500));
        }
        while self.agents.iter().any(|agent| agent.known() > 0) {
            assert!(
                begun.elapsed() < Duration::from_mins(1),
                "acknowledgements arrive"
            );
            self.hear(Duration::from_millis(200));
        }
    }
}

/// `partitions` when agents are given up soon, by a master whose framework knows about that; `roles` when it
/// has several, which change.
fn check(partitions: bool, roles: bool) {
    let seed = std::env::var("FAIRGROUND_SEED").map_or(1, |seed| seed.parse().unwrap());
    println!("FAIRGROUND_SEED={seed}");
    let mut info = json!({"user": "root", "name": "f", "failover_timeout": 60});
    let mut flags = vec!["--fsync", "never"];
    if partitions {
        info["capabilities"] = json!([{"type": "PARTITION_AWARE"}]);
        flags.extend(["--ping", "50ms", "--pings", "2"]);
    }
    if roles {
        info["roles"] = json!(ROLES);
        info["capabilities"] = json!([{"type": "MULTI_ROLE"}]);
    }
    let mut chaos = Chaos::new(seed, &flags, &info);
    // Roles that change take offers away, too.
    for _ in 0..if roles { 2 * ROUNDS } else { ROUNDS } {
        chaos.round();
    }
    chaos.settle();
    let mut starts: BTreeMap<String, usize> = BTreeMap::new();
    for agent in &chaos.agents {
        for (task, count) in agent.starts() {
            *starts.entry(task).or_default() += count;
        }
    }
    assert!(starts.values().all(|count| *count == 1), "{starts:?}");
    for (task, end) in &chaos.tasks {
        let may_start = match end.as_deref() {
            // Lost with a stale offer, or too large for what was left of one.
            Some("TASK_LOST" | "TASK_DROPPED" | "TASK_ERROR") => false,
            // Killed, or out of reach, before or after its agent heard of it.
            Some("TASK_KILLED" | "TASK_GONE") => continue,
            _ => true,
        };
        assert_eq!(may_start, starts.contains_key(task), "{task}: {end:?}");
    }
    chaos.master.wait_for_metric("master/cpus_used", 0.0);
    let mut counts = [0; 4];
    for proxy in &chaos.proxies {
        counts = std::array::from_fn(|i| counts[i] + proxy.counts()[i]);
    }
    let late = chaos.unreachable.iter();
    let late = late.filter(|task| chaos.tasks[*task].as_deref() != Some("TASK_GONE"));
    let late = (late.count(), chaos.unreachable.len());
    println!("ends told late, tasks out of reach: {late:?}");
    assert_eq!(partitions, late.0 > 0, "{late:?}");
    println!("tasks started: {}", starts.len());
    println!("lost, repeated, moved, held up: {counts:?}");
    assert!(counts.iter().all(|count| *count > 5), "{counts:?}");
    assert!(
        starts.len() > 25,
        "the rounds were worth it: {}",
        starts.len()
    );
}

#[test]
fn every_task_has_one_end_whatever_breaks() {
    check(false, false);
}

#[test]
fn who_knows_about_partitions_hears_every_end() {
    check(true, false);
}

#[test]
fn who_changes_its_roles_hears_every_end() {
    check(false, true);
}
