//! What may be asked of a policy.

/// A property that a policy has or has not.
///
/// The first eight are those of Ghodsi et al., NSDI 2011, section 3 and table 2; the others are asked of any scheduler.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Property {
    /// Nobody is worse off than with an n-th of everything to itself.
    SharingIncentive,
    /// Nobody gains by asking for something else than it needs.
    StrategyProofness,
    /// Nobody would rather have what another has.
    EnvyFreeness,
    /// Nobody could have more without another having less.
    ParetoEfficiency,
    /// Of a single resource everybody has the same amount.
    SingleResourceFairness,
    /// Where one resource is what everybody needs most of, everybody has the same of it.
    BottleneckFairness,
    /// Nobody has less because another leaves.
    PopulationMonotonicity,
    /// Nobody has less because there is more.
    ResourceMonotonicity,
    /// Nothing is left free that somebody waits for.
    WorkConservation,
    /// Whoever waits gets something of the room that becomes free.
    NoStarvation,
    /// While somebody waits, others start only so many tasks.
    BoundedWaiting,
    /// What a role may not exceed is never exceeded.
    LimitsHold,
    /// Nobody loses work for room that then no other uses.
    UsefulPreemption,
    /// Where nothing comes and nothing ends, taking back ends.
    NoOscillation,
    /// An agent more does not make the work end later.
    CapacityMonotonicity,
}

impl Property {
    /// All of them, in the order of every table.
    pub const ALL: [Self; 15] = [
        Self::SharingIncentive,
        Self::StrategyProofness,
        Self::EnvyFreeness,
        Self::ParetoEfficiency,
        Self::SingleResourceFairness,
        Self::BottleneckFairness,
        Self::PopulationMonotonicity,
        Self::ResourceMonotonicity,
        Self::WorkConservation,
        Self::NoStarvation,
        Self::BoundedWaiting,
        Self::LimitsHold,
        Self::UsefulPreemption,
        Self::NoOscillation,
        Self::CapacityMonotonicity,
    ];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SharingIncentive => "sharing-incentive",
            Self::StrategyProofness => "strategy-proofness",
            Self::EnvyFreeness => "envy-freeness",
            Self::ParetoEfficiency => "pareto-efficiency",
            Self::SingleResourceFairness => "single-resource-fairness",
            Self::BottleneckFairness => "bottleneck-fairness",
            Self::PopulationMonotonicity => "population-monotonicity",
            Self::ResourceMonotonicity => "resource-monotonicity",
            Self::WorkConservation => "work-conservation",
            Self::NoStarvation => "no-starvation",
            Self::BoundedWaiting => "bounded-waiting",
            Self::LimitsHold => "limits-hold",
            Self::UsefulPreemption => "useful-preemption",
            Self::NoOscillation => "no-oscillation",
            Self::CapacityMonotonicity => "capacity-monotonicity",
        }
    }

    /// What it asks.
    pub const fn about(self) -> &'static str {
        match self {
            Self::SharingIncentive => {
                "nobody runs fewer tasks than in an n-th of the cluster of its own"
            }
            Self::StrategyProofness => {
                "nobody gains by asking for more or less than its tasks need, or by refusing for an hour"
            }
            Self::EnvyFreeness => "nobody could run more tasks with what another has",
            Self::ParetoEfficiency => "nobody could run more tasks without another running fewer",
            Self::SingleResourceFairness => "of a single resource everybody has as much",
            Self::BottleneckFairness => {
                "of a resource that everybody needs most of everybody has as much"
            }
            Self::PopulationMonotonicity => "nobody runs fewer tasks because another is not there",
            Self::ResourceMonotonicity => "nobody runs fewer tasks because there is more",
            Self::WorkConservation => "no task waits while an agent has room for it",
            Self::NoStarvation => "who waits gets some of the room that becomes free",
            Self::BoundedWaiting => "while somebody waits others start only so many tasks",
            Self::LimitsHold => "a role never holds more than its limit",
            Self::UsefulPreemption => {
                "room that a task was preempted for is used by another framework"
            }
            Self::NoOscillation => "where nothing comes and nothing ends, taking back ends",
            Self::CapacityMonotonicity => {
                "the last task does not end later because there is an agent more"
            }
        }
    }

    /// How much is let pass in a running cluster.
    pub const fn slack(self) -> &'static str {
        match self {
            Self::SharingIncentive
            | Self::EnvyFreeness
            | Self::StrategyProofness
            | Self::PopulationMonotonicity
            | Self::ResourceMonotonicity => "but for as many as the largest task of anybody is",
            Self::SingleResourceFairness | Self::BottleneckFairness => {
                "but for the largest task of anybody"
            }
            Self::ParetoEfficiency => "but for one",
            Self::WorkConservation => "for longer than 6 s: a round, and a refusal",
            Self::NoStarvation => {
                "if others start ten tasks or more there that are as large as its own"
            }
            Self::BoundedWaiting => "ten times as many as run at once, whatever their size",
            Self::UsefulPreemption => "within 1 s",
            Self::NoOscillation => "before ten times as many are preempted as there are",
            Self::LimitsHold | Self::CapacityMonotonicity => "",
        }
    }

    /// Whether it can be asked of a division of what can be divided at will.
    pub const fn is_of_divisions(self) -> bool {
        matches!(
            self,
            Self::SharingIncentive
                | Self::StrategyProofness
                | Self::EnvyFreeness
                | Self::ParetoEfficiency
                | Self::SingleResourceFairness
                | Self::BottleneckFairness
                | Self::PopulationMonotonicity
                | Self::ResourceMonotonicity
        )
    }
}
