//! Alibaba's clusters.

use std::path::Path;

use fairground_readers::Format;
use fairground_readers::formats::alibaba2018::tasks;
use fairground_readers::formats::rows::Rows;

use crate::{check, traces};

/// One file of a data set, read with the format that its name or first line tells.
fn exact(set: &str, name: &str, format: Format, elsewhere: &[&str]) {
    let Some((folder, truth)) = traces() else {
        return;
    };
    let file = folder.join(set).join(name);
    assert_eq!(Format::detect(&file).unwrap(), format, "{name}");
    check(&file, format, &truth[set][name], elsewhere);
}

#[test]
fn alibaba_2018_is_read_exactly() {
    let set = "alibaba2018";
    exact(
        set,
        "machine_meta.csv.zst",
        Format::Alibaba2018Machines,
        &[],
    );
    exact(
        set,
        "spar_sample_tasks.csv.zst",
        Format::Alibaba2018Tasks,
        &[],
    );
    let instances = "spar_sample_instances_arrival_lt_600s.csv.zst";
    let whole = "equals_sum_of_task_instances_with_arrival_lt_600";
    exact(set, instances, Format::Alibaba2018Instances, &[whole]);
}

#[test]
fn alibaba_2018_tasks_have_all_their_instances() {
    let Some((folder, _)) = traces() else { return };
    let file = folder.join(Path::new("alibaba2018/spar_sample_tasks.csv.zst"));
    let early = Rows::<tasks::Record>::open(&file)
        .unwrap()
        .map(Result::unwrap);
    let early = early.filter(|task| task.start.is_some_and(|start| start < 600));
    assert_eq!(early.map(|task| task.instances).sum::<u64>(), 497_691);
}

#[test]
fn alibaba_2017_is_read_exactly() {
    let Some((folder, mut truth)) = traces() else {
        return;
    };
    let file = folder.join("alibaba2017/batch_task.csv.zst");
    assert_eq!(Format::detect(&file).unwrap(), Format::Alibaba2017);
    let known = &mut truth["alibaba2017"]["batch_task.csv.zst"];
    // One task ends a second before it was created: it is counted, but has no duration.
    let mut durations = known["terminated_duration_s"].take();
    durations["n"] = 67_012.into();
    durations["min"] = 0.into();
    durations["sum"] = (12_838_776 + 1).into();
    known["terminated_duration_not_negative_s"] = durations;
    check(
        &file,
        Format::Alibaba2017,
        known,
        &["terminated_duration_s"],
    );
}
