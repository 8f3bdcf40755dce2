//! The report: one HTML file that opens without a server, a network or even scripts.
//!
//! Static figures stand in the page from the start; scripts replace them by interactive charts on
//! the screen, paper always gets the static ones. Every text from outside is escaped by the
//! template engine.

use fairground_policies::resources::Kind;
use minijinja::{AutoEscape, Environment, Value, context};

use super::error::OutputError;
use super::gains::{Gains, Verdict};
use super::gains_text::Grid;
use super::plots::Figure;
use super::provenance::{self, VERSION, assumed_of};
use super::report_data;
use super::units;
use crate::run::Comparison;

const TEMPLATE: &str = include_str!("../../assets/report.html");
const STYLE: &str = include_str!("../../assets/report.css");
const SCRIPT: &str = include_str!("../../assets/report.js");
const UPLOT_SCRIPT: &str = include_str!("../../assets/uplot/uPlot.iife.min.js");
const UPLOT_STYLE: &str = include_str!("../../assets/uplot/uPlot.min.css");
const UPLOT_LICENCE: &str = include_str!("../../assets/uplot/LICENSE");

/// The report's HTML.
///
/// # Errors
/// When the template cannot be filled in or the data not be encoded.
pub fn page(
    comparison: &Comparison,
    gains: &Gains,
    figures: &[Figure],
) -> Result<String, OutputError> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let safe = |text: &str| Value::from_safe_string(text.to_owned());
    let assets = context! {
        style => safe(STYLE),
        script => safe(SCRIPT),
        uplot_script => safe(UPLOT_SCRIPT),
        uplot_style => safe(UPLOT_STYLE),
        uplot_licence => UPLOT_LICENCE,
        data => safe(&report_data::json(comparison)?),
        version => VERSION,
    };
    let page = environment.template_from_str(TEMPLATE)?.render(context! {
        assets,
        name => &comparison.name,
        title => &comparison.title,
        facts => facts(comparison),
        sentences => gains.sentences(),
        legend => gains.legend(),
        grids => gains.grids().iter().map(grid).collect::<Vec<_>>(),
        warnings => &comparison.warnings,
        figures => figures.iter().map(figure).collect::<Vec<_>>(),
        policies => policies(comparison),
        frameworks => frameworks(comparison),
        assumptions => assumptions(comparison),
        inputs => inputs(comparison),
        seeds => &comparison.seeds,
        runs => runs(comparison),
        recipe => &comparison.recipe,
        recipe_blake3 => provenance::hash(comparison.recipe.as_bytes()),
    })?;
    Ok(page)
}

pub(super) fn facts(comparison: &Comparison) -> String {
    let seeds = units::count(comparison.seeds.len(), "seed", "seeds");
    let agents = units::count(comparison.agents as usize, "agent", "agents");
    let horizon = units::duration(comparison.horizon.as_micros() as f64);
    let amounts = Kind::ALL.into_iter().filter_map(|kind| {
        let units = comparison.capacity.of(kind) as f64;
        let amount = match kind {
            Kind::Cpus => format!("{} CPUs", units::short(units / 1000.0)),
            Kind::Gpus => format!("{} GPUs", units::short(units / 1000.0)),
            Kind::Mem => format!("{} GiB of memory", units::short(units / 1024.0)),
            Kind::Disk => format!("{} GiB of disk", units::short(units / 1024.0)),
        };
        (units > 0.0).then_some(amount)
    });
    let amounts: Vec<String> = amounts.collect();
    format!("{agents} with {}; {horizon}; {seeds}", amounts.join(", "))
}

fn grid(grid: &Grid) -> Value {
    let heads = grid.heads.iter().map(|head| {
        context! { text => head.text, names => head.names }
    });
    let rows = grid.rows.iter().enumerate().map(|(i, row)| {
        let first = i == 0 || grid.rows[i - 1][0] != row[0];
        let span = grid.rows[i..]
            .iter()
            .take_while(|other| other[0] == row[0])
            .count();
        let cells = row.iter().zip(&grid.heads).skip(1).map(|(entry, head)| {
            let tone = match entry.verdict {
                Verdict::Gains => "gains",
                Verdict::Pays => "pays",
                Verdict::NotShown => "",
            };
            context! { text => &entry.text, tone, names => head.names }
        });
        context! { first, span, name => &row[0].text, cells => cells.collect::<Vec<_>>() }
    });
    context! {
        title => grid.title,
        heads => heads.collect::<Vec<_>>(),
        rows => rows.collect::<Vec<_>>(),
    }
}

fn figure(figure: &Figure) -> Value {
    context! {
        name => &figure.name,
        title => &figure.title,
        caption => &figure.caption,
        svg => Value::from_safe_string(figure.svg.clone()),
    }
}

fn policies(comparison: &Comparison) -> Vec<Value> {
    let policies = comparison.policies.iter();
    policies
        .map(|policy| context! { name => &policy.name, resolved => &policy.resolved })
        .collect()
}

fn frameworks(comparison: &Comparison) -> Vec<Value> {
    let frameworks = comparison.frameworks.iter();
    frameworks
        .map(|info| {
            context! {
                name => &info.name,
                kind => &info.kind,
                share => info.share,
                weight => units::short(f64::from(info.weight) / 1000.0),
                slo => if info.service { info.slo.to_string() } else { String::new() },
            }
        })
        .collect()
}

fn assumptions(comparison: &Comparison) -> Vec<Value> {
    let assumptions = comparison.assumptions.iter().enumerate();
    assumptions
        .map(|(i, (_, assumption))| {
            context! {
                framework => assumed_of(comparison, i).unwrap_or("simulator"),
                about => &assumption.about,
                model => &assumption.model,
            }
        })
        .collect()
}

fn inputs(comparison: &Comparison) -> Vec<Value> {
    let inputs = comparison.inputs.iter();
    inputs
        .map(|input| context! { path => input.path.display().to_string(), blake3 => &input.blake3 })
        .collect()
}

fn runs(comparison: &Comparison) -> Vec<Value> {
    let policies = comparison.policies.iter();
    let runs = policies.flat_map(|policy| policy.runs.iter().map(move |run| (policy, run)));
    runs.map(|(policy, run)| {
        context! { policy => &policy.name, seed => run.seed, digest => &run.digest }
    })
    .collect()
}
