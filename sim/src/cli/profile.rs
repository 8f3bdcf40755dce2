//! `fairground trace stat`: what a trace looks like, in words, as JSON and as pictures.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};
use fairground_readers::Format;
use fairground_readers::canonical::profile::{Local, Profile};
use fairground_readers::canonical::store::MANIFEST;
use fairground_readers::canonical::{Imports, Manifest, Opened, import};
use fairground_readers::formats::{self, ReadAs, Stat};
use fairground_workloads::say;
use serde_json::{Map, Value, json};

use super::trace::aligned;
use super::{Ending, StatArgs, TraceArgs, form, print};
use crate::output::plots;
use crate::output::profiled::{self, LocalClock, TraceNumbers, TraceView};

/// Tells about a trace: what its format counts, and what it looks like once it is a canonical one.
pub(super) fn stat(args: &StatArgs) -> anyhow::Result<Ending> {
    let file = &args.trace.file;
    if let Some(place) = &args.plot {
        check_place(place)?;
    }
    let mut told = Map::new();
    let mut how = ReadAs::default();
    if !is_canonical(&args.trace) {
        how = args.trace.read_as()?;
        let format = how.format(file)?;
        let stat = formats::stat(file, how.clone())?;
        if args.json {
            told = counted_as_json(format, &stat);
        } else {
            print(&counted(&stat))?;
        }
        if let Some(why) = silent(args, format) {
            if !why.is_empty() {
                say!("{}: no more can be told: {why}", file.display());
            }
            return finish(args, told);
        }
    }
    let mut imports = Imports::on_disk();
    let trace = match opened(&mut imports, file, how) {
        Ok(trace) => trace,
        Err(error) if args.asks_for_more() => return Err(error),
        Err(error) => {
            say!("{}: no more can be told: {error:#}", file.display());
            return finish(args, told);
        }
    };
    let cluster = match &args.cluster {
        Some(cluster) => opened(&mut imports, cluster, ReadAs::default())?,
        None => trace.clone(),
    };
    look(args, &trace, &cluster, told)
}

/// The picture's sheet or folder can be made.
fn check_place(place: &Path) -> anyhow::Result<()> {
    match place.extension().and_then(|end| end.to_str()) {
        None if place.exists() => bail!(
            "{}: expected a new folder, found one that is there\n  hint: name another folder, or remove it",
            place.display()
        ),
        None | Some("svg" | "png") => Ok(()),
        Some(_) => bail!(
            "{}: the name of a picture ends with .svg or .png, that of a folder of pictures has no ending",
            place.display()
        ),
    }
}

/// Whether it is the folder of a canonical trace.
pub(super) fn is_canonical(args: &TraceArgs) -> bool {
    args.is_plain() && args.file.join(MANIFEST).is_file()
}

/// Why nothing is said of a file but its counts; an empty word where that needs none.
fn silent(args: &StatArgs, format: Format) -> Option<&'static str> {
    if args.asks_for_more() {
        return None;
    }
    let kind = fs::metadata(&args.trace.file).map(|found| found.file_type());
    if kind.is_ok_and(|kind| !kind.is_file() && !kind.is_dir()) {
        // What came through a pipe is gone.
        return Some("");
    }
    import::refusal(format)
}

fn opened(imports: &mut Imports, file: &Path, how: ReadAs) -> anyhow::Result<Opened> {
    let (trace, _) = imports.open(Path::new(""), file, how)?;
    Ok(trace)
}

