//! Jobs of a trace as rows of a table that people read and recipes replay.

use std::path::Path;

use fairground_policies::job::StageSpec;
use fairground_policies::resources::{Kind, Resources};
use fairground_policies::time::{Span, Time};
use fairground_workloads::WorkloadSpec;
use fairground_workloads::models::trace::TraceSpec;
use fairground_workloads::recipe::{FrameworkSpec, Recipe};
use fairground_workloads::trace::{Job, Jobs, Runtimes, Trace, Work};

/// A job: a row of the table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GapJob {
    /// The position of its framework in the recipe.
    pub framework: usize,
    /// What people call it.
    pub name: String,
    /// When it is submitted.
    pub submitted: Time,
    /// How long each of its tasks runs.
    pub run: Span,
    /// How many there are.
    pub tasks: u32,
    /// What each takes.
    pub needs: Resources,
    /// Whether they start and end together.
    pub gang: bool,
    /// How long its user says that one runs.
    pub estimate: Option<Span>,
}

/// The jobs that can be perturbed, sorted by submission; the first is submitted at 0.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GapTable {
    /// The rows.
    pub jobs: Vec<GapJob>,
    /// The frameworks whose jobs they are, by position.
    pub frameworks: Vec<usize>,
    /// Frameworks whose work stays as the recipe has it, each with the reason.
    pub left: Vec<(String, String)>,
}

/// The first of a framework's jobs that is more than a row can say; `None` where there is none.
fn unwritable(spec: &FrameworkSpec, work: &Work) -> Option<String> {
    let jobs = match work {
        Work::Batch(jobs) => jobs,
        Work::Executors { .. } => return Some("its tasks run inside executors".to_owned()),
        Work::Service(_) => return Some("it is a service".to_owned()),
    };
    if jobs.is_empty() {
        return Some("it has no jobs".to_owned());
    }
    if jobs.feedback().is_some() {
        return Some("its jobs wait for each other".to_owned());
    }
    if spec.deadline.is_some() {
        return Some("its jobs have deadlines".to_owned());
    }
    let odd = jobs.iter().find_map(|job| Some((job, unlike_a_row(job)?)));
    odd.map(|(job, why)| format!("{} has {why}", named(job)))
}

