//! Lists of jobs: every record is one.

use std::path::Path;

use super::{Draft, Import, millis};
use crate::canonical::tables::Tasks;
use crate::error::ReadError;
use crate::formats::{Format, cook};

type Done = Result<(), ReadError>;

pub(super) fn convert(import: &mut Import<'_>, path: &Path, format: Format) -> Option<Done> {
    Some(match format {
        Format::Swf => super::swf::log(import, path),
        Format::CookJobs => cook(import, path),
        _ => return None,
    })
}

fn cook(import: &mut Import<'_>, path: &Path) -> Done {
    // Submissions may lie before zero, by how much is known only after all of them.
    let mut earliest = 0;
    for job in cook::jobs::records(path)?.flatten() {
        earliest = earliest.min(job.submit);
    }
    let moved = earliest.unsigned_abs();
    if moved > 0 {
        import.assume(
            "clock",
            format!("{moved} ms later, so that it begins at zero"),
        );
    }
    import.each(cook::jobs::records(path)?, |import, job| {
        let tasks = Tasks {
            count: 1,
            run: u64::try_from(job.run).ok().map(millis),
            cpus: Some(job.amount("cpus") / 1000),
            memory: Some(job.amount("mem").div_ceil(1_000_000)),
            gpus: Some(job.amount("gpus") / 1000),
            ..Tasks::default()
        };
        let submit = (job.submit - earliest).unsigned_abs();
        let mut draft = Draft::simple(job.uuid, Some(millis(submit)), tasks).by(job.user);
        draft.priority = job
            .priority
            .and_then(|priority| u64::try_from(priority).ok());
        import.job(draft)
    })
}
