//! The search for a case that violates a property: all of the smallest, then by chance, then from the nearest on; what is found
//! is made as small as it can be.
//!
//! A search is a row of blocks, each with random numbers of its own; blocks run side by side, and the first in the row that
//! finds something is what was found, whoever was ready first. So the same is found with any number of threads.

use fairground_workloads::rng::{Stream, stream};
use rayon::prelude::*;

use super::property::Property;
use crate::experiment::Watcher;

/// Something that may violate a property.
pub trait AuditCase: Clone + Send + Sync {
    /// The smallest ones in an order; nothing beyond the last.
    fn tiny(property: Property, number: u64) -> Option<Self>;
    /// One by chance.
    fn draw(property: Property, rng: &mut Stream) -> Self;
    /// A neighbour: one number is another.
    fn changed(&self, property: Property, rng: &mut Stream) -> Self;
    /// All that are smaller by one step, the much smaller ones first.
    fn smaller(&self, property: Property) -> Vec<Self>;
}

/// How far a case is beyond what a property allows: above zero it violates it. Nothing where the property says nothing of it.
pub type Judge<'a, C> = &'a (dyn Fn(&C) -> Option<f64> + Sync);

/// What is searched, and how long.
#[derive(Clone, Copy, Debug)]
pub struct Hunt<'a> {
    /// The property.
    pub property: Property,
    /// Names the stream of random numbers, beside the property.
    pub purpose: &'a str,
    /// How many cases are judged at most.
    pub cases: u64,
    /// The seed of what is drawn.
    pub seed: u64,
}

/// What a search came to.
#[derive(Clone, PartialEq, Debug)]
pub struct Hunted<C> {
    /// How many cases were judged, those that were not the property's business aside, until one was found.
    pub judged: u64,
    /// The first that was found, as small as it can be, and how far it is beyond.
    pub found: Option<(C, f64)>,
}

/// Cases a block judges.
const BLOCK: u64 = 64;
/// Blocks that are begun together.
const TOGETHER: u64 = 16;
/// Of a block's cases, those that are drawn; the others are neighbours of the nearest.
const DRAWN: u64 = 40;
/// The most cases that are judged to make one smaller.
const STEPS: u32 = 2000;

impl Hunt<'_> {
    /// Searches; `None` when the watcher wants it ended.
    pub fn run<C: AuditCase>(
        &self,
        judge: Judge<'_, C>,
        watcher: &dyn Watcher,
    ) -> Option<Hunted<C>> {
        let blocks = self.cases.div_ceil(BLOCK);
        watcher.begin(self.property.name(), blocks);
        let mut judged = 0;
        for first in (0..blocks).step_by(TOGETHER as usize) {
            let row = first..blocks.min(first + TOGETHER);
            let searched = row.into_par_iter().map(|block| {
                let searched = (!watcher.stop()).then(|| self.block(block, judge));
                watcher.tick();
                searched
            });
            let searched: Vec<_> = searched.collect();
            for block in searched {
                let block = block?;
                judged += block.judged;
                if let Some((case, _)) = block.found {
                    let found = Some(self.shrunk(case, judge, watcher)?);
                    return Some(Hunted { judged, found });
                }
            }
        }
        Some(Hunted {
            judged,
            found: None,
        })
    }

    /// One block: of the smallest while there are such, else by chance and then around the nearest.
    fn block<C: AuditCase>(&self, number: u64, judge: Judge<'_, C>) -> Hunted<C> {
        let purpose = format!("audit {} {} {number}", self.purpose, self.property.name());
        let mut rng = stream(self.seed, &purpose);
        let mut nearest: Option<(C, f64)> = None;
        let mut judged = 0;
        // The last block may be shorter.
        for at in 0..BLOCK.min(self.cases - number * BLOCK) {
            let tiny = C::tiny(self.property, number * BLOCK + at);
            let case = match (tiny, &nearest) {
                (Some(case), _) => case,
                (None, Some((case, _))) if at >= DRAWN => case.changed(self.property, &mut rng),
                _ => C::draw(self.property, &mut rng),
            };
            let Some(size) = judge(&case) else { continue };
            judged += 1;
            if size > 0.0 {
                return Hunted {
                    judged,
                    found: Some((case, size)),
                };
            }
            if nearest.as_ref().is_none_or(|(_, other)| size >= *other) {
                nearest = Some((case, size));
            }
        }
        Hunted {
            judged,
            found: None,
        }
    }

    /// The same violation with less: no smaller step of it is one. `None` when the watcher wants it ended.
    fn shrunk<C: AuditCase>(
        &self,
        case: C,
        judge: Judge<'_, C>,
        watcher: &dyn Watcher,
    ) -> Option<(C, f64)> {
        let mut size = judge(&case).unwrap_or(0.0);
        let mut case = case;
        let mut steps = 0;
        'smaller: loop {
            for smaller in case.smaller(self.property) {
                steps += 1;
                if watcher.stop() {
                    return None;
                }
                if steps > STEPS {
                    return Some((case, size));
                }
                if let Some(of_smaller) = judge(&smaller).filter(|size| *size > 0.0) {
                    (case, size) = (smaller, of_smaller);
                    continue 'smaller;
                }
            }
            return Some((case, size));
        }
    }
}
