//! Who gains, who pays, as text: a sentence to quote and aligned tables.
//!
//! The terminal and the report show the same cells.

use std::fmt::Write as _;

use super::gains::{Gains, Line, Measure, Measured, Overall, Verdict};
use super::stats::Estimate;
use super::units;

/// A table ready to be shown.
#[derive(Clone, PartialEq, Debug)]
pub struct Grid {
    /// What it compares.
    pub title: &'static str,
    /// The columns.
    pub heads: Vec<Head>,
    /// One row a framework and policy.
    pub rows: Vec<Vec<Entry>>,
}

/// The top of a column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// The words in the first line.
    pub text: &'static str,
    /// Whether the column is left out where room is short.
    pub wide: bool,
    /// Whether the column holds names (left-aligned) rather than numbers.
    pub names: bool,
}

/// One field of a table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// What it says.
    pub text: String,
    /// Good or bad news for the framework.
    pub verdict: Verdict,
}

impl From<String> for Entry {
    fn from(text: String) -> Self {
        Self {
            text,
            verdict: Verdict::NotShown,
        }
    }
}

impl Gains {
    /// One sentence a policy, fit to be quoted; the policy that finished jobs soonest comes first.
    pub fn sentences(&self) -> Vec<String> {
        let mut overall: Vec<&Overall> = self.overall.iter().collect();
        let sooner = |overall: &Overall| overall.times_sooner.map_or(0.0, |times| times.mean);
        overall.sort_by(|one, other| sooner(other).total_cmp(&sooner(one)));
        let mut sentences: Vec<String> = overall
            .into_iter()
            .filter_map(|overall| self.jobs_sentence(overall))
            .collect();
        sentences.extend(
            self.lines
                .iter()
                .filter(|line| line.service && line.policy > 0)
                .filter_map(|line| self.service_sentence(line)),
        );
        sentences
    }

    /// The tables, one for jobs and one for services where there are any.
    pub fn grids(&self) -> Vec<Grid> {
        let of = |service: bool| {
            self.lines
                .iter()
                .filter(move |line| line.service == service)
        };
        let mut grids = Vec::new();
        if of(false).next().is_some() {
            grids.push(Grid {
                title: "Jobs: time from submission to the end",
                heads: self.heads(&JOB_HEADS),
                rows: of(false).map(|line| self.job_row(line)).collect(),
            });
        }
        if of(true).next().is_some() {
            grids.push(Grid {
                title: "Services: response times and missed objectives",
                heads: self.heads(&SERVICE_HEADS),
                rows: of(true).map(|line| self.service_row(line)).collect(),
            });
        }
        grids
    }

    /// The columns, with one for GPUs where there are some.
    fn heads(&self, heads: &[Head]) -> Vec<Head> {
        let mut lines = self.lines.iter();
        let gpus = lines.any(|line| line.get(Measure::Gpus).is_some());
        let gpus = gpus.then_some(number("GPUs"));
        heads.iter().copied().chain(gpus).collect()
    }

