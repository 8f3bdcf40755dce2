//! Slices, merges, scaled and anonymous traces.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use expect_test::expect;
use fairground_readers::Format;
use fairground_readers::canonical::anonymise::anonymise;
use fairground_readers::canonical::edit::{Scale, Slice, merge, scale, slice};
use fairground_readers::canonical::import::import;
use fairground_readers::canonical::tables::{Job, Load, Machine, Stage, Tasks, Tenant};
use fairground_readers::canonical::{Opened, text};
use tempfile::TempDir;

use crate::common::published::SWF;
use crate::common::{REQUESTS, files, folder, published, recent, write};
use crate::{imported, rows};

/// A list of many jobs of three clusters, more than are held in memory at once.
fn many(folder: &TempDir, jobs: u64) -> PathBuf {
    let mut text = String::from("timestamp,duration,num_gpus,gpu_time,cluster\n");
    for job in 0..jobs {
        let (hour, minute, second) = (job / 3600 % 24, job / 60 % 60, job % 60);
        let (day, gpus, length) = (job / 86_400 + 1, job % 8, job % 977 + 1);
        writeln!(
            text,
            "2017-10-{day:02} {hour:02}:{minute:02}:{second:02},{length},{gpus},{},vc{}",
            gpus * length,
            job % 3
        )
        .unwrap();
    }
    write(folder, "many", text)
}

fn sliced(folder: &TempDir, trace: &Opened, name: &str, part: &Slice) -> Opened {
    let place = folder.path().join(name);
    slice(trace, part, &place).unwrap();
    Opened::open(&place).unwrap()
}

/// A part and the rest of it, merged again.
fn check_whole(folder: &TempDir, trace: &Opened, name: &str, part: &Slice) -> [Opened; 2] {
    let rest = Slice {
        rest: true,
        ..part.clone()
    };
    let one = sliced(folder, trace, &format!("{name}-part"), part);
    let other = sliced(folder, trace, &format!("{name}-rest"), &rest);
    let place = folder.path().join(name);
    let merged = merge(&[other.clone(), one.clone()], false, &place).unwrap();
    assert_eq!(merged.digest, trace.manifest.digest, "{name}");
    let place = folder.path().join(format!("{name}-turned"));
    let merged = merge(&[one.clone(), other.clone()], false, &place).unwrap();
    assert_eq!(
        merged.digest, trace.manifest.digest,
        "{name}, the other way round"
    );
    [one, other]
}

#[test]
fn slices_merge_into_the_whole() {
    let folder = folder();
    let place = folder.path().join("whole");
    import(&many(&folder, 200_000), Format::Philly, &place, false).unwrap();
    let whole = Opened::open(&place).unwrap();
    let day = rows::<Job>(&whole)[0].submit.unwrap() + 86_400_000_000;
    let time = Slice {
        to: Some(day),
        ..Slice::default()
    };
    let [first, rest] = check_whole(&folder, &whole, "time", &time);
    assert_eq!(rows::<Job>(&first).len(), 86_400);
    assert_eq!(rows::<Job>(&rest).len(), 200_000 - 86_400);
    let tenants = Slice {
        tenants: vec!["vc1".to_owned()],
        ..Slice::default()
    };
    let [one, _] = check_whole(&folder, &whole, "tenant", &tenants);
    assert_eq!(rows::<Job>(&one).len(), 66_667);
    assert_eq!(rows::<Tenant>(&one).len(), 3, "tenants stay whole");
    let sample = Slice {
        sample: Some(100),
        seed: 7,
        ..Slice::default()
    };
    let [drawn, _] = check_whole(&folder, &whole, "sample", &sample);
    let drawn = rows::<Job>(&drawn).len();
    assert!((19_000..21_000).contains(&drawn), "{drawn}");
    let other = Slice {
        seed: 8,
        ..sample.clone()
    };
    let other = sliced(&folder, &whole, "other", &other);
    assert_ne!(other.manifest.digest, whole.manifest.digest);
    let unknown = Slice {
        tenants: vec!["vc9".to_owned()],
        ..Slice::default()
    };
    let problem = slice(&whole, &unknown, &folder.path().join("none")).unwrap_err();
    expect!["--tenant: expected the name of a tenant, found `vc9`"].assert_eq(&problem.to_string());
}

