//! A crate with a policy of one's own: what is written, and that it is built and does what it says.

use std::path::{Path, PathBuf};
use std::process::Command;

use expect_test::expect;

use crate::place::Place;

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn written(place: &Place, name: &str) -> String {
    let source = source();
    place.fairground(&format!(
        "new-policy {name} --fairground {}",
        source.display()
    ))
}

#[test]
fn a_crate_is_written_with_the_policy_a_recipe_and_the_same_versions() {
    let place = Place::empty();
    expect![[r#"
        exit 0
        --- stderr
        least-waiting/src/main.rs is the policy with its test, least-waiting/recipe.toml what it is compared on.
          cd least-waiting && cargo run --release -- compare recipe.toml
    "#]].assert_eq(&written(&place, "least-waiting"));
    let manifest = place.read("least-waiting/Cargo.toml");
    let source = source().canonicalize().expect("the source");
    for room in ["policies", "sim"] {
        let path = source.join(room);
        let path = format!("path = \"{}\"", path.display());
        assert!(manifest.contains(&path), "{manifest}");
    }
    let policy = place.read("least-waiting/src/main.rs");
    assert!(policy.contains("struct LeastWaiting;"), "{policy}");
    for file in ["Cargo.toml", "src/main.rs", "recipe.toml"] {
        let text = place.read(&format!("least-waiting/{file}"));
        for word in ["@NAME@", "@TYPE@", "@FAIRGROUND@"] {
            assert!(!text.contains(word), "{file}: {text}");
        }
    }
    let lock = std::fs::read_to_string(source.join("Cargo.lock")).expect("a lock file");
    assert_eq!(place.read("least-waiting/Cargo.lock"), lock);
    // The recipe is one, whoever reads it; only the policy has to be known.
    let known = place
        .read("least-waiting/recipe.toml")
        .replace("\"least-waiting[", "\"fair[");
    place.write("known.toml", known);
    let checked = place.fairground("compare known.toml --out out");
    assert!(checked.starts_with("exit 0\n"), "{checked}");
}

#[test]
fn names_and_folders_that_will_not_do() {
    let place = Place::empty();
    expect![[r#"
        exit 2
        --- stderr
        error: `Least` is no name of a policy; expected lower case letters, digits and hyphens, as in least-waiting
    "#]].assert_eq(&written(&place, "Least"));
    expect![[r#"
        exit 2
        --- stderr
        error: --fairground: `.` has no sim/Cargo.toml and policies/Cargo.toml; expected the folder of Fairground's source
    "#]].assert_eq(&place.fairground("new-policy least --fairground ."));
    std::fs::create_dir(place.path("least")).expect("a folder");
    expect![[r#"
        exit 2
        --- stderr
        error: `least` is there already; expected a name that is free
    "#]]
    .assert_eq(&written(&place, "least"));
}

/// It is built as people build it, its test holds, and its picture is drawn.
#[test]
#[ignore = "builds all that the simulator is made of: by hand, `.ci/long`"]
fn what_is_written_is_built_and_compared() {
    let place = Place::empty();
    let said = written(&place, "least-waiting");
    assert!(said.starts_with("exit 0\n"), "{said}");
    let built = source().join("target/new-policy");
    let cargo = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO"));
        command.current_dir(place.path("least-waiting"));
        command.env("CARGO_TARGET_DIR", &built);
        let done = command.args(arguments).status().expect("cargo");
        assert!(done.success(), "cargo {arguments:?}");
    };
    cargo(&["test", "--release", "--offline"]);
    let compare = ["compare", "recipe.toml", "--out", "out"];
    let run = ["run", "--release", "--offline", "--"];
    cargo(&[&run[..], &compare].concat());
    let page = place.read("least-waiting/out/report.html");
    assert!(
        page.contains("least-waiting"),
        "a report without the policy"
    );
}
