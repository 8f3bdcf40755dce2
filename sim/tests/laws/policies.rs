//! Which policies the laws are tried with.

use fairground_policies::allocators::Setup;
use fairground_policies::registry::Registry;
use fairground_workloads::rng::stream;

/// Of the first level.
pub(crate) const ALLOCATORS: [&str; 28] = [
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
];
/// Of the second level.
pub(crate) const SCHEDULERS: [&str; 8] = [
    "fair[speculate=1.5,quantile=0.5]",
    "fifo[speculate=1,quantile=0.25,wait=5s]",
    "fifo",
    "fair",
    "fair[wait=5s]",
    "fifo[wait=1m]",
    "fifo[wait=1us]",
    "sjf",
];

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
