//! `ClassAds`, as `-long` and the history file have them (an attribute a line) or `-json` (a list of objects).
//!
//! Ads end with a blank line or with a line of three stars, which says whose ad it was. Names of attributes are the
//! same in either case of their letters; a value may be an expression, which nobody can evaluate here.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::error::{ReadError, quoted};
use crate::formats::batch::lines::NamesUnread;
use crate::formats::batch::values::LooseText;
use crate::formats::documents::{Document, Documents};
use crate::formats::lines::Lines;
use crate::formats::place::Place;
use crate::formats::rows::Passed;
use crate::formats::seen::Seen;
use crate::formats::source;
use crate::formats::survey::{Reader, Unread};

/// The attributes that are read, in lower case.
const READ: [&str; 52] = [
    "acctgroup",
    "accountinggroup",
    "allowedexecuteduration",
    "allowedjobduration",
    "clusterid",
    "cmd",
    "completiondate",
    "cpus",
    "cpusprovisioned",
    "detectedcpus",
    "detectedgpus",
    "detectedmemory",
    "enteredcurrentstatus",
    "epochwritedate",
    "exitbysignal",
    "exitcode",
    "exitsignal",
    "gpus",
    "gpusprovisioned",
    "gpus_devicename",
    "cudadevicename",
    "jobcurrentstartdate",
    "joblaststartdate",
    "jobprio",
    "jobstartdate",
    "jobstatus",
    "jobuniverse",
    "lastremotewallclocktime",
    "machine",
    "maxhosts",
    "maxruntime",
    "maxwalltimemins",
    "memory",
    "memoryprovisioned",
    "mytype",
    "name",
    "numjobstarts",
    "owner",
    "procid",
    "qdate",
    "remotesyscpu",
    "remoteusercpu",
    "remotewallclocktime",
    "requestcpus",
    "requestgpus",
    "requestmemory",
    "residentsetsize",
    "residentsetsize_raw",
    "servertime",
    "totalcpus",
    "totalgpus",
    "totalmemory",
];

/// The longest value that is kept, in bytes.
const LONGEST: usize = 4096;

/// What is read of an ad.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct ClassAd {
    values: BTreeMap<&'static str, String>,
    /// What the line of stars says that it is: `EPOCH`; empty where it says nothing.
    pub(crate) banner: String,
}

/// The attribute that is read under a name, whatever the case of its letters.
fn known(name: &str) -> Option<&'static str> {
    READ.into_iter()
        .find(|known| known.eq_ignore_ascii_case(name))
}

impl ClassAd {
    fn put(&mut self, name: &'static str, value: &str) {
        let mut end = value.len().min(LONGEST);
        while !value.is_char_boundary(end) {
            end -= 1;
        }
        self.values.insert(name, value[..end].to_owned());
    }

    /// What an attribute says; nothing for what is not defined.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let value = self.values.get(name)?.as_str();
        let nothing = value.is_empty() || value.eq_ignore_ascii_case("undefined");
        (!nothing).then_some(value)
    }

    /// The number that an attribute says; nothing for an expression.
    pub(crate) fn number(
        &self,
        name: &str,
        digits: u32,
        most: u64,
    ) -> Result<Option<u64>, ReadError> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let plain = |byte: u8| byte.is_ascii_digit() || b".eE+-".contains(&byte);
        if !text.starts_with(|c: char| c.is_ascii_digit()) || !text.bytes().all(plain) {
            return Ok(None);
        }
        let read = crate::formats::cells::decimal(text, name, digits, most);
        read.map(Some)
            .map_err(|error| error.place(format!("attribute {name}")))
    }

    /// A time in microseconds; nothing for zero, as what did not happen is written.
    pub(crate) fn time(&self, name: &str) -> Result<Option<u64>, ReadError> {
        let time = self.number(name, 6, super::jobs::MOST_SECONDS)?;
        Ok(time.filter(|time| *time > 0))
    }
}

/// A text without its quotes and what stands before a quote within.
fn plain(value: &str) -> String {
    let inside = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'));
    inside.map_or_else(|| value.to_owned(), |text| text.replace("\\\"", "\""))
}

/// The ads of a file.
pub enum ClassAds {
    /// An attribute a line.
    Text(Box<TextAds>),
    /// A list of objects.
    Json(Box<Documents<ClassAd>>),
}

/// Ads with an attribute a line.
pub struct TextAds {
    lines: Lines,
    unread: NamesUnread,
    passed: Passed,
    /// Where the ad read last begins.
    place: Place,
    any: bool,
    ended: bool,
}

const ABOUT: &str = "the output of condor_history -long or -json, or a history file: ClusterId = 7";

impl TextAds {
    fn open(path: &Path) -> Result<Self, ReadError> {
        let lines = Lines::lenient(path, "history", true)?;
        Ok(Self {
            place: lines.place(),
            lines,
            unread: NamesUnread::default(),
            passed: Passed::default(),
            any: false,
            ended: false,
        })
    }

