//! What the readers say about every kind of damage, word for word.

mod common;

use std::fmt::Write as _;

use common::{SWIM, TPCH, bzip2, folder, gzip, said, tar, told, write, zstd};
use expect_test::{Expect, expect};
use fairground_readers::Format;
use fairground_readers::formats::validate;

/// Everything that is said about files of these contents, one after the other.
fn check<T: AsRef<[u8]>>(format: Format, files: &[T], expected: &Expect) {
    let said: Vec<String> = files
        .iter()
        .map(|bytes| said(format, bytes.as_ref()))
        .collect();
    expected.assert_eq(&said.join("\n"));
}

#[test]
fn swim_rows_need_six_columns() {
    let files = [
        "",
        "job0\t1\t1\t2\t3\n",
        "job0 1 1 2 3 4\n",
        "job0\t1\t1\t2\t3\t4\t5\n",
        "\t1\t1\t2\t3\t4\n",
        "\n",
    ];
    check(
        Format::Swim,
        &files,
        &expect![[r"
            0 good
            file:1: expected at least one job, found none
              hint: a SWIM file has one job a row: name, submit, gap and three byte counts

            0 good
            file:1: expected at least 6 columns separated by tabs, found 5 columns
              hint: job, submit_s, gap_s, map_input_bytes, shuffle_bytes, reduce_output_bytes

            0 good
            file:1: expected at least 6 columns separated by tabs, found 1 column
              hint: job, submit_s, gap_s, map_input_bytes, shuffle_bytes, reduce_output_bytes

            1 good

            0 good
            file:1: column 1 (job): expected a job name, found nothing

            0 good
            file:1: expected at least one job, found none
              hint: a SWIM file has one job a row: name, submit, gap and three byte counts
        "]],
    );
}

#[test]
fn swim_numbers_are_whole_and_sane() {
    let files = [
        "job0\t1\t1\t12x\t3\t4\n",
        "job0\t-1\t1\t2\t3\t4\n",
        "job0\t1\t1\t2.5\t3\t4\n",
        "job0\t1\t1\t\t3\t4\n",
        "job0\t1\t1\t2\t99999999999999999999\t4\n",
        "job0\t1\t1\t2\t3\t1152921504606846977\n",
        "job0\t9999999999\t1\t2\t3\t4\n",
    ];
    check(
        Format::Swim,
        &files,
        &expect![[r"
        0 good
        file:1: column 4 (map_input_bytes): expected a whole number of bytes, found `12x`
          hint: digits only: no sign, fraction, blank or unit

        0 good
        file:1: column 2 (submit_s): expected a whole number of seconds, found `-1`
          hint: digits only: no sign, fraction, blank or unit

        0 good
        file:1: column 4 (map_input_bytes): expected a whole number of bytes, found `2.5`
          hint: digits only: no sign, fraction, blank or unit

        0 good
        file:1: column 4 (map_input_bytes): expected a whole number of bytes, found nothing
          hint: digits only: no sign, fraction, blank or unit

        0 good
        file:1: column 5 (shuffle_bytes): expected at most 1152921504606846976 bytes, found `99999999999999999999`
          hint: so large a number is taken for damage

        0 good
        file:1: column 6 (reduce_output_bytes): expected at most 1152921504606846976 bytes, found `1152921504606846977`
          hint: so large a number is taken for damage

        0 good
        file:1: column 2 (submit_s): expected at most 3155760000 seconds, found `9999999999`
          hint: so large a number is taken for damage
    "]],
    );
}

#[test]
fn a_bad_swim_row_does_not_end_the_file() {
    let files = [format!("job\t1\n{SWIM}job\t2\n")];
    check(
        Format::Swim,
        &files,
        &expect![[r"
            3 good
            file:1: expected at least 6 columns separated by tabs, found 2 columns
              hint: job, submit_s, gap_s, map_input_bytes, shuffle_bytes, reduce_output_bytes
            file:5: expected at least 6 columns separated by tabs, found 2 columns
              hint: job, submit_s, gap_s, map_input_bytes, shuffle_bytes, reduce_output_bytes
        "]],
    );
}

#[test]
fn swim_oddities_are_warnings() {
    let files = [
        "job0\t5\t5\t1\t1\t1\r\njob1\t5\t0\t1\t1\t1\r\n",
        "job0\t9\t9\t1\t1\t1\njob1\t4\t0\t1\t1\t1\n",
        "job0\t9\t9\t1\t1\t1\njob1\t14\t4\t1\t1\t1\n",
        "job0\t9\t9\t1\t1\t1\njob1\t14\t5\t1\t1\t1",
        "j\t9\t9\t1\t1\t1\nj\t8\t0\t1\t1\t1\nj\t7\t0\t1\t1\t1\nj\t6\t0\t1\t1\t1\n",
    ];
    check(
        Format::Swim,
        &files,
        &expect![[r"
            2 good

            2 good
            warning: file:2: column 2 (submit_s): expected a time not before the row above (9), found 4
              hint: a simulation sorts the jobs by submission
            warning: file:2: column 3 (gap_s): expected no gap, the difference to the row above, found 0
              hint: a simulation uses submit_s and ignores gap_s

            2 good
            warning: file:2: column 3 (gap_s): expected 5, the difference to the row above, found 4
              hint: a simulation uses submit_s and ignores gap_s

            2 good
            warning: file: expected a newline after the last line, found the end of the file
              hint: the file may be truncated, even in the middle of a number

            4 good
            warning: file:2: column 2 (submit_s): expected a time not before the row above (9), found 8
              hint: a simulation sorts the jobs by submission
            warning: file:2: column 3 (gap_s): expected no gap, the difference to the row above, found 0
              hint: a simulation uses submit_s and ignores gap_s
            warning: file:3: column 2 (submit_s): expected a time not before the row above (8), found 7
              hint: a simulation sorts the jobs by submission
            warning: file:3: column 3 (gap_s): expected no gap, the difference to the row above, found 0
              hint: a simulation uses submit_s and ignores gap_s
            and 2 more
        "]],
    );
}

#[test]
fn tpch_lines_are_json() {
    let files = ["", "\n", "{\"size\":\"2g\",\n", "[1,2]\n", "{}\n"];
    check(
        Format::Tpch,
        &files,
        &expect![[r"
            0 good
            file:1: expected at least one query, found none
              hint: a TPC-H profile has one query a line, as JSON

            0 good
            file:1: expected at least one query, found none
              hint: a TPC-H profile has one query a line, as JSON

            0 good
            file:1: column 13: expected JSON; EOF while parsing a value
              hint: every line is one JSON object; the file may be truncated

            0 good
            file:1: column 2: expected a query; invalid type: integer `1`, expected a string
              hint: keys: size, query, num_stages, edges, nodes[{id, stage_id, num_tasks, first_executor_level, fresh_durations, first_wave, rest_wave}]

            0 good
            file:1: column 2: expected a query; missing field `size`
              hint: keys: size, query, num_stages, edges, nodes[{id, stage_id, num_tasks, first_executor_level, fresh_durations, first_wave, rest_wave}]
        "]],
    );
}

#[test]
fn tpch_values_have_their_types() {
    let broken = |from: &str, to: &str| TPCH.replacen(from, to, 1);
    let files = [
        broken("\"query\":1", "\"query\":-1"),
        broken("[40]", "[40.5]"),
        broken("[40]", "[4294967296]"),
        broken("\"stage_id\":0,", ""),
    ];
    check(
        Format::Tpch,
        &files,
        &expect![[r"
        1 good
        file:1: column 23: expected a query; invalid value: integer `-1`, expected u32
          hint: keys: size, query, num_stages, edges, nodes[{id, stage_id, num_tasks, first_executor_level, fresh_durations, first_wave, rest_wave}]

        1 good
        file:1: column 204: expected a query; invalid type: floating point `40.5`, expected u32
          hint: keys: size, query, num_stages, edges, nodes[{id, stage_id, num_tasks, first_executor_level, fresh_durations, first_wave, rest_wave}]

        1 good
        file:1: column 210: expected a query; invalid value: integer `4294967296`, expected u32
          hint: keys: size, query, num_stages, edges, nodes[{id, stage_id, num_tasks, first_executor_level, fresh_durations, first_wave, rest_wave}]

        1 good
        file:1: column 192: expected a query; missing field `stage_id`
          hint: keys: size, query, num_stages, edges, nodes[{id, stage_id, num_tasks, first_executor_level, fresh_durations, first_wave, rest_wave}]
    "]],
    );
}

#[test]
fn tpch_stages_fit_together() {
    let broken = |from: &str, to: &str| TPCH.replacen(from, to, 1);
    let files = [
        broken("\"num_stages\":2", "\"num_stages\":3"),
        broken("[[0,1]]", "[[0,2]]"),
        broken("[[0,1]]", "[[1,0]]"),
        broken("[[0,1]]", "[[1,1]]"),
        broken("\"id\":1", "\"id\":7"),
        broken("\"num_tasks\":3", "\"num_tasks\":0"),
        broken("\"num_tasks\":3", "\"num_tasks\":4"),
        broken("\"num_tasks\":3", "\"num_tasks\":20000000"),
        "{\"size\":\"2g\",\"query\":1,\"num_stages\":0,\"edges\":[],\"nodes\":[]}\n".to_owned(),
    ];
    check(
        Format::Tpch,
        &files,
        &expect![[r"
        1 good
        file:1: key `num_stages`: expected 2, as many as nodes, found 3

        1 good
        file:1: key `edges[0]`: expected stages below 2, found [0, 2]
          hint: an edge is [parent, child], positions in `nodes`

        1 good
        file:1: key `edges[0]`: expected a parent before its child (anything else could be a cycle), found [1, 0]
          hint: an edge is [parent, child], positions in `nodes`

        1 good
        file:1: key `edges[0]`: expected a parent before its child (anything else could be a cycle), found [1, 1]
          hint: an edge is [parent, child], positions in `nodes`

        1 good
        file:1: key `nodes[1].id`: expected 1, its position, found 7

        1 good
        file:1: key `nodes[0].num_tasks`: expected at least one task, found 0

        1 good
        file:1: key `nodes[0].num_tasks`: expected 3, the run times recorded with 2 executors, found 4
          hint: num_tasks counts first_wave and rest_wave at first_executor_level

        1 good
        file:1: key `nodes[0].num_tasks`: expected at most 10000000 tasks, found 20000000

        0 good
        file:1: key `nodes`: expected at least one stage, found none
    "]],
    );
}

#[test]
fn tpch_oddities_are_warnings() {
    let twice = [TPCH, TPCH].concat();
    let uneven = TPCH.replacen("\"first_wave\":{", "\"first_wave\":{\"5\":[1],", 1);
    let cut = TPCH.trim_end().to_owned();
    check(
        Format::Tpch,
        &[twice, uneven, cut],
        &expect![[r"
            4 good
            warning: file:3: query 1 of size 2g: expected every query once, found it again
              hint: a simulation draws it so much more often
            warning: file:4: query 2 of size 2g: expected every query once, found it again
              hint: a simulation draws it so much more often

            2 good
            warning: file:1: query 1 of size 2g, key `nodes[0]`: expected 3 run times at every number of executors, found 1 with 5
              hint: the number at first_executor_level is used

            2 good
            warning: file: expected a newline after the last line, found the end of the file
              hint: the file may be truncated, even in the middle of a number
        "]],
    );
}

#[test]
fn requests_are_whole_numbers() {
    let long = "7".repeat(100);
    let files = [
        "",
        " \n \n",
        "1 2 x\n4 -5 6\n",
        "1 1.5 99999999999999999999 1000000001 2",
        long.as_str(),
        "1 a b c d e f 2",
    ];
    check(
        Format::Requests,
        &files,
        &expect![[r"
            0 good
            file:1: expected at least one number, found none
              hint: a series has the requests of each second, separated by blanks

            0 good
            file:3: expected at least one number, found none
              hint: a series has the requests of each second, separated by blanks

            4 good
            file:1: number 3: expected a whole number of requests, found `x`
              hint: digits only: no sign, fraction, blank or unit
            file:2: number 5: expected a whole number of requests, found `-5`
              hint: digits only: no sign, fraction, blank or unit

            2 good
            file:1: number 2: expected a whole number of requests, found `1.5`
              hint: digits only: no sign, fraction, blank or unit
            file:1: number 3: expected at most 1000000000 requests, found `99999999999999999999`
              hint: so large a number is taken for damage
            file:1: number 4: expected at most 1000000000 requests, found `1000000001`
              hint: so large a number is taken for damage

            0 good
            file:1: number 1: expected at most 1000000000 requests, found `7777777777777777777777777777777777777777…`
              hint: so large a number is taken for damage

            2 good
            file:1: number 2: expected a whole number of requests, found `a`
              hint: digits only: no sign, fraction, blank or unit
            file:1: number 3: expected a whole number of requests, found `b`
              hint: digits only: no sign, fraction, blank or unit
            file:1: number 4: expected a whole number of requests, found `c`
              hint: digits only: no sign, fraction, blank or unit
            file:1: number 5: expected a whole number of requests, found `d`
              hint: digits only: no sign, fraction, blank or unit
            and 2 more
        "]],
    );
}

/// Numbers that do not compress to almost nothing.
fn long_series() -> String {
    (0..20_000_u32).fold(String::new(), |mut text, n| {
        write!(text, "{} ", n * n % 977).unwrap();
        text
    })
}

#[test]
fn truncated_packing_is_told() {
    let long = long_series();
    for packed in [zstd(&long), bzip2(&long), gzip(&long)] {
        let folder = folder();
        let path = write(&folder, "file", &packed[..packed.len() / 2]);
        let check = validate(&path, Format::Requests, 1);
        assert_eq!(check.problem_count, 1);
        let problem = &check.problems[0];
        let place = problem.place.as_deref().unwrap_or_default();
        assert!(place.ends_with("unpacked bytes"), "{problem}");
        let problem = problem.to_string();
        assert!(problem.contains("cannot be read: "), "{problem}");
        assert!(problem.contains("truncated; fetch it again"), "{problem}");
    }
}

#[test]
fn archives_need_their_member_whole() {
    let long = long_series();
    let archive = tar(&[("workload.txt", &long)]);
    let other = tar(&[("other.txt", "1 2 3")]);
    let files = [&archive[..5000], &archive[..100], &other, &tar(&[])];
    check(
        Format::Requests,
        &files,
        &expect![[r"
            1159 good
            file:1: after 5000 unpacked bytes: cannot be read: unexpected end of file
              hint: the file looks truncated; fetch it again

            0 good
            file:1: number 1: expected a whole number of requests, found `workload.txt\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0…`
              hint: digits only: no sign, fraction, blank or unit

            0 good
            file: the headers of the archive: cannot be read: expected a member `workload.txt` in the archive, found other.txt
              hint: name another archive, or the unpacked file

            0 good
            file:1: number 1: expected a whole number of requests, found `\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0…`
              hint: digits only: no sign, fraction, blank or unit
        "]],
    );
}

#[test]
fn what_is_not_text_is_told() {
    check(
        Format::Swim,
        &[b"job\xff\t1\t1\t2\t3\t4\n"],
        &expect![[r"
            1 good
            warning: file: expected text in UTF-8, found 1 other lines
              hint: bytes that are not UTF-8 are read as U+FFFD
        "]],
    );
    check(
        Format::Tpch,
        &[b"\xff\xfe{}\n"],
        &expect![[r"
            0 good
            file:1: column 1: expected JSON; expected value
              hint: every line is one JSON object; the file may be truncated
            warning: file: expected text in UTF-8, found 1 other lines
              hint: bytes that are not UTF-8 are read as U+FFFD
        "]],
    );
    check(
        Format::Requests,
        &[b"1 \xff 3"],
        &expect![[r"
        2 good
        file:1: number 2: expected a whole number of requests, found `�`
          hint: digits only: no sign, fraction, blank or unit
    "]],
    );
}

#[test]
fn absurd_lines_do_not_fill_memory() {
    let text = format!("{}\n{SWIM}", "x".repeat((16 << 20) + 1));
    check(
        Format::Swim,
        &[zstd(text)],
        &expect![[r"
        3 good
        file:1: expected a line of at most 16 MiB, found a longer one
          hint: check that the file has the format you named
    "]],
    );
}

#[test]
fn files_that_cannot_be_opened_are_told() {
    let folder = folder();
    let said = |name: &str| {
        let check = validate(&folder.path().join(name), Format::Swim, 9);
        told(folder.path(), &check.problems[0].to_string())
    };
    expect![[r"
        missing.tsv: cannot be read: No such file or directory (os error 2)
          hint: check the path; a path in a recipe is relative to the recipe's folder"]]
    .assert_eq(&said("missing.tsv"));
    std::fs::create_dir(folder.path().join("inner")).unwrap();
    expect![[r"
        inner: cannot be read: it is a folder
          hint: name a file in it"]]
    .assert_eq(&said("inner"));
}
