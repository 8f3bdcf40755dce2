//! Tasks where a placement wants them, jobs by an order: what decides is the node, and the GPU in it.
//!
//! It decides on all that is free at once. The GPUs of an agent are single devices; which of them its own tasks
//! have is kept here, so that it is for a framework that has the pool to itself. Equal jobs go by number; the tie rule is
//! that of agents.
//!
//! Longer than other policies' files, because what is placed where is kept from one look to the next.

use std::collections::BTreeMap;

use super::{OfferView, Scheduler, SchedulerEntry, TaskPlaces};
use crate::evidence::{Evidence, Proven};
use crate::job::JobSpec;
use crate::job_order::{self, FCFS, ORDER, ScoreOrder};
use crate::job_queue::WorkUnit;
use crate::message::JobId;
use crate::name::Param;
use crate::placement::params::{GPU, ON, ROUND, TIE, TYPES};
use crate::placement::{Placed, PlacementPolicy, Placer, TaskShape};
use crate::time::{Span, Time};

/// Serves jobs in an order, and places their tasks by a score of agents. A task that fits nowhere is passed over.
#[derive(Debug)]
pub struct Fit {
    order: &'static ScoreOrder,
    /// Agents by their numbers.
    placer: Placer,
    /// Where running tasks are.
    tasks: BTreeMap<WorkUnit, (TaskShape, Vec<Placed>)>,
    /// Jobs from this one on are not in the mix yet.
    unknown: JobId,
}

impl Scheduler for Fit {
    fn place(&mut self, now: Time, view: &mut OfferView<'_>) {
        self.learn(view);
        let left = |position| (view.agent(position).0 as usize, view.left(position));
        self.placer.set_free((0..view.len()).map(left));
        for job in view.sorted(now, self.order) {
            let stages: Vec<u32> = view.queue().ready_stages(job).map(|one| one.0).collect();
            for stage in stages {
                self.place_stage(job, stage, view);
            }
        }
    }

    fn ended(&mut self, unit: WorkUnit) {
        let Some((shape, placed)) = self.tasks.remove(&unit) else {
            return;
        };
        for one in &placed {
            self.placer.end(&shape, one);
        }
    }

    fn reads_estimates(&self) -> bool {
        *self.order != FCFS
    }

    fn gathers(&self) -> Option<Span> {
        Some(Span::ZERO)
    }

    fn heeds_asks(&self) -> bool {
        true
    }

    fn starts_together(&self, job: &JobSpec) -> bool {
        job.gang
    }
}

impl Fit {
    /// Tasks that came belong to the mix.
    fn learn(&mut self, view: &OfferView<'_>) {
        let new: Vec<JobId> = view
            .queue()
            .ready()
            .filter(|job| *job >= self.unknown)
            .collect();
        for job in new {
            self.unknown = self.unknown.max(JobId(job.0 + 1));
            for stage in &view.queue().spec(job).stages {
                self.placer
                    .learn(&TaskShape::new(stage.needs), stage.tasks.into());
            }
        }
    }

    /// Places the tasks of a stage that wait while there is room; all or none where they start together.
    fn place_stage(&mut self, job: JobId, stage: u32, view: &mut OfferView<'_>) {
        let (needs, waiting) = view.waiting(job, stage);
        let shape = TaskShape::new(needs);
        let gang = view.queue().spec(job).gang;
        let rigid = view.queue().spec(job).stages[stage as usize].rigid;
        if gang && view.queue().running(job, stage) > 0 {
            // After a loss, the rest of a gang is being ended.
            return;
        }
        let may = |node| {
            let position = view.position(node);
            position.is_some_and(|position| view.suits(position, job, stage))
        };
        let asks = view.queue().spec(job).stages[stage as usize].asks.is_some();
        let room = (0..waiting).map_while(|_| {
            if asks {
                self.placer.place_among(&shape, may)
            } else {
                self.placer.place(&shape)
            }
        });
        let placed: Vec<Placed> = room.collect();
        if gang && (placed.len() as u64) < waiting {
            for one in &placed {
                self.placer.end(&shape, one);
            }
            return;
        }
        if rigid {
            let mut counts: BTreeMap<usize, u64> = BTreeMap::new();
            for one in &placed {
                let position = view.position(one.node).expect("an agent on offer");
                *counts.entry(position).or_default() += 1;
            }
            let counts: TaskPlaces = counts.into_iter().collect();
            let unit = view.launch_whole(job, stage, &counts);
            let unit = unit.expect("a gang that waits, with room for it");
            self.tasks.insert(unit, (shape, placed));
            return;
        }
        for one in placed {
            let position = view.position(one.node).expect("an agent on offer");
            let unit = view.launch_unit(position, job, stage);
            let unit = unit.expect("a task that waits, with room for it");
            self.tasks.insert(unit, (shape, vec![one]));
        }
    }
}

const PLACE: Param = Param {
    key: "place",
    about: "where tasks go: a placement, as in fgd (default best; `fairground policies` lists them)",
};

pub(super) const ENTRY: SchedulerEntry = SchedulerEntry {
    name: "fit",
    about: "tasks one by one where a placement scores highest, jobs by an order; GPUs are single devices; for a \
            framework that has the pool to itself",
    params: &[PLACE, ORDER, TIE, GPU, ROUND, ON, TYPES],
    evidence: Evidence {
        source: "the placements' own; Tetris: place=tetris,order=sjf (Grandl et al., SIGCOMM 2014)",
        proven: Proven::Scripts,
        example: "\
agents 2 cpus:4 mem:4
framework a fit[place=worst]
job a tasks=2 cpus:2 mem:2 run=10s
job a at=1s tasks=1 cpus:4 mem:4 run=10s
job a at=2s tasks=2 cpus:2 mem:2 run=10s
",
    },
    make: |name, rng| {
        let order = job_order::from_name(name, ORDER.key)?;
        let place = name.take(PLACE.key).unwrap_or_else(|| "best".to_owned());
        let (_, policy) = PlacementPolicy::taken(&place, name)?;
        Ok(Box::new(Fit {
            order,
            placer: Placer::new(policy, Vec::new(), rng.clone()),
            tasks: BTreeMap::new(),
            unknown: JobId(0),
        }))
    },
};
