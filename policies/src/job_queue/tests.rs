//! What waits, in which order, and what may start.

use super::demand::LISTED;
use super::*;
use crate::job::StageSpec;
use crate::time::Span;

const CORE: Resources = Resources::cores(1, 1);
const ANY: AgentId = AgentId(9);

fn map_reduce(maps: u32, start_after: u16) -> Arc<JobSpec> {
    let map = StageSpec {
        preferred: (0..maps).map(AgentId).collect(),
        ..StageSpec::new(CORE, maps)
    };
    let reduce = StageSpec {
        parents: vec![0],
        start_after,
        ..StageSpec::new(CORE, 1)
    };
    Arc::new(JobSpec::new(false, vec![map, reduce]))
}

fn take(queue: &mut JobQueue, job: u32, agent: AgentId, local: bool) -> Option<(u32, u32)> {
    queue
        .take(JobId(job), (agent, &AgentAttributes::NONE), CORE, local)
        .map(|unit| (unit.stage, unit.index))
}

#[test]
fn reduces_start_when_enough_maps_are_done() {
    let mut queue = JobQueue::new(JobOrder::Fifo, JobTie::First);
    queue.submit(JobId(0), map_reduce(4, 500), Time::ZERO);
    for index in 0..4 {
        assert_eq!(take(&mut queue, 0, ANY, false), Some((0, index)));
    }
    assert_eq!(queue.waiting(), 0);
    queue.finish(WorkUnit {
        job: JobId(0),
        stage: 0,
        index: 3,
    });
    assert_eq!(
        take(&mut queue, 0, ANY, false),
        None,
        "one of four is not half"
    );
    queue.finish(WorkUnit {
        job: JobId(0),
        stage: 0,
        index: 1,
    });
    assert_eq!(take(&mut queue, 0, ANY, false), Some((1, 0)));
    assert_eq!(queue.early_children(JobId(0), 0).collect::<Vec<_>>(), [1]);
    queue.requeue(WorkUnit {
        job: JobId(0),
        stage: 0,
        index: 0,
    });
    assert_eq!(take(&mut queue, 0, ANY, false), Some((0, 0)));
}

fn demand(queue: &JobQueue) -> Vec<(Resources, u32)> {
    let mut demand = Vec::new();
    queue.demand(&mut demand, LISTED);
    demand.iter().map(|one| (one.needs, one.count)).collect()
}

#[test]
fn demand_is_all_that_may_start_in_the_order_in_which_it_is_served() {
    const LARGE: Resources = Resources::cores(2, 1);
    let jobs = |order: JobOrder| {
        let mut queue = JobQueue::new(order, JobTie::First);
        for (job, (needs, tasks)) in [(CORE, 2), (LARGE, 3), (CORE, 1)].iter().enumerate() {
            let stages = vec![StageSpec::new(*needs, *tasks)];
            let gang = false;
            queue.submit(
                JobId(job as u32),
                Arc::new(JobSpec::new(gang, stages)),
                Time::ZERO,
            );
        }
        queue
    };
    let fifo = jobs(JobOrder::Fifo);
    assert_eq!(demand(&fifo), [(CORE, 2), (LARGE, 3), (CORE, 1)]);
    let mut fair = jobs(JobOrder::Fair);
    assert_eq!(
        demand(&fair),
        [(CORE, 1), (LARGE, 1), (CORE, 2), (LARGE, 2)]
    );
    fair.take_from(JobId(0), 0);
    assert_eq!(
        demand(&fair),
        [(LARGE, 1), (CORE, 2), (LARGE, 2)],
        "the first has one running"
    );
}

#[test]
fn a_long_demand_ends_with_what_waits_behind_by_size() {
    let mut queue = JobQueue::new(JobOrder::Fifo, JobTie::First);
    for job in 0..200 {
        let needs = Resources::cores(1 + u64::from(job % 2), 1);
        let stages = vec![StageSpec::new(needs, 1)];
        let gang = false;
        queue.submit(JobId(job), Arc::new(JobSpec::new(gang, stages)), Time::ZERO);
    }
    let demand = demand(&queue);
    assert_eq!(demand.len(), LISTED + 2);
    assert_eq!(
        demand[LISTED..].iter().map(|(_, count)| count).sum::<u32>(),
        136
    );
}

#[test]
fn tasks_that_are_held_back_are_no_demand() {
    let mut queue = JobQueue::new(JobOrder::Fifo, JobTie::First);
    queue.submit(JobId(0), map_reduce(2, 0), Time::ZERO);
    assert!(queue.take_new_work());
    assert_eq!(demand(&queue), [(CORE, 2)], "the reduce waits for the maps");
    take(&mut queue, 0, ANY, false);
    assert!(!queue.take_new_work());
    take(&mut queue, 0, ANY, false);
    assert!(queue.take_new_work(), "now it may start");
    assert_eq!(demand(&queue), [(CORE, 1)]);
    let lost = WorkUnit {
        job: JobId(0),
        stage: 0,
        index: 0,
    };
    queue.requeue(lost);
    assert!(queue.take_new_work());
    assert_eq!((demand(&queue), queue.waiting()), (vec![(CORE, 1)], 1));
    take(&mut queue, 0, ANY, false);
    take(&mut queue, 0, ANY, false);
    assert_eq!((demand(&queue), queue.waiting()), (vec![], 0));
}

