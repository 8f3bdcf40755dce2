//! The report: one HTML file that opens without a server, a network or even scripts.
//!
//! Static figures stand in the page from the start; scripts replace them by interactive charts on
//! the screen, paper always gets the static ones. Every text from outside is escaped by the
//! template engine.

use fairground_policies::resources::Kind;
use minijinja::{AutoEscape, Environment, Value, context};

use super::assumed::assumed;
use super::comparison::{Changes, Verdict};
use super::comparison_text::Grid;
use super::error::OutputError;
use super::measured;
use super::plots::{self, Figure};
use super::provenance::{self, VERSION};
use super::report_data;
use super::sides;
use super::units;
use crate::run::Comparison;

const TEMPLATE: &str = include_str!("../../assets/report.html");
/// One figure, which stands in a section of its own.
const FIGURE: &str = include_str!("../../assets/figure.html");
const STYLE: &str = include_str!("../../assets/report.css");
const SCRIPT: &str = concat!(
    include_str!("../../assets/charts.js"),
    include_str!("../../assets/report.js")
);
const UPLOT_SCRIPT: &str = include_str!("../../assets/uplot/uPlot.iife.min.js");
const UPLOT_STYLE: &str = include_str!("../../assets/uplot/uPlot.min.css");
const UPLOT_LICENCE: &str = include_str!("../../assets/uplot/LICENSE");

/// The report's HTML.
///
/// # Errors
/// When the template cannot be filled in or the data not be encoded.
pub fn page(
    comparison: &Comparison,
    changes: &Changes,
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
        data => safe(&report_data::json(comparison, changes.main())?),
        version => VERSION,
    };
    let figures: Vec<Value> = figures
        .iter()
        .map(|one| {
            let html = environment.render_str(FIGURE, figure(comparison, one))?;
            Ok(context! { name => &one.name, html => safe(&html) })
        })
        .collect::<Result<_, OutputError>>()?;
    let page = environment.template_from_str(TEMPLATE)?.render(context! {
        assets,
        name => &comparison.name,
        title => &comparison.title,
        facts => facts(comparison),
        main => &changes.policies.get(changes.main()),
        baseline => &changes.policies.first(),
        sides => sides::sides(changes),
        sentences => sentences(comparison, changes),
        legend => changes.legend(),
        grids => changes.grids().iter().map(grid).collect::<Vec<_>>(),
        warnings => &comparison.warnings,
        figures,
        sheets => sheets(comparison),
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

/// What came of it: of the policies, and of the simulator where something was measured.
pub(super) fn sentences(comparison: &Comparison, changes: &Changes) -> Vec<String> {
    let sentences = changes.sentences().into_iter();
    sentences.chain(measured::sentence(comparison)).collect()
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
                Verdict::NotShown | Verdict::Undefined => "",
            };
            // The interval stands below its change.
            let (text, within) = match entry.text.split_once(" (") {
                Some((text, within)) if !head.names => (text, format!("({within}")),
                _ => (entry.text.as_str(), String::new()),
            };
            context! { text, within, tone, names => head.names }
        });
        context! { first, span, name => &row[0].text, cells => cells.collect::<Vec<_>>() }
    });
    context! {
        title => grid.title,
        heads => heads.collect::<Vec<_>>(),
        rows => rows.collect::<Vec<_>>(),
    }
}

/// Whether a figure is so high that half a page makes it too small to read.
fn is_tall(svg: &str) -> bool {
    let number = |name: &str| {
        let (_, rest) = svg.split_once(&format!("{name}=\""))?;
        rest.split('"').next()?.parse::<f64>().ok()
    };
    let sides = number("width").zip(number("height"));
    sides.is_some_and(|(width, height)| height > width * 0.6)
}

fn figure(comparison: &Comparison, figure: &Figure) -> Value {
    // The seed that is drawn is told apart, because another can be chosen.
    let seed = plots::first_seed(comparison);
    let caption = figure.caption.strip_suffix(seed.as_str());
    let any = figure.name != "hosts";
    let seed = match (caption, any) {
        (None, _) => String::new(),
        (Some(_), false) if comparison.seeds.len() > 1 => {
            format!("{seed} Agents are recorded for it alone.")
        }
        (Some(_), _) => seed,
    };
    context! {
        name => &figure.name,
        title => &figure.title,
        caption => caption.unwrap_or(&figure.caption).trim_end(),
        seed,
        any,
        tall => is_tall(&figure.svg),
        svg => Value::from_safe_string(figure.svg.clone()),
    }
}

fn policies(comparison: &Comparison) -> Vec<Value> {
    let policies = comparison.policies.iter();
    policies
        .map(|policy| {
            context! {
                name => &policy.name,
                resolved => &policy.resolved,
                which => which(&policy.resolved),
            }
        })
        .collect()
}

/// Which of the things called so a policy is, where there are several.
pub fn which(policy: &str) -> &'static str {
    let (base, params) = policy.split_once('[').unwrap_or((policy, ""));
    match base {
        "drf" if params.contains("offers=task") => {
            "the DRF paper's progressive filling: one task at a time (Ghodsi et al., NSDI 2011)"
        }
        "drf" => "that of Apache Mesos: offers of whole agents; the paper's is drf[offers=task]",
        _ => "",
    }
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
                role => info.role.as_deref().unwrap_or_default(),
                scheduler => &info.scheduler,
                slo => if info.service { info.slo.to_string() } else { String::new() },
            }
        })
        .collect()
}

fn assumptions(comparison: &Comparison) -> Vec<Value> {
    let rows = assumed(comparison).into_iter();
    rows.map(|one| {
        let place = match one.whose.len() {
            0 => "simulator".to_owned(),
            _ if one.everybody => "all frameworks".to_owned(),
            many if many > 4 => format!("{many} frameworks"),
            _ => one.whose.join(", "),
        };
        context! { where => place, about => one.about, model => one.model, each => one.each }
    })
    .collect()
}

fn sheets(comparison: &Comparison) -> Vec<Value> {
    let sheets = measured::sheets(comparison).into_iter();
    sheets
        .map(|sheet| {
            context! {
                title => sheet.title,
                note => sheet.note,
                heads => sheet.heads,
                rows => sheet.rows,
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
