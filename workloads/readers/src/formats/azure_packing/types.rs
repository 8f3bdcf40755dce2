//! The table `vmType`: what part of each kind of machine a type of virtual machine takes.

use std::collections::BTreeSet;

use super::database::{StoredRow, StoredRows};
use crate::canonical::Units;
use crate::formats::prelude::*;

const COLUMNS: [&str; 8] = [
    "vmTypeId",
    "machineId",
    "core",
    "memory",
    "hdd",
    "ssd",
    "nic",
    "id",
];
/// The most of a machine that a type may take, in machines.
const MOST: u64 = 1000;

pub(crate) const FORM: Form = Form {
    about: "what part of a machine types of virtual machine take, SQLite or CSV (Azure traces for packing 2020, \
            table vmType)",
    signs: &[
        Begins("id,vmTypeId,machineId"),
        Begins("vmTypeId,machineId"),
    ],
    units: Units::relative,
    import: Err("it has types of virtual machine and no machines: those are in the table vm"),
    samples: &["\
id,vmTypeId,machineId,core,memory,hdd,ssd,nic
0,92,0,0.25,0.125,,0.5,0.1
1,92,16,0.5,0.25,0,0.5,
"],
    ..Form::of::<StoredRows<Record>>()
};

/// A type on one kind of machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// The type.
    pub of: String,
    /// The kind of machine.
    pub machine: String,
    /// The part of its processors, in billionths.
    pub cores: Option<u64>,
    /// The part of its memory, in billionths.
    pub memory: Option<u64>,
}

impl Row for Record {
    type Layout = crate::formats::Table<{ COLUMNS.len() }>;
    const MEMBER: &'static str = "vmType.csv";
    const ONE: &'static str = "type";
    const HEADED: bool = true;
    const READ: &'static [&'static str] = &COLUMNS;
    const ABOUT: &'static str = "columns: vmTypeId, machineId, core, memory, hdd, ssd, nic";

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
    const STORED: &'static str = "vmType";
    const STORED_COLUMNS: &'static [&'static str] = &COLUMNS;
    const NEEDED: usize = 4;

    fn of(cells: &[Cell<'_>]) -> Result<Self, ReadError> {
        let [of, machine, cores, memory, ..] = *cells else {
            return Err(ReadError::uneven(
                format!("{} columns", COLUMNS.len()),
                cells.len(),
            ));
        };
        let part = |cell: Cell<'_>| cell.decimal("of a machine", BILLIONTHS, MOST);
        Ok(Self {
            of: of.word("a type of virtual machine")?.to_owned(),
            machine: machine.word("a kind of machine")?.to_owned(),
            cores: cores.maybe(part)?,
            memory: memory.maybe(part)?,
        })
    }
}

// A type is no thing of a trace: what asks for it has its size.
contents! { Record: |_| Machines 0; }

shows! { Record: |one|
    "type": one.of, "machine": one.machine, "cores": digits(one.cores, BILLIONTHS),
    "memory": digits(one.memory, BILLIONTHS),
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("rows");
        seen.distinct("types", &self.of);
        seen.distinct("machines", &self.machine);
        seen.figures("cores", "billionths of a machine", self.cores);
        seen.figures("memory", "billionths of a machine", self.memory);
    }
}

/// What each type takes of one kind of machine, the same for as many as possible.
#[derive(Default)]
pub(super) struct VmTypes(BTreeMap<String, (Option<u64>, Option<u64>)>);

impl VmTypes {
    /// Whether any is known.
    pub(super) fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// Processors and memory, in billionths of a machine.
    pub(super) fn of(&self, name: &str) -> (Option<u64>, Option<u64>) {
        self.0.get(name).copied().unwrap_or_default()
    }

    /// All types, in the sizes of the kind of machine that most of them may run on.
    pub(super) fn read(
        import: &mut Import<'_>,
        records: StoredRows<Record>,
    ) -> Result<Self, ReadError> {
        let mut rows: Vec<Record> = Vec::new();
        let mut machines: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        import.each(records, |_, row: Record| {
            machines
                .entry(row.machine.clone())
                .or_default()
                .insert(row.of.clone());
            rows.push(row);
            Ok(Became::Imported)
        })?;
        // Of equally many the machine of the least number, as far as names are numbers.
        let number = |name: &str| name.parse::<u64>().unwrap_or(u64::MAX);
        let most = machines.iter().max_by(|one, other| {
            let by_count = one.1.len().cmp(&other.1.len());
            by_count.then_with(|| number(other.0).cmp(&number(one.0)))
        });
        let machine = most.map_or(String::new(), |(name, _)| name.clone());
        let mut types = BTreeMap::new();
        for row in rows.iter().filter(|row| row.machine == machine) {
            types
                .entry(row.of.clone())
                .or_insert((row.cores, row.memory));
        }
        let on_it = types.len();
        rows.sort_by_key(|row| number(&row.machine));
        for row in &rows {
            types
                .entry(row.of.clone())
                .or_insert((row.cores, row.memory));
        }
        let model = format!(
            "{on_it} of {} types take their part of the kind of machine {machine}, on which the most may run; the \
             others of the kind of the least number that they may run on",
            types.len()
        );
        import.assume("types", model);
        Ok(Self(types))
    }
}
