//! What a run of Batsim tells of its jobs, `out_jobs.csv`: when each was submitted, began and ended.
//!
//! Times are of the simulation, in seconds. A job that was rejected has no times; older versions call resources
//! processors.

use crate::canonical::tables::Job;
use crate::formats::prelude::*;

/// The most resources of one job.
const MOST: u64 = 1_000_000_000;

pub(crate) const FORM: Form = Form {
    about: "jobs of a simulated cluster, a run's out_jobs.csv (Batsim)",
    signs: &[
        Begins("job_id,workload_name,profile,submission_time,"),
        Begins("job_id,hacky_job_id,workload_name,"),
        Named("out_jobs.csv"),
    ],
    unkept: &["success", "finish_time", "waiting_time", "allocated_resources"],
    import: Ok(import),
    samples: &[
        "\
job_id,workload_name,profile,submission_time,requested_number_of_resources,requested_time,success,final_state,\
starting_time,execution_time,finish_time,waiting_time,turnaround_time,stretch,allocated_resources,consumed_energy,\
metadata
a,w0,delay,0,1,30,1,COMPLETED_SUCCESSFULLY,1.5,20.25,21.75,1.5,21.75,1.074074,0,-1,\"\"
b,w0,long,1,4,100,0,COMPLETED_WALLTIME_REACHED,22,100,122,21,121,1.21,0-3,-1,\"\"
c,w0,delay,2,9,-1,0,REJECTED,,,,,,,,,\"\"
",
        "\
job_id,workload_name,profile,submission_time,requested_number_of_processors,requested_time,success,final_state,\
starting_time,execution_time,finish_time,waiting_time,turnaround_time,stretch,consumed_energy,allocated_processors
1,w0,d,0,1,30,1,COMPLETED_SUCCESSFULLY,0,20,20,0,20,1,-1,0
",
    ],
    ..Form::of::<Rows<Record>>()
};

/// Seconds with a fraction, in millionths; nothing below zero, or where nothing is written.
struct SimulatedTime;

impl Kind for SimulatedTime {
    type Value = Option<u64>;

    fn read(&self, cell: Cell<'_>) -> Result<Self::Value, ReadError> {
        if cell.text().starts_with('-') {
            return Ok(None);
        }
        cell.maybe(|cell| cell.decimal("seconds", MILLIONTHS, LATEST))
    }

    fn show(&self, value: &Self::Value) -> String {
        digits(*value, MILLIONTHS)
    }
}

columns! {
    /// One job.
    pub struct Record: "job" in "out_jobs.csv", headed;
    /// Its name within its workload.
    job: String = "job_id", Word("a job");
    /// Its workload.
    workload: String = "workload_name", Text;
    /// What it executed.
    profile: String = "profile", Text;
    /// When it was submitted.
    submit: Option<u64> = "submission_time" as "submit_s", SimulatedTime;
    /// The resources that it asked for.
    resources: Option<u64> = "requested_number_of_resources" as "resources", Maybe(Round("resources", MOST));
    /// The same in older versions.
    processors: Option<u64> = "requested_number_of_processors" as _, Maybe(Round("resources", MOST));
    /// How long it may run.
    limit: Option<u64> = "requested_time" as "limit_s", SimulatedTime;
    /// Whether it ended well.
    success: String = "success" as _, Text;
    /// How it ended.
    state: String = "final_state" as "state", Text;
    /// When it began.
    start: Option<u64> = "starting_time" as "start_s", SimulatedTime;
    /// How long it ran.
    run: Option<u64> = "execution_time" as "run_s", SimulatedTime;
    /// When it ended.
    finish: Option<u64> = "finish_time" as _, SimulatedTime;
    /// How long it waited.
    wait: Option<u64> = "waiting_time" as "wait_s", SimulatedTime;
    /// Which resources it had.
    allocated: String = "allocated_resources" as "allocated", Text;
}

impl Record {
    fn width(&self) -> u64 {
        self.resources.or(self.processors).unwrap_or(1).max(1)
    }

    /// Whether it never began.
    fn never_ran(&self) -> bool {
        self.start.is_none() || self.state == "REJECTED"
    }
}

contents! { Record: |row| Jobs 1, Tasks row.width(); }

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("jobs");
        seen.columns();
        seen.tally(
            "workloads",
            Some(self.workload.as_str()).filter(|one| !one.is_empty()),
        );
        seen.tally(
            "states",
            Some(self.state.as_str()).filter(|one| !one.is_empty()),
        );
        seen.least("first_s", self.submit).written(MILLIONTHS);
        seen.most("last_s", self.submit).written(MILLIONTHS);
        seen.count_if("never_started", self.never_ran());
        seen.figures(
            "run_s",
            "millionths of a second",
            self.run.filter(|_| !self.never_ran()),
        );
        seen.figures("wait_s", "millionths of a second", self.wait);
        seen.figures("resources", "resources", [self.width()]);
        seen.figures("limit_s", "millionths of a second", self.limit);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    let shape = "a task a resource, with one core, all at the same time";
    import.assume("job shape", shape);
    import.assume(
        "run times",
        "those of the simulation, which follow from its platform and its scheduler",
    );
    import.each(Rows::open(path)?, |import, row: Record| {
        let count = row.width();
        let between = row
            .finish
            .zip(row.start)
            .and_then(|(finish, start)| finish.checked_sub(start));
        let run = if row.never_ran() {
            unstarted()
        } else {
            ended(row.run.or(between))
        };
        let tasks = Tasks {
            count,
            cpus: Some(1000),
            ..run
        };
        let name = match row.workload.as_str() {
            "" => row.job.clone(),
            workload => format!("{workload}!{}", row.job),
        };
        let waited = row
            .submit
            .zip(row.start)
            .and_then(|(submit, start)| start.checked_sub(submit));
        let mut draft = Draft::simple(name, row.submit, tasks)
            .by(row.workload)
            .ended(row.state);
        draft.gang = count > 1;
        draft.more = Job {
            wait: waited.or(row.wait),
            estimate: row.limit.filter(|limit| *limit > 0),
            executable: Some(row.profile).filter(|profile| !profile.is_empty()),
            ..Job::default()
        };
        import.job(draft)
    })
}
