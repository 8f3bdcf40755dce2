//! The tables of PAI as one trace: jobs, their tasks as stages, and instances as what runs.
//!
//! Whatever table there is says what it knows. Tables have millions of rows in no order: names are kept as
//! hashes, and the table of jobs is read once more in the end, when all is known of them.

use std::collections::{HashMap, HashSet};

use super::plan::{PaiJob, PaiPlan, PaiRole, PaiWords};
use super::{instances, jobs, machines, run_of, tags, tasks, told};
use crate::canonical::tables::{Job, Stage};
use crate::formats::prelude::*;
use crate::formats::tables;

/// A name as a hash.
type Key = [u8; 16];

const SAME_JOB: &str = "another row of the same job";
const PLANNED: &str = "instances that a task should have: those that it had stand in another table";
const AGAIN: &str = "another row of the same instance";

fn key(name: &str) -> Key {
    let mut key = [0; 16];
    key.copy_from_slice(&blake3::hash(name.as_bytes()).as_bytes()[..16]);
    key
}

/// All that is known so far.
#[derive(Default)]
struct Pai {
    jobs: Vec<PaiJob>,
    by_name: HashMap<Key, usize>,
    words: PaiWords,
}

/// Reads what tables there are; of a path that is no folder, the one of these.
pub(super) fn import(import: &mut Import<'_>, path: &Path, own: &str) -> Done {
    import.clock(WallClock {
        zero: 0,
        zone: "Asia/Shanghai".to_owned(),
    });
    let there = |table: &str| {
        if path.is_dir() {
            tables::has(path, table)
        } else {
            table == own
        }
    };
    let mut pai = Pai::default();
    // The number of nothing is 0.
    let _ = pai.words.number("");
    let (has_jobs, has_instances) = (there(jobs::TABLE), there(instances::TABLE));
    if has_jobs {
        let tagged = there(tags::TABLE);
        pai.jobs(import, path, tagged)?;
    }
    let tagged = pai.jobs.iter().any(|job| job.tag.is_some());
    if there(tasks::TABLE) {
        pai.tasks(import, path, has_instances, tagged)?;
    }
    if has_instances {
        pai.instances(import, path)?;
    }
    pai.without_instances(import, has_instances)?;
    say(
        import,
        (has_jobs, there(tasks::TABLE), has_instances),
        tagged,
    );
    if path.is_dir() {
        let unkept = [
            (jobs::TABLE, jobs::FORM.unkept),
            (instances::TABLE, instances::FORM.unkept),
            (tags::TABLE, &["user", "workload"]),
            (tasks::TABLE, if tagged { &["gpu_type"] } else { &[] }),
        ];
        let unkept = unkept
            .into_iter()
            .filter(|(table, _)| *table != own || *table == tasks::TABLE);
        for (table, columns) in unkept.filter(|(table, _)| there(table)) {
            tables::joined(import, table, columns);
        }
    }
    pai.write(import, has_jobs.then_some(path))?;
    if there(machines::TABLE) {
        import.machines(Rows::open(path)?, machines::Record::machine)?;
    }
    Ok(())
}

impl Pai {
    /// The job of this name; a new one, where no table of jobs has told of it.
    fn job(&mut self, import: &mut Import<'_>, name: &str) -> usize {
        let next = self.jobs.len();
        let job = *self.by_name.entry(key(name)).or_insert(next);
        if job == next {
            self.jobs.push(PaiJob {
                name: Some(name.to_owned()),
                ..PaiJob::default()
            });
        } else {
            import.merged(Thing::Jobs, 1, SAME_JOB);
        }
        job
    }

    fn jobs(&mut self, import: &mut Import<'_>, path: &Path, tagged: bool) -> Done {
        let mut by_inst: HashMap<Key, usize> = HashMap::new();
        import.each(Rows::open(path)?, |import, row: jobs::Record| {
            let job = self.job(import, &row.job);
            let new = self.jobs[job].name.take().is_some();
            if tagged && new {
                by_inst.insert(key(&row.inst), job);
            }
            let known = &mut self.jobs[job];
            known.submit = known.submit.or(told(row.submit));
            Ok(if new {
                Became::Imported
            } else {
                Became::Merged(SAME_JOB)
            })
        })?;
        if !tagged {
            return Ok(());
        }
        import.each(Rows::open(path)?, |import, row: tags::Record| {
            let Some(job) = by_inst.get(&key(&row.inst)) else {
                return Ok(Became::Passed(
                    "of jobs that the table of jobs does not have",
                ));
            };
            let words = [&row.spec, &row.group].map(|word| self.words.number(word));
            self.jobs[*job].tag = Some(words.into());
            import.merged(
                Thing::Jobs,
                1,
                "what a job asks for and has in common with others",
            );
            Ok(Became::Merged(
                "what a job asks for and has in common with others",
            ))
        })
    }

