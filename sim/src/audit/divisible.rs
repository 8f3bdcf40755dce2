//! Clusters that can be divided at will among tenants who want more than there is, in exact fractions: what theorems are about.
//!
//! Every tenant needs something of every resource, as the proofs suppose: where somebody needs nothing of what is full and goes
//! on growing, DRF is not even monotone in the population.

use fairground_policies::master::Config;
use fairground_policies::name::Name;
use fairground_policies::personality::Personality;
use fairground_policies::resources::{Kind, Resources};
use fairground_solvers::ceei::{Buyer, equilibrium};
use fairground_workloads::rng::Stream;
use num_rational::Ratio;

use super::clusters::{Amounts, ClusterCase, ClusterTenant, Habit};
use super::property::Property;
use super::search::AuditCase;

/// An exact number. Amounts are small, so that sums and products of some of them fit.
pub type Exact = Ratio<i128>;

/// A cluster and its tenants, and what is changed about them where a property compares.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DivisibleCase {
    /// How much there is, by resource.
    pub capacity: Vec<u32>,
    /// What a task of each tenant needs, by resource.
    pub needs: Vec<Vec<u32>>,
    /// What the first tenant says that a task of its needs.
    pub lie: Vec<u32>,
    /// The resource that there is more of, and by how much.
    pub more: (usize, u32),
}

/// The largest amounts that are drawn.
const LARGEST: u64 = 100;
const LARGEST_NEED: u64 = 20;
/// The most resources and tenants.
const MOST: u64 = 3;
/// Sizes of the smallest cases.
const TINY: u64 = 4;

impl AuditCase for DivisibleCase {
    /// Two tenants on two resources (or one): everything they may need up to four, every lie and a bit more of the second.
    fn tiny(property: Property, number: u64) -> Option<Self> {
        let kinds = match property {
            // Whoever is left alone has everything.
            Property::PopulationMonotonicity => return None,
            Property::SingleResourceFairness => 1,
            _ => 2,
        };
        let mut left = number;
        let mut next = |below: u64| {
            let digit = left % below;
            left /= below;
            digit as u32 + 1
        };
        let mut amounts = || -> Vec<u32> { (0..kinds).map(|_| next(TINY)).collect() };
        let (first, second) = (amounts(), amounts());
        let lies = property == Property::StrategyProofness;
        let lie = if lies { amounts() } else { first.clone() };
        let grown = next(2) * 4;
        let capacity: Vec<u32> = (0..kinds)
            .map(|kind| if kind == 0 { 4 } else { grown })
            .collect();
        let case = Self {
            more: (kinds - 1, 4),
            capacity,
            needs: vec![first, second],
            lie,
        };
        (left == 0).then(|| case.fitted(property))
    }

    fn draw(property: Property, rng: &mut Stream) -> Self {
        let kinds = match property {
            Property::SingleResourceFairness => 1,
            _ => rng.between(1, MOST) as usize,
        };
        let tenants = match property {
            Property::PopulationMonotonicity => MOST,
            _ => rng.between(2, MOST),
        };
        let mut amounts = |most: u64| -> Vec<u32> {
            let amounts = (0..kinds).map(|_| rng.log_between(1, most) as u32);
            amounts.collect()
        };
        let case = Self {
            capacity: amounts(LARGEST),
            needs: (0..tenants).map(|_| amounts(LARGEST_NEED)).collect(),
            lie: amounts(LARGEST_NEED),
            more: (0, amounts(LARGEST)[0]),
        };
        let more = (rng.below(kinds as u64) as usize, case.more.1);
        Self { more, ..case }.fitted(property)
    }

    fn changed(&self, property: Property, rng: &mut Stream) -> Self {
        let mut case = self.clone();
        let kind = rng.below(self.capacity.len() as u64) as usize;
        let (number, most) = match rng.below(4) {
            0 => (&mut case.capacity[kind], LARGEST),
            1 => (&mut case.lie[kind], LARGEST_NEED),
            2 => (&mut case.more.1, LARGEST),
            _ => {
                let tenant = rng.below(self.needs.len() as u64) as usize;
                (&mut case.needs[tenant][kind], LARGEST_NEED)
            }
        };
        *number = match rng.below(3) {
            0 => number.saturating_sub(1).max(1),
            1 => (*number + 1).min(most as u32),
            _ => rng.log_between(1, most) as u32,
        };
        case.fitted(property)
    }

