//! Requests that become the load of services, and machines of which only the use is known.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Draft, Import, millis, seconds};
use crate::canonical::NO_PARTS;
use crate::canonical::account::{Became, Thing};
use crate::canonical::tables::{Load, Service, Tasks, Usage};
use crate::error::ReadError;
use crate::formats::{
    Format, accesslog, azure_functions, azure_llm, azure_vm, loads, mooncake, opendc, planetlab,
    requests,
};

type Done = Result<(), ReadError>;
/// The step of a load that is made of single requests, in microseconds.
const STEP: u64 = 1_000_000;
/// The period of most measurements, in microseconds.
const FIVE_MINUTES: u64 = 300_000_000;

pub(super) fn convert(import: &mut Import<'_>, path: &Path, format: Format) -> Option<Done> {
    Some(match format {
        Format::Requests => series(import, path),
        Format::AccessLog | Format::AzureLlm | Format::Mooncake | Format::FunctionReplay => {
            single(import, path, format)
        }
        Format::AzureMinutes => minutes(import, path),
        Format::Loads => curves(import, path),
        Format::PlanetLab | Format::AzureReadings | Format::Bitbrains | Format::OpenDcFragments => {
            used(import, path, format)
        }
        _ => return None,
    })
}

fn series(import: &mut Import<'_>, path: &Path) -> Done {
    import.push(Service {
        name: "requests".to_owned(),
        ..Service::default()
    })?;
    import.sees(0);
    import.each(requests::records(path)?, |import, row| {
        if row.requests == 0 {
            // No step says the same.
            return Ok(Became::Imported);
        }
        import.push(Load {
            start: seconds(row.second),
            length: STEP,
            requests: u64::from(row.requests),
            ..Load::default()
        })?;
        Ok(Became::Imported)
    })
}

/// Requests counted in steps, by service.
#[derive(Default)]
struct Steps {
    services: BTreeMap<String, u64>,
    steps: BTreeMap<(u64, u64), Load>,
}

impl Steps {
    fn add(&mut self, name: &str, time: u64, read: Option<u64>, write: Option<u64>) {
        let next = self.services.len() as u64;
        let service = match self.services.get(name) {
            Some(service) => *service,
            None => *self.services.entry(name.to_owned()).or_insert(next),
        };
        let start = time - time % STEP;
        let load = self.steps.entry((service, start)).or_insert_with(|| Load {
            service,
            start,
            length: STEP,
            ..Load::default()
        });
        load.requests += 1;
        let sum = |sum: Option<u64>, more: Option<u64>| match (sum, more) {
            (None, None) => None,
            (sum, more) => Some(sum.unwrap_or(0).saturating_add(more.unwrap_or(0))),
        };
        load.read = sum(load.read, read);
        load.write = sum(load.write, write);
    }

    fn write(self, import: &mut Import<'_>) -> Done {
        for (name, id) in self.services {
            import.push(Service {
                id,
                name,
                ..Service::default()
            })?;
        }
        for load in self.steps.into_values() {
            import.sees(load.start);
            import.push(load)?;
        }
        Ok(())
    }
}

/// Requests that are told one by one. Those to language models stay so, with their tokens: a second
/// of them has no size that says how long any of them takes.
fn single(import: &mut Import<'_>, path: &Path, format: Format) -> Done {
    if matches!(format, Format::AzureLlm | Format::Mooncake) {
        return tokens(import, path, format);
    }
    import.assume(
        "requests",
        "counted in steps of a second; how long they take is not in the source",
    );
    let mut steps = Steps::default();
    match format {
        Format::AccessLog => import.each(accesslog::records(path)?, |_, one| {
            steps.add("web", seconds(one.time), None, one.bytes);
            Ok(Became::Imported)
        }),
        _ => import.each(azure_functions::replay::records(path)?, |_, one| {
            steps.add(&one.function, millis(one.time), None, None);
            Ok(Became::Imported)
        }),
    }?;
    steps.write(import)
}

/// Requests to a language model: a row each, by the tokens that they read and write.
fn tokens(import: &mut Import<'_>, path: &Path, format: Format) -> Done {
    import.assume(
        "requests",
        "single ones, by their tokens; how long they take is not in the source",
    );
    import.push(Service {
        name: "llm".to_owned(),
        ..Service::default()
    })?;
    let push = |import: &mut Import<'_>, start: u64, read: u64, write: u64| {
        import.sees(start);
        import.push(Load {
            start,
            length: 1,
            requests: 1,
            read: Some(read),
            write: Some(write),
            ..Load::default()
        })?;
        Ok(Became::Imported)
    };
    match format {
        Format::AzureLlm => import.each(azure_llm::records(path)?, |import, one| {
            push(import, one.nanos / 1000, one.context, one.generated)
        }),
        _ => import.each(mooncake::records(path)?, |import, one| {
            let (read, write) = (one.input_length, one.output_length);
            push(import, millis(one.timestamp), read.into(), write.into())
        }),
    }
}