#[test]
fn slices_of_every_format_merge_into_the_whole() {
    for (format, content) in files() {
        let folder = folder();
        let path = write(&folder, "file", content);
        let place = folder.path().join("trace");
        if import(&path, format, &place, false).is_err() {
            continue;
        }
        let trace = Opened::open(&place).unwrap();
        let middle = trace.manifest.units.origin + 5_000_000;
        let time = Slice {
            from: Some(middle),
            ..Slice::default()
        };
        check_whole(&folder, &trace, "time", &time);
        let sample = Slice {
            sample: Some(500),
            seed: 3,
            ..Slice::default()
        };
        check_whole(&folder, &trace, "sample", &sample);
    }
}

#[test]
fn overlapping_slices_of_load_are_taken_once() {
    let folder = folder();
    let whole = imported(&folder, "whole", Format::Requests, REQUESTS);
    assert_eq!(rows::<Load>(&whole).len(), 6, "seconds with requests");
    let part = |name: &str, from: u64, to: u64| {
        let part = Slice {
            from: Some(from * 1_000_000),
            to: Some(to * 1_000_000),
            ..Slice::default()
        };
        sliced(&folder, &whole, name, &part)
    };
    let [a, b, c] = [part("a", 0, 7), part("b", 3, 10), part("c", 5, 12)];
    for (name, order) in [("abc", [&a, &b, &c]), ("cab", [&c, &a, &b])] {
        let slices = order.map(Clone::clone);
        let merged = merge(&slices, false, &folder.path().join(name)).unwrap();
        assert_eq!(merged.digest, whole.manifest.digest, "{name}");
    }
}

