//! `trace stat`: what a trace looks like, as text, as JSON and as pictures.

use expect_test::expect;
use serde_json::Value;
use std::fmt::Write as _;

use crate::place::Place;

/// Jobs of eight days from a Monday on, by day more than by night; the last one never started.
fn log() -> String {
    let mut log = String::from(
        "; MaxProcs: 64\n; UnixStartTime: 1027893600\n; TimeZone: 7200\n; TimeZoneString: Europe/Stockholm\n",
    );
    let mut job = 0;
    for hour in 0..8 * 24 {
        let day = (8..18).contains(&(hour % 24));
        for number in 0..if day { 3 } else { 1 } {
            job += 1;
            let submit = hour * 3600 + number * 60;
            let (wait, run) = (job % 7 * 100, 60 + job * job % 9001);
            let (width, user) = (1 << (job % 5), job % 3);
            let memory = 1024 * (1 + job % 4);
            let _ = writeln!(
                log,
                "{job} {submit} {wait} {run} {width} -1 {memory} {width} 7200 {memory} 1 {user} 1 1 1 1 -1 -1"
            );
        }
    }
    log + "999 690000 -1 -1 -1 -1 -1 4 60 -1 5 1 1 1 1 1 -1 -1\n"
}

fn place() -> Place {
    let place = Place::with("log.swf", log());
    let made = place.fairground("trace import log.swf --out log");
    assert!(made.starts_with("exit 0\n"), "{made}");
    place
}