    /// Everything for a terminal, without colour; lines end with a newline.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for grid in self.grids() {
            let _ = write!(text, "{}\n\n{}\n", grid.title, aligned(&grid));
        }
        // One policy alone has nothing to be compared with.
        if self.policies.len() > 1 {
            let _ = writeln!(text, "{}", self.legend());
        }
        for sentence in self.sentences() {
            let _ = write!(text, "\n{sentence}");
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    }

    /// What the changes in the tables mean.
    pub fn legend(&self) -> String {
        let baseline = self.policies.first().map_or("", String::as_str);
        let interval = match self.seeds {
            0 | 1 => "from one seed, so without an interval".to_owned(),
            seeds => format!("with its 95 % interval over {seeds} seeds"),
        };
        format!(
            "Changes are against {baseline}, on the same trace, {interval}; pp: percentage points. \
             Completion changes count jobs that finished under both. \
             Worse: jobs more than 1 % later than under {baseline}, or never finished."
        )
    }

    fn jobs_sentence(&self, overall: &Overall) -> Option<String> {
        let times = overall.times_sooner?;
        let (policy, baseline) = (&self.policies[overall.policy], &self.policies[0]);
        let frameworks = self
            .lines
            .iter()
            .filter(|line| line.policy == overall.policy && !line.service)
            .filter(|line| {
                let completion = line.get(Measure::CompletionMean);
                completion.is_some_and(|measured| measured.change.is_some())
            })
            .count();
        let over = format!(
            "(mean over {} jobs, {})",
            units::count(frameworks, "framework's", "frameworks'"),
            units::count(times.seeds, "seed", "seeds")
        );
        let mut sentence = match times.interval {
            None => format!(
                "{policy} finished jobs {} than {baseline} {over}; one seed says nothing about \
                 chance.",
                sooner_or_later(&times)
            ),
            Some(_) if times.differs_from(1.0) => format!(
                "{policy} finished jobs {} than {baseline} {over}.",
                sooner_or_later(&times)
            ),
            Some(_) => format!(
                "No difference shown between {policy} and {baseline}: jobs finished {} times as \
                 soon, an interval that includes 1 {over}.",
                units::factor(&times)
            ),
        };
        if overall.left_out > 0 {
            let jobs = units::count(overall.left_out, "job", "jobs");
            let _ = write!(sentence, " Left out: {jobs} unfinished under either.");
        }
        Some(sentence)
    }

    fn service_sentence(&self, line: &Line) -> Option<String> {
        let missed = line.get(Measure::Missed)?;
        let change = missed.change?;
        let base = self
            .lines
            .iter()
            .find(|other| other.framework == line.framework && other.policy == 0)?;
        let (before, after) = (base.get(Measure::Missed)?.value?, missed.value?);
        let (policy, baseline) = (&self.policies[line.policy], &self.policies[0]);
        let seeds = units::count(change.seeds, "seed", "seeds");
        let (name, before, after) = (&line.name, units::percent(before), units::percent(after));
        let change = units::change(&change, "pp");
        Some(match missed.verdict() {
            Verdict::NotShown => format!(
                "No difference shown in {name}'s missed requests: {after} under {policy}, {before} \
                 under {baseline} ({change}, {seeds})."
            ),
            _ => format!(
                "{name} missed its objective in {after} of requests under {policy}, {before} under \
                 {baseline} ({change}, {seeds})."
            ),
        })
    }

    fn job_row(&self, line: &Line) -> Vec<Entry> {
        let mut row = self.names(line);
        for measure in [
            Measure::CompletionMean,
            Measure::CompletionP50,
            Measure::CompletionP95,
        ] {
            row.extend(value_and_change(line, measure, "%", units::duration));
        }
        let jobs = line.jobs;
        row.push(match line.policy {
            0 => "–".to_owned().into(),
            _ => share(jobs.worse, jobs.all).into(),
        });
        row.push(share(jobs.unfinished, jobs.all).into());
        row.push(plain(line, Measure::WorkLost, units::duration));
        row.extend(used(line));
        row
    }

    fn service_row(&self, line: &Line) -> Vec<Entry> {
        let mut row = self.names(line);
        for measure in [
            Measure::LatencyP50,
            Measure::LatencyP95,
            Measure::LatencyP99,
        ] {
            row.extend(value_and_change(line, measure, "%", units::duration));
        }
        row.extend(value_and_change(
            line,
            Measure::Missed,
            "pp",
            units::percent,
        ));
        row.extend(used(line));
        row
    }

    /// Framework, policy, verdict: what every row begins with.
    fn names(&self, line: &Line) -> Vec<Entry> {
        let verdict = line.verdict();
        let text = match (line.policy, self.seeds) {
            (0, _) => "baseline",
            (_, 0 | 1) => "one seed",
            _ => verdict.text(),
        };
        vec![
            line.name.clone().into(),
            self.policies[line.policy].clone().into(),
            Entry {
                text: text.to_owned(),
                verdict,
            },
        ]
    }
}

