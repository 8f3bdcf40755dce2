//! The machines of an `HTCondor` pool: `condor_status -long`, or `-json`. An ad is a slot; what its machine has in all
//! stands in each of them.

use std::collections::BTreeSet;

use super::ads::{ClassAd, ClassAds};
use crate::formats::batch::notation::MOST;
use crate::formats::prelude::*;
use crate::formats::survey::Unread;

pub(crate) const FORM: Form = Form {
    about: "machines of an HTCondor pool (condor_status -long or -json)",
    signs: &[
        Holds("\"TotalSlotCpus\""),
        Holds("\"AddressV1\""),
        Holds("\"CondorLoadAvg\""),
        Begins("MyType = \"Machine\""),
        Named("condor_status"),
    ],
    unkept: &["what each slot has of its machine"],
    machines: true,
    import: Ok(import),
    samples: &[
        "\
MyType = \"Machine\"
Name = \"slot1@n1\"
Machine = \"n1\"
TotalCpus = 32.0
TotalMemory = 128000
TotalGPUs = 2
GPUs_DeviceName = \"NVIDIA A100\"
Cpus = 8

MyType = \"Machine\"
Name = \"slot1_1@n1\"
Machine = \"n1\"
TotalCpus = 32.0
TotalMemory = 128000
TotalGPUs = 2

Name = \"slot1@n2\"
Machine = \"n2\"
DetectedCpus = 8
DetectedMemory = 16000
",
        r#"[ { "Name": "slot1@n1", "Machine": "n1", "TotalCpus": 4, "TotalMemory": 8000, "TotalSlotCpus": 4 } ]
"#,
    ],
    ..Form::of::<Records>()
};

/// The ad of a slot: what its machine has.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Record {
    /// The machine.
    pub machine: String,
    /// The slot.
    pub slot: String,
    /// The processors of the machine, in thousandths.
    pub cpus: Option<u64>,
    /// Its memory, in MiB.
    pub memory: Option<u64>,
    /// Its GPUs, in thousandths.
    pub gpus: Option<u64>,
    /// Their model.
    pub model: String,
}

/// The ads of slots in a file.
pub struct Records(ClassAds);

impl Record {
    fn read(ad: &ClassAd) -> Result<Self, ReadError> {
        let Some(machine) = ad.get("machine").or(ad.get("name")) else {
            let expected = "the ad of a slot, with Machine and Name";
            let error = ReadError::expected(expected, "none of them");
            return Err(error.hint("the output of condor_status -long or -json"));
        };
        let first = |names: [&str; 3], digits: u32| {
            let mut told = names.into_iter().map(|name| ad.number(name, digits, MOST));
            told.find_map(Result::transpose).transpose()
        };
        let word = |name: &str| ad.get(name).unwrap_or_default().to_owned();
        Ok(Self {
            machine: machine.to_owned(),
            slot: word("name"),
            cpus: first(["totalcpus", "detectedcpus", "cpus"], 3)?,
            memory: first(["totalmemory", "detectedmemory", "memory"], 0)?,
            gpus: first(["totalgpus", "detectedgpus", "gpus"], 3)?,
            model: ad
                .get("gpus_devicename")
                .map_or_else(|| word("cudadevicename"), str::to_owned),
        })
    }
}

impl Iterator for Records {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let ad = match self.0.next()? {
            Ok(ad) => ad,
            Err(error) => return Some(Err(error)),
        };
        Some(Record::read(&ad).map_err(|error| self.0.here(error)))
    }
}

impl Reader for Records {
    type Record = Record;

    fn open(path: &Path) -> Result<Self, ReadError> {
        ClassAds::open(path).map(Self)
    }

    fn place(&self) -> Option<Place> {
        self.0.place()
    }

    fn end(&self, seen: &mut Seen) {
        self.0.end(seen);
    }
}

impl Unread for Records {
    fn unread(&self) -> Vec<String> {
        self.0.unread()
    }
}

contents! { Record: |_| Machines 1; }

shows! { Record: |one|
    "machine": one.machine, "slot": one.slot, "cpus": digits(one.cpus, 3), "mem_mib": one.memory,
    "gpus": digits(one.gpus, 3), "model": one.model,
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("slots");
        seen.distinct("machines", self.machine.as_str());
        seen.tally(
            "gpu_models",
            Some(self.model.as_str()).filter(|one| !one.is_empty()),
        );
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    let mut known = BTreeSet::new();
    import.each(Records::open(path)?, |import, slot: Record| {
        if !known.insert(slot.machine.clone()) {
            return Ok(Became::Merged("another slot of the same machine"));
        }
        import.push(Machine {
            id: known.len() as u64 - 1,
            name: slot.machine,
            platform: Some(slot.model).filter(|model| !model.is_empty()),
            cpus: slot.cpus,
            memory: slot.memory,
            gpus: Some(slot.gpus.unwrap_or(0)),
            ..Machine::default()
        })?;
        Ok(Became::Imported)
    })
}
