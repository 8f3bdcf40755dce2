//! Hosts of a cluster as commands list them: `lshosts -w` and `bhosts -w` of LSF, `qhost` of Grid Engine.
//!
//! Columns between blanks, named by the first line; the last of `lshosts`, the resources, holds blanks. `bhosts` has
//! slots and no memory, and `qhost` a line for the whole cluster.

use super::notation::{count, memory};
use crate::formats::prelude::*;

pub(crate) const FORM: Form = Form {
    about: "hosts of an LSF or Grid Engine cluster (lshosts -w, bhosts -w, qhost)",
    signs: &[Begins("HOST_NAME "), Begins("HOSTNAME  ")],
    unkept: &["STATUS"],
    machines: true,
    import: Ok(import),
    samples: &[
        "\
HOST_NAME                       type       model  cpuf ncpus maxmem maxswp server RESOURCES
n1                            X86_64  Intel_E5_2   60.0    28 251.5G   3.9G    Yes (mg linux)
n2                            X86_64  Intel_E5_2   60.0    28 251.5G   3.9G    Yes ()
login                         X86_64      PC6000  116.1     -      -      -     No ()
",
        "\
HOST_NAME          STATUS          JL/U    MAX  NJOBS    RUN  SSUSP  USUSP    RSV
n1                 ok              -         16      0      0      0      0      0
n2                 closed_Full     -         16     16     16      0      0      0
n3                 unavail         -          -      0      0      0      0      0
",
        "\
HOSTNAME                ARCH         NCPU NSOC NCOR NTHR  LOAD  MEMTOT  MEMUSE  SWAPTO  SWAPUS
----------------------------------------------------------------------------------------------
global                  -               -    -    -    -     -       -       -       -       -
n1                      lx-amd64       32    2   16   32  0.01  125.7G    2.2G    4.0G     0.0
n2                      lx-amd64        -    -    -    -     -       -       -       -       -
",
    ],
    ..Form::of::<Rows<Record>>()
};

/// One host.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Record {
    /// Its name.
    pub name: String,
    /// Its model of CPU.
    pub model: String,
    /// Its processors, or the slots that it may have.
    pub cpus: Option<u64>,
    /// Its memory, in KiB.
    pub memory: Option<u64>,
    /// Whether it is no host that runs jobs.
    pub other: bool,
    /// Its status; empty where that is not told.
    pub status: String,
}

/// The columns that are read.
const COLUMNS: [&str; 10] = [
    "HOST_NAME",
    "HOSTNAME",
    "model",
    "ncpus",
    "MAX",
    "NCPU",
    "maxmem",
    "MEMTOT",
    "server",
    "STATUS",
];

impl Row for Record {
    type Layout = Vec<String>;
    const MEMBER: &'static str = "hosts.txt";
    const ONE: &'static str = "host";
    const ABOUT: &'static str =
        "the output of lshosts -w, bhosts -w or qhost, its first line included";
    const HEADED: bool = true;

    fn header(line: &str, layout: &mut Vec<String>) -> Result<(), ReadError> {
        *layout = line.split_ascii_whitespace().map(str::to_owned).collect();
        let first = layout.first().map(String::as_str);
        if !matches!(first, Some("HOST_NAME" | "HOSTNAME")) {
            let expected = "a first line that begins with HOST_NAME or HOSTNAME";
            let error = ReadError::expected(expected, quoted(line));
            return Err(error.hint(Self::ABOUT));
        }
        Ok(())
    }

    fn row(line: &str, layout: &mut Vec<String>) -> Result<Option<Self>, ReadError> {
        // Lines below a host tell of its queues and resources (`qhost -q`, `-F`).
        if line.starts_with([' ', '\t']) || line.starts_with("----") {
            return Ok(None);
        }
        let cells: Vec<&str> = line.split_ascii_whitespace().collect();
        let cell = |name: &str| {
            let at = layout.iter().position(|column| column == name)?;
            let text = cells.get(at).copied()?;
            Some(text).filter(|text| !matches!(*text, "-" | "UNKNOWN"))
        };
        let last = layout.last().map(String::as_str);
        let needed = layout.len() - usize::from(last == Some("RESOURCES"));
        if cells.len() < needed {
            let expected = format!("at least {needed} columns, as the first line has");
            return Err(ReadError::uneven(expected, cells.len()));
        }
        let of = |names: [&str; 3], read: &dyn Fn(&str) -> Result<u64, ReadError>| {
            let mut told = names
                .into_iter()
                .filter_map(|name| Some((name, cell(name)?)));
            let told = told.next().map(|(name, text)| {
                read(text).map_err(|error| error.place(format!("column {name}")))
            });
            told.transpose()
        };
        let word = |name: &str| cell(name).unwrap_or_default().to_owned();
        let name = cells.first().copied().unwrap_or_default();
        Ok(Some(Self {
            name: name.to_owned(),
            model: word("model"),
            cpus: of(["ncpus", "MAX", "NCPU"], &|text| count(text, "processors"))?,
            memory: of(["maxmem", "MEMTOT", ""], &|text| memory(text, 1 << 20))?,
            other: cell("server") == Some("No") || name == "global",
            status: word("STATUS"),
        }))
    }

    fn unread(layout: &Vec<String>) -> Vec<String> {
        let unread = layout
            .iter()
            .filter(|name| !COLUMNS.contains(&name.as_str()));
        unread.cloned().collect()
    }
}

contents! { Record: |_| Machines 1; }

shows! { Record: |one|
    "name": one.name, "model": one.model, "cpus": one.cpus,
    "mem_mib": one.memory.map(|kib| kib / 1024), "status": one.status,
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("hosts");
        seen.count_if("not_for_jobs", self.other);
        seen.sum("cpus", self.cpus.unwrap_or(0));
        seen.sum("mem_mib", self.memory.map_or(0, |kib| kib / 1024));
        seen.tally(
            "models",
            Some(self.model.as_str()).filter(|one| !one.is_empty()),
        );
        seen.tally(
            "statuses",
            Some(self.status.as_str()).filter(|one| !one.is_empty()),
        );
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    let (mut id, mut away) = (0, 0_u64);
    import.each(Rows::open(path)?, |import, host: Record| {
        if host.other {
            return Ok(Became::Passed(
                "hosts that run no jobs, and the cluster as a whole",
            ));
        }
        // A host that does not answer says nothing of what it has.
        away += u64::from(host.cpus.is_none());
        import.push(Machine {
            id,
            name: host.name,
            platform: Some(host.model).filter(|model| !model.is_empty()),
            cpus: host.cpus.map(|cpus| cpus * 1000),
            memory: host.memory.map(|kib| kib / 1024),
            ..Machine::default()
        })?;
        id += 1;
        Ok(Became::Imported)
    })?;
    import.assume("GPUs", "not in the source");
    if away > 0 {
        let model = format!("{away} do not say how many processors they have");
        import.assume("hosts", model);
    }
    Ok(())
}
