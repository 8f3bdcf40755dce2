//! Azure's virtual machines, 2017 (V1) and 2019 (V2): who had which, how large, from when to when.
//!
//! Source: github.com/Azure/AzurePublicDataset, `vmtable.csv` (Cortez et al., SOSP 2017; Hadary et
//! al., OSDI 2020). CSV without a header, 11 columns: hashes of machine, subscription and
//! deployment, created and deleted in seconds from the beginning, CPU use in percent, category,
//! cores, memory in GB. Version 2 gives cores and memory as buckets, the largest of them open:
//! `>24`. A machine that was there at the beginning is created at 0; one that outlived the trace is
//! deleted at its end.

use std::collections::BTreeSet;

use crate::formats::prelude::*;

/// The most cores or GB of one machine.
const MOST: u64 = 1_000_000;
/// CPU in millionths of a percent.
const PERCENT: Decimal = Decimal("percent", MILLIONTHS, 100_000);

pub(crate) const FORM: Form = Form {
    about: "virtual machines with their sizes and lives (Azure VM traces V1 and V2, vmtable)",
    signs: &[Named("vmtable")],
    unkept: &["deployment_id", "max_cpu", "p95_max_cpu"],
    import: Ok(import),
    samples: &["\
x/X=,VDU=,Pc2=,0,2591700,99.369869,3.4240942342446719,10.194309,Delay-insensitive,1,1.75
H5C=,BSX=,3J1=,300,600,100,6.18,33.98,Interactive,>24,>64
"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One machine.
    pub struct Record: "machine" in "vmtable.csv", bare;
    /// The machine.
    vm: String = "vm_id" as "vm", Word("a machine");
    /// Whose it is.
    subscription: String = "subscription_id" as "subscription", Word("a subscription");
    /// What it was deployed with.
    deployment: String = "deployment_id" as _, Word("a deployment");
    /// When it was created, in seconds.
    created: u64 = "vm_created" as "created_s", Round("seconds", LATEST);
    /// When it was deleted, in seconds.
    deleted: u64 = "vm_deleted" as "deleted_s", Round("seconds", LATEST);
    /// The most CPU it used, in millionths of a percent.
    max_cpu: u64 = "max_cpu" as _, PERCENT;
    /// The mean CPU it used.
    avg_cpu: u64 = "avg_cpu" as _, PERCENT;
    /// The 95th percentile of the most CPU in five minutes.
    p95_cpu: u64 = "p95_max_cpu" as _, PERCENT;
    /// What the publisher takes it for: `Interactive`.
    category: String = "vm_category" as "category", Word("a category");
    /// Its virtual cores, in millionths.
    cores: Bucket = "core_count" as "cores", Buckets("cores");
    /// Its memory, in millionths of a GB.
    gigabytes: Bucket = "memory" as "memory_gb", Buckets("GB");
}

contents! { Record: |_| Jobs 1, Tasks 1, Readings 1; }

/// An amount, or the lower end of a bucket without an upper one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bucket {
    /// The amount, in millionths.
    pub amount: u64,
    /// Whether it may be more.
    pub more: bool,
}

struct Buckets(&'static str);

impl Kind for Buckets {
    type Value = Bucket;

    fn read(&self, cell: Cell<'_>) -> Result<Bucket, ReadError> {
        let (text, more) = match cell.text().strip_prefix('>') {
            Some(rest) => (rest, true),
            None => (cell.text(), false),
        };
        let amount = cell.with(text).decimal(self.0, MILLIONTHS, MOST)?;
        Ok(Bucket { amount, more })
    }

    fn show(&self, value: &Bucket) -> String {
        let more = if value.more { ">" } else { "" };
        format!("{more}{}", written(u128::from(value.amount), MILLIONTHS))
    }
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let life = self.deleted.checked_sub(self.created);
        if life.is_none() {
            let expected = format!("a time not before its creation ({})", self.created);
            let odd = ReadError::expected(expected, self.deleted);
            seen.warn(odd.place("column 5 (vm_deleted)"));
        }
        seen.count("rows");
        seen.columns();
        seen.distinct("subscriptions", &self.subscription);
        seen.distinct("deployments", &self.deployment);
        seen.tally("category", &self.category);
        seen.count_if(
            "rows_in_an_open_bucket",
            self.cores.more || self.gigabytes.more,
        );
        seen.count_if("rows_deleted_before_created", life.is_none());
        seen.figures("cores", "millionths of a core", [self.cores.amount]);
        seen.figures("memory_gb", "millionths of a GB", [self.gigabytes.amount]);
        seen.figures("life_s", "seconds", life);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    let shape = "a virtual machine is a task that asks for all of its size";
    import.assume("job shape", shape);
    import.assume("memory", "a GB is 1024 MiB");
    let mut known: BTreeSet<[u8; 16]> = BTreeSet::new();
    let (mut open, mut short) = (0_u64, 0_u64);
    import.each(Rows::open(path)?, |import, vm: Record| {
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
        let (job, start) = (import.number(), seconds(vm.created));
        let length = seconds(vm.deleted.saturating_sub(vm.created));
        let mut draft = Draft::simple(vm.vm, Some(start), tasks);
        draft.more.class = Some(vm.category);
        import.numbered(job, draft.by(vm.subscription))?;
        import.reading(job, start, length, vm.avg_cpu / 100)
    })?;
    let model = "the mean in percent of a machine, over all of its life";
    import.assume("usage", model);
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
