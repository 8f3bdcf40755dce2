//! The steps of a log fed to a fresh core: does it order today what it ordered then?
//!
//! This is how the promise of one core is kept: the facts of a real cluster, told to the core that
//! the simulator drives, have to lead to the same orders.

use crate::ledger::Ledger;
use crate::master::Master;
use crate::message::{Action, Step};

/// A core that is told the facts of a log.
pub struct Replay {
    core: Master,
    orders: Vec<Action>,
    steps: u64,
    actions: u64,
}

impl Replay {
    /// Nothing told yet; `core` has to be made as the log's was.
    pub const fn new(core: Master) -> Self {
        Self {
            core,
            orders: Vec::new(),
            steps: 0,
            actions: 0,
        }
    }

    /// Tells the core a step's fact and recounts its books; whether it orders the same.
    ///
    /// # Panics
    /// When the books are wrong: a defect in the core.
    pub fn agrees(&mut self, step: &Step) -> bool {
        self.orders.clear();
        self.core
            .step(step.at, step.event.clone(), &mut self.orders);
        self.core.check();
        self.steps += 1;
        self.actions += self.orders.len() as u64;
        self.orders == step.actions
    }

    /// What the core ordered last.
    pub fn orders(&self) -> &[Action] {
        &self.orders
    }

    /// How many facts it was told and how many orders it gave.
    pub const fn counts(&self) -> (u64, u64) {
        (self.steps, self.actions)
    }

    /// Its books: one agent or framework a line.
    pub fn books(&self) -> String {
        books(self.core.ledger())
    }
}

fn books(ledger: &Ledger) -> String {
    let agents = ledger.agents().map(|agent| {
        let (free, total) = (ledger.free(agent), ledger.capacity(agent));
        format!("{agent} free {free} of {total}")
    });
    let frameworks = ledger.frameworks().map(|framework| {
        let (held, tasks) = (ledger.held(framework), ledger.tasks(framework));
        let offers = ledger.open_offers(framework);
        format!("{framework} holds {held}, {tasks} tasks, {offers} offers open")
    });
    agents.chain(frameworks).collect::<Vec<_>>().join("\n")
}
