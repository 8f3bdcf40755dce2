//! Which tasks of a node go so that another fits (`scheduler/preemption.go`): for its network, then for its devices, then for
//! processors, memory and disk.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::score::Score;

/// Processor shares, memory and disk.
pub type Sizes = [i64; 3];

/// A node.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Node {
    /// What it has beside what is reserved.
    pub sizes: Sizes,
    /// Its network devices, each with its megabits.
    pub networks: Vec<(String, i64)>,
    /// Its devices.
    pub devices: Vec<Device>,
}

/// Devices of one kind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Device {
    /// Vendor, type and model.
    pub id: [String; 3],
    /// How many.
    pub instances: i64,
}

impl Device {
    /// Whether it is what a request calls `type`, `vendor/type` or `vendor/type/model`.
    pub fn is(&self, asked: &str) -> bool {
        let [vendor, kind, model] = &self.id;
        let parts: Vec<&str> = asked.split('/').collect();
        match parts[..] {
            [one] => one == kind,
            [a, b] => a == vendor && b == kind,
            [a, b, c] => a == vendor && b == kind && c == model,
            _ => false,
        }
    }
}

/// A task that runs on the node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Task {
    /// The larger, the more important.
    pub priority: i64,
    /// What it has.
    pub sizes: Sizes,
    /// Its network device, megabits and ports.
    pub network: Option<Network>,
    /// The kinds of device it uses, by model, and how many.
    pub devices: BTreeMap<String, i64>,
    /// How many of its group may be displaced before others are preferred (`max_parallel`); 0 sets no bound.
    pub max_parallel: i64,
    /// How many of its group the plan displaces already.
    pub displaced: i64,
}

/// What of a network is used or asked for.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Network {
    /// The device; no matter what is asked for.
    pub device: String,
    /// Megabits.
    pub mbits: i64,
    /// Ports that are needed.
    pub ports: BTreeSet<u32>,
}

/// What a task asks for.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Ask {
    /// Its job's priority.
    pub priority: i64,
    /// Processors, memory, disk.
    pub sizes: Sizes,
    /// Its network.
    pub network: Option<Network>,
    /// Devices, by what the request calls them.
    pub devices: Vec<(String, i64)>,
}

/// How far a task's priority has to be below the asker's.
const BELOW: i64 = 10;
/// What displacing one more of a group than it bears counts, in distances.
const PENALTY: i64 = 50;

/// The tasks that go, or `None` where the asker does not fit whoever goes.
pub fn displaced(node: &Node, tasks: &[Task], ask: &Ask) -> Option<BTreeSet<usize>> {
    let mut all = Running {
        node,
        tasks,
        ask,
        gone: BTreeSet::new(),
    };
    if let Some(network) = &ask.network
        && !all.has_network(network)
    {
        let gone = all.for_network(network)?;
        all.gone.extend(gone);
        if !all.has_network(network) {
            return None;
        }
    }
    for (name, count) in &ask.devices {
        if !all
            .kinds(name)
            .any(|device| all.free_instances(device) >= *count)
        {
            let gone = all.for_devices(name, *count)?;
            all.gone.extend(gone);
        }
    }
    if !fits(ask.sizes, all.free()) {
        let gone = all.for_sizes()?;
        all.gone.extend(gone);
    }
    Some(all.gone)
}

fn fits(ask: Sizes, free: Sizes) -> bool {
    ask.iter().zip(free).all(|(ask, free)| *ask <= free)
}

/// How far `task` is from what is `asked`, over all that is asked.
pub fn distance(asked: Sizes, task: Sizes) -> Score {
    let terms = asked.iter().zip(task).filter(|(asked, _)| **asked > 0);
    let squares = terms.map(|(asked, task)| {
        let part = Score::ratio(asked - task, *asked);
        part * part
    });
    squares.fold(Score::ZERO, |a, b| a + b).sqrt()
}

fn network_distance(asked: i64, mbits: i64) -> Score {
    if asked <= 0 {
        return Score::MAX;
    }
    Score::ratio((asked - mbits).abs(), asked)
}

fn penalty(task: &Task) -> Score {
    if task.max_parallel > 0 && task.displaced >= task.max_parallel {
        return Score::new(PENALTY * (task.displaced + 1 - task.max_parallel));
    }
    Score::ZERO
}

/// The tasks that are left, and who asks.
struct Running<'a> {
    node: &'a Node,
    tasks: &'a [Task],
    ask: &'a Ask,
    gone: BTreeSet<usize>,
}

impl<'a> Running<'a> {
    fn left(&self) -> impl Iterator<Item = (usize, &'a Task)> {
        let all = self.tasks.iter().enumerate();
        all.filter(|(place, _)| !self.gone.contains(place))
    }

    /// Those that may go, by priority, the least first.
    fn candidates(&self) -> BTreeMap<i64, Vec<usize>> {
        let mut groups: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
        for (place, task) in self.left() {
            if self.ask.priority - task.priority >= BELOW {
                groups.entry(task.priority).or_default().push(place);
            }
        }
        groups
    }

    fn free(&self) -> Sizes {
        let used = |kind: usize| self.left().map(|(_, task)| task.sizes[kind]).sum::<i64>();
        std::array::from_fn(|kind| self.node.sizes[kind] - used(kind))
    }

    fn on(&self, device: &str) -> impl Iterator<Item = (usize, &'a Network)> {
        let networks = self
            .left()
            .filter_map(|(place, task)| Some((place, task.network.as_ref()?)));
        networks.filter(move |(_, network)| network.device == device)
    }