    fn tasks(
        &mut self,
        import: &mut Import<'_>,
        path: &Path,
        has_instances: bool,
        tagged: bool,
    ) -> Done {
        import.each(Rows::open(path)?, |import, row: tasks::Record| {
            let job = self.job(import, &row.job);
            let name = self.words.number(&row.task);
            let tag = self.jobs[job].tag;
            let gpus = row.gpu.map(thousandths);
            let model = match tag {
                Some((spec, _)) => spec,
                None if tagged => self.words.number(""),
                None => self.words.number(&row.gpu_type),
            };
            let outcome = self.words.number(&row.status);
            let count = row.count();
            let ran = run_of(&row.status, row.start, row.end);
            let known = &mut self.jobs[job];
            if known.name.is_some() {
                known.outcome = row.status;
            }
            let wait = told(row.start).zip(known.submit);
            let plan = PaiPlan {
                count,
                cpus: row.cpu.map(thousandths),
                memory: row.memory.map(mebibytes),
                gpus,
                model,
                run: ran.run,
                unknown: ran.unknown,
                wait: wait.and_then(|(start, submit)| start.checked_sub(submit)),
                outcome,
            };
            if !has_instances || known.name.is_some() {
                known.started = earliest(known.started, told(row.start));
            }
            let stage = known.stages.iter().position(|one| one.name == name);
            let (at, new) = match stage {
                Some(at) => (at, false),
                None => (known.stages.len(), true),
            };
            if new {
                known.stages.push(PaiRole {
                    name,
                    plan,
                    planned: count,
                    found: 0,
                });
            } else if has_instances {
                let planned = &mut known.stages[at].planned;
                *planned = planned.saturating_add(count);
            } else {
                // The same task once more: both run.
                known.tasks = known.tasks.saturating_add(count);
                import.push(Tasks {
                    job: job as u64,
                    stage: at as u64,
                    ..plan.alone(&self.words)
                })?;
            }
            Ok(Became::Imported)
        })
    }

    fn instances(&mut self, import: &mut Import<'_>, path: &Path) -> Done {
        let several = several(path)?;
        let mut gathered: BTreeMap<Key, (u64, instances::Record)> = BTreeMap::new();
        import.each(Rows::open(path)?, |import, row: instances::Record| {
            let _ = self.job(import, &row.job);
            if row.worker.is_empty() || !several.contains(&key(&row.worker)) {
                self.instance(import, &row)?;
                return Ok(Became::Imported);
            }
            match gathered.entry(key(&row.worker)) {
                std::collections::btree_map::Entry::Vacant(place) => {
                    place.insert((1, row));
                }
                std::collections::btree_map::Entry::Occupied(mut known) => {
                    import.merged(Thing::Tasks, 1, AGAIN);
                    let (rows, best) = known.get_mut();
                    *rows += 1;
                    if rank(&row) > rank(best) {
                        *best = row;
                    }
                }
            }
            Ok(Became::Imported)
        })?;
        gathered
            .values()
            .try_for_each(|(_, row)| self.instance(import, row))
    }

    fn instance(&mut self, import: &mut Import<'_>, row: &instances::Record) -> Done {
        let Some(&job) = self.by_name.get(&key(&row.job)) else {
            return Ok(());
        };
        let name = self.words.number(&row.task);
        let known = &mut self.jobs[job];
        known.started = earliest(known.started, told(row.start));
        known.tasks = known.tasks.saturating_add(1);
        let stage = known.stages.iter().position(|one| one.name == name);
        let stage = stage.unwrap_or_else(|| {
            known.stages.push(PaiRole {
                name,
                plan: PaiPlan::default(),
                planned: 0,
                found: 0,
            });
            known.stages.len() - 1
        });
        known.stages[stage].found += 1;
        let asked = known.stages[stage].plan.asked(&self.words);
        let wait = told(row.start).zip(known.submit);
        let ran = run_of(&row.status, row.start, row.end);
        import.push(Tasks {
            job: job as u64,
            stage: stage as u64,
            count: 1,
            run: ran.run,
            unknown: ran.unknown,
            wait: wait.and_then(|(start, submit)| start.checked_sub(submit)),
            outcome: Some(row.status.clone()).filter(|status| !status.is_empty()),
            ..asked
        })
    }

