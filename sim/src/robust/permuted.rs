//! The same trace with agents and jobs under other numbers.

use fairground_policies::message::{AgentId, JobId};
use fairground_workloads::rng;
use fairground_workloads::trace::{Fault, Jobs, Trace, Work, Workload};

/// The trace whose agent `i` is `order[i]` of this one, with its failures, its words and the data on it.
pub fn agents_reordered(trace: &Trace, order: &[u32]) -> Trace {
    let mut new = vec![AgentId(0); order.len()];
    for (now, before) in (0..).zip(order) {
        new[*before as usize] = AgentId(now);
    }
    let to = |agent: AgentId| new.get(agent.index()).copied().unwrap_or(agent);
    let workload = |workload: &Workload| Workload {
        work: with_jobs(&workload.work, |jobs| jobs.with_data_moved(to)),
        ..workload.clone()
    };
    let mut faults: Vec<Fault> = trace.faults.clone();
    for fault in &mut faults {
        fault.agent = to(fault.agent);
    }
    faults.sort_by_key(Fault::order);
    Trace {
        agents: taken(&trace.agents, order),
        described: taken(&trace.described, order),
        workloads: trace.workloads.iter().map(workload).collect(),
        faults,
        horizon: trace.horizon,
    }
}

/// What stands at these positions; nothing of a list that says nothing of anybody.
pub(super) fn taken<T: Clone>(all: &[T], order: &[u32]) -> Vec<T> {
    let found = order.iter().filter_map(|at| all.get(*at as usize));
    found.cloned().collect()
}

fn with_jobs(work: &Work, change: impl FnOnce(&Jobs) -> Jobs) -> Work {
    match work {
        Work::Batch(jobs) => Work::Batch(change(jobs)),
        Work::Executors {
            jobs,
            needs,
            max,
            idle,
        } => Work::Executors {
            jobs: change(jobs),
            needs: *needs,
            max: *max,
            idle: *idle,
        },
        Work::Service(service) => Work::Service(service.clone()),
    }
}

/// The trace in which jobs of a framework that come at one instant have each other's numbers, drawn by `draw` and
/// the framework's name; `None` where no two do. Jobs that wait for others by number keep theirs.
pub fn jobs_renumbered(trace: &Trace, names: &[&str], draw: u64) -> Option<Trace> {
    let mut changed = false;
    let mut trace = trace.clone();
    for (workload, name) in trace.workloads.iter_mut().zip(names) {
        let mut chance = rng::stream(draw, &format!("robust jobs {name}"));
        workload.work = with_jobs(&workload.work, |jobs| {
            if jobs.feedback().is_some() {
                return jobs.clone();
            }
            let mut order: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
            let mut several = false;
            for same in
                order.chunk_by_mut(|one, other| jobs.submitted(*one) == jobs.submitted(*other))
            {
                several |= same.len() > 1;
                chance.shuffle(same);
            }
            changed |= several;
            if several {
                jobs.renumbered(&order)
            } else {
                jobs.clone()
            }
        });
    }
    changed.then_some(trace)
}

#[cfg(test)]
mod tests {
    use fairground_policies::job::StageSpec;
    use fairground_policies::resources::Resources;
    use fairground_policies::time::{Span, Time};
    use fairground_workloads::trace::Runtimes;

    use super::*;

    fn trace() -> Trace {
        let mut jobs = Jobs::default();
        for (label, at) in [("a", 1), ("b", 2), ("c", 2), ("d", 2), ("e", 3)] {
            let stage = StageSpec {
                preferred: vec![AgentId(2)],
                ..StageSpec::new(Resources::cores(1, 1), 1)
            };
            let local = vec![Span::from_secs(1)];
            let times = Runtimes::Plain { local, away: 1000 };
            jobs.push(label, Time::from_secs(at), false, vec![(stage, times)]);
        }
        Trace {
            agents: vec![1, 2, 3]
                .into_iter()
                .map(|n| Resources::cores(n, n))
                .collect(),
            described: Vec::new(),
            workloads: vec![Workload {
                work: Work::Batch(jobs),
                assumptions: Vec::new(),
                inputs: Vec::new(),
            }],
            faults: vec![Fault {
                at: Time::from_secs(1),
                agent: AgentId(0),
                back: None,
                total: None,
            }],
            horizon: Time::from_secs(10),
        }
    }

    fn jobs(trace: &Trace) -> &Jobs {
        let Work::Batch(jobs) = &trace.workloads[0].work else {
            unreachable!("jobs")
        };
        jobs
    }

    #[test]
    fn agents_take_what_is_theirs_along() {
        let other = agents_reordered(&trace(), &[2, 0, 1]);
        let cores: Vec<u64> = other.agents.iter().map(|one| one.cpus().0 / 1000).collect();
        assert_eq!(cores, [3, 1, 2]);
        assert_eq!(other.faults[0].agent, AgentId(1));
        let spec = jobs(&other).spec(JobId(0));
        assert_eq!(spec.stages[0].preferred, [AgentId(0)]);
        assert_eq!(agents_reordered(&other, &[1, 2, 0]), trace());
    }

    #[test]
    fn only_jobs_of_one_instant_change_numbers() {
        let labels = |trace: &Trace| {
            jobs(trace)
                .iter()
                .map(|job| job.label.to_owned())
                .collect::<String>()
        };
        let others: Vec<String> = (0..8)
            .map(|draw| labels(&jobs_renumbered(&trace(), &["f"], draw).unwrap()))
            .collect();
        for other in &others {
            assert!(other.starts_with('a') && other.ends_with('e'), "{other}");
            let mut sorted: Vec<char> = other.chars().collect();
            sorted.sort_unstable();
            assert_eq!(sorted.into_iter().collect::<String>(), "abcde");
        }
        assert!(others.iter().any(|other| other != "abcde"));
        let mut alone = trace();
        let Work::Batch(jobs) = &mut alone.workloads[0].work else {
            unreachable!("jobs")
        };
        *jobs = jobs.renumbered(&[JobId(0), JobId(1), JobId(4)]);
        assert_eq!(jobs_renumbered(&alone, &["f"], 1), None);
    }
}
