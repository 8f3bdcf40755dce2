//! What was assumed, told once: alike assumptions of several frameworks are folded into one row.

use std::collections::BTreeMap;

use crate::run::Comparison;

/// Assumptions that differ in numbers only.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Assumed {
    /// What it is about.
    pub(super) about: String,
    /// The frameworks it is made for; nobody's is the simulator's.
    pub(super) whose: Vec<String>,
    /// Whether that is all of them.
    pub(super) everybody: bool,
    /// What is assumed; numbers that differ as `2 to 7`.
    pub(super) model: String,
    /// Each framework's own, where they differ.
    pub(super) each: Vec<(String, String)>,
}

/// A framework and what is assumed for it.
type Member = (Option<String>, String);

/// Every assumption, those that differ only in numbers together, in the order of their first.
pub(super) fn assumed(comparison: &Comparison) -> Vec<Assumed> {
    let mut places: BTreeMap<(String, Vec<String>), usize> = BTreeMap::new();
    let mut groups: Vec<(String, Vec<Member>)> = Vec::new();
    for (framework, assumption) in &comparison.assumptions {
        let words = parts(&assumption.model)
            .into_iter()
            .filter(|part| !part.number);
        let words = words.map(|part| part.text.to_owned()).collect();
        let place = *places
            .entry((assumption.about.clone(), words))
            .or_insert(groups.len());
        if place == groups.len() {
            groups.push((assumption.about.clone(), Vec::new()));
        }
        let info = framework.and_then(|id| comparison.frameworks.get(id.index()));
        let name = info.map(|info| info.name.clone());
        let member = (name, assumption.model.clone());
        if !groups[place].1.contains(&member) {
            groups[place].1.push(member);
        }
    }
    let all = comparison.frameworks.len();
    groups
        .into_iter()
        .map(|(about, members)| one(about, members, all))
        .collect()
}

fn one(about: String, members: Vec<Member>, all: usize) -> Assumed {
    let models: Vec<&str> = members.iter().map(|(_, model)| model.as_str()).collect();
    let model = together(&models);
    let alike = models.iter().all(|model| *model == models[0]);
    let whose: Vec<String> = members
        .iter()
        .filter_map(|(name, _)| name.clone())
        .collect();
    let each = members
        .into_iter()
        .map(|(name, model)| (name.unwrap_or_default(), model))
        .collect();
    Assumed {
        about,
        everybody: whose.len() == all && all > 1,
        whose,
        model,
        each: if alike { Vec::new() } else { each },
    }
}

struct Part<'a> {
    text: &'a str,
    number: bool,
}

/// Numbers and what lies between them.
fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    let (mut start, mut digits) = (0, false);
    let bytes = text.as_bytes();
    for at in 0..bytes.len() {
        let digit = bytes[at].is_ascii_digit();
        // A point or a comma between digits is one of theirs.
        let inside = matches!(bytes[at], b'.' | b',')
            && digits
            && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        let number = digit || inside;
        if number != digits && at > start {
            parts.push(Part {
                text: &text[start..at],
                number: digits,
            });
            start = at;
        }
        digits = number;
    }
    parts.push(Part {
        text: &text[start..],
        number: digits,
    });
    parts
}

/// Texts with the same words as one: a number that differs becomes `least to most`.
fn together(texts: &[&str]) -> String {
    let split: Vec<Vec<Part<'_>>> = texts.iter().map(|text| parts(text)).collect();
    let Some(first) = split.first() else {
        return String::new();
    };
    if split.iter().any(|parts| parts.len() != first.len()) {
        return texts[0].to_owned();
    }
    let value = |text: &str| text.replace(',', "").parse::<f64>().unwrap_or(0.0);
    let column = |i: usize| {
        let mut found: Vec<&str> = split.iter().map(|parts| parts[i].text).collect();
        found.sort_by(|one, other| value(one).total_cmp(&value(other)));
        match (found.first(), found.last()) {
            (Some(least), Some(most)) if first[i].number && least != most => {
                format!("{least} to {most}")
            }
            _ => first[i].text.to_owned(),
        }
    };
    (0..first.len()).map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(texts: &[&str], expected: &str) {
        assert_eq!(together(texts), expected);
    }

    #[test]
    fn numbers_that_differ_become_ranges() {
        check(
            &["3 tasks of 1.5 s", "12 tasks of 1.5 s"],
            "3 to 12 tasks of 1.5 s",
        );
        check(&["as the trace"], "as the trace");
        check(&["1,024 MiB", "512 MiB", "9 MiB"], "9 to 1,024 MiB");
        check(&["0.5", "0.25"], "0.25 to 0.5");
        check(&["für 3 µs", "für 4 µs"], "für 3 to 4 µs");
    }
}
