//! What users say of how long their tasks run, where a recipe says it for them.
//!
//! Logs of parallel machines have what their users asked for. Of drawn work, and to see what better or
//! worse estimates are worth, it is said by a factor: the run time itself, or so many times of it (the
//! f-model of Mu'alem and Feitelson, IEEE TPDS 12(6), 2001). Real estimates are few round numbers, and
//! not as helpful as such a factor.

use std::fmt;

use fairground_policies::job::StageSpec;
use fairground_policies::time::Span;
use serde::de::{self, IntoDeserializer as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::models::arrivals::assumption;
use crate::trace::{Assumption, JobStream, Runtimes, Work, Workload};
use crate::units::{self, Thousandths};

/// More than this, in thousandths of the run time, is taken for a mistake.
const MOST: u32 = 1_000_000;

const NONE: &str = "none";

/// What is said of every task: `estimate = 5` in a recipe.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EstimateSpec {
    /// So many times, in thousandths, as long as the longest task of its stage runs.
    Times(u32),
    /// Nothing, whatever the trace says.
    Nothing,
}

impl EstimateSpec {
    /// What is said of the tasks of a stage that run for so long.
    fn of(self, runtimes: &Runtimes<&[Span]>) -> Option<Span> {
        let Self::Times(times) = self else {
            return None;
        };
        let longest = runtimes.longest();
        longest.map(|longest| longest.scaled(times.into(), 1000))
    }

    /// A stage of which this is said.
    pub(crate) fn stage(self, (stage, runtimes): (&StageSpec, Runtimes<&[Span]>)) -> StageSpec {
        StageSpec {
            estimate: self.of(&runtimes),
            ..stage.clone()
        }
    }

    /// The workload with this said of its jobs.
    pub(crate) fn said_of(self, workload: Workload) -> Workload {
        let work = match workload.work {
            Work::Batch(jobs) => Work::Batch(jobs.with_estimates(self)),
            Work::Executors {
                jobs,
                needs,
                max,
                idle,
            } => Work::Executors {
                jobs: jobs.with_estimates(self),
                needs,
                max,
                idle,
            },
            service @ Work::Service(_) => service,
        };
        let mut assumptions = workload.assumptions;
        assumptions.push(self.told());
        Workload {
            work,
            assumptions,
            ..workload
        }
    }

    /// The same for jobs that come one by one.
    pub(crate) fn said_of_all(self, jobs: JobStream<'_>) -> JobStream<'_> {
        Box::new(jobs.map(move |job| Ok(job?.with_estimates(self))))
    }

    /// In words, for the report.
    fn told(self) -> Assumption {
        let model = match self {
            Self::Times(1000) => {
                "exact: as long as the longest task of its stage runs on an agent of its own data"
                    .to_owned()
            }
            Self::Times(times) => format!(
                "{} times as long as the longest task of its stage runs on an agent of its own data",
                Thousandths(times.into())
            ),
            Self::Nothing => "nobody says how long tasks run".to_owned(),
        };
        assumption("estimates", model)
    }

    /// What is wrong with it, if anything is.
    pub(crate) fn check(self) -> Result<(), &'static str> {
        match self {
            Self::Times(times) if !(1..=MOST).contains(&times) => Err(
                "expected how many times as long as it runs a task is said to run, more than 0 and at most \
                 1000, as in 1 for exact estimates",
            ),
            _ => Ok(()),
        }
    }
}

impl Serialize for EstimateSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Times(times) => units::decimal::serialize(times, serializer),
            Self::Nothing => serializer.serialize_str(NONE),
        }
    }
}

impl<'de> Deserialize<'de> for EstimateSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FactorOrWord)
    }
}

/// Reads a factor or the word for nothing.
struct FactorOrWord;

