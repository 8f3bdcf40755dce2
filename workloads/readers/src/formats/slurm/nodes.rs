//! The nodes of a Slurm cluster: `scontrol show nodes`, with or without `-o`, or the lines of a `slurm.conf`.
//!
//! `scontrol` tells a node in a paragraph or on a line, `slurm.conf` many on one line (`n[001-128]`), with
//! defaults above. Of both only what a node has is read.

use std::collections::BTreeSet;

use super::notation::{count, gres, hosts};
use crate::formats::ahead::{Ahead, Lined, LinedRecords, TextLine};
use crate::formats::prelude::*;

/// The most of anything one node may have.
const MOST: u64 = 1_000_000_000;

pub(crate) const FORM: Form = Form {
    about: "nodes of a Slurm cluster (scontrol show nodes, slurm.conf)",
    machines: true,
    signs: &[
        Begins("NodeName="),
        Begins("ClusterName="),
        Begins("# slurm.conf"),
        Named("slurm.conf"),
    ],
    unkept: &["State", "Partitions"],
    import: Ok(import),
    samples: &[
        "\
NodeName=n001 Arch=x86_64 CoresPerSocket=32
   CPUAlloc=0 CPUEfctv=126 CPUTot=128 CPULoad=0.01
   AvailableFeatures=amd
   Gres=gpu:a100:4(S:0-1)
   OS=Linux 5.15.0-1 #1 SMP Fri Jan 1 00:00:00 UTC 2026
   RealMemory=515000 AllocMem=0 FreeMem=500000 Sockets=2 Boards=1
   State=IDLE+DRAIN ThreadsPerCore=2 TmpDisk=0 Weight=1 Owner=N/A
   Partitions=gpu
   Reason=bad disk [root@2026-01-05T08:00:00]

NodeName=n002 CPUTot=8 RealMemory=16000 Gres=(null) State=MIXED Partitions=short,long
",
        "\
# slurm.conf
ClusterName=c1
NodeName=DEFAULT Sockets=2 CoresPerSocket=8 RealMemory=64000 State=UNKNOWN
NodeName=n[01-03] ThreadsPerCore=2 \\
  Feature=amd
nodename=g1 cpus=64 realmemory=256000 gres=gpu:t4:2 Boards=1
NodeName=later State=FUTURE
PartitionName=main Nodes=ALL Default=YES
",
    ],
    ..Form::of::<Records>()
};

/// The nodes that an entry tells of.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Record {
    /// Their names.
    pub names: Vec<String>,
    /// The cores that jobs may have of each.
    pub cpus: Option<u64>,
    /// The memory of each, in MiB.
    pub memory: Option<u64>,
    /// The GPUs of each.
    pub gpus: u64,
    /// Their model.
    pub model: String,
    /// Their state; empty where it is not told.
    pub state: String,
    /// The partitions that they are in.
    pub partitions: String,
}

/// The nodes of a file.
pub type Records = LinedRecords<NodeEntries>;

/// How they are written.
#[derive(Default)]
pub struct NodeEntries {
    /// What `NodeName=DEFAULT` says.
    defaults: BTreeMap<String, String>,
    unread: BTreeSet<String>,
}

/// What is read, by lower-case names.
const READ: [&str; 15] = [
    "nodename",
    "cputot",
    "cpus",
    "procs",
    "cpuefctv",
    "realmemory",
    "gres",
    "state",
    "partitions",
    "sockets",
    "socketsperboard",
    "boards",
    "corespersocket",
    "threadspercore",
    "coresperboard",
];

/// `Key=value` pairs; what has no key belongs to the value before.
fn pairs(text: &str) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for word in text.split_ascii_whitespace() {
        let key =
            |key: &str| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric());
        match word.split_once('=').filter(|(name, _)| key(name)) {
            Some((name, value)) => {
                pairs.push((name.to_owned(), value.trim_matches('"').to_owned()));
            }
            None => {
                if let Some((_, value)) = pairs.last_mut() {
                    value.push(' ');
                    value.push_str(word);
                }
            }
        }
    }
    pairs
}

/// Whether a line begins the entry of nodes.
fn begins(line: &str) -> bool {
    let start = line.trim_ascii_start().as_bytes();
    start.len() > 9 && start[..9].eq_ignore_ascii_case(b"NodeName=")
}

