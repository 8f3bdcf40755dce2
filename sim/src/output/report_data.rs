//! The numbers the report's scripts draw, as JSON small enough to live inside the page.
//!
//! Fractions are rounded to ten-thousandths: finer than a pixel.

use fairground_policies::resources::Kind;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::error::OutputError;
use super::plots::{self, palette};
use super::series::{self, Line};
use crate::run::Comparison;

/// Points along the time axis of the interactive charts of the first seed.
const BINS: usize = 720;
/// Numbers of all other seeds together, so that a page with many stays small.
const OTHERS: usize = 90_000;
/// Fewer points than this show nothing of a day: rather fewer seeds.
const LEAST: usize = 96;
/// Cells of all pictures of hosts together.
const CELLS: usize = 60_000;

#[derive(Serialize)]
struct Data {
    frameworks: Vec<Framework>,
    policies: Vec<Policy>,
    order: Vec<usize>,
    kinds: Vec<&'static str>,
    seeds: Vec<Drawn>,
    hosts: Option<Hosts>,
    jobs: Vec<Jobs>,
}

#[derive(Serialize)]
struct Framework {
    name: String,
    colour: String,
}

#[derive(Serialize)]
struct Policy {
    name: String,
    ink: &'static str,
    dash: &'static [u32],
    width: f64,
}

#[derive(Serialize)]
struct Drawn {
    seed: u64,
    usage: Usage,
    services: Vec<Service>,
}

#[derive(Serialize)]
struct Usage {
    times: Box<RawValue>,
    end: f64,
    shares: Vec<Vec<Vec<Box<RawValue>>>>,
    dominant: Vec<Vec<Box<RawValue>>>,
}

#[derive(Serialize)]
struct Service {
    framework: usize,
    slo: f64,
    times: Box<RawValue>,
    end: f64,
    latency: Vec<Box<RawValue>>,
    missed: Vec<Box<RawValue>>,
}

#[derive(Serialize)]
struct Hosts {
    length: f64,
    count: usize,
    rows: usize,
    #[serde(rename = "agentsARow")]
    agents_a_row: usize,
    shares: Vec<Vec<Box<RawValue>>>,
}

#[derive(Serialize)]
struct Jobs {
    framework: usize,
    policies: Vec<Cdf>,
}

#[derive(Serialize)]
struct Cdf {
    times: Box<RawValue>,
    shares: Box<RawValue>,
}

/// A line of numbers with at most `decimals` decimals; `null` where there is none.
fn rounded(line: &Line, decimals: usize) -> Result<Box<RawValue>, OutputError> {
    let mut text = String::from("[");
    for (i, value) in line.iter().enumerate() {
        if i > 0 {
            text.push(',');
        }
        if value.is_finite() {
            let number = format!("{value:.decimals$}");
            let short = if number.contains('.') {
                number.trim_end_matches('0').trim_end_matches('.')
            } else {
                &number
            };
            text += short;
        } else {
            text += "null";
        }
    }
    text.push(']');
    Ok(RawValue::from_string(text)?)
}

fn all(lines: &[Line], decimals: usize) -> Result<Vec<Box<RawValue>>, OutputError> {
    lines.iter().map(|line| rounded(line, decimals)).collect()
}

/// The seeds that can be drawn: the first closely, of the others as many as there is room for.
fn seeds(comparison: &Comparison) -> Result<Vec<Drawn>, OutputError> {
    let kinds = kinds(comparison).count();
    let services = comparison.frameworks.iter().filter(|info| info.service);
    let lines = comparison.frameworks.len() * (kinds + 1) + 2 * services.count();
    let lines = (lines * comparison.policies.len()).max(1);
    let others = comparison
        .seeds
        .len()
        .saturating_sub(1)
        .min(OTHERS / lines / LEAST);
    let bins = OTHERS.checked_div(lines * others).unwrap_or(0).min(BINS);
    let seeds = comparison.seeds.iter().enumerate().take(1 + others);
    seeds
        .map(|(at, seed)| {
            let bins = if at == 0 { BINS } else { bins };
            Ok(Drawn {
                seed: *seed,
                usage: usage(comparison, at, bins)?,
                services: self::services(comparison, at, bins)?,
            })
        })
        .collect()
}

