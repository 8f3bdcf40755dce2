//! Lists of jobs: every record is one.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Draft, Import, censored, ended, millis, opendc, seconds, unstarted, untold};
use crate::canonical::account::Became;
use crate::canonical::tables::{Tasks, Usage};
use crate::error::ReadError;
use crate::formats::{
    Format, azure_functions, azure_vm, cook, dlrm, elasticflow, gaia, gavel, genai, muri, openb,
    philly, philly_runtimes,
};

type Done = Result<(), ReadError>;

pub(super) fn convert(import: &mut Import<'_>, path: &Path, format: Format) -> Option<Done> {
    Some(match format {
        Format::Swf => super::swf::log(import, path),
        Format::Gaia => gaia(import, path),
        Format::OpenbPods => pods(import, path),
        Format::Philly
        | Format::ElasticFlow
        | Format::Muri
        | Format::GavelJobs
        | Format::PhillyRuntimes => training(import, path, format),
        Format::AzureVms => machines(import, path),
        Format::OpenDcTasks => opendc::tasks(import, path),
        Format::Dlrm => instances(import, path),
        Format::AzureInvocations => invocations(import, path),
        Format::GenAi => images(import, path),
        Format::CookJobs => cook(import, path),
        _ => return None,
    })
}

fn gaia(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "job shape",
        "a task with all CPUs of the job; for Mustang a CPU is a node",
    );
    import.each(gaia::records(path)?, |import, job| {
        let tasks = Tasks {
            count: 1,
            run: Some(job.length_micros()),
            cpus: Some(job.cpus * 1000),
            ..Tasks::default()
        };
        let draft = Draft::simple("", Some(job.arrival_micros()), tasks);
        import.job(draft)
    })
}

fn pods(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "run times",
        "from scheduling, or else creation, to deletion; pods that were never scheduled did not run, \
         and those deleted when the trace ends ran on",
    );
    import.each(openb::pods::records(path)?, |import, pod| {
        let begin = pod.scheduled.or(pod.creation);
        let times = pod.deletion.zip(begin);
        let run = times.and_then(|(end, begin)| end.checked_sub(begin));
        let running = pod.phase == "Running";
        let ran = if pod.phase == "Pending" && pod.scheduled.is_none() {
            unstarted()
        } else if running && pod.deletion.is_none_or(|end| end >= openb::END) {
            censored(run.map(seconds))
        } else if times.is_some() {
            ended(run.map(seconds))
        } else {
            untold()
        };
        let tasks = Tasks {
            cpus: Some(pod.millicores),
            memory: Some(pod.mebibytes),
            gpus: Some(pod.gpus * pod.milligpus),
            ..ran
        };
        let draft = Draft::simple(pod.name, pod.creation.map(seconds), tasks);
        import.job(draft.by(pod.qos).ended(pod.phase))
    })
}

/// Training jobs by GPUs.
fn training(import: &mut Import<'_>, path: &Path, format: Format) -> Done {
    let shape = "a task a GPU, all at the same time; CPU and memory are not in the source";
    import.assume("job shape", shape);
    let workers = |gpus: u64, run: Option<u64>| Tasks {
        count: gpus.max(1),
        run,
        gpus: Some(if gpus == 0 { 0 } else { 1000 }),
        ..Tasks::default()
    };
    match format {
        Format::Philly => import.each(philly::records(path)?, |import, job| {
            let tasks = workers(job.gpus, Some(job.duration));
            let draft = Draft::simple("", Some(seconds(job.submit)), tasks);
            import.job(draft.by(job.cluster).gang())
        }),
        Format::ElasticFlow => import.each(elasticflow::records(path)?, |import, job| {
            let tasks = workers(job.gpus, Some(seconds(job.duration)));
            let cluster = job.place.file.file_stem().unwrap_or_default();
            let cluster = cluster.to_string_lossy().into_owned();
            let draft = Draft::simple(job.job, Some(seconds(job.submit)), tasks);
            import.job(draft.by(cluster).gang())
        }),
        Format::Muri => import.each(muri::records(path)?, |import, job| {
            let tasks = workers(job.gpus, Some(millis(job.duration)));
            let name = format!("{} {}", job.job, job.model);
            let draft = Draft::simple(name, Some(millis(job.submit)), tasks);
            import.job(draft.gang())
        }),
        Format::GavelJobs => {
            let model =
                "not in the source: steps divided by the speed of a GPU (gavel-throughputs)";
            import.assume("run times", model);
            import.each(gavel::jobs::records(path)?, |import, job| {
                let name = format!("{}, {} steps", job.kind, job.steps);
                let draft = Draft::simple(name, Some(job.arrival), workers(job.gpus, None));
                import.job(draft.gang())
            })
        }
        _ => import.each(philly_runtimes::records(path)?, |import, job| {
            let draft = Draft::simple("", None, workers(1, Some(job.runtime)));
            import.job(draft.gang())
        }),
    }
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

fn instances(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "instances",
        "one is there from the beginning where its creation is missing; it began before, and one without \
         a deletion runs on when the trace ends, with the last of its times",
    );
    let times = |one: &dlrm::Record| {
        [one.creation, one.scheduled, one.deletion]
            .into_iter()
            .flatten()
            .max()
    };
    let last = dlrm::records(path)?
        .flatten()
        .filter_map(|one| times(&one))
        .max();
    import.each(dlrm::records(path)?, |import, one| {
        let begin = one.scheduled.or(one.creation);
        let end = one.deletion.or(last);
        let run = end.and_then(|end| end.checked_sub(begin.unwrap_or(0)));
        let ran = match (begin, one.deletion) {
            (Some(_), Some(_)) => ended(run),
            _ => censored(run),
        };
        let tasks = Tasks {
            cpus: Some(one.cpu.request / 1000),
            memory: Some((u128::from(one.memory.request) * 1024 / 1_000_000) as u64),
            gpus: Some(one.gpu.request / 1000),
            ..ran
        };
        let draft = Draft::simple(one.name, Some(one.creation.unwrap_or(0)), tasks);
        import.job(draft.by(one.app))
    })
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

fn images(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume("requests", "a job of one task with one GPU each");
    import.each(genai::records(path)?, |import, one| {
        let ran = match one.status.as_str() {
            "PENDING" => unstarted(),
            "PROCESSING" => censored(Some(one.duration)),
            _ => ended(Some(one.duration)),
        };
        let tasks = Tasks {
            gpus: Some(1000),
            ..ran
        };
        let draft = Draft::simple(one.kind, Some(seconds(one.time)), tasks);
        import.job(draft.by(one.group).ended(one.status))
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
