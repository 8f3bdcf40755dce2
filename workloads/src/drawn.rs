//! What a recipe asks for, drawn for one seed and written down: its agents, jobs and requests as they are.
//!
//! Whoever reads no files ([`crate::NoFiles`]) runs a recipe of traces by what somebody else drew from it. Two
//! lines of JSON: the first names the recipe and the seed that the second was drawn from and holds its
//! checksum, so that nothing else is run by it, and nothing that is damaged.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::ReadError;
use crate::recipe::Recipe;
use crate::trace::Trace;

/// The version of the form.
const FORM: u32 = 1;

/// What a trace was drawn from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DrawnFrom {
    form: u32,
    /// BLAKE3 of all of the recipe that a trace follows from, in hexadecimal.
    recipe: String,
    seed: u64,
    /// BLAKE3 of the line of the trace, in hexadecimal.
    trace: String,
}

impl DrawnFrom {
    fn new(recipe: &Recipe, seed: u64, line: &[u8]) -> Self {
        // How often a recipe is run, and under which policies, changes nothing of its trace.
        let world = Recipe {
            policies: Vec::new(),
            seeds: 1,
            first_seed: 1,
            ..recipe.clone()
        };
        Self {
            form: FORM,
            recipe: hexadecimal(world.text().as_bytes()),
            seed,
            trace: hexadecimal(line),
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// Writes the trace that was drawn from `recipe` for `seed`.
///
/// # Errors
/// When `out` takes no more.
pub fn write(recipe: &Recipe, seed: u64, trace: &Trace, mut out: impl Write) -> io::Result<()> {
    let line = serde_json::to_vec(trace)?;
    serde_json::to_writer(&mut out, &DrawnFrom::new(recipe, seed, &line))?;
    for part in [b"\n", &line[..], b"\n"] {
        out.write_all(part)?;
    }
    Ok(())
}

/// The trace in the file at `path`, which is to be that of `recipe` and `seed`.
///
/// # Errors
/// An unreadable file, one that is something else or damaged, one of another recipe or seed.
pub fn read(path: &Path, recipe: &Recipe, seed: u64) -> Result<Trace, ReadError> {
    let unreadable = |error: io::Error| ReadError::io(path, &error);
    let again = |error: ReadError| {
        let name = &recipe.name;
        let hint = format!("draw {name} again: `fairground draw RECIPE --seed {seed}`");
        error.file(path).hint(hint)
    };
    let mut file = BufReader::new(File::open(path).map_err(unreadable)?);
    let (mut head, mut line) = (Vec::new(), Vec::new());
    for part in [&mut head, &mut line] {
        file.read_until(b'\n', part).map_err(unreadable)?;
        part.pop_if(|last| *last == b'\n');
    }
    let found: DrawnFrom = serde_json::from_slice(&head)
        .map_err(|error| again(ReadError::json("what `fairground draw` wrote", &error)))?;
    let wanted = DrawnFrom::new(recipe, seed, &line);
    if found.form != wanted.form {
        return Err(again(ReadError::expected(
            format!("form {FORM}"),
            found.form,
        )));
    }
    if found.recipe != wanted.recipe {
        let expected = format!("what was drawn from {} as it is now", recipe.name);
        return Err(again(ReadError::expected(
            expected,
            "what another recipe asks for",
        )));
    }
    if found.seed != wanted.seed {
        let expected = format!("what was drawn for seed {seed}");
        return Err(again(ReadError::expected(
            expected,
            format!("seed {}", found.seed),
        )));
    }
    if found.trace != wanted.trace {
        return Err(again(
            ReadError::expected("the trace as it was written", "another").line(2),
        ));
    }
    serde_json::from_slice(&line).map_err(|error| again(ReadError::json("a trace", &error).line(2)))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::NoFiles;
    use crate::recipe::{Loaded, NINE_HOSTS};

    fn recipe(settings: &[&str]) -> Loaded {
        let settings: Vec<String> = settings.iter().map(|one| (*one).to_owned()).collect();
        let (origin, folder) = ("nine-hosts".to_owned(), "".into());
        Recipe::of_text(NINE_HOSTS, &settings, origin, folder).unwrap()
    }

    fn trace(recipe: &Loaded, seed: u64) -> Trace {
        let sources = recipe.sources(&mut NoFiles).unwrap();
        recipe.recipe.trace(&sources, seed).unwrap()
    }

    const SHORT: &str = "duration=1h";

    /// Seed 3 of an hour of the nine hosts, written, changed, and read.
    fn check(change: impl Fn(&mut Vec<u8>), settings: &[&str], seed: u64, expected: &Expect) {
        let drawn = recipe(&[SHORT]);
        let mut text = Vec::new();
        write(&drawn.recipe, 3, &trace(&drawn, 3), &mut text).unwrap();
        change(&mut text);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let other = recipe(settings).recipe;
        let said = match read(file.path(), &other, seed) {
            Ok(read) => {
                assert_eq!(read, trace(&drawn, 3));
                "the same trace".to_owned()
            }
            Err(error) => ReadError {
                file: None,
                ..error
            }
            .to_string(),
        };
        expected.assert_eq(&said);
    }

    #[test]
    fn what_was_drawn_is_what_is_read() {
        let as_it_is = |_: &mut Vec<u8>| {};
        check(as_it_is, &[SHORT], 3, &expect!["the same trace"]);
        check(
            as_it_is,
            &[SHORT, "policies=['drf']", "seeds=4"],
            3,
            &expect!["the same trace"],
        );
        check(
            as_it_is,
            &[SHORT],
            4,
            &expect![[r"
            expected what was drawn for seed 4, found seed 3
              hint: draw nine-hosts again: `fairground draw RECIPE --seed 4`"]],
        );
        check(
            as_it_is,
            &[],
            3,
            &expect![[r"
            expected what was drawn from nine-hosts as it is now, found what another recipe asks for
              hint: draw nine-hosts again: `fairground draw RECIPE --seed 3`"]],
        );
    }

    #[test]
    fn what_is_damaged_is_refused() {
        check(
            Vec::clear,
            &[SHORT],
            3,
            &expect![[r"
            column 0: expected what `fairground draw` wrote; EOF while parsing a value
              hint: draw nine-hosts again: `fairground draw RECIPE --seed 3`"]],
        );
        check(
            |text| text.truncate(400),
            &[SHORT],
            3,
            &expect![[r"
            expected the trace as it was written, found another
              hint: draw nine-hosts again: `fairground draw RECIPE --seed 3`"]],
        );
        let other = |text: &mut Vec<u8>| {
            let digit = text.iter().rposition(u8::is_ascii_digit).unwrap();
            text[digit] = if text[digit] == b'1' { b'2' } else { b'1' };
        };
        check(
            other,
            &[SHORT],
            3,
            &expect![[r"
            expected the trace as it was written, found another
              hint: draw nine-hosts again: `fairground draw RECIPE --seed 3`"]],
        );
        let later = |text: &mut Vec<u8>| text[8] = b'2';
        check(
            later,
            &[SHORT],
            3,
            &expect![[r"
            expected form 1, found 2
              hint: draw nine-hosts again: `fairground draw RECIPE --seed 3`"]],
        );
    }
}
