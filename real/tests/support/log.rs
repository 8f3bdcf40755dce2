//! What every test asks of the log its master left behind.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use fairground_policies::registry::Registry;
use fairground_policies::replay::Replay;
use fairground_real::log::Reader;
use fairground_workloads::rng;

/// A fresh core orders what the log says, every action of it; the laws hold after every step. The
/// log is kept for CI, which lets the simulator's program say the same.
pub fn replays(log: &Path) {
    replays_with(log, &Registry::default());
}

/// The same for a policy that is not Fairground's own.
pub fn replays_with(log: &Path, registry: &Registry) {
    let reader = Reader::open(log).unwrap().expect("a log");
    let settings = reader.settings();
    let rng = rng::stream(settings.seed, "policy").into_generator();
    let mut fresh = Replay::new(registry.master(&settings.allocator, rng).unwrap());
    for turn in reader {
        let turn = turn.unwrap();
        for step in &turn.steps {
            let same = fresh.agrees(step);
            assert!(same, "line {}: {step:?}: {:?}", turn.line, fresh.orders());
        }
    }
    keep(log);
}

/// Copies a log to the folder `FAIRGROUND_KEEP_LOGS`, if there is one.
fn keep(log: &Path) {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let Some(folder) = std::env::var_os("FAIRGROUND_KEEP_LOGS").map(PathBuf::from) else {
        return;
    };
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("test").replace("::", "-");
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("{test}-{}-{number}.log", std::process::id());
    std::fs::copy(log, folder.join(name)).expect("FAIRGROUND_KEEP_LOGS is a folder");
}