    fn used_mbits(&self, device: &str) -> i64 {
        self.on(device).map(|(_, network)| network.mbits).sum()
    }

    fn has_network(&self, asked: &Network) -> bool {
        self.node.networks.iter().any(|(device, mbits)| {
            let enough = self.used_mbits(device) + asked.mbits <= *mbits;
            enough
                && self
                    .on(device)
                    .all(|(_, one)| one.ports.is_disjoint(&asked.ports))
        })
    }

    /// On the first device where enough can go: who holds a port that is needed, then the least important and nearest.
    fn for_network(&self, asked: &Network) -> Option<Vec<usize>> {
        let groups = self.candidates();
        let may_go = |place: usize| groups.values().any(|group| group.contains(&place));
        let mbits = |place: &usize| {
            self.tasks[*place]
                .network
                .as_ref()
                .map_or(0, |one| one.mbits)
        };
        for (device, total) in &self.node.networks {
            let free = total - self.used_mbits(device);
            let holds = |(_, one): &(usize, &Network)| !one.ports.is_disjoint(&asked.ports);
            let holders: Vec<usize> = self
                .on(device)
                .filter(holds)
                .map(|(place, _)| place)
                .collect();
            if *total < asked.mbits || !holders.iter().all(|place| may_go(*place)) {
                continue;
            }
            let mut chosen = holders;
            let on: Vec<usize> = self.on(device).map(|(place, _)| place).collect();
            for group in groups.values() {
                let mut group: Vec<usize> = group
                    .iter()
                    .copied()
                    .filter(|one| on.contains(one))
                    .collect();
                let near = |place: &usize| {
                    network_distance(asked.mbits, mbits(place)) + penalty(&self.tasks[*place])
                };
                group.sort_by_key(near);
                for place in group {
                    if free + chosen.iter().map(mbits).sum::<i64>() >= asked.mbits {
                        break;
                    }
                    if !chosen.contains(&place) {
                        chosen.push(place);
                    }
                }
            }
            if free + chosen.iter().map(mbits).sum::<i64>() < asked.mbits {
                continue;
            }
            chosen.sort_by_key(|place| Reverse(network_distance(asked.mbits, mbits(place))));
            let mut room = free;
            chosen.retain(|place| {
                let needed = room < asked.mbits;
                room += if needed { mbits(place) } else { 0 };
                needed
            });
            return Some(chosen);
        }
        None
    }

    fn kinds(&self, asked: &str) -> impl Iterator<Item = &'a Device> {
        self.node
            .devices
            .iter()
            .filter(move |device| device.is(asked))
    }

    fn free_instances(&self, device: &Device) -> i64 {
        let used = self
            .left()
            .filter_map(|(_, task)| task.devices.get(&device.id[2]));
        device.instances - used.sum::<i64>()
    }

    /// Of each kind enough of the least important; of these kinds the one whose priorities add up to the least.
    fn for_devices(&self, asked: &str, count: i64) -> Option<Vec<usize>> {
        let option = |device: &Device| {
            let uses = |place: &usize| {
                self.tasks[*place]
                    .devices
                    .get(&device.id[2])
                    .copied()
                    .unwrap_or(0)
            };
            let free = self.free_instances(device);
            let mut chosen: Vec<usize> = Vec::new();
            let mut freed = free;
            for place in self
                .candidates()
                .into_values()
                .flatten()
                .filter(|place| uses(place) > 0)
            {
                if freed >= count {
                    break;
                }
                freed += uses(&place);
                chosen.push(place);
            }
            if freed < count {
                return None;
            }
            chosen.sort_by_key(|place| Reverse(uses(place)));
            let mut taken = 0;
            chosen.retain(|place| {
                let needed = taken < count;
                taken += if needed { uses(place) } else { 0 };
                needed
            });
            let priorities: BTreeSet<i64> = chosen
                .iter()
                .map(|place| self.tasks[*place].priority)
                .collect();
            Some((priorities.into_iter().sum::<i64>(), chosen))
        };
        let options = self.kinds(asked).filter_map(option);
        options
            .min_by_key(|(net, _)| *net)
            .map(|(_, chosen)| chosen)
    }

    /// The least important first, of them the nearest to what is still needed; then without those that are not needed after
    /// all.
    fn for_sizes(&self) -> Option<Vec<usize>> {
        let (ask, mut free) = (self.ask.sizes, self.free());
        let mut need = ask;
        let mut chosen = Vec::new();
        for mut group in self.candidates().into_values() {
            while !fits(ask, free) && !group.is_empty() {
                let cost = |place: &usize| {
                    distance(need, self.tasks[*place].sizes) + penalty(&self.tasks[*place])
                };
                let nearest = (0..group.len()).min_by_key(|at| cost(&group[*at]))?;
                let place = group.swap_remove(nearest);
                for (kind, size) in self.tasks[place].sizes.iter().enumerate() {
                    free[kind] += size;
                    need[kind] -= size;
                }
                chosen.push(place);
            }
        }
        if !fits(ask, free) {
            return None;
        }
        chosen.sort_by_key(|place| Reverse(distance(ask, self.tasks[*place].sizes)));
        let mut room = self.free();
        chosen.retain(|place| {
            let needed = !fits(ask, room);
            for (kind, size) in self.tasks[*place]
                .sizes
                .iter()
                .enumerate()
                .filter(|_| needed)
            {
                room[kind] += size;
            }
            needed
        });
        Some(chosen)
    }
}
