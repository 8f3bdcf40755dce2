//! Progress on a terminal, silence elsewhere.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

use super::ending;
use crate::experiment::Watcher;

/// Shows how far an experiment is.
pub(super) struct Progress {
    bar: ProgressBar,
    /// Whether an interruption keeps what is done.
    keeps: bool,
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

impl Progress {
    /// Progress on standard error if that is a terminal. What `keeps` seeds that are done is not ended
    /// by the first ctrl-C once there is one.
    pub(super) fn begin(keeps: bool) -> Self {
        let style = ProgressStyle::with_template("{msg:>8} {wide_bar} {pos}/{len} {eta:>4}")
            .expect("the template is well-formed");
        let bar = ProgressBar::new(0).with_style(style);
        Self { bar, keeps }
    }

    pub(super) fn is_interrupted(&self) -> bool {
        self.flag().load(Ordering::Relaxed)
    }

    /// A search of so many steps at most begins.
    pub(super) fn begin_search(&self, most: u64) {
        let template = "{wide_bar} {pos}/{len} {msg}";
        let style = ProgressStyle::with_template(template).expect("the template is well-formed");
        self.bar.set_style(style);
        self.bar.set_length(most);
    }

    /// So many steps are done, and this is how good the best is.
    pub(super) fn reached(&self, steps: u64, best: &str) {
        self.bar.set_message(best.to_owned());
        self.bar.set_position(steps);
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

    fn flag(&self) -> &AtomicBool {
        ending::stop()
    }

    fn done(&self) {
        if self.keeps {
            ending::something_is_done();
        }
    }
}
