//! Progress on a terminal, silence elsewhere; and a first ctrl-C that keeps what is done.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use indicatif::{ProgressBar, ProgressStyle};

use crate::experiment::Watcher;

/// Shows how far an experiment is, and stops it on ctrl-C.
pub(super) struct Progress {
    bar: ProgressBar,
    interrupted: Arc<AtomicBool>,
}

/// How far a file or a folder of parts is read, in bytes, and how fast; on a terminal.
pub(super) fn of_reading(path: &Path) -> ProgressBar {
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    let all = match std::fs::read_dir(path) {
        Ok(files) => files.flatten().map(|file| size(&file.path())).sum(),
        Err(_) => size(path),
    };
    let template = "{wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {msg}";
    let style = ProgressStyle::with_template(template).expect("the template is well-formed");
    ProgressBar::new(all).with_style(style)
}

static INTERRUPTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

impl Progress {
    /// Progress on standard error if that is a terminal. From here on the first ctrl-C lets the
    /// runs under way finish; a second one ends the program.
    pub(super) fn begin() -> Self {
        let flag = INTERRUPTED.get_or_init(|| {
            let flag = Arc::new(AtomicBool::new(false));
            let seen = Arc::clone(&flag);
            let installed = ctrlc::set_handler(move || {
                if seen.swap(true, Ordering::Relaxed) {
                    std::process::exit(130);
                }
                eprintln!("interrupted: finishing the runs under way (again to stop at once)");
            });
            if let Err(error) = installed {
                eprintln!("warning: ctrl-C will not keep finished seeds: {error}");
            }
            flag
        });
        let style = ProgressStyle::with_template("{msg:>8} {wide_bar} {pos}/{len} {eta:>4}")
            .expect("the template is well-formed");
        let bar = ProgressBar::new(0).with_style(style);
        Self {
            bar,
            interrupted: Arc::clone(flag),
        }
    }

    pub(super) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

impl Watcher for Progress {
    fn begin(&self, what: &str, total: u64) {
        self.bar.reset();
        self.bar.set_message(what.to_owned());
        self.bar.set_length(total);
    }

    fn tick(&self) {
        self.bar.inc(1);
    }

    fn stop(&self) -> bool {
        self.is_interrupted()
    }
}
