//! What is asked of any scheduler in a running cluster: of work that waits, of limits, of what is taken back.

use fairground_policies::resources::Resources;
use fairground_policies::time::{Span, Time};

use super::clusters::{ClusterCase, amounts};
use super::observed::{RunTasks, has_room};
use super::property::Property;
use super::running::{Subject, worst};
use crate::run::{Run, TaskEnd, TaskRow};

/// For so long a task may wait beside room for it: a round of offers, and what was refused.
const PATIENCE: f64 = 6.0;
/// While one waits, others may start so many times as many tasks as run at once.
const TURNS: usize = 10;
/// Within this time room that was taken back is to be used.
const PROMPT: Span = Span::from_secs(1);

pub(super) fn judged(property: Property, subject: &Subject<'_>, case: &ClusterCase) -> Option<f64> {
    let run = subject.run(case)?;
    let tasks = RunTasks::new(case, &run);
    match property {
        Property::WorkConservation => Some(longest_idle(&tasks, &run) / PATIENCE - 1.0),
        Property::NoStarvation => starved(&tasks),
        Property::BoundedWaiting => {
            let most = (TURNS * tasks.most_at_once()).max(1);
            let passed = (0..tasks.rows.len()).map(|one| overtaken(&tasks, one) as f64);
            worst(passed.map(|passed| passed / most as f64 - 1.0))
        }
        Property::LimitsHold => Some(over_limit(&tasks)),
        Property::UsefulPreemption => Some(in_vain(&tasks)),
        Property::NoOscillation => Some(restless(&tasks)),
        Property::CapacityMonotonicity => {
            let after = subject.run(&case.with_an_agent_more())?;
            let [before, after] = [&run, &after].map(|run| all_ended(case, run));
            Some(after? / before? - 1.0)
        }
        _ => None,
    }
}

/// When the last task ended; nothing where not all did, as the policy has no agent for them or leaves them waiting for ever.
fn all_ended(case: &ClusterCase, run: &Run) -> Option<f64> {
    let done = run
        .tasks
        .iter()
        .filter(|row| row.outcome == TaskEnd::Finished);
    let last = done.clone().map(|row| row.ended).max()?;
    (done.count() == case.tasks() as usize).then_some(last.as_micros() as f64)
}

/// The longest time, in seconds, in which a task waited for which there was room on an agent.
fn longest_idle(tasks: &RunTasks<'_>, run: &Run) -> f64 {
    let case = tasks.case;
    let mut times: Vec<Time> = tasks
        .rows
        .iter()
        .flatten()
        .flat_map(|row| [row.started, row.ended])
        .collect();
    times.extend(
        case.tenants
            .iter()
            .map(|one| Time::from_secs(one.at.into())),
    );
    times.sort_unstable();
    times.dedup();
    let (mut longest, mut idle) = (0_u64, 0_u64);
    for pair in times.windows(2) {
        let (from, until) = (pair[0], pair[1]);
        let waits = (0..case.tenants.len()).any(|tenant| waits_with_room(tasks, tenant, from));
        idle = if waits {
            idle + until.since(from).as_micros()
        } else {
            0
        };
        longest = longest.max(idle);
    }
    // Whoever waits when nothing happens any more waits for ever.
    let forever = run.totals.stalled && longest_waits(tasks);
    if forever {
        f64::MAX / 2.0
    } else {
        longest as f64 / 1e6
    }
}

/// Whether a tenant has tasks that never started, though it has none that is larger than an agent.
fn longest_waits(tasks: &RunTasks<'_>) -> bool {
    let counts = tasks.case.tenants.iter().zip(&tasks.rows);
    let done = |rows: &Vec<&TaskRow>| {
        rows.iter()
            .filter(|row| row.outcome == TaskEnd::Finished)
            .count()
    };
    let mut short = counts.map(|(tenant, rows)| done(rows) < tenant.tasks as usize);
    short.any(|short| short)
}

/// Whether a task of a tenant waits at a time although an agent has room for it.
fn waits_with_room(tasks: &RunTasks<'_>, tenant: usize, at: Time) -> bool {
    let case = tasks.case;
    let one = &case.tenants[tenant];
    let begun = tasks.rows[tenant]
        .iter()
        .filter(|row| row.started <= at && (row.ended > at || row.outcome == TaskEnd::Finished));
    let waiting = Time::from_secs(one.at.into()) <= at && begun.count() < one.tasks as usize;
    waiting && {
        let needs = amounts(one.needs);
        let mut free = vec![amounts(case.size); case.agents as usize];
        for row in tasks
            .rows
            .iter()
            .flatten()
            .filter(|row| row.started <= at && at < row.ended)
        {
            let free = &mut free[row.agent.index()];
            *free = free.checked_sub(row.needs).unwrap_or(Resources::ZERO);
        }
        free.iter().any(|free| needs.fits_in(*free))
    }
}

/// How much of what others got a tenant that got nothing could have used: whether anybody starved while all waited.
fn starved(tasks: &RunTasks<'_>) -> Option<f64> {
    const ENOUGH: f64 = 10.0;
    let when = tasks.wanting()?;
    let starts = |tenant: usize| {
        let rows = tasks.rows[tenant].iter();
        rows.filter(|row| when.from <= row.started && row.started < when.until)
            .count() as f64
    };
    let tenants = 0..tasks.rows.len();
    let of_others = |one: usize| -> f64 {
        let others = tenants
            .clone()
            .filter(|other| *other != one && has_room(tasks.case, one, *other));
        others.map(starts).sum()
    };
    worst(tenants.clone().map(|one| match starts(one) {
        0.0 => of_others(one) / ENOUGH - 1.0,
        some => -some,
    }))
}

