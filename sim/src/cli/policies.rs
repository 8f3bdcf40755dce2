//! `fairground policies`.

use std::fmt::Write as _;

use fairground_policies::master::Config;
use fairground_policies::name::Param;
use fairground_policies::registry::Registry;

use super::{Ending, print};
use crate::experiment::STATIC_BEST;
use crate::output::report::which;
use crate::search;

pub(super) fn policies(registry: &Registry) -> anyhow::Result<Ending> {
    let mut text = String::from("Policies: which framework is offered free resources\n\n");
    for entry in registry.allocators() {
        describe(&mut text, entry.name, entry.about, entry.params);
        if entry.name == "static" {
            let about = "static with the split that treats frameworks best, found over all seeds";
            describe(&mut text, STATIC_BEST, about, &[search::PARAM]);
        }
    }
    text.push_str("\n  with every policy\n");
    parameters(&mut text, &Config::PARAMS);
    text.push_str("\nSchedulers: which of its tasks a framework runs on what it is offered\n\n");
    for entry in registry.schedulers() {
        describe(&mut text, entry.name, entry.about, entry.params);
    }
    let drf = which("drf");
    let _ = writeln!(text, "\ndrf is {drf}");
    text.push_str("\nParameters go into the name: drf[round=1s,offers=task], fair[on=mem]\n");
    print(&text)?;
    Ok(Ending::Done)
}

fn describe(text: &mut String, name: &str, about: &str, params: &[Param]) {
    let _ = writeln!(text, "  {name:<12} {about}");
    parameters(text, params);
}

fn parameters(text: &mut String, params: &[Param]) {
    for param in params {
        let _ = writeln!(text, "      {:<8} {}", param.key, param.about);
    }
}
