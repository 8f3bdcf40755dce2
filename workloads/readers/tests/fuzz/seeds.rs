//! Good files to begin with: the tests' own of every format, and the beginnings of real ones.

use std::fs;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use arrow_ipc::CompressionType;
use fairground_readers::Format;
use fairground_readers::canonical::{Opened, import, text};

use crate::common::database::{VMS, database};
use crate::common::{self, TPCH, arrow, avro, folder, parquet, write};
use crate::examine::Target;

/// How much of a real file is taken.
const BEGINNING: u64 = 6 << 10;
/// Files of which nothing can be left out are taken if they are no larger, in bytes.
const LARGEST: u64 = 48 << 10;

/// A good file.
pub(crate) struct Seed {
    pub(crate) target: Target,
    pub(crate) bytes: Vec<u8>,
}

/// All of them, in an order that is always the same.
pub(crate) fn all() -> Vec<Seed> {
    let mut seeds = own();
    let traces = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/traces");
    let traces = std::env::var_os("FAIRGROUND_TRACES").map_or(traces, PathBuf::from);
    if traces.is_dir() {
        real(&traces, &mut seeds);
    } else {
        eprintln!("only own files: no public traces in {}", traces.display());
    }
    seeds
}

fn own() -> Vec<Seed> {
    let mut seeds: Vec<Seed> = common::files()
        .map(|(format, text)| of(format, text.as_bytes()))
        .collect();
    let folder = folder();
    let path = folder.path().join("file");
    parquet::fragments(&path, &[300_000, 300_000], &[19.5, 0.25]);
    seeds.push(of(Format::OpenDcFragments, &fs::read(&path).unwrap()));
    seeds.push(of(Format::AzurePacking, &database(VMS)));
    for packed in [
        None,
        Some(CompressionType::LZ4_FRAME),
        Some(CompressionType::ZSTD),
    ] {
        seeds.push(of(Format::Plain, &arrow::file(&[arrow::types()], packed)));
        let batches = [arrow::alike(3, 60), arrow::alike(2, 61)];
        seeds.push(of(Format::Plain, &arrow::stream(&batches, packed)));
    }
    seeds.push(of(Format::Jhist, &avro::binary()));
    let trace = folder.path().join("trace");
    canonical(&trace);
    for (file, bytes) in CANONICAL.iter() {
        let target = Target::Canonical(file);
        seeds.push(Seed {
            target,
            bytes: bytes.clone(),
        });
    }
    text::export(&Opened::open(&trace).unwrap(), &path).unwrap();
    seeds.push(Seed {
        target: Target::Text,
        bytes: fs::read(&path).unwrap(),
    });
    seeds
}

/// The files of a small canonical trace with jobs, stages and edges.
static CANONICAL: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let folder = folder();
    let path = write(&folder, "file", TPCH);
    let place = folder.path().join("trace");
    import::import(&path, Format::Tpch, &place, false).unwrap();
    let mut found = Vec::new();
    files(&place, &mut found);
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let files = found
        .iter()
        .map(|path| (name(path), fs::read(path).unwrap()));
    files.collect()
});

/// Writes such a trace.
pub(crate) fn canonical(place: &Path) {
    fs::create_dir(place).unwrap();
    for (file, bytes) in CANONICAL.iter() {
        fs::write(place.join(file), bytes).unwrap();
    }
}

fn of(format: Format, bytes: &[u8]) -> Seed {
    let target = Target::Format(format);
    Seed {
        target,
        bytes: bytes.to_vec(),
    }
}

/// The files of a folder and the folders in it, by name.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn real(traces: &Path, seeds: &mut Vec<Seed>) {
    let mut found = Vec::new();
    files(traces, &mut found);
    for path in found {
        let Ok(format) = Format::detect(&path) else {
            continue;
        };
        let mut bytes = Vec::new();
        plain(&path)
            .take(BEGINNING)
            .read_to_end(&mut bytes)
            .unwrap();
        if bytes.starts_with(b"PAR1") || bytes.get(257..262) == Some(b"ustar") {
            // Parquet says at its end what it holds, an archive is read to its end.
            bytes.clear();
            plain(&path)
                .take(LARGEST + 1)
                .read_to_end(&mut bytes)
                .unwrap();
            if bytes.len() as u64 > LARGEST {
                continue;
            }
        }
        seeds.push(of(format, &bytes));
    }
}

/// A file without what it is packed in.
fn plain(path: &Path) -> Box<dyn Read> {
    let mut file = fs::File::open(path).unwrap();
    let mut start = [0; 4];
    let _ = file.read(&mut start).unwrap();
    let file = BufReader::new(fs::File::open(path).unwrap());
    match start {
        [0x28, 0xb5, 0x2f, 0xfd] => Box::new(zstd::Decoder::with_buffer(file).unwrap()),
        [0x1f, 0x8b, ..] => Box::new(flate2::bufread::MultiGzDecoder::new(file)),
        [b'B', b'Z', b'h', _] => Box::new(bzip2::bufread::MultiBzDecoder::new(file)),
        _ => Box::new(file),
    }
}
