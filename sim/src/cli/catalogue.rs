//! `fairground trace list` and `fairground trace get`: the public traces there are, and their files.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use fairground_readers::catalogue::{Entry, File, entries, entry};
use fairground_workloads::say;
use indicatif::{ProgressBar, ProgressStyle};

use super::trace::aligned;
use super::{Ending, counted, print};
use crate::download::{Wanted, download, sha256};

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Everything that is known of this trace, instead of a line for each
    name: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct GetArgs {
    /// The trace, as `trace list` calls it
    name: String,
    /// Only these files of it
    files: Vec<String>,
    /// Accept this licence, from now on: read it first
    #[arg(long, value_name = "NAME")]
    accept_licence: Option<String>,
    /// Fetch from a copy instead of the publisher: `URL/TRACE/FILE`
    #[arg(long, value_name = "URL", env = "FAIRGROUND_MIRROR")]
    mirror: Option<String>,
    /// Where traces and accepted licences are kept [default: the user's cache folder]
    #[arg(long, value_name = "FOLDER", env = "FAIRGROUND_CACHE")]
    cache: Option<PathBuf>,
}

pub(super) fn list(args: &ListArgs) -> anyhow::Result<Ending> {
    if let Some(name) = &args.name {
        print(&facts(entry(name)?))?;
        return Ok(Ending::Done);
    }
    let header = ["name", "licence", "files", "bytes", "what"].map(String::from);
    let mut rows = vec![header.to_vec()];
    rows.extend(entries().iter().map(|entry| {
        let sizes: Option<u64> = entry.files.iter().map(|file| file.size).sum();
        let bytes = match sizes {
            Some(bytes) if bytes > 0 => bytes.to_string(),
            _ => "-".to_owned(),
        };
        let files = entry.files.len().to_string();
        vec![
            entry.name.to_owned(),
            entry.licence.clone(),
            files,
            bytes,
            entry.title.clone(),
        ]
    }));
    print(&aligned(&rows, &[2, 3]))?;
    Ok(Ending::Done)
}

/// All that is known of a trace.
fn facts(entry: &Entry) -> String {
    let mut text = String::new();
    for (name, fact) in [
        ("name", entry.name),
        ("title", &entry.title),
        ("publisher", &entry.publisher),
        ("licence", &entry.licence),
        ("terms", &entry.terms),
        ("cite", &entry.cite),
        ("page", &entry.page),
        ("about", &entry.about),
    ] {
        let _ = writeln!(text, "{name}: {fact}");
    }
    for file in &entry.files {
        let size = file
            .size
            .map_or("not known".to_owned(), |size| counted(size, "byte"));
        let sha256 = file.sha256.as_deref().unwrap_or("not known");
        let _ = write!(
            text,
            "\nfile: {}\nformat: {}\naddress: {}\nsize: {size}\nsha256: {sha256}\n",
            file.name, file.format, file.address
        );
    }
    text
}

pub(super) fn get(args: &GetArgs) -> anyhow::Result<Ending> {
    let entry = entry(&args.name)?;
    let cache = match &args.cache {
        Some(cache) => cache.clone(),
        None => dirs::cache_dir()
            .context("there is no cache folder: name one with --cache or FAIRGROUND_CACHE")?
            .join("fairground"),
    };
    let files = chosen(entry, &args.files)?;
    if files.is_empty() {
        say!(
            "{} has no file to fetch: {}\n  see {}",
            entry.name,
            entry.about,
            entry.page
        );
        return Ok(Ending::No);
    }
    if !accepted(entry, args.accept_licence.as_deref(), &cache)? {
        say!(
            "error: {} is under the licence {}, which was not accepted\n  hint: read {}\n        \
             and then say --accept-licence {}",
            entry.name,
            entry.licence,
            entry.terms,
            entry.licence
        );
        return Ok(Ending::No);
    }
    for file in files {
        let place = cache.join("traces").join(entry.name).join(&file.name);
        fetch(entry, file, &place, args.mirror.as_deref())?;
        print(&format!("{}\n", place.display()))?;
    }
    say!("cite: {}", entry.cite);
    Ok(Ending::Done)
}

/// The files that are wanted: all if none is named.
fn chosen<'a>(entry: &'a Entry, names: &[String]) -> anyhow::Result<Vec<&'a File>> {
    for name in names {
        if !entry.files.iter().any(|file| file.name == *name) {
            let known: Vec<&str> = entry.files.iter().map(|file| file.name.as_str()).collect();
            bail!(
                "{} has no file `{name}`; it has {}",
                entry.name,
                known.join(", ")
            );
        }
    }
    let wanted = |file: &&File| names.is_empty() || names.contains(&file.name);
    Ok(entry.files.iter().filter(wanted).collect())
}

/// Whether the licence of a trace is accepted, now or before.
fn accepted(entry: &Entry, now: Option<&str>, cache: &Path) -> anyhow::Result<bool> {
    let path = cache.join("licences");
    let before = fs::read_to_string(&path).unwrap_or_default();
    if before.lines().any(|line| line == entry.licence) {
        return Ok(true);
    }
    match now {
        None => Ok(false),
        Some(name) if name == entry.licence => {
            let written = fs::create_dir_all(cache)
                .and_then(|()| fs::write(&path, format!("{before}{}\n", entry.licence)));
            written.with_context(|| format!("{}: cannot be written", path.display()))?;
            Ok(true)
        }
        Some(other) => bail!(
            "{} is under the licence {}, not {other}",
            entry.name,
            entry.licence
        ),
    }
}

/// Brings a file to its place, if it is not there.
fn fetch(entry: &Entry, file: &File, place: &Path, mirror: Option<&str>) -> anyhow::Result<()> {
    if place.is_file() {
        let found = sha256(place).with_context(|| place.display().to_string())?;
        match &file.sha256 {
            Some(known) if *known == found => {
                say!("{}: already there, verified", file.name);
                return Ok(());
            }
            None => {
                say!("{}: already there; {}", file.name, unverified(&found));
                return Ok(());
            }
            Some(_) => say!("{}: there, but damaged: fetched again", file.name),
        }
    }
    let address = match mirror {
        Some(mirror) => format!(
            "{}/{}/{}",
            mirror.trim_end_matches('/'),
            entry.name,
            file.name
        ),
        None => file.address.clone(),
    };
    let bar = bar(&file.name);
    let wanted = Wanted {
        address: &address,
        place,
        size: file.size,
        sha256: file.sha256.as_deref(),
    };
    let fetched = download(wanted, &mut |held, total| {
        bar.set_length(total.unwrap_or(held));
        bar.set_position(held);
    });
    bar.finish_and_clear();
    let found = fetched?;
    match file.sha256 {
        Some(_) => say!("{}: fetched, verified", file.name),
        None => say!("{}: fetched; {}", file.name, unverified(&found)),
    }
    Ok(())
}

fn unverified(found: &str) -> String {
    format!("cannot be verified, as no checksum is known; its SHA-256 is {found}")
}

/// How far a file is and how fast it comes, on a terminal.
fn bar(name: &str) -> ProgressBar {
    let template = "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
    let style = ProgressStyle::with_template(template).expect("the template is well-formed");
    ProgressBar::new(0)
        .with_style(style)
        .with_message(name.to_owned())
}
