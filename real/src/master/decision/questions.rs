//! What frameworks ask about their tasks, answered as they read.
//!
//! RECONCILE asks for as much as a framework likes, and what it is told is how things are at that moment,
//! whenever that is. So answers are made piece by piece when there is room on the stream: they neither
//! cut it nor fill the memory, and other work goes on in between.

use std::collections::VecDeque;

use super::super::cluster::{Cluster, FrameworkNumber, Output};
use super::super::links::Link;
use super::super::request::Verdict;
use super::Decision;
use crate::wire::call::{MOST_QUESTIONS, TaskQuestion};

/// Tasks that are told of at once.
const PIECE: usize = 1000;

/// What a framework asked and was not told yet.
#[derive(Default)]
pub(super) struct Questions {
    named: VecDeque<TaskQuestion>,
    /// All tasks whose names come behind this one.
    all: Option<String>,
    /// All of them were asked for again meanwhile.
    again: bool,
}

impl Questions {
    fn is_over(&self) -> bool {
        self.named.is_empty() && self.all.is_none()
    }

    /// The next piece of the answer.
    fn next(&mut self, cluster: &Cluster, framework: FrameworkNumber) -> Vec<Output> {
        let tell = |event| Output::Framework(framework, event);
        if !self.named.is_empty() {
            let piece = self.named.drain(..PIECE.min(self.named.len()));
            let piece = piece.map(|question| tell(cluster.reconcile(framework, &question)));
            return piece.collect();
        }
        let Some(after) = self.all.take() else {
            return Vec::new();
        };
        let (events, last) = cluster.reconcile_all(framework, &after, PIECE);
        let again = last.is_none() && std::mem::take(&mut self.again);
        self.all = last.or_else(|| again.then(String::new));
        events.into_iter().map(tell).collect()
    }
}

impl Decision {
    /// Takes in what a framework asks; nothing named asks for all.
    pub(super) fn ask(&mut self, framework: FrameworkNumber, tasks: Vec<TaskQuestion>) -> Verdict {
        let questions = self.questions.entry(framework).or_default();
        if tasks.is_empty() {
            questions.again = questions.all.is_some();
            questions.all.get_or_insert_default();
        } else if questions.named.len() >= MOST_QUESTIONS {
            return Verdict::Later(format!(
                "RECONCILE: {} tasks that were asked about before are still to be told of; read the \
                 stream, and ask again when they were",
                questions.named.len()
            ));
        } else {
            questions.named.extend(tasks);
        }
        Verdict::Accepted
    }

    /// Forgets what a framework asked: its stream is another one, or over.
    pub(super) fn forget_questions(&mut self, framework: FrameworkNumber) {
        self.questions.remove(&framework);
    }

    /// Whether somebody can be told more.
    pub(super) fn can_answer(&self) -> bool {
        let links = self.questions.keys().map(|f| self.links.framework(*f));
        { links }.any(|link| link.is_none_or(Link::has_room))
    }

    /// Tells everybody who asked and has room the next piece of the answer.
    pub(super) fn answer_questions(&mut self) {
        let asking: Vec<FrameworkNumber> = self.questions.keys().copied().collect();
        for framework in asking {
            let Some(link) = self.links.framework(framework) else {
                self.forget_questions(framework);
                continue;
            };
            if let Some(questions) = self.questions.get_mut(&framework)
                && link.has_room()
            {
                let piece = questions.next(&self.cluster, framework);
                if questions.is_over() {
                    self.forget_questions(framework);
                }
                self.telling += 1;
                self.queue(piece);
            }
        }
    }
}
