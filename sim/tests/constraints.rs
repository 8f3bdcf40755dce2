//! Constraints and speeds as recipes say them: what runs where, how fast, and what makes no sense.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use fairground_policies::attributes::{AgentAttributes, AttributeTest, Expected};
use fairground_policies::job::StageSpec;
use fairground_policies::registry::Registry;
use fairground_policies::time::Span;
use fairground_sim::experiment::Experiment;
use fairground_sim::recipe::Recipe;
use fairground_workloads::trace::{Runtimes, Stage, Work};

use common::{Cluster, batch, cores, gang, job, maps, numbered, secs, service};

/// Four agents of four cores in the zones a, a, b and c.
fn zones(policy: &str) -> Cluster {
    let mut cluster = Cluster::new(policy, &[cores(4); 4]);
    cluster.trace.described = ["a", "a", "b", "c"]
        .into_iter()
        .zip(0..)
        .map(|(zone, agent)| {
            let words = [
                ("zone", zone.to_owned()),
                ("@hostname", format!("a{agent}")),
            ];
            AgentAttributes::new(words.map(|(name, word)| (name.to_owned(), word)))
        })
        .collect();
    cluster
}

/// How many tasks ran at most at once where an attribute had a word, by word, and when the last ended.
fn peaks(cluster: &Cluster, attribute: &str) -> String {
    let mut ended = Vec::new();
    cluster.watched(&mut |one| ended.push((one.started, one.ended, one.agent)));
    let word = |agent: usize| {
        cluster.trace.described[agent]
            .get(attribute)
            .expect("a word")
    };
    let mut peaks: BTreeMap<&str, usize> = BTreeMap::new();
    for (started, _, agent) in &ended {
        let here = word(agent.index());
        let beside = ended.iter().filter(|(from, to, other)| {
            from <= started && started < to && word(other.index()) == here
        });
        let peak = peaks.entry(here).or_default();
        *peak = beside.count().max(*peak);
    }
    let last = ended
        .iter()
        .map(|(_, ended, _)| *ended)
        .max()
        .expect("tasks");
    let peaks: Vec<String> = peaks
        .iter()
        .map(|(word, peak)| format!("{word}{peak}"))
        .collect();
    format!("{} in {last}", peaks.join(" "))
}

/// Twelve tasks of ten seconds under every combination of a policy and a size of offers.
fn check(constraints: &[&str], attribute: &str, expected: &str) {
    for policy in ["drf", "fifo", "drf[offers=task]", "drf[round=1s]"] {
        let work = batch(vec![job(0, vec![maps(&[10; 12])])]);
        let cluster = zones(policy)
            .framework("fifo", work)
            .constraints(constraints);
        assert_eq!(
            peaks(&cluster, attribute),
            expected,
            "{policy} {constraints:?}"
        );
    }
}

#[test]
fn tasks_run_where_they_may() {
    check(&["zone UNLIKE d"], "zone", "a8 b4 in 10s");
    check(&["zone LIKE b|c"], "zone", "b4 c4 in 20s");
    check(&["zone IS a"], "@hostname", "a04 a14 in 20s");
    check(
        &["zone UNLIKE a", "@hostname UNLIKE a3"],
        "zone",
        "b4 in 30s",
    );
    check(&["zone CLUSTER"], "zone", "a8 in 20s");
    check(&["zone GROUP_BY"], "zone", "a4 b4 c4 in 10s");
}

/// Whoever waits for the end of a task of its own is told of it, and asks again.
#[test]
fn tasks_keep_apart_as_long_as_they_run() {
    check(&["zone UNIQUE"], "zone", "a1 b1 c1 in 40s");
    check(&["zone MAX_PER 2"], "zone", "a2 b2 c2 in 20s");
    check(
        &["@hostname MAX_PER 1", "zone LIKE a|b"],
        "@hostname",
        "a01 a11 a21 in 40s",
    );
}

#[test]
fn executors_and_instances_keep_apart() {
    let waves = Runtimes::Waves {
        fresh: vec![secs(10); 12],
        first: vec![secs(10); 12],
        rest: vec![secs(10); 12],
    };
    let work = Work::Executors {
        jobs: numbered(vec![job(0, vec![(StageSpec::new(cores(1), 12), waves)])]),
        needs: cores(1),
        max: 12,
        idle: secs(1),
    };
    let cluster = zones("drf")
        .framework("fifo", work)
        .constraints(&["zone MAX_PER 2"]);
    assert!(peaks(&cluster, "zone").starts_with("a2 b2 c2 in"));
    let mut site = service(&[2000; 4], 1, secs(1));
    site.autoscaler.min = 6;
    let cluster = zones("drf")
        .framework("fifo", Work::Service(site))
        .constraints(&["@hostname UNIQUE"]);
    assert!(peaks(&cluster, "@hostname").starts_with("a01 a11 a21 a31 in"));
}

