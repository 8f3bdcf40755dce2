//! What is replayed is what was announced: every arrival of the part, and numbers that were built.

use crate::place::Place;

/// Jobs of an SWF log by their submission in seconds: one processor for a minute, of one user each.
fn log(submissions: &[u64]) -> String {
    let jobs = submissions.iter().enumerate().map(|(i, at)| {
        format!(
            "{} {at} 0 60 1 -1 -1 1 100 -1 1 {} 1 -1 1 -1 -1 -1\n",
            i + 1,
            i % 2 + 1
        )
    });
    jobs.collect()
}

/// What `compare` with `arguments` says of itself, and how many jobs were submitted, finished and
/// impossible under its last policy.
fn ran(place: &Place, arguments: &str) -> (String, [u64; 3]) {
    let said = place.fairground(&format!("compare {arguments} --out out"));
    assert!(said.starts_with("exit 0\n"), "{said}");
    let summary = place.read("out/summary.csv");
    let mut reader = csv::Reader::from_reader(summary.as_bytes());
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|column| column == name).unwrap();
    let columns = ["jobs", "finished", "impossible"].map(column);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let last = rows.last().unwrap()[0].to_owned();
    let rows = rows.iter().filter(|row| row[0] == last && &row[1] == "1");
    let counts = rows.map(|row| columns.map(|column| row[column].parse::<u64>().unwrap()));
    let sum = |sum: [u64; 3], row: [u64; 3]| std::array::from_fn(|i| sum[i] + row[i]);
    (place.read("out/recipe.toml"), counts.fold([0; 3], sum))
}

/// A log with these submissions is replayed whole.
fn check(submissions: &[u64], part: &str) {
    let place = Place::with("log.swf", log(submissions));
    let (recipe, counts) = ran(&place, "--trace log.swf");
    let all = submissions.len() as u64;
    assert_eq!(counts, [all, all, 0], "{submissions:?}");
    assert!(recipe.contains(&format!("Replayed: {part}.")), "{recipe}");
}

#[test]
fn the_last_arrival_counts_wherever_it_is() {
    let every_minute: Vec<u64> = (0..13).map(|minute| minute * 60).collect();
    check(&every_minute, "12m from its beginning, all 13 jobs");
    let mut late = vec![1200; 10];
    late.insert(0, 0);
    check(&late, "20m from its beginning, all 11 jobs");
    check(&[0, 599], "9m 59s from its beginning, all 2 jobs");
    check(&[0, 600], "10m from its beginning, all 2 jobs");
    check(&[0, 601], "10m 1s from its beginning, all 2 jobs");
}

#[test]
fn arrivals_at_one_instant_are_a_trace() {
    check(&[0, 0, 0], "what arrives at its beginning, all 3 jobs");
    check(&[77, 77], "what arrives at its beginning, all 2 jobs");
    check(&[5], "what arrives at its beginning, all 1 job");
}

#[test]
fn a_part_has_what_arrives_in_it() {
    let place = Place::with("log.swf", log(&[0, 60, 120, 180, 240]));
    let (recipe, counts) = ran(&place, "--trace log.swf --from 1m --duration 2m");
    assert_eq!(counts[0], 2);
    let told = "Replayed: 2m from 1m after its beginning, the 2 jobs in it.";
    assert!(recipe.contains(told), "{recipe}");
}

/// Twice the load in half the time: all that arrives in it is still all of it.
#[test]
fn arrivals_that_come_faster_all_count() {
    let place = Place::with("log.swf", log(&[0, 600, 1200, 2400]));
    let (recipe, counts) = ran(&place, "--trace log.swf --interarrival 0.5");
    assert_eq!(counts, [4, 4, 0]);
    let told = "Replayed: 40m from its beginning, in 20m: times between arrivals are 50.0 % of the \
                trace's, run times stay, all 4 jobs.";
    assert!(recipe.contains(told), "{recipe}");
    assert!(recipe.contains("interarrival = 0.5\n"), "{recipe}");
    let arguments =
        "--trace log.swf --interarrival 0.5 --duration 10m --policies fifo --policies drf";
    let (recipe, counts) = ran(&place, arguments);
    assert!(recipe.contains("title = \"log: fifo, drf\"\n"), "{recipe}");
    assert_eq!(counts[0], 2);
    assert!(
        recipe.contains("Replayed: 20m from its beginning, in 10m"),
        "{recipe}"
    );
}

#[test]
fn jobs_without_arrivals_come_one_after_another_to_the_last() {
    let containers = r#"{"job.id":"one","job.tasks":[{"count":1,"duration.ms":60000}]}
{"job.id":"two","job.tasks":[{"count":1,"duration.ms":60000}]}
"#;
    let place = Place::with("sls-jobs.json", containers);
    let (recipe, counts) = ran(&place, "--trace sls-jobs.json --format sls");
    assert_eq!(counts, [2, 2, 0], "{recipe}");
}

