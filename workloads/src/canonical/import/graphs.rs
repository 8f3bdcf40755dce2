//! Jobs with stages that wait for each other and stand in one place: workflows, Hadoop, Spark.

use std::collections::BTreeMap;
use std::path::Path;

use super::{
    Draft, Import, StageDraft, censored, contents, ended, millis, ran, seconds, stage, unstarted,
};
use crate::canonical::account::{Became, Thing};
use crate::canonical::tables::Tasks;
use crate::error::ReadError;
use crate::formats::{Format, coflow, hadoop, spark, swim, tpch, wfcommons};

pub(super) type Done = Result<(), ReadError>;

pub(super) fn convert(import: &mut Import<'_>, path: &Path, format: Format) -> Option<Done> {
    Some(match format {
        Format::Swim => swim(import, path),
        Format::Tpch => tpch(import, path),
        Format::Coflow => coflow(import, path),
        Format::WfCommons => workflow(import, path),
        Format::Rumen => rumen(import, path),
        Format::Sls => sls(import, path),
        Format::SparkEvents => super::spark::events(import, path),
        Format::SparkJobLog => joblog(import, path),
        _ => return None,
    })
}

fn swim(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "stages",
        "a map for every job, a reduce where bytes were shuffled; how many tasks, \
                             and for how long, is not in the source",
    );
    import.each(swim::records(path)?, |import, job| {
        let reads = |read: u64, write: u64| Tasks {
            count: 1,
            read: Some(read),
            write: Some(write),
            ..Tasks::default()
        };
        let mapped = if job.shuffle > 0 {
            job.shuffle
        } else {
            job.output
        };
        let mut stages = vec![stage("map", Vec::new(), vec![reads(job.input, mapped)])];
        if job.shuffle > 0 {
            stages.push(stage(
                "reduce",
                vec![0],
                vec![reads(job.shuffle, job.output)],
            ));
        }
        let submit = Some(seconds(job.submit));
        let draft = Draft {
            name: job.name,
            submit,
            stages,
            ..Draft::default()
        };
        import.job(draft)
    })
}

fn tpch(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "run times",
        "those measured with the first number of executors",
    );
    import.each(tpch::records(path)?, |import, query| {
        let stages = query.nodes.iter().map(|node| {
            let level = node.first_executor_level;
            let waves = [&node.first_wave, &node.rest_wave];
            let times = waves
                .into_iter()
                .filter_map(|wave| wave.get(&level))
                .flatten();
            let tasks = times.map(|time| ran(Some(millis(u64::from(*time)))));
            let child = node.id;
            let edges = query.edges.iter().filter(|(_, to)| *to == child);
            let parents = edges.map(|(from, _)| u64::from(*from)).collect();
            stage(format!("stage {}", node.stage_id), parents, tasks.collect())
        });
        let stages: Vec<StageDraft> = stages.collect();
        let taken: usize = stages.iter().map(|stage| stage.tasks.len()).sum();
        let measured: u64 = query.nodes.iter().map(contents::measured).sum();
        let others = measured - taken as u64;
        import.passed(
            Thing::Tasks,
            others,
            "measured with another number of executors",
        );
        let name = format!("query {} of {}", query.query, query.size);
        import.job(Draft {
            name,
            stages,
            ..Draft::default()
        })
    })
}

fn coflow(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "run times",
        "not in the source: a coflow says what is carried, not for how long",
    );
    import.each(coflow::records(path)?, |import, one| {
        let fetched = one.reducers.iter().map(|(_, micros)| Tasks {
            count: 1,
            read: Some(*micros),
            ..Tasks::default()
        });
        let maps = Tasks {
            count: one.mappers.len() as u64,
            ..Tasks::default()
        };
        let stages = vec![
            stage("map", Vec::new(), vec![maps]),
            stage("reduce", vec![0], fetched.collect()),
        ];
        let submit = Some(millis(one.arrival));
        let name = one.coflow.to_string();
        import.job(Draft {
            name,
            submit,
            stages,
            ..Draft::default()
        })
    })
}

fn workflow(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume("stages", "every task of the workflow is one");
    let (mut unknown, mut older) = (0_u64, false);
    import.each(wfcommons::records(path)?, |import, record| {
        let specification = &record.workflow.specification;
        older |= record.older;
        let numbers = specification.tasks.iter().zip(0_u64..);
        let numbers: BTreeMap<&str, u64> = numbers
            .map(|(task, number)| (task.id.as_str(), number))
            .collect();
        let execution = record
            .workflow
            .execution
            .iter()
            .flat_map(|done| &done.tasks);
        let executed: BTreeMap<&str, &wfcommons::Ran> =
            execution.map(|ran| (ran.id.as_str(), ran)).collect();
        let bytes_of = record.bytes();
        let stages = specification.tasks.iter().map(|task| {
            let done = executed.get(task.id.as_str()).copied();
            unknown += u64::from(done.is_none());
            let cores = done.and_then(|done| done.core_count);
            let bytes = done.and_then(|done| done.memory_in_bytes);
            let [read, write] = bytes_of(task, done);
            let tasks = Tasks {
                cpus: cores.map(|cores| libm::round(cores * 1000.0) as u64),
                memory: bytes.map(|bytes| libm::ceil(bytes / 1_048_576.0) as u64),
                read,
                write,
                ..ran(done.map(wfcommons::Ran::micros))
            };
            let parents = task
                .parents
                .iter()
                .filter_map(|name| numbers.get(name.as_str()));
            stage(task.id.clone(), parents.copied().collect(), vec![tasks])
        });
        let stages = stages.collect();
        import.job(Draft {
            name: record.name.clone(),
            stages,
            ..Draft::default()
        })
    })?;
    if unknown > 0 {
        let model = format!("missing for {unknown} tasks that the execution does not tell of");
        import.assume("run times", model);
    }
    if older {
        let model = "1.4 and before: KB where a size or a memory has no unit in its name";
        import.assume("version of the format", model);
    }
    Ok(())
}