    fn smaller(&self, property: Property) -> Vec<Self> {
        let mut all = Vec::new();
        let mut push = |change: &dyn Fn(&mut Self)| {
            let mut case = self.clone();
            change(&mut case);
            let case = case.fitted(property);
            if case != *self {
                all.push(case);
            }
        };
        if self.needs.len() > 2 {
            for tenant in 0..self.needs.len() {
                push(&|case| {
                    case.needs.remove(tenant);
                });
            }
        }
        if self.capacity.len() > 1 {
            for kind in 0..self.capacity.len() {
                push(&|case| case.without_kind(kind));
            }
        }
        // All at once, as shares stay what they are.
        for by in [10, 2] {
            push(&|case| {
                for amount in &mut case.capacity {
                    *amount = (*amount / by).max(1);
                }
            });
        }
        for step in [2, 1] {
            let less = |amount: &mut u32| {
                *amount = if step == 2 {
                    amount.div_ceil(2)
                } else {
                    amount.saturating_sub(1).max(1)
                };
            };
            for kind in 0..self.capacity.len() {
                push(&|case| less(&mut case.capacity[kind]));
                for tenant in 0..self.needs.len() {
                    push(&|case| less(&mut case.needs[tenant][kind]));
                }
                push(&|case| less(&mut case.lie[kind]));
            }
            push(&|case| less(&mut case.more.1));
        }
        all
    }
}

impl DivisibleCase {
    /// The same with what the property supposes, and without what it does not look at.
    fn fitted(mut self, property: Property) -> Self {
        if property == Property::BottleneckFairness {
            self.keep_bottleneck();
        }
        if property != Property::StrategyProofness {
            self.lie.clone_from(&self.needs[0]);
        }
        if property != Property::ResourceMonotonicity {
            self.more = (0, 1);
        }
        self
    }

    /// The first resource is what everybody needs most of.
    fn keep_bottleneck(&mut self) {
        let first = u64::from(self.capacity[0]);
        for needs in &mut self.needs {
            for (kind, of) in self.capacity.iter().enumerate().skip(1) {
                let of = u64::from(*of);
                let least = (u64::from(needs[kind]) * first).div_ceil(of);
                needs[0] = needs[0].max(least as u32);
            }
        }
    }

    fn without_kind(&mut self, kind: usize) {
        self.capacity.remove(kind);
        self.lie.remove(kind);
        for needs in &mut self.needs {
            needs.remove(kind);
        }
        let (grown, by) = self.more;
        self.more = (grown.saturating_sub(usize::from(grown >= kind)), by);
    }

    /// A cluster that runs and is nearly so: one agent so many times as large that everybody has tasks by the dozen, and enough
    /// of them for a while.
    pub(super) fn as_cluster(&self, tasks: &[Exact]) -> ClusterCase {
        const LEAST: i128 = 20;
        const MANY: i128 = 2000;
        let least = tasks
            .iter()
            .min()
            .copied()
            .unwrap_or_default()
            .max(Exact::new(1, 1000));
        let times = (Exact::from_integer(LEAST) / least).ceil().to_integer() as u32;
        let amounts = |of: &[u32], times: u32| -> Amounts {
            std::array::from_fn(|kind| {
                of.get(kind)
                    .map_or(0, |amount| amount.saturating_mul(times))
            })
        };
        let tenants = self
            .needs
            .iter()
            .zip(tasks)
            .map(|(needs, tasks)| ClusterTenant {
                needs: amounts(needs, 1),
                run: 8,
                tasks: (*tasks * Exact::from_integer((8 * times).into()))
                    .to_integer()
                    .clamp(1, MANY) as u32,
                then: (0, 1),
                at: 0,
                weight: 1,
                role: 0,
                habit: Habit::Honest,
            });
        let mut size = amounts(&self.capacity, times);
        // There is no agent without memory.
        size[1] = size[1].max(1);
        ClusterCase {
            agents: 1,
            size,
            lie: amounts(&self.lie, 1),
            tenants: tenants.collect(),
            roles: 0,
            limit: 0,
            habit: Habit::Honest,
            more: (self.more.0, self.more.1 * times),
        }
    }

    pub(super) fn need(&self, tenant: usize, kind: usize) -> Exact {
        Exact::from_integer(self.needs[tenant][kind].into())
    }

    pub(super) fn has(&self, kind: usize) -> Exact {
        Exact::from_integer(self.capacity[kind].into())
    }

    /// What the tenants have as long as the first one lies.
    pub(super) fn with_lie(&self) -> Self {
        let mut case = self.clone();
        case.needs[0].clone_from(&self.lie);
        case
    }

    pub(super) fn without(&self, tenant: usize) -> Self {
        let mut case = self.clone();
        case.needs.remove(tenant);
        case
    }

    pub(super) fn with_more(&self) -> Self {
        let mut case = self.clone();
        case.capacity[self.more.0] += self.more.1;
        case
    }
}

/// How a policy divides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Division {
    /// What all have grows at once, so that everybody's largest part of a resource is equal, until what one needs is full.
    DominantShare,
    /// The same, so that the sum of everybody's parts is equal.
    SumOfShares,
    /// The same, so that everybody's part of one resource is equal.
    OneResource(usize),
    /// Everybody has an n-th of everything to itself.
    Partition,
    /// The largest product.
    Equilibrium,
}