#[test]
fn different_traces_merge_with_new_numbers() {
    let folder = folder();
    let swf = imported(&folder, "swf", Format::Swf, SWF);
    let muri = imported(&folder, "muri", Format::Muri, recent::MURI);
    let both = [swf.clone(), muri.clone()];
    let problem = merge(&both, false, &folder.path().join("no")).unwrap_err();
    expect![[r"
        table `jobs`, number 0: expected the same in all traces, found something else
          hint: these are no slices of one trace: use --renumber"]]
    .assert_eq(&problem.to_string());
    let place = folder.path().join("both");
    merge(&both, true, &place).unwrap();
    let merged = Opened::open(&place).unwrap();
    let jobs = rows::<Job>(&merged);
    assert_eq!(
        jobs.len(),
        rows::<Job>(&swf).len() + rows::<Job>(&muri).len()
    );
    assert!(jobs.iter().map(|job| job.id).eq(0..jobs.len() as u64));
    let google = imported(
        &folder,
        "google",
        Format::Google2011Jobs,
        published::GOOGLE_JOBS,
    );
    let problem = merge(&[swf, google], true, &folder.path().join("no")).unwrap_err();
    assert!(
        problem
            .problem
            .contains("billionths of the largest machine"),
        "{problem}"
    );
}

/// Half of a request is drawn and not lost, and one that is told alone comes again as another.
#[test]
fn scaling_draws_parts_of_requests() {
    let folder = folder();
    let lines = "2023-11-16 18:15:46.680590,10,5\n".repeat(400);
    let table = format!("TIMESTAMP,ContextTokens,GeneratedTokens\n{lines}");
    let single = imported(&folder, "single", Format::AzureLlm, &table);
    let series = imported(&folder, "series", Format::Requests, &"1 ".repeat(400));
    for (name, trace) in [("single", single), ("series", series)] {
        for (load, at_least, at_most) in [(500, 150, 250), (1500, 550, 650), (2000, 800, 800)] {
            let place = folder.path().join(format!("{name}{load}"));
            let by = Scale {
                time: 1000,
                load,
                cluster: 1000,
                seed: 1,
            };
            scale(&trace, by, &place).unwrap();
            let loads = rows::<Load>(&Opened::open(&place).unwrap());
            let requests: u64 = loads.iter().map(|row| row.requests).sum();
            assert!(
                (at_least..=at_most).contains(&requests),
                "{name} x {load}: {requests}"
            );
            assert!(name == "series" || loads.iter().all(|row| row.requests == 1));
        }
    }
}

#[test]
fn scaling_stretches_time_load_and_cluster() {
    let folder = folder();
    let whole = imported(&folder, "whole", Format::Swf, SWF);
    let by = Scale {
        time: 1000,
        load: 1000,
        cluster: 1000,
        seed: 1,
    };
    let same = scale(&whole, by, &folder.path().join("same")).unwrap();
    assert_eq!(same.digest, whole.manifest.digest, "nothing is stretched");
    let place = folder.path().join("twice");
    scale(
        &whole,
        Scale {
            time: 500,
            load: 2000,
            ..by
        },
        &place,
    )
    .unwrap();
    let twice = Opened::open(&place).unwrap();
    assert_eq!(rows::<Job>(&twice).len(), 2 * rows::<Job>(&whole).len());
    let (first, scaled) = (rows::<Job>(&whole), rows::<Job>(&twice));
    assert_eq!(scaled[0].submit.unwrap(), first[0].submit.unwrap() / 2);
    let tasks = |trace: &Opened| {
        rows::<Tasks>(trace)
            .iter()
            .map(|row| row.count)
            .sum::<u64>()
    };
    assert_eq!(tasks(&twice), 2 * tasks(&whole));
    let load = imported(&folder, "load", Format::Requests, REQUESTS);
    let place = folder.path().join("more");
    scale(&load, Scale { load: 3000, ..by }, &place).unwrap();
    let sum = |trace: &Opened| {
        rows::<Load>(trace)
            .iter()
            .map(|row| row.requests)
            .sum::<u64>()
    };
    assert_eq!(sum(&Opened::open(&place).unwrap()), 3 * sum(&load));
    let nodes = imported(&folder, "nodes", Format::OpenbNodes, published::OPENB_NODES);
    let place = folder.path().join("larger");
    scale(
        &nodes,
        Scale {
            cluster: 5000,
            ..by
        },
        &place,
    )
    .unwrap();
    assert_eq!(rows::<Machine>(&Opened::open(&place).unwrap()).len(), 10);
}

#[test]
fn anonymous_traces_have_no_names() {
    let folder = folder();
    let whole = imported(&folder, "whole", Format::Rumen, recent::RUMEN);
    let place = folder.path().join("hidden");
    anonymise(&whole, "key", &place).unwrap();
    let hidden = Opened::open(&place).unwrap();
    let exported = folder.path().join("text");
    text::export(&hidden, &exported).unwrap();
    let shown = fs::read_to_string(&exported).unwrap();
    for name in ["job_1", "jenkins", "\"map\"", "whole.in"] {
        assert!(!shown.contains(name), "{name} is hidden");
    }
    assert_eq!(rows::<Tasks>(&hidden), rows::<Tasks>(&whole));
    let names = |trace: &Opened| rows::<Stage>(trace).into_iter().map(|stage| stage.name);
    let (open, closed): (Vec<_>, Vec<_>) = (names(&whole).collect(), names(&hidden).collect());
    assert_eq!(
        open[0] == open[1],
        closed[0] == closed[1],
        "equal names stay equal"
    );
    anonymise(&whole, "other", &folder.path().join("other")).unwrap();
    let other = Opened::open(&folder.path().join("other")).unwrap();
    assert_ne!(
        other.manifest.digest, hidden.manifest.digest,
        "another key, other names"
    );
}
