//! Small clusters by chance, their neighbours, and what of them a property looks at.

use fairground_workloads::rng::Stream;

use super::clusters::{Amounts, ClusterCase, ClusterTenant, Habit};
use super::property::Property;
use super::search::AuditCase;

/// The largest amounts of an agent.
const LARGEST: u32 = 12;
/// The tasks of a tenant that is to want more all the time.
const MANY: u32 = 60;
/// How long tasks run that do not end while anybody looks.
const FOR_EVER: u32 = 10_000;

impl AuditCase for ClusterCase {
    /// Two tenants on one resource of one agent, the first of which is there first.
    fn tiny(property: Property, number: u64) -> Option<Self> {
        let mut left = number;
        let mut next = || {
            let digit = (left % 2) as u32;
            left /= 2;
            digit
        };
        let tenant = |needs, tasks, run, at| ClusterTenant {
            needs: [needs, 1, 0],
            run,
            tasks,
            then: (0, 1),
            at,
            weight: 1,
            role: 0,
            habit: Habit::Honest,
        };
        let size = 2 + 2 * next();
        let first = tenant(1 + next(), 4, 3, 0);
        let second = tenant(1 + next(), 4 + 4 * next(), 1 + 2 * next(), 5 * next());
        let case = Self {
            agents: 1,
            size: [size, 8, 0],
            lie: [3 - first.needs[0], 1, 0],
            tenants: vec![first, second],
            roles: 0,
            limit: 0,
            habit: Habit::Honest,
            more: (0, 1),
        };
        (left == 0).then(|| case.fitted(property))
    }

    fn draw(property: Property, rng: &mut Stream) -> Self {
        let gpus = rng.chance(300);
        let mut amounts = |most: u32| -> Amounts {
            let mut amount = || rng.log_between(1, most.into()) as u32;
            [amount(), amount(), if gpus { amount() } else { 0 }]
        };
        let size = amounts(LARGEST).map(|amount| if amount > 0 { amount.max(2) } else { 0 });
        let (lie, needs) = (amounts(6), [amounts(6), amounts(6), amounts(6)]);
        let more = amounts(LARGEST)[0];
        let roles = if rng.chance(500) { 2 } else { 0 };
        // In a tree two are below one role, or it is none.
        let count = if roles > 0 {
            3
        } else {
            rng.between(2, 3) as usize
        };
        let habit = *rng
            .choose(&[Habit::Honest, Habit::Honest, Habit::LongRefusal])
            .unwrap_or(&Habit::Honest);
        let mut tenant = |needs: Amounts| {
            // Of some resources nothing: who needs only one of them is what trees are wrong about.
            let only = rng.below(3) as usize;
            let kept = |kind: usize| {
                if roles > 0 && only < 2 && kind != only {
                    0
                } else {
                    needs[kind]
                }
            };
            ClusterTenant {
                needs: std::array::from_fn(kept),
                run: rng.between(1, 6) as u32,
                tasks: rng.between(1, 12) as u32,
                then: (rng.between(0, 4) as u32, rng.between(1, 12) as u32),
                at: if rng.chance(500) {
                    0
                } else {
                    rng.between(1, 20) as u32
                },
                weight: if rng.chance(700) {
                    1
                } else {
                    rng.between(2, 4) as u32
                },
                role: rng.between(0, roles) as u32,
                habit: Habit::Honest,
            }
        };
        let mut tenants: Vec<ClusterTenant> =
            needs.into_iter().take(count).map(&mut tenant).collect();
        if roles > 0 {
            let last = tenants[1].role;
            tenants[2].role = last;
        }
        Self {
            agents: rng.between(1, 3) as u32,
            size,
            tenants,
            roles: roles as u32,
            limit: rng.between(1, 4) as u32,
            lie,
            habit,
            more: (rng.below(if gpus { 3 } else { 2 }) as usize, more),
        }
        .fitted(property)
    }

