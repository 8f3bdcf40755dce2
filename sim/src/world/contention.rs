//! Machines whose tasks use more than there is: everybody on one is slowed alike.
//!
//! A task asks for so many cores and uses more or fewer. As long as all tasks of a machine together use no
//! more than it has, each runs at full speed. Beyond that they share it in proportion to what they use:
//! each runs at capacity / sum of use (processor sharing; Kleinrock, Queueing Systems II, section 4.4).
//!
//! All tasks of a machine run at one rate, so one clock a machine says how much work each of them has done:
//! it runs at that rate, and a task is done when it has gone on by the task's work. A change of the mix
//! changes how fast the clock runs and nothing else. It counts in parts of 2^-32 µs and is rounded at each
//! change, so work is conserved to less than a microsecond over millions of changes; at full speed nothing
//! is rounded. Whoever is done between two microseconds makes room for the others there and then, and is
//! told at the second: delays do not add up.
//!
//! There is nothing of this in a run in which no framework says what its tasks use and no agent offers more
//! than it has.

use fairground_policies::frameworks::WorkUnit;
use fairground_policies::message::{AgentId, FrameworkId, TaskId};
use fairground_policies::resources::{Millicores, Resources};
use fairground_policies::time::{Span, Time};
use fairground_workloads::usage::UseSpec;

use super::running::RunningTask;
use super::{Item, Scenario, World};

/// Bits of the clocks after the microsecond.
const BITS: u32 = 32;
/// Work that is as good as none, in parts of a clock: more than the roundings of a million changes, far less
/// than a microsecond.
const NOTHING: u128 = 1 << 20;

/// What machines have, and who uses how much of it.
#[derive(Debug)]
pub(super) struct Contention {
    seed: u64,
    /// What the tasks of each framework use.
    uses: Vec<Option<UseSpec>>,
    machines: Vec<Machine>,
    /// Items in the queue that look whether somebody is done.
    looks: usize,
}

#[derive(Debug)]
struct Machine {
    /// Thousandths of a core.
    capacity: u64,
    /// What all who are not done would use together at full speed.
    wanted: u64,
    /// How much work each who was here all the time has done.
    clock: u128,
    /// When the clock showed that.
    at: Time,
    working: Vec<Working>,
    /// When the queue makes the world look here, the latest first.
    looks: Vec<Time>,
}

#[derive(Clone, Debug)]
struct Working {
    framework: FrameworkId,
    task: TaskId,
    /// Thousandths of a core, at full speed.
    uses: u64,
    /// Whether that is known; otherwise it is what was asked for.
    known: bool,
    until: Until,
    /// Whether it is done, and that is not told yet.
    done: bool,
}

/// When somebody no longer works.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Until {
    /// When the clock shows this; of an executor, with its n-th piece of work.
    Done(u128, Option<u32>),
    /// When it is ended.
    Ended,
}

impl Machine {
    fn new(capacity: Millicores) -> Self {
        Self {
            capacity: capacity.0,
            wanted: 0,
            clock: 0,
            at: Time::ZERO,
            working: Vec::new(),
            looks: Vec::new(),
        }
    }

    /// How fast all run: a numerator and a denominator.
    const fn rate(&self) -> (u64, u64) {
        if self.wanted <= self.capacity {
            (1, 1)
        } else {
            (self.capacity, self.wanted)
        }
    }

    /// Brings the clock to `now`; since when it was not, and how fast it ran at first.
    fn advance(&mut self, now: Time) -> (Time, (u64, u64)) {
        let (since, first) = (self.at, self.rate());
        let mut left = u128::from(now.since(since).as_micros()) << BITS;
        self.at = now;
        while let Some(done) = self.first_done() {
            let (fast, slow) = self.rate();
            let work = done.saturating_sub(self.clock);
            let takes = work
                .saturating_mul(slow.into())
                .div_ceil(u128::from(fast.max(1)));
            if takes > left || fast == 0 {
                break;
            }
            left -= takes;
            self.clock = self.clock.max(done);
            self.note_done();
        }
        let (fast, slow) = self.rate();
        self.clock += left.saturating_mul(fast.into()) / u128::from(slow);
        self.note_done();
        (since, first)
    }

