//! TPC-H queries on Spark: reading the profiles, and what the model ([`TpchSpec`]) makes of them.

use std::path::Path;

use fairground_policies::job::StageSpec;
use fairground_policies::time::Span;
use fairground_workloads::models::tpch::TpchSpec;

use crate::canonical::Imports;
use crate::error::ReadError;
use crate::formats::input;
use crate::formats::rows::Rows;
use crate::formats::tpch::{Levels, Operator, Record};
use crate::models::arrivals::assumption;
use crate::models::jobs::Stage;
use crate::models::submissions::Draft;
use crate::rng::Stream;
use crate::spec::{Source, SpecContext};
use crate::trace::{Assumption, Input, Runtimes, Workload};

/// Files that were read, with their model.
#[derive(Clone, Debug)]
pub struct Loaded {
    spec: TpchSpec,
    queries: Vec<Query>,
    inputs: Vec<Input>,
}

#[derive(Clone, Debug)]
struct Query {
    label: String,
    stages: Vec<Profile>,
}

/// One stage; no list is empty.
#[derive(Clone, Debug)]
struct Profile {
    tasks: u32,
    parents: Vec<u32>,
    fresh: Vec<Span>,
    first: Vec<Span>,
    rest: Vec<Span>,
}

/// Reads the files.
pub(crate) fn load(
    spec: &TpchSpec,
    folder: &Path,
    imports: &mut Imports,
) -> Result<Loaded, ReadError> {
    let mut queries = Vec::new();
    let mut inputs = Vec::new();
    for file in &spec.files {
        let path = folder.join(file);
        let read = imports.file(&path, || {
            let read: Vec<Record> = Rows::<Record>::open(&path)?.collect::<Result<_, _>>()?;
            Ok((read, input(&path, file)?))
        })?;
        queries.extend(read.0.iter().map(|record| query(spec, record)));
        inputs.push(read.1.clone());
    }
    Ok(Loaded {
        spec: spec.clone(),
        queries,
        inputs,
    })
}

fn query(spec: &TpchSpec, record: &Record) -> Query {
    let stages = record.nodes.iter().map(|node| {
        let mut profile = profile(spec, node);
        let edges = record.edges.iter().filter(|edge| edge.1 == node.id);
        profile.parents = edges.map(|edge| edge.0).collect();
        profile.parents.sort_unstable();
        profile.parents.dedup();
        profile
    });
    Query {
        label: format!("q{}-{}", record.query, record.size),
        stages: stages.collect(),
    }
}

fn profile(spec: &TpchSpec, node: &Operator) -> Profile {
    let near = |levels: &Levels| -> Vec<Span> {
        let times = nearest(levels, spec.level).iter();
        times.map(|ms| Span::from_millis(u64::from(*ms))).collect()
    };
    let fresh = near(&node.fresh_durations);
    let mut first = near(&without_fresh(node));
    let mut rest = near(&node.rest_wave);
    if first.is_empty() {
        first = [&rest, &fresh]
            .into_iter()
            .find(|times| !times.is_empty())
            .cloned()
            .unwrap_or_default();
    }
    if rest.is_empty() {
        rest.clone_from(&first);
    }
    let fresh = if fresh.is_empty() {
        first.iter().map(|time| *time + spec.warmup).collect()
    } else {
        fresh
    };
    Profile {
        tasks: node.num_tasks,
        parents: Vec::new(),
        fresh,
        first,
        rest,
    }
}

/// The first wave without the tasks of new executors, which the measurements list twice.
fn without_fresh(node: &Operator) -> Levels {
    let cleaned = node.first_wave.iter().map(|(level, times)| {
        let mut fresh = node.fresh_durations.get(level).cloned().unwrap_or_default();
        fresh.sort_unstable();
        let mut used = vec![false; fresh.len()];
        let kept = times.iter().filter(|time| {
            let start = fresh.partition_point(|other| other < time);
            let same = (start..fresh.len()).take_while(|at| fresh[*at] == **time);
            match same.into_iter().find(|at| !used[*at]) {
                Some(at) => {
                    used[at] = true;
                    false
                }
                None => true,
            }
        });
        (*level, kept.copied().collect())
    });
    cleaned.collect()
}