    /// The next ad; nothing at the end.
    fn ad(&mut self) -> Option<Result<ClassAd, ReadError>> {
        let (mut ad, mut any, mut problem) = (ClassAd::default(), false, None);
        loop {
            let line = match self.lines.next_of_part() {
                Some(Ok((line, _))) => line.trim_ascii(),
                Some(Err(error)) => {
                    problem = problem.or(Some(error));
                    any = true;
                    continue;
                }
                None => {
                    self.ended = true;
                    break;
                }
            };
            if let Some(banner) = line.strip_prefix("***") {
                let word = banner.split_ascii_whitespace().next().unwrap_or_default();
                let kind = word.bytes().all(|byte| byte.is_ascii_uppercase());
                let kind = word.get(..word.len().min(20)).filter(|_| kind);
                kind.unwrap_or_default().clone_into(&mut ad.banner);
                if any {
                    break;
                }
                continue;
            }
            if line.is_empty() {
                self.passed.blank += 1;
                if any {
                    break;
                }
                continue;
            }
            let split = line
                .split_once('=')
                .map(|(name, value)| (name.trim_ascii(), value.trim_ascii()));
            let named = |name: &str| {
                let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"_.".contains(&byte);
                !name.is_empty() && name.bytes().all(sound)
            };
            if let Some((name, value)) = split.filter(|(name, _)| named(name)) {
                match known(name) {
                    Some(name) => ad.put(name, &plain(value)),
                    None => self.unread.see(name),
                }
            } else {
                let error = ReadError::expected("an attribute such as ClusterId = 7", quoted(line));
                let error = self.lines.here(error.hint(ABOUT));
                problem = problem.or(Some(error));
            }
            if !any {
                self.place = self.lines.place();
                any = true;
            }
        }
        self.passed.repaired = self.lines.repaired();
        self.passed.unfinished = !self.lines.complete();
        match problem {
            Some(problem) => Some(Err(problem)),
            None => any.then_some(Ok(ad)),
        }
    }
}

impl ClassAds {
    /// `error`, where the ad read last begins.
    pub(crate) fn here(&self, error: ReadError) -> ReadError {
        match self.place() {
            Some(place) => place.of(error),
            None => error,
        }
    }
}

impl Iterator for ClassAds {
    type Item = Result<ClassAd, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = match self {
            Self::Json(documents) => return documents.next(),
            Self::Text(text) => text,
        };
        if text.ended {
            return None;
        }
        let ad = text.ad();
        if ad.is_none() && !text.any {
            let error = ReadError::expected("at least one ad", "none");
            return Some(Err(text.lines.here(error.hint(ABOUT))));
        }
        text.any = true;
        ad
    }
}

impl Reader for ClassAds {
    type Record = ClassAd;

    fn open(path: &Path) -> Result<Self, ReadError> {
        Ok(if is_json(path)? {
            Self::Json(Box::new(Documents::open(path)?))
        } else {
            Self::Text(Box::new(TextAds::open(path)?))
        })
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::Json(documents) => documents.place(),
            Self::Text(text) => Some(text.place.clone()),
        }
    }

    fn end(&self, seen: &mut Seen) {
        if let Self::Text(text) = self {
            for (name, count) in text.passed.facts() {
                seen.set(name, count);
            }
            text.passed.tell(seen);
        }
    }
}

impl Unread for ClassAds {
    fn unread(&self) -> Vec<String> {
        match self {
            Self::Json(documents) => documents.unread(),
            Self::Text(text) => text.unread.names(),
        }
    }
}

/// Whether the first of a file, or of the first of a folder of parts, is a bracket.
fn is_json(path: &Path) -> Result<bool, ReadError> {
    let first = if path.is_dir() {
        source::parts(path)?.pop_front()
    } else {
        None
    };
    let path = first.as_deref().unwrap_or(path);
    let mut plain = source::open(path, "history")?;
    loop {
        let (first, blanks) = match std::io::BufRead::fill_buf(&mut plain) {
            Ok(start) => {
                let start = start
                    .strip_prefix(crate::formats::lines::MARK)
                    .unwrap_or(start);
                let first = start
                    .iter()
                    .find(|byte| !byte.is_ascii_whitespace())
                    .copied();
                (first, start.len())
            }
            Err(error) => return Err(ReadError::io(path, &error)),
        };
        match first {
            Some(first) => return Ok(matches!(first, b'[' | b'{')),
            None if blanks == 0 => return Ok(false),
            None => std::io::BufRead::consume(&mut plain, blanks),
        }
    }
}

impl Document for ClassAd {
    const ONE: &'static str = "ad";
    const MEMBER: &'static str = "history";
    const KEYS: &'static str =
        "keys: ClusterId, ProcId, Owner, QDate, JobCurrentStartDate, CompletionDate, RequestCpus";
}

impl<'de> Deserialize<'de> for ClassAd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AdVisitor)
    }
}

struct AdVisitor;

impl<'de> Visitor<'de> for AdVisitor {
    type Value = ClassAd;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of attributes")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ClassAd, A::Error> {
        let mut ad = ClassAd::default();
        while let Some(name) = map.next_key::<String>()? {
            match known(&name) {
                Some(name) => {
                    let LooseText(value) = map.next_value()?;
                    ad.put(name, &value);
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(ad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_in_either_case_and_once() {
        assert_eq!(known("RequestGPUs"), Some("requestgpus"));
        assert_eq!(known("RequestGpus"), Some("requestgpus"));
        assert_eq!(known("Requirements"), None);
        let mut names = READ.to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), READ.len());
    }

    #[test]
    fn an_expression_is_no_number() {
        let mut ad = ClassAd::default();
        for (value, number) in [
            ("2", Some(2000)),
            ("0.5", Some(500)),
            ("1E+02", Some(100_000)),
            ("ifThenElse(MemoryUsage =!= undefined,MemoryUsage,1)", None),
            ("undefined", None),
            ("-1", None),
        ] {
            ad.put("requestcpus", value);
            let read = ad.number("requestcpus", 3, 1000).unwrap_or_default();
            assert_eq!(read, number, "{value}");
        }
        assert_eq!(plain("\"a \\\"b\\\"\""), "a \"b\"");
    }
}