/// What fits only where nobody may run it never runs, and is said to.
#[test]
fn what_may_run_nowhere_is_known_at_once() {
    let large = StageSpec::new(cores(4), 1);
    let large = (
        large,
        Runtimes::Plain {
            local: vec![secs(1)],
            away: 1000,
        },
    );
    let mut cluster = zones("drf").framework("fifo", batch(vec![job(0, vec![large])]));
    cluster.trace.agents[3] = cores(2);
    assert_eq!(cluster.run().frameworks[0].impossible, 0);
    let cluster = cluster.constraints(&["zone IS c"]);
    assert_eq!(cluster.run().frameworks[0].impossible, 1);
}

/// A recipe with a framework of these keys on two agents with these.
fn recipe(agents: &str, framework: &str) -> Result<Vec<BTreeSet<String>>, String> {
    let text = format!(
        "name = \"constraints\"\nduration = \"1h\"\n\n[[cluster]]\nagents = 1\ncpus = 8\nmem = \"32GiB\"\n{agents}\n\
         [[cluster]]\nagents = 1\ncpus = 8\nmem = \"32GiB\"\n\n[[framework]]\nname = \"f\"\n{framework}\n"
    );
    let loaded = Recipe::of_text(&text, &[], "test".into(), PathBuf::new())
        .map_err(|error| error.to_string())?;
    let again = Recipe::of_text(&loaded.recipe.text(), &[], "test".into(), PathBuf::new());
    assert_eq!(
        again.expect("it reads again").recipe.text(),
        loaded.recipe.text()
    );
    let experiment =
        Experiment::load(&loaded, Registry::default()).map_err(|error| error.to_string())?;
    let trace = experiment.trace(1).expect("a trace");
    let run = experiment.run(&"drf".parse().expect("a name"), &trace, 1, true);
    assert!(run.frameworks[0].finished > 0);
    let agents = run.hosts.iter().map(|row| row.agent.to_string());
    Ok(vec![agents.collect()])
}

const HADOOP: &str = "[framework.workload.hadoop]\ngap = \"8m\"\n";
const ZONE_A: &str = "attributes = { zone = \"a\" }";

fn runs_on(constraints: &str, agents: &[&str]) {
    let found = recipe(ZONE_A, &format!("constraints = {constraints}\n{HADOOP}"));
    let expected = agents.iter().map(ToString::to_string).collect();
    assert_eq!(found, Ok(vec![expected]), "{constraints}");
}

fn refused(agents: &str, framework: &str, said: &str) {
    let error = recipe(agents, framework).expect_err(said);
    assert!(error.contains(said), "{error}");
}

#[test]
fn recipes_say_where_tasks_run() {
    runs_on("[[\"zone\", \"LIKE\", \"a\"]]", &["a0"]);
    runs_on("[[\"zone\", \"UNLIKE\", \"a\"]]", &["a1"]);
    runs_on("[[\"hostname\", \"IS\", \"a1\"]]", &["a1"]);
    runs_on("[[\"@hostname\", \"MAX_PER\", \"3\"]]", &["a0", "a1"]);
}

#[test]
fn what_makes_no_sense_is_refused_with_the_reason() {
    let asks = |constraints: &str| format!("constraints = {constraints}\n{HADOOP}");
    refused(
        ZONE_A,
        HADOOP,
        "`cluster[0].attributes`: no framework has `constraints`",
    );
    refused(
        "attributes = { \"@hostname\" = \"x\" }",
        &asks("[[\"zone\", \"UNIQUE\"]]"),
        "of names with @ only @region",
    );
    refused(
        ZONE_A,
        &asks("[[\"rack\", \"UNIQUE\"]]"),
        "no agent has the attribute `rack`\n  hint: there is @hostname, zone",
    );
    refused(
        ZONE_A,
        &asks("[[\"zone\", \"IS\", \"b\"]]"),
        "nothing of it could ever run: zone IS b",
    );
    refused(
        ZONE_A,
        &asks("[[\"zone\", \"NEAR\", \"b\"]]"),
        "expected UNIQUE, CLUSTER, GROUP_BY",
    );
    let gang = format!("scheduler = \"gang\"\n{}", asks("[[\"zone\", \"UNIQUE\"]]"));
    refused(
        ZONE_A,
        &gang,
        "`gang`: `zone UNIQUE` looks at where tasks run",
    );
    let mpi = "constraints = [[\"zone\", \"UNIQUE\"]]\n[framework.workload.mpi]\n";
    refused(
        ZONE_A,
        mpi,
        "expected fifo, fair or sjf, and no jobs that start whole",
    );
}

