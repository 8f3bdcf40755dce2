//! `sacct -P`: the jobs of a cluster as its accounting knows them.
//!
//! A row is a job, a step of one (`123.batch`), or the tasks of an array that have not started
//! (`123_[5-9%2]`); tasks that did have rows of their own. A job that was started again after it was
//! preempted or its node failed has a row an attempt (`sacct -D`), and one that is in two parts of an
//! account has one in each. Times are local to the cluster.

use super::notation::{Each, Tres, count, gres, job_id, memory, moment, nothing, span};
use super::rows::{Records, looks_so};
use crate::canonical::tables::Job;
use crate::formats::prelude::*;

/// The most nodes or cores of one job.
const MOST: u64 = 1_000_000_000;

pub(crate) const FORM: Form = Form {
    about: "jobs of a Slurm cluster, any columns in any order (sacct -P)",
    signs: &[Headed(looks_so)],
    unkept: &["ExitCode", "Eligible", "NodeList", "JobIDRaw"],
    import: Ok(super::attempts::import),
    samples: &[
        "\
JobID|JobName|User|Account|Partition|QOS|Submit|Start|End|Elapsed|State|NNodes|AllocCPUS|ReqCPUS|ReqMem|AllocTRES|Timelimit|MaxRSS
7|train|ann|ml|gpu|high|2026-01-05T08:00:00|2026-01-05T08:01:00|2026-01-05T09:01:00|01:00:00|COMPLETED|2|16|16|64G|billing=16,cpu=16,gres/gpu:a100=8,gres/gpu=8,mem=64G,node=2|1-00:00:00|
7.batch|batch|||||2026-01-05T08:01:00|2026-01-05T08:01:00|2026-01-05T09:01:00|01:00:00|COMPLETED|1|8|8||cpu=8,mem=32G,node=1||20480K
8_1|a | b|bob|bio|short|low|2026-01-05T08:02:00|2026-01-05T08:03:00|Unknown|02:03|RUNNING|1|1|1|2Gc|cpu=1,mem=2G,node=1|UNLIMITED|
8_[2-4%1]|a | b|bob|bio|short|low|2026-01-05T08:02:00|Unknown|Unknown|00:00:00|PENDING|1|0|1|2Gc||UNLIMITED|
9|x|ann|ml|gpu|high|2026-01-05T08:04:00|None|2026-01-05T08:05:00|00:00:00|CANCELLED by 1001|1|0|4|500Mn||Partition_Limit|
",
        "\
JobIDRaw|SubmitLine|State|Start|End|NCPUS|Submit|
11|sbatch --wrap='echo a |
 sort'|NODE_FAIL|1767600000|1767600100|2|1767599000|
11|sbatch --wrap='echo a |
 sort'|OUT_OF_MEMORY|1767600200|1767600300|2|1767600150|
",
    ],
    ..Form::of::<Records>()
};

/// The columns that are read.
macro_rules! fields {
    ($($field:ident)+) => {
        /// A column that is read.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[allow(clippy::upper_case_acronyms, reason = "the words of sacct")]
        pub(crate) enum Field {
            $($field,)+
        }

        impl Field {
            /// All of them.
            pub(super) const ALL: [Self; [$(stringify!($field)),+].len()] = [$(Self::$field),+];

            /// Its name.
            pub(super) const fn name(self) -> &'static str {
                [$(stringify!($field)),+][self as usize]
            }
        }
    };
}

fields! {
    JobID JobIDRaw JobName Cluster User Account Group Partition QOS Priority Submit Eligible Start End
    Elapsed ElapsedRaw Timelimit TimelimitRaw State ExitCode NNodes AllocNodes ReqNodes NCPUS AllocCPUS
    ReqCPUS ReqMem ReqTRES AllocTRES ReqGRES AllocGRES NodeList MaxRSS
}