#[test]
fn a_trace_is_told_in_tables() {
    let place = place();
    let canonical = place.fairground("trace stat log");
    expect![[r#"
        exit 0
        --- stdout
        tenants: 3
        jobs: 353
        tasks: 353
        cpus: thousandths of a core
        memory: MiB
        assumed: job shape: rigid: as many tasks of a core as it had processors, all at the same time
        assumed: jobs that never started: without a run time or a processor, so they add no load (1 in the log)
        assumed: processors not logged: as many as requested (1 in the log)
        assumed: tasks that never started, and add no load: 4 of 2180 tasks
        digest: 514777d572b266bf32b5a692ea7841d329ff9a761f0485cb522cd4ad3f39a903

        arrivals    n  there_before  over_s  an_hour  gaps_cv  at_once  minute_peak  hour_peak  day_peak  hour_dispersion
        jobs      353             0  690000    1.842   0.8858        0        32.67      1.632         1           0.5298

        cycle             busiest  arrivals  quietest  arrivals_then  peak_to_mean
        jobs_of_the_day     08:00         3     00:00              1         1.632
        jobs_of_the_week      Mon      44.5       Tue             44          1.01

        run_times      tasks     share
        known           2176   99.82 %
        never_started      4  0.1835 %

        of                     n    min       p50        p95        p99        max      mean      cv  top_1%_has
        task_run_s          2176     61      4049       8698       8952       9055      4201  0.6436     2.131 %
        job_longest_task_s   352     61      3900       8534       8971       9055      4102   0.655     2.187 %
        job_tasks            352      1         4         16         16         16     6.182  0.8809     2.588 %
        task_cpus           2176   1000      1000       1000       1000       1000      1000       0         1 %
        task_memory         2176      1         2          4          4          4     2.488  0.4507     1.608 %
        job_cpus_x_s         353      0  13028000  102960000  139888000  144240000  25894130   1.245     5.514 %
        job_memory_x_s       353      0     26513     259136     432720     540928     63499    1.39     7.522 %
        gap_of_jobs_s        352     60      3480       3600       3600       3600      1960  0.8858     1.837 %
        wait_s               352      0       300        600        600        600     299.1  0.6678     2.006 %
        slowdown             352      1      1.07      2.187      5.761       7.25     1.261  0.5713     5.271 %
        run_of_estimate      352  0.008     0.538      1.201      1.253      1.257    0.5692  0.6556     2.202 %

        tail_of             hill_index   error      from   n    share  off_by_at_most
        job_longest_task_s        7.22  0.8509      6913  72  20.45 %         17.88 %
        job_cpus_x_s             1.992   0.249  48256000  64  18.13 %         12.04 %

        correlation_of   tasks  amounts  logarithms  ranks
        memory_with_run   2176   -0.049     -0.0197      -

        load_of  machines  capacity  offered  offered_peak   in_use  in_use_peak
        cpus           64     64000   20.7 %       88.66 %  20.65 %      60.94 %

        estimates        jobs  median     mean  below_5%  95_to_100%    above
        run_of_estimate   352  53.8 %  56.92 %   7.386 %     3.409 %  17.33 %

        job_outcome  jobs     share
        1             352   99.72 %
        5               1  0.2833 %

        demand  cpus  memory  gpus  tasks    share
        1       1000       1     -    555  25.51 %
        2       1000       2     -    546  25.09 %
        3       1000       4     -    541  24.86 %
        4       1000       3     -    534  24.54 %

        tenant  jobs  tasks     work
        user 0   117    723   33.6 %
        user 2   117    718  33.49 %
        user 1   119    739   32.9 %
    "#]].assert_eq(&canonical);
    // A file that becomes a trace is told so, too, behind what its format counts.
    let file = place.fairground("trace stat log.swf");
    assert!(file.contains("\njobs: 353\n"), "{file}");
    let tables = canonical.find("\narrivals ").unwrap();
    assert!(file.ends_with(&canonical[tables..]), "{file}");
    // Clocks that are told come before those of the trace.
    let told = place.fairground("trace stat log --clock 2002-07-29T12:00[UTC]");
    assert!(
        told.contains("jobs_of_the_day     00:00         3     06:00"),
        "{told}"
    );
}

/// The same numbers under the same names.
#[test]
fn a_trace_is_told_as_json() {
    let place = place();
    let json = |line: &str| -> Value {
        let said = place.fairground(line);
        let text = said.strip_prefix("exit 0\n--- stdout\n").unwrap();
        serde_json::from_str(text).unwrap()
    };
    let (canonical, file) = (
        json("trace stat log --json"),
        json("trace stat log.swf --json"),
    );
    assert_eq!(canonical["arrivals"][0]["n"], 353);
    assert_eq!(canonical["arrivals"][0]["arrivals"], "jobs");
    assert_eq!(canonical["clock"]["zone"], "Europe/Stockholm");
    assert_eq!(canonical["run_times"][1]["run_times"], "never_started");
    assert_eq!(canonical["load"][0]["machines"], 64);
    assert_eq!(file["facts"]["jobs"], "353");
    assert_eq!(file["columns"][0]["n"], 352);
    for (name, table) in canonical.as_object().unwrap() {
        assert_eq!(&file[name], table, "{name}");
    }
}

/// A folder with a picture a question, the numbers, and a page that needs nothing else; twice the same.
#[test]
fn a_trace_is_drawn() {
    let place = place();
    let drawn = place.fairground("trace stat log --plot pictures");
    assert!(
        drawn.contains(" pictures; pictures/index.html shows them"),
        "{drawn}"
    );
    place.fairground("trace stat log --plot again");
    let mut names: Vec<String> = std::fs::read_dir(place.path("pictures"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    expect!["arrivals.svg days.svg demands.svg estimates.svg gaps.svg hours.svg in-use.svg index.html known.svg largest.svg numbers.json offered.svg outcomes.svg run-times.svg sizes.svg slowdowns.svg tenants.svg waits.svg work.svg"].assert_eq(&names.join(" "));
    let page = place.read("pictures/index.html");
    for name in &names {
        let text = place.read(&format!("pictures/{name}"));
        assert_eq!(text, place.read(&format!("again/{name}")), "{name}");
        if text.starts_with("<svg") {
            assert!(page.contains(text.trim_end()), "{name} is not on the page");
            assert!(text.contains("<desc>"), "{name}");
            assert!(!text.contains("NaN") && !text.contains("inf"), "{name}");
        }
    }
    let numbers: Value = serde_json::from_str(&place.read("pictures/numbers.json")).unwrap();
    assert_eq!(numbers["arrivals"][0]["n"], 353);
    for name in ["sheet.svg", "sheet.png"] {
        let drawn = place.fairground(&format!("trace stat log --plot {name}"));
        assert!(drawn.contains(&format!("{name}: drawn")), "{drawn}");
    }
    // The sentences.
    let mut told: Vec<&str> = page.split("<p class=\"note\">").skip(1).collect();
    for text in &mut told {
        *text = text.split("</p>").next().unwrap();
    }
    expect![[r#"
        353 jobs in 7.99 d, 1.84 an hour on average (dashed); the busiest hour has 1.63 times the mean, the busiest day has 1 times the mean.
        Gaps between jobs have a coefficient of variation of 0.89; a Poisson process of the same rate (dashed) has 1. The mean is 32.7 min, the median 58 min; 0 % come at the same time as the one before.
        On the clocks of Europe&#x2f;Stockholm: the busiest is 8:00 with 1.63 times the mean, the quietest 0:00 with 0.54. Hours are counted as often as they were there.
        On the clocks of Europe&#x2f;Stockholm: the busiest is Mon with 1.01 times the mean, the quietest Tue with 1. Hours are counted as often as they were there.
        The median task runs for 67.5 min, the 99th percentile for 2.49 h, the longest for 2.52 h. Jobs count by their longest task. No power law fits the tail: the nearest, of the index 7.22 (Hill), is off by up to 17.9 %.
        The median job has 4 tasks, the 99th percentile 16, the largest 16. There are too few different ones to fit a tail.
        The median job takes 3.62 cores x hours, the 99th percentile 38.9 cores x hours. No power law fits the tail: the nearest, of the index 1.99 (Hill), is off by up to 12 %.
        The largest 1 % of jobs have 5.51 % of all work (cpus), the largest 10 % 40.9 %.
        Work is amount times run time, of cpus. Half of it is of 2 tenants of 3; it is as concentrated as if 3 had equal parts.
        Of a task, cpus: 1 core each; memory: 0.002 GiB at the median and 0.004 at most.
        The work of what arrives, over what 64 machines can do in that time: 20.7 % of cpus on average and 88.7 % at most.
        Of the cluster: 20.7 % of cpus on average and 60.9 % at most; tasks start when the waits of the trace are over.
        The median job waited for 5 min, the 95th percentile 10 min, the mean 4.99 min; 0 % waited for longer than an hour.
        Wait and run over the run, or over 10 s if that is more: 1.07 at the median, 2.19 at the 95th percentile, 1.26 on average.
        352 jobs have an estimate. The median ran 53.8 % of it; 7.39 % less than a twentieth, 17.3 % longer than it (the column on the right).
        2,180 tasks: 99.8 % ran for a known time. Others have no run time and count as no work.
        353 jobs, in the words of the source."#]].assert_eq(&told.join("\n"));
}

/// The machines of another trace, in whatever form it is.
#[test]
fn load_is_offered_to_machines_of_another_trace() {
    let place = place();
    place.write("larger.swf", log().replace("MaxProcs: 64", "MaxProcs: 640"));
    let said = place.fairground("trace stat log --cluster larger.swf --json");
    let said: Value = serde_json::from_str(said.split_once("stdout\n").unwrap().1).unwrap();
    assert_eq!(said["load"][0]["machines"], 640);
}

#[test]
fn what_cannot_be_told_is_refused() {
    let place = place();
    place.write("notes.txt", "nothing that anybody knows\n");
    let memory = "HashOwner,HashApp,SampleCount,AverageAllocatedMb\nc455,68ba,12,120.5\n";
    place.write("memory.csv", memory);
    place.fairground("trace stat log --plot pictures");
    for (line, code, told) in [
        (
            "log --plot pictures",
            2,
            "expected a new folder, found one that is there",
        ),
        ("log --plot sheet.pdf", 2, "ends with .svg or .png"),
        ("log --clock noon", 2, "expected a time with its zone"),
        ("log --cluster notes.txt", 2, "notes.txt"),
        ("notes.txt", 2, "notes.txt"),
        ("memory.csv", 0, "memory.csv: no more can be told: "),
        ("memory.csv --json", 0, "memory.csv: no more can be told: "),
        ("memory.csv --plot none", 2, "cannot become a trace"),
    ] {
        let said = place.fairground(&format!("trace stat {line}"));
        assert!(
            said.starts_with(&format!("exit {code}\n")) && said.contains(told),
            "{line}: {said}"
        );
    }
}

/// A zone that nobody knows takes the hours away and nothing else.
#[test]
fn an_unknown_zone_is_told() {
    let place = Place::with(
        "log.swf",
        log().replace("Europe/Stockholm", "Atlantis/Capital"),
    );
    let said = place.fairground("trace stat log.swf");
    assert!(said.starts_with("exit 0\n"), "{said}");
    assert!(
        said.contains("the zone `Atlantis/Capital` is not known"),
        "{said}"
    );
    assert!(!said.contains("jobs_of_the_day"), "{said}");
}

/// Clocks stay as long as they are right, and are hidden with the names.
#[test]
fn clocks_go_along() {
    let place = place();
    place.write("other.swf", log().replace("Europe/Stockholm", "US/Pacific"));
    for line in [
        "import other.swf --out other",
        "slice log --to 2d --out part",
        "scale log --load 2 --out double",
        "scale log --time 2 --out slow",
        "merge log part --out whole",
        "merge log other --renumber --out both",
        "anonymise log --key k --out hidden",
        "export log --out log.jsonl",
        "import log.jsonl --out again",
    ] {
        let said = place.fairground(&format!("trace {line}"));
        assert!(said.starts_with("exit 0\n"), "{line}: {said}");
    }
    for (trace, zone) in [
        ("log", Some("Europe/Stockholm")),
        ("part", Some("Europe/Stockholm")),
        ("double", Some("Europe/Stockholm")),
        ("whole", Some("Europe/Stockholm")),
        ("again", Some("Europe/Stockholm")),
        ("other", Some("US/Pacific")),
        ("slow", None),
        ("both", None),
        ("hidden", None),
    ] {
        let manifest = place.read(&format!("{trace}/manifest.json"));
        let manifest: Value = serde_json::from_str(&manifest).unwrap();
        assert_eq!(manifest["clock"]["zone"].as_str(), zone, "{trace}");
    }
}

/// Requests that are counted in steps have no gaps, but hours and days.
#[test]
fn requests_in_steps_have_hours() {
    let mut lines = String::new();
    // Two weeks from 1 May 2015, a Friday, on: a request an hour, and at nine in the morning ten.
    for hour in 0..14 * 24 {
        for second in 0..if hour % 24 == 9 { 10 } else { 1 } {
            let (day, hour) = (1 + hour / 24, hour % 24);
            let _ = writeln!(
                lines,
                r#"host - - [{day:02}/May/2015:{hour:02}:00:{second:02} +0000] "GET /" 200 5"#
            );
        }
    }
    let place = Place::with("access_log", lines);
    let said = place.fairground("trace stat access_log --plot pictures");
    expect![[r#"
            n  there_before   over_s  an_hour  gaps_cv  at_once  minute_peak  hour_peak  day_peak  hour_dispersion
        requests  462             0  1206000    1.379        -        -          436      7.267         1            2.357

        cycle                 busiest  arrivals  quietest  arrivals_then  peak_to_mean
        requests_of_the_day     09:00        10     00:00              1         7.273
        requests_of_the_week      Mon        33       Mon             33             1
        --- stderr
        pictures: 3 pictures; pictures/index.html shows them
    "#]].assert_eq(said.split_once("\narrivals").unwrap().1);
    let page = place.read("pictures/index.html");
    assert!(page.contains("Requests an hour, by the hour of the day"));
    assert!(page.contains("In UTC: the busiest is 9:00 with 7.27 times the mean"));
}
