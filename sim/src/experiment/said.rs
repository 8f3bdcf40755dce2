//! What is said of machines that are shared and of copies of tasks: in the report, and to whoever asks for
//! what cannot be.

use fairground_policies::constraint::Constraint;
use fairground_policies::framework_kind::FrameworkKind;
use fairground_policies::master::OfferSize;
use fairground_policies::name::{BadName, Name};
use fairground_policies::personality::Personality;
use fairground_policies::registry::Registry;
use fairground_policies::schedulers::Scheduler;
use fairground_workloads::WorkloadSpec;
use fairground_workloads::recipe::FrameworkSpec;
use fairground_workloads::trace::{Assumption, Trace, Work};

use super::{Experiment, ExperimentError};
use crate::recipe::Loaded;
use crate::world::Behaviour;

/// That no parameter of a framework's scheduler is ignored, as far as its kind of work tells.
pub(super) fn heeded(loaded: &Loaded, registry: &Registry) -> Result<(), ExperimentError> {
    for framework in &loaded.recipe.framework {
        let heeded = by_kind(framework, &loaded.recipe.policies, registry);
        heeded.map_err(|error| bad_scheduler(loaded, framework, error))?;
    }
    Ok(())
}

/// The same, as far as the work itself tells.
pub(super) fn heeded_by(
    trace: &Trace,
    loaded: &Loaded,
    registry: &Registry,
) -> Result<(), ExperimentError> {
    for (framework, workload) in loaded.recipe.framework.iter().zip(&trace.workloads) {
        let heeded = by_work(framework, &workload.work, registry);
        heeded.map_err(|error| bad_scheduler(loaded, framework, error))?;
    }
    Ok(())
}

