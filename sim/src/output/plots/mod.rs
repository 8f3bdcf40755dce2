//! Static figures: SVG with real text, and PNG of the same for where SVG does not go.
//!
//! One look for all: a colour a framework, ink for policies, the same scale on both sides.

// Pixels of a page and counts of panels are far below 2^31.
#![allow(clippy::cast_possible_wrap)]

mod axes;
mod canvas;
mod jobs;
mod hosts;
pub mod palette;
mod png;
mod services;
mod time;
mod trace;

pub use png::to_png;
pub(super) use time::{first_seed, kind_name};
pub use trace::{Absent, sheet, trace};

use super::comparison::Changes;
use super::error::OutputError;
use crate::run::Comparison;

/// A finished figure.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Figure {
    /// The file's name without its extension.
    pub name: String,
    /// What it shows, for the report's heading.
    pub title: String,
    /// What a reader has to know beside it.
    pub caption: String,
    /// The picture.
    pub svg: String,
}

/// Every figure that `comparison` has data for, in the order of the report.
///
/// # Errors
/// When the drawing library fails.
pub fn all(comparison: &Comparison, changes: &Changes) -> Result<Vec<Figure>, OutputError> {
    if comparison.policies.is_empty() || comparison.frameworks.is_empty() {
        return Ok(Vec::new());
    }
    let mut figures = Vec::new();
    figures.extend(jobs::measured(comparison)?);
    figures.extend(hosts::hosts(comparison)?);
    if comparison.policies.len() > 1 {
        figures.push(jobs::change(comparison, changes)?);
    }
    figures.extend(time::usage(comparison)?);
    figures.extend(jobs::completion(comparison, changes.main())?);
    figures.extend(services::latency(comparison, changes.main())?);
    figures.extend(time::dominant(comparison)?);
    Ok(figures)
}
