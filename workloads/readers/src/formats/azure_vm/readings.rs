//! How much CPU Azure's virtual machines used, every five minutes.
//!
//! Source: github.com/Azure/AzurePublicDataset, `vm_cpu_readings-file-*-of-*.csv.gz` (Cortez et
//! al., SOSP 2017). CSV without a header: seconds from the beginning, machine, minimum, maximum and
//! mean in percent of the machine. A folder is read as its parts.

use crate::formats::prelude::*;

/// CPU in millionths of a percent, up to the most one machine may use.
const PERCENT: Decimal = Decimal("percent", MILLIONTHS, 100_000);

pub(crate) const FORM: Form = Form {
    about: "CPU use of virtual machines; a file or a folder of parts (Azure VM traces)",
    signs: &[Named("vm_cpu_readings")],
    unkept: &["min_cpu", "max_cpu"],
    import: Ok(|import, path| {
        let model = "the mean in percent of a machine; sizes are in vmtable";
        import.assume("usage", model);
        let mut machines = Named::default();
        import.each(Rows::open(path)?, |import, row: Record| {
            let job = machines.job(import, &row.vm, untold())?;
            let start = seconds(row.time);
            import.sees(start);
            import.reading(job, start, FIVE_MINUTES, row.avg / 100)
        })
    }),
    samples: &["0,+ZcrO=,2.052803,3.911587,2.86979\n300,+ZcrO=,1,2,2.5\n"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One reading.
    pub struct Record: "reading" in "vm_cpu_readings.csv", bare {
        const PARTS: bool = true;
    };
    /// When the five minutes begin, in seconds.
    time: u64 = "timestamp" as "timestamp_s", Round("seconds", LATEST);
    /// The machine.
    vm: String = "vm_id" as "vm", Word("a machine");
    /// The least CPU, in millionths of a percent.
    min: u64 = "min_cpu", PERCENT;
    /// The most.
    max: u64 = "max_cpu", PERCENT;
    /// The mean.
    avg: u64 = "avg_cpu", PERCENT;
}

contents! { Record: |_| Jobs 1, Tasks 1, Readings 1; }

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let crossed = !(self.min..=self.max).contains(&self.avg);
        if crossed {
            let found = written(u128::from(self.avg), MILLIONTHS);
            let odd = ReadError::expected("a mean between minimum and maximum", found);
            seen.warn(odd.place("column 5 (avg_cpu)"));
        }
        seen.count("rows");
        seen.columns();
        seen.distinct("vms", &self.vm);
        seen.count_if("means_out_of_bounds", crossed);
        seen.figures("avg_cpu_percent", "millionths of a percent", [self.avg]);
    }
}