    /// What the clock shows when the first of those is done who are not.
    fn first_done(&self) -> Option<u128> {
        let done = self.working.iter().filter_map(|one| match one.until {
            Until::Done(at, _) if !one.done => Some(at),
            Until::Done(..) | Until::Ended => None,
        });
        done.min()
    }

    /// Whoever is done no longer takes anything from the others.
    fn note_done(&mut self) {
        let shown = self.clock + NOTHING;
        for one in &mut self.working {
            if let Until::Done(at, _) = one.until
                && at <= shown
                && !one.done
            {
                one.done = true;
                self.wanted -= one.uses;
            }
        }
    }

    /// When the next one is to be told that it is done, if the mix stays as it is.
    fn next_done(&self) -> Option<Time> {
        if self.working.iter().any(|one| one.done) {
            return Some(self.at);
        }
        let left = self
            .first_done()?
            .saturating_sub(self.clock)
            .saturating_sub(NOTHING);
        let (fast, slow) = self.rate();
        if fast == 0 {
            return None;
        }
        let micros = left
            .saturating_mul(slow.into())
            .div_ceil(u128::from(fast) << BITS);
        Some(self.at + Span::from_micros(u64::try_from(micros).unwrap_or(u64::MAX)))
    }

    /// When the world is to look here, if it would be too late otherwise. When work gets slower the look
    /// that is arranged finds nobody done, and the next is arranged then: so there are no more looks than
    /// times at which somebody was to be done sooner than all before.
    fn next_look(&mut self) -> Option<Time> {
        let at = self.next_done()?;
        if self.looks.last().is_some_and(|look| *look <= at) {
            return None;
        }
        self.looks.push(at);
        Some(at)
    }

    /// Takes out who is done, in the order in which they began.
    fn take_done(&mut self) -> Vec<Working> {
        self.working.extract_if(.., |one| one.done).collect()
    }
}

/// What an agent of this size offers that offers `times` thousandths of its cores.
fn offered(size: Resources, times: u32) -> Resources {
    let cpus = u128::from(size.cpus().0) * u128::from(times) / 1000;
    let mut units = size.units();
    units[0] = u64::try_from(cpus).unwrap_or(u64::MAX);
    Resources::from_units(units)
}

impl Scenario<'_> {
    /// What `agent` offers when it has this.
    pub(super) fn offered(&self, agent: AgentId, size: Resources) -> Resources {
        match self.overcommit.get(agent.index()) {
            Some(times) => offered(size, *times),
            None => size,
        }
    }

    /// What every agent offers at first.
    pub(super) fn all_offered(&self) -> Vec<Resources> {
        let agents = (0..).map(AgentId).zip(&self.trace.agents);
        agents
            .map(|(agent, size)| self.offered(agent, *size))
            .collect()
    }
}

impl Contention {
    /// The machines of a scenario, if anybody is to know what they are used for.
    pub(super) fn new(scenario: &Scenario<'_>) -> Option<Self> {
        let uses: Vec<_> = scenario.frameworks.iter().map(|one| one.uses).collect();
        if !Self::is_followed(scenario) {
            return None;
        }
        let machines = scenario.trace.agents.iter();
        Some(Self {
            seed: scenario.seed,
            uses,
            machines: machines.map(|size| Machine::new(size.cpus())).collect(),
            looks: 0,
        })
    }

    /// Whether anybody says what tasks use, or offers more than there is.
    pub(super) fn is_followed(scenario: &Scenario<'_>) -> bool {
        let says = scenario.frameworks.iter().any(|one| one.uses.is_some());
        says || !scenario.overcommit.is_empty()
    }

    /// Of each framework, whether what its tasks use can be known.
    pub(super) fn known(&self) -> impl Iterator<Item = bool> {
        self.uses.iter().map(Option::is_some)
    }

