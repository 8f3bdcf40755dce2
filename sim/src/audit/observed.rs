//! What came of a small cluster: who held how much while all wanted more.

use fairground_policies::time::Time;

use super::clusters::{ClusterCase, amounts};
use crate::run::{Run, TaskEnd, TaskRow};

/// The tasks of a run, by tenant, and the time that is looked at.
pub(super) struct RunTasks<'a> {
    pub(super) case: &'a ClusterCase,
    /// By tenant, in the order of their starts.
    pub(super) rows: Vec<Vec<&'a TaskRow>>,
}

/// A length of time in which every tenant waits for more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanting {
    pub(super) from: Time,
    pub(super) until: Time,
}

impl<'a> RunTasks<'a> {
    pub(super) fn new(case: &'a ClusterCase, run: &'a Run) -> Self {
        let mut rows = vec![Vec::new(); case.tenants.len()];
        for row in &run.tasks {
            if row.outcome != TaskEnd::Unstarted {
                rows[row.framework.index()].push(row);
            }
        }
        for rows in &mut rows {
            rows.sort_by_key(|row| (row.started, row.task));
        }
        Self { case, rows }
    }

    /// The second half of the time from when all have come until the first of them has nothing left that waits: by then the
    /// shares are what they come to be. Nothing where that is shorter than three of the longest tasks.
    pub(super) fn wanting(&self) -> Option<Wanting> {
        let begin = Time::from_secs(self.case.tenants.iter().map(|one| one.at).max()?.into());
        let last = |rows: &Vec<&TaskRow>| rows.last().map(|row| row.started);
        let until = self.rows.iter().map(last).min()??;
        let half = until.as_micros().checked_sub(begin.as_micros())? / 2;
        let longest = self.case.tenants.iter().map(|one| one.run + 3).max()?;
        let enough = half > u64::from(3 * longest) * 1_000_000;
        enough.then_some(Wanting {
            from: Time::from_micros(begin.as_micros() + half),
            until,
        })
    }

    /// How many tasks of a tenant ran, in the mean.
    pub(super) fn held(&self, tenant: usize, when: Wanting) -> f64 {
        let length = when.until.since(when.from).as_micros();
        let ran = self.rows[tenant].iter().map(|row| {
            let (from, until) = (row.started.max(when.from), row.ended.min(when.until));
            let span = until.as_micros().saturating_sub(from.as_micros());
            u128::from(span) * u128::from(row.tasks)
        });
        ran.sum::<u128>() as f64 / length.max(1) as f64
    }

    /// The same of all tenants.
    pub(super) fn all_held(&self, when: Wanting) -> Vec<f64> {
        let tenants = 0..self.rows.len();
        tenants.map(|tenant| self.held(tenant, when)).collect()
    }

    /// The most tasks that ran at the same time.
    pub(super) fn most_at_once(&self) -> usize {
        let mut steps: Vec<(Time, i64)> = Vec::new();
        for row in self.rows.iter().flatten() {
            steps.push((row.started, i64::from(row.tasks)));
            steps.push((row.ended, -i64::from(row.tasks)));
        }
        // What ends at a time ends before what starts then.
        steps.sort_unstable();
        let (mut now, mut most) = (0, 0);
        for (_, step) in steps {
            now += step;
            most = most.max(now);
        }
        usize::try_from(most).unwrap_or(0)
    }

    /// How many tasks of a tenant would run on an n-th of every agent, or on an n-th of the agents if there are so many.
    pub(super) fn of_its_own(&self, tenant: usize) -> f64 {
        let (case, count) = (self.case, self.case.tenants.len() as u32);
        let parts = case.agents.is_multiple_of(count);
        let (agents, by) = if parts {
            (case.agents / count, 1)
        } else {
            (case.agents, count)
        };
        let needs = case.tenants[tenant].needs;
        let kinds = (0..3).filter(|kind| needs[*kind] > 0);
        let on_one = kinds.map(|kind| case.size[kind] / (by * needs[kind])).min();
        f64::from(agents * on_one.unwrap_or(0))
    }
}

/// Whether a task of the first tenant would have had room where one of the second is.
pub(super) fn has_room(case: &ClusterCase, one: usize, other: usize) -> bool {
    let [one, other] = [one, other].map(|tenant| amounts(case.tenants[tenant].needs));
    one.fits_in(other)
}
