//! The workload kind `trace`: work made of every format, and what the model adds to it.

mod common;

use std::fmt::Write as _;
use std::sync::Arc;

use common::published::SWF;
use common::{REQUESTS, SWIM, files, folder, parquet, published, recent, told, write};
use expect_test::{expect, expect_file};
use fairground_policies::message::JobId;
use fairground_policies::time::Span;
use fairground_readers::Format;
use fairground_readers::canonical::Imports;
use fairground_readers::canonical::import::{import, refusal};
use fairground_workloads::trace::{Job, Runtimes, Work, Workload};
use fairground_workloads::{ReadError, Source, SpecContext, WorkloadSpec};
use tempfile::TempDir;

fn built(folder: &TempDir, settings: &str) -> Result<Workload, ReadError> {
    #[derive(serde::Deserialize)]
    struct Recipe {
        work: WorkloadSpec,
    }
    let text = format!("[work.trace]\nfile = 'file'\n{settings}");
    let recipe: Recipe = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}"));
    let context = SpecContext {
        agents: 5,
        horizon: Span::from_secs(400_000_000),
        seed: 1,
        name: "trace",
    };
    recipe
        .work
        .load(folder.path(), &mut Imports::default())?
        .build(&context)
}

fn shown(job: Job<'_>) -> String {
    let mut text = format!("{} at {}", job.label, job.submitted.as_micros());
    for (stage, times) in job.stages() {
        let Runtimes::Plain { local, away: 1000 } = times else {
            panic!("a trace knows no places");
        };
        let times: Vec<u64> = local.iter().take(3).map(|time| time.as_micros()).collect();
        let (tasks, needs, parents) = (stage.tasks, stage.needs, &stage.parents);
        write!(text, "; {tasks} x {needs} after {parents:?}: {times:?}").unwrap();
        if stage.rigid {
            text.push_str(" as one");
        }
    }
    text
}

#[test]
fn every_format_becomes_work_or_says_why_not() {
    let mut text = String::new();
    for (format, content) in files() {
        let folder = folder();
        write(&folder, "file", content);
        writeln!(text, "== {format}").unwrap();
        match built(&folder, &format!("format = '{format}'")) {
            Ok(workload) => {
                assert_eq!(workload.inputs.len(), 1);
                match workload.work {
                    Work::Batch(jobs) => {
                        let gang = jobs.iter().filter(|job| job.spec.gang).count();
                        writeln!(text, "{} jobs, {gang} gangs", jobs.len()).unwrap();
                        for job in jobs.iter().take(2) {
                            writeln!(text, "{}", shown(job)).unwrap();
                        }
                    }
                    Work::Service(service) => {
                        let requests: u64 = service.load.iter().sum();
                        writeln!(text, "a service with {requests} requests").unwrap();
                    }
                    Work::Executors { .. } => panic!("no format says what executors are"),
                }
                for assumed in &workload.assumptions {
                    writeln!(text, "   {}: {}", assumed.about, assumed.model).unwrap();
                }
            }
            Err(problem) => {
                let problem = told(folder.path(), &problem.to_string());
                let none = problem.contains("expected jobs or requests in the trace");
                let rounded = format == Format::Google2019Instances;
                assert!(
                    none || rounded || refusal(format).is_some(),
                    "{format}: {problem}"
                );
                writeln!(text, "{problem}").unwrap();
            }
        }
    }
    expect_file!["traces.txt"].assert_eq(&text);
}

#[test]
fn a_canonical_folder_and_its_source_are_the_same_work() {
    let folder = folder();
    let path = write(&folder, "source", SWF);
    import(&path, Format::Swf, &folder.path().join("file"), false).unwrap();
    let canonical = built(&folder, "").unwrap();
    std::fs::rename(folder.path().join("file"), folder.path().join("trace")).unwrap();
    std::fs::rename(&path, folder.path().join("file")).unwrap();
    let source = built(&folder, "format = 'swf'").unwrap();
    assert_eq!(canonical.work, source.work);
    assert_eq!(canonical.assumptions, source.assumptions);
}

