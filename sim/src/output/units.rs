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

/// A relative change with its interval: `−39 ± 2 %`; `−39 %` from a single seed.
pub fn change(estimate: &Estimate, unit: &str) -> String {
    let mean = estimate.mean * 100.0;
    match estimate.half() {
        None => format!("{} {unit}", signed(mean, 1)),
        Some(half) => {
            let half = half * 100.0;
            let decimals = decimals(half, if mean.abs() < 9.995 { 2 } else { 1 });
            format!(
                "{} ± {} {unit}",
                signed(mean, decimals),
                small(half, decimals)
            )
        }
    }
}

/// A factor with half its interval: `1.64 ± 0.03`; with both ends, `1.6 (0.5 to 5.0)`, where it is
/// so wide that its ends are not equally far.
pub fn factor(estimate: &Estimate) -> String {
    let (Some(half), Some((low, high))) = (estimate.half(), estimate.interval) else {
        return fixed(estimate.mean, 2);
    };
    let decimals = decimals(half, 3).max(1);
    let mean = fixed(estimate.mean, decimals);
    if half > estimate.mean / 4.0 {
        return format!("{mean} ({} to {})", short(low), short(high));
    }
    format!("{mean} ± {}", small(half, decimals))
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

/// `half` rounded; an upper bound where rounding would leave nothing.
fn small(half: f64, decimals: usize) -> String {
    let text = fixed(half, decimals);
    let nothing = text.bytes().all(|b| b == b'0' || b == b'.');
    match (nothing, half > 0.0) {
        (true, true) => format!(
            "<{}",
            match decimals {
                0 => "1".to_owned(),
                _ => format!("0.{:0>decimals$}", 1),
            }
        ),
        (true, false) => "0".to_owned(),
        _ => text,
    }
}

fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let nothing = text.bytes().all(|b| b == b'0' || b == b'.');
    if value < 0.0 && !nothing {
        format!("−{text}")
    } else {
        text
    }
}

fn signed(value: f64, decimals: usize) -> String {
    let text = fixed(value, decimals);
    let nothing = text.bytes().all(|b| b == b'0' || b == b'.');
    if value > 0.0 && !nothing {
        format!("+{text}")
    } else {
        text
    }
}

/// `3 jobs`, `1 job`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(mean: f64, half: f64) -> Estimate {
        Estimate {
            mean,
            interval: Some((mean - half, mean + half)),
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
        assert_eq!(change(&with(-0.39, 0.021), "%"), "−39 ± 2 %");
        assert_eq!(change(&with(0.034, 0.0031), "%"), "+3.4 ± 0.3 %");
        assert_eq!(change(&with(0.0, 0.0), "%"), "0.00 ± 0 %");
        assert_eq!(change(&with(0.1, 0.000_001), "%"), "+10.0 ± <0.1 %");
        let one = Estimate {
            mean: 0.1,
            interval: None,
            seeds: 1,
        };
        assert_eq!(change(&one, "%"), "+10.0 %");
    }

    #[test]
    fn factors_show_their_spread() {
        assert_eq!(factor(&with(1.6432, 0.031)), "1.64 ± 0.03");
        assert_eq!(factor(&with(1.6432, 0.12)), "1.6 ± 0.1");
        assert_eq!(factor(&with(16.0, 2.0)), "16.0 ± 2.0");
        let wide = Estimate {
            mean: 1.6,
            interval: Some((0.5, 5.12)),
            seeds: 2,
        };
        assert_eq!(factor(&wide), "1.6 (0.5 to 5.12)");
    }
}