/// That jobs which ask for models of GPU are placed by who looks for them, under every policy.
pub(super) fn asks_heeded(
    trace: &Trace,
    experiment: &Experiment,
    beside: &[&'static str],
) -> Result<(), ExperimentError> {
    let recipe = experiment.recipe();
    for (framework, workload) in recipe.framework.iter().zip(&trace.workloads) {
        let asks = match &workload.work {
            Work::Batch(jobs) => jobs.iter().any(|job| job.spec.asks()),
            Work::Executors { .. } | Work::Service(_) => false,
        };
        for policy in recipe.policies.iter().filter(|_| asks) {
            let heeded = asks_heeded_under(policy, framework, experiment, beside);
            heeded.map_err(|error| bad_scheduler(&experiment.loaded, framework, error))?;
        }
    }
    Ok(())
}

fn asks_heeded_under(
    policy: &Name,
    framework: &FrameworkSpec,
    experiment: &Experiment,
    beside: &[&'static str],
) -> Result<(), BadName> {
    let name = &framework.scheduler;
    let registry = &experiment.registry;
    let scheduler =
        registry.scheduler(&Personality::scheduler(policy, name, FrameworkKind::Batch)?)?;
    if !scheduler.heeds_asks() {
        return Err(BadName(format!(
            "`{name}` under `{policy}`: tasks run on any agent, and jobs ask for models of GPU (`gpu_models`); \
             expected a scheduler that looks at agents, as fifo, fair, gang, easy or fit"
        )));
    }
    let config = experiment.check_policy(policy, beside)?;
    if scheduler.gathers().is_some() && config.offers == OfferSize::Task {
        return Err(BadName(format!(
            "`{name}` under `{policy}`: decides on all that is free, and of agents for tasks those are offered \
             that jobs do not ask for (`gpu_models`); expected a policy without offers=task, or another scheduler"
        )));
    }
    Ok(())
}

fn bad_scheduler(loaded: &Loaded, framework: &FrameworkSpec, error: BadName) -> ExperimentError {
    ExperimentError::Name {
        origin: loaded.origin.clone(),
        key: format!("framework.{}.scheduler", framework.name),
        error,
    }
}

/// Executors take from a scheduler only whose tasks go first, and gangs have no copies.
fn by_kind(
    framework: &FrameworkSpec,
    policies: &[Name],
    registry: &Registry,
) -> Result<(), BadName> {
    let (kind, name) = (&framework.workload, &framework.scheduler);
    let scheduler = registry.scheduler(name)?;
    let inside = matches!(kind, WorkloadSpec::Spark(_) | WorkloadSpec::Tpch(_));
    let gangs = matches!(kind, WorkloadSpec::Mpi(_) | WorkloadSpec::Swf(_));
    let whose = format!("those of `{}` workloads", kind.name());
    if scheduler.speculation().is_some() && inside {
        return Err(no_copies(name, &format!("{whose} run inside executors")));
    }
    if scheduler.speculation().is_some() && gangs {
        return Err(no_copies(name, &format!("{whose} start together")));
    }
    if scheduler.gathers().is_some() && inside {
        return Err(BadName(format!(
            "`{name}`: decides which tasks run on which offers, and {whose} run inside executors; expected whose \
             tasks go first, as fifo, fair or sjf"
        )));
    }
    let placed = !inside && !matches!(kind, WorkloadSpec::Rails(_) | WorkloadSpec::Requests(_));
    // A personality brings a scheduler that may ask.
    let mut brought = policies.iter().filter_map(Personality::of);
    let asks = brought.any(|one| {
        let name = one.scheduler.parse().ok();
        let scheduler = name.and_then(|name| registry.scheduler(&name).ok());
        placed && scheduler.is_some_and(|one| one.reads_estimates())
    });
    if framework.estimate.is_some() && !scheduler.reads_estimates() && !asks {
        return Err(BadName(format!(
            "`{name}`: asks nobody how long tasks run, so `estimate` would have no effect; expected it left out, \
             or a scheduler that asks, as sjf or easy"
        )));
    }
    let mut spread = framework
        .constraints
        .iter()
        .filter(|one| one.looks_at_tasks());
    if let Some(one) = spread.next()
        && placed
        && (gangs || !scheduler.heeds_spread())
    {
        return Err(no_spread(name, one));
    }
    let plain: Name = name.base().parse()?;
    let served = |one: &dyn Scheduler| (one.order(), one.tie());
    if inside && *name != plain && served(&*registry.scheduler(&plain)?) == served(&*scheduler) {
        return Err(BadName(format!(
            "`{name}`: its parameters say how tasks are placed on offers, and {whose} run inside executors; \
             expected `{plain}`"
        )));
    }
    Ok(())
}

fn by_work(framework: &FrameworkSpec, work: &Work, registry: &Registry) -> Result<(), BadName> {
    let name = &framework.scheduler;
    let mut spread = framework
        .constraints
        .iter()
        .filter(|one| one.looks_at_tasks());
    if let (Some(one), Work::Batch(jobs)) = (spread.next(), work)
        && jobs.iter().any(|job| job.spec.gang)
    {
        return Err(no_spread(name, one));
    }
    if registry.scheduler(name)?.speculation().is_none() {
        return Ok(());
    }
    match work {
        Work::Batch(jobs) if !jobs.is_empty() && jobs.iter().all(|job| job.spec.gang) => {
            Err(no_copies(name, "those of all jobs here start together"))
        }
        Work::Service(_) => Err(no_copies(name, "those of this workload are instances")),
        Work::Batch(_) | Work::Executors { .. } => Ok(()),
    }
}

/// That only tasks which start one after the other are counted where they run.
fn no_spread(name: &Name, constraint: &Constraint) -> BadName {
    BadName(format!(
        "`{name}`: `{constraint}` looks at where tasks run, and tasks are counted that start one after the other; \
         expected fifo, fair or sjf, and no jobs that start whole"
    ))
}

/// That only tasks which run directly on the cluster, each for itself, are copied.
fn no_copies(name: &Name, why: &str) -> BadName {
    BadName(format!(
        "`{}`: parameter `speculate` makes copies of tasks that run directly on the cluster, each for itself, \
         and {why}; leave it out here",
        name.base()
    ))
}

/// What a scheduler that asks how long tasks run makes of jobs of which nothing is said.
pub(super) fn said_nothing(scheduler: &dyn Scheduler, work: &Work) -> Option<Assumption> {
    let (Work::Batch(jobs) | Work::Executors { jobs, .. }) = work else {
        return None;
    };
    let silent = jobs.iter().filter(|job| job.spec.estimate().is_none());
    let silent = silent.count();
    (scheduler.reads_estimates() && silent > 0).then(|| Assumption {
        about: "jobs of which nobody says how long they run".to_owned(),
        model: format!(
            "taken to run longer than all others ({silent} of {} jobs)",
            jobs.len()
        ),
    })
}

/// What machines do that are asked for more than they have, if that can be in a run.
pub(super) fn shared_machines(
    overcommit: &[u32],
    behaviours: &[Behaviour],
) -> Option<(&'static str, &'static str)> {
    let used = behaviours.iter().any(|behaviour| behaviour.uses.is_some());
    (used || !overcommit.is_empty()).then_some((
        "machines that are shared",
        "tasks that together use more processors than their machine has run at its processors / the sum \
         of their use, each; starting is work, reduces that wait for maps and executors that wait use \
         none, and the instances of a service are as fast as they are on average",
    ))
}

/// That agents offer more than they have: so many times their cores, in thousandths; nothing if none does.
pub(super) fn overcommitted(overcommit: &[u32]) -> Option<Assumption> {
    let (least, most) = (overcommit.iter().min()?, overcommit.iter().max()?);
    let times = |times: u32| f64::from(times) / 1000.0;
    let times = if least == most {
        times(*most).to_string()
    } else {
        format!("{} to {}", times(*least), times(*most))
    };
    Some(Assumption {
        about: "overcommit".to_owned(),
        model: format!("agents offer {times} times their processors, and the memory they have"),
    })
}
