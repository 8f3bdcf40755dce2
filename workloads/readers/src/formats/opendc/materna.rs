//! Materna's virtual machines: what each has and uses, every five minutes.
//!
//! Source: atlarge-research.com/gwa-t-13, data set GWA-T-13 (three months of 2015 and 2016). A file a machine, like
//! those of [Bitbrains](super::bitbrains), but cells are quoted, times are dates as Germans write them, and
//! fractions stand behind a comma. A folder is read as its files, of which each is a machine.

use super::{MachineUse, import_machines, machine_of};
use crate::formats::clock;
use crate::formats::prelude::*;

/// The most of anything that one machine may have.
const MOST: u64 = 1_000_000_000_000;

pub(crate) const FORM: Form = Form {
    about: "use of virtual machines, a file each (Materna, GWA-T-13)",
    signs: &[
        Begins("\"Timestamp\";\"CPU cores\""),
        Begins("Timestamp;CPU cores"),
    ],
    unkept: &[
        "CPU capacity provisioned [MHZ]",
        "CPU usage [MHZ]",
        "Memory usage [%]",
        "Disk read throughput [KB/s]",
        "Disk write throughput [KB/s]",
        "Disk size [GB]",
        "Network received throughput [KB/s]",
        "Network transmitted throughput [KB/s]",
    ],
    import: Ok(import),
    samples: &[
        "\
\"Timestamp\";\"CPU cores\";\"CPU capacity provisioned [MHZ]\";\"CPU usage [MHZ]\";\"CPU usage [%]\";\
\"Memory capacity provisioned [KB]\";\"Memory usage [KB]\";\"Memory usage [%]\";\
\"Disk read throughput [KB/s]\";\"Disk write throughput [KB/s]\";\"Disk size [GB]\";\
\"Network received throughput [KB/s]\";\"Network transmitted throughput [KB/s]\"
\"04.11.2015 20:23:06\";\"2\";\"0\";\"87\";\"1,67\";\"6291456\";\"402653\";\"6,4\";\"0\";\"14\";\"80\";\"1\";\"0\"
\"04.11.2015 20:28:06\";\"2\";\"0\";\"90\";\"1,73\";\"6291456\";\"402653\";\"6,4\";\"0\";\"14\";\"80\";\"1\";\"0\"
",
        "\
Timestamp;CPU cores;CPU usage [MHZ];CPU usage [%];Memory capacity provisioned [KB];Memory usage [KB]
04.11.2015 20:23:06;2;87;1.67;6291456;402653.5
",
    ],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One row; the file is the machine.
    pub struct Record at place: "row" in "machine.csv", headed {
        const PARTS: bool = true;
        const BETWEEN: char = ';';
    };
    /// When the five minutes end.
    time: Stamp = "Timestamp" as "timestamp", GermanDate;
    /// The cores of the machine.
    cores: u64 = "CPU cores" as "cores", Round("cores", 1 << 20);
    /// Their speed together, in millionths of a MHz.
    capacity: Option<u64> = "CPU capacity provisioned [MHZ]" as _, Maybe(Commas("MHz"));
    /// What it used of it.
    used: Option<u64> = "CPU usage [MHZ]" as "used_mhz", Maybe(Commas("MHz"));
    /// The same in millionths of a percent.
    percent: u64 = "CPU usage [%]" as "used_percent", Commas("percent");
    /// Its memory, in millionths of a KB.
    memory: u64 = "Memory capacity provisioned [KB]" as "memory_kb", Commas("KB");
    /// What it used of it.
    memory_used: u64 = "Memory usage [KB]" as "memory_used_kb", Commas("KB");
    /// The same in millionths of a percent.
    memory_percent: Option<u64> = "Memory usage [%]" as _, Maybe(Commas("percent"));
    /// What was read from disks.
    read: Option<u64> = "Disk read throughput [KB/s]" as _, Maybe(Commas("KB/s"));
    /// What was written to disks.
    written: Option<u64> = "Disk write throughput [KB/s]" as _, Maybe(Commas("KB/s"));
    /// The size of its disks.
    disk: Option<u64> = "Disk size [GB]" as _, Maybe(Commas("GB"));
    /// What came over the network.
    received: Option<u64> = "Network received throughput [KB/s]" as _, Maybe(Commas("KB/s"));
    /// What went over the network.
    sent: Option<u64> = "Network transmitted throughput [KB/s]" as _, Maybe(Commas("KB/s"));
}

/// A number of a unit with a comma or a point, in millionths.
struct Commas(&'static str);

impl Kind for Commas {
    type Value = u64;

    fn read(&self, cell: Cell<'_>) -> Result<u64, ReadError> {
        match cell.text().split_once(',') {
            // Behind the comma there is no second one.
            Some((whole, fraction)) if !fraction.contains(['.', ',']) => {
                let text = format!("{whole}.{fraction}");
                cell.with(&text).decimal(self.0, MILLIONTHS, MOST)
            }
            _ => cell.decimal(self.0, MILLIONTHS, MOST),
        }
    }

    fn show(&self, value: &u64) -> String {
        digits(*value, MILLIONTHS)
    }
}

/// `04.11.2015 20:23:06`.
struct GermanDate;

impl Kind for GermanDate {
    type Value = Stamp;

    fn read(&self, cell: Cell<'_>) -> Result<Stamp, ReadError> {
        let text = cell.text();
        let seconds = german(text).ok_or_else(|| {
            let expected = "a time of the form 04.11.2015 20:23:06";
            cell.wrong(ReadError::expected(expected, quoted(text)))
        })?;
        let text = text.to_owned();
        Ok(Stamp { text, seconds })
    }

    fn show(&self, value: &Stamp) -> String {
        value.text.clone()
    }
}

fn german(text: &str) -> Option<u64> {
    let (date, time) = text.split_once(' ')?;
    let mut parts = date.splitn(3, '.');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    clock::seconds(&format!("{year}-{month}-{day} {time}"))
}

contents! { Record: |_| Jobs 1, Tasks 1, Readings 1; }

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("rows");
        seen.columns();
        seen.distinct("machines", &machine_of(&self.place));
        seen.earliest("first_time", self.time.seconds, &self.time.text);
        seen.latest("last_time", self.time.seconds, &self.time.text);
        seen.figures(
            "cpu_usage_percent",
            "millionths of a percent",
            [self.percent],
        );
        seen.figures("memory_usage_kb", "millionths of a KB", [self.memory_used]);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    import.clock(WallClock::local());
    import_machines(import, Rows::open(path)?, |one: &Record| {
        let of = MachineUse {
            time: one.time.seconds,
            cores: one.cores,
            percent: one.percent,
            memory: one.memory,
            memory_used: one.memory_used,
        };
        (&one.place, of)
    })
}

#[cfg(test)]
mod tests {
    use super::german;

    #[test]
    fn days_come_first() {
        assert_eq!(german("04.11.2015 20:23:06"), Some(1_446_668_586));
        for text in [
            "2015-11-04 20:23:06",
            "4.11.2015 20:23:06",
            "04.13.2015 20:23:06",
            "",
        ] {
            assert_eq!(german(text), None, "{text}");
        }
    }
}
