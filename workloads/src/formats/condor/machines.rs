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
        Named("condor_status"),
    ],
    unkept: &["what each slot has of its machine"],
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

/// The ads of slots in a file.
pub struct Records(ClassAds);

impl Iterator for Records {
    type Item = Result<ClassAd, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let ad = match self.0.next()? {
            Ok(ad) => ad,
            Err(error) => return Some(Err(error)),
        };
        if ad.get("machine").or(ad.get("name")).is_none() {
            let error =
                ReadError::expected("the ad of a slot, with Machine and Name", "none of them");
            let error = error.hint("the output of condor_status -long or -json");
            return Some(Err(self.0.here(error)));
        }
        Some(Ok(ad))
    }
}

impl Reader for Records {
    type Record = ClassAd;

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

contents! { ClassAd: |_| Machines 1; }

shows! { ClassAd: |one|
    "machine": one.get("machine").unwrap_or_default(), "slot": one.get("name").unwrap_or_default(),
    "cpus": one.get("totalcpus").or(one.get("detectedcpus")).unwrap_or_default(),
    "mem_mib": one.get("totalmemory").or(one.get("detectedmemory")).unwrap_or_default(),
    "gpus": one.get("totalgpus").or(one.get("detectedgpus")).unwrap_or_default(),
}

impl Told for ClassAd {
    fn see(&self, seen: &mut Seen) {
        seen.count("slots");
        seen.distinct("machines", self.get("machine"));
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    let mut known = BTreeSet::new();
    let mut ads = Records::open(path)?;
    import.each(&mut ads, |import, ad: ClassAd| {
        let name = ad.get("machine").or(ad.get("name")).unwrap_or_default();
        if !known.insert(name.to_owned()) {
            return Ok(Became::Merged("another slot of the same machine"));
        }
        let first = |names: [&str; 3], digits: u32| {
            let mut told = names.into_iter().map(|name| ad.number(name, digits, MOST));
            told.find_map(Result::transpose).transpose()
        };
        import.push(Machine {
            id: known.len() as u64 - 1,
            name: name.to_owned(),
            platform: ad
                .get("gpus_devicename")
                .or(ad.get("cudadevicename"))
                .map(str::to_owned),
            cpus: first(["totalcpus", "detectedcpus", "cpus"], 3)?,
            memory: first(["totalmemory", "detectedmemory", "memory"], 0)?,
            gpus: Some(first(["totalgpus", "detectedgpus", "gpus"], 3)?.unwrap_or(0)),
            ..Machine::default()
        })?;
        Ok(Became::Imported)
    })
}