impl Visitor<'_> for FactorOrWord {
    type Value = EstimateSpec;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "how many times as long as it runs a task is said to run, as in 1 or 2.5, or \"none\" where \
             nothing is to be said, whatever the trace has",
        )
    }

    fn visit_f64<E: de::Error>(self, times: f64) -> Result<EstimateSpec, E> {
        units::decimal::deserialize(times.into_deserializer()).map(EstimateSpec::Times)
    }

    fn visit_i64<E: de::Error>(self, times: i64) -> Result<EstimateSpec, E> {
        units::decimal::deserialize(times.into_deserializer()).map(EstimateSpec::Times)
    }

    fn visit_u64<E: de::Error>(self, times: u64) -> Result<EstimateSpec, E> {
        units::decimal::deserialize(times.into_deserializer()).map(EstimateSpec::Times)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<EstimateSpec, E> {
        match text {
            NONE => Ok(EstimateSpec::Nothing),
            _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }
}

#[cfg(test)]
mod tests {
    use fairground_policies::resources::Resources;
    use fairground_policies::time::Time;

    use super::*;
    use crate::trace::{Jobs, OneJob};

    #[derive(PartialEq, Debug, Serialize, Deserialize)]
    struct Setting {
        estimate: EstimateSpec,
    }

    #[test]
    fn all_forms_are_read_and_written() {
        for (text, spec) in [
            ("estimate = 1", EstimateSpec::Times(1000)),
            ("estimate = 2.5", EstimateSpec::Times(2500)),
            ("estimate = 'none'", EstimateSpec::Nothing),
        ] {
            let read: Setting = toml::from_str(text).expect(text);
            assert_eq!(read.estimate, spec, "{text}");
            let again: Setting = toml::from_str(&toml::to_string(&read).unwrap()).unwrap();
            assert_eq!(again, read, "{text}");
        }
        for (text, said) in [
            ("estimate = 'all'", "expected how many times as long"),
            ("estimate = -1", "as in 1.5"),
            ("estimate = true", "expected how many times as long"),
        ] {
            let error = toml::from_str::<Setting>(text).expect_err(text).to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
        for spec in [EstimateSpec::Times(0), EstimateSpec::Times(MOST + 1)] {
            assert!(spec.check().is_err(), "{spec:?}");
        }
        assert_eq!(EstimateSpec::Times(1).check(), Ok(()));
    }

    fn spans(secs: &[u64]) -> Vec<Span> {
        secs.iter().map(|secs| Span::from_secs(*secs)).collect()
    }

    /// What is said of the tasks of a stage, in milliseconds.
    fn check(spec: EstimateSpec, runtimes: Runtimes, expected: Option<u64>) {
        let stage = StageSpec {
            estimate: Some(Span::from_secs(77)),
            ..StageSpec::new(Resources::cores(1, 1), 2)
        };
        let mut jobs = Jobs::default();
        for at in [3, 4] {
            let stages = vec![(stage.clone(), runtimes.clone())];
            jobs.push("a job", Time::from_secs(at), true, stages);
            jobs.measured(Some(5));
        }
        let said = jobs.with_estimates(spec);
        let expected = expected.map(Span::from_millis);
        for (job, before) in said.iter().zip(jobs.iter()) {
            assert_eq!(job.spec.estimate(), expected, "{spec:?} of {runtimes:?}");
            let rest = |job: crate::trace::Job<'_>| {
                let times = job.runtimes(0).map(<[Span]>::to_vec);
                let (label, gang) = (job.label.to_owned(), job.spec.gang);
                (label, job.submitted, gang, job.used, times)
            };
            assert_eq!(rest(job), rest(before));
        }
        let one = OneJob::new("", Time::ZERO, true, vec![(stage, runtimes)]);
        let one = one.with_estimates(spec);
        let job = one.numbered(fairground_policies::message::JobId(0));
        assert_eq!(job.spec.estimate(), expected);
    }

    #[test]
    fn the_longest_task_of_a_stage_counts() {
        let plain = Runtimes::Plain {
            local: spans(&[10, 20]),
            away: 3000,
        };
        check(EstimateSpec::Times(1000), plain.clone(), Some(20_000));
        check(EstimateSpec::Times(2500), plain.clone(), Some(50_000));
        check(EstimateSpec::Nothing, plain, None);
        let reduce = Runtimes::Reduce {
            copy: spans(&[10, 20]),
            work: spans(&[15, 1]),
        };
        check(EstimateSpec::Times(1000), reduce, Some(25_000));
        let waves = Runtimes::Waves {
            fresh: spans(&[4, 3]),
            first: spans(&[2, 2]),
            rest: spans(&[1, 1]),
        };
        check(EstimateSpec::Times(500), waves, Some(2000));
    }
}