/// The most tasks that others started while a tenant waited and started nothing.
fn overtaken(tasks: &RunTasks<'_>, tenant: usize) -> usize {
    let mine = &tasks.rows[tenant];
    let mut from = Time::from_secs(tasks.case.tenants[tenant].at.into());
    let mut most = 0;
    for row in mine {
        let others = tasks
            .rows
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != tenant);
        let others = others.flat_map(|(_, rows)| rows);
        let passed = others.filter(|other| from < other.started && other.started < row.started);
        most = most.max(passed.count());
        from = row.started;
    }
    most
}

/// By how much the first role is over its limit at most, as a part of it.
fn over_limit(tasks: &RunTasks<'_>) -> f64 {
    let case = tasks.case;
    let inside = case
        .tenants
        .iter()
        .zip(&tasks.rows)
        .filter(|(one, _)| one.role == 1);
    let rows: Vec<&TaskRow> = inside.flat_map(|(_, rows)| rows.iter().copied()).collect();
    let held = |at: Time| -> u64 {
        let now = rows
            .iter()
            .filter(|row| row.started <= at && at < row.ended);
        now.map(|row| row.needs.cpus().0).sum()
    };
    let most = rows.iter().map(|row| held(row.started)).max().unwrap_or(0);
    most as f64 / f64::from(case.limit.max(1) * 1000) - 1.0
}

/// How many tasks were preempted, to ten times as many as there are.
fn restless(tasks: &RunTasks<'_>) -> f64 {
    let rows = tasks.rows.iter().flatten();
    let preempted = rows.filter(|row| row.outcome == TaskEnd::Preempted);
    preempted.count() as f64 / f64::from(10 * tasks.case.tasks()) - 1.0
}

/// How many preempted tasks made room that no other framework used; one less, so that none is below zero.
fn in_vain(tasks: &RunTasks<'_>) -> f64 {
    let all: Vec<&TaskRow> = tasks.rows.iter().flatten().copied().collect();
    let preempted = all.iter().filter(|row| row.outcome == TaskEnd::Preempted);
    let useless = preempted.filter(|gone| {
        let used = all.iter().any(|row| {
            let soon = gone.ended <= row.started && row.started <= gone.ended + PROMPT;
            soon && row.agent == gone.agent && row.framework != gone.framework
        });
        !used
    });
    match useless.count() {
        0 => -1.0,
        some => some as f64,
    }
}

#[cfg(test)]
mod tests {
    use fairground_policies::message::{AgentId, FrameworkId, TaskId};
    use fairground_workloads::rng::stream;

    use super::super::search::AuditCase as _;
    use super::*;
    use crate::run::TaskKind;

    /// A task of one core from a second to another.
    fn row(framework: u32, (from, until): (u64, u64), outcome: TaskEnd) -> TaskRow {
        TaskRow {
            framework: FrameworkId(framework),
            kind: TaskKind::Task,
            task: TaskId(from),
            unit: None,
            tasks: 1,
            attempt: None,
            agent: AgentId(0),
            needs: Resources::cores(1, 0),
            submitted: None,
            ready: None,
            started: Time::from_secs(from),
            ended: Time::from_secs(until),
            outcome,
            local: None,
        }
    }

    /// How far rows of the first tenant are beyond what `judge` allows.
    fn beyond(case: &ClusterCase, rows: &[TaskRow], judge: fn(&RunTasks<'_>) -> f64) -> f64 {
        let mut by_tenant = vec![Vec::new(); case.tenants.len()];
        for row in rows {
            by_tenant[row.framework.index()].push(row);
        }
        judge(&RunTasks {
            case,
            rows: by_tenant,
        })
    }

    /// The master keeps limits under every policy, so that no policy shows that this is seen.
    #[test]
    fn two_cores_are_beyond_a_limit_of_one() {
        let drawn = ClusterCase::draw(Property::LimitsHold, &mut stream(1, "test"));
        let mut case = ClusterCase { limit: 1, ..drawn };
        case.tenants[0].role = 1;
        let after = [(0, 5), (5, 9)].map(|times| row(0, times, TaskEnd::Finished));
        assert!(beyond(&case, &after, over_limit) <= 0.0);
        let beside = [(0, 5), (4, 9)].map(|times| row(0, times, TaskEnd::Finished));
        assert!(beyond(&case, &beside, over_limit) > 0.0);
    }

    /// The master sees to it that taking back ends (`ledger/givers.rs`), so that no policy shows that this is seen.
    #[test]
    fn a_swing_that_does_not_end_is_seen() {
        let mut case = ClusterCase::draw(Property::NoOscillation, &mut stream(1, "test"));
        case.tenants.truncate(2);
        let swing = |turns: u64| -> Vec<TaskRow> {
            let turn = |turn: u64| row(turn as u32 % 2, (turn, turn + 1), TaskEnd::Preempted);
            (0..turns).map(turn).collect()
        };
        let all = u64::from(case.tasks());
        assert!(beyond(&case, &swing(all), restless) <= 0.0);
        assert!(beyond(&case, &swing(11 * all), restless) > 0.0);
    }
}
