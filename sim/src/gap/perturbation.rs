//! What may be changed of a job, and how a set of changes is told and applied.

use std::collections::BTreeMap;

use fairground_policies::resources::{Kind, Resources};
use fairground_policies::time::{Span, Time};
use fairground_workloads::rng::Stream;

use super::table::GapJob;

/// What is changed of a job.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Change {
    /// It is not submitted at all.
    Drop,
    /// It is submitted earlier or later.
    Submit,
    /// Its tasks run longer or shorter.
    Run,
    /// It has more or fewer tasks.
    Tasks,
    /// Its tasks take more or fewer cores.
    Cpus,
    /// Its tasks take more or less memory.
    Memory,
}

impl Change {
    const ALL: [Self; 6] = [
        Self::Drop,
        Self::Submit,
        Self::Run,
        Self::Tasks,
        Self::Cpus,
        Self::Memory,
    ];

    /// The most steps that are drawn, either way.
    const fn most(self) -> u64 {
        match self {
            Self::Drop => 1,
            Self::Submit => 64,
            Self::Run => 40,
            Self::Tasks => 32,
            Self::Cpus | Self::Memory => 8,
        }
    }
}

/// One change of one job, by so many steps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Perturbation {
    /// The position of the job in the table as it is.
    pub job: usize,
    /// What is changed.
    pub change: Change,
    /// By how many steps, up or down; never 0, and 1 for a job that is dropped.
    pub steps: i64,
}

/// How much one step is. Run times change by tenths of themselves, tasks one by one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StepSizes {
    /// Of a submission.
    pub submit: Span,
    /// Of cores, in thousandths, for each task.
    pub cpus: u64,
    /// Of memory, in MiB, for each task.
    pub mem: u64,
}

impl Default for StepSizes {
    fn default() -> Self {
        Self {
            submit: Span::from_secs(60),
            cpus: 1000,
            mem: 1024,
        }
    }
}

/// A perturbation of one of `jobs`, most of them by few steps.
pub fn drawn(jobs: &[GapJob], draw: &mut Stream) -> Perturbation {
    let job = draw.below(jobs.len() as u64) as usize;
    let change = *draw.choose(&Change::ALL).expect("there are some");
    let steps = draw.log_between(1, change.most()).cast_signed();
    let down = change != Change::Drop && draw.below(2) == 0;
    Perturbation {
        job,
        change,
        steps: if down { -steps } else { steps },
    }
}

/// The jobs with all of a set of changes; `None` where that makes no sense: two changes of one thing, a framework
/// without jobs, a job of no size or larger than every one of `agents`, one submitted outside of the recipe's
/// duration. The first submission stays where it is, as the table's clock begins with it.
pub fn applied(
    jobs: &[GapJob],
    set: &[Perturbation],
    sizes: &StepSizes,
    agents: &[Resources],
    horizon: Time,
) -> Option<Vec<GapJob>> {
    let mut of_jobs: BTreeMap<usize, Vec<Perturbation>> = BTreeMap::new();
    for one in set {
        let own = of_jobs.entry(one.job).or_default();
        let again = own.iter().any(|other| other.change == one.change);
        let dropped = own
            .iter()
            .chain([one])
            .any(|one| one.change == Change::Drop);
        if again || (dropped && !own.is_empty()) {
            return None;
        }
        own.push(*one);
    }
    let mut changed = Vec::with_capacity(jobs.len());
    for (at, job) in jobs.iter().enumerate() {
        let own = of_jobs.get(&at).map_or(&[][..], Vec::as_slice);
        if own.iter().any(|one| one.change == Change::Drop) {
            continue;
        }
        let mut job = job.clone();
        for one in own {
            perturb(&mut job, *one, sizes)?;
        }
        let fits = || agents.iter().any(|agent| job.needs.fits_in(*agent));
        let moved = own.iter().any(|one| one.change == Change::Submit);
        if (!own.is_empty() && !fits()) || (moved && job.submitted >= horizon) {
            return None;
        }
        changed.push(job);
    }
    let first = changed.iter().map(|job| job.submitted).min();
    if first != jobs.iter().map(|job| job.submitted).min() {
        return None;
    }
    let mut all = jobs.iter();
    if !all.all(|job| changed.iter().any(|kept| kept.framework == job.framework)) {
        return None;
    }
    changed.sort_by_key(|job| job.submitted);
    Some(changed)
}

