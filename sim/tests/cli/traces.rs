//! `trace`: good files, and every way a file can be bad.

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use crate::place::Place;

const JOBS: &str = "\
one\t0\t0\t1000\t2000\t3000
two\t10\t10\t500\t0\t70
three\t25\t15\t0\t0\t9
";

/// Two TPC-H queries of one stage each.
fn queries() -> String {
    let query = |number: u32| {
        format!(
            "{{\"size\":\"2g\",\"query\":{number},\"num_stages\":1,\"edges\":[],\"nodes\":[{}]}}\n",
            "{\"id\":0,\"num_tasks\":2,\"fresh_durations\":{\"2\":[900]},\
             \"first_wave\":{\"2\":[800]},\"rest_wave\":{\"2\":[700,650]}}"
        )
    };
    query(1) + &query(2)
}

fn packed(text: &str) -> Vec<u8> {
    zstd::encode_all(text.as_bytes(), 3).unwrap()
}

#[test]
fn a_table_of_jobs() {
    let place = Place::with("jobs.tsv", JOBS);
    expect![[r#"
        exit 0
        --- stdout
        jobs: 3
        columns: 6
        first_submit_s: 0
        last_submit_s: 25
        submit_nondecreasing: yes
        gap_equals_submit_difference: yes
        map_only_jobs_shuffle_eq_0: 2
        jobs_with_zero_input: 1
        jobs_with_zero_output: 0
        blank_lines: 0
        lines_not_utf8: 0

        column               unit     n  min  p50   p95   max   sum
        submit_s             seconds  3    0   10    25    25    35
        gap_s                seconds  3    0   10    15    15    25
        map_input_bytes      bytes    3    0  500  1000  1000  1500
        shuffle_bytes        bytes    3    0    0  2000  2000  2000
        reduce_output_bytes  bytes    3    9   70  3000  3000  3079

        arrivals  n  there_before  over_s  an_hour  gaps_cv  at_once  minute_peak  hour_peak  day_peak  hour_dispersion
        jobs      3             0      25      432      0.2        0            -          -         -                -

        run_times  tasks  share
        not_told       4  100 %

        of             n  min  p50  p95  p99  max   mean      cv  top_1%_has
        job_tasks      3    1    1    2    2    2  1.333  0.3536       1.5 %
        gap_of_jobs_s  2   10   10   15   15   15   12.5     0.2       1.2 %

        demand  cpus  memory  gpus  tasks  share
        1          -       -     -      4  100 %

        tenant  jobs  tasks  work
        -          3      4   0 %
    "#]]
    .assert_eq(&place.fairground("trace stat jobs.tsv"));
    expect![[r#"
        exit 0
        --- stdout
        job,submit_s,gap_s,map_input_bytes,shuffle_bytes,reduce_output_bytes
        one,0,0,1000,2000,3000
        two,10,10,500,0,70
    "#]]
    .assert_eq(&place.fairground("trace head jobs.tsv -n 2"));
    expect![[r#"
        exit 0
        --- stdout
        jobs.tsv: swim, 3 records, 0 problems, 0 warnings
    "#]]
    .assert_eq(&place.fairground("trace validate jobs.tsv"));
}

#[test]
fn compressed_json_lines() {
    let place = Place::with("queries.jsonl.zst", packed(&queries()));
    expect![[r#"
        exit 2
        --- stderr
        error: queries.jsonl.zst:1: column 163: expected a query; missing field `stage_id`
          hint: keys: size, query, num_stages, edges, nodes[{id, stage_id, num_tasks, first_executor_level, fresh_durations, first_wave, rest_wave}]
    "#]].assert_eq(&place.fairground("trace stat queries.jsonl.zst"));
    expect![[r#"
        exit 2
        --- stderr
        error: queries.jsonl.zst:1: column 163: expected a query; missing field `stage_id`
          hint: keys: size, query, num_stages, edges, nodes[{id, stage_id, num_tasks, first_executor_level, fresh_durations, first_wave, rest_wave}]
    "#]].assert_eq(&place.fairground("trace head queries.jsonl.zst"));
    expect![[r#"
        exit 1
        --- stdout
        queries.jsonl.zst: tpch, 0 records, 2 problems, 0 warnings
        --- stderr
        error: queries.jsonl.zst:1: column 163: expected a query; missing field `stage_id`
          hint: keys: size, query, num_stages, edges, nodes[{id, stage_id, num_tasks, first_executor_level, fresh_durations, first_wave, rest_wave}]
        error: queries.jsonl.zst:2: column 163: expected a query; missing field `stage_id`
          hint: keys: size, query, num_stages, edges, nodes[{id, stage_id, num_tasks, first_executor_level, fresh_durations, first_wave, rest_wave}]
    "#]].assert_eq(&place.fairground("trace validate queries.jsonl.zst"));
}

#[test]
fn compression_is_seen_whatever_the_name_says() {
    let place = Place::with("jobs.tsv", packed(JOBS));
    let told = place.fairground("trace validate jobs.tsv");
    assert!(told.contains("jobs.tsv: swim, 3 records"), "{told}");
}

/// A bad file: `stat` stops at it, and `validate` says the same and answers no.
fn bad(name: &str, content: impl AsRef<[u8]>, message: &Expect) {
    let place = Place::with(name, content);
    let told = place.fairground(&format!("trace stat {name}"));
    let said = told.strip_prefix("exit 2\n--- stderr\n").expect(&told);
    message.assert_eq(said);
    let told = place.fairground(&format!("trace validate {name}"));
    assert!(
        told.starts_with("exit 1\n") && told.contains(said),
        "{told}"
    );
}

#[test]
fn cut_in_the_middle() {
    let mut many = String::new();
    for i in 0..2000_u32 {
        let bytes = i.wrapping_mul(2_654_435_761);
        let _ = writeln!(many, "job{i}\t{i}\t1\t{bytes}\t0\t1");
    }
    let whole = packed(&many);
    bad(
        "cut.tsv.zst",
        &whole[..whole.len() / 2],
        &expect![[r#"
            error: cut.tsv.zst: after 0 unpacked bytes: cannot be read: incomplete frame
              hint: the file looks truncated; fetch it again
        "#]],
    );
}

#[test]
fn cut_in_a_row() {
    bad(
        "cut.tsv",
        &JOBS[..34],
        &expect![[r#"
        error: cut.tsv:2: expected at least 6 columns separated by tabs, found 4 columns
          hint: job, submit_s, gap_s, map_input_bytes, shuffle_bytes, reduce_output_bytes
    "#]],
    );
}

/// The number may have lost digits: it is read, and doubted.
#[test]
fn cut_in_the_last_number() {
    let place = Place::with("cut.tsv", &JOBS[..40]);
    expect![[r#"
        exit 0
        --- stdout
        cut.tsv: swim, 2 records, 0 problems, 1 warning
        --- stderr
        warning: cut.tsv: expected a newline after the last line, found the end of the file
          hint: the file may be truncated, even in the middle of a number
    "#]]
    .assert_eq(&place.fairground("trace validate cut.tsv"));
}

#[test]
fn empty() {
    bad(
        "empty.tsv",
        "",
        &expect![[r#"
            error: empty.tsv:1: expected at least one job, found none
              hint: a SWIM file has one job a row: name, submit, gap and three byte counts
        "#]],
    );
    bad(
        "empty.jsonl",
        "",
        &expect![[r#"
            error: empty.jsonl:1: expected at least one query, found none
              hint: a TPC-H profile has one query a line, as JSON
        "#]],
    );
}

#[test]
fn too_few_columns() {
    bad(
        "jobs.tsv",
        "one\t0\t0\n",
        &expect![[r#"
        error: jobs.tsv:1: expected at least 6 columns separated by tabs, found 3 columns
          hint: job, submit_s, gap_s, map_input_bytes, shuffle_bytes, reduce_output_bytes
    "#]],
    );
}

#[test]
fn no_number() {
    bad(
        "jobs.tsv",
        "one\tsoon\t0\t1000\t2000\t3000\n",
        &expect![[r#"
        error: jobs.tsv:1: column 2 (submit_s): expected a whole number of seconds, found `soon`
          hint: digits only: no sign, fraction, blank or unit
    "#]],
    );
}

#[test]
fn a_negative_number() {
    bad(
        "jobs.tsv",
        "one\t0\t0\t-1000\t2000\t3000\n",
        &expect![[r#"
        error: jobs.tsv:1: column 4 (map_input_bytes): expected a whole number of bytes, found `-1000`
          hint: digits only: no sign, fraction, blank or unit
    "#]],
    );
}

#[test]
fn a_number_too_large() {
    let row = "one\t0\t0\t1000\t99999999999999999999999\t3000\n";
    bad(
        "jobs.tsv",
        row,
        &expect![[r#"
        error: jobs.tsv:1: column 5 (shuffle_bytes): expected at most 1152921504606846976 bytes, found `99999999999999999999999`
          hint: so large a number is taken for damage
    "#]],
    );
}

#[test]
fn no_json() {
    bad(
        "queries.jsonl",
        queries() + "{\"size\": 2g}\n",
        &expect![[r#"
        error: queries.jsonl:1: column 163: expected a query; missing field `stage_id`
          hint: keys: size, query, num_stages, edges, nodes[{id, stage_id, num_tasks, first_executor_level, fresh_durations, first_wave, rest_wave}]
    "#]],
    );
}

#[test]
fn times_out_of_order() {
    let place = Place::with("jobs.tsv", "a\t9\t9\t1\t1\t1\nb\t1\t0\t1\t1\t1\n");
    expect![[r#"
        exit 0
        --- stdout
        jobs.tsv: swim, 2 records, 0 problems, 2 warnings
        --- stderr
        warning: jobs.tsv:2: column 2 (submit_s): expected a time not before the row above (9), found 1
          hint: a simulation sorts the jobs by submission
        warning: jobs.tsv:2: column 3 (gap_s): expected no gap, the difference to the row above, found 0
          hint: a simulation uses submit_s and ignores gap_s
    "#]].assert_eq(&place.fairground("trace validate jobs.tsv"));
}

#[test]
fn missing() {
    expect![[r#"
        exit 2
        --- stderr
        error: nowhere.tsv: cannot be read: No such file or directory (os error 2)
          hint: check the path; a path in a recipe is relative to the recipe's folder
    "#]]
    .assert_eq(&Place::empty().fairground("trace stat nowhere.tsv"));
}

#[test]
fn of_no_known_format() {
    let place = Place::with("letter.doc", "Dear all,\n");
    let told = place.fairground("trace stat letter.doc");
    expect![[r"
        exit 2
        --- stderr
        error: letter.doc: the name does not tell the format
          hint: say which one it is with --format (`trace stat --help` lists them)
    "]]
    .assert_eq(&told);
    let told = place.fairground("trace stat letter.doc --format doc");
    assert!(
        told.starts_with("exit 2\n--- stderr\nerror: invalid value 'doc'"),
        "{told}"
    );
    assert!(told.contains("expected one of swim, "), "{told}");
}
