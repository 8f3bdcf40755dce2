//! Against a table in more digits than scores have, and laws that hold for all.

use proptest::prelude::*;

use super::*;

/// `numerator denominator`, and floor(2^48 f(x)) of f = sqrt, log2, log10, exp2, pow10, sigmoid; worked out in 400
/// bits. `-` where it lies beyond what scores hold.
const TABLE: &str = "
    1 1 281474976710656 0 0 562949953421312 2814749767106560 205774696394005
    2 1 398065729532860 281474976710656 84732411018727 1125899906842624 28147497671065600 247922337010638
    3 1 487528960722122 446127282977750 134297694060375 2251799813685248 281474976710656000 268125780162517
    10 1 890102030748522 935039633142894 281474976710656 288230376151711744 2814749767106560000000000 281462198346620
    1000 1 8901020307485223 2805118899428682 844424930131968 - - 281474976710656
    1 3 162509653574040 -446127282977752 -134297694060377 354636248176424 606419454201352 163978935296302
    7 10 235498861483415 -144839471838185 -43601025579423 457257448695091 1410716649129143 188078137609379
    -1 3 - - - 223406837066609 130649110884159 117496041414353
    -5 1 - - - 8796093022208 2814749767 1883870058040
    1 1000000 281474976355 -5610237799882625 -1688849860572570 281475171814309 281475624831485 140737558724071
    999999937 1 8901020027103079111 8415356672702845 2533274782694592 - - 281474976710656
    86400 7 31271422922608336 3825635837467610 1151631139564845 - - 281474976710656
    123456789012 1 98900225193535225674 10371006095290742 3121983919896494 - - 281474976710656
    -22 7 - - - 31867318413121 202573508046 11645647468569
    1048577 1048576 281475110928352 387270316 116579981 562950325551993 2814755948068140 205774749171608
    40 3 1027801294117783 1051862303586455 316642104687736 2905180145061268595 6064194542013521953065524936 281474520835424
    -30 1 - - - 262144 0 26
    1 281474976710656 16777216 -13510798882111488 -4067155728898944 281474976710656 281474976710658 140737488355328
    9007199254740993 1 26713738906281539453802 14918173765664768 4490817783992583 - - 281474976710656
";

/// That a result is at most so many steps below the right one, and `1 / 2^part` of it.
fn near(what: &str, found: Score, right: &str, steps: i128, part: u32) {
    let Ok(right) = right.parse::<i128>() else {
        return;
    };
    let slack = steps + (right.abs() >> part);
    let low = (right - slack)..=right;
    assert!(
        low.contains(&found.0),
        "{what}: found {}, right {right}",
        found.0
    );
}

#[test]
fn formulas_are_right_to_the_last_steps() {
    for row in TABLE.lines().filter(|row| !row.trim().is_empty()) {
        let cells: Vec<&str> = row.split_whitespace().collect();
        let whole = |cell: usize| cells[cell].parse().expect("a whole number");
        let x = Score::ratio(whole(0), whole(1));
        if x > Score::ZERO {
            near("sqrt", x.sqrt(), cells[2], 0, 62);
            near("log2", x.log2(), cells[3], 2, 126);
            near("log10", x.log10(), cells[4], 2, 126);
        }
        near("exp2", x.exp2(), cells[5], 1, 54);
        near("pow10", x.pow10(), cells[6], 1, 47);
        let sigmoid = x.sigmoid();
        let right: i128 = cells[7].parse().expect("a whole number");
        assert!((sigmoid.0 - right).abs() <= 2, "sigmoid of {x}: {sigmoid}");
    }
}

/// An expression, and what is shown of it.
fn check(found: Score, expected: &str) {
    assert_eq!(found.to_string(), expected);
}

#[test]
fn results_round_down_and_stay_at_the_bounds() {
    check(Score::ratio(1, 3), "0.333333");
    check(Score::ratio(-1, 3), "-0.333334");
    check(Score::ratio(7, -2), "-3.500000");
    check(
        Score::new(3) * Score::ratio(-1, 2) - Score::ONE,
        "-2.500000",
    );
    check(Score::new(2).exp2(), "4.000000");
    check(Score::new(-3).exp2(), "0.125000");
    check(Score::new(1024).log2(), "10.000000");
    check(Score::new(144).sqrt(), "12.000000");
    check(Score::ZERO.sigmoid(), "0.500000");
    assert_eq!(Score::ratio(1, 0), Score::MAX);
    assert_eq!(Score::ratio(-1, 0), Score::MIN);
    assert_eq!(Score::ratio(0, 0), Score::ZERO);
    assert_eq!(Score::MAX * Score::new(-2), Score::MIN);
    assert_eq!(Score::MAX / Score::ratio(1, 2), Score::MAX);
    assert_eq!(Score::new(79).exp2(), Score::MAX);
    assert_eq!(Score::new(-49).exp2(), Score::ZERO);
    assert_eq!(Score::ZERO.log2(), Score::MIN);
    assert_eq!(Score::new(-1).sqrt(), Score::ZERO);
    assert_eq!(
        (Score::ratio(-7, 2).floor(), Score::ratio(-7, 2).truncated()),
        (-4, -3)
    );
    assert_eq!(Score::MAX.floor(), i64::MAX);
}

/// Small and large ones alike.
fn any() -> impl Strategy<Value = Score> {
    (prop::num::i128::ANY, 0..127_u32)
        .prop_map(|(raw, shift)| Score((raw >> 1).max(-i128::MAX) >> shift))
}

proptest! {
    #[test]
    fn all_of_them_keep_the_order(one in any(), other in any(), near in 0..3_i128) {
        for (less, more) in [
            (one.min(other), one.max(other)),
            (one, Score(one.0.saturating_add(near))),
        ] {
            prop_assert!(less.sqrt() <= more.sqrt());
            prop_assert!(less.log2() <= more.log2());
            prop_assert!(less.log10() <= more.log10());
            prop_assert!(less.exp2() <= more.exp2());
            prop_assert!(less.pow10() <= more.pow10());
            prop_assert!(less.sigmoid() <= more.sigmoid());
            prop_assert!(less + other <= more + other);
            let by = if other < Score::ZERO { -other } else { other };
            prop_assert!(less * by <= more * by);
            prop_assert!(less / by <= more / by || by == Score::ZERO);
        }
    }

    /// Products and quotients of whole numbers are the exact ones rounded down.
    #[test]
    fn whole_numbers_are_exact(a in -1_000_000_000_i64..1_000_000_000, b in 1_i64..1_000_000_000) {
        prop_assert_eq!(Score::new(a) * Score::new(b), Score::new(a * b));
        prop_assert_eq!(Score::ratio(a, b).0, ((i128::from(a)) << FRACTION).div_euclid(b.into()));
        let root = Score::new(b).sqrt().0;
        let square = i128::from(b) << FRACTION << FRACTION;
        prop_assert!(root * root <= square && square < (root + 1) * (root + 1));
    }

    /// What is multiplied and then divided is back, but for what was rounded.
    #[test]
    fn a_quotient_is_the_way_back(a in any(), b in 1_i64..1_000_000) {
        let product = a * Score::new(b);
        prop_assume!(product != Score::MAX && product != Score::MIN);
        prop_assert_eq!(product / Score::new(b), a);
    }
}