    fn changed(&self, property: Property, rng: &mut Stream) -> Self {
        let mut case = self.clone();
        let kind = rng.below(3) as usize;
        let up = rng.chance(500);
        let step = |number: &mut u32| {
            *number = if up {
                *number + 1
            } else {
                number.saturating_sub(1)
            };
        };
        let one = rng.below(case.tenants.len() as u64) as usize;
        let tenant = &mut case.tenants[one];
        match rng.below(11) {
            9 => step(&mut tenant.then.0),
            10 => step(&mut tenant.then.1),
            0 => step(&mut case.size[kind]),
            1 => step(&mut case.agents),
            2 => step(&mut case.lie[kind]),
            3 => step(&mut case.more.1),
            4 => step(&mut tenant.run),
            5 => step(&mut tenant.tasks),
            6 => step(&mut tenant.at),
            7 => step(&mut tenant.role),
            _ => step(&mut tenant.needs[kind]),
        }
        case.fitted(property)
    }

    fn smaller(&self, property: Property) -> Vec<Self> {
        let mut all = Vec::new();
        let mut push = |change: &dyn Fn(&mut Self)| {
            let mut case = self.clone();
            change(&mut case);
            let case = case.fitted(property);
            if case != *self && !all.contains(&case) {
                all.push(case);
            }
        };
        for tenant in 0..self.tenants.len() {
            push(&|case| {
                if case.tenants.len() > 1 {
                    case.tenants.remove(tenant);
                }
            });
        }
        push(&|case| case.roles = 0);
        push(&|case| case.habit = Habit::Honest);
        push(&|case| case.agents -= 1);
        let size: Vec<fn(&mut u32)> = vec![|number| *number = number.div_ceil(2), |number| {
            *number = number.saturating_sub(1);
        }];
        for less in size {
            for kind in 0..3 {
                push(&|case| less(&mut case.size[kind]));
                push(&|case| less(&mut case.lie[kind]));
            }
            push(&|case| less(&mut case.more.1));
            push(&|case| less(&mut case.limit));
            for tenant in 0..self.tenants.len() {
                push(&|case| less(&mut case.tenants[tenant].tasks));
                push(&|case| less(&mut case.tenants[tenant].then.0));
                push(&|case| less(&mut case.tenants[tenant].then.1));
                push(&|case| less(&mut case.tenants[tenant].at));
                push(&|case| less(&mut case.tenants[tenant].run));
                push(&|case| less(&mut case.tenants[tenant].weight));
                push(&|case| less(&mut case.tenants[tenant].role));
                for kind in 0..3 {
                    push(&|case| less(&mut case.tenants[tenant].needs[kind]));
                }
            }
        }
        all
    }
}

impl ClusterCase {
    /// The same with what the property supposes and what a run needs, and without what the property does not look at.
    fn fitted(mut self, property: Property) -> Self {
        use Property as P;
        let of_shares = property.is_of_divisions();
        self.agents = if of_shares {
            1
        } else {
            self.agents.clamp(1, 4)
        };
        self.size = self.size.map(|amount| amount.min(2 * LARGEST));
        self.size[0] = self.size[0].max(1);
        self.size[1] = self.size[1].max(1);
        for kind in 0..3 {
            self.lie[kind] = self.lie[kind].min(self.size[kind]);
        }
        let many = of_shares || matches!(property, P::NoStarvation | P::BoundedWaiting);
        for tenant in &mut self.tenants {
            for kind in 0..3 {
                tenant.needs[kind] = tenant.needs[kind].min(self.size[kind]);
                if of_shares && self.size[kind] > 0 && kind < 2 {
                    tenant.needs[kind] = tenant.needs[kind].max(1);
                }
            }
            if tenant.needs == [0; 3] {
                tenant.needs[0] = 1;
            }
            tenant.run = match property {
                P::NoOscillation => FOR_EVER,
                _ => tenant.run.clamp(1, 12),
            };
            tenant.tasks = if many {
                MANY
            } else {
                tenant.tasks.clamp(1, 24)
            };
            tenant.then.0 = match property {
                // Where nothing waits for anything more agents are rarely too many (Graham 1966).
                P::CapacityMonotonicity => tenant.then.0.min(8),
                _ => 0,
            };
            tenant.then.1 = tenant.then.1.clamp(1, 12);
            if many && !of_shares {
                tenant.needs = tenant.needs.map(|needs| needs.min(4));
            }
            if of_shares || property == P::WorkConservation {
                tenant.weight = 1;
            }
            tenant.weight = tenant.weight.max(1);
        }
        if matches!(property, P::NoStarvation | P::BoundedWaiting) {
            self.keep_room();
        }
        self.keep_roles(property);
        self.keep_change(property);
        if matches!(property, P::SingleResourceFairness | P::BottleneckFairness) {
            self.keep_bottleneck(property);
        }
        self
    }