fn perturb(job: &mut GapJob, one: Perturbation, sizes: &StepSizes) -> Option<()> {
    let stepped = |value: u64, step: u64| {
        let by = one.steps.checked_mul(i64::try_from(step).ok()?)?;
        value.checked_add_signed(by)
    };
    let positive = |value: Option<u64>| value.filter(|value| *value > 0);
    match one.change {
        Change::Drop => {}
        Change::Submit => {
            let at = stepped(job.submitted.as_micros(), sizes.submit.as_micros())?;
            job.submitted = Time::from_micros(at);
        }
        Change::Run => {
            let tenths = positive(10_u64.checked_add_signed(one.steps))?;
            let run = job.run.scaled(tenths, 10).max(Span::from_micros(1));
            // What its user says stays what it is worth.
            let said = job
                .estimate
                .map(|said| said.scaled(tenths, 10).max(Span::from_micros(1)));
            (job.run, job.estimate) = (run, said);
        }
        Change::Tasks => {
            let tasks = positive(stepped(job.tasks.into(), 1))?;
            job.tasks = u32::try_from(tasks).ok()?;
        }
        Change::Cpus | Change::Memory => {
            let (kind, step) = match one.change {
                Change::Cpus => (Kind::Cpus, sizes.cpus),
                _ => (Kind::Mem, sizes.mem),
            };
            let mut units = job.needs.units();
            units[kind as usize] = positive(stepped(units[kind as usize], step))?;
            job.needs = Resources::from_units(units);
        }
    }
    Some(())
}

/// A set of changes, a line each, the jobs in the order of the table. `names` are those of the frameworks.
pub fn told(
    jobs: &[GapJob],
    names: &[&str],
    set: &[Perturbation],
    sizes: &StepSizes,
) -> Vec<String> {
    let mut set = set.to_vec();
    set.sort_unstable();
    let lines = set.iter().map(|one| {
        let before = &jobs[one.job];
        let framework = names.get(before.framework).copied().unwrap_or_default();
        let mut after = before.clone();
        // What was applied before can be applied.
        let _ = perturb(&mut after, *one, sizes);
        let whose = format!("{} of {framework}", before.name);
        match one.change {
            Change::Drop => format!("{whose}: not submitted at all ({})", summary(before)),
            Change::Submit => {
                let how = if one.steps > 0 { "later" } else { "earlier" };
                let by = length(sizes.submit.scaled(one.steps.unsigned_abs(), 1));
                let (from, to) = (at(before.submitted), at(after.submitted));
                format!(
                    "{whose}: submitted {by} {how}, at {to} instead of {from} ({})",
                    summary(before)
                )
            }
            Change::Run => format!(
                "{whose}: each of {} runs {} instead of {} ({:+} %)",
                tasks(before),
                length(after.run),
                length(before.run),
                one.steps * 10
            ),
            Change::Tasks => format!("{whose}: {} instead of {}", tasks(&after), tasks(before)),
            Change::Cpus | Change::Memory => format!(
                "{whose}: each of {} takes {} instead of {} MiB",
                tasks(before),
                after.needs,
                before.needs
            ),
        }
    });
    lines.collect()
}

fn at(time: Time) -> String {
    length(time.since(Time::ZERO))
}

/// A length of time as people say it: `5h 40m 33s`, `12.5s`.
fn length(span: Span) -> String {
    const MINUTE: u64 = 60_000_000;
    let micros = span.as_micros();
    let (whole, seconds) = (micros / MINUTE, micros % MINUTE);
    let mut parts = Vec::new();
    for (size, unit) in [(1440, "d"), (60, "h"), (1, "m")] {
        let many = match unit {
            "d" => whole / size,
            "h" => whole % 1440 / size,
            _ => whole % 60,
        };
        if many > 0 {
            parts.push(format!("{many}{unit}"));
        }
    }
    if seconds > 0 || parts.is_empty() {
        let digits = format!("{:.6}", seconds as f64 / 1e6);
        parts.push(format!(
            "{}s",
            digits.trim_end_matches('0').trim_end_matches('.')
        ));
    }
    parts.join(" ")
}

