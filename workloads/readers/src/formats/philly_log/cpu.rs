//! `cluster_cpu_util`: how much of its processors every server used in every minute.

use super::{OrNotThere, Pacific};
use crate::formats::prelude::*;

/// The length of a reading, in seconds.
const MINUTE: u64 = 60;

pub(crate) const FORM: Form = Form {
    about: "use of the servers' processors in every minute (Microsoft Philly 2017, cluster_cpu_util)",
    signs: &[
        Begins("time,machine_id,cpu_util"),
        Named("cluster_cpu_util"),
    ],
    import: Ok(import),
    samples: &["\
time,machine_id,cpu_util
2017-11-27 00:04:00 PST,m29,31.845
2017-11-27 00:05:00 PST,m29,NA
2017-10-03 00:05:00 PDT,m7,0
"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One reading.
    pub struct Record: "reading" in "cluster_cpu_util", headed {
        const TABLE: &'static str = "cluster_cpu_util";
    };
    /// When.
    time: Stamp = "time", Pacific;
    /// The server.
    machine: String = "machine_id" as "machine", Word("the name of a server");
    /// How much of its processors it used, in millionths of a percent.
    used: Option<u64> = "cpu_util" as "cpu_percent", OrNotThere(Decimal("percent", MILLIONTHS, 1000));
}

contents! { Record: |_| Jobs 1, Tasks 1, Readings 1; }

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("readings");
        seen.distinct("servers", &self.machine);
        seen.earliest("first", self.time.seconds, &self.time.text);
        seen.latest("last", self.time.seconds, &self.time.text);
        seen.count_if("readings_of_servers_that_were_off", self.used.is_none());
        seen.figures("cpu_percent", "millionths of a percent", self.used);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    import.clock(WallClock {
        zero: 0,
        zone: "America/Los_Angeles".to_owned(),
    });
    import.assume(
        "usage",
        "percent of a server in the minute that begins then; a job is a server",
    );
    let mut machines = Named::default();
    import.each(Rows::open(path)?, |import, row: Record| {
        let job = machines.job(import, &row.machine, untold())?;
        let Some(used) = row.used else {
            return Ok(Became::Passed("of servers that were off"));
        };
        let start = seconds(row.time.seconds);
        import.sees(start);
        import.reading(job, start, seconds(MINUTE), used / 100)
    })
}