fn used(line: &Line) -> Vec<Entry> {
    let mut kinds = vec![Measure::Cpus, Measure::Mem];
    kinds.extend(line.get(Measure::Gpus).map(|_| Measure::Gpus));
    let share = |kind| plain(line, kind, units::percent);
    kinds.into_iter().map(share).collect()
}

fn sooner_or_later(times: &Estimate) -> String {
    if times.mean >= 1.0 {
        return format!("{} times sooner", units::factor(times));
    }
    let turned = Estimate {
        mean: 1.0 / times.mean,
        interval: times.interval.map(|(low, high)| (1.0 / high, 1.0 / low)),
        ..*times
    };
    format!("{} times later", units::factor(&turned))
}

const fn number(text: &'static str) -> Head {
    Head {
        text,
        wide: false,
        names: false,
    }
}

const fn wide(text: &'static str) -> Head {
    Head {
        text,
        wide: true,
        names: false,
    }
}

const fn names(text: &'static str) -> Head {
    Head {
        text,
        wide: false,
        names: true,
    }
}

const JOB_HEADS: [Head; 14] = [
    names("framework"),
    names("policy"),
    names("verdict"),
    number("mean"),
    number("change"),
    wide("median"),
    wide("change"),
    number("95th pct"),
    number("change"),
    number("worse"),
    number("unfinished"),
    number("work lost"),
    number("CPUs"),
    number("memory"),
];

const SERVICE_HEADS: [Head; 13] = [
    names("framework"),
    names("policy"),
    names("verdict"),
    wide("median"),
    wide("change"),
    number("95th pct"),
    number("change"),
    number("99th pct"),
    number("change"),
    number("missed"),
    number("change"),
    number("CPUs"),
    number("memory"),
];

fn value_and_change(
    line: &Line,
    measure: Measure,
    unit: &str,
    show: fn(f64) -> String,
) -> [Entry; 2] {
    let change = line.get(measure).and_then(|m| m.change);
    let text = change.map_or("–".to_owned(), |change| units::change(&change, unit));
    let verdict = line
        .get(measure)
        .map_or(Verdict::NotShown, Measured::verdict);
    [plain(line, measure, show), Entry { text, verdict }]
}

fn plain(line: &Line, measure: Measure, show: fn(f64) -> String) -> Entry {
    let value = line.get(measure).and_then(|m| m.value);
    value.map_or("–".to_owned(), show).into()
}

fn share(part: usize, all: usize) -> String {
    match (part, all) {
        (_, 0) => "–".to_owned(),
        (0, _) => "0 %".to_owned(),
        _ => units::percent(part as f64 / all as f64),
    }
}

/// Columns two spaces apart, names to the left, numbers to the right; a framework's name once.
pub(super) fn aligned(grid: &Grid) -> String {
    let shown: Vec<usize> = (0..grid.heads.len())
        .filter(|i| !grid.heads[*i].wide)
        .collect();
    let width = |column: &usize| {
        let fields = grid
            .rows
            .iter()
            .map(|row| row[*column].text.chars().count());
        fields
            .max()
            .unwrap_or(0)
            .max(grid.heads[*column].text.len())
    };
    let widths: Vec<usize> = shown.iter().map(width).collect();
    let mut text = String::new();
    let mut push = |fields: Vec<&str>| {
        let mut line = String::new();
        for ((field, column), width) in fields.into_iter().zip(&shown).zip(&widths) {
            if grid.heads[*column].names {
                let _ = write!(line, "{field:<width$}  ");
            } else {
                let _ = write!(line, "{field:>width$}  ");
            }
        }
        text += line.trim_end();
        text.push('\n');
    };
    push(
        shown
            .iter()
            .map(|column| grid.heads[*column].text)
            .collect(),
    );
    let mut last = "";
    for row in &grid.rows {
        let name = row[0].text.as_str();
        let mut fields: Vec<&str> = shown
            .iter()
            .map(|column| row[*column].text.as_str())
            .collect();
        if name == last {
            fields[0] = "";
        }
        last = name;
        push(fields);
    }
    text
}
