//! Passes over queues, gangs, and rounds of cycles.

use std::collections::{BTreeMap, BTreeSet};

use fairground_policies::rules::armada::cycle::Decisions;
use fairground_policies::rules::armada::{Amounts, Job, Queue, Run};
use fairground_policies::rules::ratio::Ratio;
use serde_json::Number;

use super::pool::{World, amounts, wrong};
use super::ratio;
use super::text::{JobsText, Named, QueueText, RoundText};
use crate::conformance::compared::Compared;
use crate::conformance::{Case, Unreadable, Verdict};

fn queue(name: &str, factor: Ratio, demand: Amounts) -> Queue {
    Queue {
        name: name.to_owned(),
        weight: Ratio::ONE / factor,
        closed: false,
        held: vec![0; demand.len()],
        demand,
    }
}

pub(super) fn queue_schedule(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let world = World::of(case)?;
    let said: Vec<QueueText> = case.read("input.queues")?;
    let place = |name: &str| said.iter().position(|one| one.name == name);
    let mut jobs = Vec::new();
    for line in case.read::<Vec<JobsText>>("input.jobs")? {
        jobs.extend(world.jobs(&line, place(&line.queue))?);
    }
    let held: Option<BTreeMap<String, BTreeMap<String, Named>>> =
        case.maybe("input.initial_allocated")?;
    let held = held.unwrap_or_default();
    let mut queues = Vec::new();
    for (id, one) in said.iter().enumerate() {
        let own = jobs.iter().filter(|job| job.queue == Some(id));
        let mut queue = queue(&one.name, ratio(&one.priority_factor)?, world.demand(own));
        for named in held.get(&one.name).into_iter().flat_map(BTreeMap::values) {
            queue.held = queue
                .held
                .iter()
                .zip(amounts(named)?)
                .map(|(a, b)| a + b)
                .collect();
        }
        queues.push(queue);
    }
    let pool = world.pool(&queues, &jobs);
    let decisions = world.cycle(&pool).pass();
    let mut started: Vec<usize> = decisions.started.iter().map(|(job, _)| *job).collect();
    started.sort_unstable();
    let mut compared = Compared::default();
    compared.same("scheduled", &case.read("expect.scheduled")?, &started);
    compared.same(
        "never tried",
        &case.read("expect.never_attempted")?,
        &decisions.never_tried,
    );
    Ok(compared.verdict())
}

pub(super) fn gang_schedule(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let world = World::of(case)?;
    let gangs: Vec<Vec<JobsText>> = case.read("input.gangs")?;
    let names: BTreeSet<&String> = gangs.iter().flatten().map(|one| &one.queue).collect();
    let names: Vec<&String> = names.into_iter().collect();
    let (mut jobs, mut members) = (Vec::new(), Vec::new());
    for gang in &gangs {
        let first = jobs.len();
        for line in gang {
            let place = names.iter().position(|name| **name == line.queue);
            jobs.extend(world.jobs(line, place)?);
        }
        members.push((first..jobs.len()).collect::<Vec<_>>());
    }
    let mut queues = Vec::new();
    for (id, name) in names.iter().enumerate() {
        let own = jobs.iter().filter(|job| job.queue == Some(id));
        queues.push(queue(name, Ratio::ONE, world.demand(own)));
    }
    let pool = world.pool(&queues, &jobs);
    let mut now = world.cycle(&pool).start();
    let (mut whole, mut sums, mut sum, mut each) = (Vec::new(), Vec::new(), 0, Vec::new());
    for (id, gang) in members.iter().enumerate() {
        let placed = jobs[gang[0]]
            .queue
            .is_some_and(|queue| now.attempt(queue, gang).is_ok());
        let count = if placed { gang.len() } else { 0 };
        if placed {
            whole.push(id);
        }
        sum += count;
        sums.push(sum);
        each.push(count);
    }
    let mut compared = Compared::default();
    // Some cases expect numbers of more gangs than there are.
    let of_gangs = |path: &str| {
        let expected = case.read::<Vec<usize>>(path);
        expected.map(|all| all[..gangs.len().min(all.len())].to_vec())
    };
    compared.same("gangs", &case.read("expect.scheduled_gangs")?, &whole);
    let expected = of_gangs("expect.cumulative_scheduled_jobs")?;
    compared.same("jobs so far", &expected, &sums);
    compared.same("jobs", &of_gangs("expect.scheduled_per_gang")?, &each);
    if let Some(value) = case.maybe::<String>("expect.node_uniformity")? {
        let nodes = now.places().into_iter().filter_map(|(_, run)| {
            let labels = &world.nodes[run.node].labels;
            labels.values().find(|one| **one == value).cloned()
        });
        let all: Vec<String> = nodes.collect();
        compared.same("nodes of the label's value", &sum, &all.len());
    }
    Ok(compared.verdict())
}

/// A job of the rounds: its queue's name, its round and its place among the queue's of the round.
type Origin = (String, usize, usize);

pub(super) fn reschedule_rounds(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let mut rounds = Rounds::of(case)?;
    let mut compared = Compared::default();
    let texts = case.read::<Vec<RoundText>>("input.rounds")?;
    for (number, text) in texts.iter().enumerate() {
        if text.optimiser {
            return Ok(Verdict::NotOffered(
                "the optional optimiser of fairness is no rule here",
            ));
        }
        rounds.hold(number, text, &mut compared)?;
    }
    Ok(compared.verdict())
}

