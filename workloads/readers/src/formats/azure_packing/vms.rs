//! The table `vm`: who asked for a virtual machine of which type, from when to when.

use super::database::{StoredRow, StoredRows, is_database};
use super::types::VmTypes;
use crate::canonical::Units;
use crate::formats::cells;
use crate::formats::prelude::*;

/// When the publisher looked last, in days.
const LAST_LOOK: u64 = 90;
/// Days are kept in trillionths.
const DIGITS: u32 = 12;
/// The most days from the beginning, forwards or backwards.
const MOST_DAYS: u64 = 1_000_000;

const COLUMNS: [&str; 6] = [
    "vmId",
    "vmTypeId",
    "starttime",
    "endtime",
    "priority",
    "tenantId",
];

pub(crate) const FORM: Form = Form {
    about: "requests for virtual machines by type, SQLite or CSV (Azure traces for packing 2020, table vm)",
    signs: &[
        Begins("SQLite format 3"),
        Begins("vmId,tenantId,vmTypeId"),
        Named("packing_trace"),
    ],
    units: Units::relative,
    unkept: &["hdd", "ssd", "nic"],
    import: Ok(import),
    samples: &["\
vmId,tenantId,vmTypeId,priority,starttime,endtime
0,8,92,1,-785.5,0.5
1,8,92,0,0.25,
2,9,93,0,2.5,2.75
"],
    ..Form::of::<StoredRows<Record>>()
};

/// One virtual machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Its number.
    pub vm: String,
    /// Its type.
    pub of: String,
    /// When it was asked for, in trillionths of a day; negative for before the trace.
    pub start: i64,
    /// When it was gone; nothing while it was there.
    pub end: Option<i64>,
    /// 0 for high, 1 for low priority.
    pub priority: Option<u8>,
    /// Whose it is.
    pub tenant: String,
}

impl Row for Record {
    type Layout = crate::formats::Table<{ COLUMNS.len() }>;
    const MEMBER: &'static str = "vm.csv";
    const ONE: &'static str = "virtual machine";
    const HEADED: bool = true;
    const READ: &'static [&'static str] = &COLUMNS;
    const ABOUT: &'static str = "columns: vmId, vmTypeId, starttime, endtime, priority, tenantId";

    fn header(line: &str, table: &mut Self::Layout) -> Result<(), ReadError> {
        let needed = std::array::from_fn(|at| at < Self::NEEDED);
        *table = Self::Layout::header(line, ',', &COLUMNS, needed)?;
        Ok(())
    }

    fn row(line: &str, table: &mut Self::Layout) -> Result<Option<Self>, ReadError> {
        Self::of(&table.cells(line, ',', &COLUMNS)?).map(Some)
    }
}

impl StoredRow for Record {
    const STORED: &'static str = "vm";
    const STORED_COLUMNS: &'static [&'static str] = &COLUMNS;
    const NEEDED: usize = 4;

    fn of(cells: &[Cell<'_>]) -> Result<Self, ReadError> {
        let [vm, of, start, end, priority, tenant] = *cells else {
            return Err(ReadError::uneven(
                format!("{} columns", COLUMNS.len()),
                cells.len(),
            ));
        };
        Ok(Self {
            vm: vm.word("the number of a virtual machine")?.to_owned(),
            of: of.word("a type of virtual machine")?.to_owned(),
            start: days(start)?,
            end: end.maybe(days)?,
            priority: priority.maybe(|cell| cell.code("a priority", 1))?,
            tenant: tenant.text().to_owned(),
        })
    }
}

impl Record {
    /// When it was asked for and gone, in microseconds of the trace; how it was before is lost.
    fn times(&self) -> (u64, Option<u64>) {
        (micros(self.start), self.end.map(micros))
    }

    /// How long it lived, in microseconds.
    fn life(&self) -> Option<u64> {
        let life = self.end?.checked_sub(self.start)?;
        u64::try_from(life).ok().map(of_days)
    }
}

/// A number of days, perhaps a negative one.
fn days(cell: Cell<'_>) -> Result<i64, ReadError> {
    let (text, sign) = match cell.text().strip_prefix('-') {
        Some(text) => (text, -1),
        None => (cell.text(), 1),
    };
    let amount = cells::decimal(text, "days", DIGITS, MOST_DAYS);
    Ok(sign * amount.map_err(|error| cell.wrong(error))?.cast_signed())
}

/// A time in microseconds of the trace; 0 for before it.
fn micros(days: i64) -> u64 {
    of_days(u64::try_from(days).unwrap_or(0))
}

fn of_days(trillionths: u64) -> u64 {
    (u128::from(trillionths) * 86_400 / 1_000_000) as u64
}

contents! { Record: |_| Jobs 1, Tasks 1; }

shows! { Record: |one|
    "vm": one.vm, "type": one.of, "tenant": one.tenant,
    "start_s": digits(one.times().0, MILLIONTHS), "end_s": digits(one.times().1, MILLIONTHS),
    "priority": one.priority.map(u64::from),
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let backwards = self.end.is_some() && self.life().is_none();
        if backwards {
            let odd = ReadError::expected("an end not before the start", "an earlier one");
            seen.warn(odd.place("column endtime"));
        }
        seen.count("requests");
        seen.distinct("types", &self.of);
        seen.distinct("tenants", &self.tenant);
        seen.tally("priorities", self.priority);
        seen.count_if("there_before_the_trace", self.start < 0);
        seen.count_if("there_when_looked_at_last", self.end.is_none());
        seen.count_if("ends_before_the_start", backwards);
        seen.most("last_start_s", self.times().0)
            .written(MILLIONTHS);
        seen.figures("life_s", "millionths of a second", self.life());
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "job shape",
        "a virtual machine is a task that asks for its part of a machine",
    );
    import.assume(
        "priorities",
        "1 of high, 0 of low priority, whose lives the publisher's decisions cut short",
    );
    import.assume(
        "run times",
        "from request to end; of a machine that was there before the trace only what is in it, from its beginning; \
         one that was there when the publisher looked last, after 90 days, has run until then",
    );
    let types = if is_database(path)? {
        VmTypes::read(import, StoredRows::open(path)?)?
    } else {
        import.assume(
            "types",
            "what they take stands in the table vmType, of which a database has both",
        );
        VmTypes::default()
    };
    let mut unknown = 0_u64;
    let sized = types.any();
    import.each(StoredRows::open(path)?, |import, vm: Record| {
        let (start, end) = vm.times();
        let ran = match (vm.start < 0, end) {
            (_, None) => censored(Some(seconds(LAST_LOOK * 86_400).saturating_sub(start))),
            (true, end) => censored(end),
            (false, Some(_)) => ended(vm.life()),
        };
        let (cpus, memory) = types.of(&vm.of);
        unknown += u64::from(sized && cpus.is_none() && memory.is_none());
        let tasks = Tasks {
            cpus,
            memory,
            ..ran
        };
        let mut draft = Draft::simple(vm.vm, Some(start), tasks).by(vm.tenant);
        draft.priority = vm.priority.map(|low| u64::from(low == 0));
        draft.more.class = vm
            .priority
            .map(|low| ["high", "low"][usize::from(low.min(1))].to_owned());
        draft.more.executable = Some(vm.of);
        import.job(draft)
    })?;
    if unknown > 0 {
        let model = format!("{unknown} virtual machines are of types of which none is told");
        import.assume("sizes", model);
    }
    Ok(())
}
