//! Google `ClusterData` 2011.

use fairground_readers::Format;
use fairground_readers::formats::stat;

use crate::{check, traces};

#[test]
fn google_2011_is_read_exactly() {
    let Some((folder, truth)) = traces() else {
        return;
    };
    let folder = folder.join("google2011");
    let known = |name: &str| truth["google2011"][name].clone();

    let machines = "machine_events/part-00000-of-00001.csv.gz";
    let file = folder.join(machines);
    check(&file, Format::Google2011Machines, &known(machines), &[]);
    assert_eq!(Format::detect(&file).unwrap(), Format::Google2011Machines);

    let jobs = known("job_events/part-00000..00017 (concatenated)");
    let parts = folder.join("job_events");
    check(&parts, Format::Google2011Jobs, &jobs, &["rows_per_part"]);
    assert_eq!(Format::detect(&parts).unwrap(), Format::Google2011Jobs);
    for (part, rows) in jobs["rows_per_part"].as_object().unwrap() {
        let part = parts.join(format!("part-{part}-of-00500.csv.gz"));
        let stat = stat(&part, Format::Google2011Jobs).unwrap();
        assert!(
            stat.facts.contains(&("rows", rows.to_string())),
            "{}",
            part.display()
        );
    }

    let tasks = "task_events/part-00000-of-00500.csv.gz";
    let found = check(
        &folder.join(tasks),
        Format::Google2011Tasks,
        &known(tasks),
        &[],
    );
    for (name, fact) in [
        ("tasks_running_at_t0", "132982"),
        ("t0_cpu_request_sum", "7492.65"),
        ("t0_mem_request_sum", "5468.16"),
    ] {
        let found = found
            .facts
            .iter()
            .find(|(known, _)| *known == name)
            .unwrap();
        assert!(found.1.starts_with(fact), "{name}: {}", found.1);
    }
}

#[test]
fn google_samples_are_read_exactly() {
    let Some((folder, truth)) = traces() else {
        return;
    };
    for (name, format) in [
        (
            "samples/machine-events-sample-1.csv",
            Format::Google2011Machines,
        ),
        ("samples/task-events-sample-1.csv", Format::Google2011Tasks),
    ] {
        let file = folder.join("google2011").join(name);
        assert_eq!(Format::detect(&file).unwrap(), format);
        let stat = stat(&file, format).unwrap();
        let rows = &truth["google2011"][name]["data_rows"];
        assert!(stat.facts.contains(&("rows", rows.to_string())), "{name}");
    }
}
