//! A result folder: written beside its place, renamed into it when complete.
//!
//! Whoever finds a result folder finds all of it. What is half written has another name and is
//! removed when writing fails.

use std::ffi::OsString;
use std::fs;
use std::io::{self as std_io, Write as _};
use std::path::{Path, PathBuf};

use super::error::{OutputError, io};
use super::gains::Gains;
use super::page;
use super::plots;
use super::provenance::{self, DIGESTS, Digests, FileDigest, PROVENANCE};
use super::report;
use super::table::{CSV_ROWS, Table};
use super::tables;
use crate::run::Comparison;

/// The recipe's name in a result folder.
const RECIPE: &str = "recipe.toml";

/// How results are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Tables with more rows than this become Parquet files.
    pub csv_rows: usize,
    /// Whether the figures are also written as PNG.
    pub png: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            csv_rows: CSV_ROWS,
            png: true,
        }
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
/// An earlier result in `dir` is replaced as a whole.
///
/// # Errors
/// When `dir` exists and is no result folder, when the file system refuses, or when a figure or
/// the report cannot be made; nothing is left behind then, and an earlier result stays.
pub fn write(
    comparison: &Comparison,
    dir: &Path,
    options: Options,
) -> Result<Written, OutputError> {
    refuse_foreign(dir)?;
    let gains = Gains::of(comparison);
    let partial = Partial::begin(dir)?;
    let mut folder = Folder {
        dir: &partial.path,
        digests: Digests::of_runs(comparison),
    };
    fill(&mut folder, comparison, &gains, options)?;
    let digests = folder.finish()?;
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
    gains: &Gains,
    options: Options,
) -> Result<(), OutputError> {
    folder.file(RECIPE, comparison.recipe.as_bytes())?;
    folder.file("table.txt", gains.to_text().as_bytes())?;
    folder.table(&tables::summary(comparison), usize::MAX)?;
    folder.table(&tables::gains(gains), usize::MAX)?;
    folder.table(&tables::digests(comparison), usize::MAX)?;
    folder.table(&tables::jobs(comparison), options.csv_rows)?;
    folder.table(&tables::usage(comparison), options.csv_rows)?;
    folder.table(&tables::services(comparison), options.csv_rows)?;
    folder.table(&tables::hosts(comparison), options.csv_rows)?;
    let figures = plots::all(comparison, gains)?;
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
    let html = report::page(comparison, gains, &figures)?;
    folder.file("report.html", html.as_bytes())?;
    if !comparison.about.is_empty() {
        let text = page::page(comparison, gains, &figures);
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

    fn table<R>(&mut self, table: &Table<R>, csv_rows: usize) -> Result<(), OutputError> {
        let encoded = table.encode(csv_rows);
        let (name, bytes) = encoded.map_err(|source| OutputError::Parquet {
            table: table.name,
            source,
        })?;
        self.file(&name, &bytes)
    }

    fn finish(mut self) -> Result<Digests, OutputError> {
        self.digests.files.sort();
        let text = self.digests.to_text();
        let path = self.dir.join(DIGESTS);
        fs::write(&path, text).map_err(io("write", &path))?;
        Ok(self.digests)
    }
}

/// The temporary folder; removed when dropped before it was put in place.
struct Partial {
    path: PathBuf,
}

impl Partial {
    fn begin(dir: &Path) -> Result<Self, OutputError> {
        if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            fs::create_dir_all(parent).map_err(io("create", parent))?;
        }
        let path = sibling(dir, "partial");
        remove(&path)?;
        fs::create_dir(&path).map_err(io("create", &path))?;
        Ok(Self { path })
    }

    /// Renames it to `dir`; an earlier result is moved aside first and then removed.
    fn put_in_place(self, dir: &Path) -> Result<(), OutputError> {
        let old = sibling(dir, "old.partial");
        remove(&old)?;
        let existed = dir.exists();
        if existed {
            fs::rename(dir, &old).map_err(io("move aside", dir))?;
        }
        if let Err(error) = fs::rename(&self.path, dir) {
            if existed {
                let _ = fs::rename(&old, dir);
            }
            return Err(io("put in place", dir)(error));
        }
        remove(&old)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
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
