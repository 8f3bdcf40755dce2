//! Colours and dashes, the same in every figure and in the report.
//!
//! Okabe and Ito's eight colours stay apart for colour-blind eyes. Frameworks and policies take
//! them from opposite ends, and a policy also has a dash of its own.

use plotters::style::RGBColor;

/// A colour as red, green, blue.
pub type Rgb = (u8, u8, u8);

const BLUE: Rgb = (0x00, 0x72, 0xB2);
const ORANGE: Rgb = (0xE6, 0x9F, 0x00);
const GREEN: Rgb = (0x00, 0x9E, 0x73);
const SKY: Rgb = (0x56, 0xB4, 0xE9);
const YELLOW: Rgb = (0xF0, 0xE4, 0x42);
const PURPLE: Rgb = (0xCC, 0x79, 0xA7);
const VERMILLION: Rgb = (0xD5, 0x5E, 0x00);

/// Text and the baseline; the report swaps it for its own text colour.
pub const INK: Rgb = (0x22, 0x22, 0x22);
/// Secondary text.
pub const FAINT: Rgb = (0x66, 0x66, 0x66);
/// Lines of the grid.
pub const GRID: Rgb = (0xE2, 0xE2, 0xE2);
/// The ground.
pub const PAPER: Rgb = (0xFF, 0xFF, 0xFF);

const FRAMEWORKS: [Rgb; 7] = [BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILLION, YELLOW];
const POLICIES: [Rgb; 6] = [INK, VERMILLION, PURPLE, SKY, BLUE, GREEN];
const DASHES: [&[u32]; 6] = [&[], &[7, 3], &[2, 2], &[9, 3, 2, 3], &[12, 4], &[1, 3]];

/// The colour of a framework by its position; after seven they return lighter, then darker.
pub fn framework(position: usize) -> Rgb {
    let (red, green, blue) = FRAMEWORKS[position % FRAMEWORKS.len()];
    let shade = |part: u8| match position / FRAMEWORKS.len() % 3 {
        0 => part,
        1 => 128 + part / 2,
        _ => part / 2,
    };
    (shade(red), shade(green), shade(blue))
}

/// The colour of a policy by its position; the baseline has the colour of text.
pub fn policy(position: usize) -> Rgb {
    POLICIES[position % POLICIES.len()]
}

/// The dash of a policy in pixels on and off; the baseline's line is solid.
pub fn dash(position: usize) -> &'static [u32] {
    DASHES[position % DASHES.len()]
}

/// `#0072B2`.
pub fn hex(colour: Rgb) -> String {
    format!("#{:02X}{:02X}{:02X}", colour.0, colour.1, colour.2)
}

/// For the drawing library.
pub(super) fn rgb(colour: Rgb) -> RGBColor {
    RGBColor(colour.0, colour.1, colour.2)
}
