//! The folder of a trace's pictures: an SVG a question, the numbers as JSON, and one page of all of it.

use std::fs;
use std::path::Path;

use fairground_workloads::scratch::Scratch;
use minijinja::{AutoEscape, Environment, Value, context};

use super::{TraceNumbers, TraceView};
use crate::output::error::{OutputError, io};
use crate::output::plots::{self, Absent, Figure};
use crate::output::provenance::VERSION;

const TEMPLATE: &str = include_str!("../../../assets/trace.html");
const STYLE: &str = include_str!("../../../assets/report.css");
/// The page in the folder.
pub const PAGE: &str = "index.html";
/// The numbers in the folder.
const NUMBERS: &str = "numbers.json";

/// Writes pictures, numbers and page of a trace as the folder `place`; how many pictures there are.
///
/// # Errors
/// When something is there already, a picture cannot be drawn, or the file system refuses.
pub fn write(
    view: &TraceView<'_>,
    numbers: &TraceNumbers,
    place: &Path,
) -> Result<usize, OutputError> {
    let (figures, missing) = plots::trace(view)?;
    let around = match place.parent() {
        Some(around) if !around.as_os_str().is_empty() => around,
        _ => Path::new("."),
    };
    fs::create_dir_all(around).map_err(io("make", around))?;
    let beside = Scratch::folder_in(around, ".pictures-").map_err(io("write", place))?;
    let put = |name: &str, text: &str| {
        let path = beside.path().join(name);
        fs::write(&path, text).map_err(io("write", &path))
    };
    for figure in &figures {
        put(&format!("{}.svg", figure.name), &figure.svg)?;
    }
    put(
        NUMBERS,
        &(serde_json::to_string_pretty(&numbers.json())? + "\n"),
    )?;
    put(PAGE, &page(view, numbers, &figures, &missing)?)?;
    beside.put(place).map_err(io("write", place))?;
    Ok(figures.len())
}

/// The page, which needs nothing else.
fn page(
    view: &TraceView<'_>,
    numbers: &TraceNumbers,
    figures: &[Figure],
    missing: &[Absent],
) -> Result<String, OutputError> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let figures = figures.iter().map(|figure| {
        context! {
            name => &figure.name,
            title => &figure.title,
            caption => &figure.caption,
            svg => Value::from_safe_string(figure.svg.clone()),
        }
    });
    let tables = numbers.tables().map(|(name, heads, rows)| {
        context! { name, heads => heads.to_vec(), rows }
    });
    let missing = missing
        .iter()
        .map(|absent| context! { title => absent.title, why => absent.why });
    let page = environment.template_from_named_str("trace.html", TEMPLATE)?;
    Ok(page.render(context! {
        style => Value::from_safe_string(STYLE.to_owned()),
        version => VERSION,
        name => view.name,
        figures => figures.collect::<Vec<_>>(),
        tables => tables.collect::<Vec<_>>(),
        missing => missing.collect::<Vec<_>>(),
    })?)
}
