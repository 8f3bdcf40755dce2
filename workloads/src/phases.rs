//! Work that changes with time: from a time on, a framework's jobs come at another rate, ask for
//! something else, or run for another time.
//!
//! A phase names what changes, with the workload's own keys; all else stays as it was in the phase
//! before. Each phase is a workload of its own for as long as it lasts, with random streams of its own,
//! so that a change in one leaves the others alone. Jobs are those of the phase in which they are
//! submitted; users of a closed workload finish what they have before they go on by the new phase.

use std::path::Path;
use std::sync::Arc;

use fairground_policies::time::{Span, Time};
use serde::{Deserialize, Serialize};

use crate::error::ReadError;
use crate::feedback::Feedback;
use crate::spec::{Source, SpecContext, TraceFiles, WorkloadSpec};
use crate::trace::{Input, Jobs, Stage, Work, Workload};

/// What changes in a framework's work, and when.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PhaseSpec {
    /// How long after the cluster starts; the phase lasts until the next one begins.
    pub start: Span,
    /// Keys of the workload, with what they are from then on.
    #[serde(flatten)]
    pub change: toml::Table,
}

/// What is wrong with the phases of a framework.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BadPhase {
    /// The key, from the framework on: `phases.0.cpus`.
    pub key: String,
    /// What was expected.
    pub problem: String,
}

/// The workloads of phases, each with its start; the first, from the beginning on, is not among them.
///
/// # Errors
/// A kind of work that has no phases, starts that are not in order, a key that the workload does not have
/// or that may not change, a value that it cannot be.
pub fn resolved(
    workload: &WorkloadSpec,
    phases: &[PhaseSpec],
) -> Result<Vec<(Span, WorkloadSpec)>, BadPhase> {
    let bad = |key: String, problem: String| Err(BadPhase { key, problem });
    if !phases.is_empty() && fixed(workload).is_none() {
        let problem = format!(
            "expected a workload whose jobs are drawn: hadoop, spark, mpi or tpch; found {}\n  hint: the \
             load of `rails` has a day and crowds, that of `requests` and of traces is in their files",
            workload.name()
        );
        return bad("phases".to_owned(), problem);
    }
    let (mut all, mut last, mut now) = (Vec::new(), Span::ZERO, workload.clone());
    for (i, phase) in phases.iter().enumerate() {
        let key = format!("phases.{i}");
        if phase.start <= last {
            let problem = format!("expected later than {last}, found {}", phase.start);
            return bad(format!("{key}.start"), problem);
        }
        if phase.change.is_empty() {
            let problem = "expected a key of the workload that changes, as gap = \"1m\"".to_owned();
            return bad(key, problem);
        }
        now = changed(&now, phase, &key)?;
        if fixed(&now) != fixed(workload) {
            let problem = "`executors` and the users of `closed` stay the same in all phases";
            return bad(key, problem.to_owned());
        }
        all.push((phase.start, from(now.clone(), phase.start)));
        last = phase.start;
    }
    Ok(all)
}

/// What phases may not change; nothing for work that has none.
fn fixed(workload: &WorkloadSpec) -> Option<(Option<crate::models::parts::ExecutorSpec>, u32)> {
    let (executors, closed) = match workload {
        WorkloadSpec::Hadoop(spec) => (None, spec.closed),
        WorkloadSpec::Mpi(spec) => (None, spec.closed),
        WorkloadSpec::Spark(spec) => (Some(spec.executors), spec.closed),
        WorkloadSpec::Tpch(spec) => (Some(spec.executors), spec.closed),
        WorkloadSpec::Rails(_)
        | WorkloadSpec::Swim(_)
        | WorkloadSpec::Requests(_)
        | WorkloadSpec::Swf(_)
        | WorkloadSpec::Trace(_) => return None,
    };
    Some((executors, closed.map_or(0, |closed| closed.users)))
}