    fn keep_roles(&mut self, property: Property) {
        use Property as P;
        match property {
            P::NoStarvation | P::BoundedWaiting | P::UsefulPreemption | P::NoOscillation => {
                self.limit = 0;
            }
            P::LimitsHold => {
                self.roles = self.roles.max(1);
                self.tenants[0].role = 1;
                let least = self.tenants.iter().filter(|one| one.role == 1);
                let least = least.map(|one| one.needs[0]).max();
                self.limit = self.limit.max(least.unwrap_or(1)).max(1);
            }
            _ => (self.roles, self.limit) = (0, 0),
        }
        // Roles in which nobody is are none.
        let in_one = |role: u32| {
            self.tenants
                .iter()
                .any(|one| one.role.min(self.roles) == role)
        };
        let used: Vec<u32> = (1..=self.roles).filter(|role| in_one(*role)).collect();
        for tenant in &mut self.tenants {
            let role = tenant.role.min(self.roles);
            let at = used.iter().position(|used| *used == role);
            tenant.role = at.map_or(0, |at| at as u32 + 1);
        }
        self.roles = used.len() as u32;
    }

    fn keep_change(&mut self, property: Property) {
        if property == Property::StrategyProofness {
            for kind in 0..3 {
                let least = u32::from(self.tenants[0].needs[kind] > 0);
                self.lie[kind] = self.lie[kind].max(least);
            }
        } else {
            (self.lie, self.habit) = (self.tenants[0].needs, Habit::Honest);
        }
        if property == Property::ResourceMonotonicity {
            // There is no more of what there is none of.
            if self.size[self.more.0] == 0 {
                self.more.0 = 0;
            }
            self.more.1 = self.more.1.clamp(1, LARGEST);
        } else {
            self.more = (0, 1);
        }
    }

    /// Everybody's share is the largest task or more, in a tree of two roles, too: with less, somebody without any is no further
    /// from it than by a task.
    fn keep_room(&mut self) {
        for kind in 0..3 {
            let largest = self.tenants.iter().map(|one| one.needs[kind]).max();
            let times = if self.roles > 0 {
                4
            } else {
                self.tenants.len() as u32
            };
            self.size[kind] = self.size[kind].max(times * largest.unwrap_or(0));
        }
    }

    /// Cores are what everybody needs, or needs most of.
    fn keep_bottleneck(&mut self, property: Property) {
        if property == Property::SingleResourceFairness {
            // Memory that is never short, and nothing else.
            self.size[1] = 2 * LARGEST;
            self.size[2] = 0;
        }
        let [cores, others @ ..] = self.size;
        for tenant in &mut self.tenants {
            for (kind, of) in others.iter().enumerate() {
                // As large a part as of the cores, at most.
                let most = match property {
                    Property::SingleResourceFairness => 0,
                    _ => tenant.needs[0] * of / cores,
                };
                tenant.needs[kind + 1] = tenant.needs[kind + 1].min(most);
            }
        }
    }
}
