//! Tables of Arrow: files and streams, packed or not, of many types, damaged, and larger than they may be.

use arrow_ipc::CompressionType;
use expect_test::{Expect, expect};
use fairground_readers::Format;
use fairground_readers::formats::stat;

use crate::common::{arrow, folder, gzip, parquet, write};
use crate::{damaged, rows, wrong};

const TABLE: Format = Format::Plain;

#[test]
fn a_table_is_the_same_in_every_writing() {
    let folder = folder();
    let path = folder.path().join("jobs.parquet");
    parquet::jobs(&path);
    let (same, counted) = (rows(&path, TABLE), stat(&path, TABLE).unwrap());
    let jobs = arrow::jobs();
    let parts = [jobs.slice(0, 1), jobs.slice(1, 1)];
    for packed in [
        None,
        Some(CompressionType::LZ4_FRAME),
        Some(CompressionType::ZSTD),
    ] {
        for batches in [std::slice::from_ref(&jobs), &parts] {
            let (file, stream) = (arrow::file(batches, packed), arrow::stream(batches, packed));
            for bytes in [gzip(&file), file, stream] {
                let path = write(&folder, "jobs", bytes);
                assert_eq!(Format::detect(&path).unwrap(), TABLE);
                assert_eq!(rows(&path, TABLE), same);
                assert_eq!(stat(&path, TABLE).unwrap(), counted);
            }
        }
    }
}

/// What people export day by day, each day with another program.
#[test]
fn parts_in_several_writings_are_one_table() {
    let folder = folder();
    let parts = folder.path().join("parts");
    std::fs::create_dir(&parts).unwrap();
    let write = |name: &str, bytes: Vec<u8>| std::fs::write(parts.join(name), bytes).unwrap();
    let days = [
        (
            "day-1.csv",
            b"run_s,owner,memory_bytes,submitted\n5,eve,1073741824,2026-01-04 00:00:00\n\n"
                .to_vec(),
        ),
        ("day-2.arrow", arrow::file(&[arrow::jobs()], None)),
        (
            "day-10.feather.gz",
            gzip(arrow::stream(&[arrow::jobs()], None)),
        ),
    ];
    for (name, bytes) in days.clone() {
        write(name, bytes);
    }
    parquet::jobs(&parts.join("day-3.parquet"));
    assert_eq!(Format::detect(&parts).unwrap(), TABLE);
    let mut all = Vec::new();
    for name in [
        "day-1.csv",
        "day-2.arrow",
        "day-3.parquet",
        "day-10.feather.gz",
    ] {
        all.extend(rows(&parts.join(name), TABLE));
    }
    assert_eq!(all.len(), 7);
    assert_eq!(rows(&parts, TABLE), all);
    let facts = stat(&parts, TABLE).unwrap().facts;
    let fact = |name: &str| {
        facts
            .iter()
            .find(|(known, _)| *known == name)
            .unwrap()
            .1
            .clone()
    };
    assert_eq!(
        (fact("jobs"), fact("users"), fact("blank_lines")),
        ("7".into(), "3".into(), "1".into())
    );
    // The first that is wrong is told with its part; those before it are read.
    write("day-4.arrow", arrow::file(&[arrow::alike(2, -5)], None));
    assert!(
        wrong(&parts, TABLE).starts_with("parts/day-4.arrow:1: column 1 (run_s): expected"),
        "{}",
        wrong(&parts, TABLE)
    );
    write("day-4.arrow", arrow::file(&[arrow::nested()], None));
    assert!(
        wrong(&parts, TABLE).starts_with("parts/day-4.arrow: column 2 (run)"),
        "{}",
        wrong(&parts, TABLE)
    );
}