/// The workload with its time of day as it is at `start`.
fn from(mut workload: WorkloadSpec, start: Span) -> WorkloadSpec {
    match &mut workload {
        WorkloadSpec::Hadoop(spec) if spec.closed.is_none() => {
            spec.day.get_or_insert_default().start += start;
        }
        WorkloadSpec::Spark(spec) if spec.closed.is_none() => {
            spec.day.get_or_insert_default().start += start;
        }
        _ => {}
    }
    workload
}

/// The workload with the keys of a phase in place of its own.
fn changed(
    workload: &WorkloadSpec,
    phase: &PhaseSpec,
    key: &str,
) -> Result<WorkloadSpec, BadPhase> {
    let with = |change: &toml::Table| -> Result<WorkloadSpec, toml::de::Error> {
        let mut root = toml::Table::try_from(workload).expect("a workload has a text");
        if let Some(toml::Value::Table(table)) = root.get_mut(workload.name()) {
            merge(table, change);
        }
        root.try_into()
    };
    with(&phase.change).map_err(|error| {
        // Which of them it is, each tells alone.
        let alone = |(name, value): (&String, &toml::Value)| {
            let one = [(name.clone(), value.clone())].into_iter().collect();
            with(&one).err().map(|error| (name.clone(), error))
        };
        let culprit = phase.change.iter().find_map(alone);
        let (mut key, error) = culprit.map_or((key.to_owned(), error), |(name, error)| {
            (format!("{key}.{name}"), error)
        });
        let mut problem = error.message().to_owned();
        if let Some(rest) = problem.strip_prefix("unknown field `")
            && let Some((name, _)) = rest.split_once('`')
        {
            // One that is in a table of the workload.
            if !key.ends_with(&format!(".{name}")) {
                key = format!("{key}.{name}");
            }
            problem = unknown_key(name, &problem);
        }
        BadPhase { key, problem }
    })
}

/// A table in a table changes only the keys that it names.
fn merge(table: &mut toml::Table, change: &toml::Table) {
    for (key, value) in change {
        match (table.get_mut(key), value) {
            (Some(toml::Value::Table(old)), toml::Value::Table(new)) => merge(old, new),
            _ => {
                table.insert(key.clone(), value.clone());
            }
        }
    }
}

/// What is told of a key that the workload does not have: `said` quotes it and those there are.
fn unknown_key(unknown: &str, said: &str) -> String {
    let known: Vec<&str> = said.split('`').skip(3).step_by(2).collect();
    let near = known.iter().min_by_key(|one| apart(one, unknown));
    let near = near.filter(|one| apart(one, unknown) <= 1 + unknown.len() / 3);
    let quoted: Vec<String> = known.iter().map(|one| format!("`{one}`")).collect();
    let hint = near.map_or(String::new(), |one| {
        format!("\n  hint: did you mean `{one}`?")
    });
    format!("unknown key, expected one of {}{hint}", quoted.join(", "))
}

