//! Load curves of hosted web services: requests, bytes and response times in steps of an hour.
//!
//! Source: github.com/josepllberral/cloud-milp, the Li-BCN workload of 2010 (Berral et al.). Tables
//! separated by tabs under a header that names them; `Time` (seconds) comes first and `req/s` second,
//! others differ. Lines that begin with `#` are comments, among them rows that were taken out. The
//! unit of `req/s` is in doubt: take the numbers as relative. The archive has a curve a file.

use crate::formats::prelude::*;

/// The most requests of one step.
const MOST: u64 = 1_000_000_000_000;

pub(crate) const FORM: Form = Form {
    about: "load curves of web services; a file, folder or archive (Li-BCN 2010)",
    signs: &[Begins("Time\treq/s"), Named("li-bcn"), MayEnd(".load")],
    import: Ok(import),
    samples: &["\
Time\treq/s\tbytes/req\tRT0
####
# 0:00
0\t6112\t8327\t0.04
#3600\t1\t1\t1
7200\t3056.5\t11553\t0.04
"],
    ..Form::of::<Rows<Record>>()
};

/// One step of a curve.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands: the file is the service.
    pub place: Place,
    /// When it begins, in seconds.
    pub time: u64,
    /// Requests, in millionths; the unit of time is in doubt.
    pub requests: u64,
}

impl Record {
    /// The name of the service and its day.
    pub fn service(&self) -> String {
        let name = self.place.file.file_stem().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

/// What the files tell beside their rows.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Layout {
    columns: usize,
    comments: u64,
}

impl Row for Record {
    type Layout = Layout;
    const MEMBER: &'static str = "service.load";
    const ONE: &'static str = "step";
    const ABOUT: &'static str = "columns separated by tabs: Time, req/s, ...";
    const PARTS: bool = true;
    const MEMBERS: Option<&'static str> = Some(".load");
    const HEADED: bool = true;
    const READ: &'static [&'static str] = &["Time", "req/s"];
    const BETWEEN: char = '\t';

    fn header(line: &str, layout: &mut Layout) -> Result<(), ReadError> {
        let names: Vec<&str> = line.split('\t').map(str::trim_ascii).collect();
        layout.columns = names.len();
        if !matches!(names[..], ["Time", "req/s", ..]) {
            let error = ReadError::expected("a first line `Time`, `req/s`, ...", quoted(line));
            return Err(error.hint(Self::ABOUT));
        }
        Ok(())
    }

    fn row(line: &str, layout: &mut Layout) -> Result<Option<Self>, ReadError> {
        if line.starts_with('#') {
            layout.comments += 1;
            return Ok(None);
        }
        let mut cells = line.split('\t');
        let mut cell =
            |position, name| Cell::new(position, name, cells.next().unwrap_or("").trim_ascii());
        Ok(Some(Self {
            place: Place::nowhere(),
            time: cell(0, "Time").round("seconds", LATEST)?,
            requests: cell(1, "req/s").decimal("requests", MILLIONTHS, MOST)?,
        }))
    }

    fn at(self, place: impl FnOnce() -> Place) -> Self {
        let place = place();
        Self { place, ..self }
    }

    fn end(layout: &Layout, _: u64, seen: &mut Seen) {
        seen.set("comment_lines", layout.comments);
    }
}

contents! { Record: |row| Requests row.requests / 1_000_000; }

shows! { Record: |one|
    "service": one.service(), "time_s": one.time, "requests": digits(one.requests, MILLIONTHS),
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("rows");
        seen.distinct("http_load_files", &self.service());
        seen.most("last_time_s", self.time);
        seen.sum("sum_col2", self.requests).written(MILLIONTHS);
        seen.figures("requests", "millionths of a request", [self.requests]);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "unit of requests",
        "as written, in each hour: the publisher's unit is in doubt",
    );
    import.assume("length of a step", "an hour");
    import.sees(0);
    let mut services: BTreeMap<String, u64> = BTreeMap::new();
    import.each(Rows::open(path)?, |import, row: Record| {
        let name = row.service();
        let next = services.len() as u64;
        let service = *services.entry(name.clone()).or_insert(next);
        if service == next {
            import.push(Service {
                id: service,
                name,
                ..Service::default()
            })?;
        }
        import.push(Load {
            service,
            start: seconds(row.time),
            length: seconds(3600),
            requests: row.requests / 1_000_000,
            ..Load::default()
        })?;
        Ok(Became::Imported)
    })
}
