//! Alibaba's disaggregated recommendation services, 2025: instances on CPU and on GPU nodes.
//!
//! Source: github.com/alibaba/clusterdata, `cluster-trace-gpu-v2025` (Prism, NSDI 2025). CSV with a
//! header of 17 columns: requests and limits in cores, GPUs, percent of a network card, GiB of
//! memory and of disk; times in seconds. An empty creation is before the trace, an empty deletion
//! after it. Amounts and times are kept in millionths.

use crate::formats::prelude::*;

/// The most of any resource one instance may ask for.
const MOST: u64 = 1_000_000_000;
const CORES: Decimal = Decimal("cores", MILLIONTHS, MOST);
const GPUS: Decimal = Decimal("GPUs", MILLIONTHS, MOST);
const PERCENT: Decimal = Decimal("percent", MILLIONTHS, MOST);
const GIB: Decimal = Decimal("GiB", MILLIONTHS, MOST);
const TIME: Blank<Decimal> = Blank(Decimal("seconds", MILLIONTHS, LATEST));

pub(crate) const FORM: Form = Form {
    about: "instances on CPU and GPU nodes (Alibaba cluster-trace-gpu-v2025, disaggregated DLRM)",
    signs: &[Begins("instance_sn,role,app_name")],
    unkept: &[
        "role",
        "cpu_limit",
        "gpu_limit",
        "rdma_request",
        "rdma_limit",
        "memory_limit",
        "disk_request",
        "disk_limit",
        "max_instance_per_node",
    ],
    import: Ok(import),
    samples: &["\
instance_sn,role,app_name,cpu_request,cpu_limit,gpu_request,gpu_limit,rdma_request,rdma_limit,\
memory_request,memory_limit,disk_request,disk_limit,max_instance_per_node,creation_time,\
scheduled_time,deletion_time
instance_0,HN,app_0,12,12,1,1,25,25,120.0,120.0,640.0,800.0,8,,,
instance_1,CN,app_0,64,64,0,0,1,1,475.00000000000006,480,0,0,-1,475.0,476.5,9000.0
"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One instance.
    pub struct Record: "instance" in "disaggregated_DLRM_trace.csv", headed;
    /// Its name.
    name: String = "instance_sn" as "instance", Word("the name of an instance");
    /// CN on a CPU node, HN on a GPU node.
    role: String = "role", OneOf(&["CN", "HN"]);
    /// The service it belongs to.
    app: String = "app_name" as "app", Word("the name of a service");
    /// Cores it asks for.
    cpu: u64 = "cpu_request" as "cpus", CORES;
    /// Cores it may have.
    cpu_limit: u64 = "cpu_limit" as _, CORES;
    /// GPUs it asks for.
    gpu: u64 = "gpu_request" as "gpus", GPUS;
    /// GPUs it may have.
    gpu_limit: u64 = "gpu_limit" as _, GPUS;
    /// Percent of a network card it asks for.
    rdma: u64 = "rdma_request" as "rdma", PERCENT;
    /// Percent of a network card it may have.
    rdma_limit: u64 = "rdma_limit" as _, PERCENT;
    /// Memory it asks for, in GiB.
    memory: u64 = "memory_request" as "mem_gib", GIB;
    /// Memory it may have.
    memory_limit: u64 = "memory_limit" as _, GIB;
    /// Disk it asks for, in GiB.
    disk: u64 = "disk_request" as "disk_gib", GIB;
    /// Disk it may have.
    disk_limit: u64 = "disk_limit" as _, GIB;
    /// The most instances of the service on one node; less than zero for any number.
    most_per_node: i64 = "max_instance_per_node" as _, Signed("instances", MOST);
    /// When it was created, in microseconds.
    creation: Option<u64> = "creation_time" as "created_s", TIME;
    /// When it was scheduled, in microseconds.
    scheduled: Option<u64> = "scheduled_time" as _, TIME;
    /// When it was deleted, in microseconds.
    deletion: Option<u64> = "deletion_time" as "deleted_s", TIME;
}

contents! { Record: |_| Jobs 1, Tasks 1; }

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("instances");
        seen.columns();
        seen.tally("role", &self.role);
        seen.distinct("apps", &self.app);
        seen.sum("gpu_request_sum", self.gpu).written(MILLIONTHS);
        seen.count_if("blank_creation_time", self.creation.is_none());
        seen.count_if("blank_deletion_time", self.deletion.is_none());
        let both = self.creation.zip(self.deletion);
        seen.count_if("both_times_present", both.is_some());
        let life =
            both.map(|(creation, deletion)| (creation, deletion, deletion.checked_sub(creation)));
        if let Some((creation, deletion, None)) = life {
            let [creation, deletion] = [creation, deletion].map(u128::from);
            let expected = format!("a time not before {}", written(creation, MILLIONTHS));
            let odd = ReadError::expected(expected, written(deletion, MILLIONTHS));
            seen.warn(odd.place("column 17 (deletion_time)"));
        }
        let unit = "millionths of a second";
        seen.figures("cpu_request", "millionths of a core", [self.cpu]);
        seen.figures("memory_request_GiB", "millionths of a GiB", [self.memory]);
        seen.figures("creation_time_s", unit, self.creation);
        seen.figures(
            "lifetime_s_both_present",
            unit,
            life.and_then(|(.., life)| life),
        );
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "instances",
        "one is there from the beginning where its creation is missing; it began before, and one without \
         a deletion runs on when the trace ends, with the last of its times",
    );
    let times = |one: &Record| {
        let times = [one.creation, one.scheduled, one.deletion];
        times.into_iter().flatten().max()
    };
    let records = Rows::open(path)?.flatten();
    let last = records.filter_map(|one| times(&one)).max();
    import.each(Rows::open(path)?, |import, one: Record| {
        let begin = one.scheduled.or(one.creation);
        let end = one.deletion.or(last);
        let run = end.and_then(|end| end.checked_sub(begin.unwrap_or(0)));
        let ran = match (begin, one.deletion) {
            (Some(_), Some(_)) => ended(run),
            _ => censored(run),
        };
        let tasks = Tasks {
            cpus: Some(one.cpu / 1000),
            memory: Some((u128::from(one.memory) * 1024 / 1_000_000) as u64),
            gpus: Some(one.gpu / 1000),
            ..ran
        };
        let draft = Draft::simple(one.name, Some(one.creation.unwrap_or(0)), tasks);
        import.job(draft.by(one.app))
    })
}
