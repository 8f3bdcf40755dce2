//! No file, however damaged, makes a reader panic or a workload unsound.

mod common;

use common::{REQUESTS, SWIM, TPCH, bzip2, folder, gzip, tar, write, xz, zstd};
use fairground_policies::time::Span;
use fairground_readers::Format;
use fairground_readers::canonical::Imports;
use fairground_readers::formats::{head, stat, validate};
use fairground_workloads::{SpecContext, WorkloadSpec};
use proptest::prelude::*;
use proptest::sample::Index;

/// One damage to a file.
#[derive(Clone, Debug)]
enum Damage {
    Set(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Cut(Index),
}

impl Damage {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        match self {
            Self::Set(at, byte) => {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            Self::Insert(at, more) => {
                let at = at.index(bytes.len());
                bytes.splice(at..at, more.iter().copied());
            }
            Self::Remove(at, count) => {
                let at = at.index(bytes.len());
                let end = (at + count).min(bytes.len());
                bytes.drain(at..end);
            }
            Self::Cut(at) => bytes.truncate(at.index(bytes.len())),
        }
    }
}

/// Bytes that matter to some format, and any others.
fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![
        proptest::sample::select(b"0123456789-.\t\n\r \"[]{}:,x\0\xff".to_vec()),
        any::<u8>()
    ]
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        4 => (any::<Index>(), byte()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        2 => (any::<Index>(), proptest::collection::vec(byte(), 1..9))
            .prop_map(|(at, more)| Damage::Insert(at, more)),
        2 => (any::<Index>(), 1..40_usize).prop_map(|(at, count)| Damage::Remove(at, count)),
        1 => any::<Index>().prop_map(Damage::Cut),
    ]
}

/// A good file of some format, plain or packed.
fn file() -> impl Strategy<Value = (Format, Vec<u8>)> {
    let texts = [
        (Format::Swim, SWIM),
        (Format::Tpch, TPCH),
        (Format::Requests, REQUESTS),
    ];
    let archive = tar(&[("workload.txt", REQUESTS)]);
    let mut files = vec![
        (Format::Requests, bzip2(&archive)),
        (Format::Requests, archive),
    ];
    for (format, text) in texts {
        files.push((format, text.into()));
        files.push((format, text.into()));
        files.push((format, zstd(text)));
        files.push((format, bzip2(text)));
        files.push((format, gzip(text)));
    }
    for (format, text) in common::files().filter(|(format, _)| *format >= Format::Swf) {
        files.push((format, text.into()));
        files.push((format, text.into()));
        files.push((format, text.into()));
        files.push((format, xz(text)));
    }
    proptest::sample::select(files)
}

/// The simplest recipe that reads a file called `file`, if recipes can read the format.
fn spec(format: Format) -> Option<WorkloadSpec> {
    #[derive(serde::Deserialize)]
    struct Recipe {
        work: WorkloadSpec,
    }
    let text = match format {
        Format::Swim => "work.swim = { file = 'file', most_tasks = 1000 }",
        Format::Tpch => "work.tpch = { files = ['file'] }",
        Format::Requests => "work.requests = { file = 'file', step = '1s' }",
        Format::Swf => "work.swf = { file = 'file', width = 10000 }",
        _ => return None,
    };
    Some(toml::from_str::<Recipe>(text).unwrap().work)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 3000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn damage_never_panics(
        (format, bytes) in file(),
        damages in proptest::collection::vec(damage(), 1..5),
    ) {
        let mut bytes = bytes;
        for damage in &damages {
            damage.apply(&mut bytes);
        }
        let folder = folder();
        let path = write(&folder, "file", bytes);
        let check = validate(&path, format, 5);
        prop_assert_eq!(check.is_ok(), stat(&path, format).is_ok());
        let _rows = head(&path, format, 3);
        let context = SpecContext {
            agents: 5,
            horizon: Span::from_secs(5),
            seed: 1,
            name: "damaged",
        };
        if let Some(spec) = spec(format) {
            let loaded = spec.load(folder.path(), &mut Imports::default());
            prop_assert_eq!(check.is_ok(), loaded.is_ok());
            if let Ok(source) = loaded {
                let _workload = source.build(&context);
            }
        }
    }
}