/// Of three jobs one has tasks that wait for each other: it is left out and told, the others run.
#[test]
fn a_job_that_waits_for_itself_ends_no_replay() {
    let tasks = "\
M1,1,j1,1,Terminated,100,160,100,0.5
R2_1,1,j1,1,Terminated,160,220,100,0.5
M1_2,1,j2,1,Terminated,100,160,100,0.5
R2_1,1,j2,1,Terminated,160,220,100,0.5
M1,1,j3,1,Terminated,400,460,100,0.5
";
    let place = Place::with("batch_task.csv", tasks);
    let (recipe, counts) = ran(&place, "--trace batch_task.csv");
    assert_eq!(counts, [2, 2, 0]);
    assert!(recipe.contains("all 2 jobs."), "{recipe}");
    let page = place.read("out/README.md");
    assert!(page.contains("wait for each other in a loop"), "{page}");
}

/// The load that is told is the load of the cluster that was built, whatever made it so large; and whoever
/// is partitioned has room for its widest job there, because the cluster was made up.
#[test]
fn the_load_told_is_that_of_the_cluster_built() {
    let wide = "1 0 0 60 16 -1 -1 16 100 -1 1 1 1 -1 1 -1 -1 -1\n\
                2 300 0 60 1 -1 -1 1 100 -1 1 2 1 -1 1 -1 -1 -1\n";
    let place = Place::with("log.swf", wide);
    let (recipe, counts) = ran(&place, "--trace log.swf --policies drf static");
    // 17 processors for a minute of ten, of 17.
    let told = "17 agents of cpus:1 mem:1024 were assumed, as many as the widest job of every framework \
                needs on a partition of its own. Over the recipe's 10m, the work asks for 10.0 % of their \
                CPUs and 10.0 % of their memory.";
    assert!(recipe.contains(told), "{recipe}");
    assert!(!recipe.contains("too small"), "{recipe}");
    assert_eq!(counts, [2, 2, 0], "of static");
}

/// A header tells the machine, so that partitions of it may be too small: for how many jobs, why, and what
/// helps.
#[test]
fn partitions_too_small_for_a_job_are_told() {
    let jobs = "1 0 0 60 16 -1 -1 16 100 -1 1 1 1 -1 1 -1 -1 -1\n\
                2 60 0 60 2 -1 -1 2 100 -1 1 1 1 -1 1 -1 -1 -1\n\
                3 300 0 60 1 -1 -1 1 100 -1 1 2 1 -1 1 -1 -1 -1\n";
    let log = format!("; MaxProcs: 16\n{jobs}");
    let place = Place::with("log.swf", log);
    let (recipe, counts) = ran(&place, "--trace log.swf --policies drf static");
    let told = "Tasks of a job start together, and some partitions are too small for jobs of their \
                frameworks, which can never run there: 1 of the 2 jobs of user 1 on 15 agents (the widest \
                takes 16); --load 0.8 assumes a cluster in which every partition has room for them.";
    assert!(recipe.contains(told), "{recipe}");
    assert_eq!(counts, [3, 2, 1], "of static");
    let (recipe, counts) = ran(&place, "--trace log.swf --load 0.8 --policies drf static");
    assert!(!recipe.contains("too small"), "{recipe}");
    assert_eq!(counts, [3, 3, 0], "of static");
}

/// How a replay of a log ends, and what it says.
#[track_caller]
fn refused(log: &str, arguments: &str, told: &[&str]) {
    let place = Place::with("log.swf", log);
    let said = place.fairground(&format!("compare --trace log.swf {arguments}"));
    assert!(said.starts_with("exit 2\n"), "{said}");
    for told in told {
        assert!(said.contains(told), "{told}: {said}");
    }
}

/// Machines are counted before they are made: three hundred million of them took all memory.
#[test]
fn counts_of_machines_are_checked_first() {
    let jobs = log(&[0, 60]);
    let check = |header: &str, arguments: &str, told: &[&str]| {
        refused(&format!("{header}{jobs}"), arguments, told);
    };
    let most = "expected at most 1000000";
    let many = "; MaxProcs: 300000000\n";
    check(
        many,
        "",
        &[
            "log.swf: header MaxProcs: ",
            most,
            "found 300000000",
            "--load",
        ],
    );
    let nodes = "; MaxProcs: 300000000\n; MaxNodes: 2000000\n";
    check(nodes, "", &["header MaxNodes: ", most, "found 2000000"]);
    let huge = "; MaxProcs: 9000000000000000000\n; MaxNodes: 2\n";
    check(
        huge,
        "",
        &["expected agents of which no amount is more than"],
    );
    let most_of_all = "; MaxProcs: 18446744073709551615\n; MaxNodes: 1\n";
    let told = "expected agents of which no amount is more than";
    check(most_of_all, "", &[told]);
    check(
        "",
        "--set cluster.0.agents=300000000",
        &["cluster", "1 to 1000000 agents", "300000000"],
    );
    let wide = "1 0 0 6000 20000 -1 -1 20000 100 -1 1 1 1 -1 1 -1 -1 -1\n\
                2 0 0 6000 20000 -1 -1 20000 100 -1 1 2 1 -1 1 -1 -1 -1\n";
    refused(
        wide,
        "--load 0.001",
        &[most, "agents for the work", "--load"],
    );
}

