//! What a file of no known format comes nearest to, and why it is none of it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use crate::error::ReadError;
use crate::formats::{Check, Format, source};

/// How many formats are named.
const NAMED: usize = 3;
/// From which length on advice is left out, in bytes.
const LONG: usize = 100;

/// Nothing tells the format of a file: what it comes nearest to, by what every reader says of its first lines, and
/// why it is none of that.
pub(crate) fn unknown(path: &Path, text: &[u8], tried: Vec<(Format, Check)>) -> ReadError {
    if !source::is_folder(path)
        && let Err(error) = source::decompressed(path)
        && error.kind() == std::io::ErrorKind::Unsupported
    {
        return ReadError::io(path, &error);
    }
    let near = nearest(text, tried);
    if near.is_empty()
        && let Some(inner) = source::folders(path)
    {
        let hint = format!(
            "folders in it are not looked into ({inner}): name one of them if that is the trace, or say which format it is \
             with --format (`trace stat --help` lists them)"
        );
        return ReadError::said("nothing in this folder tells the format")
            .file(path)
            .hint(hint);
    }
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
    if !is_table && !is_json(&String::from_utf8_lossy(text)) {
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
fn nearest(text: &[u8], tried: Vec<(Format, Check)>) -> Vec<(Format, ReadError)> {
    let start = String::from_utf8_lossy(text);
    let (words, json) = (words(&start), is_json(&start));
    let mut near: Vec<(u64, usize, Format, ReadError)> = Vec::new();
    // What is JSON is no table, though its first line may be split like one.
    let alike = |format: Format| format.samples().iter().any(|one| is_json(one) == json);
    let tried = tried.into_iter().enumerate();
    for (at, (format, check)) in tried.filter(|(_, (format, _))| alike(*format)) {
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

/// The words of all small files, format by format.
static KNOWN: LazyLock<Vec<Vec<BTreeSet<String>>>> = LazyLock::new(|| {
    let of = |format: Format| format.samples().iter().map(|one| words(one)).collect();
    Format::ALL.into_iter().map(of).collect()
});

/// How many of a text's words the small files of a format have, too, in thousandths of all of both.
fn like(words: &BTreeSet<String>, format: Format) -> u64 {
    let of = KNOWN[format as usize].iter().map(|known| {
        let shared = words.intersection(known).count() as u64;
        shared * 1000 / (words.union(known).count() as u64).max(1)
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
