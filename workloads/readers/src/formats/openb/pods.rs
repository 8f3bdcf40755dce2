//! `openb_pod_list`: what every pod asks for, and when it came and went.
//!
//! Every list has the first five columns, most have all. `gpu_milli` is of each GPU, less than 1000 when
//! one GPU is shared; times are in seconds. The time of scheduling is empty for a pod that was never
//! scheduled, and the deletion of a pod that outlived the trace is the end of the trace.

use super::{END, MOST_GPUS, MOST_MEBIBYTES, MOST_MILLICORES};
use crate::formats::prelude::*;

pub(crate) const FORM: Form = Form {
    about: "pods that share GPUs (Alibaba cluster-trace-gpu-v2023, openb_pod_list)",
    signs: &[Begins("name,cpu_milli,")],
    import: Ok(import),
    samples: &[
        "\
name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,\
scheduled_time
openb-pod-0000,12000,16384,1,460,V100M16|V100M32,LS,Running,0,12537496,5
openb-pod-0001,6000,0,8,1000,,BE,Pending,427061,427161,
openb-pod-0002,6000,12288,0,0,,Guaranteed,Succeeded,427060.0,427160.0,427061.0
",
        "\
name,cpu_milli,memory_mib,num_gpu,gpu_milli
openb-pod-0000,12000,16384,1,1000
",
    ],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One pod.
    pub struct Record: "pod" in "openb_pod_list_default.csv", headed;
    /// Its name.
    name: String = "name", Word("the name of a pod");
    /// Requested CPU, in thousandths of a core.
    millicores: u64 = "cpu_milli", Whole("thousandths of a core", MOST_MILLICORES);
    /// Requested memory, in MiB; some pods ask for none.
    mebibytes: u64 = "memory_mib", Whole("MiB", MOST_MEBIBYTES);
    /// How many GPUs it asks for.
    gpus: u64 = "num_gpu", Whole("GPUs", MOST_GPUS);
    /// How much of each, in thousandths.
    milligpus: u64 = "gpu_milli", Whole("thousandths of a GPU", 1000);
    /// The models that will do, with `|` between; empty for any.
    models: String = "gpu_spec", Text;
    /// LS, BE, Burstable or Guaranteed.
    qos: String = "qos", Text;
    /// Running, Succeeded, Failed or Pending.
    phase: String = "pod_phase", Text;
    /// When it was created, in seconds.
    creation: Option<u64> = "creation_time", Maybe(Round("seconds", LATEST));
    /// When it was deleted, in seconds.
    deletion: Option<u64> = "deletion_time", Maybe(Round("seconds", LATEST));
    /// When it was scheduled, in seconds.
    scheduled: Option<u64> = "scheduled_time", Maybe(Round("seconds", LATEST));
}

contents! { Record: |_| Jobs 1, Tasks 1; }

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let partial = self.gpus > 0 && self.milligpus < 1000;
        if partial && self.gpus > 1 {
            let odd = ReadError::expected("1000 with several GPUs", self.milligpus);
            seen.warn(odd.place("column gpu_milli"));
        }
        seen.count("pods");
        seen.columns();
        seen.tally("pods_by_num_gpu", self.gpus);
        seen.sum("sum_num_gpu_x_gpu_milli", self.gpus * self.milligpus);
        seen.count_if("partial_gpu_pods", partial);
        seen.tally("pod_phase", &self.phase);
        seen.tally("qos", &self.qos);
        seen.count_if("pods_with_gpu_spec", !self.models.is_empty());
        seen.least("creation_min_s", self.creation);
        seen.most("creation_max_s", self.creation);
        seen.most("deletion_max_s", self.deletion);
        seen.count_if("rows_blank_scheduled_time", self.scheduled.is_none());
        seen.sorted("sorted_by_creation", self.creation);
        let mut span = |from: Option<u64>| {
            let (from, deletion) = from.zip(self.deletion)?;
            let span = deletion.checked_sub(from);
            seen.count_if("deletions_before_the_pod", span.is_none());
            if span.is_none() {
                let expected = format!("a time not before the pod ({from})");
                let odd = ReadError::expected(expected, deletion);
                seen.warn(odd.place("column deletion_time"));
            }
            span
        };
        let [life, run] = [span(self.creation), span(self.scheduled)];
        seen.count_if("deletions_before_the_pod", false);
        seen.figures("cpu_milli", "thousandths of a core", [self.millicores]);
        seen.figures("memory_mib", "MiB", [self.mebibytes]);
        seen.figures("deletion_minus_creation_s", "seconds", life);
        seen.figures("deletion_minus_scheduled_s", "seconds", run);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "run times",
        "from scheduling, or else creation, to deletion; pods that were never scheduled did not run, \
         and those deleted when the trace ends ran on",
    );
    import.each(Rows::open(path)?, |import, pod: Record| {
        let begin = pod.scheduled.or(pod.creation);
        let times = pod.deletion.zip(begin);
        let run = times.and_then(|(end, begin)| end.checked_sub(begin));
        let running = pod.phase == "Running";
        let ran = if pod.phase == "Pending" && pod.scheduled.is_none() {
            unstarted()
        } else if running && pod.deletion.is_none_or(|end| end >= END) {
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
            wait: pod
                .scheduled
                .zip(pod.creation)
                .and_then(|(start, creation)| start.checked_sub(creation))
                .map(seconds),
            model: Some(pod.models).filter(|models| !models.is_empty()),
            ..ran
        };
        let mut draft = Draft::simple(pod.name, pod.creation.map(seconds), tasks);
        draft.more.class = Some(pod.qos.clone()).filter(|qos| !qos.is_empty());
        import.job(draft.by(pod.qos).ended(pod.phase))
    })
}
