//! Whether the jobs of an import can run at all: one job that waits for itself, or that no cluster
//! could hold, is left out and counted; it does not end a trace of millions.
//!
//! The rows are sorted by job, so that no more than one job's graph is in memory.

use std::collections::{BTreeMap, BTreeSet};

use super::account::{Counted, Thing};
use super::tables::{Edge, Stage};
use crate::error::ReadError;

/// Why a job is left out.
const LOOP: &str = "a job whose stages wait for each other in a loop";
const IMPOSSIBLE: &str = "a job with more tasks in a stage than can be";
/// Why an edge is.
const DANGLING: &str = "the stage that is waited for is not in the trace";

/// Which rows can be kept, asked table after table in the order of the rows.
#[derive(Default)]
pub(super) struct Sound {
    /// Jobs that are left out.
    jobs: BTreeMap<u64, &'static str>,
    /// Rows of the table of edges whose other end is missing, in order.
    dangling: Vec<u64>,
    /// How many edges were asked for, and how many of the dangling ones were among them.
    edges: (u64, usize),
    left_out: BTreeMap<(Thing, &'static str), u64>,
}

impl Sound {
    /// Whether a row is kept; one that is not is counted.
    pub(super) fn keeps<T: Counted>(&mut self, row: &T) -> bool {
        let job = row.of_job().and_then(|job| self.jobs.get(&job).copied());
        let counted = row.counted();
        let edge = matches!(counted, Some((Thing::Edges, _)));
        let why = job.or(if edge && self.dangles() {
            Some(DANGLING)
        } else {
            None
        });
        self.edges.0 += u64::from(edge);
        if let (Some(why), Some((thing, count))) = (why, counted) {
            *self.left_out.entry((thing, why)).or_default() += count;
        }
        why.is_none()
    }

    /// Whether the edge that is asked for has only one end.
    fn dangles(&mut self) -> bool {
        while let Some(row) = self.dangling.get(self.edges.1) {
            if *row >= self.edges.0 {
                return *row == self.edges.0;
            }
            self.edges.1 += 1;
        }
        false
    }

    /// What was left out, and why.
    pub(super) fn left_out(&self) -> impl Iterator<Item = (Thing, &'static str, u64)> {
        let left = self.left_out.iter();
        left.map(|((thing, why), count)| (*thing, *why, *count))
    }
}

/// Looks at all edges, which like the stages are sorted by job.
pub(super) fn check(
    edges: impl Iterator<Item = Result<Edge, ReadError>>,
    stages: impl Iterator<Item = Result<Stage, ReadError>>,
    impossible: BTreeSet<u64>,
) -> Result<Sound, ReadError> {
    let mut sound = Sound::default();
    let mut edges = edges.peekable();
    let mut stages = stages.peekable();
    let mut row = 0;
    while let Some(first) = edges.next().transpose()? {
        let job = first.job;
        let mut all = vec![(first.stage, first.parent)];
        let here = |edge: &Result<Edge, ReadError>| edge.as_ref().map_or(true, |e| e.job == job);
        while let Some(edge) = edges.next_if(here) {
            let edge = edge?;
            all.push((edge.stage, edge.parent));
        }
        let mut known = BTreeSet::new();
        let before =
            |stage: &Result<Stage, ReadError>| stage.as_ref().map_or(true, |s| s.job <= job);
        while let Some(stage) = stages.next_if(before) {
            let stage = stage?;
            if stage.job == job {
                known.insert(stage.stage);
            }
        }
        for (stage, parent) in &all {
            if !known.contains(stage) || !known.contains(parent) {
                sound.dangling.push(row);
            }
            row += 1;
        }
        all.retain(|(stage, parent)| known.contains(stage) && known.contains(parent));
        if waits_for_itself(&all) {
            sound.jobs.insert(job, LOOP);
        }
    }
    sound
        .jobs
        .extend(impossible.into_iter().map(|job| (job, IMPOSSIBLE)));
    Ok(sound)
}

/// Whether a stage waits, over others, for itself.
pub(crate) fn waits_for_itself(edges: &[(u64, u64)]) -> bool {
    // Most sources number stages in the order in which they run.
    if edges.iter().all(|(stage, parent)| parent < stage) {
        return false;
    }
    let mut waiting: BTreeMap<u64, u64> = BTreeMap::new();
    let mut children: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for (stage, parent) in edges {
        *waiting.entry(*stage).or_default() += 1;
        waiting.entry(*parent).or_default();
        children.entry(*parent).or_default().push(*stage);
    }
    let mut ready: Vec<u64> = Vec::new();
    ready.extend(
        waiting
            .iter()
            .filter(|(_, count)| **count == 0)
            .map(|(stage, _)| *stage),
    );
    let mut done = 0;
    while let Some(stage) = ready.pop() {
        done += 1;
        for child in children.remove(&stage).unwrap_or_default() {
            if let Some(count) = waiting.get_mut(&child) {
                *count -= 1;
                if *count == 0 {
                    ready.push(child);
                }
            }
        }
    }
    done < waiting.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_are_found() {
        for (edges, expected) in [
            (&[][..], false),
            (&[(1, 0), (2, 1), (2, 0)], false),
            (&[(0, 1), (1, 2)], false),
            (&[(0, 2), (1, 0), (1, 2), (1, 2)], false),
            (&[(3, 3)], true),
            (&[(0, 1), (1, 0)], true),
            (&[(1, 0), (2, 1), (1, 2)], true),
        ] {
            assert_eq!(waits_for_itself(edges), expected, "{edges:?}");
        }
    }

    #[test]
    fn a_bad_job_and_an_edge_with_one_end_are_left_out() {
        let edge = |job, stage, parent| Edge { job, stage, parent };
        let stage = |job, stage| Stage {
            job,
            stage,
            ..Stage::default()
        };
        let edges = [
            edge(0, 1, 0),
            edge(0, 1, 7),
            edge(1, 0, 1),
            edge(1, 1, 0),
            edge(2, 1, 0),
        ];
        let stages = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)].map(|(job, n)| stage(job, n));
        let mut sound = check(
            edges.iter().cloned().map(Ok),
            stages.iter().cloned().map(Ok),
            BTreeSet::new(),
        )
        .unwrap();
        let kept: Vec<bool> = edges.iter().map(|edge| sound.keeps(edge)).collect();
        assert_eq!(kept, [true, false, false, false, true]);
        assert!(sound.keeps(&stages[1]) && !sound.keeps(&stages[2]));
        let left: Vec<_> = sound.left_out().collect();
        let edges = Thing::Edges;
        assert_eq!(left, [(edges, LOOP, 2), (edges, DANGLING, 1)]);
    }
}
