//! Rules against cases, as people ask for it.

use expect_test::expect;

use crate::place::Place;

const CASES: &str = r#"{"cases": [
{"id": "right", "kind": "fair_shares", "total": 9, "schedulables": [{"min": 0, "max": 99, "weight": 1}], "expect": {"shares": [9]}},
{"id": "wrong", "kind": "fair_shares", "total": 9, "schedulables": [{"min": 0, "max": 99, "weight": 1}], "expect": {"shares": [8]}},
{"id": "other", "kind": "unheard of"}
]}"#;

#[test]
fn what_differs_is_named() {
    let place = Place::empty();
    std::fs::create_dir(place.path("cases")).expect("a folder");
    place.write("cases/yarn.json", CASES);
    expect![[r#"
        exit 1
        --- stdout
        system       cases  agree  differ  not offered
        yarn             3      1       1            1

        yarn wrong differs: fair scheduler: max-min shares by halving
          expected [8]
          found    [9]

        yarn unheard of is not offered, other: no rule decides cases of this kind
    "#]]
    .assert_eq(&place.fairground("conformance yarn --cases cases"));
    let json = place.fairground("conformance yarn --cases cases --json");
    assert!(
        json.contains(r#""id": "wrong""#) && json.starts_with("exit 1"),
        "{json}"
    );
}

#[test]
fn cases_that_are_not_there() {
    expect![[r#"
        exit 2
        --- stderr
        error: nowhere: the folder of cases is not there
          hint: name a folder with --cases or FAIRGROUND_CONFORMANCE
    "#]]
    .assert_eq(&Place::empty().fairground("conformance --cases nowhere"));
    let told = Place::empty().fairground("conformance mesosphere --cases nowhere");
    assert!(
        told.contains("error: no system is called `mesosphere`; known are kueue, kai"),
        "{told}"
    );
}
