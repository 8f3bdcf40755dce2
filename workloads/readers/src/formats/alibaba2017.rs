//! Alibaba cluster-trace-v2017: the batch tasks of half a day on 1,300 machines.
//!
//! Source: github.com/alibaba/clusterdata, `cluster-trace-v2017`, table `batch_task`: eight columns
//! of CSV without a header, which some copies have added; one is passed over. Empty cells are
//! missing. The end of a task is the last change of its state, so of one that is not terminated
//! it says nothing, and times before the trace began are negative. CPU is in hundredths of a core,
//! memory relative to the largest machine.

use crate::formats::alibaba2018::{INIT, READY, RUNNING, WAITING, millicores, relative};
use crate::formats::cells::split;
use crate::formats::google2011::MOST_MACHINES;
use crate::formats::prelude::*;

const MOST_INSTANCES: u64 = 10_000_000;
const MOST_PERCENT: u64 = 1_000_000;

pub(crate) const FORM: Form = Form {
    about: "batch tasks, with or without a header (Alibaba cluster-trace-v2017, batch_task)",
    signs: &[Begins("task_create_time")],
    units: relative,
    import: Ok(import),
    samples: &["\
task_create_time, task_end_time, job_id, task_id,instances, status, cpus,memory\r
6459,6524,3,4,15740,Terminated,50,0.007956928\r
-1078,5,3,5,1,Terminated,50.5,0.004395206\r
7,8,4,6,2,Waiting,,\r
"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One task.
    pub struct Record: "task" in "batch_task.csv", bare {
        fn is_header(line: &str) -> bool {
            let letters = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
            let name = |cell: Cell<'_>| cell.text().bytes().any(letters);
            split(line, ',', false, &Self::COLUMNS).is_ok_and(|cells| cells.into_iter().all(name))
        }
    };
    /// When it was created, in seconds; negative before the trace.
    create: i64 = "create_time" as "create_s", Signed("seconds", LATEST);
    /// When its state last changed, in seconds.
    end: i64 = "end_time" as "end_s", Signed("seconds", LATEST);
    /// Its job.
    job: u64 = "job_id" as "job", Whole("jobs", u64::MAX);
    /// Its number, among all tasks.
    task: u64 = "task_id" as "task", Whole("tasks", u64::MAX);
    /// How many instances it has.
    instances: u64 = "instance_num" as "instances", Whole("instances", MOST_INSTANCES);
    /// Ready, Waiting, Running, Terminated, Failed or Cancelled.
    status: String = "status", Word("a status");
    /// Requested CPU of an instance in millionths of a percent of a core.
    cpu: Option<u64> = "plan_cpu" as "cpu_percent", Maybe(Decimal("percent", MILLIONTHS, MOST_PERCENT));
    /// Requested memory of an instance in billionths of the largest machine.
    memory: Option<u64> = "plan_mem" as "memory",
        Maybe(Decimal("times the largest machine", BILLIONTHS, MOST_MACHINES));
}

contents! { Record: |row| Jobs 1, Tasks row.instances; }

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        // From creation to end in seconds, waiting included.
        let took = (self.status == "Terminated").then_some(self.end - self.create);
        let lasted = took.and_then(|took| u64::try_from(took).ok());
        let backwards = took.is_some() && lasted.is_none();
        if backwards {
            let expected = format!("an end not before the creation ({})", self.create);
            let odd = ReadError::expected(expected, self.end);
            let odd = odd.hint("such a task is not counted among the durations");
            seen.warn(odd.place("column 2 (end_time)"));
        }
        let terminated = took.map_or(0, |_| self.instances);
        seen.count("rows");
        seen.columns();
        seen.distinct("jobs", self.job);
        seen.tally("status", &self.status);
        seen.least("create_time_min_s", self.create);
        seen.most("create_time_max_s", self.create);
        seen.most("end_time_max_s", self.end);
        seen.sorted("sorted_by_create_time", self.create);
        seen.sum("terminated_instances_sum", terminated);
        seen.count_if("terminated_negative_duration", backwards);
        seen.count_if("terminated_zero_duration", took == Some(0));
        let blank = self.cpu.is_none() && self.memory.is_none();
        seen.count_if("rows_blank_cpu_and_mem", blank);
        seen.count_if("terminated_blank_cpu", took.is_some() && self.cpu.is_none());
        let [cpu, memory] = [
            "millionths of a percent of a core",
            "billionths of the largest machine",
        ];
        seen.figures("instances", "instances", [self.instances]);
        seen.figures("terminated_duration_not_negative_s", "seconds", lasted);
        seen.figures("plan_cpu_percent_of_core", cpu, self.cpu);
        seen.figures("plan_mem_normalised", memory, self.memory);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "run times",
        "from creation to the last change, waiting included; tasks that wait never started, and those that \
         run do so nobody knows how long",
    );
    import.assume(
        "clock",
        "an hour later, so that what was created before the trace has a time",
    );
    let mut jobs = Scattered::default();
    import.each(Rows::open(path)?, |import, row: Record| {
        let submit = u64::try_from(row.create + 3600).ok().map(seconds);
        let run = u64::try_from(row.end - row.create).ok();
        let ran = match row.status.as_str() {
            WAITING | READY | INIT => unstarted(),
            RUNNING => censored(None),
            _ => ended(run.map(seconds)),
        };
        let tasks = Tasks {
            count: row.instances,
            cpus: row.cpu.map(millicores),
            memory: row.memory,
            ..ran
        };
        let found = jobs.job(import, &row.job.to_string(), submit);
        found.push(import, &row.task.to_string(), None, [], tasks)
    })?;
    jobs.write(import)
}
