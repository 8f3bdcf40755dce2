//! Being told to end: within a moment, and without anything half made left behind.
//!
//! SIGTERM and SIGHUP end any command. Ctrl-C does, too, unless a comparison has seeds that are done:
//! then the runs under way are given up and what is done is kept; a second one ends it.

use std::sync::atomic::{AtomicBool, Ordering};

use fairground_workloads::say;
use fairground_workloads::scratch;

/// Whether there is something to keep.
static DONE: AtomicBool = AtomicBool::new(false);
/// Whether everything under way is to be given up, and what is done to be kept.
static STOP: AtomicBool = AtomicBool::new(false);

/// From here on there is something that an interruption should keep.
pub(super) fn something_is_done() {
    DONE.store(true, Ordering::Relaxed);
}

/// Set when everything under way is to be given up.
pub(super) fn stop() -> &'static AtomicBool {
    &STOP
}

/// Listens from now on.
#[cfg(unix)]
pub(super) fn listen() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    let signals = Signals::new([SIGINT, SIGTERM, SIGHUP]);
    let mut signals = match signals {
        Ok(signals) => signals,
        Err(error) => {
            say!("warning: an interruption will leave temporary files: {error}");
            return;
        }
    };
    std::thread::spawn(move || {
        for signal in signals.forever() {
            let keep = signal == SIGINT && DONE.load(Ordering::Relaxed);
            if keep && !STOP.swap(true, Ordering::Relaxed) {
                say!("interrupted: the seeds that are done are kept (again to stop at once)");
                continue;
            }
            scratch::remove_all();
            std::process::exit(128 + signal);
        }
    });
}

/// Listens from now on.
#[cfg(not(unix))]
pub(super) fn listen() {}
