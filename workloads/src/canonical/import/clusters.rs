//! Lists of machines, and the cells of Google with their events.

use std::path::Path;

use super::Import;
use crate::canonical::account::Became;
use crate::canonical::tables::Machine;
use crate::error::ReadError;
use crate::formats::{Format, cook, hadoop};

type Done = Result<(), ReadError>;

pub(super) fn convert(import: &mut Import<'_>, path: &Path, format: Format) -> Option<Done> {
    Some(match format {
        Format::CookHosts => match cook::hosts::records(path) {
            Err(error) => Err(error),
            Ok(hosts) => import.machines(hosts, |host| Machine {
                cpus: Some(host.amount("cpus") * 1000),
                memory: Some(host.amount("mem")),
                gpus: Some(host.amount("gpus") * 1000),
                name: host.hostname,
                ..Machine::default()
            }),
        },
        Format::Topology => topology(import, path),
        _ => return None,
    })
}

fn topology(import: &mut Import<'_>, path: &Path) -> Done {
    let mut id = 0;
    import.each(hadoop::topology::records(path)?, |import, tree| {
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
