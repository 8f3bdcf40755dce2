//! The closed list of the members of a task and of a framework, for people: a table of the README.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::messages::framework::FrameworkInfo;
use super::messages::task::TaskInfo;
use super::proto::Shape;

/// Every message that a task or a framework can hold, in the order in which they are met.
pub fn messages() -> Vec<&'static Shape> {
    let mut met = vec![TaskInfo::SHAPE, FrameworkInfo::SHAPE];
    let mut names: BTreeSet<&str> = met.iter().map(|shape| shape.name).collect();
    let mut next = 0;
    while let Some(shape) = met.get(next).copied() {
        next += 1;
        for member in shape.members {
            met.extend((member.holds)().filter(|held| names.insert(held.name)));
        }
    }
    met
}

/// What people call a verdict.
fn verdict(word: &str) -> &'static str {
    match word {
        "supported" | "apart" | "only" => "supported",
        "own" => "supported, not of Mesos",
        "harmless" => "harmless",
        _ => "refused",
    }
}

/// The table: a line a member, or a line for all of a message of which the same is true.
pub fn table() -> String {
    let mut text = String::from("| member | | why, or what it does |\n|---|---|---|\n");
    for shape in messages() {
        let name = shape.name;
        let Some(first) = shape.members.first() else {
            let _ = writeln!(
                text,
                "| `{name}` | | has no members; what holds it is judged |"
            );
            continue;
        };
        let is_alike =
            |one: &&super::proto::Member| one.verdict == first.verdict && one.note == first.note;
        if shape.members.iter().filter(is_alike).count() == shape.members.len() {
            let members: Vec<&str> = shape.members.iter().map(|member| member.name).collect();
            let (members, verdict) = (members.join("`, `"), verdict(first.verdict));
            let _ = writeln!(
                text,
                "| `{name}`: `{members}` | {verdict} | {} |",
                first.note
            );
            continue;
        }
        for member in shape.members {
            let (verdict, note) = (verdict(member.verdict), member.note);
            let _ = writeln!(text, "| `{name}.{}` | {verdict} | {note} |", member.name);
        }
    }
    text
}