    /// Writes the stages, and the tasks of those that no instance is told of.
    fn without_instances(&mut self, import: &mut Import<'_>, has_instances: bool) -> Done {
        for (number, job) in self.jobs.iter_mut().enumerate() {
            let number = number as u64;
            for (stage, role) in job.stages.iter().enumerate() {
                let (stage, name) = (stage as u64, self.words.word(role.name).to_owned());
                import.push(Stage {
                    job: number,
                    stage,
                    name,
                })?;
                if role.found > 0 {
                    let became = Became::Merged(PLANNED);
                    import.settle(Thing::Tasks, became, role.planned);
                    continue;
                }
                if has_instances && role.plan.count < role.planned {
                    import.settle(
                        Thing::Tasks,
                        Became::Merged(PLANNED),
                        role.planned - role.plan.count,
                    );
                }
                job.tasks = job.tasks.saturating_add(role.plan.count);
                import.push(Tasks {
                    job: number,
                    stage,
                    ..role.plan.alone(&self.words)
                })?;
            }
        }
        Ok(())
    }

    /// Writes the jobs: as the table of jobs has them, and those that only other tables have.
    fn write(mut self, import: &mut Import<'_>, path: Option<&Path>) -> Done {
        for _ in &self.jobs {
            let _ = import.number();
        }
        let mut written = vec![false; self.jobs.len()];
        if let Some(path) = path {
            for row in Rows::<jobs::Record>::open(path)?.flatten() {
                let Some(&job) = self.by_name.get(&key(&row.job)) else {
                    continue;
                };
                if !std::mem::replace(&mut written[job], true) {
                    self.jobs[job].outcome = row.status;
                    self.draft(import, job, row.job, row.user)?;
                }
            }
        }
        for (job, written) in written.into_iter().enumerate() {
            if let Some(name) = self.jobs[job].name.take().filter(|_| !written) {
                self.draft(import, job, name, String::new())?;
            }
        }
        Ok(())
    }

    fn draft(&self, import: &mut Import<'_>, job: usize, name: String, user: String) -> Done {
        let known = &self.jobs[job];
        let waited = known.started.zip(known.submit);
        let draft = Draft {
            name,
            tenant: user,
            submit: known.submit.or(known.started),
            outcome: known.outcome.clone(),
            gang: known.tasks > 1,
            more: Job {
                wait: waited.and_then(|(start, submit)| start.checked_sub(submit)),
                executable: known.tag.and_then(|(_, group)| self.words.some(group)),
                ..Job::default()
            },
            ..Draft::default()
        };
        import.numbered(job as u64, draft)
    }
}

/// What had to be decided.
fn say(import: &mut Import<'_>, (jobs, tasks, instances): (bool, bool, bool), tagged: bool) {
    import.assume(
        "job shape",
        "a task an instance; where a job has several, all at the same time, which the tables do not say",
    );
    if jobs && !tasks && !instances {
        import.assume(
            "tasks",
            "in other tables: import a folder with pai_task_table, too",
        );
    } else if instances {
        import.assume("run times", "of each instance, from its launch to its end");
    } else {
        import.assume("run times", "from the launch of a task to its end");
    }
    if instances && !tasks {
        import.assume(
            "requests",
            "in another table: import a folder with pai_task_table, too",
        );
    }
    if tasks {
        import.assume("memory", "a GB is 1024 MiB");
        let model = if tagged {
            "the type that a job asked for, where it asked for one"
        } else {
            "the type that a task was given; what it asked for stands in pai_group_tag_table"
        };
        import.assume("GPU models", model);
    }
    if tagged {
        let model = "the group of jobs that do the same stands for what they execute";
        import.assume("groups", model);
    }
}

/// The workers that have several rows.
fn several(path: &Path) -> Result<HashSet<Key>, ReadError> {
    let (mut seen, mut several) = (HashSet::new(), HashSet::new());
    for row in Rows::<instances::Record>::open(path)?.flatten() {
        let worker = key(&row.worker);
        if !row.worker.is_empty() && !seen.insert(worker) {
            several.insert(worker);
        }
    }
    Ok(several)
}

/// Which of two rows of one instance says more: one that ended well, or else the later.
fn rank(row: &instances::Record) -> (u8, Option<u64>, Option<u64>) {
    let status = match row.status.as_str() {
        "Terminated" => 3,
        "Running" => 2,
        "Failed" => 1,
        _ => 0,
    };
    (status, row.start, row.end)
}

fn earliest(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.into_iter().chain(other).min()
}

/// Millionths of a percent in thousandths.
const fn thousandths(percent: u64) -> u64 {
    percent / 100_000
}

/// Millionths of a GB in MiB.
const fn mebibytes(gigabytes: u64) -> u64 {
    (gigabytes as u128 * 1024).div_ceil(1_000_000) as u64
}
