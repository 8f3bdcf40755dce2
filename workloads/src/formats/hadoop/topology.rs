//! The hosts of a Hadoop cluster by rack, as Rumen writes them beside its traces.
//!
//! One JSON object, a tree: the root's children are racks, theirs are hosts.

use std::path::Path;

use serde::Deserialize;

use crate::error::ReadError;
use crate::formats::documents::{Document, Documents};
use crate::formats::place::Place;
use crate::formats::survey::{Stat, Survey};

/// A part of the tree.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Node {
    /// Its name.
    pub name: Option<String>,
    /// What is below it.
    #[serde(default)]
    pub children: Option<Vec<Self>>,
}

/// A whole tree.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Record {
    /// Where it begins.
    #[serde(skip, default = "Place::nowhere")]
    pub place: Place,
    /// The name of the root.
    pub name: Option<String>,
    /// The racks.
    pub children: Vec<Node>,
}

impl Record {
    /// Every host with its rack.
    pub fn hosts(&self) -> impl Iterator<Item = (&str, &str)> {
        let name = |node: &Node| node.name.is_some();
        self.children.iter().flat_map(move |rack| {
            let hosts = rack
                .children
                .iter()
                .flatten()
                .filter(move |host| name(host));
            let rack = rack.name.as_deref().unwrap_or("");
            hosts.map(move |host| (rack, host.name.as_deref().unwrap_or("")))
        })
    }
}

impl Document for Record {
    const ONE: &'static str = "topology";
    const MEMBER: &'static str = "topology.json";
    const KEYS: &'static str = "keys: name, children[{name (rack), children[{name (host)}]}]";

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

/// The trees of a file: one.
pub type Records = Documents<Record>;

/// Opens a file of this format.
///
/// # Errors
/// When it cannot be opened or unpacked.
pub fn records(path: &Path) -> Result<Records, ReadError> {
    Documents::open(path)
}

/// What is counted over a whole file.
#[derive(Default)]
pub(crate) struct Counts {
    racks: usize,
    hosts: usize,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &["name", "racks", "hosts"];

    fn row(record: &Record) -> Vec<String> {
        vec![
            record.name.clone().unwrap_or_default(),
            record.children.len().to_string(),
            record.hosts().count().to_string(),
        ]
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        self.racks += record.children.len();
        self.hosts += record.hosts().count();
        let empty = record
            .children
            .iter()
            .filter(|rack| rack.children.is_none());
        for rack in empty {
            let found = rack.name.as_deref().unwrap_or("a rack");
            let error = ReadError::expected("hosts in every rack", format!("none in {found}"));
            warn.push(record.place.of(error));
        }
    }

    fn stat(self) -> Stat {
        Stat {
            facts: vec![
                ("racks", self.racks.to_string()),
                ("hosts", self.hosts.to_string()),
            ],
            columns: Vec::new(),
        }
    }
}
