//! `cluster_gpu_number.csv` of Helios: how many GPUs each virtual cluster had on each day.
//!
//! CSV with a header: a date, a column for each virtual cluster, and their sum. The publisher's servers have
//! eight GPUs each, and are dedicated to one virtual cluster: as machines, those of a virtual cluster come
//! and go at midnight.

use std::sync::Arc;

use crate::formats::cells::bare;
use crate::formats::clock;
use crate::formats::prelude::*;

/// What its file is called.
pub(super) const TABLE: &str = "cluster_gpu_number";
/// The GPUs of one server.
const EACH: u64 = 8;
/// The most GPUs of one virtual cluster, and of all together.
const MOST_GPUS: u64 = 1_000_000;
/// The most virtual clusters.
const MOST_CLUSTERS: usize = 10_000;

pub(crate) const FORM: Form = Form {
    about: "GPUs of virtual clusters on each day (SenseTime Helios 2020, cluster_gpu_number)",
    signs: &[
        Named(TABLE),
        Headed(|line| line.starts_with("date,") && line.trim_ascii_end().ends_with(",total")),
    ],
    unkept: &["total"],
    machines: true,
    import: Ok(|import, path| {
        import.clock(WallClock::local());
        machines(import, path)
    }),
    samples: &[
        "date,vchbv,vc4om,total\n2020-09-01,64,12,76\n2020-09-02,56,16,72\n2020-09-03,64,16,80\n",
    ],
    ..Form::of::<Rows<Record>>()
};

/// One day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// The day.
    pub date: String,
    /// When it begins, in seconds since 1970, local.
    pub seconds: u64,
    /// The GPUs of each virtual cluster.
    pub gpus: Vec<u64>,
    /// All of them, as the file says.
    pub total: Option<u64>,
    /// The names of the virtual clusters.
    pub clusters: Arc<[String]>,
}

/// What the first line says.
#[derive(Default)]
pub struct ClusterColumns {
    clusters: Arc<[String]>,
    /// Where the sum stands.
    total: Option<usize>,
}

impl Row for Record {
    type Layout = ClusterColumns;
    const MEMBER: &'static str = "cluster_gpu_number.csv";
    const TABLE: &'static str = TABLE;
    const ONE: &'static str = "day";
    const ABOUT: &'static str = "columns: date, a virtual cluster each, total";
    const HEADED: bool = true;

    fn header(line: &str, columns: &mut ClusterColumns) -> Result<(), ReadError> {
        let names: Vec<&str> = line.split(',').map(bare).collect();
        columns.total = names.iter().position(|name| *name == "total");
        let clusters = names.iter().skip(1).filter(|name| **name != "total");
        columns.clusters = clusters.map(|name| (*name).to_owned()).collect();
        let count = columns.clusters.len();
        if names.first() != Some(&"date") || !(1..=MOST_CLUSTERS).contains(&count) {
            let expected = "a first line `date`, virtual clusters, `total`";
            return Err(ReadError::expected(expected, quoted(line)).hint(Self::ABOUT));
        }
        Ok(())
    }

    fn row(line: &str, columns: &mut ClusterColumns) -> Result<Option<Self>, ReadError> {
        let width = 1 + columns.clusters.len() + usize::from(columns.total.is_some());
        let found = line.split(',').count();
        if found != width {
            let expected = format!("{width} columns, as the first line has");
            return Err(ReadError::uneven(expected, found));
        }
        let (mut gpus, mut total, mut date) = (Vec::with_capacity(width), None, None);
        for (at, text) in line.split(',').enumerate() {
            let cell = Cell::new(at, if at == 0 { "date" } else { "GPUs" }, bare(text));
            if at == 0 {
                let seconds = clock::seconds(&format!("{} 00:00:00", cell.text()));
                let wrong =
                    || ReadError::expected("a date such as 2020-09-01", quoted(cell.text()));
                date = Some((cell.text(), seconds.ok_or_else(|| cell.wrong(wrong()))?));
            } else if columns.total == Some(at) {
                total = Some(cell.round("GPUs", MOST_GPUS)?);
            } else {
                gpus.push(cell.round("GPUs", MOST_GPUS)?);
            }
        }
        let (date, seconds) = date.unwrap_or_default();
        Ok(Some(Self {
            place: Place::nowhere(),
            date: date.to_owned(),
            seconds,
            gpus,
            total,
            clusters: Arc::clone(&columns.clusters),
        }))
    }

    fn at(self, place: impl FnOnce() -> Place) -> Self {
        let place = place();
        Self { place, ..self }
    }
}

// A day tells of machines as far as there were never so many before: they are found when they are made.
contents! { Record: |_| Machines 0; }

impl Record {
    fn sum(&self) -> u64 {
        self.gpus.iter().sum()
    }
}

shows! { Record: |one|
    "date": one.date, "virtual_clusters": one.clusters.len(), "gpus": one.sum(),
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        if self.total.is_some_and(|total| total != self.sum()) {
            let odd =
                ReadError::expected(format!("{}, the sum of the others", self.sum()), "another");
            seen.warn(odd.place("column total").hint("total is not used"));
        }
        seen.count("days");
        seen.earliest("first", self.seconds, &self.date);
        seen.latest("last", self.seconds, &self.date);
        seen.figures("gpus", "GPUs", [self.sum()]);
    }
}

/// The servers of one virtual cluster.
#[derive(Default)]
struct OfCluster {
    /// Their numbers, in the order in which they came.
    servers: Vec<u64>,
    /// How many of them are there.
    there: usize,
}

pub(super) fn machines(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "machines",
        "servers with eight GPUs, as the publisher has; those of a virtual cluster come and go at midnight",
    );
    let mut clusters: BTreeMap<String, OfCluster> = BTreeMap::new();
    let (mut count, mut uneven, mut last) = (0, 0_u64, 0);
    import.each(Rows::open(path)?, |import, day: Record| {
        if day.seconds < last {
            let error = ReadError::expected("a date not before that of the row above", &day.date);
            return Err(day.place.of(error.place("column 1 (date)")));
        }
        last = day.seconds;
        for (name, gpus) in day.clusters.iter().zip(&day.gpus) {
            uneven += u64::from(!gpus.is_multiple_of(EACH));
            let servers = gpus.div_ceil(EACH) as usize;
            let cluster = clusters.entry(name.clone()).or_default();
            while cluster.servers.len() < servers {
                if count * EACH >= MOST_GPUS {
                    let expected = format!("at most {MOST_GPUS} GPUs in all");
                    return Err(day.place.of(ReadError::expected(expected, "more")));
                }
                import.find(Thing::Machines, 1);
                import.push(Machine {
                    id: count,
                    cluster: name.clone(),
                    name: format!("{name}-{}", cluster.servers.len() + 1),
                    gpus: Some(EACH * 1000),
                    ..Machine::default()
                })?;
                cluster.servers.push(count);
                count += 1;
            }
            let (from, to) = (cluster.there.min(servers), cluster.there.max(servers));
            let kind = if servers > cluster.there {
                "up"
            } else {
                "down"
            };
            for machine in &cluster.servers[from..to] {
                import.push(Change {
                    machine: *machine,
                    time: seconds(day.seconds),
                    kind: kind.to_owned(),
                    ..Change::default()
                })?;
            }
            cluster.there = servers;
        }
        Ok(Became::Imported)
    })?;
    if uneven > 0 {
        let model = format!(
            "of {uneven} numbers that are no multiple of eight, the last server counts in full"
        );
        import.assume("numbers of GPUs", model);
    }
    Ok(())
}
