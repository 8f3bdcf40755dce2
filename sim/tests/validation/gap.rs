//! A gap between two policies on a public trace.

use std::path::PathBuf;

use fairground_policies::name::Name;
use fairground_policies::registry::Registry;
use fairground_policies::time::Span;
use fairground_readers::formats::ReadAs;
use fairground_sim::experiment::{Experiment, Unwatched, Watcher as _};
use fairground_sim::gap::{
    GapLimits, GapMeasure, GapTable, GapTrial, Perturbation, StepSizes, Tabled, drawn, search,
    shrink,
};
use fairground_sim::recipe::Recipe;
use fairground_sim::replay::Replay;

use crate::robust::file;

/// A day of KTH's SP2, on which one pool is a third better than partitions until a few jobs are others.
#[test]
fn a_gap_on_a_day_of_kth() {
    let Some(log) = file("batch-anchors/KTH-SP2-unfiltered.swf.zst") else {
        return;
    };
    let replay = Replay {
        traces: vec![log],
        read: ReadAs::default(),
        from: Some(Span::from_secs(150 * 86_400)),
        sample: 1000,
        interarrival: 1000,
        duration: Some(Span::from_secs(86_400)),
        tenants: Some(2),
        load: None,
        feedback: None,
    };
    let text = replay.recipe().expect("a recipe").recipe.text();
    let loaded = Recipe::of_text(&text, &[], "kth".to_owned(), PathBuf::from("."));
    let loaded = loaded.expect("a recipe");
    let experiment = Experiment::load(&loaded, Registry::default()).expect("an experiment");
    let trace = experiment.trace(1).expect("a trace");
    let table = GapTable::of(&loaded.recipe, &trace);
    let base = table.trace(&trace, &table.jobs);
    let tabled = Tabled { base, table };
    let [one, other] = ["drf", "static"].map(|name| name.parse::<Name>().expect("a name"));
    let watcher = Unwatched::default();
    let trial = GapTrial {
        experiment: &experiment,
        tabled: &tabled,
        policies: [&one, &other],
        measure: &GapMeasure::Mean,
        sizes: StepSizes::default(),
        seed: 1,
        stop: watcher.flag(),
    };
    let gap = |set: &[Perturbation]| Some(trial.pair(set)?.gap());
    assert!(gap(&[]).expect("a measure") < -0.2, "one pool is better");
    let limits = GapLimits {
        budget: 400,
        seed: 1,
        beyond: 0.0,
    };
    let jobs = &tabled.table.jobs;
    let found = search(&|chance| drawn(jobs, chance), &gap, &limits, &|_, _| false);
    let found = found.expect("something was tried");
    assert!(found.gap > 0.0, "{found:?}");
    let least = shrink(&found.set, &mut |set| gap(set).is_some_and(|gap| gap > 0.0));
    assert!(gap(&least).expect("a measure") > 0.0);
    for at in 0..least.len() {
        let rest = [&least[..at], &least[at + 1..]].concat();
        assert!(
            gap(&rest).is_none_or(|gap| gap <= 0.0),
            "{least:?} without {at}"
        );
    }
}
