//! Job histories in Avro's binary encoding.

use std::fs;
use std::path::Path;

use expect_test::{Expect, expect};
use fairground_readers::Format;
use fairground_readers::formats::stat;
use serde_json::Value;

use crate::common::{avro, folder, gzip, write};
use crate::{damaged, rows, wrong};

const JHIST: Format = Format::Jhist;

#[test]
fn both_writings_are_the_same() {
    let folder = folder();
    let text = write(&folder, "text", avro::text());
    let binary = write(&folder, "binary", avro::binary());
    let packed = write(&folder, "packed", gzip(avro::binary()));
    assert_eq!(Format::detect(&binary).unwrap(), JHIST);
    assert_eq!(rows(&binary, JHIST), rows(&text, JHIST));
    assert_eq!(rows(&packed, JHIST), rows(&text, JHIST));
    let facts = |path| format!("{:?}", stat(path, JHIST).unwrap().facts);
    expect![[r#"[("lines", "6"), ("events", "JOB_FINISHED: 1, JOB_SUBMITTED: 2, ODD: 1"), ("first_ms", "1526555642677"), ("last_ms", "1526555658299")]"#]].assert_eq(&facts(&binary));
    expect![[r#"[("lines", "9"), ("events", "JOB_FINISHED: 1, JOB_SUBMITTED: 2, ODD: 1"), ("first_ms", "1526555642677"), ("last_ms", "1526555658299"), ("blank_lines", "3"), ("lines_not_utf8", "0")]"#]].assert_eq(&facts(&text));
}

/// The public history that there is, with Hadoop's own schema, in binary.
#[test]
fn a_real_one_is_the_same() {
    let traces = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/traces");
    let traces = std::env::var_os("FAIRGROUND_TRACES").map_or(traces, Into::into);
    let real = traces.join("hadoop-rumen-sls/job_1526555215992_0001.jhist");
    let Ok(text) = fs::read_to_string(&real) else {
        eprintln!("not there: {}", real.display());
        return;
    };
    let mut lines = text.lines().skip(1).filter(|line| !line.is_empty());
    let schema = lines.next().unwrap();
    let events = lines.map(|line| line.parse::<Value>().unwrap());
    let folder = folder();
    let binary = write(&folder, "binary", avro::written(schema, events));
    assert_eq!(rows(&binary, JHIST), rows(&real, JHIST));
}

fn check(bytes: &[u8], expected: &Expect) {
    let folder = folder();
    let path = write(&folder, "job", bytes);
    expected.assert_eq(&wrong(&path, JHIST));
}

/// A history of that schema with these bytes behind it.
fn of(schema: &str, bytes: &[u8]) -> Vec<u8> {
    [b"Avro-Binary\n", schema.as_bytes(), b"\n", bytes].concat()
}

#[test]
fn what_cannot_be_read_is_told() {
    let binary = avro::binary();
    check(
        &binary[..binary.len() - 1],
        &expect![[r"
        job:4: byte 120 of the events: expected more of a value, found the end of the file
          hint: the file is truncated: its writer still wrote, or fetch it again"]],
    );
    check(
        b"Avro-Binary",
        &expect!["job:2: expected the schema of the events as JSON, found nothing"],
    );
    check(
        b"Avro-Binary 2\n{}\n",
        &expect!["job:1: expected `Avro-Binary`, found `Avro-Binary 2`"],
    );
    check(
        &of("{}", b""),
        &expect!["job:2: expected a type with its `type`, found one without"],
    );
    check(
        &of(avro::SCHEMA.replace('\n', "").as_str(), b""),
        &expect![[r"
            job:1: byte 0 of the events: expected at least one event, found none
              hint: the first line is Avro-Json or Avro-Binary, the second a schema, then events"]],
    );
    check(
        &of(avro::SCHEMA.replace('\n', "").as_str(), b"\x40"),
        &expect!["job:1: byte 1 of the events: expected one of 3 by its number, found 32"],
    );
    check(
        &of(avro::SCHEMA.replace('\n', "").as_str(), &[0xff; 20]),
        &expect!["job:1: byte 10 of the events: expected a number of 64 bits, found a longer one"],
    );
    // No such type, one that holds itself, and ones that take no bytes, or more than there are.
    check(
        &of(r#"{"type":"text"}"#, b"\0"),
        &expect![[r"
        job:2: expected a type that is declared before, found `text`
          hint: types that hold themselves are not read"]],
    );
    let itself = r#"{"type":"record","name":"A","fields":[{"name":"a","type":"A"}]}"#;
    check(
        &of(itself, b"\0"),
        &expect![[r"
        job:2: expected a type that is declared before, found `A`
          hint: types that hold themselves are not read"]],
    );
    check(
        &of(r#"{"type":"record","name":"A","fields":[]}"#, b"\0"),
        &expect![
            "job:1: byte 0 of the events: expected values that take bytes, found a type that takes none"
        ],
    );
    let nulls = r#"{"type":"array","items":"null"}"#;
    check(
        &of(nulls, b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        &expect![
            "job:1: byte 10 of the events: expected at most 1048576 values in one, and 16 a byte, found more"
        ],
    );
    check(
        &of(
            r#"{"type":"bytes"}"#,
            b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        ),
        &expect![
            "job:1: byte 10 of the events: expected a value of at most 16777216 bytes, found a longer one"
        ],
    );
}

/// Types that double what they hold with each name, or are nested deeper than any stack.
#[test]
fn types_are_bounded() {
    let mut fields = r#"{"name":"a","type":"null"}"#.to_owned();
    for depth in 0..200 {
        let kind = format!(r#"{{"type":"record","name":"T{depth}","fields":[{fields}]}}"#);
        fields = format!(r#"{{"name":"a","type":{kind}}},{{"name":"b","type":"T{depth}"}}"#);
        let schema = format!(r#"{{"type":"record","name":"E","fields":[{fields}]}}"#);
        let folder = folder();
        let path = write(&folder, "job", of(&schema, b"\0\0\0\0"));
        assert_ne!(wrong(&path, JHIST), "");
    }
}

#[test]
fn damage_is_told() {
    let whole = avro::binary();
    let events = whole.len() - 32;
    // It may end behind every event.
    damaged(&whole, JHIST, 64.min(events));
}
