//! SWIM: one Hadoop job a row, with its bytes but without tasks or durations.
//!
//! Source: github.com/SWIMProjectUCB/SWIM, `workloadSuite/*.tsv` (Facebook 2009 and 2010). Six
//! columns separated by tabs, no header: job name; submission in seconds from the start of the
//! sample; seconds since the previous submission; bytes read by maps; bytes shuffled; bytes
//! written. What stands behind them is not read: the files with input paths (Facebook 2010,
//! `withInputPaths`) have nine columns.

use crate::formats::prelude::*;

/// The largest amount of data one job may claim, in bytes (one exbibyte).
pub const MOST_BYTES: u64 = 1 << 60;
/// The latest submission, in seconds (a hundred years).
pub const LATEST: u64 = 3_155_760_000;

const SECONDS: Whole = Whole("seconds", LATEST);
const BYTES: Whole = Whole("bytes", MOST_BYTES);

pub(crate) const FORM: Form = Form {
    about: "Hadoop jobs: submission and bytes, tab-separated (SWIM, Facebook 2009)",
    signs: &[MayEnd(".tsv")],
    import: Ok(import),
    samples: &["job0\t10\t10\t1000\t0\t5\njob1\t10\t0\t0\t2000\t0\n\
                        job2\t70\t60\t100000000\t3000000000\t7\n"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One row.
    pub struct Record at place: "job" in "workload.tsv", bare {
        const BETWEEN: char = '\t';
        const MORE: bool = true;
        const ABOUT: &'static str =
            "a SWIM file has one job a row: name, submit, gap and three byte counts";
    };
    /// The job's name.
    name: String = "job", Word("a job name");
    /// When it was submitted, in seconds from the start of the sample.
    submit: u64 = "submit_s", SECONDS;
    /// Seconds since the previous submission, as the file says.
    gap: u64 = "gap_s", SECONDS;
    /// Bytes read by the maps.
    input: u64 = "map_input_bytes", BYTES;
    /// Bytes carried from maps to reduces; zero for a job without reduces.
    shuffle: u64 = "shuffle_bytes", BYTES;
    /// Bytes the job wrote.
    output: u64 = "reduce_output_bytes", BYTES;
}

contents! {
    Record: |job| Jobs 1, Tasks 1 + u64::from(job.shuffle > 0),
        Edges u64::from(job.shuffle > 0);
}

/// A whole number of `unit` up to `most`.
pub(crate) fn number(text: &str, unit: &str, most: u64) -> Result<u64, ReadError> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        let error = ReadError::expected(format!("a whole number of {unit}"), quoted(text));
        return Err(error.hint("digits only: no sign, fraction, blank or unit"));
    }
    match text.parse() {
        Ok(value) if value <= most => Ok(value),
        _ => {
            let error = ReadError::expected(format!("at most {most} {unit}"), quoted(text));
            Err(error.hint("so large a number is taken for damage"))
        }
    }
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("jobs");
        seen.columns();
        seen.first("first_submit_s", self.submit);
        let last = seen.previous("last_submit_s");
        seen.last("last_submit_s", self.submit);
        if let Some(last) = seen.sorted("submit_nondecreasing", self.submit) {
            let expected = format!("a time not before the row above ({last})");
            let odd = ReadError::expected(expected, self.submit).place("column 2 (submit_s)");
            seen.warn(odd.hint("a simulation sorts the jobs by submission"));
        }
        let gap = self.submit.checked_sub(last.unwrap_or(0));
        if gap != Some(self.gap) {
            let expected = gap.map_or("no gap".to_owned(), |gap| gap.to_string());
            let expected = format!("{expected}, the difference to the row above");
            let odd = ReadError::expected(expected, self.gap).place("column 3 (gap_s)");
            seen.warn(odd.hint("a simulation uses submit_s and ignores gap_s"));
        }
        seen.always("gap_equals_submit_difference", gap == Some(self.gap));
        seen.count_if("map_only_jobs_shuffle_eq_0", self.shuffle == 0);
        seen.count_if("jobs_with_zero_input", self.input == 0);
        seen.count_if("jobs_with_zero_output", self.output == 0);
        seen.figures("submit_s", "seconds", [self.submit]);
        seen.figures("gap_s", "seconds", [self.gap]);
        seen.figures("map_input_bytes", "bytes", [self.input]);
        seen.figures("shuffle_bytes", "bytes", [self.shuffle]);
        seen.figures("reduce_output_bytes", "bytes", [self.output]);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "stages",
        "a map for every job, a reduce where bytes were shuffled; how many tasks, \
                             and for how long, is not in the source",
    );
    import.each(Rows::open(path)?, |import, job: Record| {
        let reads = |read: u64, write: u64| Tasks {
            count: 1,
            read: Some(read),
            write: Some(write),
            ..Tasks::default()
        };
        let mapped = if job.shuffle > 0 {
            job.shuffle
        } else {
            job.output
        };
        let mut stages = vec![stage("map", Vec::new(), vec![reads(job.input, mapped)])];
        if job.shuffle > 0 {
            stages.push(stage(
                "reduce",
                vec![0],
                vec![reads(job.shuffle, job.output)],
            ));
        }
        let submit = Some(seconds(job.submit));
        let draft = Draft {
            name: job.name,
            submit,
            stages,
            ..Draft::default()
        };
        import.job(draft)
    })
}
