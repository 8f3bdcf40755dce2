//! Which policies the laws are tried with.

use fairground_policies::allocators::Setup;
use fairground_policies::name::Name;
use fairground_policies::registry::Registry;
use fairground_workloads::rng::stream;

/// Of the first level.
pub(crate) const ALLOCATORS: [&str; 32] = [
    "static",
    "drf",
    "drf",
    "drf[tie=last]",
    "drf[tie=allocations]",
    "fair",
    "fair[on=mem]",
    "fair[on=gpus,tie=last]",
    "fifo",
    "random",
    "random",
    "lottery",
    "asset",
    "choosy[tie=random]",
    "hdrf",
    "slurm[half-life=1h,every=1m]",
    "tiresias[queues=1m,every=10s,preempt=no]",
    "tiresias[queues=1m,every=10s]",
    "borg",
    "yarn-fair",
    "yarn-capacity",
    "yarn-fair[preempt=0s]",
    "yarn-fair[on=cpus,preempt=15s]",
    "yarn-capacity[preempt=0s]",
    "kueue",
    "kueue[grace=2s]",
    "kai",
    "armada",
    "yarn-fair[on=dominant,preempt=0s]",
    // Not its proportion: what that leaves idle may be for ever (two queues of which each wants more than it deserves beside
    // the other), and with `beyond=yes` a run may take minutes.
    "volcano[queues=capacity]",
    "volcano[queues=drf,grace=3s]",
    "priority",
];

/// Under which what is possible on the cluster may wait for ever, by their own rules: what is larger than a slot, a gang of
/// more tasks than slots; what is more than a fair share of slices where no credits are left.
const WITHOUT_END: [&str; 2] = ["slots", "karma"];

#[test]
fn every_policy_is_under_the_laws() {
    for entry in Registry::default().allocators() {
        let mut named = ALLOCATORS.iter().chain(&WITHOUT_END);
        assert!(
            named.any(|name| name.starts_with(entry.name)),
            "{} is not under the laws",
            entry.name
        );
    }
}

/// Of the second level.
pub(crate) const SCHEDULERS: [&str; 11] = [
    "fair[speculate=1.5,quantile=0.5]",
    "fifo[speculate=1,quantile=0.25,wait=5s]",
    "fifo",
    "fair",
    "fair[wait=5s]",
    "fifo[wait=1m]",
    "fifo[wait=1us]",
    "sjf",
    "tetris[tie=random]",
    "carbyne[tie=last]",
    "themis",
];

/// Whether a scheduler decides on all that is free at once, and waits for more of it when it runs nothing.
pub(crate) fn gathers(scheduler: &Name) -> bool {
    let made = Registry::default().scheduler(scheduler);
    made.expect("a scheduler").gathers().is_some()
}

/// Whether a policy takes back what others hold.
pub(crate) fn takes_back(policy: &str) -> bool {
    let setup = Setup {
        shares: Vec::new(),
        agents: 0,
        rng: stream(1, "nobody draws").into_generator(),
    };
    let name = policy.parse().expect("a policy's name");
    let (_, allocator) = Registry::default()
        .allocator(&name, setup)
        .expect("a policy");
    allocator.reclaims()
}
