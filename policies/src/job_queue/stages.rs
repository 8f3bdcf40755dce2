//! The stages of one job: which of their tasks wait, run and are done.

use crate::job::{JobSpec, StageSpec};
use crate::message::AgentId;

/// Most jobs of most traces have one stage; theirs needs no memory of its own.
#[derive(Debug)]
pub(super) enum QueuedStages {
    One(QueuedStage),
    Many(Box<Many>),
}

#[derive(Debug)]
pub(super) struct Many {
    stages: Vec<QueuedStage>,
    /// Stages that may start and have waiting tasks, parents first.
    ready: Vec<u32>,
}

#[derive(Debug, Default)]
pub(super) struct QueuedStage {
    pub(super) released: bool,
    pub(super) waiting: u32,
    pub(super) running: u32,
    pub(super) finished: u32,
    /// No task before this one waits.
    cursor: u32,
    /// Which others do not; without it, all from the cursor on wait.
    pub(super) places: Option<Box<Places>>,
}

/// What is known of the single tasks of a stage that do not start in order.
#[derive(Debug)]
pub(super) struct Places {
    /// Which tasks are not waiting: running or finished.
    taken: Vec<bool>,
    /// Tasks by the agents that hold their data, sorted; empty when it does not matter.
    local: Vec<(AgentId, u32)>,
}

impl QueuedStages {
    pub(super) fn new(count: usize) -> Self {
        if count == 1 {
            return Self::One(QueuedStage::default());
        }
        Self::Many(Box::new(Many {
            stages: std::iter::repeat_with(QueuedStage::default)
                .take(count)
                .collect(),
            ready: Vec::new(),
        }))
    }

    /// All tasks of the only stage wait.
    pub(super) fn release_only(&mut self, spec: &JobSpec) {
        *self = Self::One(QueuedStage::released(&spec.stages[0]));
    }

    pub(super) fn all(&self) -> &[QueuedStage] {
        match self {
            Self::One(stage) => std::slice::from_ref(stage),
            Self::Many(many) => &many.stages,
        }
    }

    pub(super) fn all_mut(&mut self) -> &mut [QueuedStage] {
        match self {
            Self::One(stage) => std::slice::from_mut(stage),
            Self::Many(many) => &mut many.stages,
        }
    }

    /// Stages that may start and have waiting tasks, parents first.
    pub(super) fn ready(&self) -> &[u32] {
        match self {
            Self::One(stage) if stage.waiting > 0 => &[0],
            Self::One(_) => &[],
            Self::Many(many) => &many.ready,
        }
    }

    pub(super) fn set_ready(&mut self, stage: u32, ready: bool) {
        let Self::Many(many) = self else { return };
        match (many.ready.binary_search(&stage), ready) {
            (Err(position), true) => many.ready.insert(position, stage),
            (Ok(position), false) => drop(many.ready.remove(position)),
            _ => {}
        }
    }
}

impl QueuedStage {
    /// All tasks wait.
    pub(super) fn released(spec: &StageSpec) -> Self {
        let here = |index| {
            let agents = spec.preferred(index).iter();
            agents.map(move |agent| (*agent, index))
        };
        let places = || {
            let mut local: Vec<(AgentId, u32)> = (0..spec.tasks).flat_map(here).collect();
            local.sort_unstable();
            let taken = vec![false; spec.tasks as usize];
            Box::new(Places { taken, local })
        };
        Self {
            released: true,
            waiting: spec.tasks,
            places: (!spec.preferred.is_empty()).then(places),
            ..Self::default()
        }
    }

    /// The first task that waits: of those whose data is on the agent `near`, if it matters.
    pub(super) fn next_waiting(&self, near: Option<AgentId>) -> Option<u32> {
        match (&self.places, near) {
            (Some(places), Some(agent)) if !places.local.is_empty() => places.waiting_on(agent),
            _ => (self.waiting > 0).then_some(self.cursor),
        }
    }

    /// Task `index` starts, or all of them as one.
    pub(super) fn take(&mut self, index: u32, spec: &StageSpec) {
        let (tasks, started) = (spec.tasks, spec.at_once());
        self.waiting -= started;
        self.running += started;
        if spec.rigid {
            return;
        }
        if let Some(places) = &mut self.places {
            places.taken[index as usize] = true;
            while self.cursor < tasks && places.taken[self.cursor as usize] {
                self.cursor += 1;
            }
        } else {
            self.cursor += 1;
        }
    }

    /// A running task waits again, or all of them.
    pub(super) fn give_back(&mut self, index: u32, spec: &StageSpec) {
        self.waiting += spec.at_once();
        self.running -= spec.at_once();
        if spec.rigid {
            return;
        }
        if self.places.is_none() && index + 1 == self.cursor {
            self.cursor = index;
            return;
        }
        let places = self.places.get_or_insert_with(|| {
            let taken = (0..spec.tasks).map(|task| task < self.cursor).collect();
            let local = Vec::new();
            Box::new(Places { taken, local })
        });
        places.taken[index as usize] = false;
        self.cursor = self.cursor.min(index);
    }
}

impl Places {
    fn waiting_on(&self, agent: AgentId) -> Option<u32> {
        let start = self.local.partition_point(|(other, _)| *other < agent);
        let here = self.local[start..]
            .iter()
            .take_while(|(other, _)| *other == agent);
        here.map(|(_, index)| *index)
            .find(|index| !self.taken[*index as usize])
    }
}
