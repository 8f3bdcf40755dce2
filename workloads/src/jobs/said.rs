//! The same jobs, of which something else is said.

use std::sync::Arc;

use fairground_policies::job::JobSpec;
use fairground_policies::time::Span;

use super::{Job, Jobs, OneJob};
use crate::deadlines::Deadlines;
use crate::estimates::EstimateSpec;

impl Jobs {
    /// The same jobs, of which something else is said.
    #[must_use]
    pub(crate) fn with_estimates(&self, spec: EstimateSpec) -> Self {
        self.said(|job| {
            let stages = job.stages().map(|stage| spec.stage(stage)).collect();
            JobSpec {
                stages,
                ..JobSpec::clone(job.spec)
            }
        })
    }

    /// The same jobs with other deadlines.
    #[must_use]
    pub(crate) fn with_deadlines(&self, deadlines: &mut Deadlines) -> Self {
        self.said(|job| JobSpec {
            deadline: Some(deadlines.of(job)),
            ..JobSpec::clone(job.spec)
        })
    }

    /// The same jobs, of each of which this is said; it has the same tasks as before.
    fn said(&self, mut spec: impl FnMut(&Job<'_>) -> JobSpec) -> Self {
        let mut all = self.clone();
        let columns = Arc::make_mut(&mut all.0);
        columns.shapes.clear();
        columns.known.clear();
        for job in self.iter() {
            let lists = job.lists.iter().map(|list| list.map(|_| ()));
            let shape = all.shape_of(spec(&job), lists);
            Arc::make_mut(&mut all.0).rows[job.id.index()].shape = shape;
        }
        all
    }

    /// Says how long after its submission the job added last is to be done.
    pub(super) fn due(&mut self, deadline: Option<Span>) {
        let Some(last) = self.0.rows.last().copied().filter(|_| deadline.is_some()) else {
            return;
        };
        let shape = self.0.shapes[last.shape.0 as usize].clone();
        let spec = JobSpec {
            deadline,
            ..JobSpec::clone(&shape.spec)
        };
        let lists = shape.lists.iter().map(|list| list.map(|_| ()));
        let shape = self.shape_of(spec, lists);
        if let Some(last) = Arc::make_mut(&mut self.0).rows.last_mut() {
            last.shape = shape;
        }
    }
}

impl OneJob {
    /// The same job, of which something else is said.
    #[must_use]
    pub(crate) fn with_estimates(&self, spec: EstimateSpec) -> Self {
        Self(self.0.with_estimates(spec))
    }

    /// The same job with a deadline.
    #[must_use]
    pub(crate) fn with_deadline(&self, deadlines: &mut Deadlines) -> Self {
        Self(self.0.with_deadlines(deadlines))
    }
}
