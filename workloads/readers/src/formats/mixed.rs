//! A folder whose files are of several formats: work of one, the machines of another, and what people put beside.
//!
//! Each file is told by itself. `folder/*sacct` names the files of one format among them, so that a reader of
//! that format can be given those alone.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use crate::error::ReadError;
use crate::formats::{Format, detect, source};

/// The files of a folder by their formats.
pub(crate) struct Mixed {
    /// First those with work, then those with machines.
    pub(crate) groups: Vec<(Format, Vec<PathBuf>)>,
    /// What is passed over, and why.
    pub(crate) passed: Vec<String>,
}

/// How files are called that people write for people, without what tells how they are written.
const FOR_PEOPLE: [&str; 12] = [
    "README",
    "LICENSE",
    "LICENCE",
    "COPYING",
    "NOTICE",
    "CHANGELOG",
    "CITATION",
    "AUTHORS",
    "CONTRIBUTING",
    "SHA256SUMS",
    "SHA1SUMS",
    "MD5SUMS",
];
/// How their names end.
const ENDINGS: [&str; 16] = [
    ".md", ".rst", ".pdf", ".html", ".htm", ".png", ".svg", ".jpg", ".py", ".sh", ".ipynb", ".r",
    ".bib", ".cff", ".sha256", ".md5",
];
/// More files than so many are the parts of one data set.
const MOST_FILES: usize = 1000;
/// What begins the name of a pattern.
const PATTERN: char = '*';

/// Whether a file is for people, or a mark that a program left.
fn is_for_people(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (upper, lower) = (name.to_uppercase(), name.to_lowercase());
    let stem = upper.split('.').next().unwrap_or_default();
    FOR_PEOPLE.contains(&stem)
        || ENDINGS.iter().any(|ending| lower.ends_with(ending))
        || name.starts_with('_') && detect::sample(path).is_none()
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

impl Mixed {
    /// What a folder holds; nothing where its files are the parts of one data set, or it is no folder.
    ///
    /// # Errors
    /// When two of its formats tell of work, or two of machines, or something is of no format.
    pub(crate) fn of(path: &Path) -> Result<Option<Self>, ReadError> {
        if selected(path).is_some() || !source::is_folder(path) {
            return Ok(None);
        }
        // Tables that belong together are one data set, whose format knows which it joins.
        if detect::by_tables(path).is_some() {
            return Ok(None);
        }
        let mut mixed = Self {
            groups: Vec::new(),
            passed: Vec::new(),
        };
        let mut unknown = Vec::new();
        let files = source::parts(path)?;
        if files.len() > MOST_FILES {
            return Ok(None);
        }
        for file in files {
            if is_for_people(&file) {
                mixed.passed.push(name_of(&file));
                continue;
            }
            match detect::sure(&file) {
                Some(format) => mixed.add(format, file),
                None => unknown.push(file),
            }
        }
        mixed.unite();
        let several = mixed.groups.len() > 1;
        if let Some(file) = unknown.first().filter(|_| several) {
            let formats: Vec<&str> = mixed
                .groups
                .iter()
                .map(|(format, _)| format.name())
                .collect();
            let error = match Format::detect(file) {
                Ok(format) => ReadError::said(format!("it may be {format}, or not")).file(file),
                Err(error) => error,
            };
            let hint = format!(
                "the other files are of the formats {}: move it out of the folder; {}",
                formats.join(", "),
                error.hint
            );
            return Err(error.hint(hint));
        }
        let alike = mixed.passed.is_empty() && unknown.is_empty() && !several;
        if mixed.groups.is_empty() || alike {
            return Ok(None);
        }
        if let [(_, files)] = mixed.groups.as_mut_slice() {
            // What tells nothing by itself is a part of what the others are.
            files.extend(unknown);
            files.sort_by(|one, other| source::by_number(&name_of(one), &name_of(other)));
        }
        mixed.settle(path)?;
        Ok(Some(mixed))
    }

    fn add(&mut self, format: Format, file: PathBuf) {
        match self.groups.iter_mut().find(|(known, _)| *known == format) {
            Some((_, files)) => files.push(file),
            None => self.groups.push((format, vec![file])),
        }
    }

    /// Files that look like another format and read like that of all others are of that.
    fn unite(&mut self) {
        let most = self.groups.iter().enumerate();
        let Some((at, _)) =
            most.max_by_key(|(at, (_, files))| (files.len(), std::cmp::Reverse(*at)))
        else {
            return;
        };
        let main = self.groups[at].0;
        let like = |(format, files): &(Format, Vec<PathBuf>)| {
            let work = !format.form().machines && !main.form().machines;
            work && *format != main && files.iter().all(|file| detect::reads(file, main))
        };
        let (alike, rest) = std::mem::take(&mut self.groups).into_iter().partition(like);
        self.groups = rest;
        let alike: Vec<(Format, Vec<PathBuf>)> = alike;
        for file in alike.into_iter().flat_map(|(_, files)| files) {
            self.add(main, file);
        }
    }

    /// One format for work and one for machines are left, what cannot become a trace is passed over.
    fn settle(&mut self, path: &Path) -> Result<(), ReadError> {
        let (mut work, mut machines) = (Vec::new(), Vec::new());
        for (format, files) in std::mem::take(&mut self.groups) {
            match format.form().import {
                _ if format.form().machines => machines.push((format, files)),
                Ok(_) => work.push((format, files)),
                Err(why) => {
                    let names: Vec<String> = files.iter().map(|file| name_of(file)).collect();
                    self.passed
                        .push(format!("{} ({format}: {why})", names.join(", ")));
                }
            }
        }
        for (what, groups) in [("jobs or requests", &work), ("machines", &machines)] {
            if groups.len() > 1 {
                let files = groups.iter().map(|(format, files)| {
                    let first = files.first().map_or_else(String::new, |file| name_of(file));
                    format!("{first} ({format})")
                });
                let files: Vec<String> = files.collect();
                let found = files.join(", ");
                let error = ReadError::expected(format!("{what} in one format"), found);
                return Err(error.file(path).place("the folder").hint(
                    "name the files that are meant, each with a --trace of its own, or say with \
                     --format which format all of them have",
                ));
            }
        }
        self.groups = work.into_iter().chain(machines).collect();
        Ok(())
    }

    /// What a reader of a group is to open.
    pub(crate) fn path_of(&self, folder: &Path, format: Format) -> PathBuf {
        let group = self.groups.iter().find(|(known, _)| *known == format);
        match group.map(|(_, files)| files.as_slice()) {
            Some([file]) => file.clone(),
            _ => folder.join(format!("{PATTERN}{format}")),
        }
    }
}

/// The folder and the format of a pattern.
pub(crate) fn selected(path: &Path) -> Option<(&Path, Format)> {
    let name = path.file_name()?.to_str()?.strip_prefix(PATTERN)?;
    let (folder, format) = (path.parent()?, Format::by_name(name).ok()?);
    (!path.exists() && source::is_folder(folder)).then_some((folder, format))
}

/// The files that a pattern names.
pub(crate) fn files(folder: &Path, format: Format) -> Result<VecDeque<PathBuf>, ReadError> {
    let mixed = Mixed::of(folder)?;
    let groups = mixed.into_iter().flat_map(|mixed| mixed.groups);
    let mut group = groups.filter(|(known, _)| *known == format);
    let files = group.next().map(|(_, files)| files.into());
    files.ok_or_else(|| {
        let error = ReadError::expected(format!("files of the format {format}"), "none");
        error.file(folder)
    })
}