    /// How many items in the queue are only there to look.
    pub(super) const fn looks(&self) -> usize {
        self.looks
    }

    /// An agent comes back with so much.
    pub(super) fn comes_back(&mut self, agent: AgentId, size: Resources) {
        self.machines[agent.index()].capacity = size.cpus().0;
    }
}

impl World<'_> {
    /// A task works until `due`, or longer if its machine is shared.
    pub(super) fn works(
        &mut self,
        framework: FrameworkId,
        task: TaskId,
        unit: WorkUnit,
        due: Time,
    ) {
        self.liveness.due += 1;
        if !self.shares(framework, task, Some(unit), due, None) {
            self.agenda.push(due, Item::TaskDue(framework, task));
        }
    }

    /// An executor works at its n-th unit until `due`, or longer.
    pub(super) fn works_inside(
        &mut self,
        framework: FrameworkId,
        executor: TaskId,
        (unit, begun): (WorkUnit, u32),
        due: Time,
    ) {
        self.liveness.due += 1;
        if !self.shares(framework, executor, Some(unit), due, Some(begun)) {
            self.agenda
                .push(due, Item::WorkDue(framework, executor, begun));
        }
    }

    /// An instance works from its launch to its end.
    pub(super) fn serves(&mut self, framework: FrameworkId, task: TaskId) {
        self.shares(framework, task, None, self.now, None);
    }

    /// Somebody begins to work on a machine; whether the machine now says when it ends. A task that uses
    /// no processor is not slowed.
    fn shares(
        &mut self,
        framework: FrameworkId,
        task: TaskId,
        unit: Option<WorkUnit>,
        due: Time,
        begun: Option<u32>,
    ) -> bool {
        if self.contention.is_none() {
            return false;
        }
        let Some(running) = self.agents.running_task(framework, task) else {
            return false;
        };
        let (agent, cpus) = (running.agent, running.needs.cpus().0);
        let part = self.part_used(framework, task, unit);
        let uses = part.map_or(cpus, |part| used(cpus, part));
        if uses == 0 {
            return false;
        }
        let work = u128::from(due.since(self.now).as_micros()) << BITS;
        self.advance_machine(agent);
        let contention = self.contention.as_mut().expect("it is there");
        let machine = &mut contention.machines[agent.index()];
        let until = match unit {
            Some(_) => Until::Done(machine.clock + work, begun),
            None => Until::Ended,
        };
        machine.wanted += uses;
        machine.working.push(Working {
            framework,
            task,
            uses,
            known: part.is_some(),
            until,
            done: false,
        });
        self.mix_changed(agent);
        true
    }

    /// What a task uses, in millionths of the processors it asked for, if that is known.
    fn part_used(
        &self,
        framework: FrameworkId,
        task: TaskId,
        unit: Option<WorkUnit>,
    ) -> Option<u64> {
        let contention = self.contention.as_ref()?;
        let spec = contention.uses[framework.index()]?;
        let Some(unit) = unit else {
            return spec.part(contention.seed, || format!("use/{framework}/{task}"));
        };
        if spec == UseSpec::Trace {
            let jobs = &self.progress[framework.index()];
            return jobs.measured_use(unit.job).map(u64::from);
        }
        let WorkUnit { job, stage, index } = unit;
        spec.part(contention.seed, || {
            format!("use/{framework}/{job}/{stage}/{index}")
        })
    }

    /// A task is gone: if it worked, it no longer does.
    pub(super) fn works_no_more(
        &mut self,
        framework: FrameworkId,
        task: TaskId,
        running: &RunningTask,
    ) {
        let agent = running.agent;
        let Some(contention) = &self.contention else {
            return;
        };
        let machine = &contention.machines[agent.index()];
        let mut working = machine.working.iter();
        let Some(position) = working.position(|one| (one.framework, one.task) == (framework, task))
        else {
            return;
        };
        self.advance_machine(agent);
        let contention = self.contention.as_mut().expect("it is there");
        let machine = &mut contention.machines[agent.index()];
        let gone = machine.working.remove(position);
        machine.wanted -= if gone.done { 0 } else { gone.uses };
        if gone.until != Until::Ended {
            self.liveness.due -= 1;
        }
        self.mix_changed(agent);
    }

    /// Looks whether somebody on a machine is done.
    pub(super) fn look(&mut self, agent: AgentId) {
        self.advance_machine(agent);
        let contention = self.contention.as_mut().expect("only then one looks");
        contention.looks -= 1;
        let machine = &mut contention.machines[agent.index()];
        machine.looks.pop();
        let done = machine.take_done();
        self.liveness.due -= done.len() as u64;
        self.mix_changed(agent);
        for one in done {
            match one.until {
                Until::Done(_, Some(begun)) => self.work_due(one.framework, one.task, begun),
                _ => self.task_due(one.framework, one.task),
            }
        }
    }

    /// Brings a machine's clock to this moment, and what was used on it into the books.
    fn advance_machine(&mut self, agent: AgentId) {
        let contention = self.contention.as_mut().expect("machines that are shared");
        let machine = &mut contention.machines[agent.index()];
        let (since, rate) = machine.advance(self.now);
        if since == self.now {
            return;
        }
        for one in &machine.working {
            let uses = one.known.then_some((one.uses, rate));
            self.record.used(one.framework, uses, since, self.now);
        }
    }

    /// Sees to it that the world looks at a machine when the next one there is done, and tells services
    /// how fast their instances are.
    fn mix_changed(&mut self, agent: AgentId) {
        let contention = self.contention.as_mut().expect("machines that are shared");
        let machine = &mut contention.machines[agent.index()];
        if let Some(at) = machine.next_look() {
            contention.looks += 1;
            self.agenda.push(at, Item::Look(agent));
        }
        let machine = &contention.machines[agent.index()];
        let part = machine.rate();
        for one in &machine.working {
            let instance = matches!(one.until, Until::Ended);
            if let Some(service) = &mut self.services[one.framework.index()]
                && instance
            {
                service.runs_at(self.now, one.task, part);
            }
        }
    }
}

