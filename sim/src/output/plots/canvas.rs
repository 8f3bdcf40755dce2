//! A sheet to draw panels on: axes and text by `plotters`, lines and areas as paths beside them.
//!
//! `plotters` places whole pixels, so the sheet is drawn at twice its size and shown at half;
//! paths are added by hand because its lines have neither dashes nor joins.

use std::fmt::Write as _;

use plotters::coord::Shift;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::palette::{self, FAINT, GRID, INK, PAPER, Rgb, rgb};
use super::{Figure, OutputError};
pub(super) use crate::output::units::shortened;

/// How much larger than shown everything is drawn.
pub(super) const SCALE: i32 = 2;
/// Room for the labels left of a panel.
const LEFT: i32 = 46;
/// Room for the labels below a panel.
const BELOW: i32 = 22;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// One axis: its range and its labelled ticks.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) ticks: Vec<(f64, String)>,
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        let part = (value - self.low) / (self.high - self.low);
        from + (f64::from(to - from) * part).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.iter().map(|(at, _)| *at).collect()
    }

    fn range(&self) -> std::ops::Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        let same = |(at, _): &&(f64, String)| (at - value).abs() < 1e-9;
        let tick = self.ticks.iter().find(same);
        tick.map_or(String::new(), |(_, label)| label.clone())
    }
}

/// Where a panel is, in shown pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) width: i32,
    pub(super) height: i32,
}

/// One entry of a legend.
#[derive(Clone)]
pub(super) enum Key {
    /// A filled square.
    Fill(Rgb, String),
    /// A dot with the shape of the policy at this position.
    Dot(usize, String),
    /// A line.
    Line(Stroke, String),
}

impl Key {
    /// Whether it stands for what another one stands for.
    pub(super) fn says_as(&self, other: &Self) -> bool {
        self.label().1 == other.label().1
    }

    /// Its label, and how far right of its swatch's left edge that begins.
    fn label(&self) -> (i32, String) {
        let (indent, label) = match self {
            Self::Fill(_, label) | Self::Dot(_, label) => (18, label),
            Self::Line(_, label) => (30, label),
        };
        (indent, shortened(label, 48))
    }
}

/// Where the entries of a legend stand in a figure so wide.
fn places(width: i32, legend: &[Key]) -> Vec<(i32, i32)> {
    let (mut x, mut y) = (12, 42);
    let place = |key: &Key| {
        let (indent, label) = key.label();
        let wide = indent + 20 + label.chars().count() as i32 * 7;
        if x + wide > width && x > 12 {
            (x, y) = (12, y + 18);
        }
        x += wide;
        (x - wide, y)
    };
    legend.iter().map(place).collect()
}

/// How high title and legend of a figure so wide are.
pub(super) fn head_height(width: i32, legend: &[Key]) -> i32 {
    places(width, legend).last().map_or(36, |(_, y)| y + 18)
}

/// How a line looks.
#[derive(Clone, Copy)]
pub(super) struct Stroke {
    pub(super) colour: Rgb,
    pub(super) dash: &'static [u32],
    pub(super) width: f64,
}

impl Stroke {
    pub(super) fn policy(position: usize, main: usize) -> Self {
        let ink = palette::policy(position, main);
        Self {
            colour: ink.colour,
            dash: ink.dash,
            width: ink.width,
        }
    }
}

/// The transformation of one panel: from data to shown pixels.
pub(super) struct Panel {
    place: Place,
    x: (f64, f64),
    y: (f64, f64),
}

impl Panel {
    /// Where `(x, y)` is on the sheet.
    pub(super) fn at(&self, x: f64, y: f64) -> (f64, f64) {
        let part =
            |value: f64, (low, high): (f64, f64)| ((value - low) / (high - low)).clamp(0.0, 1.0);
        let inner = inner(self.place);
        (
            f64::from(inner.x) + part(x, self.x) * f64::from(inner.width),
            f64::from(inner.y) + (1.0 - part(y, self.y)) * f64::from(inner.height),
        )
    }
}

fn inner(place: Place) -> Place {
    Place {
        x: place.x + LEFT,
        y: place.y,
        width: place.width - LEFT,
        height: place.height - BELOW,
    }
}

/// What all lines have in common.
const ROUND: &str = r#"fill="none" stroke-linejoin="round""#;

/// A sheet being drawn.
pub(super) struct Canvas<'a> {
    area: Area<'a>,
    paths: String,
    width: i32,
}