/// A part in which nothing arrives is no comparison of anything.
#[test]
fn a_part_without_jobs_is_refused() {
    let hours = log(&[0, 7200]);
    let empty = [
        "log.swf: expected a job or a request in the 1m from 1h on, found none",
        "--from",
    ];
    refused(&hours, "--from 1h --duration 1m", &empty);
    let sampled = [
        "--sample of 0.1 %",
        "a larger --sample draws more of the 2 jobs",
    ];
    refused(&hours, "--sample 0.001", &sampled);
    let place = Place::with("log.swf", hours);
    place.write(
        "gap.toml",
        r#"
name = "gap"
duration = "1m"
cluster = [{ agents = 2, cpus = 1, mem = "1GiB" }]
[[framework]]
name = "a"
workload.trace = { file = "log.swf", from = "1h" }
"#,
    );
    let said = place.fairground("compare gap.toml --policies static drf");
    let told =
        "gap.toml: no framework has a job or a request in 1m (1 seed): there is nothing to compare";
    assert!(
        said.starts_with("exit 2\n") && said.contains(told),
        "{said}"
    );
}

/// It says of what there is one tenant: of the trace, or of the part of it that is replayed.
#[test]
fn one_tenant_is_told_of_what_has_one() {
    let user = |id: u64, at: u64, user: u64| {
        format!("{id} {at} 0 60 1 -1 -1 1 100 -1 1 {user} 1 -1 1 -1 -1 -1\n")
    };
    let two = user(1, 0, 7) + &user(2, 7200, 8);
    for (log, arguments, told) in [
        (
            two.as_str(),
            "--from 1h",
            "Of the trace's 2 tenants one has jobs in the part replayed, user 8:",
        ),
        (&user(1, 0, 7), "", "The trace tells one tenant:"),
    ] {
        let place = Place::with("log.swf", log);
        let said = place.fairground(&format!("compare --trace log.swf {arguments} --dry-run"));
        let dealt = format!("{told} the jobs are dealt to 4 made-up ones at random.");
        assert!(said.contains(&dealt), "{said}");
    }
}

/// A job that runs for a month after a replay of ten minutes: pictures and tables stay small, and say so.
#[test]
fn a_month_after_ten_minutes_is_told() {
    let place = Place::with(
        "log.swf",
        "1 0 0 3000000 1 -1 -1 1 100 -1 1 1 1 -1 1 -1 -1 -1\n\
                                        2 60 0 60 1 -1 -1 1 100 -1 1 2 1 -1 1 -1 -1 -1\n",
    );
    let said = place.fairground("compare --trace log.swf --out out");
    let told = "warning: a run goes on so long after the replay's 10m that the time steps of `usage` are \
                8.89 min long instead of 2.08 s";
    assert!(said.contains(told), "{said}");
    let provenance = place.read("out/provenance.json");
    let step = 2_083_333_u64 << 8;
    assert!(
        provenance.contains(&format!("\"step_us\": {step},")),
        "{provenance}"
    );
}

/// Times are said as people say them, and never longer than the trace.
#[test]
fn what_is_replayed_is_no_longer_than_the_trace() {
    let place = Place::with("log.swf", log(&[0, 600, 12252]));
    for (arguments, told) in [
        ("", "3h 24m 12s from its beginning, all 3 jobs."),
        (
            "--interarrival 0.333",
            "3h 24m 12s from its beginning, in 1h 7m 59s: times",
        ),
        (
            "--interarrival 0.333 --duration 1h",
            "3h 10s from its beginning, in 1h: times",
        ),
        (
            "--duration 30d",
            "3h 24m 12s from its beginning, all 3 jobs.",
        ),
        (
            "--from 90s",
            "3h 22m 42s from 1m 30s after its beginning, the 2 jobs in it.",
        ),
    ] {
        let said = place.fairground(&format!("compare --trace log.swf {arguments} --dry-run"));
        assert!(
            said.contains(&format!("Replayed: {told}")),
            "{told}: {said}"
        );
    }
}

/// What requests ask for is a mean, and no whole number of instances: 100 a second for ten minutes, each
/// for 150 ms on one of five workers that are to be busy for six tenths of their time, need five.
#[test]
fn the_load_of_requests_is_that_of_their_work() {
    for (requests, agents, load) in [(100, 7, "71.4"), (90, 6, "75.0"), (33, 3, "66.7")] {
        let series = format!("{requests} ").repeat(600);
        let place = Place::with("workload.txt", series);
        let said = place.fairground("compare --trace workload.txt --format requests --dry-run");
        let told = format!(
            "{agents} agents of cpus:1 mem:1024 were assumed, as many as make a load of 80.0 %. Over \
             the recipe's 10m, the work asks for {load} % of their CPUs"
        );
        assert!(said.contains(&told), "{requests}: {said}");
    }
}
