//! Gavel's lists of training jobs: steps, not seconds.
//!
//! Source: github.com/stanford-futuredata/gavel, `scheduler/traces` (Narayanan et al., OSDI 2020).
//! Tab-separated without a header: type of job, template of its command, name of its option for
//! steps, whether it needs a data folder, steps, arrival in seconds, GPUs. How long a job runs
//! depends on the GPU: steps divided by the throughput of its type ([`super::throughputs`]). The
//! command is text here and nothing runs it. Newer lists have more columns behind (priority,
//! objective); they are not read.

use crate::formats::philly::MOST_GPUS;
use crate::formats::prelude::*;

/// The most steps of one job.
const MOST_STEPS: u64 = 1 << 50;

pub(crate) const FORM: Form = Form {
    about: "training jobs by steps, tab-separated (Gavel)",
    signs: &[MayEnd(".trace")],
    unkept: &["command", "num_steps_arg", "needs_data_dir"],
    import: Ok(|import, path| {
        let model = "not in the source: steps divided by the speed of a GPU (gavel-throughputs)";
        import.assume("run times", model);
        import.training(Rows::open(path)?, |job: Record| {
            let name = format!("{}, {} steps", job.kind, job.steps);
            Draft::simple(name, Some(job.arrival), workers(job.gpus, None))
        })
    }),
    samples: &["\
Transformer (batch size 128)\tcd %s && python3 train.py\t-step\t1\t95121\t0.000000\t1
ResNet-18 (batch size 32)\tpython3 main.py\t--num_steps\t1\t10000\t6.5\t4
"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One job.
    pub struct Record: "job" in "trace.trace", bare {
        const BETWEEN: char = '\t';
        const MORE: bool = true;
    };
    /// What it trains: `ResNet-18 (batch size 32)`.
    kind: String = "job_type", Word("a type of job");
    /// The template of its command.
    command: String = "command" as _, Text;
    /// The name of its option for steps.
    option: String = "num_steps_arg" as _, Text;
    /// Whether it needs a data folder.
    needs: String = "needs_data_dir" as _, Text;
    /// How many steps it takes.
    steps: u64 = "total_steps", Round("steps", MOST_STEPS);
    /// When it arrived, in microseconds.
    arrival: u64 = "arrival_time" as "arrival_s", Decimal("seconds", MILLIONTHS, LATEST);
    /// How many GPUs it runs on.
    gpus: u64 = "scale_factor", Round("GPUs", MOST_GPUS);
}

contents! { Record: |job| Jobs 1, Tasks job.gpus.max(1); }

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("jobs");
        seen.columns();
        if let Some(last) = seen.sorted("arrival_nondecreasing", self.arrival) {
            let [last, found] = [last, self.arrival].map(|n| written(u128::from(n), MILLIONTHS));
            seen.before("column 6 (arrival_time)", last, found);
        }
        seen.distinct("job_types", &self.kind);
        seen.tally("scale_factor", self.gpus);
        seen.figures("arrival_s", "millionths of a second", [self.arrival]);
        seen.figures("num_steps", "steps", [self.steps]);
    }
}
