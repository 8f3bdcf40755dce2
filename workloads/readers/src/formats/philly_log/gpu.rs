//! `cluster_gpu_util`: how busy each of a server's GPUs was in every minute.
//!
//! CSV with a header. A row has a number for each of eight GPUs, of which a server may have fewer, and a
//! comma behind the last. A few rows hold more than one reading, of which the first is read.

use super::{OrNotThere, Pacific};
use crate::formats::cells::bare;
use crate::formats::prelude::*;

/// The most GPUs of a row.
const MOST_GPUS: usize = 64;
const PERCENT: OrNotThere<Decimal> = OrNotThere(Decimal("percent", MILLIONTHS, 1000));

pub(crate) const FORM: Form = Form {
    about: "how busy the servers' GPUs were in every minute (Microsoft Philly 2017, cluster_gpu_util)",
    signs: &[
        Begins("time,machineId,gpu0_util"),
        Named("cluster_gpu_util"),
    ],
    import: Err("the canonical form has no place for the use of GPUs"),
    samples: &["\
time,machineId,gpu0_util,gpu1_util,gpu2_util,gpu3_util,gpu4_util,gpu5_util,gpu6_util,gpu7_util
2017-10-03 00:08:00 PDT,m29,60.8,99.366666667,100.0,63.333333333,100.0,100.0,100.0,100.0,
2017-10-03 00:08:00 PDT,m30,60.8,NA,,,,,,,
"],
    ..Form::of::<Rows<Record>>()
};

/// One reading.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// When.
    pub time: Stamp,
    /// The server.
    pub machine: String,
    /// How busy each of its GPUs was, in millionths of a percent; nothing for one that was off.
    pub gpus: Vec<Option<u64>>,
    /// Whether more stands in its row.
    pub more: bool,
}

impl Row for Record {
    /// How many GPUs the first line names.
    type Layout = usize;
    const MEMBER: &'static str = "cluster_gpu_util";
    const TABLE: &'static str = "cluster_gpu_util";
    const ONE: &'static str = "reading";
    const ABOUT: &'static str = "columns: time, machineId, gpu0_util, gpu1_util, ...";
    const HEADED: bool = true;

    fn reads(name: &str) -> bool {
        matches!(name, "" | "time" | "machineId") || name.ends_with("_util")
    }

    fn header(line: &str, gpus: &mut usize) -> Result<(), ReadError> {
        let names: Vec<&str> = line.split(',').map(bare).collect();
        *gpus = names.iter().filter(|name| name.ends_with("_util")).count();
        let begins = matches!(names[..], ["time", "machineId", ..]);
        if !begins || !(1..=MOST_GPUS).contains(gpus) {
            let expected = "a first line `time,machineId,gpu0_util,...`";
            return Err(ReadError::expected(expected, quoted(line)).hint(Self::ABOUT));
        }
        Ok(())
    }

    fn row(line: &str, gpus: &mut usize) -> Result<Option<Self>, ReadError> {
        let names = ["time", "machineId"];
        let cells = line.split(',').enumerate();
        let mut cells = cells.map(|(at, text)| {
            let name = names.get(at).copied().unwrap_or("gpu_util");
            Cell::new(at, name, bare(text))
        });
        let found = line.split(',').count();
        let (Some(time), Some(machine)) = (cells.next(), cells.next()) else {
            return Err(
                ReadError::uneven(format!("{} columns", *gpus + 2), found).hint(Self::ABOUT)
            );
        };
        let least = *gpus + 2;
        if found < least {
            let expected = format!("{least} columns, perhaps with a comma behind the last");
            return Err(ReadError::uneven(expected, found).hint(Self::ABOUT));
        }
        Ok(Some(Self {
            time: Pacific.read(time)?,
            machine: machine.word("the name of a server")?.to_owned(),
            more: found > least + 1,
            gpus: cells
                .take(*gpus)
                .map(|cell| PERCENT.read(cell))
                .collect::<Result<_, _>>()?,
        }))
    }
}

shows! { Record: |one|
    "time": one.time.text, "machine": one.machine, "gpus": one.gpus.iter().flatten().count(),
    "busiest_percent": digits(one.gpus.iter().flatten().max().copied(), MILLIONTHS),
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let busy = || self.gpus.iter().flatten().copied();
        if self.more {
            let odd = ReadError::expected("one reading a row", "more");
            seen.warn(odd.hint("what stands behind the first is not read"));
        }
        seen.count("readings");
        seen.count_if("rows_with_more_than_a_reading", self.more);
        seen.distinct("servers", &self.machine);
        seen.earliest("first", self.time.seconds, &self.time.text);
        seen.latest("last", self.time.seconds, &self.time.text);
        seen.count_if("readings_of_servers_that_were_off", busy().next().is_none());
        seen.figures("gpu_percent", "millionths of a percent", busy());
    }
}
