//! The network: coflows and access logs.

use expect_test::expect;
use fairground_readers::Format;

use crate::check;
use crate::common::published::{ACCESS_LOG, COFLOW};
use crate::common::{counted, first_rows};

#[test]
fn coflows_are_counted() {
    expect![[r"
        ports 3
        coflows 2
        mappers_total 3
        reducers_total 3
        arrival_first_ms 0
        arrival_last_ms 35
        blank_lines 0
        lines_not_utf8 0
        shuffle_MB [millionths of a megabyte] [2, 4500000, 4500000, 8000000, 8000000] 12500000
    "]]
    .assert_eq(&counted(Format::Coflow, COFLOW));
    expect![[r"
        coflow,arrival_ms,mappers,reducers,shuffle_mb
        1,0,1,1,8
        2,35,2,2,4.5
    "]]
    .assert_eq(&first_rows(Format::Coflow, COFLOW));
}

#[test]
fn damaged_coflows_are_named() {
    let files = [
        COFLOW.replace("3 2\n", "3\n"),
        COFLOW.replace("3 2\n", "3 5\n"),
        COFLOW.replace("0:8.0", "0:8.0 7"),
        COFLOW.replace("0:8.0", "0-8.0"),
        COFLOW.replace("0:8.0", "9:8.0"),
        COFLOW.replace("0:8.0", "0:x"),
        COFLOW.replace("1 2 1", "1000000 2 1"),
        COFLOW.replace("2 35", "2 x"),
    ];
    check(
        Format::Coflow,
        &files,
        &expect![[r"
        0 good
        file:1: expected coflows, found the end of the line
          hint: the line may be truncated

        2 good
        warning: file: expected 5 coflows, as the first line says, found 2
          hint: the file may be truncated

        1 good
        file:2: column 7 (nothing): expected the end of the line, found `7`
        warning: file: expected 2 coflows, as the first line says, found 1
          hint: the file may be truncated

        1 good
        file:2: column 6 (reducer): expected rack:megabytes, found `0-8.0`
        warning: file: expected 2 coflows, as the first line says, found 1
          hint: the file may be truncated

        1 good
        file:2: column 6 (reducer): expected at most 3 racks, found `9`
          hint: so large a number is taken for damage
        warning: file: expected 2 coflows, as the first line says, found 1
          hint: the file may be truncated

        1 good
        file:2: column 6 (reducer): expected a number of megabytes, found `x`
          hint: digits with at most one point and exponent: no sign, blank or unit
        warning: file: expected 2 coflows, as the first line says, found 1
          hint: the file may be truncated

        1 good
        file:2: column 6 (rack of a mapper): expected a whole number of racks, found `0:8.0`
          hint: digits only: no sign, fraction, blank or unit
        warning: file: expected 2 coflows, as the first line says, found 1
          hint: the file may be truncated

        1 good
        file:3: column 2 (arrival): expected a whole number of milliseconds, found `x`
          hint: digits only: no sign, fraction, blank or unit
        warning: file: expected 2 coflows, as the first line says, found 1
          hint: the file may be truncated
    "]],
    );
}

#[test]
fn access_logs_are_counted() {
    expect![[r"
        lines 2
        well_formed_combined_log_lines 2
        unterminated_lines 0
        status 200: 1, 304: 1
        distinct_clients 2
        bytes_sum 2030
        min_unix 820459859
        max_unix 1431857103
        sorted no
        blank_lines 0
        lines_not_utf8 0
        bytes [bytes] [1, 2030, 2030, 2030, 2030] 2030
    "]]
    .assert_eq(&counted(Format::AccessLog, ACCESS_LOG));
    expect![[r#"
        client,unix_s,request,status,bytes
        83.149.9.216,1431857103,GET /a\"b HTTP/1.1,200,2030
        host,820459859,GET /,304,-
    "#]]
    .assert_eq(&first_rows(Format::AccessLog, ACCESS_LOG));
    let files = [
        ACCESS_LOG.replace("Mozilla\"", "Mozilla"),
        ACCESS_LOG.replace("-0130", "UTC"),
        ACCESS_LOG.replace("17/May", "32/May"),
        ACCESS_LOG.replace("/\"", "/"),
        ACCESS_LOG.replace(" 304 -", " ok -"),
        ACCESS_LOG.replace('[', ""),
        ACCESS_LOG.replace("host - bob ", ""),
    ];
    check(
        Format::AccessLog,
        &files,
        &expect![[r#"
            2 good
            warning: file:1: expected a quote at the end, found none
              hint: the line is read as if it were there

            1 good
            file:2: column 4 (time): expected a time of the form 17/May/2015:10:05:03 +0000, found `01/Jan/1996:00:00:59 UTC`

            1 good
            file:1: column 4 (time): expected a time of the form 17/May/2015:10:05:03 +0000, found `32/May/2015:10:05:03 +0000`

            1 good
            file:2: expected a request between quotes, found none
              hint: a line is: host ident user [time] "request" status bytes "referer" "agent"

            1 good
            file:2: column 6 (status): expected a whole number of statuses, found `ok`
              hint: digits only: no sign, fraction, blank or unit

            0 good
            file:1: expected a time in brackets, found none
              hint: a line is: host ident user [time] "request" status bytes "referer" "agent"
            file:2: expected a time in brackets, found none
              hint: a line is: host ident user [time] "request" status bytes "referer" "agent"

            1 good
            file:2: column 1 (host): expected a host, found nothing
        "#]],
    );
}
