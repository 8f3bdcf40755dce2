//! What is said of machines that are shared and of copies of tasks: in the report, and to whoever asks for
//! what cannot be.

use fairground_policies::name::BadName;
use fairground_policies::schedulers::Scheduler;
use fairground_workloads::WorkloadSpec;
use fairground_workloads::recipe::FrameworkSpec;
use fairground_workloads::trace::Assumption;

use crate::world::Behaviour;

/// That only tasks which run directly on the cluster are copied by their framework's scheduler.
pub(super) fn copies_tasks(
    scheduler: &dyn Scheduler,
    framework: &FrameworkSpec,
) -> Result<(), BadName> {
    let kind = &framework.workload;
    let (inside, name) = match kind {
        WorkloadSpec::Spark(_) | WorkloadSpec::Tpch(_) => ("run inside executors", kind.name()),
        WorkloadSpec::Rails(_) | WorkloadSpec::Requests(_) => ("are instances", kind.name()),
        _ => return Ok(()),
    };
    if scheduler.speculation().is_none() {
        return Ok(());
    }
    Err(BadName(format!(
        "`{}`: parameter `speculate` makes copies of tasks that run directly on the cluster, and those of a \
         `{name}` workload {inside}; leave it out here",
        framework.scheduler.base()
    )))
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
