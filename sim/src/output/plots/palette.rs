//! Colours and dashes, the same in every figure and in the report.
//!
//! Frameworks have hues, policies have ink: no line of a policy can be taken for a framework. All colours
//! stand out from white and from the report's dark ground by at least 3 to 1, which puts their luminance
//! into a narrow band; neighbours differ by hue, and hues return lighter or darker, then greyer.

use plotters::style::RGBColor;

/// A colour as red, green, blue.
pub type Rgb = (u8, u8, u8);

/// Text and the policy compared; the report swaps it for its own text colour.
pub const INK: Rgb = (0x22, 0x22, 0x22);
/// Secondary text and the baseline.
pub const FAINT: Rgb = (0x66, 0x66, 0x66);
/// Lines of the grid.
pub const GRID: Rgb = (0xE2, 0xE2, 0xE2);
/// The ground.
pub const PAPER: Rgb = (0xFF, 0xFF, 0xFF);
/// The ground of the report when it is dark.
pub const DARK: Rgb = (0x16, 0x18, 0x1B);
/// Good news for a framework.
pub const GOOD: Rgb = (0x00, 0x66, 0x4A);
/// Bad news for a framework.
pub const BAD: Rgb = (0xA3, 0x3A, 0x00);

/// Blue, orange, green, pink, violet, red, olive.
const FRAMEWORKS: [u32; 21] = [
    0x00_72B2, 0xD1_7E00, 0x00_9E73, 0xD5_6FA9, 0x83_54D4, 0xD2_301E, 0x7E_8800, //
    0x47_96E6, 0x84_640F, 0x0D_7566, 0xAD_4371, 0xAA_81D3, 0xD7_7A5D, 0x5D_710D, //
    0x46_879B, 0xA6_7447, 0x3C_8D6B, 0xA2_6E93, 0x83_77AC, 0xB0_6B6E, 0x9B_9643,
];

const DASHES: [&[u32]; 5] = [&[7, 3], &[2, 2], &[9, 3, 2, 3], &[12, 4], &[1, 3]];

/// The colour of a framework by its position.
pub fn framework(position: usize) -> Rgb {
    let [_, red, green, blue] = FRAMEWORKS[position % FRAMEWORKS.len()].to_be_bytes();
    (red, green, blue)
}

/// How the line of a policy looks.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Ink {
    /// [`INK`] or [`FAINT`].
    pub colour: Rgb,
    /// Pixels on and off; nothing for a solid line.
    pub dash: &'static [u32],
    /// In pixels.
    pub width: f64,
}

/// The line of a policy by its position: that of the policy compared, `main`, is the boldest, that of the
/// baseline solid and grey, others are dashed.
pub fn policy(position: usize, main: usize) -> Ink {
    let (colour, dash, width): (Rgb, &'static [u32], f64) = match position {
        _ if position == main => (INK, &[], 2.8),
        0 => (FAINT, &[], 1.5),
        _ => (INK, DASHES[(position - 1) % DASHES.len()], 1.4),
    };
    Ink {
        colour,
        dash,
        width,
    }
}

/// The order in which policies' lines are drawn: the boldest first, so that it hides none.
pub fn order(policies: usize, main: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..policies).collect();
    order.sort_by_key(|position| *position != main);
    order
}

/// `#0072B2`.
pub fn hex(colour: Rgb) -> String {
    format!("#{:02X}{:02X}{:02X}", colour.0, colour.1, colour.2)
}

/// For the drawing library.
pub(super) fn rgb(colour: Rgb) -> RGBColor {
    RGBColor(colour.0, colour.1, colour.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The contrast of two colours by the Web Content Accessibility Guidelines.
    fn contrast(one: Rgb, other: Rgb) -> f64 {
        let part = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        };
        let light = |(r, g, b): Rgb| 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b) + 0.05;
        let (one, other) = (light(one), light(other));
        one.max(other) / one.min(other)
    }

    #[test]
    fn lines_stand_out_in_light_and_dark() {
        for position in 0..21 {
            for ground in [PAPER, DARK] {
                let colour = framework(position);
                let contrast = contrast(colour, ground);
                assert!(contrast >= 3.0, "{}: {contrast}", hex(colour));
            }
        }
    }

    #[test]
    fn text_stands_out_more() {
        for colour in [INK, FAINT, GOOD, BAD] {
            assert!(contrast(colour, PAPER) >= 4.5, "{}", hex(colour));
        }
    }

    /// As the report's stylesheet has them.
    #[test]
    fn text_of_the_report_stands_out_in_both_of_its_themes() {
        let style = include_str!("../../../assets/report.css");
        let value = |block: &str, name: &str| -> Rgb {
            let (_, rest) = block.split_once(&format!("{name}: #")).expect("a colour");
            let number = u32::from_str_radix(&rest[..6], 16).expect("hexadecimal");
            let [_, red, green, blue] = number.to_be_bytes();
            (red, green, blue)
        };
        let (light, dark) = style.split_once("data-theme=\"dark\"").expect("two themes");
        for block in [light, dark] {
            for name in ["--ink", "--faint", "--good", "--bad", "--link"] {
                for ground in ["--paper", "--raised"] {
                    let contrast = contrast(value(block, name), value(block, ground));
                    assert!(contrast >= 4.5, "{name} on {ground}: {contrast}");
                }
            }
        }
    }

    #[test]
    fn the_policy_compared_is_the_boldest_and_none_has_a_hue() {
        for main in 0..8 {
            for position in 0..8 {
                let ink = policy(position, main);
                assert!(position == main || ink.width < policy(main, main).width);
                let (red, green, blue) = ink.colour;
                assert!(red == green && green == blue);
            }
        }
        assert_eq!(order(4, 2), [2, 0, 1, 3]);
    }
}
