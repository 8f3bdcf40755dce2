//! `fairground new-policy`: a crate with a policy of one's own, a test and a recipe, which is built quickly.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use fairground_workloads::say;

use super::Ending;

/// What is made, and where.
#[derive(Debug, clap::Args)]
pub(super) struct NewPolicyArgs {
    /// The policy's name, lower case with hyphens; the folder is called so
    name: String,
    /// Where Fairground's source is; the folder of it that one stands in if nothing is said
    #[arg(long, value_name = "FOLDER")]
    fairground: Option<PathBuf>,
}

pub(super) const EXAMPLES: &str = "\
Examples:
  fairground new-policy fewest
  cd fewest && cargo run --release -- compare recipe.toml
  cargo test --release";

/// The files of the crate, in which `@NAME@`, `@TYPE@` and `@FAIRGROUND@` stand for what is said.
const FILES: [(&str, &str); 3] = [
    ("Cargo.toml", include_str!("crate.toml")),
    ("src/main.rs", include_str!("policy.rs.txt")),
    ("recipe.toml", include_str!("recipe.toml")),
];

pub(super) fn new_policy(args: &NewPolicyArgs) -> anyhow::Result<Ending> {
    let name = &args.name;
    check(name)?;
    let source = match &args.fairground {
        Some(folder) => folder.clone(),
        None => above(&std::env::current_dir().context("the folder one stands in")?)?,
    };
    if !is_source(&source) {
        bail!(
            "--fairground: `{}` has no sim/Cargo.toml and policies/Cargo.toml; expected the folder of Fairground's source",
            source.display()
        );
    }
    let source = source.canonicalize().context("the folder of the source")?;
    let folder = Path::new(name);
    if folder.exists() {
        bail!("`{name}` is there already; expected a name that is free");
    }
    std::fs::create_dir_all(folder.join("src")).with_context(|| format!("making `{name}`"))?;
    for (file, text) in FILES {
        let text = text
            .replace("@NAME@", name)
            .replace("@TYPE@", &type_of(name));
        let quoted = toml::Value::String(source.join("@").display().to_string()).to_string();
        let text = text.replace(
            "@FAIRGROUND@",
            quoted.trim_matches('"').trim_end_matches('@'),
        );
        write(&folder.join(file), text.as_bytes())?;
    }
    // The same versions of everything as Fairground's own build has.
    let lock = source.join("Cargo.lock");
    let lock = std::fs::read(&lock).with_context(|| format!("reading `{}`", lock.display()))?;
    write(&folder.join("Cargo.lock"), &lock)?;
    say!(
        "{name}/src/main.rs is the policy with its test, {name}/recipe.toml what it is compared on."
    );
    say!("  cd {name} && cargo run --release -- compare recipe.toml");
    Ok(Ending::Done)
}

fn write(path: &Path, text: &[u8]) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("writing `{}`", path.display()))
}

/// A name of a crate and of a policy.
fn check(name: &str) -> anyhow::Result<()> {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase());
    if !begins || name.ends_with('-') || !name.chars().all(word) {
        bail!(
            "`{name}` is no name of a policy; expected lower case letters, digits and hyphens, as in least-waiting"
        );
    }
    Ok(())
}

/// `least-waiting` as a type: `LeastWaiting`.
fn type_of(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    });
    words.collect()
}

fn is_source(folder: &Path) -> bool {
    let has = |room: &str| folder.join(room).join("Cargo.toml").is_file();
    has("sim") && has("policies")
}

/// The source that a folder is in.
fn above(folder: &Path) -> anyhow::Result<PathBuf> {
    let found = folder.ancestors().find(|folder| is_source(folder));
    found.map(Path::to_owned).with_context(|| {
        format!(
            "`{}` is not in Fairground's source; expected --fairground FOLDER\n  hint: a policy is built against it",
            folder.display()
        )
    })
}
