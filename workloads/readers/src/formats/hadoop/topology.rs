//! The hosts of a Hadoop cluster by rack, as Rumen writes them beside its traces.
//!
//! One JSON object, a tree: the root's children are racks, theirs are hosts.

use serde::Deserialize;

use crate::formats::prelude::*;

/// A part of the tree.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Host {
    /// Its name.
    pub name: Option<String>,
    /// What is below it.
    #[serde(default)]
    pub children: Option<Vec<Self>>,
}

pub(crate) const FORM: Form = Form {
    about: "hosts by rack, JSON (Hadoop Rumen)",
    machines: true,
    signs: &[Holds("\"children\""), Named("topology")],
    import: Ok(import),
    samples: &[r#"{ "name" : "<root>", "children" : [
  { "name" : "10\\.0", "children" : [ { "name" : "a", "children" : null }, { "name" : "b" } ] },
  { "name" : "10\\.1", "children" : null } ] }
"#],
    ..Form::of::<Documents<Record>>()
};

/// A whole tree.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Record {
    /// The name of the root.
    pub name: Option<String>,
    /// The racks.
    pub children: Vec<Host>,
}

impl Record {
    /// Every host with its rack.
    pub fn hosts(&self) -> impl Iterator<Item = (&str, &str)> {
        let name = |node: &Host| node.name.is_some();
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
}

contents! { Record: |tree| Machines tree.hosts().count() as u64; }

shows! { Record: |one|
    "name": one.name, "racks": one.children.len(), "hosts": one.hosts().count(),
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let racks = self.children.iter();
        for rack in racks.filter(|rack| rack.children.is_none()) {
            let found = rack.name.as_deref().unwrap_or("a rack");
            let found = format!("none in {found}");
            seen.warn(ReadError::expected("hosts in every rack", found));
        }
        seen.sum("racks", self.children.len() as u64);
        seen.sum("hosts", self.hosts().count() as u64);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    let mut id = 0;
    import.each(Documents::open(path)?, |import, tree: Record| {
        for (rack, host) in tree.hosts() {
            let (name, platform) = (host.to_owned(), Some(rack.to_owned()));
            import.push(Machine {
                id,
                name,
                platform,
                ..Machine::default()
            })?;
            id += 1;
        }
        Ok(Became::Imported)
    })?;
    import.assume(
        "platforms",
        "the rack of a host; sizes are not in the source",
    );
    Ok(())
}
