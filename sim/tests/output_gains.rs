//! A comparison says what happened: ratios on a scale of logarithms, nobody left out, both sides named.

use fairground_policies::job::StageSpec;
use fairground_policies::resources::{Mebibytes, Millicores, Resources};
use fairground_policies::time::{Span, Time};
use fairground_sim::output::comparison::{Changes, Line, Measure, Verdict};
use fairground_sim::output::stats::Estimate;
use fairground_sim::output::{tables, units};
use fairground_sim::run::{
    Comparison, FrameworkInfo, FrameworkRow, JobOutcome, JobTable, PolicyRuns, Run, Totals,
};
use fairground_workloads::trace::{Jobs, Runtimes};

/// Completion times in seconds, 0 for a job that never finishes.
type Times<'a> = &'a [u64];

/// One framework's jobs.
fn add(table: &mut JobTable, times: Times<'_>) {
    let (mut jobs, mut outcomes) = (Jobs::default(), Vec::new());
    for time in times {
        let stage = (
            StageSpec::new(Resources::cores(1, 1), 1),
            Runtimes::Plain {
                local: vec![Span::from_secs(1)],
                away: 1000,
            },
        );
        jobs.push("job", Time::ZERO, false, vec![stage]);
        let mut outcome = JobOutcome::default();
        if *time > 0 {
            outcome.start(Time::ZERO);
            outcome.finish(Time::from_secs(*time));
        }
        outcomes.push(outcome);
    }
    table.push(jobs, outcomes);
}