#[test]
fn parts_of_a_trace_are_taken() {
    let folder = folder();
    write(&folder, "file", SWF);
    let jobs = |settings: &str| {
        let workload = built(&folder, &format!("format = 'swf'\n{settings}")).unwrap();
        let Work::Batch(jobs) = workload.work else {
            panic!("jobs are a batch");
        };
        let labels: Vec<&str> = jobs.iter().map(|job| job.label).collect();
        labels.join(" ")
    };
    // The second was cancelled before it started.
    assert_eq!(jobs(""), "1 3 4");
    assert_eq!(jobs("from = '60s'"), "3 4");
    assert_eq!(jobs("jobs = 2"), "1 3");
    assert_eq!(jobs("tenants = ['user 2']"), "4");
    let unknown = built(&folder, "format = 'swf'\ntenants = ['user 9']").unwrap_err();
    expect!["parameter `tenants`: expected the name of a tenant, found `user 9`"]
        .assert_eq(&unknown.to_string());
    let zero = built(&folder, "format = 'swf'\nevery = '0s'").unwrap_err();
    expect!["parameter `every`: expected more than zero, found 0"].assert_eq(&zero.to_string());
}

#[test]
fn times_between_arrivals_are_multiplied_and_run_times_stay() {
    let folder = folder();
    write(&folder, "file", SWF);
    for (factor, second) in [("1", 60), ("0.5", 30), ("0.001", 0), ("2.5", 150)] {
        let settings = format!("format = 'swf'\ninterarrival = {factor}");
        let workload = built(&folder, &settings).unwrap();
        let Work::Batch(jobs) = &workload.work else {
            panic!("jobs")
        };
        let jobs: Vec<String> = jobs.iter().map(shown).collect();
        let at = |micros: u64| format!(" at {micros}; ");
        assert!(jobs[0].contains(&at(0)) && jobs[0].ends_with("[60000000] as one"));
        let second = if factor == "0.001" {
            60_000
        } else {
            second * 1_000_000
        };
        assert!(jobs[1].contains(&at(second)), "{factor}: {}", jobs[1]);
        let mut told = workload.assumptions.iter();
        let said = told.any(|said| said.about == "times between arrivals");
        assert_eq!(said, factor != "1", "{factor}");
    }
}

#[test]
fn requests_are_drawn_and_come_faster() {
    let folder = folder();
    write(&folder, "file", "20 ".repeat(6000));
    let load = |settings: &str| {
        let settings = format!("format = 'requests'\n{settings}");
        match built(&folder, &settings).unwrap().work {
            Work::Service(service) => service.load[..100].to_vec(),
            _ => panic!("requests"),
        }
    };
    assert_eq!(load(""), [1200; 100]);
    let quarter = load("interarrival = 0.25");
    assert_eq!(
        (&quarter[..25], &quarter[25..]),
        (&[4800; 25][..], &[0; 75][..])
    );
    // Of 120,000, each with one chance in four: six deviations around the mean.
    let drawn = load("sample = 0.25");
    let sum: u64 = drawn.iter().sum();
    assert!(sum.abs_diff(30_000) < 6 * 150, "{sum}");
    assert!(drawn.iter().any(|&n| n != drawn[0]));
}

/// What a trace of this kind cannot do is said, and not left undone.
#[test]
fn settings_of_the_other_kind_are_refused() {
    let folder = folder();
    let cases = [
        (SWF, "format = 'swf'\nservice = { workers = 2 }", "service"),
        (
            SWF,
            "format = 'swf'\nautoscaler = { max = 2 }",
            "autoscaler",
        ),
        (
            SWF,
            "format = 'swf'\nfeedback = 'user'\ninterarrival = 0.5",
            "interarrival",
        ),
        (
            REQUESTS,
            "format = 'requests'\nfeedback = 'user'",
            "feedback",
        ),
        (REQUESTS, "format = 'requests'\njobs = 2", "jobs"),
        (
            REQUESTS,
            "format = 'requests'\ndealt = { part = 1, of = 2 }",
            "dealt",
        ),
        (
            REQUESTS,
            "format = 'requests'\ninterarrival = 1.5",
            "interarrival",
        ),
    ];
    for (content, settings, parameter) in cases {
        write(&folder, "file", content);
        let error = built(&folder, settings).unwrap_err().to_string();
        assert!(
            error.contains(&format!("parameter `{parameter}`")),
            "{error}"
        );
    }
}