/// One row.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Option<Place>,
    /// The job's id, with the task's number in its array.
    pub id: String,
    /// The step; nothing for the job itself.
    pub step: Option<String>,
    /// How many tasks of an array it stands for.
    pub tasks: u64,
    /// Whether the list of these tasks is cut off.
    pub cut: bool,
    /// What its user calls it.
    pub name: String,
    /// The cluster.
    pub cluster: String,
    /// Who submitted it.
    pub user: String,
    /// The account, or else the group, of its user.
    pub account: String,
    /// Where it ran.
    pub partition: String,
    /// Its quality of service.
    pub qos: String,
    /// Its priority.
    pub priority: Option<u64>,
    /// When it was submitted, in microseconds since 1970.
    pub submit: Option<u64>,
    /// When it began to run.
    pub start: Option<u64>,
    /// When it ended.
    pub end: Option<u64>,
    /// How long it ran.
    pub elapsed: Option<u64>,
    /// How long it may run.
    pub limit: Option<u64>,
    /// The first word of its state.
    pub state: String,
    /// Its nodes.
    pub nodes: Option<u64>,
    /// The cores that it has.
    pub cpus: Option<u64>,
    /// The cores that it asked for.
    pub requested: Option<u64>,
    /// Its memory on all nodes, in KiB; what it asked for.
    pub memory: Option<u64>,
    /// Its GPUs on all nodes.
    pub gpus: Option<u64>,
    /// Memory that the largest process of a step used, in KiB.
    pub rss: Option<u64>,
    /// Whether it has nothing of the cluster, where that is told.
    pub bare: bool,
}

/// What a state says of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum JobPhase {
    /// It waits.
    Waits,
    /// It runs on.
    Runs,
    /// It ended and will be started again.
    Again,
    /// It is over.
    Over,
}

/// A cell of a row by its column, and the position of that.
type Row<'a> = dyn Fn(Field) -> Option<(&'a str, usize)> + 'a;

/// What is read of a cell that says something.
fn of<T>(
    row: &Row<'_>,
    field: Field,
    read: impl FnOnce(&str) -> Result<T, ReadError>,
) -> Result<Option<T>, ReadError> {
    match row(field) {
        Some((text, _)) if nothing(text) => Ok(None),
        Some((text, at)) => {
            let place = || format!("column {} ({})", at + 1, field.name());
            read(text).map(Some).map_err(|error| error.place(place()))
        }
        None => Ok(None),
    }
}

/// The number of the first of these columns that says more than zero.
fn first(row: &Row<'_>, fields: &[Field]) -> Result<Option<u64>, ReadError> {
    let mut found = None;
    for field in fields {
        let number = of(row, *field, count)?.filter(|number| *number > 0);
        found = found.or(number);
    }
    Ok(found)
}

impl Record {
    /// Understands a row.
    pub(super) fn read<'a>(
        row: impl Fn(Field) -> Option<(&'a str, usize)> + 'a,
    ) -> Result<Self, ReadError> {
        let row: &Row<'a> = &row;
        let id = row(Field::JobID).or(row(Field::JobIDRaw));
        let (text, at) = id.unwrap_or_default();
        let id = job_id(text).ok_or_else(|| {
            let expected = "the id of a job or step: 123, 123_4, 123_[5-9] or 123.batch";
            let error = ReadError::expected(expected, quoted(text));
            error.place(format!("column {} (JobID)", at + 1))
        })?;
        let state = of(row, Field::State, state)?.unwrap_or_default();
        let asked = of(row, Field::ReqTRES, Tres::read)?.unwrap_or_default();
        let has = of(row, Field::AllocTRES, Tres::read)?.unwrap_or_default();
        let nodes = first(row, &[Field::AllocNodes, Field::NNodes, Field::ReqNodes])?;
        let nodes = has.nodes.filter(|n| *n > 0).or(nodes).or(asked.nodes);
        let requested = first(row, &[Field::ReqCPUS])?.or(asked.cpus);
        let cpus = first(row, &[Field::AllocCPUS, Field::NCPUS])?;
        let cpus = has.cpus.filter(|n| *n > 0).or(cpus).or(requested);
        let words = |field: Field| of(row, field, |text| Ok(text.to_owned()));
        let word = |field: Field| words(field).map(Option::unwrap_or_default);
        let each = of(row, Field::ReqMem, |text| memory(text, "M"))?;
        let each = each.map(|(amount, each)| match each {
            Each::Job => amount,
            Each::Node => amount.saturating_mul(nodes.unwrap_or(1)),
            Each::Core => amount.saturating_mul(cpus.unwrap_or(1)),
        });
        let per_node = [Field::AllocGRES, Field::ReqGRES];
        let mut gpus = has.gpus.or(asked.gpus);
        for field in per_node {
            let told = of(row, field, |text| gres(text).map(|(gpus, _)| gpus))?;
            gpus = gpus.or(told.map(|gpus| gpus.saturating_mul(nodes.unwrap_or(1))));
        }
        let limit = of(row, Field::Timelimit, span)?;
        let minutes = of(row, Field::TimelimitRaw, count)?;
        let elapsed = of(row, Field::Elapsed, span)?;
        let raw = of(row, Field::ElapsedRaw, count)?;
        let empty = |field: Field| row(field).is_some_and(|(text, _)| text.is_empty());
        let unassigned = row(Field::NodeList).is_some_and(|(text, _)| text == "None assigned");
        let record = Self {
            place: None,
            id: id.job.to_owned(),
            step: id.step.map(ToOwned::to_owned),
            tasks: id.tasks,
            cut: id.cut,
            name: word(Field::JobName)?,
            cluster: word(Field::Cluster)?,
            user: word(Field::User)?,
            account: words(Field::Account)?.map_or_else(|| word(Field::Group), Ok)?,
            partition: word(Field::Partition)?,
            qos: word(Field::QOS)?,
            priority: of(row, Field::Priority, count)?,
            submit: of(row, Field::Submit, moment)?,
            start: of(row, Field::Start, moment)?,
            end: of(row, Field::End, moment)?,
            elapsed: raw.map(seconds).or(elapsed),
            limit: minutes
                .map(|minutes| seconds(minutes.saturating_mul(60)))
                .or(limit),
            state,
            nodes,
            cpus,
            requested,
            memory: has.memory.or(asked.memory).or(each).filter(|kib| *kib > 0),
            gpus,
            rss: of(row, Field::MaxRSS, |text| {
                memory(text, "B").map(|(kib, _)| kib)
            })?,
            bare: unassigned || empty(Field::AllocTRES),
        };
        record.check().map(|()| record)
    }

