//! Which format a file probably has: by its first line, or else by its name.

use std::io::{Read as _, Write as _};
use std::path::Path;

use crate::formats::form::Sign;
use crate::formats::{Check, Format, arrow, sheets, source, tables, validate};

/// How much of a file is looked at, in bytes.
const ENOUGH: u64 = 4096;

/// The format that the first line of the file tells, if it can be read and tells one; of a folder, the
/// first of its parts that does.
pub(crate) fn by_first_line(path: &Path) -> Option<Format> {
    if source::is_folder(path) {
        let parts = source::parts(path).ok()?;
        let first = || parts.iter().find_map(|part| by_first_line(part));
        return by_tables(path).or_else(first);
    }
    let mut start = Vec::new();
    let plain = source::decompressed(path).ok()?;
    plain.take(ENOUGH).read_to_end(&mut start).ok()?;
    if start.starts_with(sheets::MAGIC) {
        let names = sheets::columns(path).ok()?;
        return told(|sign| match sign {
            Sign::Column(column) => names.iter().any(|name| name == column).then_some(column),
            _ => None,
        });
    }
    let start = String::from_utf8_lossy(&start);
    let start = start.trim_start_matches('\u{feff}').trim_ascii_start();
    let line = start.split_inclusive('\n').next().unwrap_or_default();
    let begins = |sign| match sign {
        Sign::Begins(beginning) => line.starts_with(beginning).then_some(beginning),
        _ => None,
    };
    let holds = |sign| match sign {
        Sign::Holds(key) => {
            (start.starts_with(['{', '[', '<']) && start.contains(key)).then_some(key)
        }
        _ => None,
    };
    told(begins).or_else(|| told(holds))
}

/// The format that joins the tables of a data set which lies in one folder.
pub(crate) fn by_tables(path: &Path) -> Option<Format> {
    let parts = source::is_folder(path).then(|| source::parts(path));
    let parts = parts?.ok()?;
    let held = |sign| match sign {
        Sign::Holding(word) => {
            let mut files = parts.iter();
            files.any(|part| tables::is(part, word)).then_some(word)
        }
        _ => None,
    };
    let joins = |part: &std::path::PathBuf| {
        let format = by_first_line(part).or_else(|| by_name(part))?;
        (!format.form().tables.is_empty()).then_some(format)
    };
    told(held).or_else(|| {
        let several = parts.len() > 1;
        let formats = several.then(|| parts.iter().filter_map(joins));
        let most = |format: &Format| format.form().tables.len();
        formats.into_iter().flatten().max_by_key(most)
    })
}

/// The format whose columns the first line of the file names.
pub(crate) fn by_columns(path: &Path) -> Option<Format> {
    if source::is_folder(path) {
        let parts = source::parts(path).ok()?;
        return by_columns(parts.front()?);
    }
    let names = if arrow::is_arrow(path).ok()? {
        let table = arrow::Batches::open(path).ok()?;
        let names: Vec<&str> = table.fields().map(|field| field.name().as_str()).collect();
        names.join(",")
    } else if sheets::is_parquet(path).ok()? {
        sheets::columns(path).ok()?.join(",")
    } else {
        let mut start = Vec::new();
        let plain = source::decompressed(path).ok()?;
        plain.take(ENOUGH).read_to_end(&mut start).ok()?;
        let start = String::from_utf8_lossy(&start).into_owned();
        let mut lines = start.trim_start_matches('\u{feff}').lines();
        let line = lines.find(|line| !line.trim_ascii().is_empty());
        line.unwrap_or_default().to_owned()
    };
    let mut signs = signs();
    let known = signs.find(|(sign, _)| matches!(sign, Sign::Headed(knows) if knows(&names)));
    known.map(|(_, format)| format)
}

/// The signs of all formats.
fn signs() -> impl Iterator<Item = (Sign, Format)> {
    Format::ALL.into_iter().flat_map(|format| {
        let signs = format.form().signs.iter();
        signs.map(move |sign| (*sign, format))
    })
}

