//! `PlanetLab`: the CPU use of a thousand virtual machines on one day, a file each.
//!
//! Source: github.com/beloglazov/planetlab-workload-traces (Beloglazov and Buyya, 2012). A file is
//! named by host and slice and has a whole number a line: the mean CPU use in each five minutes, in
//! percent. A folder of such files and an archive of them are read. Sizes of machines are not in it.

use std::sync::Arc;

use crate::formats::prelude::*;

/// The most CPU use, in percent: of many cores.
const MOST_PERCENT: u64 = 100_000;

pub(crate) const FORM: Form = Form {
    about: "CPU use of virtual machines in percent; a folder or archive of files (PlanetLab 2011)",
    signs: &[Named("planetlab")],
    import: Ok(|import, path| {
        let model = "percent of a machine; sizes are not in the source";
        import.assume("usage", model);
        import.sees(0);
        let mut machines = Named::default();
        import.each(Rows::open(path)?, |import, row: Record| {
            let job = machines.job(import, &row.machine(), untold())?;
            let start = (row.place.line - 1) * FIVE_MINUTES;
            import.reading(job, start, FIVE_MINUTES, row.percent * 10_000)
        })
    }),
    samples: &["47\n4\n38\n"],
    ..Form::by::<Rows<Record>, Counts>()
};

/// One machine in five minutes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands: the file is the machine, the line counts the five minutes from one.
    pub place: Place,
    /// CPU use, in percent.
    pub percent: u64,
}

impl Record {
    /// The name of the machine.
    pub fn machine(&self) -> String {
        let name = self.place.file.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

impl Row for Record {
    type Layout = ();
    const MEMBER: &'static str = "machine";
    const ONE: &'static str = "line";
    const ABOUT: &'static str = "a whole number a line: CPU use in five minutes, in percent";
    const PARTS: bool = true;
    const MEMBERS: Option<&'static str> = Some("");

    fn row(line: &str, (): &mut ()) -> Result<Option<Self>, ReadError> {
        Ok(Some(Self {
            place: Place::nowhere(),
            percent: Cell::new(0, "cpu", line.trim_ascii()).round("percent", MOST_PERCENT)?,
        }))
    }

    fn at(self, place: impl FnOnce() -> Place) -> Self {
        let place = place();
        Self { place, ..self }
    }
}

contents! { Record: |_| Jobs 1, Tasks 1, Readings 1; }

shows! { Record: |one|
    "machine": one.machine(), "sample": one.place.line, "cpu_percent": one.percent,
}

/// The machine that is read, and how many samples it has.
#[derive(Default)]
struct Counts(Option<(Arc<Path>, u64)>);

impl Survey for Counts {
    type Record = Record;

    fn see(&mut self, record: &Record, seen: &mut Seen) {
        if record.percent > 100 {
            seen.warn(ReadError::expected("at most 100 percent", record.percent));
        }
        let same = |(file, _): &(Arc<Path>, u64)| Arc::ptr_eq(file, &record.place.file);
        let behind = match &mut self.0 {
            Some(machine) if same(machine) => {
                machine.1 += 1;
                None
            }
            other => other.replace((Arc::clone(&record.place.file), 1)),
        };
        let new = behind.is_some();
        seen.count_if("vm_files", new);
        seen.tally("samples_per_vm", behind.map(|(_, samples)| samples))
            .keys();
        seen.mean("mean", record.percent * 1_000_000_000);
        seen.figures("cpu_percent", "percent", [record.percent]);
    }

    fn end(self, seen: &mut Seen) {
        if let Some((_, samples)) = self.0 {
            seen.count("vm_files");
            seen.tally("samples_per_vm", samples).keys();
        }
    }
}
