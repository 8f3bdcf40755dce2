//! What a simulation costs: the event queue with few and many items, and one run of the nine hosts.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use fairground_policies::registry::Registry;
use fairground_policies::time::{Span, Time};
use fairground_sim::experiment::Experiment;
use fairground_sim::queue::Queue;
use fairground_sim::recipe::Recipe;
use fairground_workloads::rng;

/// Delays drawn once, so that the generator is not measured.
const DELAYS: usize = 4096;

/// The hold model: every item that is taken out puts one back a while later.
fn hold(criterion: &mut Criterion, pending: usize) {
    let mut stream = rng::stream(1, "bench");
    let delays: Vec<Span> = (0..DELAYS)
        .map(|_| stream.exponential(Span::from_secs(1)))
        .collect();
    let mut queue = Queue::default();
    for i in 0..pending {
        queue.push(Time::ZERO + delays[i % DELAYS], i);
    }
    let mut turn = 0;
    criterion.bench_function(&format!("queue/hold/{pending}"), |bencher| {
        bencher.iter(|| {
            let (now, item) = queue.pop().expect("a pending item");
            turn = (turn + 1) % DELAYS;
            queue.push(now + delays[turn], black_box(item));
        });
    });
}

fn queue(criterion: &mut Criterion) {
    hold(criterion, 1_000);
    hold(criterion, 100_000);
}

fn nine_hosts(criterion: &mut Criterion) {
    let loaded = Recipe::load(None, &[]).expect("the built-in recipe");
    let experiment = Experiment::load(&loaded, Registry::default()).expect("known names");
    let trace = experiment.trace(1).expect("a synthetic trace");
    let policy = "drf".parse().expect("a name");
    let mut group = criterion.benchmark_group("run");
    group.sample_size(10);
    group.bench_function("nine-hosts/drf", |bencher| {
        bencher.iter(|| black_box(experiment.run(&policy, &trace, 1, false)));
    });
    group.finish();
}

criterion_group!(benches, queue, nine_hosts);
criterion_main!(benches);