/// Gangs and constraints of an agent alone go together.
#[test]
fn gangs_run_where_the_master_offers() {
    let work = batch(vec![gang(job(0, vec![maps(&[10; 8])]))]);
    let cluster = zones("drf")
        .framework("gang", work)
        .constraints(&["zone LIKE b|c"]);
    assert_eq!(peaks(&cluster, "zone"), "b4 c4 in 10s");
}

/// A stage whose tasks run where the zone is one of these.
fn only(zones: &str, (stage, times): Stage) -> Stage {
    let zones = zones.split('|').map(str::to_owned);
    let test = AttributeTest {
        attribute: "zone".to_owned(),
        expects: Expected::OneOf(zones.collect()),
    };
    let asks = Some(Arc::from([test]));
    (StageSpec { asks, ..stage }, times)
}

/// Jobs of one framework, each of tasks of a length of their own; which zones each ran in, and when the last ended.
fn zones_of_jobs(policy: &str, scheduler: &str, jobs: &[(u64, &str)]) -> String {
    let plan = |(secs, zones): &(u64, &str)| {
        let mut stage = maps(&[*secs; 4]);
        stage.0.estimate = Some(Span::from_secs(*secs));
        job(
            0,
            vec![if zones.is_empty() {
                stage
            } else {
                only(zones, stage)
            }],
        )
    };
    let work = batch(jobs.iter().map(plan).collect());
    let cluster = zones(policy).framework(scheduler, work);
    let mut ran: BTreeMap<u64, BTreeSet<&str>> = BTreeMap::new();
    let mut ended = Vec::new();
    let run = cluster.watched(&mut |one| ended.push((one.started, one.ended, one.agent)));
    for (from, to, agent) in &ended {
        let zone = cluster.trace.described[agent.index()].get("zone");
        let here = ran
            .entry(to.since(*from).as_micros() / 1_000_000)
            .or_default();
        here.insert(zone.expect("a zone"));
    }
    let ran = ran.iter().map(|(secs, zones)| {
        let zones: Vec<&str> = zones.iter().copied().collect();
        format!("{secs}:{}", zones.join("|"))
    });
    let ran: Vec<String> = ran.collect();
    let last = ended.iter().map(|(_, ended, _)| *ended).max();
    let last = last.map_or(String::new(), |last| format!(" in {last}"));
    format!(
        "{}{last}, {} never",
        ran.join(" "),
        run.frameworks[0].impossible
    )
}

#[test]
fn jobs_of_one_framework_ask_each_for_its_own() {
    // Two that want the same four cores, one that wants others, one that takes any.
    let jobs = [(10, "b"), (11, "b"), (12, "c"), (13, "a|b")];
    for policy in ["drf", "fifo", "drf[offers=task]", "drf[round=1s]"] {
        // Who gathers all that is free is not offered all of it where offers are for tasks.
        let gather = if policy.contains("task") { 0 } else { 3 };
        for scheduler in [
            "fifo",
            "fair",
            "sjf",
            "fair[speculate=1.5]",
            "easy",
            "fit",
            "fit[place=worst]",
        ][..4 + gather]
            .iter()
            .copied()
        {
            let found = zones_of_jobs(policy, scheduler, &jobs);
            let where_asked = found.starts_with("10:b 11:b 12:c 13:a");
            assert!(
                where_asked && found.ends_with(", 0 never"),
                "{policy} {scheduler}: {found}"
            );
            // In the order of jobs, or the two that want the same by turns.
            let soon = found.contains(" in 21s") || found.contains(" in 22s");
            assert!(soon, "{policy} {scheduler}: {found}");
        }
        let found = zones_of_jobs(policy, "gang", &jobs);
        assert!(
            found.starts_with("10:b 11:b 12:c 13:a"),
            "{policy}: {found}"
        );
    }
}