fn minutes(import: &mut Import<'_>, path: &Path) -> Done {
    import.sees(0);
    let mut id = 0;
    import.each(
        azure_functions::minutes::records(path)?,
        |import, function| {
            let tenant = import.tenant(&function.owner)?;
            let name = format!("{}/{}", function.app, function.function);
            import.push(Service {
                id,
                name,
                tenant,
                memory: None,
            })?;
            for (minute, requests) in function.minutes.into_iter().enumerate() {
                if requests > 0 {
                    import.push(Load {
                        service: id,
                        start: seconds(minute as u64 * 60),
                        length: seconds(60),
                        requests,
                        ..Load::default()
                    })?;
                }
            }
            id += 1;
            Ok(Became::Imported)
        },
    )
}

fn curves(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "unit of requests",
        "as written, in each hour: the publisher's unit is in doubt",
    );
    import.assume("length of a step", "an hour");
    import.sees(0);
    let mut services: BTreeMap<String, u64> = BTreeMap::new();
    import.each(loads::records(path)?, |import, row| {
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

/// Jobs by name, made when they are first seen.
#[derive(Default)]
struct Named(BTreeMap<String, u64>);

impl Named {
    fn job(&mut self, import: &mut Import<'_>, name: &str, tasks: Tasks) -> Result<u64, ReadError> {
        if let Some(job) = self.0.get(name) {
            for thing in [Thing::Jobs, Thing::Tasks] {
                import.merged(thing, 1, "another reading of the same machine");
            }
            return Ok(*job);
        }
        let job = import.number();
        import.numbered(job, Draft::simple(name, None, tasks))?;
        self.0.insert(name.to_owned(), job);
        Ok(job)
    }
}

fn used(import: &mut Import<'_>, path: &Path, format: Format) -> Done {
    let mut named = Named::default();
    let one = Tasks {
        count: 1,
        ..Tasks::default()
    };
    match format {
        Format::PlanetLab => {
            import.assume("usage", "percent of a machine; sizes are not in the source");
            import.sees(0);
            import.each(planetlab::records(path)?, |import, row| {
                let job = named.job(import, &row.machine(), one.clone())?;
                let start = (row.place.line - 1) * FIVE_MINUTES;
                let cpus = row.percent * 10_000;
                import.push(Usage {
                    job,
                    start,
                    length: FIVE_MINUTES,
                    cpus,
                })?;
                Ok(Became::Imported)
            })
        }
        Format::AzureReadings => {
            import.assume(
                "usage",
                "the mean in percent of a machine; sizes are in vmtable",
            );
            import.each(azure_vm::readings::records(path)?, |import, row| {
                let job = named.job(import, &row.vm, one.clone())?;
                let (start, cpus) = (seconds(row.time), row.avg / 100);
                import.sees(start);
                import.push(Usage {
                    job,
                    start,
                    length: FIVE_MINUTES,
                    cpus,
                })?;
                Ok(Became::Imported)
            })
        }
        Format::Bitbrains => {
            import.assume(
                "usage",
                "percent of a machine, in the five minutes before its time",
            );
            import.each(opendc::bitbrains::records(path)?, |import, row| {
                let name = row
                    .place
                    .file
                    .file_stem()
                    .unwrap_or_default()
                    .to_string_lossy();
                let tasks = Tasks {
                    cpus: Some(row.cores * 1000),
                    memory: Some(row.memory / 1_000_000 / 1024),
                    ..one.clone()
                };
                let job = named.job(import, &name, tasks)?;
                let start = seconds(row.time).saturating_sub(FIVE_MINUTES);
                import.sees(start);
                let cpus = row.percent / 100;
                import.push(Usage {
                    job,
                    start,
                    length: FIVE_MINUTES,
                    cpus,
                })?;
                Ok(Became::Imported)
            })
        }
        _ => {
            import.assume("usage", NO_PARTS[1]);
            let mut ends: BTreeMap<u64, u64> = BTreeMap::new();
            import.each(opendc::fragments::records(path)?, |import, row| {
                let job = named.job(import, &row.task, one.clone())?;
                let start = ends.entry(job).or_default();
                let length = millis(row.duration);
                let usage = Usage {
                    job,
                    start: *start,
                    length,
                    cpus: row.used / 1000,
                };
                *start = start.saturating_add(length);
                import.push(usage)?;
                Ok(Became::Imported)
            })
        }
    }
}