    fn check(&self) -> Result<(), ReadError> {
        let counts = [
            ("nodes", self.nodes),
            ("cores", self.cpus),
            ("GPUs", self.gpus),
        ];
        for (what, count) in counts {
            if let Some(count) = count.filter(|count| *count > MOST) {
                let error = ReadError::expected(format!("at most {MOST} {what}"), count);
                return Err(error.hint("so large a number is taken for damage"));
            }
        }
        Ok(())
    }

    /// Whether another understanding of a row differs in what people wrote alone.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let name = other.name.clone();
        Self {
            name,
            ..self.clone()
        } == *other
    }

    /// What its state says; without one it is over if its end is known.
    pub(super) fn phase(&self) -> JobPhase {
        match self.state.as_str() {
            "PENDING" | "CONFIGURING" | "REQUEUE_HOLD" | "REQUEUE_FED" | "RESV_DEL_HOLD" => {
                JobPhase::Waits
            }
            "RUNNING" | "SUSPENDED" | "COMPLETING" | "STOPPED" | "RESIZING" | "SIGNALING"
            | "STAGE_OUT" => JobPhase::Runs,
            "REQUEUED" | "PREEMPTED" | "NODE_FAIL" | "SPECIAL_EXIT" => JobPhase::Again,
            "" if self.end.is_none() && self.start.is_some() => JobPhase::Runs,
            _ => JobPhase::Over,
        }
    }

    /// How long it ran, if that is told.
    pub(super) fn ran(&self) -> Option<u64> {
        let times = self.end.zip(self.start);
        self.elapsed
            .or_else(|| times.and_then(|(end, start)| end.checked_sub(start)))
    }

    /// Whether it never had anything of the cluster.
    pub(super) fn never_ran(&self) -> bool {
        let nothing = self.bare && self.ran().unwrap_or(0) == 0;
        self.phase() == JobPhase::Waits
            || self.start.is_none() && self.elapsed.unwrap_or(0) == 0
            || nothing
    }

    /// Its number of nodes, at least one.
    pub(super) fn width(&self) -> u64 {
        self.nodes.unwrap_or(1).max(1)
    }

    /// How many tasks of the canonical trace it is: one a node, of each task of an array.
    pub(super) fn parts(&self) -> u64 {
        self.width().saturating_mul(self.tasks)
    }

    /// The tasks.
    fn part(&self) -> Tasks {
        let nodes = self.width();
        let each = |amount: u64| amount.div_ceil(nodes);
        let ran = self.ran();
        let known = match self.phase() {
            _ if self.never_ran() => unstarted(),
            JobPhase::Runs => censored(ran),
            _ if ran.is_none() && self.end.is_none() => untold(),
            _ => ended(ran),
        };
        let mebibytes = |kib: u64| kib.div_ceil(1024);
        let used = self.rss.filter(|kib| *kib > 0).map(mebibytes);
        Tasks {
            count: self.parts(),
            cpus: self.cpus.map(|cpus| each(cpus.saturating_mul(1000))),
            memory: self.memory.map(|kib| mebibytes(each(kib))).or(used),
            used: self.memory.and(used),
            gpus: self.gpus.map(|gpus| each(gpus.saturating_mul(1000))),
            ..known
        }
    }

    /// The job.
    pub(super) fn draft(self) -> Draft {
        let tasks = self.part();
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let waited = self.submit.zip(self.start.filter(|_| !self.never_ran()));
        let user = match self.user.as_str() {
            "" => self.account.clone(),
            user => user.to_owned(),
        };
        let gang = self.width() > 1;
        let mut draft = Draft::simple(self.id, self.submit.or(self.start), tasks)
            .by(user)
            .ended(self.state);
        draft.gang = gang;
        draft.priority = self.priority;
        draft.more = Job {
            wait: waited.and_then(|(submit, start)| start.checked_sub(submit)),
            estimate: self.limit,
            requested: self.requested.map(|cpus| cpus.saturating_mul(1000)),
            group: some(&self.account),
            executable: some(&self.name),
            queue: some(&self.qos),
            partition: some(&self.partition),
            ..Job::default()
        };
        draft
    }
}