impl NodeEntries {
    /// Understands an entry; nothing where it tells of defaults.
    fn read(&mut self, entry: &str) -> Result<Option<Record>, ReadError> {
        let mut told = BTreeMap::new();
        let mut names = String::new();
        for (name, value) in pairs(entry) {
            let key = name.to_ascii_lowercase();
            match key.as_str() {
                "nodename" => names = value,
                _ if READ.contains(&key.as_str()) => {
                    told.insert(key, value);
                }
                _ => {
                    self.unread.insert(name);
                }
            }
        }
        if names.eq_ignore_ascii_case("DEFAULT") {
            self.defaults.extend(told);
            return Ok(None);
        }
        let get = |name: &str| told.get(name).or_else(|| self.defaults.get(name));
        let number = |name: &str| {
            let value = get(name).filter(|value| !matches!(value.as_str(), "N/A" | "(null)"));
            let read = |value: &String| {
                let number = count(value).map_err(|error| error.place(format!("key `{name}`")))?;
                let most = || ReadError::expected(format!("at most {MOST}"), number);
                (number <= MOST)
                    .then_some(number)
                    .ok_or_else(|| most().place(format!("key `{name}`")))
            };
            value.map(read).transpose()
        };
        let mut cpus = None;
        for name in ["cpuefctv", "cputot", "cpus", "procs"] {
            cpus = cpus.or(number(name)?);
        }
        let per_board = number("socketsperboard")?.map(|sockets| (sockets, number("boards")));
        let sockets = match (number("sockets")?, per_board) {
            (Some(sockets), _) => Some(sockets),
            (None, Some((sockets, boards))) => Some(sockets.saturating_mul(boards?.unwrap_or(1))),
            (None, None) => None,
        };
        let (cores, threads) = (number("corespersocket")?, number("threadspercore")?);
        let shape = sockets.or(cores).or(threads).map(|_| {
            let [sockets, cores, threads] = [sockets, cores, threads].map(|n| n.unwrap_or(1));
            sockets
                .saturating_mul(cores)
                .saturating_mul(threads)
                .min(MOST)
        });
        let gpus = get("gres").map(|text| gres(text)).transpose();
        let (gpus, model) = gpus
            .map_err(|error| error.place("key `gres`"))?
            .unwrap_or_default();
        let word = |name: &str| get(name).cloned().unwrap_or_default();
        Ok(Some(Record {
            names: hosts(&names).map_err(|error| error.place("key `NodeName`"))?,
            cpus: cpus.or(shape),
            memory: number("realmemory")?,
            gpus: gpus.min(MOST),
            model: model.unwrap_or_default().to_owned(),
            state: word("state"),
            partitions: word("partitions"),
        }))
    }
}

/// A line without what is commented.
fn plain(line: &str) -> &str {
    let plain = match line.split_once('#') {
        // The version of an operating system has one in it: `OS=Linux 5.15 #1 SMP`.
        Some((before, _)) if !before.contains('=') || !before.contains("OS=") => before,
        _ => line,
    };
    plain.trim_end()
}

impl Lined for NodeEntries {
    type Record = Record;
    const MEMBER: &'static str = "slurm.conf";
    const ONE: &'static str = "node";
    const ABOUT: &'static str =
        "the output of scontrol show nodes, or a slurm.conf: NodeName=... CPUs=...";

    /// An entry has lines that are indented, and those behind a backslash.
    fn record(&mut self, line: TextLine, ahead: &mut Ahead) -> Result<Option<Record>, ReadError> {
        let mut entry = plain(&line.text).to_owned();
        let node = begins(&entry);
        loop {
            let goes_on = entry.ends_with('\\');
            let next = ahead.peek().map(|next| next.text.as_str());
            let indented = |next: &str| next.starts_with([' ', '\t']) && !begins(next);
            if !next.is_some_and(|next| goes_on || node && indented(next)) {
                break;
            }
            let Some(Ok(next)) = ahead.next() else {
                break;
            };
            let next = plain(&next.text);
            entry.truncate(entry.trim_end_matches('\\').len());
            if node {
                entry.push(' ');
                entry.push_str(next);
            } else if next.ends_with('\\') {
                entry.push('\\');
            }
        }
        if node { self.read(&entry) } else { Ok(None) }
    }

    fn unread(&self) -> Vec<String> {
        self.unread.iter().cloned().collect()
    }
}

contents! { Record: |entry| Machines entry.names.len() as u64; }

shows! { Record: |one|
    "name": one.names.first().map_or("", String::as_str), "nodes": one.names.len(),
    "cpus": one.cpus, "mem_mib": one.memory, "gpus": one.gpus, "model": one.model, "state": one.state,
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let nodes = self.names.len() as u64;
        let of_all = |amount: u64| u128::from(amount) * u128::from(nodes);
        seen.count("entries");
        seen.sum("nodes", nodes);
        seen.sum("cpus", of_all(self.cpus.unwrap_or(0)));
        seen.sum("mem_mib", of_all(self.memory.unwrap_or(0)));
        seen.sum("gpus", of_all(self.gpus));
        seen.tally_by(
            "gpu_models",
            Some(self.model.as_str()).filter(|one| !one.is_empty()),
            nodes,
        );
        seen.tally_by(
            "states",
            Some(self.state.as_str()).filter(|one| !one.is_empty()),
            nodes,
        );
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    let (mut id, mut away) = (0, 0);
    import.each(Records::open(path)?, |import, entry: Record| {
        let state = entry.state.to_ascii_uppercase();
        if state.split('+').any(|word| word == "FUTURE") {
            return Ok(Became::Passed("nodes that are not there yet"));
        }
        let out = ["DOWN", "DRAIN", "FAIL"];
        if out.iter().any(|word| state.contains(word)) {
            away += entry.names.len();
        }
        for name in entry.names {
            import.push(Machine {
                id,
                name,
                platform: Some(entry.model.clone()).filter(|model| !model.is_empty()),
                cpus: entry.cpus.map(|cpus| cpus * 1000),
                memory: entry.memory,
                gpus: Some(entry.gpus * 1000),
                ..Machine::default()
            })?;
            id += 1;
        }
        Ok(Became::Imported)
    })?;
    if away > 0 {
        let model = format!("{away} that are down, drained or failed count as there");
        import.assume("nodes", model);
    }
    Ok(())
}
