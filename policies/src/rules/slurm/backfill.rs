//! Slurm's backfill: every job that waits is planned, in the order of priority, and none that comes later in it
//! may delay the plan (`sched/backfill`).

/// A job that waits for whole nodes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// The larger, the earlier.
    pub priority: i64,
    /// How many nodes.
    pub nodes: usize,
    /// For how many seconds at most.
    pub limit: u64,
    /// Which licence it takes one of.
    pub licence: Option<usize>,
}

/// Settings, with the names of the manual.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Config {
    /// How many seconds are planned ahead (`bf_window`).
    pub window: u64,
    /// To how many seconds times are rounded (`bf_resolution`).
    pub resolution: u64,
    /// How many jobs are looked at (`bf_max_job_test`).
    pub max_job_test: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            window: 1440 * 60,
            resolution: 60,
            max_job_test: 500,
        }
    }
}

/// What is free from a time to that of the next.
#[derive(Clone)]
struct Segment {
    start: u64,
    free: Vec<bool>,
    licences: Vec<u32>,
}

/// When each of `jobs` is planned to start, in seconds from now, where it is planned at all; those at 0 start. `free_at` is
/// when each node is free, `licences` how many of each kind there are.
///
/// Jobs of one priority are planned in the order of the list, on the first nodes that are free.
pub fn plan(
    free_at: &[u64],
    licences: &[u32],
    jobs: &[Waiting],
    config: Config,
) -> Vec<Option<u64>> {
    let resolution = config.resolution.max(1);
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|job| std::cmp::Reverse(jobs[*job].priority));
    let ends = free_at.iter().map(|end| end.next_multiple_of(resolution));
    let ends: Vec<u64> = ends.collect();
    let mut starts: Vec<u64> = ends.iter().copied().chain([0]).collect();
    starts.sort_unstable();
    starts.dedup();
    let segment = |start: u64| Segment {
        start,
        free: ends.iter().map(|end| *end <= start).collect(),
        licences: licences.to_vec(),
    };
    let mut segments: Vec<Segment> = starts.into_iter().map(segment).collect();
    let mut planned = vec![None; jobs.len()];
    for job in order.into_iter().take(config.max_job_test) {
        let length = jobs[job].limit.max(1).next_multiple_of(resolution);
        let found = segments.iter().find_map(|one| {
            let nodes = nodes_from(&segments, one.start, length, &jobs[job])?;
            Some((one.start, nodes))
        });
        let Some((start, nodes)) = found.filter(|(start, _)| *start <= config.window) else {
            continue;
        };
        reserve(
            &mut segments,
            (start, start.saturating_add(length)),
            &nodes,
            jobs[job].licence,
        );
        planned[job] = Some(start);
    }
    planned
}

/// The nodes that are free for a job all the time from `start`.
fn nodes_from(segments: &[Segment], start: u64, length: u64, job: &Waiting) -> Option<Vec<usize>> {
    let end = start.saturating_add(length);
    let from = segments.partition_point(|one| one.start < start);
    let touched = || segments[from..].iter().take_while(|one| one.start < end);
    let licence = |one: &Segment| {
        job.licence
            .is_none_or(|kind| one.licences.get(kind).is_some_and(|left| *left > 0))
    };
    if !touched().all(licence) {
        return None;
    }
    let free = |node: &usize| touched().all(|one| one.free[*node]);
    let count = segments[0].free.len();
    let nodes: Vec<usize> = (0..count).filter(free).take(job.nodes).collect();
    (nodes.len() == job.nodes).then_some(nodes)
}

/// Takes nodes and a licence from one time to another; a segment that is touched in part is cut.
fn reserve(
    segments: &mut Vec<Segment>,
    (start, end): (u64, u64),
    nodes: &[usize],
    licence: Option<usize>,
) {
    let after = segments.partition_point(|one| one.start < end);
    if segments.get(after).is_none_or(|one| one.start != end) {
        let cut = Segment {
            start: end,
            ..segments[after - 1].clone()
        };
        segments.insert(after, cut);
    }
    for one in segments
        .iter_mut()
        .filter(|one| (start..end).contains(&one.start))
    {
        for node in nodes {
            one.free[*node] = false;
        }
        if let Some(kind) = licence {
            one.licences[kind] -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(nodes: usize, jobs: &[(i64, usize, u64)], expected: &[Option<u64>]) {
        let job = |(priority, nodes, limit): &(i64, usize, u64)| Waiting {
            priority: *priority,
            nodes: *nodes,
            limit: *limit,
            licence: None,
        };
        let jobs: Vec<Waiting> = jobs.iter().map(job).collect();
        assert_eq!(
            plan(&vec![0; nodes], &[], &jobs, Config::default()),
            expected
        );
    }

    #[test]
    fn nothing_later_in_the_order_delays_a_plan() {
        // The third fits beside the first and ends with it; the fourth would still be there when the second is to start.
        let jobs = [(9, 3, 120), (8, 4, 60), (7, 1, 120), (6, 1, 180)];
        check(4, &jobs, &[Some(0), Some(120), Some(0), Some(180)]);
        check(
            4,
            &[(1, 5, 60), (1, 4, 30), (1, 4, 60)],
            &[None, Some(0), Some(60)],
        );
    }

    #[test]
    fn the_window_ends() {
        let day = 1440 * 60;
        check(
            1,
            &[(2, 1, day), (1, 1, 60), (1, 1, 60)],
            &[Some(0), Some(day), None],
        );
    }
}
