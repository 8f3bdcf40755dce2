//! Single requests of one day of 2025: when, to which function, on which pod, and how long each part took.
//!
//! CSV with a header; times and costs in seconds. A pod's name has its pool in it, with the CPU and the memory
//! that its pods may use.

use super::pool;
use crate::canonical::tables::Job;
use crate::formats::prelude::*;

/// The most memory of a pod, in MB, and of a body, in bytes.
const MOST: u64 = 1 << 40;
const SECONDS: Maybe<Decimal> = Maybe(Decimal("seconds", MILLIONTHS, LATEST));

pub(crate) const FORM: Form = Form {
    about: "requests to functions, how long they took and on which pod (Huawei 2025)",
    signs: &[
        Begins("time_worker,time_frontend,requestID"),
        Begins("day,time_worker,time_frontend"),
    ],
    unkept: &[
        "time_worker",
        "requestID",
        "workerCost",
        "runtimeCost",
        "totalCost_frontend",
        "frontendCost",
        "busCost",
        "readBodyCost",
        "writeRspCost",
    ],
    import: Ok(import),
    samples: &["\
time_worker,time_frontend,requestID,clusterName,funcName,podID,userID,totalCost_worker,workerCost,\
runtimeCost,totalCost_frontend,frontendCost,busCost,readBodyCost,writeRspCost,cpu_usage,memory_usage,\
requestBodySize
2600186.994,2600186.995,763ff09a,1,296,pool22-300-128-0000618412,224,0.023749,0.000112,0.023637,0.026421,\
0.000364,0.001994,0.000016,0.000006,0.291506,32.308594,1018
2600187.0,,763ff09b,1,296,pool22,224,0.5,,,,,,,,,,
"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One request.
    pub struct Record: "request" in "requests.csv", headed {
        const PARTS: bool = true;
    };
    /// When its worker told of it, in microseconds.
    worker: Option<u64> = "time_worker" as "worker_s", SECONDS;
    /// When its frontend did.
    frontend: Option<u64> = "time_frontend" as "frontend_s", SECONDS;
    /// Its name.
    id: String = "requestID" as _, Text;
    /// The cluster.
    cluster: String = "clusterName" as "cluster", Text;
    /// The function.
    function: String = "funcName" as "function", Word("a function");
    /// The pod.
    pod: String = "podID" as "pod", Text;
    /// Whose the function is.
    user: String = "userID" as "user", Text;
    /// How long it took in the pod, in microseconds.
    total: Option<u64> = "totalCost_worker" as "total_s", SECONDS;
    /// How much of that was the worker's.
    own: Option<u64> = "workerCost" as _, SECONDS;
    /// How much of that was the runtime's.
    runtime: Option<u64> = "runtimeCost" as _, SECONDS;
    /// How long it took as the frontend measured.
    whole: Option<u64> = "totalCost_frontend" as "whole_s", SECONDS;
    /// How much of that was the frontend's.
    front: Option<u64> = "frontendCost" as _, SECONDS;
    /// How much of that was the proxy's.
    bus: Option<u64> = "busCost" as _, SECONDS;
    /// Reading its body.
    reading: Option<u64> = "readBodyCost" as _, SECONDS;
    /// Writing the answer.
    writing: Option<u64> = "writeRspCost" as _, SECONDS;
    /// The pod's CPU while it took, in millionths of a core.
    cpu: Option<u64> = "cpu_usage" as "cpus", Maybe(Decimal("cores", MILLIONTHS, MOST));
    /// The pod's memory, in millionths of a MB.
    memory: Option<u64> = "memory_usage" as "mem_mb", Maybe(Decimal("MB", MILLIONTHS, MOST));
    /// The size of its body.
    body: Option<u64> = "requestBodySize" as "body_bytes", Maybe(Round("bytes", MOST));
}

contents! { Record: |_| Jobs 1, Tasks 1; }

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("requests");
        seen.columns();
        seen.distinct("functions", &self.function);
        seen.distinct("users", &self.user);
        seen.distinct("pods", &self.pod);
        seen.least("first_s", self.frontend.or(self.worker))
            .written(MILLIONTHS);
        seen.most("last_s", self.frontend.or(self.worker))
            .written(MILLIONTHS);
        seen.figures("total_s", "millionths of a second", self.total);
        seen.figures("cpus", "millionths of a core", self.cpu);
        seen.figures("mem_mb", "millionths of a MB", self.memory);
        seen.figures("body_bytes", "bytes", self.body);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "requests",
        "a job of one task each, that asks for what its pod may use; it comes when its frontend told of it, or \
         else its worker",
    );
    import.assume("memory", "a MB is a MiB");
    import.each(Rows::open(path)?, |import, one: Record| {
        let size = pool(&one.pod);
        let busy = one.cpu.zip(one.total);
        let busy = busy.map(|(cores, time)| u128::from(cores) * u128::from(time) / 1_000_000);
        let tasks = Tasks {
            cpus: size.map(|(cpus, _)| cpus),
            memory: size.map(|(_, memory)| memory),
            used: one
                .memory
                .filter(|_| size.is_some())
                .map(|memory| memory.div_ceil(1_000_000)),
            busy: busy.and_then(|busy| u64::try_from(busy).ok()),
            read: one.body,
            ..one.total.map_or_else(untold, |run| ended(Some(run)))
        };
        let mut draft = Draft::simple(one.function.clone(), one.frontend.or(one.worker), tasks);
        draft.more = Job {
            executable: Some(one.function),
            partition: Some(one.cluster).filter(|cluster| !cluster.is_empty()),
            ..Job::default()
        };
        import.job(draft.by(one.user))
    })
}
