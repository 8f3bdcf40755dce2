//! The nodes of a PBS or Torque cluster: `pbsnodes -a`, or `-av` for virtual nodes.
//!
//! A name at the beginning of a line, `key = value` on indented ones. PBS tells what is there as
//! `resources_available.ncpus`, Torque as `np`, `gpus` and, within `status`, `physmem`.

use super::chunks::{GPUS, MODELS};
use crate::formats::ahead::{Ahead, Lined, LinedRecords, TextLine};
use crate::formats::batch::lines::NamesUnread;
use crate::formats::batch::notation::{count, memory};
use crate::formats::prelude::*;

pub(crate) const FORM: Form = Form {
    about: "nodes of a PBS or Torque cluster (pbsnodes -a)",
    signs: &[Named("pbsnodes")],
    unkept: &["state", "queue", "properties"],
    machines: true,
    import: Ok(import),
    samples: &[
        "\
n1
     Mom = n1.site
     ntype = PBS
     state = free
     pcpus = 128
     resources_available.arch = linux
     resources_available.gpu_type = a100
     resources_available.host = n1
     resources_available.mem = 527987612kb
     resources_available.ncpus = 128
     resources_available.ngpus = 4
     resources_available.vnode = n1
     resources_assigned.ncpus = 0
     comment = a node = with words

n2
     ntype = PBS
     state = state-unknown,down
     pcpus = 8
",
        "\
baktum-2
     state = job-exclusive
     np = 32
     properties = short,long
     ntype = cluster
     jobs = 0/127.sig-06
     status = rectime=1382651851,jobs=,state=free,ncpus=32,physmem=529426924kb,totmem=533621220kb,opsys=linux
     gpus = 2
",
    ],
    ..Form::of::<Records>()
};

/// One node.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Record {
    /// Its name.
    pub name: String,
    /// Its processors.
    pub cpus: Option<u64>,
    /// Its memory, in KiB.
    pub memory: Option<u64>,
    /// Its GPUs.
    pub gpus: Option<u64>,
    /// Their model.
    pub model: String,
    /// Its states, with commas between.
    pub state: String,
}

/// The nodes of a file.
pub type Records = LinedRecords<PbsNodeLines>;

/// How they are written.
#[derive(Default)]
pub struct PbsNodeLines {
    unread: NamesUnread,
}

/// What the lines of a node begin with.
const INDENT: [char; 2] = [' ', '\t'];

/// Keys that say nothing of what a node has.
const KNOWN: [&str; 10] = [
    "Mom",
    "ntype",
    "jobs",
    "queue",
    "properties",
    "comment",
    "resources_available.arch",
    "resources_available.host",
    "resources_available.vnode",
    "pbs_version",
];

impl Record {
    /// Takes what a line says; tells whether it is understood.
    fn take(&mut self, key: &str, value: &str) -> Result<bool, ReadError> {
        let placed = |error: ReadError| error.place(format!("key {key}"));
        let resource = key.strip_prefix("resources_available.");
        match (resource, key) {
            // What PBS says is there counts, else what the machine has.
            (Some("ncpus"), _) | (_, "np") => {
                self.cpus = Some(count(value, "processors").map_err(placed)?);
            }
            (_, "pcpus") => {
                let cpus = count(value, "processors").map_err(placed)?;
                self.cpus = self.cpus.or(Some(cpus));
            }
            (Some("mem"), _) => self.memory = Some(memory(value, 1).map_err(placed)?),
            (_, "status") => {
                let mut parts = value.split(',').filter_map(|part| part.split_once('='));
                if let Some((_, text)) = parts.find(|(name, _)| *name == "physmem") {
                    self.memory = Some(memory(text, 1).map_err(placed)?);
                }
            }
            (Some(name), _) | (None, name) if GPUS.contains(&name) => {
                let gpus = count(value, "GPUs").map_err(placed)?;
                self.gpus = Some(self.gpus.map_or(gpus, |known| known.max(gpus)));
            }
            (Some(name), _) if MODELS.contains(&name) => value.clone_into(&mut self.model),
            (_, "state") => value.clone_into(&mut self.state),
            _ => return Ok(KNOWN.contains(&key)),
        }
        Ok(true)
    }
}

impl Lined for PbsNodeLines {
    type Record = Record;
    const MEMBER: &'static str = "pbsnodes.txt";
    const ONE: &'static str = "node";
    const ABOUT: &'static str =
        "the output of pbsnodes -a: a name on a line, key = value on indented ones";

    fn record(&mut self, line: TextLine, ahead: &mut Ahead) -> Result<Option<Record>, ReadError> {
        if line.text.starts_with('#') {
            return Ok(None);
        }
        let name = line.text.trim_ascii();
        if line.text.starts_with(INDENT) || name.contains(|c: char| " \t=;,|{".contains(c)) {
            let error = ReadError::expected("the name of a node", quoted(name));
            return Err(error.hint(Self::ABOUT));
        }
        let mut node = Record {
            name: name.to_owned(),
            ..Record::default()
        };
        let (mut problem, mut told) = (None, false);
        while ahead
            .peek()
            .is_some_and(|next| next.text.starts_with(INDENT))
        {
            let Some(Ok(line)) = ahead.next() else {
                break;
            };
            let Some((key, value)) = line.text.split_once('=') else {
                // A value goes on.
                continue;
            };
            let (key, value) = (key.trim_ascii(), value.trim_ascii());
            told = true;
            match node.take(key, value) {
                Ok(true) => {}
                Ok(false) => self.unread.see(key),
                Err(error) => {
                    problem = problem.or_else(|| Some(line.place.of(error)));
                }
            }
        }
        if !told {
            let error = ReadError::expected("key = value on indented lines", "none");
            problem = problem.or_else(|| Some(error.hint(Self::ABOUT)));
        }
        problem.map_or(Ok(Some(node)), Err)
    }

    fn unread(&self) -> Vec<String> {
        self.unread.names()
    }
}

contents! { Record: |_| Machines 1; }

shows! { Record: |one|
    "name": one.name, "cpus": one.cpus, "mem_mib": one.memory.map(|kib| kib / 1024), "gpus": one.gpus,
    "model": one.model, "state": one.state,
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("nodes");
        seen.sum("cpus", self.cpus.unwrap_or(0));
        seen.sum("mem_mib", self.memory.map_or(0, |kib| kib / 1024));
        seen.sum("gpus", self.gpus.unwrap_or(0));
        let some = |text: &'_ str| !text.is_empty();
        seen.tally(
            "gpu_models",
            Some(self.model.as_str()).filter(|one| some(one)),
        );
        seen.tally("states", Some(self.state.as_str()).filter(|one| some(one)));
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    let away = std::cell::Cell::new(0_u64);
    import.machines(Records::open(path)?, |node: Record| {
        let mut states = node.state.split(',').map(str::trim_ascii);
        let out =
            states.any(|state| matches!(state, "down" | "offline" | "state-unknown" | "unknown"));
        away.set(away.get() + u64::from(out));
        Machine {
            name: node.name,
            platform: Some(node.model).filter(|model| !model.is_empty()),
            cpus: node.cpus.map(|cpus| cpus * 1000),
            memory: node.memory.map(|kib| kib / 1024),
            gpus: Some(node.gpus.unwrap_or(0) * 1000),
            ..Machine::default()
        }
    })?;
    if away.get() > 0 {
        let model = format!(
            "{} that are down, offline or unknown count as there",
            away.get()
        );
        import.assume("nodes", model);
    }
    Ok(())
}