impl Canvas<'_> {
    /// Text of `size` at `(x, y)`, anchored by its middle height.
    pub(super) fn text(&self, text: &str, x: i32, y: i32, look: Look) -> Result<(), String> {
        let style = FontStyle::from(if look.bold { "bold" } else { "normal" });
        let font = FontDesc::new(
            FontFamily::SansSerif,
            f64::from(look.size * SCALE) * 1.24,
            style,
        );
        let font = if look.upright {
            font.transform(FontTransform::Rotate270)
        } else {
            font
        };
        let colour = rgb(look.colour);
        let style = TextStyle::from(font)
            .color(&colour)
            .pos(Pos::new(look.anchor, VPos::Center));
        self.area
            .draw_text(text, &style, (x * SCALE, y * SCALE))
            .map_err(|error| error.to_string())
    }

    /// The title, the legend below it; returns where panels may begin.
    pub(super) fn head(&mut self, title: &str, legend: &[Key]) -> Result<i32, String> {
        // The width of letters is not known here; these are those of most sans-serif fonts.
        let most = (self.width - 24) as usize / 8;
        self.text(&shortened(title, most), 12, 18, Look::title())?;
        for (key, (x, y)) in legend.iter().zip(places(self.width, legend)) {
            let (indent, label) = key.label();
            self.swatch(key, x, y);
            self.text(&label, x + indent, y, Look::label())?;
        }
        Ok(head_height(self.width, legend))
    }

    fn swatch(&mut self, key: &Key, x: i32, y: i32) {
        let stroke = match key {
            Key::Fill(colour, _) => {
                let (x, y) = (x * SCALE, (y - 6) * SCALE);
                let side = 12 * SCALE;
                let fill = palette::hex(*colour);
                let _ = writeln!(
                    self.paths,
                    r#"<rect x="{x}" y="{y}" width="{side}" height="{side}" fill="{fill}"/>"#
                );
                return;
            }
            Key::Dot(position, _) => {
                return self.dot((f64::from(x + 6), f64::from(y)), *position, FAINT);
            }
            Key::Line(stroke, _) => *stroke,
        };
        let (x, y) = (f64::from(x), f64::from(y));
        self.stroke(&[(x, y), (x + 24.0, y)], stroke);
    }

    /// Axes with light horizontal lines; `x.ticks` are labelled below, `y.ticks` on the left.
    pub(super) fn panel(&self, place: Place, x: &Axis, y: &Axis) -> Result<Panel, String> {
        let size = (place.width * SCALE, place.height * SCALE);
        let area = self
            .area
            .clone()
            .shrink((place.x * SCALE, place.y * SCALE), size);
        let mut chart = ChartBuilder::on(&area)
            .x_label_area_size(BELOW * SCALE)
            .y_label_area_size(LEFT * SCALE)
            .build_cartesian_2d(x.clone(), y.clone())
            .map_err(|error| error.to_string())?;
        let font = (FontFamily::SansSerif, f64::from(11 * SCALE) * 1.24)
            .into_font()
            .color(&rgb(FAINT));
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(rgb(GRID).stroke_width(2))
            .axis_style(rgb(FAINT).stroke_width(2))
            .label_style(font)
            .set_all_tick_mark_size(4 * SCALE)
            .draw()
            .map_err(|error| error.to_string())?;
        Ok(Panel {
            place,
            x: (x.low, x.high),
            y: (y.low, y.high),
        })
    }

    /// A line through points of a panel, broken where a value is not a number.
    pub(super) fn line(
        &mut self,
        panel: &Panel,
        points: impl Iterator<Item = (f64, f64)>,
        stroke: Stroke,
    ) {
        let mut unit = Vec::new();
        for (x, y) in points {
            if y.is_nan() {
                self.stroke(&unit, stroke);
                unit.clear();
            } else {
                unit.push(panel.at(x, y));
            }
        }
        self.stroke(&unit, stroke);
    }

    pub(super) fn stroke(&mut self, points: &[(f64, f64)], stroke: Stroke) {
        if points.is_empty() {
            return;
        }
        let dash: Vec<String> = stroke.dash.iter().map(|d| (d * 2).to_string()).collect();
        let dash = if dash.is_empty() {
            String::new()
        } else {
            format!(r#" stroke-dasharray="{}""#, dash.join(" "))
        };
        let _ = writeln!(
            self.paths,
            r#"<path d="{}" stroke="{}" stroke-width="{}" {ROUND}{dash}/>"#,
            path(points),
            palette::hex(stroke.colour),
            stroke.width * f64::from(SCALE),
        );
    }

    /// The area between two lines over the same points.
    pub(super) fn between(
        &mut self,
        panel: &Panel,
        xs: &[f64],
        low: &[f64],
        high: &[f64],
        fill: Rgb,
    ) {
        let upper = xs.iter().zip(high).map(|(x, y)| panel.at(*x, *y));
        let lower = xs.iter().zip(low).rev().map(|(x, y)| panel.at(*x, *y));
        let points: Vec<(f64, f64)> = upper.chain(lower).collect();
        let (path, fill) = (path(&points), palette::hex(fill));
        let _ = writeln!(self.paths, r#"<path d="{path}Z" fill="{fill}"/>"#);
    }

    /// A dot of a panel, with the shape of its policy: circle, square, diamond.
    pub(super) fn dot(&mut self, (x, y): (f64, f64), policy: usize, colour: Rgb) {
        let fill = palette::hex(colour);
        let (x, y) = (x * f64::from(SCALE), y * f64::from(SCALE));
        let shape = match policy % 3 {
            0 => format!(r#"<circle cx="{x:.0}" cy="{y:.0}" r="9""#),
            1 => format!(r#"<path d="M{:.0} {:.0}h16v16h-16Z""#, x - 8.0, y - 8.0),
            _ => format!(r#"<path d="M{x:.0} {:.0}l11 11l-11 11l-11 -11Z""#, y - 11.0),
        };
        let _ = writeln!(self.paths, r#"{shape} fill="{fill}"/>"#);
    }

    /// A ready-made element, in drawn pixels.
    pub(super) fn raw(&mut self, element: &str) {
        self.paths += element;
        self.paths.push('\n');
    }
}

/// `M x y` and relative lines, in drawn pixels: short, and precise to half a shown pixel.
fn path(points: &[(f64, f64)]) -> String {
    let mut text = String::new();
    let mut last = (0, 0);
    for (i, (x, y)) in points.iter().enumerate() {
        let scale = f64::from(SCALE);
        let here = ((x * scale).round() as i64, (y * scale).round() as i64);
        let _ = match i {
            0 => write!(text, "M{} {}", here.0, here.1),
            _ => write!(text, "l{} {}", here.0 - last.0, here.1 - last.1),
        };
        last = here;
    }
    text
}

/// How text looks.
#[derive(Clone, Copy)]
pub(super) struct Look {
    size: i32,
    bold: bool,
    upright: bool,
    anchor: HPos,
    colour: Rgb,
}

impl Look {
    pub(super) fn title() -> Self {
        Self {
            size: 15,
            bold: true,
            ..Self::label()
        }
    }

    pub(super) fn label() -> Self {
        Self {
            size: 12,
            bold: false,
            upright: false,
            anchor: HPos::Left,
            colour: INK,
        }
    }

    pub(super) fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    pub(super) fn faint(self) -> Self {
        Self {
            size: 11,
            colour: FAINT,
            ..self
        }
    }

    pub(super) fn upright(self) -> Self {
        Self {
            upright: true,
            anchor: HPos::Center,
            ..self
        }
    }

    pub(super) fn centred(self) -> Self {
        Self {
            anchor: HPos::Center,
            ..self
        }
    }

    pub(super) fn right(self) -> Self {
        Self {
            anchor: HPos::Right,
            ..self
        }
    }
}

/// What a figure says about itself.
pub(super) struct About {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) caption: String,
}

/// Draws a figure of `width` by `height` shown pixels.
pub(super) fn figure(
    about: About,
    (width, height): (i32, i32),
    draw: impl FnOnce(&mut Canvas<'_>) -> Result<(), String>,
) -> Result<Figure, OutputError> {
    let mut body = String::new();
    let size = ((width * SCALE) as u32, (height * SCALE) as u32);
    let paths = paint(&mut body, size, width, draw).map_err(|cause| OutputError::Figure {
        figure: about.name.clone(),
        cause,
    })?;
    let start = body.find('>').map_or(0, |i| i + 1);
    let end = body.rfind("</svg>").unwrap_or(body.len());
    let title = minijinja::HtmlEscape(&about.title);
    let caption = minijinja::HtmlEscape(&about.caption);
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {} {}\" role=\"img\" font-family=\"sans-serif\">\n\
         <title>{title}</title>\n<desc>{caption}</desc>{}{paths}</svg>\n",
        size.0,
        size.1,
        &body[start..end],
    );
    Ok(Figure {
        name: about.name,
        title: about.title,
        caption: about.caption,
        svg,
    })
}

fn paint(
    body: &mut String,
    size: (u32, u32),
    width: i32,
    draw: impl FnOnce(&mut Canvas<'_>) -> Result<(), String>,
) -> Result<String, String> {
    let area = SVGBackend::with_string(body, size).into_drawing_area();
    area.fill(&rgb(PAPER)).map_err(|error| error.to_string())?;
    let mut canvas = Canvas {
        area,
        paths: String::new(),
        width,
    };
    draw(&mut canvas)?;
    canvas.area.present().map_err(|error| error.to_string())?;
    Ok(canvas.paths)
}
