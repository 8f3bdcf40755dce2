//! Numbers as people read them: few digits, a unit, a real minus sign.
//!
//! Tables on disk keep whole numbers; only text and pictures round.

use super::stats::Estimate;

/// `value` with about three significant digits: 0.123, 1.23, 12.3, 123, 1234.
pub fn short(value: f64) -> String {
    let decimals = match value.abs() {
        x if x >= 99.95 => 0,
        x if x >= 9.995 => 1,
        _ => 2,
    };
    let text = fixed(value, decimals);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// A length of time from microseconds: `250 ms`, `4.2 s`, `6.9 min`, `3.1 h`.
pub fn duration(micros: f64) -> String {
    let (size, unit) = match micros {
        x if x < 1e3 => (1.0, "µs"),
        x if x < 1e6 => (1e3, "ms"),
        x if x < 120e6 => (1e6, "s"),
        x if x < 7200e6 => (60e6, "min"),
        x if x < 172_800e6 => (3600e6, "h"),
        _ => (86_400e6, "d"),
    };
    if micros <= 0.0 {
        return "0 s".to_owned();
    }
    format!("{} {unit}", short(micros / size))
}

/// A fraction as a percentage: `3.4 %`.
pub fn percent(fraction: f64) -> String {
    format!("{} %", short(fraction * 100.0))
}

/// Beyond this a change is told no more closely: few seeds make intervals that are mostly digits.
const MOST: f64 = 99.99;

/// A change with its interval: `−39 % (−41 to −37)`; `−39 %` from a single seed. It has as many digits
/// as the interval allows, and as many as it takes to see on which side of nothing it lies.
pub fn change(estimate: &Estimate, unit: &str) -> String {
    match change_parts(estimate, unit) {
        (mean, None) => mean,
        (mean, Some(interval)) => format!("{mean} ({interval})"),
    }
}

/// The same within brackets: `−39 %, −41 to −37`.
pub fn change_inside(estimate: &Estimate, unit: &str) -> String {
    match change_parts(estimate, unit) {
        (mean, None) => mean,
        (mean, Some(interval)) => format!("{mean}, {interval}"),
    }
}

fn change_parts(estimate: &Estimate, unit: &str) -> (String, Option<String>) {
    let digits = digits(estimate);
    let show = |value: f64| match value {
        value if value > MOST => format!("> +{:.0}", MOST * 100.0),
        value => signed(value * 100.0, digits),
    };
    let interval = estimate
        .interval
        .map(|(low, high)| format!("{} to {}", show(low), show(high)));
    (format!("{} {unit}", show(estimate.mean)), interval)
}

/// The same in words: `39 % lower (37 to 41)`, `12 % lower (31 % lower to 9 % higher)`.
pub fn lower(estimate: &Estimate) -> String {
    match lower_parts(estimate) {
        (mean, None) => mean,
        (mean, Some(interval)) => format!("{mean} ({interval})"),
    }
}

/// The same within brackets: `39 % lower, 37 to 41`.
pub fn lower_inside(estimate: &Estimate) -> String {
    match lower_parts(estimate) {
        (mean, None) => mean,
        (mean, Some(interval)) => format!("{mean}, {interval}"),
    }
}

fn lower_parts(estimate: &Estimate) -> (String, Option<String>) {
    let digits = digits(estimate);
    let bare = |value: f64| match value {
        value if value > MOST => format!("more than {:.0}", MOST * 100.0),
        value => fixed((value * 100.0).abs(), digits),
    };
    let word = |value: f64| if value < 0.0 { "lower" } else { "higher" };
    // What rounds to nothing is on no side.
    let told = |value: f64| match bare(value) {
        text if nothing(&text) => "the same".to_owned(),
        text => format!("{text} % {}", word(value)),
    };
    let interval = match estimate.interval {
        None => None,
        Some((low, high)) if high - low < 1e-9 => None,
        Some((low, high)) if high < 0.0 => Some(format!("{} to {}", bare(high), bare(low))),
        Some((low, high)) if low > 0.0 => Some(format!("{} to {}", bare(low), bare(high))),
        Some((low, high)) => Some(format!("{} to {}", told(low), told(high))),
    };
    (told(estimate.mean), interval)
}

/// How many decimals of a percentage a change has: the same for its middle and its ends.
fn digits(estimate: &Estimate) -> usize {
    let most = if estimate.mean.abs() < 0.099_95 { 2 } else { 1 };
    // Rounding must move nothing that is concluded from to nothing, nor to everything.
    let clear = |value: f64, digits: usize| {
        let nothing = nothing(&fixed((value * 100.0).abs(), digits));
        let everything = value > -1.0 && format!("{:.digits$}", value * -100.0).starts_with("100");
        (!nothing || value == 0.0) && !everything
    };
    let Some((low, high)) = estimate.interval else {
        // From one seed the mean alone says on which side it lies.
        return (1..4)
            .find(|digits| clear(estimate.mean, *digits))
            .unwrap_or(4);
    };
    let mut digits = decimals((high - low) * 50.0, most);
    let differs = estimate.differs_from(0.0);
    let fits = |digits: usize| {
        let ends = !differs || (clear(low, digits) && clear(high, digits));
        ends && (clear(low, digits) || low.abs() < 0.5)
            && (clear(estimate.mean, digits) || !differs)
    };
    while digits < 4 && !fits(digits) {
        digits += 1;
    }
    digits
}

/// How many decimals show the first digit of `half`, at most `most`.
fn decimals(half: f64, most: usize) -> usize {
    let mut decimals = 0;
    let mut scale = 1.0;
    while decimals < most && half * scale < 0.95 {
        decimals += 1;
        scale *= 10.0;
    }
    decimals
}

/// Whether digits are those of nothing.
fn nothing(text: &str) -> bool {
    text.bytes().all(|b| b == b'0' || b == b'.')
}

fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    if value < 0.0 && !nothing(&text) {
        format!("−{text}")
    } else {
        text
    }
}

