//! What a job asked for, or was given, as PBS and Torque write it: `select`, `nodes`, `exec_vnode`, `exec_host`.

use crate::error::ReadError;
use crate::formats::batch::Chunk;
use crate::formats::batch::notation::{count, memory};

/// Names of the resources that are GPUs.
pub(super) const GPUS: [&str; 4] = ["ngpus", "gpus", "gpu", "naccelerators"];
/// Names of the resources that say which model of GPU.
pub(super) const MODELS: [&str; 5] = [
    "gpu_type",
    "gpu_model",
    "gputype",
    "gpu_id",
    "accelerator_model",
];

/// Adds a chunk; one that is like the last one is more of it.
fn add(chunks: &mut Vec<Chunk>, chunk: Chunk) {
    match chunks.last_mut() {
        Some(last) if last.is_like(&chunk) => last.count = last.count.saturating_add(chunk.count),
        _ => chunks.push(chunk),
    }
}

/// What a resource of a chunk says: `ncpus=8`.
fn resource(chunk: &mut Chunk, name: &str, value: &str) -> Result<(), ReadError> {
    let more = |known: Option<u64>, amount: u64| Some(known.unwrap_or(0).saturating_add(amount));
    let placed = |error: ReadError| error.place(format!("resource {name}"));
    match name {
        "ncpus" | "ppn" => {
            let cpus = count(value, "processors").map_err(placed)?;
            chunk.cpus = more(chunk.cpus, cpus * 1000);
        }
        "mem" => chunk.memory = more(chunk.memory, memory(value, 1).map_err(placed)?),
        _ if GPUS.contains(&name) => {
            let gpus = count(value, "GPUs").map_err(placed)?;
            chunk.gpus = more(chunk.gpus, gpus * 1000);
        }
        _ if MODELS.contains(&name) => value.clone_into(&mut chunk.model),
        _ => {}
    }
    Ok(())
}

/// The chunks of `2:ncpus=8:mem=16gb+ncpus=4`, and of `2:ppn=8:gpus=1+host:ppn=4#excl`.
pub(super) fn asked(text: &str) -> Result<Vec<Chunk>, ReadError> {
    let mut chunks = Vec::new();
    let text = text.split_once('#').map_or(text, |pair| pair.0);
    for part in text.split('+') {
        let mut chunk = Chunk {
            count: 1,
            ..Chunk::default()
        };
        for (at, word) in part.split(':').enumerate() {
            match word.split_once('=') {
                Some((name, value)) => resource(&mut chunk, name, value.trim_matches('"'))?,
                // The first word is how many, or the name of a host; any other is a property.
                None if at == 0
                    && word.bytes().all(|byte| byte.is_ascii_digit())
                    && !word.is_empty() =>
                {
                    chunk.count = count(word, "chunks")?;
                }
                None => {}
            }
        }
        if chunk.count > 0 {
            add(&mut chunks, chunk);
        }
    }
    Ok(chunks)
}