#[test]
fn a_job_that_asks_for_what_no_agent_is_never_runs() {
    for (policy, scheduler) in [
        ("drf", "fifo"),
        ("drf", "gang"),
        ("drf", "easy"),
        ("drf", "fit"),
        ("drf[offers=task]", "fifo"),
        ("drf[offers=task]", "gang"),
    ] {
        let found = zones_of_jobs(policy, scheduler, &[(10, "d"), (11, "c")]);
        assert_eq!(found, "11:c in 11s, 1 never", "{policy} {scheduler}");
    }
}

/// A gang is as fast as the slowest of its agents; what an executor works on is as fast as its agent.
#[test]
fn work_is_as_fast_as_its_agent() {
    let times = |work: Work, scheduler: &str| {
        let mut ended = Vec::new();
        let cluster = zones("drf").framework(scheduler, work);
        let cluster = cluster.speed("zone", "a", 4000);
        cluster.watched(&mut |one| ended.push((one.agent.0, one.ended.as_micros() / 1000)));
        ended
    };
    // Agents 0 and 1 are of zone a.
    let tasks = batch(vec![job(0, vec![maps(&[10; 12])])]);
    let ended = times(tasks, "fifo");
    let fast = |agent: u32| if agent < 2 { 2500 } else { 10_000 };
    assert!(
        ended.len() == 12 && ended.iter().all(|(agent, end)| *end == fast(*agent)),
        "{ended:?}"
    );
    let mut rigid = StageSpec::new(cores(1), 12);
    rigid.rigid = true;
    let local = vec![secs(10)];
    let rigid = batch(vec![job(
        0,
        vec![(rigid, Runtimes::Plain { local, away: 1000 })],
    )]);
    assert!(times(rigid, "fifo").iter().all(|(_, end)| *end == 10_000));
    let waves = Runtimes::Waves {
        fresh: vec![secs(10); 4],
        first: vec![secs(8); 4],
        rest: vec![secs(4); 4],
    };
    let work = Work::Executors {
        jobs: numbered(vec![job(0, vec![(StageSpec::new(cores(1), 4), waves)])]),
        needs: cores(4),
        max: 1,
        idle: secs(1),
    };
    // One executor on agent 0 works on all of them, one after the other at four times the speed, and is idle for a second.
    assert_eq!(times(work, "fifo"), [(0, (10_000 + 3 * 4000) / 4 + 1000)]);
}

/// Ten and ten agents of one core, of which one framework is three times as fast on the first: it is due eight of those, the
/// other two and all of the others, so that both have six tenths of the cluster by their own speed.
#[test]
fn gavel_gives_each_what_it_gains_most_by() {
    let placed = |policy: &str| {
        let mut cluster = Cluster::new(policy, &[cores(1); 20]);
        let kind = |agent| if agent < 10 { "fast" } else { "slow" };
        let words =
            (0..20).map(|agent| AgentAttributes::new([("kind".into(), kind(agent).into())]));
        cluster.trace.described = words.collect();
        let work = || batch(vec![job(0, vec![maps(&[60; 40])])]);
        let cluster = cluster
            .framework("fifo", work())
            .speed("kind", "fast", 3000);
        let cluster = cluster.framework("fifo", work());
        let mut first = [[0; 2]; 2];
        cluster.watched(&mut |one| {
            if one.started.as_micros() == 0 {
                first[one.framework.index()][usize::from(one.agent.0 >= 10)] += 1;
            }
        });
        first
    };
    assert_eq!(placed("gavel[offers=task]"), [[8, 0], [2, 10]]);
    assert_eq!(placed("drf[offers=task]"), [[5, 5], [5, 5]]);
}

#[test]
fn speeds_that_make_no_sense_are_refused() {
    let spark = "[framework.workload.spark]\n";
    let speeds = |said: &str| format!("speeds = {{ {said} }}\n{spark}");
    refused(
        ZONE_A,
        &speeds("zone = { b = 2 }"),
        "framework.f.speeds`: no agent has zone = b\n  hint: there is zone = a",
    );
    refused(
        "",
        &speeds("zone = { b = 2 }"),
        "no agent has zone = b\n  hint: describe agents, as in attributes = { zone = \"b\" } of a group",
    );
    refused(
        ZONE_A,
        &speeds("zone = { a = 0 }"),
        "`zone.a`: expected how many times as fast",
    );
    let rails = "speeds = { zone = { a = 2 } }\n[framework.workload.rails]\n";
    refused(
        ZONE_A,
        rails,
        "a `rails` workload has instances and no tasks that end",
    );
}
