//! What is free when, against a table with a row an instant.

use fairground_policies::message::AgentId;
use fairground_policies::profile::CapacityProfile;
use fairground_policies::resources::Resources;
use fairground_policies::time::{Span, Time};
use proptest::collection::vec;
use proptest::prelude::*;

/// Instants that are told apart; the last stands for all later ones.
const INSTANTS: usize = 24;
const AGENTS: usize = 3;

/// What is free of each agent at each instant.
type Table = [[Resources; AGENTS]; INSTANTS];

/// Given or taken: what each task needs, how many of them on which agent, from when until when.
#[derive(Clone, Debug)]
struct Change {
    gives: bool,
    needs: Resources,
    tasks: Vec<(AgentId, u64)>,
    from: usize,
    to: usize,
}

fn time(instant: usize) -> Time {
    if instant >= INSTANTS {
        CapacityProfile::NEVER
    } else {
        Time::from_micros(instant as u64)
    }
}

fn size() -> impl Strategy<Value = Resources> {
    // All pairs below (4, 3) but nothing; none is thrown away, or a million cases were too many.
    (1..12_u64).prop_map(|both| Resources::from_units([both % 4, both / 4, 0, 0]))
}

fn change() -> impl Strategy<Value = Change> {
    let tasks = vec((0..AGENTS as u32, 1..3_u64), 1..3);
    let range = (0..INSTANTS, 0..=INSTANTS);
    (any::<bool>(), size(), tasks, range).prop_map(|(gives, needs, tasks, (one, other))| Change {
        gives,
        needs,
        tasks: tasks
            .iter()
            .map(|(agent, n)| (AgentId(*agent), *n))
            .collect(),
        from: one.min(other),
        to: one.max(other),
    })
}

/// The table after a change; `None` if more would be taken than there is.
fn changed(mut table: Table, change: &Change) -> Option<Table> {
    for row in &mut table[change.from..change.to.min(INSTANTS)] {
        for (agent, tasks) in &change.tasks {
            for _ in 0..*tasks {
                let free = &mut row[agent.index()];
                *free = if change.gives {
                    *free + change.needs
                } else {
                    free.checked_sub(change.needs)?
                };
            }
        }
    }
    Some(table)
}

fn apply(profile: &mut CapacityProfile, change: &Change) {
    let Change {
        gives,
        needs,
        tasks,
        from,
        to,
    } = change;
    if *gives {
        profile.give(*needs, tasks, time(*from), time(*to));
    } else {
        profile.take(*needs, tasks, time(*from), time(*to));
    }
}

/// How many tasks run from one instant until another, or at the one if that is no time at all.
fn room(table: &Table, needs: Resources, from: usize, to: usize) -> u64 {
    let rows = &table[from..to.max(from + 1).min(INSTANTS)];
    let agents = (0..AGENTS).map(|agent| {
        let least = rows.iter().map(|row| row[agent]).reduce(Resources::min);
        needs.times_in(least.expect("a row")).expect("some needs")
    });
    agents.sum()
}

proptest! {
    #![proptest_config(crate::many())]

    #[test]
    fn a_profile_is_its_table(
        changes in vec(change(), 0..14),
        questions in vec((size(), 0..INSTANTS, 0..INSTANTS, 0..6_u64), 1..8),
        past in 0..INSTANTS,
    ) {
        let (mut profile, mut table) = (CapacityProfile::new(), Table::default());
        let mut applied = Vec::new();
        for change in changes {
            if let Some(after) = changed(table, &change) {
                table = after;
                apply(&mut profile, &change);
                applied.push(change);
            }
        }
        for (instant, row) in table.iter().enumerate() {
            for (agent, free) in (0..).map(AgentId).zip(row) {
                prop_assert_eq!(profile.free(agent, time(instant)), *free, "at {}", instant);
            }
        }
        for (needs, from, lasts, count) in questions {
            let found = profile.room(needs, time(from), time(from + lasts));
            prop_assert_eq!(found, room(&table, needs, from, from + lasts));
            let places = profile.places(needs, count, time(from), time(from + lasts));
            let placed: u64 = places.iter().map(|(_, tasks)| tasks).sum();
            prop_assert_eq!(placed, found.min(count));
            prop_assert!(profile.has(needs, &places, time(from), time(from + lasts)));
            if let Some((agent, _)) = places.first() {
                let more = [(*agent, found + 1)];
                prop_assert!(!profile.has(needs, &more, time(from), time(from + lasts)));
            }
            let span = Span::from_micros(lasts as u64);
            let fits = |at: &usize| room(&table, needs, *at, at + lasts) >= count;
            let expected = (from..INSTANTS).find(fits).map(time);
            prop_assert_eq!(profile.earliest(needs, count, span, time(from)), expected);
        }
        let mut later = profile.clone();
        later.forget(time(past));
        for (instant, row) in table.iter().enumerate() {
            for (agent, free) in (0..).map(AgentId).zip(row) {
                let free = if instant < past { Resources::ZERO } else { *free };
                prop_assert_eq!(later.free(agent, time(instant)), free, "{} past {}", instant, past);
            }
        }
        // What is given and taken counts, and not in which order.
        let mut other = CapacityProfile::new();
        applied.sort_by_key(|change| !change.gives);
        for change in &applied {
            apply(&mut other, change);
        }
        prop_assert_eq!(&profile, &other);
        // All of it given back leaves nothing.
        for change in applied.iter_mut().rev() {
            change.gives = !change.gives;
            apply(&mut profile, change);
        }
        prop_assert_eq!(profile, CapacityProfile::new());
    }
}

#[test]
fn an_earliest_start_is_the_first_with_room_to_the_end() {
    let core = Resources::cores(1, 0);
    let at = Time::from_secs;
    let mut profile = CapacityProfile::new();
    // Ten cores, of which six are taken until 100 s, and eight from 200 s until 250 s.
    profile.give(core, &[(AgentId(0), 10)], at(0), CapacityProfile::NEVER);
    profile.take(core, &[(AgentId(0), 6)], at(0), at(100));
    profile.take(core, &[(AgentId(0), 8)], at(200), at(250));
    let check = |count, lasts, from, expected: Option<u64>| {
        let found = profile.earliest(core, count, Span::from_secs(lasts), at(from));
        assert_eq!(found, expected.map(at), "{count} for {lasts}s from {from}s");
    };
    check(4, 50, 0, Some(0));
    check(4, 201, 0, Some(250));
    check(5, 50, 0, Some(100));
    check(5, 100, 0, Some(100));
    check(5, 101, 0, Some(250));
    check(5, 50, 170, Some(250));
    check(2, 10_000, 7, Some(7));
    check(11, 1, 0, None);
    assert_eq!(profile.room(core, at(0), at(100)), 4);
    assert_eq!(profile.room(core, at(0), at(201)), 2);
    assert_eq!(profile.room(core, at(250), CapacityProfile::NEVER), 10);
}

#[test]
#[should_panic(expected = "expected cpus:3 of a0 free from 5s until 20s, found cpus:2")]
fn nobody_takes_what_is_not_there() {
    let core = Resources::cores(1, 0);
    let at = Time::from_secs;
    let mut profile = CapacityProfile::new();
    profile.give(core, &[(AgentId(0), 3)], at(0), at(20));
    profile.take(core, &[(AgentId(0), 1)], at(10), at(11));
    profile.take(core, &[(AgentId(0), 3)], at(5), at(20));
}
