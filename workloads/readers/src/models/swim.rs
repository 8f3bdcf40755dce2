//! SWIM jobs as tasks: reading the file, and what the model of it ([`SwimSpec`]) makes of its jobs.

use std::path::Path;
use std::sync::Arc;

use fairground_policies::job::StageSpec;
use fairground_policies::resources::Resources;
use fairground_policies::time::{Span, Time};
use fairground_workloads::models::swim::SwimSpec;

use crate::canonical::Imports;
use crate::data::replicas;
use crate::error::ReadError;
use crate::formats::input;
use crate::formats::rows::Rows;
use crate::formats::swim::Record;
use crate::models::arrivals::assumption;
use crate::models::jobs::{Jobs, Stage, task_count};
use crate::rng::Stream;
use crate::spec::{Source, SpecContext};
use crate::trace::{Assumption, Input, Runtimes, Work, Workload};
use crate::units::{Bytes, Thousandths};

/// A file that was read, with its model.
#[derive(Clone, Debug)]
pub struct Loaded {
    spec: SwimSpec,
    jobs: Arc<Submitted>,
    inputs: Vec<Input>,
}

/// The jobs of a file by their submission, and whether they stand so in it.
#[derive(Debug)]
struct Submitted {
    records: Vec<Record>,
    sorted: bool,
    input: Input,
}

/// Work split evenly into tasks: all get `each` bytes, the last what is left.
#[derive(Clone, Copy)]
struct Split {
    tasks: u32,
    each: u64,
    last: u64,
}

/// Reads the file.
pub(crate) fn load(
    spec: &SwimSpec,
    folder: &Path,
    imports: &mut Imports,
) -> Result<Loaded, ReadError> {
    let path = folder.join(&spec.file);
    let jobs = imports.file(&path, || {
        let mut records: Vec<Record> = Rows::<Record>::open(&path)?.collect::<Result<_, _>>()?;
        let sorted = records.is_sorted_by_key(|record| record.submit);
        records.sort_by_key(|record| record.submit);
        Ok(Submitted {
            records,
            sorted,
            input: input(&path, &spec.file)?,
        })
    })?;
    Ok(Loaded {
        spec: spec.clone(),
        inputs: vec![jobs.input.clone()],
        jobs,
    })
}

/// Splits `bytes` into parts of `part`, or into the most tasks allowed.
fn divided(spec: &SwimSpec, bytes: u64, part: u64) -> Result<Split, ReadError> {
    let wanted = bytes.div_ceil(part).max(1);
    let most = spec.most_tasks.map_or(u64::MAX, u64::from);
    let tasks = task_count(wanted.min(most)).map_err(|error| {
        error.hint("set `most_tasks`, or make `block`, `reduce` or `scale` fit")
    })?;
    let each = if wanted > most {
        bytes.div_ceil(most)
    } else {
        part.min(bytes)
    };
    let others = each.saturating_mul(u64::from(tasks) - 1);
    Ok(Split {
        tasks,
        each,
        last: bytes.saturating_sub(others),
    })
}

impl Split {
    /// The time of every task, when `bytes` of its share take `time(bytes)`.
    fn times(self, time: impl Fn(u64) -> Span) -> Vec<Span> {
        let mut times = vec![time(self.each); self.tasks as usize];
        if let Some(last) = times.last_mut() {
            *last = time(self.last);
        }
        times
    }
}

impl Source for Loaded {
    fn build(&self, context: &SpecContext<'_>) -> Result<Workload, ReadError> {
        let from = Time::ZERO + self.spec.from;
        let begin = |record: &Record| Time::from_secs(record.submit);
        let records = &self.jobs.records;
        let skipped = records.partition_point(|record| begin(record) < from);
        let chosen = records[skipped..]
            .iter()
            .take_while(|record| begin(record).since(from) < context.horizon)
            .take(self.spec.jobs.map_or(usize::MAX, |jobs| jobs as usize));
        let mut stream = context.stream("replicas");
        let mut jobs = Jobs::default();
        let mut limited = 0_u64;
        for record in chosen {
            let submitted = Time::ZERO + begin(record).since(from);
            let stages = self.stages(record, &mut stream, context.agents, &mut limited);
            let pushed =
                stages.and_then(|stages| jobs.push(&record.name, submitted, false, stages));
            pushed.map_err(|error| record.place.of(error))?;
        }
        Ok(Workload {
            work: Work::Batch(jobs.finish()),
            assumptions: self.assumptions(limited),
            inputs: self.inputs.clone(),
        })
    }

    fn inputs(&self) -> &[Input] {
        &self.inputs
    }
}

