//! What every test asks of the log its master leaves behind.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use fairground_policies::registry::Registry;
use fairground_policies::replay::Replay;
use fairground_real::log::Reader;
use fairground_workloads::rng;

/// The log of a master that a test is about to start.
///
/// CI keeps it in the folder `FAIRGROUND_KEEP_LOGS`, where the simulator's program replays it once
/// more. It is an empty file from the start, which does not replay: no log goes missing unseen.
pub struct Kept {
    copy: Option<PathBuf>,
}

impl Kept {
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let folder = std::env::var_os("FAIRGROUND_KEEP_LOGS").map(PathBuf::from);
        let thread = std::thread::current();
        let test = thread.name().unwrap_or("test").replace("::", "-");
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{test}-{}-{number}.log", std::process::id());
        let copy = folder.map(|folder| folder.join(name));
        if let Some(copy) = &copy {
            std::fs::File::create(copy).expect("FAIRGROUND_KEEP_LOGS is a folder");
        }
        Self { copy }
    }

    /// A fresh core orders what the log says, every action of it; the laws hold after every step.
    pub fn replays(&self, log: &Path, registry: &Registry) {
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
        if let Some(copy) = &self.copy {
            std::fs::copy(log, copy).unwrap();
        }
    }
}
