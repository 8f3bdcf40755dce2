//! How fast trace files are read, format by format, beside a reader that understands nothing.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_ipc::writer::{FileWriter, IpcWriteOptions};
use arrow_schema::ArrowError;
use fairground_readers::Format;
use fairground_readers::formats::{ReadAs, lines_of, validate};
use serde::Serialize;

use super::measure::measured;
use super::runs::median;

/// What reading one file cost.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Speed {
    /// The format.
    pub format: String,
    /// How many records were read and validated.
    pub records: u64,
    /// Millions of bytes, unpacked.
    pub megabytes: f64,
    /// Thousands of records a second of processor time.
    pub thousand_records_a_second: f64,
    /// Millions of bytes a second of processor time.
    pub megabytes_a_second: f64,
    /// The same of a reader that finds the ends of lines, and no more.
    pub plain_a_second: f64,
    /// How many times as long as that reader it took.
    pub to_plain: f64,
}

/// What reading the file at `path` costs.
///
/// # Errors
/// When it cannot be read, or not all of it is sound.
pub fn of_file(path: &Path, how: &ReadAs) -> anyhow::Result<Speed> {
    let format = how.format(path)?;
    let (_, bytes) = lines_of(path)?;
    let megabytes = bytes as f64 / 1e6;
    let mut records = 0;
    let cost = median(|| {
        let (cost, check) = measured(|| validate(path, how.clone(), 1));
        if let Some(problem) = check.problems.into_iter().next() {
            return Err(problem.into());
        }
        records = check.records;
        Ok(cost.cpu)
    })?;
    let plain = median(|| {
        let (cost, lines) = measured(|| lines_of(path));
        lines?;
        Ok(cost.cpu)
    })?;
    ensure!(
        cost > 0.0 && plain > 0.0,
        "too small a file to say anything"
    );
    Ok(Speed {
        format: format.to_string(),
        records,
        megabytes,
        thousand_records_a_second: records as f64 / 1e3 / cost,
        megabytes_a_second: megabytes / cost,
        plain_a_second: megabytes / plain,
        to_plain: cost / plain,
    })
}

/// What reading a format costs: its own small sample, so many million bytes of it. `None` where that cannot be
/// made longer, as of one document.
///
/// # Errors
/// When temporary files cannot be written.
pub fn of_sample(format: Format, megabytes: usize) -> anyhow::Result<Option<Speed>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("sample");
    let sample = format.samples().first();
    let sample = sample.context("every format has a sample")?;
    let sample = &[sample.trim_end_matches('\n'), "\n"].concat();
    let records = |text: &str| -> anyhow::Result<Option<u64>> {
        fs::write(&path, text)?;
        let check = validate(&path, format, 1);
        Ok((check.problem_count == 0).then_some(check.records))
    };
    let Some(once) = records(sample)? else {
        return Ok(None);
    };
    // What a file begins with stands in it once: nothing, a line of names, or some lines.
    for head in 0..=MOST_HEAD {
        let Some((begin, body)) = split(sample, head).filter(|(_, body)| !body.is_empty()) else {
            break;
        };
        let grown = |times: usize| [begin, &body.repeat(times)].concat();
        if records(&grown(3))? != Some(3 * once) {
            continue;
        }
        let times = (megabytes * 1_000_000).div_ceil(body.len());
        fs::write(&path, grown(times))?;
        return of_file(&path, &format.into()).map(Some);
    }
    Ok(None)
}

/// What reading a plain table of Arrow costs, of about so many million bytes.
///
/// # Errors
/// When temporary files cannot be written.
pub fn of_arrow(megabytes: usize) -> anyhow::Result<Speed> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("jobs.arrow");
    let batch = jobs()?;
    let options = IpcWriteOptions::default();
    let mut file =
        FileWriter::try_new_with_options(File::create(&path)?, &batch.schema(), options)?;
    while fs::metadata(&path)?.len() < megabytes as u64 * 1_000_000 {
        file.write(&batch)?;
        file.flush()?;
    }
    file.finish()?;
    let speed = of_file(&path, &Format::Plain.into())?;
    let format = format!("{} (Arrow)", speed.format);
    Ok(Speed { format, ..speed })
}

/// A batch of jobs, as a table of Arrow has them.
fn jobs() -> Result<RecordBatch, ArrowError> {
    let rows = 0..4096_i64;
    let names = rows.clone().map(|row| format!("job-{row}"));
    let users = rows
        .clone()
        .map(|row| ["ann", "bob", "eve"][row as usize % 3]);
    let cpus = rows.clone().map(|row| (row % 7 + 1) as f64 / 2.0);
    let columns: [(&str, ArrayRef); 6] = [
        ("job", Arc::new(StringArray::from_iter_values(names))),
        (
            "submit_s",
            Arc::new(Int64Array::from_iter_values(
                rows.clone().map(|row| row * 30),
            )),
        ),
        (
            "run_s",
            Arc::new(Int64Array::from_iter_values(
                rows.clone().map(|row| row % 600 + 1),
            )),
        ),
        ("cpus", Arc::new(Float64Array::from_iter_values(cpus))),
        (
            "mem_mib",
            Arc::new(Int64Array::from_iter_values(rows.map(|row| row % 64 * 128))),
        ),
        ("user", Arc::new(StringArray::from_iter_values(users))),
    ];
    RecordBatch::try_from_iter(columns)
}

/// How many lines a file may begin with that stand in it once.
const MOST_HEAD: usize = 12;

/// So many lines, and all others, each with its end.
fn split(text: &str, lines: usize) -> Option<(&str, &str)> {
    let at = match lines.checked_sub(1) {
        None => 0,
        Some(last) => text.match_indices('\n').nth(last)?.0 + 1,
    };
    Some(text.split_at(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: Format, measured: bool) {
        let speed = of_sample(format, 1).unwrap();
        assert_eq!(speed.is_some(), measured, "{format}");
        if let Some(speed) = speed {
            assert!(speed.records > 1000 && speed.megabytes >= 1.0, "{speed:?}");
            assert!(
                speed.megabytes_a_second > 0.0 && speed.to_plain > 1.0,
                "{speed:?}"
            );
        }
    }

    #[test]
    fn samples_of_lines_and_of_values_can_be_made_longer_and_those_of_one_document_not() {
        check(Format::Sacct, true);
        check(Format::PbsNodes, true);
        check(Format::Kubernetes, true);
        check(Format::CookJobs, false);
    }

    #[test]
    fn a_table_of_arrow_is_measured_as_one() {
        let speed = of_arrow(1).unwrap();
        assert_eq!(speed.format, "table (Arrow)");
        assert!(speed.records >= 4096 && speed.megabytes >= 1.0, "{speed:?}");
    }
}