/// The measurements at `level`, or at the nearest lower level that has some, or at the nearest
/// higher one.
fn nearest(levels: &Levels, level: u32) -> &[u32] {
    let lower = levels.range(..=level).rev();
    let higher = levels.range(level..);
    let mut found = lower.chain(higher).filter(|(_, times)| !times.is_empty());
    found.next().map_or(&[], |(_, times)| times)
}

impl Source for Loaded {
    fn build(&self, context: &SpecContext<'_>) -> Result<Workload, ReadError> {
        let mut choices = context.stream("queries");
        let mut durations = context.stream("durations");
        let jobs = self.spec.submissions().collect(context, || {
            let query = choices.choose(&self.queries)?;
            let stages = query.stages.iter();
            let stages = stages
                .map(|profile| self.stage(profile, &mut durations))
                .collect();
            Some(Draft {
                label: query.label.clone(),
                gang: false,
                stages,
            })
        })?;
        Ok(Workload {
            work: self.spec.executors.work(jobs),
            assumptions: self.assumptions(),
            inputs: self.inputs.clone(),
        })
    }

    fn inputs(&self) -> &[Input] {
        &self.inputs
    }
}

impl Loaded {
    fn stage(&self, profile: &Profile, stream: &mut Stream) -> Stage {
        let mut stage = StageSpec::new(self.spec.executors.needs(), profile.tasks);
        stage.parents.clone_from(&profile.parents);
        let mut draw = |times: &[Span]| -> Vec<Span> {
            let draws = (0..profile.tasks).map(|_| stream.choose(times).copied());
            draws.map(Option::unwrap_or_default).collect()
        };
        let runtimes = Runtimes::Waves {
            fresh: draw(&profile.fresh),
            first: draw(&profile.first),
            rest: draw(&profile.rest),
        };
        (stage, runtimes)
    }

    fn assumptions(&self) -> Vec<Assumption> {
        let spec = &self.spec;
        let mix = format!("uniform over {} measured queries", self.queries.len());
        let times = format!(
            "drawn from the measurements with {} executors, or the nearest number with any; {} \
             more on a new executor where that was not measured",
            spec.level, spec.warmup
        );
        vec![
            spec.submissions().told(),
            assumption("queries", mix),
            assumption("task durations", times),
            spec.executors.told(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(list: &[(u32, &[u32])]) -> Levels {
        list.iter()
            .map(|(level, times)| (*level, times.to_vec()))
            .collect()
    }

    #[test]
    fn the_nearest_lower_level_comes_first() {
        let measured = levels(&[(2, &[1]), (5, &[]), (10, &[3]), (20, &[4])]);
        for (level, found) in [(1, 1), (2, 1), (5, 1), (9, 1), (10, 3), (19, 3), (99, 4)] {
            assert_eq!(nearest(&measured, level), [found], "{level}");
        }
        assert_eq!(nearest(&levels(&[(5, &[])]), 5), [0; 0]);
    }

    #[test]
    fn fresh_tasks_are_taken_out_of_the_first_wave_once() {
        let node = Operator {
            id: 0,
            stage_id: 0,
            num_tasks: 5,
            first_executor_level: 2,
            fresh_durations: levels(&[(2, &[7, 9, 7])]),
            first_wave: levels(&[(2, &[7, 3, 7, 7, 9]), (5, &[7])]),
            rest_wave: Levels::new(),
        };
        assert_eq!(
            without_fresh(&node),
            levels(&[(2, &[3, 7]), (5, &[7])]),
            "two of three sevens and the nine are fresh"
        );
    }

    #[test]
    fn no_list_stays_empty() {
        let node = Operator {
            id: 0,
            stage_id: 0,
            num_tasks: 1,
            first_executor_level: 2,
            fresh_durations: Levels::new(),
            first_wave: levels(&[(2, &[40])]),
            rest_wave: Levels::new(),
        };
        let profile = profile(&TpchSpec::default(), &node);
        assert_eq!(profile.first, [Span::from_millis(40)]);
        assert_eq!(profile.rest, [Span::from_millis(40)]);
        assert_eq!(profile.fresh, [Span::from_millis(1040)]);
    }
}
