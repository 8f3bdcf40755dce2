//! A result folder: written beside its place, renamed into it when complete.
//!
//! Whoever finds a result folder finds all of it. What is half written has another name and is
//! removed when writing fails.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io::{self as std_io, Write as _};
use std::path::{Path, PathBuf};

use fairground_workloads::scratch::Scratch;

use super::comparison::Changes;
use super::error::{OutputError, io};
use super::page;
use super::plots;
use super::provenance::{self, DIGESTS, Digests, FileDigest, PROVENANCE};
use super::report;
use super::table::Table;
use super::tables;
use crate::run::Comparison;

/// The recipe's name in a result folder.
const RECIPE: &str = "recipe.toml";

/// How results are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Whether the figures are also written as PNG.
    pub png: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { png: true }
    }
}

/// What was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    /// The result folder.
    pub dir: PathBuf,
    /// The report in it.
    pub report: PathBuf,
    /// Digests of all runs and files.
    pub digests: Digests,
}

/// Writes everything about `comparison` into `dir`.
///
/// An earlier result in `dir` is replaced: its files go, those of others in the folder stay.
///
/// # Errors
/// When `dir` exists and is no result folder, when somebody's file is in the way of one of ours, when
/// the file system refuses, or when a figure or the report cannot be made; nothing is left behind then,
/// and an earlier result stays.
pub fn write(
    comparison: &Comparison,
    dir: &Path,
    options: Options,
) -> Result<Written, OutputError> {
    refuse_foreign(dir)?;
    let changes = Changes::of(comparison);
    let partial = Partial::begin(dir)?;
    let mut folder = Folder {
        dir: partial.0.path(),
        digests: Digests::of_runs(comparison),
    };
    fill(&mut folder, comparison, &changes, options)?;
    let digests = folder.finish()?;
    keep_foreign(dir, partial.0.path())?;
    partial.put_in_place(dir)?;
    Ok(Written {
        report: dir.join("report.html"),
        dir: dir.to_owned(),
        digests,
    })
}

fn fill(
    folder: &mut Folder<'_>,
    comparison: &Comparison,
    changes: &Changes,
    options: Options,
) -> Result<(), OutputError> {
    folder.file(RECIPE, comparison.recipe.as_bytes())?;
    folder.file("table.txt", changes.to_text().as_bytes())?;
    folder.short_table(&tables::summary(comparison))?;
    folder.short_table(&tables::gains(changes))?;
    folder.short_table(&tables::digests(comparison))?;
    folder.table(&tables::jobs(comparison))?;
    folder.table(&tables::usage(comparison))?;
    folder.table(&tables::services(comparison))?;
    folder.table(&tables::hosts(comparison))?;
    let tasks = tables::tasks(comparison);
    if !tasks.is_empty() {
        folder.table(&tasks)?;
    }
    let figures = plots::all(comparison, changes)?;
    folder.folder("figures")?;
    for figure in &figures {
        folder.file(
            &format!("figures/{}.svg", figure.name),
            figure.svg.as_bytes(),
        )?;
        if options.png {
            folder.file(
                &format!("figures/{}.png", figure.name),
                &plots::to_png(figure)?,
            )?;
        }
    }
    let html = report::page(comparison, changes, &figures)?;
    folder.file("report.html", html.as_bytes())?;
    if !comparison.about.is_empty() {
        let text = page::page(comparison, changes, &figures);
        folder.file(page::PAGE, text.as_bytes())?;
    }
    folder.file(PROVENANCE, provenance::to_json(comparison)?.as_bytes())
}

/// A folder being filled, and the digests of what is in it.
struct Folder<'a> {
    dir: &'a Path,
    digests: Digests,
}

impl Folder<'_> {
    fn file(&mut self, name: &str, bytes: &[u8]) -> Result<(), OutputError> {
        let path = self.dir.join(name);
        let written = fs::File::create(&path).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        written.map_err(io("write", &path))?;
        self.digests.files.push(FileDigest {
            name: name.to_owned(),
            digest: provenance::hash(bytes),
        });
        Ok(())
    }

    fn folder(&self, name: &str) -> Result<(), OutputError> {
        let path = self.dir.join(name);
        fs::create_dir(&path).map_err(io("create", &path))
    }

    /// A table as Parquet, at every size: a script that reads it does not break when a run is longer.
    fn table<R>(&mut self, table: &Table<R>) -> Result<(), OutputError> {
        let bytes = table.to_parquet().map_err(|source| OutputError::Parquet {
            table: table.name,
            source,
        })?;
        self.file(&format!("{}.parquet", table.name), &bytes)
    }

    /// A table with a row a policy, seed and framework: also as CSV, for people.
    fn short_table<R>(&mut self, table: &Table<R>) -> Result<(), OutputError> {
        self.file(&format!("{}.csv", table.name), &table.to_csv())?;
        self.table(table)
    }

    fn finish(mut self) -> Result<Digests, OutputError> {
        self.digests.files.sort();
        let text = self.digests.to_text();
        let path = self.dir.join(DIGESTS);
        fs::write(&path, text).map_err(io("write", &path))?;
        Ok(self.digests)
    }
}