fn tasks(job: &GapJob) -> String {
    let s = if job.tasks == 1 { "" } else { "s" };
    format!("{} task{s}", job.tasks)
}

fn summary(job: &GapJob) -> String {
    format!(
        "{} of {} MiB for {}",
        tasks(job),
        job.needs,
        length(job.run)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_told_as_people_say_them() {
        let check = |micros: u64, told: &str| assert_eq!(length(Span::from_micros(micros)), told);
        check(0, "0s");
        check(12_500_000, "12.5s");
        check(20_433_000_000, "5h 40m 33s");
        check(86_400_000_000, "1d");
        check(90_061_000_001, "1d 1h 1m 1.000001s");
    }

    fn job(framework: usize, at: u64, run: u64) -> GapJob {
        GapJob {
            framework,
            name: format!("at {at}"),
            submitted: Time::from_secs(at),
            run: Span::from_secs(run),
            tasks: 2,
            needs: Resources::cores(2, 1024),
            gang: false,
            estimate: Some(Span::from_secs(100)),
        }
    }

    fn jobs() -> Vec<GapJob> {
        vec![job(0, 0, 10), job(1, 60, 20), job(1, 120, 30)]
    }

    /// A set of changes, and the jobs then: submission, run time, tasks and cores of each.
    fn check(set: &[(usize, Change, i64)], expected: Option<&[[u64; 4]]>) {
        let set = set.iter().map(|(job, change, steps)| Perturbation {
            job: *job,
            change: *change,
            steps: *steps,
        });
        let set: Vec<Perturbation> = set.collect();
        let agents = [Resources::cores(4, 4096)];
        let horizon = Time::from_secs(300);
        let found = applied(&jobs(), &set, &StepSizes::default(), &agents, horizon);
        let numbers = |job: &GapJob| {
            let at = job.submitted.as_micros() / 1_000_000;
            let run = job.run.as_micros() / 1_000_000;
            [at, run, job.tasks.into(), job.needs.cpus().0 / 1000]
        };
        let found = found.map(|jobs| jobs.iter().map(numbers).collect::<Vec<_>>());
        assert_eq!(found.as_deref(), expected, "{set:?}");
    }

    #[test]
    fn changes_are_made_by_steps() {
        use Change::{Cpus, Drop, Memory, Run, Submit, Tasks};
        let (a, b, c) = ([0, 10, 2, 2], [60, 20, 2, 2], [120, 30, 2, 2]);
        check(&[], Some(&[a, b, c]));
        check(&[(1, Drop, 1)], Some(&[a, c]));
        check(&[(1, Submit, 2)], Some(&[a, c, [180, 20, 2, 2]]));
        check(
            &[(1, Run, 5), (2, Tasks, -1)],
            Some(&[a, [60, 30, 2, 2], [120, 30, 1, 2]]),
        );
        check(
            &[(2, Cpus, 2), (2, Memory, 1)],
            Some(&[a, b, [120, 30, 2, 4]]),
        );
    }

    #[test]
    fn what_makes_no_sense_is_no_perturbation() {
        use Change::{Cpus, Drop, Memory, Run, Submit, Tasks};
        // The clock begins with the first job; a framework keeps a job; an agent has room for a task.
        check(&[(0, Submit, 1)], None);
        check(&[(0, Drop, 1)], None);
        check(&[(1, Drop, 1), (2, Drop, 1)], None);
        check(&[(1, Submit, -2)], None);
        check(&[(1, Submit, 5)], None);
        check(&[(1, Run, -10)], None);
        check(&[(1, Tasks, -2)], None);
        check(&[(1, Cpus, 3)], None);
        check(&[(1, Memory, i64::MAX)], None);
        check(&[(1, Run, 1), (1, Run, 2)], None);
        check(&[(1, Drop, 1), (1, Run, 2)], None);
    }
}