/// The first word of a state: `CANCELLED` of `CANCELLED by 1001`.
fn state(text: &str) -> Result<String, ReadError> {
    let word = text.split_ascii_whitespace().next().unwrap_or_default();
    let word = word.trim_end_matches('+');
    let letters = word
        .bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let rest = &text[word.len()..];
    if !letters || word.len() < 2 || !matches!(rest, "" | "+") && !rest.starts_with(" by ") {
        let expected = "the state of a job, such as COMPLETED or CANCELLED by 1001";
        return Err(ReadError::expected(expected, quoted(text)));
    }
    Ok(word.to_owned())
}

contents! { Record: |row|
    Jobs u64::from(row.step.is_none()),
    Tasks if row.step.is_none() { row.parts() } else { 0 };
}

shows! { Record: |one|
    "id": one.id, "step": one.step, "submit_s": digits(one.submit, MILLIONTHS),
    "start_s": digits(one.start, MILLIONTHS), "elapsed_s": digits(one.elapsed, MILLIONTHS),
    "state": one.state, "nodes": one.nodes, "cpus": one.cpus,
    "mem_mib": one.memory.map(|kib| kib.div_ceil(1024)), "gpus": one.gpus, "user": one.user,
    "partition": one.partition,
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let job = self.step.is_none();
        seen.count_if("jobs", job);
        seen.count_if("steps", !job);
        seen.columns();
        if !job {
            return;
        }
        seen.count_if("arrays_that_wait", self.id.contains('['));
        seen.least("first_s", self.submit).written(MILLIONTHS);
        seen.most("last_s", self.submit).written(MILLIONTHS);
        seen.tally(
            "states",
            Some(self.state.as_str()).filter(|state| !state.is_empty()),
        );
        seen.distinct(
            "users",
            Some(self.user.as_str()).filter(|user| !user.is_empty()),
        );
        seen.tally(
            "partitions",
            Some(self.partition.as_str()).filter(|one| !one.is_empty()),
        );
        seen.count_if("never_started", self.never_ran());
        if let (Some(start), Some(end)) = (self.start, self.end)
            && end < start
            && !self.never_ran()
        {
            let expected = format!(
                "an end not before the start ({})",
                digits(start, MILLIONTHS)
            );
            let odd = ReadError::expected(expected, digits(end, MILLIONTHS));
            seen.warn(odd.place("column End"));
        }
        seen.figures("elapsed_s", "millionths of a second", self.ran());
        seen.figures("nodes", "nodes", self.nodes);
        seen.figures("cpus", "cores", self.cpus);
        seen.figures(
            "mem",
            "MiB of a job",
            self.memory.map(|kib| kib.div_ceil(1024)),
        );
        seen.figures("gpus", "GPUs", self.gpus);
        seen.figures("limit_s", "millionths of a second", self.limit);
    }
}
