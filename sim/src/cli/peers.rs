//! `fairground bench --peer`: other simulators in turn with this one on the same files.

use anyhow::{Context, bail};
use fairground_workloads::say;

use super::bench::{three_digits, written};
use super::{BenchArgs, Ending};
use crate::bench::{ANCHORS, Aim, PEERS, Pair, Peer, Size};

const HEADER: [&str; 10] = [
    "row",
    "what",
    "tasks",
    "value",
    "unit",
    "aim",
    "met",
    "ours_cpu_s",
    "theirs_cpu_s",
    "why",
];

/// Why a peer is not as far behind as it should be.
const WHY: &str = "a task of ours passes through offers, answers and books that a model of one queue and \
    equal machines does without; see the rows fifo/* of the other table";

/// A peer's name and the program, with its arguments, that is one.
type Program = (String, Vec<String>);

pub(super) fn peers(args: &BenchArgs) -> anyhow::Result<Ending> {
    let size = if args.quick { Size::Quick } else { Size::Full };
    let programs: Vec<Program> = args
        .peer
        .iter()
        .map(|text| program(text))
        .collect::<Result<_, _>>()?;
    let own = std::env::current_exe().context("this program's own file")?;
    let own = own
        .to_str()
        .context("this program's own file has a name in UTF-8")?;
    let ours = [own, "bench", "--place"].map(str::to_owned);
    let mut table = vec![HEADER.map(str::to_owned).to_vec()];
    let mut all_met = true;
    let mut rate = None;
    for peer in PEERS {
        let Some((_, theirs)) = programs.iter().find(|(name, _)| name == peer.name) else {
            continue;
        };
        let row = format!(
            "{}/{}k-{}",
            peer.name,
            peer.machines / 1000,
            f64::from(peer.load) / 10.0
        );
        say!("{row}");
        let pair = peer.measure(size, &ours, theirs);
        if let Ok(pair) = &pair
            && (peer.machines, peer.load) == (1000, 7)
        {
            rate.get_or_insert(peer.tasks(size) as f64 / pair.ours);
        }
        all_met &= pair
            .as_ref()
            .is_ok_and(|pair| peer.aim.is_met(pair.theirs / pair.ours));
        table.push(cells(row, peer, size, pair));
    }
    for anchor in ANCHORS {
        let Some(rate) = rate else { continue };
        let what = "across runs: measured once on two cores of a Xeon, 1,000 agents, load 0.7";
        let value = rate / anchor.rate;
        all_met &= anchor.aim.is_met(value);
        let mut row = vec![anchor.name.to_owned(), what.to_owned(), "10000".to_owned()];
        row.extend(judged(anchor.aim, value));
        row.extend([
            "-".to_owned(),
            format!("{:.2}", 10_000.0 / anchor.rate),
            why(anchor.aim, value),
        ]);
        table.push(row);
    }
    written(&table, args)?;
    Ok(if all_met { Ending::Done } else { Ending::No })
}

/// `NAME=COMMAND`, of a known peer.
fn program(text: &str) -> anyhow::Result<Program> {
    let known = PEERS.iter().map(|peer| peer.name);
    match text.split_once('=') {
        Some((name, command)) if known.clone().any(|known| known == name) => {
            let words = command.split_whitespace().map(str::to_owned);
            Ok((name.to_owned(), words.collect()))
        }
        _ => {
            let mut known: Vec<&str> = known.collect();
            known.dedup();
            bail!("{text}: not NAME=COMMAND with one of {}", known.join(", "))
        }
    }
}

/// Value, unit, aim, and whether it is met.
fn judged(aim: Aim, value: f64) -> [String; 4] {
    let (Aim::AtLeast(least) | Aim::AtMost(least)) = aim;
    let met = if aim.is_met(value) {
        "met".to_owned()
    } else {
        format!("missed {:.2} x", aim.missed_by(value))
    };
    [
        three_digits(value),
        "x".to_owned(),
        format!(">= {least}"),
        met,
    ]
}

/// Why an aim is missed; nothing where it is met.
fn why(aim: Aim, value: f64) -> String {
    if aim.is_met(value) { "" } else { WHY }.to_owned()
}

fn cells(row: String, peer: &Peer, size: Size, pair: anyhow::Result<Pair>) -> Vec<String> {
    let (agents, load) = (peer.machines, f64::from(peer.load) / 10.0);
    let what =
        format!("times ours is faster, FIFO, {agents} agents, load {load}; equal placements");
    let mut cells = vec![row, what, peer.tasks(size).to_string()];
    match pair {
        Ok(pair) => {
            let value = pair.theirs / pair.ours;
            cells.extend(judged(peer.aim, value));
            cells.extend([pair.ours, pair.theirs].map(|cpu| format!("{cpu:.2}")));
            cells.push(why(peer.aim, value));
        }
        Err(error) => {
            cells.push(format!("{error:#}"));
            cells.extend(["x", "", "failed", "", "", ""].map(str::to_owned));
        }
    }
    cells
}