fn signed(value: f64, decimals: usize) -> String {
    let text = fixed(value, decimals);
    if value > 0.0 && !nothing(&text) {
        format!("+{text}")
    } else {
        text
    }
}

/// `text`, cut with an ellipsis when it has more than `most` characters.
pub fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most - 1).collect();
    format!("{kept}…")
}

/// A whole number with its thousands apart: `7,968`.
pub fn number(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `3 jobs`, `1 job`.
pub fn count(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(mean: f64, low: f64, high: f64) -> Estimate {
        Estimate {
            mean,
            interval: Some((low, high)),
            seeds: 20,
        }
    }

    #[test]
    fn times_take_the_unit_people_use() {
        assert_eq!(duration(250.0), "250 µs");
        assert_eq!(duration(250_000.0), "250 ms");
        assert_eq!(duration(4_200_000.0), "4.2 s");
        assert_eq!(duration(414e6), "6.9 min");
        assert_eq!(duration(3.1 * 3600e6), "3.1 h");
        assert_eq!(duration(0.0), "0 s");
    }

    #[test]
    fn changes_keep_the_digits_the_interval_allows() {
        let shown = |mean, low, high| change(&with(mean, low, high), "%");
        assert_eq!(shown(-0.39, -0.411, -0.368), "−39 % (−41 to −37)");
        assert_eq!(shown(0.034, 0.0309, 0.0371), "+3.4 % (+3.1 to +3.7)");
        assert_eq!(shown(0.0, 0.0, 0.0), "0.00 % (0.00 to 0.00)");
        assert_eq!(shown(1.0, -0.9, 24_000.0), "+100 % (−90 to > +9999)");
        assert_eq!(change(&alone(0.1), "%"), "+10.0 %");
    }

    /// An end that is not nothing is not printed as nothing, one above minus everything not as that.
    #[test]
    fn rounding_contradicts_no_verdict() {
        let shown = |mean, low, high| change(&with(mean, low, high), "%");
        assert_eq!(shown(0.05, 0.0004, 0.1), "+5.00 % (+0.04 to +10.00)");
        assert_eq!(
            shown(0.05, 0.000_001, 0.1),
            "+5.0000 % (+0.0001 to +10.0000)"
        );
        assert_eq!(shown(-0.05, -0.1, -0.0004), "−5.00 % (−10.00 to −0.04)");
        assert_eq!(shown(0.05, -0.0004, 0.1), "+5 % (0 to +10)");
        assert_eq!(shown(-0.9, -0.998, -0.2), "−90.0 % (−99.8 to −20.0)");
    }

    #[test]
    fn changes_are_told_in_words() {
        let told = |mean, low, high| lower(&with(mean, low, high));
        assert_eq!(told(-0.32, -0.34, -0.30), "32 % lower (30 to 34)");
        assert_eq!(told(0.24, 0.226, 0.255), "24 % higher (23 to 26)");
        assert_eq!(
            told(-0.12, -0.31, 0.09),
            "12 % lower (31 % lower to 9 % higher)"
        );
        assert_eq!(told(0.0, 0.0, 0.0), "the same");
        assert_eq!(
            told(0.0001, -0.005, 0.0051),
            "the same (0.5 % lower to 0.5 % higher)"
        );
    }

    /// An end that rounds to nothing is on no side, whatever the middle's digits are.
    #[test]
    fn nothing_is_neither_lower_nor_higher() {
        let told = |mean, low, high| lower(&with(mean, low, high));
        assert_eq!(
            told(0.15, -0.003, 0.32),
            "15 % higher (the same to 32 % higher)"
        );
        assert_eq!(
            told(-0.15, -0.32, 0.004),
            "15 % lower (32 % lower to the same)"
        );
        assert_eq!(
            told(0.15, -0.03, 0.32),
            "15 % higher (3 % lower to 32 % higher)"
        );
        assert_eq!(told(0.15, 0.003, 0.32), "15.0 % higher (0.3 to 32.0)");
    }

    fn alone(mean: f64) -> Estimate {
        Estimate {
            mean,
            interval: None,
            seeds: 1,
        }
    }

    #[test]
    fn one_seed_has_the_digits_that_its_side_takes() {
        let told = |mean| (change(&alone(mean), "%"), lower(&alone(mean)));
        let check = |mean, signed: &str, worded: &str| {
            assert_eq!(told(mean), (signed.to_owned(), worded.to_owned()));
        };
        check(-0.39, "−39.0 %", "39.0 % lower");
        check(0.0004, "+0.04 %", "0.04 % higher");
        check(-0.000_001, "−0.0001 %", "0.0001 % lower");
        check(-0.9999, "−99.99 %", "99.99 % lower");
        check(0.0, "0.0 %", "the same");
    }

    proptest::proptest! {
        /// Whoever is said to gain or to pay has a number on that side, with one seed and with several;
        /// an interval that is shown lies where the verdict says.
        #[test]
        fn numbers_and_verdicts_agree(
            mean in -999_999_i64..3_000_000,
            low in 0_i64..400_000,
            high in 0_i64..400_000,
            scale in 0_u32..6,
            seeds in 1_usize..5,
        ) {
            let ppm = |value: i64| (value / 10_i64.pow(scale)) as f64 / 1e6;
            let (mean, low, high) = (ppm(mean), ppm(low), ppm(high));
            let interval = (seeds > 1).then_some(((mean - low).max(-0.999_999), mean + high));
            let estimate = Estimate { mean, interval, seeds }.in_ppm();
            let (signed, worded) = (change(&estimate, "%"), lower(&estimate));
            let concluded = seeds == 1 || estimate.differs_from(0.0);
            let (sign, word) = match estimate.mean {
                mean if mean < 0.0 => ("−", " % lower"),
                mean if mean > 0.0 => ("+", " % higher"),
                _ => ("0", "the same"),
            };
            proptest::prop_assert!(!concluded || signed.starts_with(sign), "{signed}");
            let first = worded.split(" (").next().unwrap_or_default();
            proptest::prop_assert!(!concluded || first.ends_with(word), "{worded}");
            for text in [&signed, &worded] {
                for zero in ["0", "0.0", "0.00", "0.000", "0.0000"] {
                    for sides in ["% lower", "% higher"] {
                        let said = format!("({zero} {sides}");
                        let to = format!(" to {zero} {sides}");
                        proptest::prop_assert!(
                            !text.starts_with(&format!("{zero} {sides}"))
                                && !text.contains(&said)
                                && !text.contains(&to),
                            "{text}"
                        );
                    }
                }
            }
            if let (Some((_, ends)), true) = (signed.split_once(" ("), concluded) {
                let ends = ends.trim_end_matches(')');
                let mut ends = ends.split(" to ").map(|end| end.trim_start_matches("> "));
                proptest::prop_assert!(ends.all(|end| end.starts_with(sign)), "{signed}");
            }
        }
    }

    #[test]
    fn thousands_are_apart() {
        let numbers = [0, 999, 1000, 7968, 1_234_567].map(number);
        assert_eq!(numbers, ["0", "999", "1,000", "7,968", "1,234,567"]);
    }
}