fn rumen(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "attempts",
        "the successful one of each task, or else its last; others are left out",
    );
    import.each(hadoop::rumen::records(path)?, |import, job| {
        let of = |tasks: &[hadoop::rumen::Task], megabytes: i64| -> Vec<Tasks> {
            let row = |task: &hadoop::rumen::Task| {
                let good = |attempt: &&hadoop::rumen::Attempt| {
                    attempt.result.as_deref() == Some("SUCCESS")
                };
                let attempt = task.attempts.iter().find(good).or(task.attempts.last());
                let amount = |amount: i64| u64::try_from(amount).ok();
                let known = hadoop::known;
                let run = match attempt.map(|one| (known(one.start_time), known(one.finish_time))) {
                    None | Some((None, _)) => unstarted(),
                    Some((Some(_), None)) => censored(None),
                    Some((Some(start), Some(finish))) => {
                        ended(finish.checked_sub(start).map(millis))
                    }
                };
                Tasks {
                    memory: amount(megabytes),
                    read: amount(task.input_bytes),
                    write: amount(task.output_bytes),
                    ..run
                }
            };
            tasks.iter().map(row).collect()
        };
        let mut stages = vec![stage("map", Vec::new(), of(&job.map_tasks, job.map_mb))];
        if !job.reduce_tasks.is_empty() {
            stages.push(stage(
                "reduce",
                vec![0],
                of(&job.reduce_tasks, job.reduce_mb),
            ));
        }
        let other = job.other_tasks.len() as u64;
        import.passed(Thing::Tasks, other, "setup and cleanup of jobs");
        let draft = Draft {
            submit: hadoop::known(job.submit_time).map(millis),
            tenant: job.queue.or(job.user).unwrap_or_default(),
            outcome: job.outcome.unwrap_or_default(),
            name: job.id,
            stages,
            ..Draft::default()
        };
        import.job(draft)
    })
}

fn sls(import: &mut Import<'_>, path: &Path) -> Done {
    import.each(hadoop::sls::records(path)?, |import, job| {
        let mut kinds: BTreeMap<&str, Vec<Tasks>> = BTreeMap::new();
        for task in &job.tasks {
            let row = Tasks {
                count: task.count.unwrap_or(1),
                cpus: task.cores.map(|cores| cores * 1000),
                memory: task.megabytes,
                ..ran(task.duration().map(millis))
            };
            kinds
                .entry(task.kind.as_deref().unwrap_or("task"))
                .or_default()
                .push(row);
        }
        // A reduce waits for the maps; of anything else the source says nothing.
        let first = kinds
            .keys()
            .position(|kind| *kind == "map")
            .map(|at| at as u64);
        let stages = kinds.into_iter().map(|(kind, tasks)| {
            let parents = first.filter(|_| kind == "reduce").into_iter().collect();
            stage(kind, parents, tasks)
        });
        let stages: Vec<StageDraft> = stages.collect();
        let submit = hadoop::sls::millis(job.start.as_ref());
        let submit = submit.and_then(|start| u64::try_from(start).ok());
        let tenant = job.queue.clone().or(job.user.clone()).unwrap_or_default();
        for copy in 0..job.copies() {
            let name = job.id.clone().unwrap_or_default();
            let name = if copy > 0 && !name.is_empty() {
                format!("{name}_{copy}")
            } else {
                name
            };
            let number = import.number();
            let draft = Draft {
                stages: stages.clone(),
                submit: submit.map(millis),
                tenant: tenant.clone(),
                name,
                ..Draft::default()
            };
            import.numbered(number, draft)?;
        }
        Ok(Became::Imported)
    })
}

fn joblog(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "jobs",
        "a log is one job: its plan does not say which stage is whose",
    );
    let mut plan: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    let mut tasks: BTreeMap<u64, Vec<Tasks>> = BTreeMap::new();
    let mut begun: Option<u64> = None;
    import.each(spark::joblogger::records(path)?, |import, record| {
        match record.told {
            spark::joblogger::Told::Plan(stage, parents) => {
                if let Some(before) = plan.insert(stage, parents) {
                    let count = before.len() as u64;
                    import.merged(Thing::Edges, count, "of a stage that is planned again");
                }
            }
            spark::joblogger::Told::Task(task) => {
                begun = Some(begun.map_or(task.started, |begun| begun.min(task.started)));
                let run = task.finished.checked_sub(task.started).map(millis);
                tasks.entry(task.stage).or_default().push(ended(run));
            }
            _ => return Ok(Became::Passed("of another kind than plans and tasks")),
        }
        Ok(Became::Imported)
    })?;
    let planned: usize = plan.values().map(Vec::len).sum();
    let ids: Vec<u64> = tasks.keys().copied().collect();
    let stages = tasks.into_iter().map(|(id, tasks)| {
        let parents = plan.get(&id).into_iter().flatten();
        let parents = parents.filter_map(|parent| ids.iter().position(|id| id == parent));
        let parents = parents.map(|parent| parent as u64).collect();
        stage(format!("stage {id}"), parents, tasks)
    });
    let stages: Vec<StageDraft> = stages.collect();
    let kept: usize = stages.iter().map(|stage| stage.parents.len()).sum();
    let skipped = (planned - kept) as u64;
    import.passed(Thing::Edges, skipped, "of stages that did not run");
    let submit = begun.map(millis);
    import.out.find(Thing::Jobs, 1);
    let job = import.number();
    import.numbered(
        job,
        Draft {
            submit,
            stages,
            ..Draft::default()
        },
    )
}
