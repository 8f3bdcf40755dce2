//! Lists of jobs: every record is one.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Draft, Import, ended, millis, opendc, seconds};
use crate::canonical::account::Became;
use crate::canonical::tables::{Tasks, Usage};
use crate::error::ReadError;
use crate::formats::{Format, azure_functions, azure_vm, cook, gavel};

type Done = Result<(), ReadError>;

pub(super) fn convert(import: &mut Import<'_>, path: &Path, format: Format) -> Option<Done> {
    Some(match format {
        Format::Swf => super::swf::log(import, path),
        Format::GavelJobs => gavel(import, path),
        Format::AzureVms => machines(import, path),
        Format::OpenDcTasks => opendc::tasks(import, path),
        Format::AzureInvocations => invocations(import, path),
        Format::CookJobs => cook(import, path),
        _ => return None,
    })
}

/// Training jobs by GPUs.
fn gavel(import: &mut Import<'_>, path: &Path) -> Done {
    let shape = "a task a GPU, all at the same time; CPU and memory are not in the source";
    import.assume("job shape", shape);
    let model = "not in the source: steps divided by the speed of a GPU (gavel-throughputs)";
    import.assume("run times", model);
    import.each(gavel::jobs::records(path)?, |import, job| {
        let name = format!("{}, {} steps", job.kind, job.steps);
        let draft = Draft::simple(name, Some(job.arrival), super::workers(job.gpus, None));
        import.job(draft.gang())
    })
}

/// Virtual machines.
fn machines(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "job shape",
        "a virtual machine is a task that asks for all of its size",
    );
    import.assume("memory", "a GB is 1024 MiB");
    let mut known: BTreeSet<[u8; 16]> = BTreeSet::new();
    let (mut open, mut short) = (0_u64, 0_u64);
    import.each(azure_vm::table::records(path)?, |import, vm| {
        // A part of the hash: names are long, and a table has millions.
        let mut name = [0; 16];
        name.copy_from_slice(&blake3::hash(vm.vm.as_bytes()).as_bytes()[..16]);
        if !known.insert(name) {
            return Ok(Became::Merged("another row of the same machine"));
        }
        open += u64::from(vm.cores.more || vm.gigabytes.more);
        short += u64::from(vm.deleted == vm.created);
        let tasks = Tasks {
            cpus: Some(vm.cores.amount / 1000),
            memory: Some((u128::from(vm.gigabytes.amount) * 1024 / 1_000_000) as u64),
            ..ended(vm.deleted.checked_sub(vm.created).map(seconds))
        };
        let reading = Usage {
            job: import.number(),
            start: seconds(vm.created),
            length: seconds(vm.deleted.saturating_sub(vm.created)),
            cpus: vm.avg_cpu / 100,
        };
        let draft = Draft::simple(vm.vm, Some(seconds(vm.created)), tasks);
        import.numbered(reading.job, draft.by(vm.subscription))?;
        import.push(reading)?;
        Ok(Became::Imported)
    })?;
    import.assume(
        "usage",
        "the mean in percent of a machine, over all of its life",
    );
    if open > 0 {
        let model = format!(
            "the lower end, for {open} machines: one of more than 24 cores has 24, one of more than \
             64 GB has 64"
        );
        import.assume("open buckets", model);
    }
    if short > 0 {
        let model = format!(
            "{short} machines were created and deleted in one step: they run for 0 s, and may have \
             run for up to 300 s"
        );
        import.assume("run times", model);
    }
    Ok(())
}

fn invocations(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "invocations",
        "a job of one task each; CPU and memory are not in the source",
    );
    import.each(
        azure_functions::invocations::records(path)?,
        |import, one| {
            let tasks = Tasks {
                count: 1,
                run: Some(one.duration / 1000),
                ..Tasks::default()
            };
            let begin = one.begin() / 1000;
            let draft = Draft::simple(one.function, Some(begin), tasks);
            import.job(draft.by(one.app))
        },
    )
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