/// So many millionths of so many thousandths of a core, at least one of these.
fn used(cpus: u64, part: u64) -> u64 {
    let used = (u128::from(cpus) * u128::from(part) + 500_000) / 1_000_000;
    u64::try_from(used)
        .unwrap_or(u64::MAX)
        .max(u64::from(cpus > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Somebody who uses a core and has so many seconds of work to do.
    fn join(machine: &mut Machine, task: u64, secs: u64) {
        let work = u128::from(secs * 1_000_000) << BITS;
        machine.wanted += 1000;
        machine.working.push(Working {
            framework: FrameworkId(0),
            task: TaskId(task),
            uses: 1000,
            known: true,
            until: Until::Done(machine.clock + work, None),
            done: false,
        });
        machine.next_look();
    }

    /// The next look, as the queue makes it; who is done then.
    fn look(machine: &mut Machine) -> Vec<u64> {
        let at = machine.looks.pop().expect("a look");
        machine.advance(at);
        let done = machine.take_done();
        machine.next_look();
        done.iter().map(|one| one.task.0).collect()
    }

    #[test]
    fn looks_that_came_to_nothing_do_not_pile_up() {
        // A long task beside which ten thousand short ones come and go, two at a time: every change moves
        // its end.
        let mut machine = Machine::new(Millicores(1000));
        join(&mut machine, 0, 1_000_000);
        let mut most = 0;
        for task in 1..10_000 {
            join(&mut machine, task, 5);
            most = most.max(machine.looks.len());
            if task % 2 == 0 {
                while machine.working.len() > 1 {
                    look(&mut machine);
                    most = most.max(machine.looks.len());
                }
            }
        }
        assert!(most <= 3, "{most} looks");
    }
}