#[test]
fn circles_are_refused() {
    let folder = folder();
    let circle = recent::GWF.replace("1         ,\n0         , 2", "1         , 3\n0         , 2");
    assert_ne!(circle, recent::GWF);
    write(&folder, "file", circle);
    let problem = built(&folder, "format = 'gwf'").unwrap_err();
    expect![[r"
        file: expected jobs or requests in the trace, found neither
          hint: jobs were left out: 1: a job whose stages wait for each other in a loop"]]
    .assert_eq(&problem.to_string());
}

#[test]
fn relative_sizes_become_parts_of_the_largest_machine() {
    let folder = folder();
    write(&folder, "file", published::GOOGLE_TASKS);
    let settings = "format = 'google2011-tasks'\nlargest_cpus = 16\nlargest_mem = '64GiB'";
    let workload = built(&folder, settings).unwrap();
    let Work::Batch(jobs) = workload.work else {
        panic!("jobs are a batch");
    };
    // 0.125 of 16 cores and 0.07446 of 64 GiB.
    let task = jobs
        .iter()
        .find(|job| job.label == "3418314")
        .unwrap()
        .spec
        .stages[0]
        .needs;
    assert_eq!((task.cpus().0, task.mem().0), (2000, 4880));
}

/// Two machines of four and two cores, of which a quarter and all were used on average.
const MEASURED: &str = "\
a,s,d,0,600,90,25,80,Interactive,4,8
b,s,d,300,900,100,100,100,Delay-insensitive,2,4
";

fn source(folder: &TempDir, format: &str) -> Arc<dyn Source> {
    let text = format!("trace = {{ file = 'file', format = '{format}' }}");
    let spec: WorkloadSpec = toml::from_str(&text).unwrap();
    spec.load(folder.path(), &mut Imports::default()).unwrap()
}

#[test]
fn what_jobs_used_comes_from_where_it_was_measured() {
    let folder = folder();
    write(&folder, "file", MEASURED);
    let Work::Batch(jobs) = built(&folder, "format = 'azure-vms'").unwrap().work else {
        panic!("machines are jobs");
    };
    let used: Vec<_> = jobs.iter().map(|job| job.used).collect();
    assert_eq!(used, [Some(250_000), Some(1_000_000)]);
    let source = source(&folder, "azure-vms");
    assert!(source.tells_use().is_ok());
    let context = SpecContext {
        agents: 5,
        horizon: Span::from_secs(4000),
        seed: 1,
        name: "trace",
    };
    let (_, stream) = source.stream(&context).unwrap().unwrap();
    let one_by_one = stream.map(|job| job.unwrap().numbered(JobId(0)).used);
    assert_eq!(one_by_one.collect::<Vec<_>>(), used, "one by one the same");
}

#[test]
fn a_trace_that_measured_nothing_says_so() {
    let folder = folder();
    write(&folder, "file", SWIM);
    let error = source(&folder, "swim").tells_use().unwrap_err();
    expect![[r"
        file: parameter `use`: expected a trace that measured what its jobs used, found none of it
          hint: say it of every task, as in use = 0.6"]]
    .assert_eq(&told(folder.path(), &error.to_string()));
    parquet::fragments(&folder.path().join("file"), &[300_000], &[19.5]);
    let error = source(&folder, "opendc-fragments").tells_use().unwrap_err();
    expect!["file: parameter `use`: expected readings of use as a part of what a job has, found `MHz as written, in millionths: the machi…`"].assert_eq(&told(folder.path(), &error.to_string()));
}
