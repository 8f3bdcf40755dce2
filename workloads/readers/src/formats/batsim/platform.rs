//! The machines of a platform of `SimGrid`, XML: hosts, and clusters and cabinets that stand for many.
//!
//! Source: the `SimGrid` documentation (platform reference, version 3 and 4), Batsim's page on platforms. Speeds are in
//! floating point operations a second, which are no cores: they stand as the type of a machine. Links and routes are
//! not read.

use std::io::{self, BufRead, Read};
use std::path::PathBuf;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event as XmlEvent};
use quick_xml::reader::Reader as XmlReader;

use crate::formats::batch::lines::NamesUnread;
use crate::formats::batch::notation::count;
use crate::formats::lines::LONGEST_LINE;
use crate::formats::prelude::*;
use crate::formats::slurm::notation::hosts;
use crate::formats::source::{self, Plain};
use crate::formats::survey::Unread;

pub(crate) const FORM: Form = Form {
    about: "hosts and clusters of a platform, XML (SimGrid, Batsim)",
    signs: &[Holds("<platform"), Holds("simgrid.dtd")],
    unkept: &["speed, but as the type of a machine"],
    machines: true,
    import: Ok(import),
    samples: &["\
<?xml version='1.0'?>
<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">
<platform version=\"4.1\">
 <zone id=\"AS0\" routing=\"Full\">
  <!-- <host id=\"not\"/> -->
  <host id=\"master_host\" speed=\"98.095Mf\"><prop id=\"role\" value=\"master\"/></host>
  <host id=\"Jupiter\" speed=\"76.296Mf,50Mf\" core=\"4\"/>
  <cluster id=\"c\" prefix=\"n-\" suffix=\".me\" radical=\"0-2,5\" speed=\"1Gf\" core=\"8\" bw=\"1GBps\" lat=\"1us\"/>
  <link id=\"6\" bandwidth=\"41MBps\" latency=\"59us\"/>
 </zone>
</platform>
"],
    ..Form::of::<Records>()
};

/// The most cores of one host.
const MOST: u64 = 1_000_000_000;
/// The longest text that is kept of an attribute, in letters.
const LONGEST: usize = 100;

/// The elements that tell of hosts.
const HOSTS: [&str; 3] = ["host", "cluster", "cabinet"];

/// The hosts that an element stands for.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Record {
    /// Their names.
    pub names: Vec<String>,
    /// The cores of each.
    pub cores: Option<u64>,
    /// How fast each is, as it is written.
    pub speed: String,
    /// What it does: `compute_node`, `master` or `storage`; empty where that is not told.
    pub role: String,
}

/// The elements of a file.
pub struct Records {
    path: PathBuf,
    reader: XmlReader<Bounded>,
    buffer: Vec<u8>,
    unread: NamesUnread,
    any: bool,
    ended: bool,
}

/// Bytes that end where one piece of XML is longer than anything that is read.
struct Bounded {
    plain: Plain,
    left: usize,
    line: u64,
}

impl Read for Bounded {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let some = self.fill_buf()?;
        let length = some.len().min(into.len());
        into[..length].copy_from_slice(&some[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Bounded {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(io::Error::other("an element or a text of more than 16 MiB"));
        }
        let some = self.plain.fill_buf()?;
        Ok(&some[..some.len().min(self.left)])
    }

    fn consume(&mut self, length: usize) {
        if let Ok(some) = self.plain.fill_buf() {
            let taken = some.get(..length).unwrap_or(some);
            self.line += memchr::memchr_iter(b'\n', taken).count() as u64;
        }
        self.plain.consume(length);
        self.left -= length.min(self.left);
    }
}

/// What an event of the file comes to.
enum XmlStep {
    /// Hosts without properties.
    Whole(Record),
    /// Hosts that may have some.
    Begin(Record),
    /// A property: its name and its value.
    Property(String, String),
    /// The end of a host.
    End,
    /// Nothing that is read.
    Other,
    /// The end of the file.
    Last,
}

/// The attributes of an element by their names.
fn attributes(element: &BytesStart<'_>) -> Result<BTreeMap<String, String>, ReadError> {
    let mut all = BTreeMap::new();
    for attribute in element.attributes() {
        let wrong = |why: &dyn std::fmt::Display| {
            ReadError::said(format!("expected attributes, {why}"))
                .place(element.name().0.to_owned())
        };
        let attribute = attribute.map_err(|error| wrong(&error))?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0);
        let value = value.map_err(|error| wrong(&error))?;
        all.insert(attribute.key.0.to_owned(), value.into_owned());
    }
    Ok(all)
}

