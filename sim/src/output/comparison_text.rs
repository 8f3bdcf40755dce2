//! Who gains, who pays, as tables for people.
//!
//! The terminal and the report show the same cells; a terminal leaves out columns where room is short.

use std::fmt::Write as _;

use super::comparison::{Changes, Line, Measure, Measured, Verdict};
use super::units;

/// The longest line of text, in characters.
const WIDTH: usize = 100;

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
    /// Columns are left out where room is short, the highest first; zero stays.
    pub rank: u8,
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

impl Changes {
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

    /// The columns, with one for GPUs where there are some; unfinished jobs matter where there are any.
    fn heads(&self, heads: &[Head]) -> Vec<Head> {
        let gpus = self
            .lines
            .iter()
            .any(|line| line.get(Measure::Gpus).is_some());
        let gpus = gpus.then_some(number("GPUs", 7));
        let unfinished = self.lines.iter().any(|line| line.jobs.unfinished > 0);
        let rank = |head: &Head| match head.text {
            "unfinished" if unfinished => 0,
            _ => head.rank,
        };
        let ranked = heads.iter().map(|head| Head {
            rank: rank(head),
            ..*head
        });
        ranked.chain(gpus).collect()
    }

    /// Everything for a terminal, without colour; lines end with a newline.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for grid in self.grids() {
            let _ = write!(text, "{}\n\n{}\n", grid.title, aligned(&grid));
        }
        // One policy alone has nothing to be compared with.
        if self.policies.len() > 1 {
            text += &wrapped(&self.legend());
        }
        for sentence in self.sentences() {
            text.push('\n');
            text += &wrapped(&sentence);
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
            seeds => format!(
                "the geometric mean over {seeds} seeds with its 95 % interval; not shown: the \
                 interval includes no change"
            ),
        };
        let worse =
            format!("Worse: jobs more than 1 % later than under {baseline}, or never finished.");
        let never = if self.lines.iter().any(|line| line.jobs.unfinished > 0) {
            " A job that never finishes counts as the longest time any job took, or the replay's \
             length; a value with one is a lower bound (≥)."
        } else {
            ""
        };
        format!(
            "Changes are against {baseline}, on the same trace, {interval}; pp: percentage points. \
             {worse}{never}{}",
            self.fewer_seeds()
        )
    }

    /// Frameworks whose changes rest on fewer seeds than there are.
    fn fewer_seeds(&self) -> String {
        let mut text = String::new();
        for line in self.lines.iter().filter(|line| line.policy == 1) {
            let change = line.get(Measure::deciding(line.service));
            let change = change.and_then(|measured| measured.change);
            if let Some(fewer) = change.and_then(|change| self.fewer(&change)) {
                let what = if line.service { "requests" } else { "jobs" };
                let _ = write!(text, " {} has {what} to compare {fewer}.", line.name);
            }
        }
        text
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
            _ if verdict == Verdict::NotShown => "not shown",
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

const fn number(text: &'static str, rank: u8) -> Head {
    Head {
        text,
        rank,
        names: false,
    }
}

const fn names(text: &'static str) -> Head {
    Head {
        text,
        rank: 0,
        names: true,
    }
}

const JOB_HEADS: [Head; 14] = [
    names("framework"),
    names("policy"),
    names("verdict"),
    number("mean", 0),
    number("change", 0),
    number("median", 4),
    number("change", 5),
    number("95th pct", 2),
    number("change", 5),
    number("worse", 1),
    number("unfinished", 3),
    number("work lost", 6),
    number("CPUs", 7),
    number("memory", 7),
];

const SERVICE_HEADS: [Head; 13] = [
    names("framework"),
    names("policy"),
    names("verdict"),
    number("median", 4),
    number("change", 5),
    number("95th pct", 1),
    number("change", 5),
    number("99th pct", 2),
    number("change", 6),
    number("missed", 0),
    number("change", 0),
    number("CPUs", 7),
    number("memory", 7),
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
    let measured = line.get(measure);
    let bound = if measured.is_some_and(|m| m.at_least) {
        "≥ "
    } else {
        ""
    };
    let value = measured.and_then(|m| m.value);
    let value = value.map_or("–".to_owned(), |value| format!("{bound}{}", show(value)));
    value.into()
}

fn share(part: usize, all: usize) -> String {
    match (part, all) {
        (_, 0) => "–".to_owned(),
        (0, _) => "0 %".to_owned(),
        _ => units::percent(part as f64 / all as f64),
    }
}

/// Columns two spaces apart, names to the left, numbers to the right; a framework's name once. As many
/// columns as fit into a line, and names cut when even those are too many.
pub(super) fn aligned(grid: &Grid) -> String {
    let mut least = grid.heads.iter().map(|head| head.rank).max().unwrap_or(0);
    let mut name = usize::MAX;
    loop {
        let shown: Vec<usize> = (0..grid.heads.len())
            .filter(|i| grid.heads[*i].rank <= least)
            .collect();
        let lines = lines(grid, &shown, name);
        let widest = lines.iter().map(|line| line.chars().count()).max();
        if widest.is_none_or(|widest| widest <= WIDTH) || (least == 0 && name <= 12) {
            return lines.join("\n") + "\n";
        }
        if least > 0 {
            least -= 1;
        } else {
            name = name.min(40) - 2;
        }
    }
}

fn lines(grid: &Grid, shown: &[usize], most: usize) -> Vec<String> {
    let heads = shown
        .iter()
        .map(|column| grid.heads[*column].text.to_owned());
    let mut fields: Vec<Vec<String>> = vec![heads.collect()];
    let mut last = "";
    for row in &grid.rows {
        let cell = |column: &usize| units::shortened(&row[*column].text, most);
        let mut line: Vec<String> = shown.iter().map(cell).collect();
        if row[0].text == last {
            line[0].clear();
        }
        last = &row[0].text;
        fields.push(line);
    }
    let width = |i: usize| fields.iter().map(|line| line[i].chars().count()).max();
    let widths: Vec<usize> = (0..shown.len()).map(|i| width(i).unwrap_or(0)).collect();
    let one = |line: &Vec<String>| {
        let mut text = String::new();
        for ((field, column), width) in line.iter().zip(shown).zip(&widths) {
            let _ = if grid.heads[*column].names {
                write!(text, "{field:<width$}  ")
            } else {
                write!(text, "{field:>width$}  ")
            };
        }
        text.trim_end().to_owned()
    };
    fields.iter().map(one).collect()
}

/// Words in lines of at most [`WIDTH`] characters, each ended.
fn wrapped(text: &str) -> String {
    let (mut lines, mut long) = (String::new(), 0);
    for word in text.split(' ') {
        let more = word.chars().count();
        if long > 0 && long + 1 + more > WIDTH {
            lines.push('\n');
            long = 0;
        } else if long > 0 {
            lines.push(' ');
            long += 1;
        }
        lines += word;
        long += more;
    }
    lines.push('\n');
    lines
}
