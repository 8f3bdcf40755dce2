//! `cluster_mem_util`: how much memory every server had, and how much of it was free, in every minute.

use super::{OrNotThere, Pacific};
use crate::formats::prelude::*;

/// The most memory of a server, in KB.
const MOST: u64 = 1_000_000_000_000;
const KB: OrNotThere<Decimal> = OrNotThere(Decimal("KB", MILLIONTHS, MOST));

pub(crate) const FORM: Form = Form {
    about: "use of the servers' memory in every minute (Microsoft Philly 2017, cluster_mem_util)",
    signs: &[
        Begins("time,machine_id,mem_total"),
        Named("cluster_mem_util"),
    ],
    import: Err("it tells the memory of servers in every minute, and of their processors nothing"),
    samples: &["\
time,machine_id,mem_total,mem_free
2017-10-03 00:06:00 PDT,m29,528272672.0,2030730.6667
2017-11-27 00:06:00 PST,m30,NA,NA
"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One reading.
    pub struct Record: "reading" in "cluster_mem_util", headed {
        const TABLE: &'static str = "cluster_mem_util";
    };
    /// When.
    time: Stamp = "time", Pacific;
    /// The server.
    machine: String = "machine_id" as "machine", Word("the name of a server");
    /// How much memory it has, in millionths of a KB.
    total: Option<u64> = "mem_total" as "total_kb", KB;
    /// How much of it is free.
    free: Option<u64> = "mem_free" as "free_kb", KB;
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let both = self.total.zip(self.free);
        let used = both.and_then(|(total, free)| total.checked_sub(free));
        if both.is_some() && used.is_none() {
            let odd = ReadError::expected("at most mem_total", "more");
            seen.warn(odd.place("column mem_free"));
        }
        seen.count("readings");
        seen.distinct("servers", &self.machine);
        seen.earliest("first", self.time.seconds, &self.time.text);
        seen.latest("last", self.time.seconds, &self.time.text);
        seen.count_if("readings_of_servers_that_were_off", both.is_none());
        seen.figures("total_kb", "millionths of a KB", self.total);
        seen.figures("used_kb", "millionths of a KB", used);
    }
}
