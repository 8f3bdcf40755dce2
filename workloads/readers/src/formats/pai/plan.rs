//! What is remembered of jobs and tasks while the tables of PAI are read: there are millions, so words are
//! numbers.

use std::collections::HashMap;

use crate::canonical::tables::Unknown;
use crate::formats::prelude::*;

/// A job on its way.
#[derive(Default)]
pub(super) struct PaiJob {
    /// Its name, where no table of jobs tells it.
    pub(super) name: Option<String>,
    pub(super) submit: Option<u64>,
    /// When something of it started first.
    pub(super) started: Option<u64>,
    pub(super) outcome: String,
    /// How many tasks it has in the trace.
    pub(super) tasks: u64,
    pub(super) stages: Vec<PaiRole>,
    /// The type of GPU it asks for, and what it has in common with others; by their numbers.
    pub(super) tag: Option<(u32, u32)>,
}

/// A task of PAI on its way, as a stage.
pub(super) struct PaiRole {
    /// The number of its name.
    pub(super) name: u32,
    /// What an instance asks for.
    pub(super) plan: PaiPlan,
    /// How many instances it should have, and how many stand in the table of instances.
    pub(super) planned: u64,
    pub(super) found: u64,
}

/// What a task asks for and did, words by their numbers: there are millions.
#[derive(Clone, Copy, Default)]
pub(super) struct PaiPlan {
    pub(super) count: u64,
    pub(super) cpus: Option<u64>,
    pub(super) memory: Option<u64>,
    pub(super) gpus: Option<u64>,
    pub(super) model: u32,
    pub(super) run: Option<u64>,
    pub(super) unknown: Option<Unknown>,
    pub(super) wait: Option<u64>,
    pub(super) outcome: u32,
}

impl PaiPlan {
    /// What each of its instances asks for.
    pub(super) fn asked(&self, words: &PaiWords) -> Tasks {
        let some = self.gpus.is_some_and(|gpus| gpus > 0);
        Tasks {
            cpus: self.cpus,
            memory: self.memory,
            gpus: self.gpus,
            model: words.some(self.model).filter(|_| some),
            ..Tasks::default()
        }
    }

    /// The task, as far as its own table tells of it.
    pub(super) fn alone(&self, words: &PaiWords) -> Tasks {
        Tasks {
            count: self.count,
            run: self.run,
            unknown: self.unknown,
            wait: self.wait,
            outcome: words.some(self.outcome),
            ..self.asked(words)
        }
    }
}

/// Words that come often, by number.
#[derive(Default)]
pub(super) struct PaiWords {
    numbers: HashMap<String, u32>,
    words: Vec<String>,
}

impl PaiWords {
    pub(super) fn number(&mut self, word: &str) -> u32 {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let number = self.words.len() as u32;
        self.numbers.insert(word.to_owned(), number);
        self.words.push(word.to_owned());
        number
    }

    pub(super) fn word(&self, number: u32) -> &str {
        self.words.get(number as usize).map_or("", String::as_str)
    }

    pub(super) fn some(&self, number: u32) -> Option<String> {
        Some(self.word(number).to_owned()).filter(|word| !word.is_empty())
    }
}