#[test]
fn types_tell_units() {
    let folder = folder();
    let path = write(&folder, "jobs", arrow::file(&[arrow::types()], None));
    expect![[r"
        a,1767600000,30,1,1.5,,0,ann,short,
        b,0.000002,0,1,0.25,,1,,a queue with a long name,
        c,,7,1,1,,2,ann,,"]]
    .assert_eq(&rows(&path, TABLE).join("\n"));
}

fn check(format: Format, bytes: Vec<u8>, expected: &Expect) {
    let path = write(&folder(), "jobs", "");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    expected.assert_eq(&wrong(&path, format));
}

#[test]
fn what_cannot_be_read_is_told() {
    let alike = |seconds| arrow::file(&[arrow::alike(2, 60), arrow::alike(2, seconds)], None);
    check(
        TABLE,
        arrow::file(&[arrow::nested()], None),
        &expect![[
            r#"jobs: column 2 (run): expected a column of numbers, times or text, found `Struct(\"s\": non-null Int64)`"#
        ]],
    );
    check(
        TABLE,
        alike(-5),
        &expect![[r"
            jobs:3: column 1 (run_s): expected a number of seconds, found `-5`
              hint: digits with at most one point and exponent: no sign, blank or unit"]],
    );
    check(
        TABLE,
        arrow::file(&[arrow::jobs().project(&[0, 4]).unwrap()], None),
        &expect![[r"
            jobs: the schema: expected a column that tells how long a job ran (run_s), or when it ended (end), found `owner, colour`
              hint: say which column is what: --columns 'run=COLUMN:s,submit=COLUMN:s'; workloads/FORMATS.md has all names"]],
    );
    check(
        TABLE,
        arrow::file(&[arrow::alike(0, 0)], None),
        &expect![[r"
            jobs:1: expected at least one job, found none
              hint: a first line that names the columns, then a row a job"]],
    );
    check(
        Format::OpenDcTasks,
        alike(5),
        &expect![[r#"
        jobs: after 0 unpacked bytes: cannot be read: it is a table of Arrow, which is read as a plain table (--format table, --columns) and as nothing else; write it as Parquet, as in pandas.read_feather("jobs.arrow").to_parquet("jobs.parquet")
          hint: name another archive, or the unpacked file"#]],
    );
    check(
        TABLE,
        b"FEA1\0\0\0\0".to_vec(),
        &expect![[r#"
        jobs: after 0 unpacked bytes: cannot be read: it is a table in the first version of Feather; write it in the second, as in pandas.read_feather("old.feather").to_feather("new.feather")
          hint: name another archive, or the unpacked file"#]],
    );
}

#[test]
fn damage_is_told() {
    let batches = [arrow::alike(3, 60), arrow::alike(2, 61)];
    for packed in [
        None,
        Some(CompressionType::LZ4_FRAME),
        Some(CompressionType::ZSTD),
    ] {
        let file = arrow::file(&batches, packed);
        damaged(&file, TABLE, file.len());
        // A stream may end behind every message but the first.
        damaged(&arrow::stream(&batches, packed), TABLE, 8);
    }
}

/// The file with every number `from` of so many bytes made `to`.
fn replaced(mut bytes: Vec<u8>, from: i64, to: i64, width: usize) -> Vec<u8> {
    let (from, to) = (from.to_le_bytes(), to.to_le_bytes());
    let mut found = 0;
    for at in 0..bytes.len() - width {
        if bytes[at..at + width] == from[..width] {
            bytes[at..at + width].copy_from_slice(&to[..width]);
            found += 1;
        }
    }
    assert!(found > 0);
    bytes
}

#[test]
fn memory_is_bounded_whatever_a_file_says() {
    // So many rows that their number stands for nothing else in the file.
    let rows = 1_111_111;
    let large = arrow::alike(1_111_111, 60);
    let plain = arrow::stream(std::slice::from_ref(&large), None);
    check(
        TABLE,
        replaced(plain.clone(), rows, 1 << 50, 8),
        &expect![[r#"
            jobs:1: message 3: expected 0 to 142222208 rows of so short a batch, found 1125899906842624
              hint: the file is damaged, or its batches are too large: write it with fewer rows in each, as in pyarrow.feather.write_feather(table, "jobs.arrow", chunksize=65536)"#]],
    );
    check(
        TABLE,
        replaced(plain.clone(), rows, -1, 8),
        &expect![[r#"
        jobs:1: message 3: expected 0 to 142222208 rows of so short a batch, found -1
          hint: the file is damaged, or its batches are too large: write it with fewer rows in each, as in pyarrow.feather.write_feather(table, "jobs.arrow", chunksize=65536)"#]],
    );
    // The bytes of the first buffer that is packed.
    let packed = arrow::stream(std::slice::from_ref(&large), Some(CompressionType::ZSTD));
    check(
        TABLE,
        replaced(packed, rows * 8, 1 << 50, 8),
        &expect![[r#"
            jobs:1: message 3: expected 0 to 268435456 bytes of one batch, found 1125899906842624
              hint: the file is damaged, or its batches are too large: write it with fewer rows in each, as in pyarrow.feather.write_feather(table, "jobs.arrow", chunksize=65536)"#]],
    );
    let mut long = plain[..64].to_vec();
    long[4..8].copy_from_slice(&i32::MAX.to_le_bytes());
    check(
        TABLE,
        long,
        &expect![[r#"
            jobs: the schema: expected 0 to 16777216 bytes that describe a message, found 2147483647
              hint: the file is damaged, or its batches are too large: write it with fewer rows in each, as in pyarrow.feather.write_feather(table, "jobs.arrow", chunksize=65536)"#]],
    );
}
