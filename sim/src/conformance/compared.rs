//! Several answers of one case, of which those stand in the table that are other ones.

use std::fmt::Debug;

use super::Verdict;

/// What was expected and found where the two are not equal.
#[derive(Default)]
pub(super) struct Compared {
    expected: Vec<String>,
    found: Vec<String>,
}

impl Compared {
    /// One answer.
    pub(super) fn same<T: PartialEq + Debug>(&mut self, what: &str, expected: &T, found: &T) {
        if expected != found {
            self.expected.push(format!("{what} {expected:?}"));
            self.found.push(format!("{what} {found:?}"));
        }
    }

    /// Whether all were equal.
    pub(super) fn verdict(self) -> Verdict {
        let [expected, found] = [self.expected, self.found].map(|all| all.join("; "));
        Verdict::of(expected.is_empty(), expected, found)
    }
}
