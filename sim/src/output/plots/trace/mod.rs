//! What a trace looks like: a picture a question, each with a sentence, and a sheet of the first six.

mod arrivals;
mod cluster;
mod demands;
mod scales;
mod sizes;

use super::canvas::{About, Canvas, Key, Look, Place, figure, head_height, shortened};
use super::{Figure, OutputError, palette};
use crate::output::profiled::TraceView;
use fairground_readers::canonical::profile::KINDS;

/// A picture as wide is legible on a telephone, and three of them stand side by side on a screen.
const WIDE: i32 = 410;
const HIGH: i32 = 190;

/// What draws into a panel.
type Drawn<'a> = Box<dyn Fn(&mut Canvas<'_>, Place) -> Result<(), String> + 'a>;

/// One picture before it is drawn.
struct Picture<'a> {
    name: &'static str,
    title: String,
    /// What the axis below says.
    below: String,
    /// The sentence.
    caption: String,
    keys: Vec<Key>,
    /// How high its panel is.
    high: i32,
    draw: Drawn<'a>,
}

/// A question that the trace does not answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Absent {
    /// What is asked.
    pub title: &'static str,
    /// Why there is no answer.
    pub why: &'static str,
}

/// A picture, or why there is none.
type Answer<'a> = Result<Picture<'a>, Absent>;

const fn absent<'a>(title: &'static str, why: &'static str) -> Answer<'a> {
    Err(Absent { title, why })
}

/// The colour of a kind of resources.
fn kind_colour(kind: usize) -> palette::Rgb {
    palette::framework(kind)
}

/// The colour of what is no kind.
fn plain() -> palette::Rgb {
    palette::framework(4)
}

/// All questions, in the order of a page.
fn answers<'a>(view: &TraceView<'a>) -> Vec<Answer<'a>> {
    let profile = view.profile;
    vec![
        arrivals::rate(view),
        arrivals::gaps(profile),
        arrivals::hours(view),
        arrivals::days(view),
        arrivals::tokens(profile),
        sizes::runs(profile),
        sizes::widths(profile),
        sizes::work(view),
        sizes::largest(profile),
        demands::tenants(view),
        demands::spread(view),
        demands::vectors(view),
        cluster::offered(view),
        cluster::in_use(view),
        cluster::waits(profile),
        cluster::slowdowns(profile),
        cluster::estimates(profile),
        cluster::known(profile),
        cluster::outcomes(profile),
    ]
}

/// Every picture that a trace has something for, in the order of a page, and the questions that it does not
/// answer.
///
/// # Errors
/// When the drawing library fails.
pub fn trace(view: &TraceView<'_>) -> Result<(Vec<Figure>, Vec<Absent>), OutputError> {
    let (mut figures, mut missing) = (Vec::new(), Vec::new());
    for answer in answers(view) {
        match answer {
            Ok(picture) => figures.push(drawn(picture)?),
            Err(absent) => missing.push(absent),
        }
    }
    Ok((figures, missing))
}

fn drawn(picture: Picture<'_>) -> Result<Figure, OutputError> {
    let Picture {
        name,
        title,
        below,
        caption,
        keys,
        high,
        draw,
    } = picture;
    let about = About {
        name: name.to_owned(),
        title: title.clone(),
        // No line begins with a sign of percent.
        caption: caption.replace(" %", "\u{202f}%"),
    };
    let width = WIDE + 34;
    let head = head_height(width, &keys);
    let under = if below.is_empty() { 14 } else { 32 };
    figure(about, (width, head + high + under), |canvas| {
        let y = canvas.head(&title, &keys)? + 8;
        let place = Place {
            x: 12,
            y,
            width: WIDE,
            height: high,
        };
        draw(canvas, place)?;
        words(canvas, place, "", &below)
    })
}

/// The first six of them on one sheet, for whoever wants one file.
///
/// # Errors
/// When the drawing library fails.
pub fn sheet(view: &TraceView<'_>) -> Result<Figure, OutputError> {
    let profile = view.profile;
    let about = About {
        name: "trace".to_owned(),
        title: format!("What {} looks like", shortened(view.name, 60)),
        caption:
            "Arrivals and offered load over time, run times and demands of tasks, the work of \
                  the largest jobs, and that of tenants."
                .to_owned(),
    };
    let title = about.title.clone();
    let mut keys: Vec<Key> = (0..KINDS.len())
        .filter(|kind| profile.demand[*kind].n > 0)
        .map(|kind| Key::Fill(kind_colour(kind), KINDS[kind].to_owned()))
        .collect();
    let panels = [
        arrivals::rate(view),
        cluster::offered(view),
        sizes::runs(profile),
        demands::spread(view),
        sizes::largest(profile),
        demands::tenants(view),
    ];
    for key in panels.iter().flatten().flat_map(|picture| &picture.keys) {
        if !keys.iter().any(|known| known.says_as(key)) {
            keys.push(key.clone());
        }
    }
    let width = 2 * WIDE + 64;
    let high = head_height(width, &keys) + 36 + 3 * (HIGH + 62);
    figure(about, (width, high), |canvas| {
        let top = canvas.head(&title, &keys)? + 24;
        for (number, answer) in panels.into_iter().enumerate() {
            let place = Place {
                x: 12 + (number as i32 % 2) * (WIDE + 30),
                y: top + (number as i32 / 2) * (HIGH + 62),
                width: WIDE,
                height: HIGH,
            };
            match answer {
                Ok(picture) => {
                    words(canvas, place, &picture.title, &picture.below)?;
                    (picture.draw)(canvas, place)?;
                }
                Err(Absent { title, why }) => {
                    words(canvas, place, title, "")?;
                    let middle = place.y + place.height / 2;
                    canvas.text(why, place.x + 46, middle, Look::label().faint())?;
                }
            }
        }
        Ok(())
    })
}

/// The words above and below a panel.
fn words(canvas: &Canvas<'_>, place: Place, above: &str, below: &str) -> Result<(), String> {
    if !above.is_empty() {
        canvas.text(above, place.x + 46, place.y - 10, Look::label().bold())?;
    }
    if below.is_empty() {
        return Ok(());
    }
    let middle = place.x + 46 + (place.width - 46) / 2;
    let low = place.y + place.height + 8;
    canvas.text(below, middle, low, Look::label().faint().centred())
}