/// What of a job a row cannot say.
fn unlike_a_row(job: Job<'_>) -> Option<&'static str> {
    let [stage] = &job.spec.stages[..] else {
        return Some("several stages");
    };
    let Runtimes::Plain { local, away } = job.runtimes(0) else {
        return Some("tasks that take as long as others let them");
    };
    let same = local.iter().all(|run| *run == local[0]);
    match () {
        () if !stage.preferred.is_empty() || away != 1000 => Some("data that lies somewhere"),
        () if stage.asks.is_some() => Some("tasks that ask for a kind of agent"),
        () if stage.needs.of(Kind::Disk) > 0 => Some("tasks with disk space"),
        () if local.is_empty() || !same => Some("tasks of several lengths"),
        () if local[0].is_zero() => Some("tasks that take no time"),
        () => None,
    }
}

fn named(job: Job<'_>) -> String {
    match job.label {
        "" => format!("job {}", job.id),
        label => label.to_owned(),
    }
}

impl GapTable {
    /// The jobs of a trace that rows can say. The table's clock begins with the first of them.
    pub fn of(recipe: &Recipe, trace: &Trace) -> Self {
        let mut table = Self {
            jobs: Vec::new(),
            frameworks: Vec::new(),
            left: Vec::new(),
        };
        let pairs = recipe.framework.iter().zip(&trace.workloads);
        for (framework, (spec, workload)) in pairs.enumerate() {
            if let Some(why) = unwritable(spec, &workload.work) {
                table.left.push((spec.name.clone(), why));
                continue;
            }
            table.frameworks.push(framework);
            if let Work::Batch(jobs) = &workload.work {
                table
                    .jobs
                    .extend(jobs.iter().map(|job| row(framework, job)));
            }
        }
        table.jobs.sort_by_key(|job| job.submitted);
        let begin = table.jobs.first().map_or(Time::ZERO, |job| job.submitted);
        for job in &mut table.jobs {
            job.submitted = Time::ZERO + job.submitted.since(begin);
        }
        table
    }

    /// The trace in which these frameworks have `jobs`, as a recipe replays the table that they are.
    pub fn trace(&self, base: &Trace, jobs: &[GapJob]) -> Trace {
        let mut trace = base.clone();
        for framework in &self.frameworks {
            let mut own: Vec<&GapJob> = jobs
                .iter()
                .filter(|job| job.framework == *framework)
                .collect();
            own.sort_by_key(|job| job.submitted);
            let mut all = Jobs::default();
            for job in own {
                let stage = StageSpec {
                    estimate: job.estimate,
                    rigid: job.gang,
                    ..StageSpec::new(job.needs, job.tasks)
                };
                let times = if job.gang { 1 } else { job.tasks as usize };
                let times = Runtimes::Plain {
                    local: vec![job.run; times],
                    away: 1000,
                };
                all.push(&job.name, job.submitted, job.gang, vec![(stage, times)]);
            }
            trace.workloads[*framework].work = Work::Batch(all);
        }
        trace
    }

    /// The recipe whose frameworks take these jobs from the table in `file`.
    #[must_use]
    pub fn recipe(&self, base: &Recipe, file: &Path) -> Recipe {
        let mut recipe = base.clone();
        for framework in &self.frameworks {
            let framework = &mut recipe.framework[*framework];
            framework.workload = WorkloadSpec::Trace(TraceSpec {
                file: file.to_owned(),
                tenants: vec![framework.name.clone()],
                ..TraceSpec::default()
            });
            framework.estimate = None;
            framework.phases = Vec::new();
        }
        recipe
    }

    /// `jobs` as CSV, a plain table that recipes read; columns that would say nothing are left out.
    ///
    /// # Errors
    /// None but those of the library that writes it.
    pub fn csv(&self, names: &[&str], jobs: &[GapJob]) -> Result<String, csv::Error> {
        let gpus = jobs.iter().any(|job| job.needs.gpus().0 > 0);
        let gang = jobs.iter().any(|job| job.gang);
        let estimate = jobs.iter().any(|job| job.estimate.is_some());
        let optional = |cells: [(bool, String); 3]| {
            let cells = cells.into_iter().filter(|(there, _)| *there);
            cells.map(|(_, cell)| cell)
        };
        let mut writer = csv::Writer::from_writer(Vec::new());
        let head = [
            "job", "user", "submit_s", "run_s", "tasks", "cpus", "mem_mib",
        ];
        let more = [(gpus, "gpus"), (gang, "gang"), (estimate, "estimate_s")];
        let more = more.map(|(there, name)| (there, name.to_owned()));
        writer.write_record(head.map(str::to_owned).into_iter().chain(optional(more)))?;
        for job in jobs {
            let row = [
                job.name.clone(),
                names
                    .get(job.framework)
                    .copied()
                    .unwrap_or_default()
                    .to_owned(),
                decimal(job.submitted.as_micros(), 6),
                decimal(job.run.as_micros(), 6),
                job.tasks.to_string(),
                decimal(job.needs.cpus().0, 3),
                job.needs.mem().0.to_string(),
            ];
            let more = [
                (gpus, decimal(job.needs.gpus().0, 3)),
                (gang, if job.gang { "yes" } else { "no" }.to_owned()),
                (
                    estimate,
                    job.estimate
                        .map_or_else(String::new, |one| decimal(one.as_micros(), 6)),
                ),
            ];
            writer.write_record(row.into_iter().chain(optional(more)))?;
        }
        let bytes = writer
            .into_inner()
            .map_err(csv::IntoInnerError::into_error)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn row(framework: usize, job: Job<'_>) -> GapJob {
    let stage = &job.spec.stages[0];
    let run = match job.runtimes(0) {
        Runtimes::Plain { local, .. } => local[0],
        Runtimes::Reduce { .. } | Runtimes::Waves { .. } => Span::ZERO,
    };
    GapJob {
        framework,
        name: named(job),
        submitted: job.submitted,
        run,
        tasks: stage.tasks,
        needs: stage.needs,
        gang: job.spec.gang,
        estimate: stage.estimate,
    }
}

/// A whole number of parts as a number with so many digits behind the point, none of them for nothing.
fn decimal(parts: u64, digits: u32) -> String {
    let one = 10_u64.pow(digits);
    let (whole, rest) = (parts / one, parts % one);
    if rest == 0 {
        return whole.to_string();
    }
    let rest = format!("{rest:0width$}", width = digits as usize);
    format!("{whole}.{}", rest.trim_end_matches('0'))
}