/// The chunks of `(c1:ncpus=13)+(a[0]:ncpus=24:mem=5kb+a[1]:ncpus=24)`: one that is spread over several vnodes is one.
pub(super) fn given(text: &str) -> Result<Vec<Chunk>, ReadError> {
    let mut chunks = Vec::new();
    let (mut open, mut begin) = (0_u64, 0);
    let ends = text.match_indices(['(', ')', '+']);
    let mut parts = Vec::new();
    for (at, mark) in ends {
        match mark {
            "(" => open += 1,
            ")" => open = open.saturating_sub(1),
            _ if open == 0 => {
                parts.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    for part in parts {
        let mut chunk = Chunk {
            count: 1,
            ..Chunk::default()
        };
        for vnode in part.trim_matches(['(', ')']).split('+') {
            for word in vnode.split(':').skip(1) {
                if let Some((name, value)) = word.split_once('=') {
                    resource(&mut chunk, name, value)?;
                }
            }
        }
        add(&mut chunks, chunk);
    }
    Ok(chunks)
}

/// The hosts of `n1/0*13+n2/0-3,6+n3/1+n3/0` with their processors, one chunk each.
pub(super) fn hosts(text: &str) -> Vec<Chunk> {
    let mut hosts: Vec<(&str, u64)> = Vec::new();
    for part in text.split('+') {
        let Some((host, places)) = part.split_once('/') else {
            continue;
        };
        let many = match places.split_once('*') {
            Some((_, many)) => many.parse().unwrap_or(1),
            None => places.split(',').fold(0_u64, |sum, range| {
                let (from, to) = range.split_once('-').unwrap_or((range, range));
                let (from, to) = (from.parse::<u64>(), to.parse::<u64>());
                let many = from
                    .ok()
                    .zip(to.ok())
                    .and_then(|(from, to)| to.checked_sub(from));
                sum.saturating_add(many.map_or(1, |many| many.saturating_add(1)))
            }),
        };
        let many = many.min(1_000_000_000);
        match hosts.last_mut().filter(|(last, _)| *last == host) {
            Some((_, known)) => *known += many,
            None => hosts.push((host, many)),
        }
    }
    let mut chunks = Vec::new();
    for (_, cpus) in hosts {
        let chunk = Chunk {
            count: 1,
            cpus: Some(cpus.saturating_mul(1000)).filter(|cpus| *cpus > 0),
            ..Chunk::default()
        };
        add(&mut chunks, chunk);
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(chunks: &[Chunk]) -> String {
        let one = |chunk: &Chunk| {
            let amounts = [chunk.cpus, chunk.memory, chunk.gpus];
            let amounts = amounts.map(|amount| amount.map_or("-".to_owned(), |n| n.to_string()));
            format!("{}x({}){}", chunk.count, amounts.join(" "), chunk.model)
        };
        chunks.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn chunks_are_asked_for() {
        for (text, expected) in [
            ("5:ncpus=13", "5x(13000 - -)"),
            (
                "2:ncpus=8:mem=16gb:ngpus=1+4:ncpus=4",
                "2x(8000 16777216 1000) 4x(4000 - -)",
            ),
            ("ncpus=1+ncpus=1", "2x(1000 - -)"),
            ("1:ncpus=2:gpu_type=a100:ngpus=1", "1x(2000 - 1000)a100"),
            ("4:ppn=8", "4x(8000 - -)"),
            ("1:ppn=28:gpus=1:default", "1x(28000 - 1000)"),
            ("n1:ppn=4+n2#excl", "1x(4000 - -) 1x(- - -)"),
            ("3", "3x(- - -)"),
            ("0:ncpus=4+1", "1x(- - -)"),
        ] {
            assert_eq!(shown(&asked(text).unwrap()), expected, "{text}");
        }
        for text in ["2:ncpus=x", "2:mem=5q", "99999999999999999999"] {
            asked(text).unwrap_err();
        }
    }

    #[test]
    fn chunks_are_given() {
        for (text, expected) in [
            ("(c1:ncpus=13)+(c2:ncpus=13)", "2x(13000 - -)"),
            (
                "(h[1]:mem=190000128kb:ngpus=2:ncpus=24+h[0]:ngpus=2:ncpus=24)",
                "1x(48000 190000128 4000)",
            ),
            ("c1:ncpus=2", "1x(2000 - -)"),
        ] {
            assert_eq!(shown(&given(text).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn hosts_have_processors() {
        for (text, expected) in [
            ("c1/0*13+c2/0*13", "2x(13000 - -)"),
            ("n1/1+n1/0+n2/0", "1x(2000 - -) 1x(1000 - -)"),
            ("c1/0-3+c2/0-7,9", "1x(4000 - -) 1x(9000 - -)"),
            ("h/0*0", "1x(- - -)"),
            ("0-4,6", ""),
        ] {
            assert_eq!(shown(&hosts(text)), expected, "{text}");
        }
    }
}
