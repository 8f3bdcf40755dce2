//! Access logs of web servers, in Apache's common or combined format: one request a line.
//!
//! Source: the Apache HTTP Server's `mod_log_config`. `host ident user [time zone] "request" status
//! bytes`, and in the combined format `"referer" "agent"`. Logs are in the order in which answers
//! ended, so not sorted by time. A last quote that is missing is added, and such lines are counted.

use crate::formats::clock;
use crate::formats::prelude::*;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

pub(crate) const FORM: Form = Form {
    about: "requests to a web server, one a line (Apache's common and combined log formats)",
    signs: &[Named("access_log"), Named("apache_logs")],
    unkept: &["client", "request", "status"],
    import: Ok(|import, path| {
        import.clock(WallClock::utc());
        import.steps(Rows::open(path)?, |one: Record, steps| {
            steps.add("web", seconds(one.time), one.bytes);
        })
    }),
    samples: &[concat!(
        r#"83.149.9.216 - - [17/May/2015:10:05:03 +0000] "GET /a\"b HTTP/1.1" 200 2030 "-" "Mozilla""#,
        "\n",
        r#"host - bob [01/Jan/1996:00:00:59 -0130] "GET /" 304 -"#,
        "\n"
    )],
    ..Form::of::<Rows<Record>>()
};

/// One request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Who asked.
    pub client: String,
    /// When, in seconds since 1970, UTC.
    pub time: u64,
    /// Method, path and protocol.
    pub request: String,
    /// The status of the answer.
    pub status: u16,
    /// The bytes of the answer; `None` for none.
    pub bytes: Option<u64>,
    /// Whether the last quote was missing.
    pub unterminated: bool,
}

impl Row for Record {
    type Layout = ();
    const MEMBER: &'static str = "access.log";
    const ONE: &'static str = "request";
    const ABOUT: &'static str = "a line is: host ident user [time] \"request\" status bytes";

    fn row(line: &str, (): &mut ()) -> Result<Option<Self>, ReadError> {
        let (names, rest) = line
            .split_once('[')
            .ok_or_else(|| missing("a time in brackets"))?;
        let (written, rest) = rest
            .split_once(']')
            .ok_or_else(|| missing("the end of the time"))?;
        let client = names.split_ascii_whitespace().next().unwrap_or("");
        let client = Cell::new(0, "host", client).word("a host")?;
        let time = time(written).ok_or_else(|| {
            let expected = "a time of the form 17/May/2015:10:05:03 +0000";
            Cell::new(3, "time", written).wrong(ReadError::expected(expected, quoted(written)))
        })?;
        let rest = rest.trim_ascii_start().strip_prefix('"');
        let (request, rest) = rest
            .and_then(until_quote)
            .ok_or_else(|| missing("a request between quotes"))?;
        let mut words = rest.trim_ascii_start().splitn(3, ' ');
        let status = Cell::new(5, "status", words.next().unwrap_or(""));
        let bytes = Cell::new(6, "bytes", words.next().unwrap_or(""));
        let status = status.whole("statuses", 999)? as u16;
        let bytes = match bytes.text() {
            "-" => None,
            _ => Some(bytes.whole("bytes", MOST_BYTES)?),
        };
        Ok(Some(Self {
            client: client.to_owned(),
            time,
            request: request.to_owned(),
            status,
            bytes,
            unterminated: !quotes_end(words.next().unwrap_or("")),
        }))
    }
}

fn missing(what: &str) -> ReadError {
    let error = ReadError::expected(what, "none");
    error.hint("a line is: host ident user [time] \"request\" status bytes \"referer\" \"agent\"")
}

/// What stands before the next quote that is not escaped, and what after it.
fn until_quote(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    for (position, byte) in text.bytes().enumerate() {
        if byte == b'"' && !escaped {
            return Some((&text[..position], &text[position + 1..]));
        }
        escaped = byte == b'\\' && !escaped;
    }
    None
}

/// Whether every quote that is opened is closed.
fn quotes_end(mut text: &str) -> bool {
    while let Some((_, quoted)) = text.split_once('"') {
        match until_quote(quoted) {
            Some((_, rest)) => text = rest,
            None => return false,
        }
    }
    true
}

/// `17/May/2015:10:05:03 +0000` in seconds since 1970, UTC.
fn time(text: &str) -> Option<u64> {
    let (clock_time, zone) = text.split_once(' ')?;
    let (day, rest) = clock_time.split_once('/')?;
    let (month, rest) = rest.split_once('/')?;
    let (year, time) = rest.split_once(':')?;
    let month = MONTHS.iter().position(|name| *name == month)? as u32 + 1;
    let day = clock::day(year.parse().ok()?, month, day.parse().ok()?)?;
    let since_day = clock::seconds(&format!("1970-01-01 {time}"))?;
    let (sign, digits) = zone.split_at_checked(1)?;
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let zone: u64 = digits.parse().ok()?;
    let ahead = (zone / 100) * 3600 + (zone % 100) * 60;
    match sign {
        "+" => (day + since_day).checked_sub(ahead),
        "-" => Some(day + since_day + ahead),
        _ => None,
    }
}

contents! { Record: |_| Requests 1; }

shows! { Record: |one|
    "client": one.client, "unix_s": one.time, "request": one.request, "status": one.status,
    "bytes": one.bytes.map_or("-".to_owned(), |bytes| bytes.to_string()),
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        if self.unterminated {
            let odd = ReadError::expected("a quote at the end", "none");
            seen.warn(odd.hint("the line is read as if it were there"));
        }
        // Repaired lines are only counted themselves.
        let good = Some(self).filter(|one| !one.unterminated);
        let time = good.map(|one| one.time);
        seen.count("lines");
        seen.count_if("well_formed_combined_log_lines", good.is_some());
        seen.count_if("unterminated_lines", good.is_none());
        seen.tally("status", good.map(|one| u64::from(one.status)));
        seen.distinct("distinct_clients", good.map(|one| &one.client));
        let bytes = good.and_then(|one| one.bytes);
        seen.sum("bytes_sum", bytes.unwrap_or(0));
        seen.least("min_unix", time);
        seen.most("max_unix", time);
        seen.sorted("sorted", time);
        seen.figures("bytes", "bytes", bytes);
    }
}