/// The hosts of an element that tells of some.
fn record(element: &BytesStart<'_>) -> Result<Option<Record>, ReadError> {
    if !HOSTS.contains(&element.name().0) {
        return Ok(None);
    }
    let many = element.name().0 != "host";
    let told = attributes(element)?;
    let get = |name: &str| told.get(name).map(String::as_str);
    let word = |name: &str| get(name).unwrap_or_default();
    let placed = |name: &'static str| {
        let element = element.name().0.to_owned();
        move |error: ReadError| error.place(format!("{element}, attribute {name}"))
    };
    let names = if many {
        let (prefix, suffix) = (word("prefix"), word("suffix"));
        if [prefix, suffix]
            .iter()
            .any(|text| text.contains(['[', ']', ',']))
        {
            let error = ReadError::expected("names without brackets and commas", quoted(prefix));
            return Err(placed("prefix")(error));
        }
        let text = format!("{prefix}[{}]{suffix}", word("radical"));
        hosts(&text).map_err(placed("radical"))?
    } else {
        let Some(id) = get("id").filter(|id| !id.is_empty()) else {
            return Err(placed("id")(ReadError::expected(
                "the name of a host",
                "nothing",
            )));
        };
        vec![id.to_owned()]
    };
    let cores = get("core").map(|text| count(text.trim_ascii(), "cores"));
    let cores = cores.transpose().map_err(placed("core"))?;
    if let Some(cores) = cores.filter(|cores| *cores > MOST) {
        let error = ReadError::expected(format!("at most {MOST} cores"), cores);
        return Err(placed("core")(error));
    }
    let speed = get("speed").or(get("power")).unwrap_or_default();
    Ok(Some(Record {
        names,
        cores,
        speed: speed
            .split(',')
            .next()
            .unwrap_or_default()
            .trim_ascii()
            .chars()
            .take(LONGEST)
            .collect(),
        role: String::new(),
    }))
}

impl Records {
    fn here(&self, error: ReadError) -> ReadError {
        error.file(&self.path).line(self.reader.get_ref().line)
    }

    /// The next event.
    fn step(&mut self) -> Result<XmlStep, ReadError> {
        self.buffer.clear();
        self.reader.get_mut().left = LONGEST_LINE;
        let event = match self.reader.read_event_into(&mut self.buffer) {
            Ok(event) => event,
            Err(error) => {
                self.ended = true;
                let error = ReadError::said(format!("expected a platform as XML; {error}"));
                return Err(error
                    .hint("a platform of SimGrid: <platform version=\"4.1\"> <zone> <host ...>"));
            }
        };
        Ok(match event {
            XmlEvent::Empty(element) => match record(&element)? {
                Some(record) => XmlStep::Whole(record),
                None => property(&element, &mut self.unread)?,
            },
            XmlEvent::Start(element) => match record(&element)? {
                Some(record) => XmlStep::Begin(record),
                None => property(&element, &mut self.unread)?,
            },
            XmlEvent::End(element) if HOSTS.contains(&element.name().0) => XmlStep::End,
            XmlEvent::Eof => XmlStep::Last,
            _ => XmlStep::Other,
        })
    }
}

