//! Every reader on a great many damaged files: it never panics, hangs or fills memory, and what it
//! refuses has a place.
//!
//! `FAIRGROUND_FUZZ_INPUTS` says how many (a short run if unset), `FAIRGROUND_FUZZ_FIRST` with which
//! number to begin. Each input follows from its number alone, so one that fails is tried again with
//! its number and a count of one. `FAIRGROUND_FUZZ_FORMATS` names formats, with blanks between, where others are not
//! to be tried: then an input follows from its number and from them.

#[path = "../common/mod.rs"]
mod common;

mod bombs;
mod damage;
mod examine;
mod seeds;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::time::{Duration, Instant};

use common::folder;
use fairground_workloads::rng::stream;

use crate::examine::{Examined, Target};
use crate::seeds::Seed;

/// How many inputs a run has where nobody asks for more.
const SHORT: u64 = 5_000;
/// Longer than any input takes on a busy machine.
const LONGEST: Duration = Duration::from_secs(20);
/// The most memory the process may have at any time, in bytes: about twice what the largest value of
/// JSON that is read takes.
const MOST_MEMORY: u64 = 768 << 20;

fn number(name: &str, otherwise: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}={text}")),
        Err(_) => otherwise,
    }
}

/// What became of the inputs of one format.
#[derive(Default)]
struct Tally {
    inputs: u64,
    refused: u64,
}

/// One input, made of its number.
fn input(seeds: &[Seed], number: u64) -> (Target, Vec<u8>) {
    let mut stream = stream(1, &format!("fuzz/{number}"));
    let seed = stream.choose(seeds).unwrap();
    let bytes = damage::damaged(&mut stream, &seed.bytes, || {
        &seeds[number as usize % seeds.len()].bytes
    });
    (seed.target.clone(), bytes)
}

/// Ends the process when one input takes too long: a test that hangs tells nobody its number.
fn watch(progress: std::sync::mpsc::Receiver<u64>) {
    std::thread::spawn(move || {
        let mut current = None;
        loop {
            match progress.recv_timeout(LONGEST) {
                Ok(number) => current = Some(number),
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
                    eprintln!("input {current:?} takes longer than {LONGEST:?}");
                    std::process::exit(1);
                }
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return,
            }
        }
    });
}

#[test]
fn damaged_files_are_refused_with_their_place() {
    let mut seeds = seeds::all();
    if let Ok(names) = std::env::var("FAIRGROUND_FUZZ_FORMATS") {
        let names: Vec<&str> = names.split_ascii_whitespace().collect();
        seeds.retain(|seed| names.contains(&seed.target.to_string().as_str()));
        assert!(!seeds.is_empty(), "no format is called so");
    }
    let (first, count) = (
        number("FAIRGROUND_FUZZ_FIRST", 0),
        number("FAIRGROUND_FUZZ_INPUTS", SHORT),
    );
    let (tell, progress) = std::sync::mpsc::channel();
    watch(progress);
    // The Parquet library panics on some files and is caught; a million of those need no words.
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let folder = folder();
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut failures = Vec::new();
    let mut slowest = (Duration::ZERO, 0);
    let begun = Instant::now();
    for number in first..first + count {
        tell.send(number).unwrap();
        let (target, bytes) = input(&seeds, number);
        let before = Instant::now();
        let examined = catch_unwind(AssertUnwindSafe(|| {
            examine::examine(folder.path(), &target, &bytes, number % 16 == 0)
        }));
        slowest = slowest.max((before.elapsed(), number));
        let tally = tallies.entry(target.to_string()).or_default();
        tally.inputs += 1;
        match examined {
            Ok(Examined { refused, wrong }) => {
                tally.refused += u64::from(refused);
                failures.extend(wrong.map(|wrong| format!("{number} {target}: {wrong}")));
            }
            Err(panic) => {
                let said = panic.downcast_ref::<String>().map(String::as_str);
                let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
                failures.push(format!(
                    "{number} {target}: panics: {}",
                    said.unwrap_or("?")
                ));
            }
        }
        if let Some(peak) = examine::peak().filter(|peak| *peak > MOST_MEMORY) {
            failures.push(format!("{number} {target}: {} MiB of memory", peak >> 20));
            break;
        }
        if failures.len() >= 20 {
            break;
        }
    }
    set_hook(hook);
    report(&tallies, slowest, begun.elapsed());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn report(tallies: &BTreeMap<String, Tally>, slowest: (Duration, u64), took: Duration) {
    for (target, tally) in tallies {
        println!(
            "{target}: {} inputs, {} refused",
            tally.inputs, tally.refused
        );
    }
    let inputs: u64 = tallies.values().map(|tally| tally.inputs).sum();
    let refused: u64 = tallies.values().map(|tally| tally.refused).sum();
    let peak = examine::peak().map_or(0, |peak| peak >> 20);
    println!(
        "{inputs} inputs to {} targets, {refused} refused; {took:.0?}, slowest {:.0?} (input {}), \
         at most {peak} MiB",
        tallies.len(),
        slowest.0,
        slowest.1,
    );
}
