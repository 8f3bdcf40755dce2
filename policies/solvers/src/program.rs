//! A convex program, row by row.

use clarabel::algebra::CscMatrix;
use clarabel::solver::{DefaultSettings, DefaultSolver, IPSolver, SolverStatus, SupportedConeT};

/// Parts of one that solutions are rounded to.
pub(crate) const PARTS: u32 = 1 << 20;

/// The least of a linear cost, below bounds and under logarithms.
pub(crate) struct Program {
    cost: Vec<f64>,
    /// Row, column, entry.
    entries: (Vec<usize>, Vec<usize>, Vec<f64>),
    bounds: Vec<f64>,
    /// Rows of bounds; those of logarithms follow.
    below: usize,
    logs: usize,
}

/// What a solver found.
pub(crate) struct Solution {
    /// Of the variables.
    pub(crate) values: Vec<f64>,
    /// Of the rows: what a little more of its bound would be worth; nothing where the bound is not what holds.
    pub(crate) prices: Vec<f64>,
}

impl Program {
    /// Of as many variables as there are costs.
    pub(crate) fn new(cost: Vec<f64>) -> Self {
        Self {
            cost,
            entries: (Vec::new(), Vec::new(), Vec::new()),
            bounds: Vec::new(),
            below: 0,
            logs: 0,
        }
    }

    fn entry(&mut self, column: usize, entry: f64) {
        self.entries.0.push(self.bounds.len());
        self.entries.1.push(column);
        self.entries.2.push(entry);
    }

    /// A sum is at most `bound`. Before all logarithms.
    pub(crate) fn at_most(&mut self, sum: &[(usize, f64)], bound: f64) {
        for (column, entry) in sum {
            self.entry(*column, *entry);
        }
        self.bounds.push(bound);
        self.below += 1;
    }

    /// Variable `log` is at most the logarithm of variable `of`: (log, 1, of) is in the exponential cone.
    pub(crate) fn at_most_log(&mut self, log: usize, of: usize) {
        self.entry(log, -1.0);
        self.bounds.push(0.0);
        self.bounds.push(1.0);
        self.entry(of, -1.0);
        self.bounds.push(0.0);
        self.logs += 1;
    }

    /// The solution; `None` where the solver finds none.
    pub(crate) fn solve(self) -> Option<Solution> {
        let (count, rows) = (self.cost.len(), self.bounds.len());
        let (at, columns, entries) = self.entries;
        let matrix = CscMatrix::new_from_triplets(rows, count, at, columns, entries);
        let mut cones = vec![SupportedConeT::NonnegativeConeT(self.below)];
        cones.extend((0..self.logs).map(|_| SupportedConeT::ExponentialConeT()));
        let settings = DefaultSettings {
            verbose: false,
            ..DefaultSettings::default()
        };
        let none = CscMatrix::zeros((count, count));
        let solver = DefaultSolver::new(&none, &self.cost, &matrix, &self.bounds, &cones, settings);
        let mut solver = solver.ok()?;
        solver.solve();
        let found = matches!(
            solver.solution.status,
            SolverStatus::Solved | SolverStatus::AlmostSolved
        );
        found.then(|| Solution {
            values: solver.solution.x.clone(),
            prices: solver.solution.z.clone(),
        })
    }
}

/// To the nearest part.
pub(crate) fn parts(share: f64) -> u32 {
    (share.clamp(0.0, 1.0) * f64::from(PARTS)).round() as u32
}
