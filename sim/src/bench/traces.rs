//! How fast traces are read: real formats with made-up rows, the same ones every time.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::ensure;
use fairground_readers::canonical::tables::Tasks;
use fairground_readers::canonical::{Opened, Units, Writer};
use fairground_readers::formats::rows::Rows;
use fairground_readers::formats::{google2011, swf};
use fairground_workloads::ReadError;
use fairground_workloads::rng::{Stream, stream};

use super::measure::measured;

/// A line of the Standard Workload Format, as long as those of the archive.
fn job(stream: &mut Stream, number: u64, text: &mut String) {
    let (run, processors) = (stream.log_between(1, 300_000), stream.log_between(1, 4096));
    let _ = writeln!(
        text,
        "{:6} {:8} {:6} {run:7} {processors:5} {}.{:02} {:7} {processors:5} {:6} -1 {} {:4} {:3} \
         {:3} {:2} {:2} -1 -1",
        number + 1,
        number * 37,
        stream.log_between(1, 50_000),
        run * 9 / 10,
        stream.below(100),
        stream.below(1 << 20),
        run * 2,
        stream.below(2),
        stream.below(900),
        stream.below(60),
        stream.below(300),
        stream.below(9),
        stream.below(4),
    );
}

/// A row of `task_events`, as long as those of Google's cell.
fn event(stream: &mut Stream, number: u64, text: &mut String) {
    let machine = match number % 3 {
        0 => String::new(),
        _ => (4_155_527_081 + stream.below(12_583)).to_string(),
    };
    let _ = writeln!(
        text,
        "{},,{},{},{machine},{},70s3v5qRyCO{:08x}HIhg+/zAn1QF7cGHQHmkXEk=,{},{},0.{:05},0.{:05},{:.6e},{}",
        600_000_000 + number * 911,
        3_418_309 + number / 7,
        number % 1000,
        number % 3,
        stream.below(1 << 20),
        stream.below(4),
        stream.below(12),
        stream.below(50_000),
        stream.below(50_000),
        stream.unit() / 1000.0,
        stream.below(2),
    );
}

/// Millions of bytes a second of processor time.
fn speed<T, R: Iterator<Item = Result<T, ReadError>>>(
    megabytes: usize,
    row: fn(&mut Stream, u64, &mut String),
    records: fn(&Path) -> Result<R, ReadError>,
) -> anyhow::Result<f64> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("trace");
    let (mut text, mut stream, mut rows) = (String::new(), stream(1, "bench"), 0_u64);
    while text.len() < megabytes * 1_000_000 {
        row(&mut stream, rows, &mut text);
        rows += 1;
    }
    fs::write(&path, &text)?;
    super::runs::median(|| {
        let (cost, counted) =
            measured(|| records(&path)?.try_fold(0_u64, |count, row| row.map(|_| count + 1)));
        ensure!(counted? == rows, "rows are missing");
        Ok(text.len() as f64 / 1e6 / cost.cpu)
    })
}

/// The reader of the Standard Workload Format, in MB/s.
pub(super) fn swf(megabytes: usize) -> anyhow::Result<f64> {
    speed(megabytes, job, Rows::<swf::Record>::open)
}

/// The reader of Google's task events, in MB/s.
pub(super) fn google(megabytes: usize) -> anyhow::Result<f64> {
    speed(megabytes, event, Rows::<google2011::tasks::Record>::open)
}

/// The reader of canonical traces, in millions of rows of tasks a second.
pub(super) fn canonical(rows: u64) -> anyhow::Result<f64> {
    let folder = tempfile::tempdir()?;
    let place = folder.path().join("trace");
    let mut writer = Writer::new(&place, Units::absolute())?;
    let mut stream = stream(1, "bench");
    for job in 0..rows {
        writer.push(Tasks {
            job,
            count: stream.log_between(1, 1000),
            run: Some(stream.log_between(1_000_000, 100_000_000_000)),
            cpus: Some(1000 * stream.log_between(1, 16)),
            memory: Some(stream.log_between(64, 65_536)),
            ..Tasks::default()
        })?;
    }
    writer.finish()?;
    let trace = Opened::open(&place)?;
    super::runs::median(|| {
        let (cost, counted) = measured(|| {
            let mut tasks = trace.rows::<Tasks>()?;
            tasks.try_fold(0_u64, |count, row| row.map(|_| count + 1))
        });
        ensure!(counted? == rows, "rows are missing");
        Ok(rows as f64 / 1e6 / cost.cpu)
    })
}