fn run(seed: u64, frameworks: &[Times<'_>]) -> Run {
    let mut jobs = JobTable::default();
    for times in frameworks {
        add(&mut jobs, times);
    }
    let row = FrameworkRow {
        mean_usage: Resources::new(Millicores(1000 * seed), Mebibytes(10)),
        ..FrameworkRow::default()
    };
    Run {
        seed,
        digest: String::new(),
        step: Span::from_secs(60),
        host_step: Span::ZERO,
        frameworks: vec![row; frameworks.len()],
        jobs,
        usage: Vec::new(),
        services: Vec::new(),
        hosts: Vec::new(),
        tasks: Vec::new(),
        totals: Totals::default(),
    }
}

/// By policy, seed and framework: the jobs. The replay is a thousand seconds long.
fn comparison(policies: &[(&str, &[&[Times<'_>]])]) -> Comparison {
    let seeds = policies[0].1.len();
    let runs = |seeds: &[&[Times<'_>]]| -> Vec<Run> {
        let numbered = seeds.iter().zip(1..);
        numbered
            .map(|(frameworks, seed)| run(seed, frameworks))
            .collect()
    };
    let names = (0..policies[0].1[0].len()).map(|i| format!("{}-of-all", ["a", "b", "c"][i % 3]));
    Comparison {
        name: String::new(),
        title: String::new(),
        about: String::new(),
        recipe: String::new(),
        capacity: Resources::cores(10, 10),
        agents: 1,
        horizon: Span::from_secs(1000),
        step: Span::from_secs(60),
        host_step: Span::from_secs(60),
        seeds: (1..=seeds as u64).collect(),
        frameworks: names
            .map(|name| FrameworkInfo {
                name,
                kind: "hadoop".to_owned(),
                scheduler: "fair".to_owned(),
                service: false,
                slo: Span::ZERO,
                share: 1,
                weight: 1000,
                role: None,
            })
            .collect(),
        policies: policies
            .iter()
            .map(|(name, seeds)| PolicyRuns {
                name: (*name).to_owned(),
                resolved: (*name).to_owned(),
                runs: runs(seeds),
            })
            .collect(),
        assumptions: Vec::new(),
        inputs: Vec::new(),
        warnings: Vec::new(),
        sheets: Vec::new(),
        measured: None,
    }
}

/// One seed of one framework under two policies.
fn one(base: Times<'_>, other: Times<'_>) -> Changes {
    Changes::of(&comparison(&[("base", &[&[base]]), ("other", &[&[other]])]))
}

fn line(changes: &Changes, framework: usize, policy: usize) -> &Line {
    let mut lines = changes.lines.iter();
    let found = lines.find(|line| line.framework == framework && line.policy == policy);
    found.expect("a line")
}

/// The mean under the second policy in seconds, its change in percent.
fn mean(changes: &Changes) -> (f64, f64) {
    let measured = line(changes, 0, 1).get(Measure::CompletionMean).unwrap();
    let change = measured.change.unwrap().mean;
    (measured.value.unwrap() / 1e6, (change * 100.0).round())
}

#[track_caller]
fn check(base: Times<'_>, other: Times<'_>, expected: (f64, f64)) {
    assert_eq!(mean(&one(base, other)), expected);
}

#[test]
fn a_job_that_never_finishes_counts_as_the_bound() {
    check(&[100, 100], &[50, 50], (50.0, -50.0));
    // The replay's length.
    check(&[100, 100], &[50, 0], (525.0, 425.0));
    check(&[0, 100], &[100, 100], (100.0, -82.0));
    // The longest time of any job, where that is more.
    check(&[3000, 1000], &[50, 0], (1525.0, -24.0));
}

#[test]
fn what_nobody_finishes_is_counted_and_says_nothing() {
    check(&[100, 0], &[50, 0], (50.0, -50.0));
    let changes = one(&[100, 0], &[50, 0]);
    assert_eq!(
        (changes.overall[0].jobs.all, changes.overall[0].jobs.nobody),
        (1, 1)
    );
    let sentence = &changes.sentences()[0];
    assert!(
        sentence.contains("1 job more finished under no policy"),
        "{sentence}"
    );
}

/// Three jobs are left unfinished: whoever leaves them is not better, and the sentence has the number.
#[test]
fn leaving_jobs_unfinished_is_no_way_to_win() {
    let changes = one(&[400, 400, 400, 400], &[10, 0, 0, 0]);
    let (_, change) = mean(&changes);
    assert!(change > 0.0, "{change}");
    let sentence = &changes.sentences()[0];
    assert!(
        sentence.contains("Never finished: 0 jobs under base, 3 under other"),
        "{sentence}"
    );
    assert!(sentence.contains("is worse off"), "{sentence}");
    assert!(
        changes.to_text().contains("≥ 12.5 min"),
        "{}",
        changes.to_text()
    );
}

#[test]
fn both_sides_and_the_jobs_are_in_the_first_sentence() {
    let base: [&[Times<'_>]; 3] = [
        &[&[100, 200], &[50]],
        &[&[110, 210], &[55]],
        &[&[120, 190], &[52]],
    ];
    let other: [&[Times<'_>]; 3] = [
        &[&[50, 100], &[100]],
        &[&[54, 105], &[112]],
        &[&[61, 96], &[103]],
    ];
    let changes = Changes::of(&comparison(&[("base", &base), ("other", &other)]));
    let sentence = &changes.sentences()[0];
    let first = sentence.split(". All").next().unwrap();
    assert!(
        first.contains("a-of-all gains (mean completion 5")
            && first.contains("; b-of-all pays (mean completion 10"),
        "{first}"
    );
    assert!(
        sentence.starts_with("other instead of base (9 jobs, 3 seeds): "),
        "{sentence}"
    );
    assert!(
        sentence.contains("All jobs together: mean completion time"),
        "{sentence}"
    );
    assert!(sentence.contains("the median job's"), "{sentence}");
}

/// What a first sentence says of two sides, by seed and framework.
fn first(base: &[&[Times<'_>]], other: &[&[Times<'_>]], stalled: &[(usize, usize)]) -> String {
    let mut comparison = comparison(&[("base", base), ("other", other)]);
    for (policy, seed) in stalled {
        comparison.policies[*policy].runs[*seed].totals.stalled = true;
    }
    let sentence = Changes::of(&comparison).sentences().remove(0);
    sentence.split(". ").next().unwrap().to_owned()
}

/// Where a framework had nothing to compare with some seeds, its number says with how many it had.
#[test]
fn fewer_seeds_than_announced_are_said() {
    let base: [&[Times<'_>]; 3] = [&[&[100], &[50]], &[&[110], &[]], &[&[120], &[52]]];
    let other: [&[Times<'_>]; 3] = [&[&[50], &[50]], &[&[55], &[]], &[&[61], &[51]]];
    let said = first(&base, &other, &[]);
    assert!(
        said.contains("a-of-all gains (mean completion 50"),
        "{said}"
    );
    assert!(said.contains(", in 2 of 3 seeds)"), "{said}");
    assert_eq!(said.matches("in 2 of 3 seeds").count(), 1, "{said}");
    let changes = Changes::of(&comparison(&[("base", &base), ("other", &other)]));
    let legend = changes.legend();
    assert!(
        legend.ends_with(" b-of-all has jobs to compare in 2 of 3 seeds."),
        "{legend}"
    );
    // One seed alone has no interval, and is no finding.
    let one: [&[Times<'_>]; 2] = [&[&[100], &[50]], &[&[110], &[]]];
    let half: [&[Times<'_>]; 2] = [&[&[50], &[25]], &[&[55], &[]]];
    let said = first(&one, &half, &[]);
    assert!(
        said.contains(
            "no difference shown for b-of-all (mean completion 50.0 % lower, in 1 of 2 seeds)"
        ),
        "{said}"
    );
}

#[test]
fn where_there_is_nothing_to_compare_nobody_is_cleared() {
    let nothing = "nothing to compare: no job finished under any policy, and no request came";
    for (base, other) in [(&[][..], &[][..]), (&[0, 0][..], &[0, 0][..])] {
        let said = first(&[&[base]], &[&[other]], &[]);
        assert!(said.contains(nothing) && !said.contains("nobody"), "{said}");
        let said = first(&[&[base], &[base]], &[&[other], &[other]], &[]);
        assert!(said.contains(nothing) && !said.contains("nobody"), "{said}");
    }
    let said = first(&[&[&[10], &[0]]], &[&[&[5], &[0]]], &[]);
    assert!(
        said.contains("a-of-all is better off")
            && said.ends_with("; nothing to compare of b-of-all"),
        "{said}"
    );
}

#[test]
fn a_side_that_stalled_is_no_fair_side() {
    let (base, other): ([&[Times<'_>]; 2], [&[Times<'_>]; 2]) =
        ([&[&[100]], &[&[110]]], [&[&[50]], &[&[55]]]);
    let plain = first(&base, &other, &[]);
    assert!(
        plain.starts_with("other instead of base (2 jobs, 2 seeds): "),
        "{plain}"
    );
    let told = "(2 jobs, 2 seeds; not a fair comparison: base stalled in 1 of 2 seeds, with jobs \
                waiting although nothing could happen any more): ";
    let said = first(&base, &other, &[(0, 1)]);
    assert!(said.contains(told), "{said}");
    let said = first(&base, &other, &[(0, 1), (1, 0), (1, 1)]);
    assert!(
        said.contains("base stalled in 1 of 2 seeds and other stalled in 2 of 2 seeds, with"),
        "{said}"
    );
    let said = first(&base[..1], &other[..1], &[(1, 0)]);
    assert!(said.contains("comparison: other stalled, with"), "{said}");
}

/// With one seed, too, a verdict has a number on its side.
#[test]
fn one_seed_has_no_verdict_without_a_number() {
    let (base, other) = (&[100_000][..], &[100_001][..]);
    let said = first(&[&[base]], &[&[other]], &[]);
    assert!(
        said.contains("a-of-all is worse off (mean completion 0.001 % higher)"),
        "{said}"
    );
    let changes = one(base, other);
    assert!(
        changes.to_text().contains("+0.001 %"),
        "{}",
        changes.to_text()
    );
}

/// A baseline's parameters are assumptions: the sentence gives both ends.
#[test]
fn a_variant_of_the_baseline_is_another_baseline() {
    let changes = Changes::of(&comparison(&[
        ("static", &[&[&[100, 100]]]),
        ("static[data=all]", &[&[&[200, 200]]]),
        ("drf", &[&[&[50, 50]]]),
    ]));
    let sentence = &changes.sentences()[0];
    assert!(
        sentence.contains("time 50.0 % lower, 2 times sooner")
            && sentence.contains(" Against static[data=all]: 75.0 % lower, 4 times sooner."),
        "{sentence}"
    );
    let table = String::from_utf8(tables::gains(&changes).to_csv()).unwrap();
    assert!(
        table.contains("drf,static[data=all],,completion_mean_us"),
        "{table}"
    );
    // The variant itself is compared with the baseline alone.
    assert!(
        !changes.sentences()[1].contains("Against"),
        "{:?}",
        changes.sentences()
    );
}

/// Mean and median job differ: one long job gains much, two short ones nothing.
#[test]
fn the_median_job_is_the_middle_of_the_jobs_own_ratios() {
    let changes = one(&[1000, 10, 10], &[100, 10, 9]);
    let overall = &changes.overall[0];
    let shown = |change: Estimate| units::change(&change, "%");
    assert_eq!(shown(overall.mean), "−88.3 %");
    assert_eq!(shown(overall.median), "−10.0 %");
}

/// Seeds that differ by a factor of a hundred: the interval stays above minus everything.
#[test]
fn no_interval_passes_minus_a_hundred_percent() {
    let base: [&[Times<'_>]; 3] = [&[&[100]], &[&[100]], &[&[100]]];
    let other: [&[Times<'_>]; 3] = [&[&[1]], &[&[90]], &[&[120]]];
    let changes = Changes::of(&comparison(&[("base", &base), ("other", &other)]));
    let change = line(&changes, 0, 1)
        .get(Measure::CompletionMean)
        .unwrap()
        .change
        .unwrap();
    let (low, high) = change.interval.unwrap();
    assert!(low > -1.0 && high > 0.0, "{change:?}");
    assert!(!changes.to_text().contains("−1"), "{}", changes.to_text());
}

#[test]
fn only_what_is_better_somewhere_has_a_verdict() {
    let changes = one(&[100], &[50]);
    for line in &changes.lines {
        for measured in &line.measured {
            let defined = !matches!(
                measured.measure,
                Measure::Cpus | Measure::Mem | Measure::Gpus
            );
            assert_eq!(
                measured.verdict() == Verdict::Undefined,
                !defined,
                "{measured:?}"
            );
        }
    }
    let table = String::from_utf8(tables::gains(&changes).to_csv()).unwrap();
    let row = table
        .lines()
        .find(|row| row.contains("other,base,a-of-all,cpus_ppm"));
    assert!(row.unwrap().contains(",none,"), "{table}");
    assert!(table.contains("other,base,,completion_mean_us"), "{table}");
    assert!(
        table.contains("other,base,,completion_of_the_median_job"),
        "{table}"
    );
}

#[test]
fn a_line_of_a_table_has_at_most_a_hundred_characters() {
    let jobs: Vec<Times<'_>> = vec![&[100, 130, 0]; 15];
    let long: Vec<Times<'_>> = vec![&[1000, 7, 2000]; 15];
    let seeds: [&[Times<'_>]; 2] = [&jobs, &long];
    let turned: [&[Times<'_>]; 2] = [&long, &jobs];
    let name = "drf[offers=task,round=1s,patience=20s,tie=last]";
    let changes = Changes::of(&comparison(&[("static", &seeds), (name, &turned)]));
    let text = changes.to_text();
    for line in text.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    assert!(text.contains("unfinished"), "{text}");
}