/// What an element is that tells of no hosts.
fn property(element: &BytesStart<'_>, unread: &mut NamesUnread) -> Result<XmlStep, ReadError> {
    match element.name().0 {
        "prop" => {
            let mut told = attributes(element)?;
            let mut take = |name: &str| told.remove(name).unwrap_or_default();
            Ok(XmlStep::Property(take("id"), take("value")))
        }
        "platform" | "zone" | "AS" | "config" => Ok(XmlStep::Other),
        other => {
            unread.see(other);
            Ok(XmlStep::Other)
        }
    }
}

impl Iterator for Records {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut open: Option<Record> = None;
        while !self.ended {
            let found = match self.step() {
                Ok(XmlStep::Whole(record)) => Some(record),
                Ok(XmlStep::Begin(record)) => open.replace(record),
                Ok(XmlStep::Property(name, value)) => {
                    match open.as_mut().filter(|_| name == "role") {
                        Some(host) => host.role = value,
                        None => self.unread.see(&format!("prop {name}")),
                    }
                    None
                }
                Ok(XmlStep::End) => open.take(),
                Ok(XmlStep::Other) => None,
                Ok(XmlStep::Last) => {
                    self.ended = true;
                    open.take()
                }
                Err(error) => {
                    self.any = true;
                    return Some(Err(self.here(error)));
                }
            };
            if let Some(record) = found {
                self.any = true;
                return Some(Ok(record));
            }
        }
        let none = !std::mem::replace(&mut self.any, true);
        let error = ReadError::expected("at least one host or cluster", "none");
        none.then(|| {
            Err(self.here(error.hint("a platform of SimGrid: <host id=\"n1\" speed=\"1Gf\"/>")))
        })
    }
}

impl Reader for Records {
    type Record = Record;

    fn open(path: &Path) -> Result<Self, ReadError> {
        let plain = source::open(path, "platform.xml")?;
        let mut reader = XmlReader::from_reader(Bounded {
            plain,
            left: LONGEST_LINE,
            line: 1,
        });
        reader.config_mut().check_end_names = true;
        Ok(Self {
            path: path.to_owned(),
            reader,
            buffer: Vec::new(),
            unread: NamesUnread::default(),
            any: false,
            ended: false,
        })
    }

    fn place(&self) -> Option<Place> {
        Some(Place {
            file: self.path.as_path().into(),
            line: self.reader.get_ref().line,
        })
    }
}

impl Unread for Records {
    fn unread(&self) -> Vec<String> {
        self.unread.names()
    }
}

contents! { Record: |one| Machines one.names.len() as u64; }

shows! { Record: |one|
    "name": one.names.first().map_or("", String::as_str), "hosts": one.names.len(), "cores": one.cores,
    "speed": one.speed, "role": one.role,
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let hosts = self.names.len() as u64;
        seen.count("elements");
        seen.sum("hosts", hosts);
        let cores = u128::from(self.cores.unwrap_or(1)) * u128::from(hosts);
        seen.sum("cores", cores);
        seen.tally_by(
            "speeds",
            Some(self.speed.as_str()).filter(|speed| !speed.is_empty()),
            hosts,
        );
        seen.tally_by(
            "roles",
            Some(self.role.as_str()).filter(|role| !role.is_empty()),
            hosts,
        );
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    let mut id = 0;
    import.assume(
        "cores",
        "one where a host says nothing; the speeds of hosts are their types and nothing else",
    );
    import.each(Records::open(path)?, |import, record: Record| {
        let master = record
            .names
            .first()
            .is_some_and(|name| name.starts_with("master_host"));
        if master || matches!(record.role.as_str(), "master" | "storage") {
            return Ok(Became::Passed(
                "hosts that run no jobs: Batsim's master, and storage",
            ));
        }
        for name in record.names {
            import.push(Machine {
                id,
                name,
                platform: Some(record.speed.clone()).filter(|speed| !speed.is_empty()),
                cpus: Some(record.cores.unwrap_or(1) * 1000),
                ..Machine::default()
            })?;
            id += 1;
        }
        Ok(Became::Imported)
    })
}