impl Division {
    /// That of the policy of this name, if one is known. Rounds, offers and ties do not change it; with any other parameter
    /// it is not known.
    pub fn of(policy: &Name) -> Option<Self> {
        let mut rest = Personality::resolved(policy).ok()?;
        Config::from_name(&mut rest).ok()?;
        rest.take("tie");
        let division = match rest.base() {
            "drf" => Self::DominantShare,
            "asset" => Self::SumOfShares,
            "fair" => Self::OneResource(match rest.take("on").as_deref() {
                None | Some("cpus") => 0,
                Some("mem") => 1,
                Some(_) => return None,
            }),
            "static" => Self::Partition,
            "ceei" => Self::Equilibrium,
            _ => return None,
        };
        rest.finish(&[]).is_ok().then_some(division)
    }

    /// The tasks that each tenant has, and parts of them.
    pub fn tasks(self, case: &DivisibleCase) -> Vec<Exact> {
        let tenants = 0..case.needs.len();
        let kinds = 0..case.capacity.len();
        let part = |tenant: usize, kind: usize| case.need(tenant, kind) / case.has(kind);
        let parts = |tenant: usize| kinds.clone().map(move |kind| part(tenant, kind));
        match self {
            Self::DominantShare => {
                let costs = tenants.map(|tenant| parts(tenant).max().unwrap_or_default());
                filled(case, &costs.collect::<Vec<_>>())
            }
            Self::SumOfShares => {
                let costs = tenants.map(|tenant| parts(tenant).sum());
                filled(case, &costs.collect::<Vec<_>>())
            }
            Self::OneResource(kind) => {
                let kind = kind.min(case.capacity.len() - 1);
                let costs = tenants.map(|tenant| part(tenant, kind));
                filled(case, &costs.collect::<Vec<_>>())
            }
            Self::Partition => {
                let of = Exact::from_integer(case.needs.len() as i128);
                let whole = |tenant| parts(tenant).max().unwrap_or_default();
                tenants.map(|tenant| (whole(tenant) * of).recip()).collect()
            }
            Self::Equilibrium => bought(case),
        }
    }

    /// The part by which two amounts may differ and still count as equal: what the solver's solution is rounded by, where one is
    /// needed. All else is exact.
    pub fn tolerance(self) -> Exact {
        match self {
            Self::Equilibrium => Exact::new(1, 1000),
            _ => Exact::from_integer(0),
        }
    }
}

/// Grows what all have so that a task of each counts as much as it costs, until nobody can have more.
fn filled(case: &DivisibleCase, costs: &[Exact]) -> Vec<Exact> {
    let zero = Exact::from_integer(0);
    let mut tasks = vec![zero; costs.len()];
    let mut left: Vec<Exact> = (0..case.capacity.len())
        .map(|kind| case.has(kind))
        .collect();
    let mut open: Vec<usize> = (0..costs.len()).collect();
    while !open.is_empty() {
        let rate = |kind: usize| -> Exact {
            let rates = open
                .iter()
                .map(|tenant| case.need(*tenant, kind) / costs[*tenant]);
            rates.sum()
        };
        let rates: Vec<Exact> = (0..left.len()).map(rate).collect();
        let full = left.iter().zip(&rates).filter(|(_, rate)| **rate > zero);
        let Some(level) = full.map(|(left, rate)| left / rate).min() else {
            break;
        };
        for tenant in &open {
            tasks[*tenant] += level / costs[*tenant];
        }
        for (left, rate) in left.iter_mut().zip(&rates) {
            *left -= level * rate;
        }
        let wants =
            |tenant: &usize, kind: usize| case.needs[*tenant][kind] > 0 && left[kind] == zero;
        open.retain(|tenant| !(0..left.len()).any(|kind| wants(tenant, kind)));
    }
    tasks
}

/// The equilibrium, by the arithmetic of the policy itself.
fn bought(case: &DivisibleCase) -> Vec<Exact> {
    const PARTS: i128 = 1 << 20;
    let resources = |amounts: &[u32]| {
        let mut units = [0; Kind::COUNT];
        for (unit, amount) in units.iter_mut().zip(amounts) {
            *unit = u64::from(*amount);
        }
        Resources::from_units(units)
    };
    let total = resources(&case.capacity);
    let buyer = |needs: &Vec<u32>| Buyer {
        needs: resources(needs),
        // As much as there is: what is much more than that is beyond a solver's precision.
        most: case.capacity.iter().copied().max().unwrap_or(0).into(),
        weight: 1000,
    };
    let buyers: Vec<Buyer> = case.needs.iter().map(buyer).collect();
    let shares = equilibrium(&buyers, total);
    let tasks = shares.iter().enumerate().map(|(tenant, share)| {
        let parts = (0..case.capacity.len()).map(|kind| case.need(tenant, kind) / case.has(kind));
        let whole = parts.max().unwrap_or_default();
        Exact::new(i128::from(*share), PARTS) / whole
    });
    tasks.collect()
}
