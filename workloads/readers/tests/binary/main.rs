//! Formats that are bytes and no text: tables of Arrow, and job histories in Avro.

#[path = "../common/mod.rs"]
mod common;

mod arrow;
mod jhist;

use std::path::Path;

use fairground_readers::Format;
use fairground_readers::formats::{head, stat, validate};

/// What is wrong with a file, in words; nothing of a good one. What panics within is told once.
fn wrong(path: &Path, format: Format) -> String {
    let check = validate(path, format, 1);
    assert_eq!(check.is_ok(), stat(path, format).is_ok());
    let folder = path.parent().unwrap();
    let told = check
        .problems
        .first()
        .map(|error| common::told(folder, &error.to_string()));
    told.unwrap_or_default()
}

/// All records of a file as rows for people.
fn rows(path: &Path, format: Format) -> Vec<String> {
    let head = head(path, format, usize::MAX).unwrap_or_else(|error| panic!("{error}"));
    head.rows.iter().map(|row| row.join(",")).collect()
}

/// Damages every byte of a file, and cuts it everywhere: what is cut is always refused, but behind `end`.
fn damaged(whole: &[u8], format: Format, end: usize) {
    let folder = common::folder();
    // Thousands of damages would print as many backtraces where a library panics.
    let (here, others) = (std::thread::current().id(), std::panic::take_hook());
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().id() != here {
            others(panic);
        }
    }));
    for position in 0..whole.len() {
        let mut damaged = whole.to_vec();
        damaged[position] = damaged[position].wrapping_add(101);
        let path = common::write(&folder, "damaged", &damaged);
        wrong(&path, format);
        let path = common::write(&folder, "cut", &whole[..position]);
        assert!(
            position >= end || !wrong(&path, format).is_empty(),
            "cut at {position}"
        );
    }
}
