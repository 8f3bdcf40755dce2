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
    check(&every_minute, "13m from its beginning, all 13 jobs");
    let mut late = vec![1200; 10];
    late.insert(0, 0);
    check(&late, "21m from its beginning, all 11 jobs");
    check(&[0, 599], "10m from its beginning, all 2 jobs");
    check(&[0, 600], "11m from its beginning, all 2 jobs");
    check(&[0, 601], "11m from its beginning, all 2 jobs");
}

#[test]
fn arrivals_at_one_instant_are_a_trace() {
    check(&[0, 0, 0], "10m from its beginning, all 3 jobs");
    check(&[77, 77], "10m from its beginning, all 2 jobs");
    check(&[5], "10m from its beginning, all 1 job");
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
    let told = "Replayed: 42m from its beginning, in 21m: times between arrivals are 50.0 % of the \
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

/// The load that is told is the load of the cluster that was built, whatever made it so large.
#[test]
fn the_load_told_is_that_of_the_cluster_built() {
    let wide = "1 0 0 60 16 -1 -1 16 100 -1 1 1 1 -1 1 -1 -1 -1\n\
                2 300 0 60 1 -1 -1 1 100 -1 1 2 1 -1 1 -1 -1 -1\n";
    let place = Place::with("log.swf", wide);
    let said = place.fairground("compare --trace log.swf --dry-run");
    // 17 processors for a minute of ten, of 16.
    let told = "16 agents of cpus:1 mem:1024 were assumed, as many as the widest job needs. Over the \
                time replayed, the work asks for 10.7 % of their CPUs and 10.7 % of their memory.";
    assert!(said.contains(told), "{said}");
    let narrow = "Some partitions are too small for the widest jobs of their frameworks, which can \
                  never run there: of agents, user 1 has 15 and needs 16.";
    assert!(said.contains(narrow), "{said}");
}