/// How many letters have to be changed, added or taken away to make one of the other.
fn apart(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, letter) in one.chars().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, wanted) in other.iter().enumerate() {
            let same = before + usize::from(letter != *wanted);
            before = row[j + 1];
            row[j + 1] = same.min(before + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}

/// The sources of a workload's phases, each with its start.
#[derive(Debug)]
struct Phased {
    parts: Vec<(Span, Arc<dyn Source>)>,
    inputs: Vec<Input>,
}

impl WorkloadSpec {
    /// Reads the files of a workload and of its phases; see [`WorkloadSpec::load`].
    ///
    /// # Errors
    /// Phases that make no sense, and as for a workload without any.
    pub fn load_phases(
        &self,
        phases: &[PhaseSpec],
        folder: &Path,
        files: &mut dyn TraceFiles,
    ) -> Result<Arc<dyn Source>, ReadError> {
        let first = self.load(folder, files)?;
        let later = resolved(self, phases)
            .map_err(|bad| ReadError::said(bad.problem).place(format!("`{}`", bad.key)))?;
        if later.is_empty() {
            return Ok(first);
        }
        let mut inputs = first.inputs().to_vec();
        let mut parts = vec![(Span::ZERO, first)];
        for (i, (start, workload)) in later.iter().enumerate() {
            let source = workload.load(folder, files);
            let source = source.map_err(|error| in_phase(error, i))?;
            inputs.extend(source.inputs().iter().cloned());
            parts.push((*start, source));
        }
        inputs.sort();
        inputs.dedup();
        Ok(Arc::new(Phased { parts, inputs }))
    }
}

/// An error of the phase of this number in the list of phases.
fn in_phase(error: ReadError, i: usize) -> ReadError {
    let place = error.place.clone().unwrap_or_default();
    error.place(format!("`phases.{i}` {place}").trim_end())
}

impl Source for Phased {
    fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    fn build(&self, context: &SpecContext<'_>) -> Result<Workload, ReadError> {
        let horizon = Time::ZERO + context.horizon;
        let starts = self.parts.iter().map(|(start, _)| Time::ZERO + *start);
        let starts: Vec<Time> = starts.take_while(|start| *start < horizon).collect();
        let ends: Vec<Time> = starts.iter().skip(1).copied().chain([horizon]).collect();
        let mut built = Vec::new();
        for (i, (start, end)) in starts.iter().zip(&ends).enumerate() {
            let name = match i {
                0 => context.name.to_owned(),
                _ => format!("{}/phase {}", context.name, i + 1),
            };
            let part = SpecContext {
                horizon: end.since(*start),
                name: &name,
                ..*context
            };
            let workload = self.parts[i].1.build(&part);
            built.push(workload.map_err(|error| match i {
                0 => error,
                _ => in_phase(error, i - 1),
            })?);
        }
        let mut assumptions = built[0].assumptions.clone();
        for (start, workload) in starts.iter().zip(&built).skip(1) {
            for one in &workload.assumptions {
                if !built[0].assumptions.contains(one) {
                    let mut one = one.clone();
                    one.about = format!("{} from {start} on", one.about);
                    assumptions.push(one);
                }
            }
        }
        let jobs: Vec<Jobs> = built.iter().map(|one| jobs_of(&one.work)).collect();
        let jobs = one_after_the_other(&jobs, &starts, ends);
        let work = match built.swap_remove(0).work {
            Work::Batch(_) => Work::Batch(jobs),
            Work::Executors {
                needs, max, idle, ..
            } => Work::Executors {
                jobs,
                needs,
                max,
                idle,
            },
            service @ Work::Service(_) => service,
        };
        Ok(Workload {
            work,
            assumptions,
            inputs: self.inputs.clone(),
        })
    }
}

fn jobs_of(work: &Work) -> Jobs {
    match work {
        Work::Batch(jobs) | Work::Executors { jobs, .. } => jobs.clone(),
        Work::Service(_) => Jobs::default(),
    }
}

/// The jobs of all phases, each from its start on.
fn one_after_the_other(parts: &[Jobs], starts: &[Time], ends: Vec<Time>) -> Jobs {
    let later = |start: &Time, at: Time| *start + at.since(Time::ZERO);
    let (mut jobs, mut users, mut turns) = (Jobs::default(), 0, Vec::new());
    for (phase, (part, start)) in (0..).zip(parts.iter().zip(starts)) {
        if let Some(Feedback::Users(all)) = part.feedback().map(AsRef::as_ref) {
            users = all.count();
            turns.extend(all.turns(part, 0).map(|mut turn| {
                turn.phase = phase;
                turn.earliest = later(start, turn.earliest);
                turn
            }));
            continue;
        }
        for job in part.iter() {
            let stages: Vec<Stage> = job
                .stages()
                .map(|(spec, times)| (spec.clone(), times.map(<[Span]>::to_vec)))
                .collect();
            jobs.push(
                job.label,
                later(start, job.submitted),
                job.spec.gang,
                stages,
            );
        }
    }
    if users == 0 {
        return jobs;
    }
    Jobs::closed(users, ends, turns)
}
