//! What is where in a session: tasks, nodes, and what jobs and queues hold of them. A copy of it is a statement that
//! can be taken back.

use super::{Amounts, Job, Node, Phase, Status, Task};

/// The state of a session.
#[derive(Clone, Debug)]
pub struct State {
    /// What is true of each task.
    pub status: Vec<Status>,
    /// What is true of each job.
    pub phase: Vec<Phase>,
    /// By node, what nobody holds.
    pub idle: Vec<Amounts>,
    /// By node, what is being freed.
    releasing: Vec<Amounts>,
    /// By node, what of it is promised.
    promised: Vec<Amounts>,
    /// By job, what it holds or is promised.
    pub held: Vec<Amounts>,
}

/// Whether a pod counts among what its job holds.
pub const fn holds(status: Status) -> bool {
    matches!(
        status,
        Status::Running(_) | Status::Bound(_) | Status::Pipelined(_)
    )
}

impl State {
    /// The state at the start of a session.
    pub fn new(nodes: &[Node], jobs: &[Job], tasks: &[Task]) -> Self {
        let mut state = Self {
            status: tasks.iter().map(|task| task.status).collect(),
            phase: jobs.iter().map(|job| job.phase).collect(),
            idle: nodes.iter().map(|node| node.allocatable.clone()).collect(),
            releasing: vec![Amounts::default(); nodes.len()],
            promised: vec![Amounts::default(); nodes.len()],
            held: vec![Amounts::default(); jobs.len()],
        };
        for task in tasks {
            if let Status::Running(Some(node)) | Status::Bound(node) | Status::Releasing(node) =
                task.status
            {
                state.idle[node] = state.idle[node].minus(&task.request);
            }
            if let Status::Releasing(node) = task.status {
                state.releasing[node] = state.releasing[node].plus(&task.request);
            }
            if holds(task.status) {
                state.held[task.job] = state.held[task.job].plus(&task.request);
            }
        }
        state
    }

    /// What will be free on a node once all that goes is gone, less what is promised.
    pub fn future_idle(&self, node: usize) -> Amounts {
        self.idle[node]
            .plus(&self.releasing[node])
            .minus(&self.promised[node])
    }

    /// Gives a task a node.
    pub fn bind(&mut self, id: usize, task: &Task, node: usize) {
        self.idle[node] = self.idle[node].minus(&task.request);
        self.held[task.job] = self.held[task.job].plus(&task.request);
        self.status[id] = Status::Bound(node);
    }

    /// Promises a task space on a node.
    pub fn pipeline(&mut self, id: usize, task: &Task, node: usize) {
        self.promised[node] = self.promised[node].plus(&task.request);
        self.held[task.job] = self.held[task.job].plus(&task.request);
        self.status[id] = Status::Pipelined(node);
    }

    /// Makes a running task go.
    pub fn evict(&mut self, id: usize, task: &Task) {
        if let Status::Running(Some(node)) = self.status[id] {
            self.releasing[node] = self.releasing[node].plus(&task.request);
            self.held[task.job] = self.held[task.job].minus(&task.request);
            self.status[id] = Status::Releasing(node);
        }
    }

    /// Takes back that a task was made to go.
    pub fn keep(&mut self, id: usize, task: &Task) {
        if let Status::Releasing(node) = self.status[id] {
            self.releasing[node] = self.releasing[node].minus(&task.request);
            self.held[task.job] = self.held[task.job].plus(&task.request);
            self.status[id] = Status::Running(Some(node));
        }
    }
}