fn look(
    args: &StatArgs,
    trace: &Opened,
    cluster: &Opened,
    mut told: Map<String, Value>,
) -> anyhow::Result<Ending> {
    if cluster.manifest.units.cpus != trace.manifest.units.cpus {
        bail!(
            "the cluster counts in {}, the trace in {}",
            cluster.manifest.units.cpus,
            trace.manifest.units.cpus
        );
    }
    let clock = match (&args.clock, &trace.manifest.clock) {
        (Some(told), _) => Some(told.clone()),
        (None, Some(clock)) => LocalClock::of(clock),
        (None, None) => None,
    };
    if let (None, Some(unknown)) = (&clock, &trace.manifest.clock) {
        say!(
            "the zone `{}` is not known: hours and days are left out",
            unknown.zone
        );
    }
    let at = |time: u64| clock.as_ref().and_then(|clock| clock.at(time));
    let local = clock.as_ref().map(|_| &at as Local<'_>);
    let profile = Profile::of(trace, cluster, local)?;
    let numbers = TraceNumbers::of(&profile);
    if args.json {
        told.extend(manifest_as_json(&trace.manifest));
        if let Value::Object(tables) = numbers.json() {
            told.extend(tables);
        }
    } else {
        if is_canonical(&args.trace) {
            form::show(&trace.manifest)?;
        }
        let mut text = String::new();
        for (_, heads, rows) in numbers.tables() {
            let mut table = vec![heads.iter().map(|head| (*head).to_owned()).collect()];
            table.extend(rows);
            text.push('\n');
            text += &aligned(&table, &(1..heads.len()).collect::<Vec<_>>());
        }
        print(&text)?;
    }
    if let Some(place) = &args.plot {
        let file = &args.trace.file;
        let name = file
            .file_name()
            .unwrap_or(file.as_os_str())
            .to_string_lossy();
        let view = TraceView {
            name: &name,
            profile: &profile,
            units: &trace.manifest.units,
            zone: clock.as_ref().map(|clock| clock.name.as_str()),
        };
        draw(&view, &numbers, place)?;
    }
    finish(args, told)
}

fn draw(view: &TraceView<'_>, numbers: &TraceNumbers, place: &Path) -> anyhow::Result<()> {
    if place.extension().is_none() {
        let pictures = profiled::write(view, numbers, place)?;
        let page = place.join(profiled::PAGE);
        say!(
            "{}: {pictures} pictures; {} shows them",
            place.display(),
            page.display()
        );
        return Ok(());
    }
    let figure = plots::sheet(view)?;
    let picture = if place.extension().is_some_and(|end| end == "svg") {
        figure.svg.into_bytes()
    } else {
        plots::to_png(&figure)?
    };
    fs::write(place, picture).with_context(|| format!("{}: cannot be written", place.display()))?;
    say!("{}: drawn", place.display());
    Ok(())
}

fn finish(args: &StatArgs, told: Map<String, Value>) -> anyhow::Result<Ending> {
    if args.json {
        print(&(serde_json::to_string_pretty(&Value::Object(told))? + "\n"))?;
    }
    Ok(Ending::Done)
}

/// What a format counts.
fn counted(stat: &Stat) -> String {
    let mut text = String::new();
    for (name, value) in &stat.facts {
        let _ = writeln!(text, "{name}: {value}");
    }
    let header = ["column", "unit", "n", "min", "p50", "p95", "max", "sum"].map(String::from);
    let mut rows = vec![header.to_vec()];
    rows.extend(stat.columns.iter().map(|c| {
        let numbers = [c.n.cast_signed(), c.min, c.p50, c.p95, c.max];
        let numbers = numbers.map(|number| number.to_string());
        let mut row = vec![c.name.to_string(), c.unit.to_string()];
        row.extend(numbers);
        row.push(c.sum.to_string());
        row
    }));
    text.push('\n');
    text + &aligned(&rows, &[2, 3, 4, 5, 6, 7])
}

fn counted_as_json(format: Format, stat: &Stat) -> Map<String, Value> {
    let facts: Map<String, Value> = stat
        .facts
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.as_str().into()))
        .collect();
    let mut told = Map::new();
    told.insert("format".to_owned(), format.to_string().into());
    told.insert("facts".to_owned(), facts.into());
    told.insert("columns".to_owned(), json!(stat.columns));
    told
}

/// What a trace says of itself.
fn manifest_as_json(manifest: &Manifest) -> Map<String, Value> {
    let rows: Map<String, Value> = manifest
        .rows
        .iter()
        .map(|(table, rows)| (table.clone(), (*rows).into()))
        .collect();
    let mut told = Map::new();
    told.insert("rows".to_owned(), rows.into());
    told.insert("units".to_owned(), json!(manifest.units));
    told.insert("clock".to_owned(), json!(manifest.clock));
    told.insert("assumptions".to_owned(), json!(manifest.assumptions));
    told.insert("digest".to_owned(), manifest.digest.as_str().into());
    told
}