#[test]
fn local_tasks_are_found_by_their_agent() {
    let mut queue = JobQueue::new(JobOrder::Fifo, JobTie::First);
    queue.submit(JobId(0), map_reduce(4, 1000), Time::ZERO);
    assert_eq!(take(&mut queue, 0, AgentId(2), true), Some((0, 2)));
    assert_eq!(take(&mut queue, 0, AgentId(2), true), None);
    assert_eq!(take(&mut queue, 0, AgentId(2), false), Some((0, 0)));
}

#[test]
fn fair_order_serves_the_job_with_the_fewest_running_tasks() {
    let mut queue = JobQueue::new(JobOrder::Fair, JobTie::First);
    queue.submit(JobId(0), map_reduce(4, 1000), Time::ZERO);
    queue.submit(JobId(1), map_reduce(4, 1000), Time::ZERO);
    let mut served = Vec::new();
    for _ in 0..4 {
        let job = queue.ready().next().unwrap();
        queue.take(job, (ANY, &AgentAttributes::NONE), CORE, false);
        served.push(job.0);
    }
    assert_eq!(served, [0, 1, 0, 1]);
    queue.finish(WorkUnit {
        job: JobId(1),
        stage: 0,
        index: 0,
    });
    assert_eq!(queue.ready().next(), Some(JobId(1)));
}

/// Jobs of so many tasks, with what is said of how long they run.
fn said(order: JobOrder, jobs: &[(u32, Option<u64>)]) -> JobQueue {
    let mut queue = JobQueue::new(order, JobTie::First);
    for (job, (tasks, estimate)) in (0..).zip(jobs) {
        let stage = StageSpec {
            estimate: estimate.map(Span::from_secs),
            ..StageSpec::new(Resources::cores(1 + u64::from(job), 1), *tasks)
        };
        let (gang, stages) = (false, vec![stage]);
        queue.submit(JobId(job), Arc::new(JobSpec::new(gang, stages)), Time::ZERO);
    }
    queue
}

/// How many tasks of which job are served, and are told of, until all run.
fn check_order(order: JobOrder, jobs: &[(u32, Option<u64>)], expected: &[(u32, u32)]) {
    let mut queue = said(order, jobs);
    let told: Vec<(u32, u32)> = demand(&queue)
        .iter()
        .map(|(needs, count)| (needs.cpus().0 as u32 / 1000 - 1, *count))
        .collect();
    assert_eq!(told, expected, "what is told, {jobs:?}");
    let mut served: Vec<(u32, u32)> = Vec::new();
    while let Some(job) = queue.first_ready() {
        queue.take_from(job, 0);
        match served.last_mut() {
            Some((last, count)) if *last == job.0 => *count += 1,
            _ => served.push((job.0, 1)),
        }
    }
    assert_eq!(served, expected, "what is served, {jobs:?}");
}

#[test]
fn an_order_is_any_number_of_a_job() {
    let jobs = [(2, Some(50)), (2, None), (3, Some(7)), (1, Some(50))];
    check_order(JobOrder::Fifo, &jobs, &[(0, 2), (1, 2), (2, 3), (3, 1)]);
    let turns = [(0, 1), (1, 1), (2, 1), (3, 1), (0, 1), (1, 1), (2, 2)];
    check_order(JobOrder::Fair, &jobs, &turns);
    check_order(JobOrder::SHORTEST, &jobs, &[(2, 3), (0, 2), (3, 1), (1, 2)]);
    let last_first = JobOrder::Least(|job| u64::from(u32::MAX - job.job.0));
    check_order(last_first, &jobs, &[(3, 1), (2, 3), (1, 2), (0, 2)]);
    // Two at a time, those of the later jobs first.
    let pairs = JobOrder::Least(|job| u64::from(job.running / 2 * 10 + 9 - job.job.0));
    check_order(
        pairs,
        &[(3, None), (4, None)],
        &[(1, 2), (0, 2), (1, 2), (0, 1)],
    );
    let fair = JobOrder::Least(|job| job.running.into());
    check_order(fair, &jobs, &turns);
}

#[test]
fn a_task_that_ends_moves_its_job() {
    let mut queue = said(
        JobOrder::Least(|job| job.running.into()),
        &[(3, None), (3, None)],
    );
    let unit = queue.take_from(JobId(0), 0).expect("a task");
    assert_eq!(queue.first_ready(), Some(JobId(1)));
    queue.requeue(unit);
    assert_eq!(queue.first_ready(), Some(JobId(0)));
}