fn kinds(comparison: &Comparison) -> impl Iterator<Item = Kind> {
    let capacity = comparison.capacity;
    Kind::ALL
        .into_iter()
        .filter(move |kind| capacity.of(*kind) > 0)
}

fn usage(comparison: &Comparison, at: usize, bins: usize) -> Result<Usage, OutputError> {
    let usage = series::usage(comparison, at, bins);
    let mut shares = Vec::new();
    for kind in &usage.shares {
        let policies: Result<Vec<_>, _> = kind.iter().map(|lines| all(lines, 4)).collect();
        shares.push(policies?);
    }
    let dominant: Result<Vec<_>, _> = usage.dominant.iter().map(|lines| all(lines, 4)).collect();
    Ok(Usage {
        times: rounded(&usage.bins.middles(), 3)?,
        end: usage.bins.end(),
        shares,
        dominant: dominant?,
    })
}

fn services(comparison: &Comparison, at: usize, bins: usize) -> Result<Vec<Service>, OutputError> {
    let mut each = Vec::new();
    for service in series::services(comparison, at, bins) {
        let slo = comparison.frameworks[service.framework].slo;
        each.push(Service {
            framework: service.framework,
            slo: slo.as_micros() as f64 / 1e6,
            times: rounded(&service.bins.middles(), 3)?,
            end: service.bins.end(),
            latency: all(&service.latency, 6)?,
            missed: all(&service.missed, 5)?,
        });
    }
    Ok(each)
}

fn hosts(comparison: &Comparison) -> Result<Option<Hosts>, OutputError> {
    let rows = (comparison.agents as usize).clamp(1, 200);
    let frameworks = comparison.frameworks.len().max(1);
    let most = CELLS / rows / frameworks / comparison.policies.len().max(1);
    let Some(hosts) = series::hosts(comparison, most.clamp(48, 576)) else {
        return Ok(None);
    };
    let shares: Result<Vec<_>, _> = hosts.shares.iter().map(|lines| all(lines, 2)).collect();
    Ok(Some(Hosts {
        length: hosts.bins.length,
        count: hosts.bins.count,
        rows: hosts.rows,
        agents_a_row: hosts.agents_a_row,
        shares: shares?,
    }))
}

fn jobs(comparison: &Comparison) -> Result<Vec<Jobs>, OutputError> {
    let mut jobs = Vec::new();
    for (framework, info) in comparison.frameworks.iter().enumerate() {
        let cdfs = series::cdfs(comparison, framework);
        if info.service || cdfs.iter().all(|cdf| cdf.times.is_empty()) {
            continue;
        }
        let mut policies = Vec::new();
        for cdf in &cdfs {
            policies.push(Cdf {
                times: rounded(&cdf.times, 6)?,
                shares: rounded(&cdf.shares, 5)?,
            });
        }
        jobs.push(Jobs {
            framework,
            policies,
        });
    }
    Ok(jobs)
}

/// The data as JSON that may stand inside a script element: no `<`, `>` or `&` in it.
///
/// # Errors
/// When encoding fails.
pub(super) fn json(comparison: &Comparison, main: usize) -> Result<String, OutputError> {
    let frameworks = comparison.frameworks.iter().enumerate();
    let policies = comparison.policies.iter().enumerate();
    let data = Data {
        frameworks: frameworks
            .map(|(i, info)| Framework {
                name: info.name.clone(),
                colour: palette::hex(palette::framework(i)),
            })
            .collect(),
        policies: policies
            .map(|(i, policy)| {
                let ink = palette::policy(i, main);
                Policy {
                    name: policy.name.clone(),
                    ink: if ink.colour == palette::INK {
                        "--ink"
                    } else {
                        "--faint"
                    },
                    dash: ink.dash,
                    width: ink.width,
                }
            })
            .collect(),
        order: palette::order(comparison.policies.len(), main),
        kinds: kinds(comparison).map(plots::kind_name).collect(),
        seeds: seeds(comparison)?,
        hosts: hosts(comparison)?,
        jobs: jobs(comparison)?,
    };
    let text = to_raw_value(&data)?.get().to_owned();
    Ok(text
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026"))
}
