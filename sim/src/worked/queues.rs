//! Tasks in queues at workers.

use fairground_policies::sampling::SamplingPolicy;
use fairground_policies::time::{Span, Time};

use super::ExampleError;
use super::chart::{Bar, Chart};
use super::words::ExampleLine;
use crate::sampling::{SampledJob, Workers, simulate};

pub(super) fn drawn(lines: &[ExampleLine<'_>]) -> Result<String, ExampleError> {
    let (mut setting, mut jobs, mut column) = (None, Vec::new(), None);
    for words in lines {
        match words.verb {
            "workers" => {
                let policy = SamplingPolicy::from_name(&words.name("late")?);
                let policy = policy.map_err(|error| words.error(error.0))?;
                let workers = Workers {
                    count: words.count()?.clamp(1, 64),
                    slots: words.number_or("slots", 1)?.clamp(1, 64),
                    delay: words.span_or("delay", Span::ZERO)?,
                };
                setting = Some((workers, policy));
            }
            "job" => jobs.push(SampledJob {
                submitted: Time::ZERO + words.span_or("at", Span::ZERO)?,
                runs: vec![words.span("run")?; words.number("tasks")?.clamp(1, 64) as usize],
            }),
            "column" => column = Some(words.length()?),
            _ => return Err(words.unknown("workers, job or column")),
        }
    }
    let none = || lines[0].error("no `workers`".to_owned());
    let (workers, policy) = setting.ok_or_else(none)?;
    jobs.sort_by_key(|job| job.submitted);
    let starts = simulate(policy, &workers, &jobs, 1).starts;
    let bars = jobs.iter().zip(&starts).zip(1_u32..);
    let bars = bars.map(|((job, starts), number)| Bar {
        name: number.to_string(),
        submitted: job.submitted,
        runs: starts
            .iter()
            .zip(&job.runs)
            .map(|(start, run)| (*start, *start + *run, 1))
            .collect(),
    });
    Ok(Chart {
        column,
        bars: bars.collect(),
        sign: None,
    }
    .drawn())
}
