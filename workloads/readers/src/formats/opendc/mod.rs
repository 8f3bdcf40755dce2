//! What `OpenDC` simulates: tasks ([`tasks`]) with the fragments of CPU that they use ([`fragments`]),
//! workflows of the Workflow Trace Archive ([`wta`]) and of the Grid Workloads Archive ([`gwf`]), and
//! the series of Bitbrains' and Materna's virtual machines ([`bitbrains`], [`materna`]).

use crate::canonical::account::Contains;
use crate::formats::prelude::*;

pub mod bitbrains;
pub mod fragments;
pub mod gwf;
pub mod materna;
pub mod tasks;
pub mod wta;

/// What a virtual machine used in the five minutes before a time.
struct MachineUse {
    /// Seconds since 1970.
    time: u64,
    cores: u64,
    /// Millionths of a percent of the cores.
    percent: u64,
    /// Millionths of a KB.
    memory: u64,
    memory_used: u64,
}

/// The machine that a file is of.
fn machine_of(place: &Place) -> String {
    let name = place.file.file_stem().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Every machine is a job of one task, with what it used as readings.
fn import_machines<R: Row + Contains>(
    import: &mut Import<'_>,
    rows: Rows<R>,
    row: fn(&R) -> (&Place, MachineUse),
) -> Done {
    let model = "percent of a machine, in the five minutes before its time";
    import.assume("usage", model);
    let mut machines = Named::default();
    import.each(rows, |import, record: R| {
        let (place, of) = row(&record);
        let tasks = Tasks {
            cpus: Some(of.cores * 1000),
            memory: Some(of.memory / 1_000_000 / 1024),
            ..untold()
        };
        let job = machines.job(import, &machine_of(place), tasks)?;
        let start = seconds(of.time).saturating_sub(FIVE_MINUTES);
        import.sees(start);
        import.push(Usage {
            job,
            start,
            length: FIVE_MINUTES,
            cpus: of.percent / 100,
            memory: Some(of.memory_used / 1_000_000 / 1024),
        })?;
        Ok(Became::Imported)
    })
}
