//! Worked examples of policies: a few lines of data beside each policy, which are run and drawn when they are shown.
//!
//! ```text
//! agents 2 cpus:4 mem:8 kind=fast       so many agents of this size, and perhaps of a kind
//! policy drf[offers=task]               who is offered what; drf if nothing is said
//! role lab weight=2                     a role, with what is guaranteed to it (`guarantee=2` cores)
//! framework a weight=2 fifo role=lab    a framework and its scheduler; `speed=fast:3` on agents of a kind
//! job a at=1s tasks=3 cpus:1 run=9s     its tasks; `estimate=5s` is what is said of them, exact if nothing is; `gang`
//! then a tasks=1 cpus:2 run=2s          one more stage of its last job, behind all others of it; `beside` from the start
//!
//! pool 100 easy                         so many processors, and who starts on them
//! job at=1s processors=70 run=100s
//!
//! node 2 cpus:4 gpus:2                  so many nodes
//! place best[tie=first]                 where tasks go
//! task 3 cpus:1 gpus:0.5                so many tasks, which never end
//!
//! workers 4 batch slots=1 delay=1ms     so many workers, and how tasks come into their queues
//! job at=1s tasks=3 run=10s
//!
//! column 10s                            how long a column of the picture is
//! ```

mod chart;
mod cluster;
mod nodes;
mod queues;
mod words;

use fairground_policies::job_order::RigidJob;
use fairground_policies::pool::PoolPolicy;
use fairground_policies::registry::Registry;
use fairground_policies::time::{Span, Time};

use self::chart::{Bar, Chart};
use self::words::{ExampleLine, lines};
use crate::pool::{Estimates, LogJob, simulate};

/// What is wrong with an example: its line, and why.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("worked example, line {line}: {problem}")]
pub struct ExampleError {
    /// Counted from one.
    pub line: usize,
    /// What was expected, and what was found.
    pub problem: String,
}

/// Runs an example and draws what came of it.
///
/// # Errors
/// A line that means nothing, or a policy that is not known.
pub fn drawn(example: &str, registry: &Registry) -> Result<String, ExampleError> {
    let lines = lines(example)?;
    let has = |verb: &str| lines.iter().any(|line| line.verb == verb);
    if has("pool") {
        pool(&lines)
    } else if has("node") {
        nodes::drawn(&lines)
    } else if has("workers") {
        queues::drawn(&lines)
    } else {
        cluster::drawn(&lines, registry)
    }
}

/// Rigid jobs on one pool.
fn pool(lines: &[ExampleLine<'_>]) -> Result<String, ExampleError> {
    let (mut setting, mut jobs, mut column) = (None, Vec::new(), None);
    for words in lines {
        match words.verb {
            "pool" => {
                let policy = PoolPolicy::from_name(&words.name("easy")?);
                let policy = policy.map_err(|error| words.error(error.0))?;
                setting = Some((words.count()?, policy));
            }
            "job" => {
                let run = words.span("run")?;
                let estimate = words.span_or("estimate", run)?;
                let submitted = Time::ZERO + words.span_or("at", Span::ZERO)?;
                let processors = words.number("processors")?;
                jobs.push(LogJob {
                    rigid: RigidJob::new(submitted, estimate.max(run), processors),
                    run,
                    user: 0,
                });
            }
            "column" => column = Some(words.length()?),
            _ => return Err(words.unknown("pool, job or column")),
        }
    }
    let first = &lines[0];
    let (processors, policy) = setting.ok_or_else(|| first.error("no `pool`".into()))?;
    if jobs.iter().any(|job| job.rigid.processors > processors) {
        return Err(first.error(format!("a job is larger than the {processors} processors")));
    }
    jobs.sort_by_key(|job| job.rigid.submitted);
    let starts = simulate(policy, processors, &jobs, Estimates::Requested);
    let bars = jobs.iter().zip(&starts).zip(1_u32..);
    let bars = bars.map(|((job, start), number)| Bar {
        name: format!("{number} ({})", job.rigid.processors),
        submitted: job.rigid.submitted,
        runs: vec![(*start, *start + job.run, 1)],
    });
    Ok(Chart {
        column,
        bars: bars.collect(),
        sign: Some('#'),
    }
    .drawn())
}