/// Gives the files in the earlier result `old` that are not its own a second name in `new`, so that
/// they are there at every moment.
fn keep_foreign(old: &Path, new: &Path) -> Result<(), OutputError> {
    if !old.join(PROVENANCE).is_file() {
        return Ok(());
    }
    let own = own_files(old);
    each_foreign(old, Path::new(""), &own, &mut |name| {
        let (from, to) = (old.join(name), new.join(name));
        if from.is_dir() && !from.is_symlink() {
            return match fs::create_dir(&to) {
                Err(error) if !to.is_dir() => Err(io("create", &to)(error)),
                _ => Ok(()),
            };
        }
        if to.symlink_metadata().is_ok() {
            return Err(OutputError::InTheWay(from));
        }
        // Not every file system has second names.
        let linked = fs::hard_link(&from, &to).or_else(|_| fs::copy(&from, &to).map(|_| ()));
        linked.map_err(io("keep", &from))
    })
}

/// The files of a result by its own word: those it has digests of, and those.
fn own_files(dir: &Path) -> BTreeSet<PathBuf> {
    let told = provenance::read_digests(dir).map_or(Vec::new(), |digests| digests.files);
    let told = told.into_iter().map(|file| PathBuf::from(file.name));
    let always = [DIGESTS, PROVENANCE, RECIPE].map(PathBuf::from);
    told.chain(always).collect()
}

/// Tells `each` of all in the folder `dir` that is none of `own`, by its path in it: a folder before
/// what is in it, and only if it holds something of others.
fn each_foreign(
    dir: &Path,
    inside: &Path,
    own: &BTreeSet<PathBuf>,
    each: &mut dyn FnMut(&Path) -> Result<(), OutputError>,
) -> Result<(), OutputError> {
    let here = dir.join(inside);
    let entries = fs::read_dir(&here).map_err(io("look into", &here))?;
    for entry in entries {
        let name = inside.join(entry.map_err(io("look into", &here))?.file_name());
        let path = dir.join(&name);
        if path.is_dir() && !path.is_symlink() {
            // One of ours may hold files of others.
            let ours = own.iter().any(|file| file.starts_with(&name));
            let mut told = false;
            if !ours {
                each(&name)?;
                told = true;
            }
            each_foreign(dir, &name, own, &mut |file| {
                if !told {
                    each(&name)?;
                    told = true;
                }
                each(file)
            })?;
        } else if !own.contains(&name) {
            each(&name)?;
        }
    }
    Ok(())
}

/// The temporary folder; removed when it is not put in place, however the program ends.
struct Partial(Scratch);

impl Partial {
    fn begin(dir: &Path) -> Result<Self, OutputError> {
        if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            fs::create_dir_all(parent).map_err(io("create", parent))?;
        }
        let path = sibling(dir, "partial");
        remove(&path)?;
        let made = Scratch::new(|| fs::create_dir(&path).map(|()| path.clone()));
        made.map(Self).map_err(io("create", &path))
    }

    /// Renames it to `dir`; an earlier result is moved aside first and then removed.
    fn put_in_place(self, dir: &Path) -> Result<(), OutputError> {
        let old = sibling(dir, "old.partial");
        remove(&old)?;
        let existed = dir.exists();
        if existed {
            fs::rename(dir, &old).map_err(io("move aside", dir))?;
        }
        if let Err(error) = self.0.put(dir) {
            if existed {
                let _ = fs::rename(&old, dir);
            }
            return Err(io("put in place", dir)(error));
        }
        remove(&old)
    }
}

/// `results/day` becomes `results/day.partial`: the same disk, so a rename is one step.
fn sibling(dir: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = dir.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ending);
    dir.with_file_name(name)
}

fn remove(path: &Path) -> Result<(), OutputError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std_io::ErrorKind::NotFound => Err(io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Whether results may be written into `dir`: an empty folder, or one with nothing but a recipe, may
/// be taken, a result replaced; anything else is somebody's. Asked before long work, too.
///
/// # Errors
/// When `dir` is somebody else's, or cannot be looked into.
pub fn refuse_foreign(dir: &Path) -> Result<(), OutputError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std_io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io("look into", dir)(error)),
    };
    if dir.join(PROVENANCE).is_file() {
        return Ok(());
    }
    for entry in entries {
        if entry.map_err(io("look into", dir))?.file_name() != RECIPE {
            return Err(OutputError::Foreign(dir.to_owned()));
        }
    }
    Ok(())
}