impl Loaded {
    fn stages(
        &self,
        record: &Record,
        stream: &mut Stream,
        agents: u32,
        limited: &mut u64,
    ) -> Result<Vec<Stage>, ReadError> {
        let spec = &self.spec;
        let [input, shuffle, output] =
            [record.input, record.shuffle, record.output].map(|bytes| scaled(bytes, spec.scale));
        let split = divided(spec, input, spec.block)?;
        let map_only = shuffle == 0;
        let written = if map_only {
            took(output / u64::from(split.tasks), spec.write_rate)
        } else {
            Span::ZERO
        };
        let local = split.times(|bytes| spec.startup + took(bytes, spec.map_rate) + written);
        let mut map = StageSpec::new(Resources::new(spec.cpus, spec.mem), split.tasks);
        map.preferred = replicas(stream, split.tasks, spec.replicas, agents);
        let away = spec.away;
        let mut stages = vec![(map, Runtimes::Plain { local, away })];
        let mut is_limited = split.each > spec.block;
        if !map_only {
            let split = divided(spec, shuffle, spec.reduce)?;
            let written = took(output / u64::from(split.tasks), spec.write_rate);
            let copy = split.times(|bytes| took(bytes, spec.copy_rate));
            let work = split.times(|bytes| spec.startup + took(bytes, spec.reduce_rate) + written);
            let needs = Resources::new(spec.cpus, spec.reduce_mem);
            let mut reduce = StageSpec::new(needs, split.tasks);
            reduce.parents = vec![0];
            reduce.start_after = spec.slow_start as u16;
            is_limited |= split.each > spec.reduce;
            stages.push((reduce, Runtimes::Reduce { copy, work }));
        }
        *limited += u64::from(is_limited);
        Ok(stages)
    }

    fn assumptions(&self, limited: u64) -> Vec<Assumption> {
        let spec = &self.spec;
        let bytes = |bytes: u64| Bytes(u128::from(bytes));
        let decimal = |thousandths: u32| Thousandths(u64::from(thousandths));
        let mut tasks = format!(
            "a map per {} of input, at least one; a reduce per {} shuffled, none for none",
            bytes(spec.block),
            bytes(spec.reduce)
        );
        if let Some(most) = spec.most_tasks {
            tasks = format!("{tasks}; at most {most} of each, which {limited} jobs exceed");
        }
        let times = format!(
            "start {}; a second: map {}, copy {}, reduce {}, write {}",
            spec.startup,
            bytes(spec.map_rate),
            bytes(spec.copy_rate),
            bytes(spec.reduce_rate),
            bytes(spec.write_rate)
        );
        let needs = format!(
            "map {}; reduce {}",
            Resources::new(spec.cpus, spec.mem),
            Resources::new(spec.cpus, spec.reduce_mem)
        );
        let data = format!(
            "each block on {} agents drawn uniformly; a map elsewhere takes {} times as long",
            spec.replicas,
            decimal(spec.away)
        );
        let start = format!(
            "after {} of the maps, and not before the last one has started",
            decimal(spec.slow_start)
        );
        let mut assumptions = vec![
            assumption("task counts", tasks),
            assumption("task durations", times),
            assumption("task resources", needs),
            assumption("data placement", data),
            assumption("start of reduces", start),
        ];
        if spec.scale != 1000 {
            let model = format!("all bytes times {}", decimal(spec.scale));
            assumptions.push(assumption("data sizes", model));
        }
        if !spec.from.is_zero() || spec.jobs.is_some() {
            let jobs = spec
                .jobs
                .map_or(String::new(), |jobs| format!(", the first {jobs} jobs"));
            let model = format!("from {} into the file{jobs}", spec.from);
            assumptions.push(assumption("part of the file", model));
        }
        if !self.jobs.sorted {
            let model = "sorted by submission; the file is not".to_owned();
            assumptions.push(assumption("order of jobs", model));
        }
        assumptions
    }
}

/// How long `bytes` take at `rate` bytes a second.
fn took(bytes: u64, rate: u64) -> Span {
    Span::from_secs(1).scaled(bytes, rate)
}

fn scaled(bytes: u64, thousandths: u32) -> u64 {
    let wide = u128::from(bytes) * u128::from(thousandths) / 1000;
    u64::try_from(wide).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `bytes` in parts of 10, with at most `most` tasks.
    fn check(bytes: u64, most: Option<u32>, tasks: u32, each: u64, last: u64) {
        let spec = SwimSpec {
            most_tasks: most,
            ..SwimSpec::default()
        };
        let split = divided(&spec, bytes, 10).unwrap();
        assert_eq!((split.tasks, split.each, split.last), (tasks, each, last));
    }

    #[test]
    fn work_is_split_without_loss() {
        check(0, None, 1, 0, 0);
        check(7, None, 1, 7, 7);
        check(10, None, 1, 10, 10);
        check(11, None, 2, 10, 1);
        check(100, None, 10, 10, 10);
        check(100, Some(4), 4, 25, 25);
        check(101, Some(4), 4, 26, 23);
        check(30, Some(4), 3, 10, 10);
    }

    #[test]
    fn a_full_block_takes_the_median_task() {
        let spec = SwimSpec::default();
        let block = spec.startup + took(spec.block, spec.map_rate);
        assert_eq!(block, Span::from_millis(23_480));
    }

    #[test]
    fn absurd_jobs_are_refused() {
        let refused = divided(&SwimSpec::default(), 1 << 60, 64 << 20);
        expect_test::expect![[r"
            expected at most 10000000 tasks in a stage, found 17179869184
              hint: set `most_tasks`, or make `block`, `reduce` or `scale` fit"]]
        .assert_eq(&refused.err().unwrap().to_string());
    }
}
