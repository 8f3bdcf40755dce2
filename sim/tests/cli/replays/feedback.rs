//! `compare --trace --feedback`: jobs of a log that are submitted when others end.

use expect_test::expect;

use super::check;
use crate::place::Place;

/// Two users; the second job of each follows the first.
const LOG: &str = "\
; Version: 2.2
; MaxProcs: 4
1 0 0 600 4 -1 -1 4 900 -1 1 7 1 -1 1 -1 -1 -1
2 0 600 300 2 -1 -1 2 900 -1 1 8 1 -1 1 -1 -1 -1
3 660 240 300 4 -1 -1 4 900 -1 1 7 1 -1 1 -1 1 60
4 960 0 60 1 -1 -1 1 900 -1 1 8 1 -1 1 -1 2 60
";

/// What then comes of it is in `sim/tests/feedback.rs`.
#[test]
fn the_recipe_says_so() {
    let place = Place::with("log.swf", LOG);
    for (mode, said) in [
        ("logged", "its think time after that one's end"),
        ("user", "end of its user's last job as in the log"),
    ] {
        let told = place.fairground(&format!(
            "compare --trace log.swf --feedback {mode} --out {mode}"
        ));
        assert!(told.starts_with("exit 0\n"), "{told}");
        let recipe = place.read(&format!("{mode}/recipe.toml"));
        assert!(recipe.contains(&format!("feedback = {mode:?}")), "{recipe}");
        assert!(recipe.contains(said), "{recipe}");
        let told = place.fairground(&format!("verify {mode}"));
        assert!(told.starts_with("exit 0\n"), "{told}");
    }
}

#[test]
fn mistakes_are_told() {
    let log = ("log.swf", LOG);
    check(
        &[log],
        "compare --trace log.swf --feedback users",
        &expect![[r#"
            exit 2
            --- stderr
            error: invalid value 'users' for '--feedback <FROM>': expected `logged` or `user`

            For more information, try '--help'.
        "#]],
    );
    check(
        &[log],
        "compare --feedback user",
        &expect![[r#"
        exit 2
        --- stderr
        error: the following required arguments were not provided:
          --trace <PATH>

        Usage: fairground compare --trace <PATH> --feedback <FROM> [RECIPE]

        For more information, try '--help'.
    "#]],
    );
}
