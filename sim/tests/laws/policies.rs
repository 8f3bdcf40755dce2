//! Which policies the laws are tried with.

/// Of the first level.
pub(crate) const ALLOCATORS: [&str; 25] = [
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
