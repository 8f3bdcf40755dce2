//! Tables are read back as they were written, and their columns are documented.

mod output_fake;

use std::path::Path;

use fairground_sim::output::comparison::{Changes, Line, Verdict};
use fairground_sim::output::table::{Cell, Holds, Table};
use fairground_sim::output::tables;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

type Row = (&'static str, Option<i64>);

fn table() -> Table<Row> {
    let rows = vec![
        ("plain", Some(-5)),
        ("comma, \"quote\"\nline", None),
        ("µ", Some(i64::MAX)),
    ];
    Table::new("test", "One row is a test.", rows)
        .text("name", "a name", |row| row.0.into())
        .int("number_us", "µs", "a number", |row| row.1.into())
}

#[test]
fn csv_reads_back() {
    let bytes = table().to_csv();
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    assert_eq!(reader.headers().unwrap(), vec!["name", "number_us"]);
    let rows: Vec<(String, Option<i64>)> = reader.deserialize().map(Result::unwrap).collect();
    assert_eq!(rows[0], ("plain".to_owned(), Some(-5)));
    assert_eq!(rows[1], ("comma, \"quote\"\nline".to_owned(), None));
    assert_eq!(rows[2], ("µ".to_owned(), Some(i64::MAX)));
}

#[test]
fn parquet_reads_back() {
    let place = tempfile::tempdir().unwrap();
    let bytes = table().to_parquet().unwrap();
    let path = place.path().join("test.parquet");
    std::fs::write(&path, bytes).unwrap();
    let reader = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
    let rows: Vec<_> = reader
        .get_row_iter(None)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let columns = |row: usize| -> Vec<Field> {
        rows[row]
            .get_column_iter()
            .map(|(_, field)| field.clone())
            .collect()
    };
    assert_eq!(rows.len(), 3);
    assert_eq!(
        columns(0),
        [Field::Str("plain".to_owned()), Field::Long(-5)]
    );
    assert_eq!(
        columns(1),
        [Field::Str("comma, \"quote\"\nline".to_owned()), Field::Null]
    );
    assert_eq!(
        columns(2),
        [Field::Str("µ".to_owned()), Field::Long(i64::MAX)]
    );
}

#[test]
fn numbers_too_large_for_a_cell_are_capped() {
    assert_eq!(Cell::from(u64::MAX), Cell::Int(i64::MAX));
}

/// A column is of numbers in both files, however few of its cells say something, and nothing is not 0.
#[test]
fn numbers_are_numbers_and_nothing_is_nothing() {
    let day = output_fake::day(1);
    let summary = tables::summary(&day);
    let numbers = summary
        .columns()
        .filter(|column| column.holds == Holds::Int);
    let numbers: Vec<&str> = numbers.map(|column| column.name).collect();
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("summary.parquet");
    std::fs::write(&path, summary.to_parquet().unwrap()).unwrap();
    let reader = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
    let schema = reader.metadata().file_metadata().schema_descr();
    for column in schema.columns() {
        let is_number = column.physical_type() == parquet::basic::Type::INT64;
        assert_eq!(
            is_number,
            numbers.contains(&column.name()),
            "{}",
            column.name()
        );
    }
    let csv = summary.to_csv();
    let mut reader = csv::Reader::from_reader(csv.as_slice());
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|column| column == name).unwrap();
    let mut services = 0;
    for row in reader.records().map(Result::unwrap) {
        let service = !row[column("requests")].is_empty();
        services += u32::from(service);
        for name in ["missed", "latency_p50_us", "latency_p99_us"] {
            assert_eq!(row[column(name)].is_empty(), !service, "{name}");
        }
        for name in &numbers {
            let cell = &row[column(name)];
            assert!(
                cell.is_empty() || cell.parse::<i64>().is_ok(),
                "{name}: {cell}"
            );
        }
    }
    assert!(services > 0 && services < summary.len() as u32);
}

#[test]
fn columns_are_documented() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results/COLUMNS.md");
    let page = tables::columns_page();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == page,
        "results/COLUMNS.md is out of date; UPDATE_EXPECT=1 cargo test -p fairground-sim --test \
         output_tables rewrites it"
    );
}

#[test]
fn gains_are_said_in_a_sentence() {
    let changes = Changes::of(&output_fake::day(20));
    let sentences = changes.sentences();
    // The policy that finished jobs soonest comes first.
    let [drf, best] = sentences.as_slice() else {
        panic!("{sentences:?}");
    };
    for part in [
        "drf instead of static (4,800 jobs, 20 seeds): hadoop gains (mean completion ",
        "rails gains (",
        "nobody is shown to pay",
        " All jobs together: mean completion time ",
        " times sooner; the median job's ",
        " Never finished: 20 jobs under static, 0 under drf; ",
    ] {
        assert!(drf.contains(part), "{part}: {drf}");
    }
    assert!(
        best.contains("no difference shown for spark (mean completion the same, 0.5 % lower to"),
        "{best}"
    );
    let verdicts: Vec<Verdict> = changes.lines.iter().map(Line::verdict).collect();
    assert_eq!(
        verdicts[..3],
        [Verdict::NotShown, Verdict::Gains, Verdict::Gains]
    );
}

#[test]
fn a_policy_against_itself_shows_no_difference() {
    let mut day = output_fake::day(5);
    day.policies[1].runs = day.policies[0].runs.clone();
    let changes = Changes::of(&day);
    let sentence = &changes.sentences()[1];
    assert!(
        sentence.contains("nobody is shown to pay; no difference shown for "),
        "{sentence}"
    );
    assert!(
        sentence.contains("mean completion time the same"),
        "{sentence}"
    );
    assert!(
        changes
            .lines
            .iter()
            .filter(|line| line.policy == 1)
            .all(|line| line.jobs.worse == 0)
    );
}

#[test]
fn one_seed_claims_nothing() {
    let changes = Changes::of(&output_fake::day(1));
    let sentence = &changes.sentences()[0];
    assert!(
        sentence.contains("one seed, which says nothing about chance"),
        "{sentence}"
    );
    assert!(sentence.contains("is better off"), "{sentence}");
    assert!(changes.to_text().contains("one seed"));
    assert!(
        changes
            .lines
            .iter()
            .all(|line| line.verdict() == Verdict::NotShown)
    );
}