/// A pool between two rounds.
struct Rounds {
    world: World,
    factors: BTreeMap<String, Number>,
    /// All that was ever submitted counts as demand.
    wanted: Vec<Job>,
    running: Vec<(Job, Origin)>,
    tokens: Ratio,
}

impl Rounds {
    fn of(case: &Case<'_>) -> Result<Self, Unreadable> {
        let world = World::of(case)?;
        let burst = world.rates[0].map_or(Ratio::ZERO, |(_, burst)| Ratio::whole(burst));
        let mut rounds = Self {
            world,
            factors: case.read("input.priority_factors")?,
            wanted: Vec::new(),
            running: Vec::new(),
            tokens: burst,
        };
        let initial: Option<BTreeMap<String, Vec<JobsText>>> =
            case.maybe("input.initial_running")?;
        for (node, lines) in initial.unwrap_or_default() {
            let node = node.parse().map_err(|_| wrong("a node", &node))?;
            for line in &lines {
                for mut job in rounds.world.jobs(line, rounds.place(&line.queue))? {
                    job.run = Some(Run {
                        node,
                        priority: rounds.world.classes[job.shape.class].priority,
                        since: 0,
                    });
                    let origin = (line.queue.clone(), usize::MAX, rounds.running.len());
                    rounds.running.push((job, origin));
                }
            }
        }
        Ok(rounds)
    }

    fn place(&self, queue: &str) -> Option<usize> {
        self.factors.keys().position(|one| one == queue)
    }

    fn hold(
        &mut self,
        number: usize,
        round: &RoundText,
        compared: &mut Compared,
    ) -> Result<(), Unreadable> {
        for node in &round.cordon_before {
            self.world.nodes[*node].cordoned = true;
        }
        let unbound = |origin: &Origin| {
            let of_queue = round.unbind_before.get(&origin.0);
            let of_round = of_queue.and_then(|all| all.get(&origin.1.to_string()));
            of_round.is_some_and(|all| all.contains(&origin.2))
        };
        let running = std::mem::take(&mut self.running).into_iter();
        let (away, mut jobs): (Vec<_>, Vec<_>) = running.partition(|(_, origin)| unbound(origin));
        for (name, lines) in &round.submit {
            let mut count = 0;
            for line in lines {
                for job in self.world.jobs(line, self.place(name))? {
                    self.wanted.push(job.clone());
                    jobs.push((job, (name.clone(), number, count)));
                    count += 1;
                }
            }
        }
        let only: Vec<Job> = jobs.iter().map(|(job, _)| job.clone()).collect();
        let queues = self.queues(&away)?;
        self.world.limits.tokens = self.world.rates[0].map(|(_, burst)| (self.tokens, burst));
        let pool = self.world.pool(&queues, &only);
        let decisions = self.world.cycle(&pool).run();
        compare_round((number, round), &decisions, &jobs, compared);
        if let Some((rate, burst)) = self.world.rates[0] {
            let took = Ratio::whole(decisions.started.len() as i128);
            self.tokens = (self.tokens - took + rate).min(Ratio::whole(burst));
        }
        for (job, run) in &decisions.started {
            jobs[*job].0.run = Some(Run {
                since: number as u64 + 1,
                ..*run
            });
        }
        let stays = |(id, (job, _)): &(usize, &(Job, Origin))| {
            job.run.is_some() && !decisions.preempted.contains(id)
        };
        let stay = jobs.iter().enumerate().filter(stays);
        let stay = stay.map(|(_, one)| one.clone());
        self.running = stay.chain(away).collect();
        Ok(())
    }

    /// The queues with what was ever submitted to them, but for what is held `away`.
    fn queues(&self, away: &[(Job, Origin)]) -> Result<Vec<Queue>, Unreadable> {
        let mut queues = Vec::new();
        for (id, (name, factor)) in self.factors.iter().enumerate() {
            let own = |job: &&Job| job.queue == Some(id);
            let demand = self.world.demand(self.wanted.iter().filter(own));
            let unbound = away.iter().map(|(job, _)| job).filter(own);
            let less = self.world.demand(unbound);
            let demand = demand.iter().zip(&less).map(|(a, b)| a - b).collect();
            let mut queue = queue(name, ratio(factor)?, demand);
            queue.held = less;
            queues.push(queue);
        }
        Ok(queues)
    }
}

/// What starts and what is preempted in a round, by queue and by the place among its jobs of a round.
fn compare_round(
    (number, round): (usize, &RoundText),
    decisions: &Decisions,
    jobs: &[(Job, Origin)],
    compared: &mut Compared,
) {
    let mut started: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut preempted: BTreeMap<String, BTreeMap<String, Vec<usize>>> = BTreeMap::new();
    for (job, _) in &decisions.started {
        let (queue, _, index) = &jobs[*job].1;
        started.entry(queue.clone()).or_default().push(*index);
    }
    for job in &decisions.preempted {
        let (queue, of, index) = &jobs[*job].1;
        let by_round = preempted.entry(queue.clone()).or_default();
        by_round.entry(of.to_string()).or_default().push(*index);
    }
    for all in started
        .values_mut()
        .chain(preempted.values_mut().flat_map(BTreeMap::values_mut))
    {
        all.sort_unstable();
    }
    let (starts, preempts) = (
        format!("round {number} starts"),
        format!("round {number} preempts"),
    );
    compared.same(&starts, &round.expect_scheduled, &started);
    compared.same(&preempts, &round.expect_preempted, &preempted);
}
