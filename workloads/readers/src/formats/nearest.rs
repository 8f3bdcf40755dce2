//! What a file of no known format comes nearest to, and why it is none of it.

use std::collections::BTreeSet;
use std::path::Path;

use crate::error::ReadError;
use crate::formats::{Format, detect, source, validate};

/// How many formats are named.
const NAMED: usize = 3;
/// From which length on advice is left out, in bytes.
const LONG: usize = 100;

/// Nothing tells the format of a file: what it comes nearest to, and why it is none of that.
pub(crate) fn unknown(path: &Path) -> ReadError {
    if !source::is_folder(path)
        && let Err(error) = source::decompressed(path)
        && error.kind() == std::io::ErrorKind::Unsupported
    {
        return ReadError::io(path, &error);
    }
    let text = detect::sample(path).unwrap_or_default();
    let near = nearest(&text);
    if near.is_empty() {
        let hint = "say which one it is with --format (`trace stat --help` lists them)";
        return ReadError::said("the name does not tell the format")
            .file(path)
            .hint(hint);
    }
    let mut hint = "say which one it is with --format; the nearest are".to_owned();
    let mut add = |format: Format, why: &str| {
        hint += "\n    ";
        hint += format.name();
        hint += ": ";
        hint += why;
    };
    for (format, problem) in &near {
        let line = problem.line.map(|line| format!("line {line}: "));
        let place = problem.place.as_ref().map(|place| format!("{place}: "));
        let (line, place) = (line.unwrap_or_default(), place.unwrap_or_default());
        let hint = match problem.hint.as_str() {
            "" => String::new(),
            long if long.len() > LONG => String::new(),
            hint => format!(" ({hint})"),
        };
        add(*format, &format!("{line}{place}{}{hint}", problem.problem));
    }
    let is_table = near.iter().any(|(format, _)| *format == Format::Plain);
    if !is_table && !is_json(&String::from_utf8_lossy(&text)) {
        add(
            Format::Plain,
            "any columns, where somebody says which is what (--columns)",
        );
    }
    ReadError::said("nothing tells the format")
        .file(path)
        .hint(hint)
}

/// The formats that a text comes nearest to, the nearest first, each with the first problem that its
/// reader has with it.
fn nearest(text: &[u8]) -> Vec<(Format, ReadError)> {
    let start = String::from_utf8_lossy(text);
    let (words, json) = (words(&start), is_json(&start));
    let mut near: Vec<(u64, usize, Format, ReadError)> = Vec::new();
    let all = Format::ALL.into_iter().enumerate();
    // What is JSON is no table, though its first line may be split like one.
    let alike = |format: &Format| format.samples().iter().any(|one| is_json(one) == json);
    for (at, format) in all.filter(|(_, format)| alike(format)) {
        let Ok(file) = detect::kept(text) else {
            return Vec::new();
        };
        let check = validate(file.path(), format, 1);
        let Some(mut problem) = check.problems.into_iter().next() else {
            continue;
        };
        problem.file = None;
        let all = check.records + check.problem_count;
        let understood = check.records * 1000 / all.max(1);
        let likeness = understood + like(&words, format);
        if likeness > 0 {
            near.push((likeness, at, format, problem));
        }
    }
    near.sort_by_key(|(likeness, at, ..)| (std::cmp::Reverse(*likeness), *at));
    near.truncate(NAMED);
    let near = near.into_iter();
    near.map(|(.., format, problem)| (format, problem))
        .collect()
}

/// How many of a text's words the small files of a format have, too, in thousandths of all of both.
fn like(words: &BTreeSet<String>, format: Format) -> u64 {
    let samples = format.samples().iter();
    let of = samples.map(|sample| {
        let known = self::words(sample);
        let shared = words.intersection(&known).count() as u64;
        shared * 1000 / (words.union(&known).count() as u64).max(1)
    });
    of.max().unwrap_or(0)
}

/// The names in the first lines of a text: of columns, or of the members of JSON.
fn words(text: &str) -> BTreeSet<String> {
    let most = if is_json(text) { 100 } else { 1 };
    let lines: Vec<&str> = text.lines().take(most).collect();
    let text = lines.join(" ");
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    let names = words.filter(|word| word.len() > 1 && word.contains(char::is_alphabetic));
    names.map(str::to_lowercase).collect()
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}
