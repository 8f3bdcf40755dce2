//! `OpenDC`'s tables of fragments: how much CPU each task used, piece by piece.
//!
//! Source: github.com/atlarge-research/opendc, `workloadTraces/*/fragments.parquet`. Parquet, or CSV
//! with the same columns: the task, how long the piece lasted in milliseconds, and the speed used in
//! MHz. The pieces of a task stand in their order.

use crate::canonical::NO_PARTS;
use crate::formats::prelude::*;
use crate::formats::sheets::{Item, SheetRow, Sheets};

/// The most speed of one task, in MHz.
const MOST_SPEED: u64 = 1_000_000_000;

pub(crate) const FORM: Form = Form {
    about: "CPU use of tasks piece by piece, Parquet or CSV (OpenDC)",
    signs: &[Begins("id,duration,cpu_usage"), Column("cpu_usage")],
    import: Ok(import),
    samples: &["id,duration,cpu_usage\n116,300000,19.5\n116,300000,0.25\n"],
    ..Form::of::<Sheets<Record>>()
};

/// One piece of a task.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// The task.
    pub task: String,
    /// How long it lasted, in milliseconds.
    pub duration: u64,
    /// The speed used, in billionths of a MHz.
    pub used: u64,
}

impl SheetRow for Record {
    const COLUMNS: &'static [&'static str] = &["id", "duration", "cpu_usage"];
    const REQUIRED: usize = 3;
    const ONE: &'static str = "fragment";
    const MEMBER: &'static str = "fragments.csv";

    fn row(items: &[Item]) -> Result<Self, ReadError> {
        Ok(Self {
            task: items[0].name("a task")?,
            duration: items[1].whole("milliseconds", LATEST * 1000)?,
            used: items[2].decimal("MHz", BILLIONTHS, MOST_SPEED)?,
        })
    }
}

contents! { Record: |_| Jobs 1, Tasks 1, Readings 1; }

shows! { Record: |one|
    "id": one.task, "duration_ms": one.duration, "cpu_usage_mhz": digits(one.used, BILLIONTHS),
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("rows");
        seen.distinct("tasks", &self.task);
        seen.sum("duration_ms_sum", self.duration);
        seen.mean("cpu_usage_mean", self.used);
        seen.most("cpu_usage_max", self.used).rounded(BILLIONTHS);
        seen.figures("duration_ms", "milliseconds", [self.duration]);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume("usage", NO_PARTS[1]);
    let mut named = Named::default();
    let mut ends: BTreeMap<u64, u64> = BTreeMap::new();
    import.each(Sheets::open(path)?, |import, row: Record| {
        let job = named.job(import, &row.task, untold())?;
        let end = ends.entry(job).or_default();
        let (start, length) = (*end, millis(row.duration));
        *end = end.saturating_add(length);
        import.reading(job, start, length, row.used / 1000)
    })
}
