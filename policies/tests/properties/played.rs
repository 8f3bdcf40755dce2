//! Which policies the properties are tried with.

/// The policies that are played: every one there is.
pub(crate) const POLICIES: [&str; 40] = [
    "drf",
    "drf[tie=last]",
    "drf[tie=allocations]",
    "drf[exclude=gpus:mem]",
    "fair[on=mem]",
    "fifo",
    "cap[most=30]",
    "cap[most=70]",
    "shortest",
    "preempt",
    "preempt[grace=3s]",
    "decayed[half-life=1s,every=300ms]",
    "priority",
    "borg[production=2,monitoring=4]",
    "random",
    "static",
    "lottery",
    "slots[per-agent=3]",
    "asset",
    "asset[tie=random]",
    "choosy",
    "hdrf",
    "hdrf[rules=scaled]",
    "karma[on=cpus,slices=7,quantum=900ms,credits=3]",
    "tiresias[queues=1s:5s,every=300ms]",
    "tiresias[queues=1s,every=300ms,preempt=no]",
    "slurm[half-life=1s,every=300ms]",
    "yarn-fair",
    "yarn-fair[on=cpus,preempt=2s]",
    "yarn-fair[on=dominant,preempt=2s]",
    "yarn-capacity",
    "yarn-capacity[preempt=0s,at-once=100]",
    "yarn-capacity[calculator=dominant,preempt=2s]",
    "kueue",
    "kai",
    "kai[quota=0,k=1,half-life=1s,every=300ms]",
    "armada[protected=0]",
    // What it leaves idle otherwise follows from what all want; its script shows it.
    "volcano[beyond=yes]",
    "volcano[queues=capacity]",
    "volcano[queues=drf,grace=3s]",
];

#[test]
fn every_policy_is_played() {
    for entry in crate::examples::registry().allocators() {
        let mut played = POLICIES.iter();
        assert!(
            played.any(|played| played.starts_with(entry.name)),
            "{} is not played",
            entry.name
        );
    }
}