/// The format of the longest sign that is there.
fn told(there: impl Fn(Sign) -> Option<&'static str>) -> Option<Format> {
    let there = signs().filter_map(|(sign, format)| Some((there(sign)?.len(), format)));
    // Of equally long ones the first.
    there
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, format)| format)
}

/// The format that the name tells, if it tells one and the file does not contradict.
pub(crate) fn by_name(path: &Path) -> Option<Format> {
    let around = path.parent().and_then(Path::file_name);
    for name in path.file_name().into_iter().chain(around) {
        let name = name.to_string_lossy();
        let named = told(|sign| match sign {
            Sign::Named(word) => name.contains(word).then_some(word),
            _ => None,
        });
        if named.is_some() {
            return named;
        }
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut name = name.to_ascii_lowercase();
    for packed in [".zst", ".bz2", ".gz", ".xz", ".zip", ".lz4", ".snappy"] {
        if let Some(inner) = name.strip_suffix(packed) {
            name = inner.to_owned();
        }
    }
    let ends = |sign, may: bool| match sign {
        Sign::Ends(end) if !may => name.ends_with(end).then_some(end),
        Sign::MayEnd(end) if may => name.ends_with(end).then_some(end),
        _ => None,
    };
    if let Some(format) = told(|sign| ends(sign, false)) {
        return Some(format);
    }
    // What fits nothing else either is told by the reader, with line and column.
    let format = told(|sign| ends(sign, true))?;
    (fits(path, format) || !fits_any(path)).then_some(format)
}

/// Whether a file can be of a format that its name tells. Of one that cannot be looked at, its reader
/// will tell why.
fn fits(path: &Path, format: Format) -> bool {
    match sample(path) {
        Some(text) => understood(&text, format).is_some(),
        None => true,
    }
}

/// Whether a file can be of any format by its first lines.
fn fits_any(path: &Path) -> bool {
    sample(path).is_some_and(|text| !candidates(&tried(&text)).is_empty())
}

/// The first whole lines of a text; the beginning of one that has no end here.
pub(crate) fn sample(path: &Path) -> Option<Vec<u8>> {
    let mut start = Vec::new();
    let plain = source::decompressed(path).ok()?;
    plain.take(ENOUGH).read_to_end(&mut start).ok()?;
    if start.len() as u64 == ENOUGH {
        let end = start.iter().rposition(|byte| *byte == b'\n')?;
        start.truncate(end + 1);
    }
    (!start.is_empty()).then_some(start)
}

/// A temporary file of a text.
pub(crate) fn kept(text: &[u8]) -> std::io::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(text)?;
    Ok(file)
}

/// How many problems a reader has with a text of which it understands some; none if it understands
/// nothing.
fn understood(text: &[u8], format: Format) -> Option<u64> {
    let file = kept(text).ok()?;
    problems(&validate(file.path(), format, 0))
}

fn problems(check: &Check) -> Option<u64> {
    (check.records > 0).then_some(check.problem_count)
}

/// What every reader says of a text.
pub(crate) fn tried(text: &[u8]) -> Vec<(Format, Check)> {
    let Ok(file) = kept(text) else {
        return Vec::new();
    };
    let all = Format::ALL.into_iter();
    all.map(|format| (format, validate(file.path(), format, 1)))
        .collect()
}

/// The format that a file tells, without a look at what else it could be.
pub(crate) fn sure(path: &Path) -> Option<Format> {
    by_first_line(path)
        .or_else(|| by_name(path))
        .or_else(|| by_columns(path))
}

/// Whether the first lines of a file can be read as a format, without a problem.
pub(crate) fn reads(path: &Path, format: Format) -> bool {
    sample(path).is_some_and(|text| understood(&text, format) == Some(0))
}

/// The formats that a text could be by its first lines, though nothing else says so.
pub(crate) fn candidates(tried: &[(Format, Check)]) -> Vec<Format> {
    // Whose columns a first line names, that is known by it.
    let headed = |format: &Format| {
        let mut signs = format.form().signs.iter();
        signs.any(|sign| matches!(sign, Sign::Headed(_)))
    };
    let could = tried
        .iter()
        .filter(|(format, check)| !headed(format) && problems(check) == Some(0));
    could.map(|(format, _)| *format).collect()
}
