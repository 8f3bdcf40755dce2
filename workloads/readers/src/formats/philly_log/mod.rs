//! Microsoft Philly, 2017, as it was published: every attempt at every training job, the servers, and what
//! was used of those in every minute.
//!
//! Source: github.com/msr-fiddle/philly-traces, five files without an ending (Jeon et al., ATC 2019). A
//! folder with `cluster_job_log` and `cluster_machine_list` is read as one trace. The log of jobs tells local
//! times without a zone; what was used is told in Pacific time, `PST` or `PDT`.

use crate::formats::clock;
use crate::formats::prelude::*;

pub mod cpu;
pub mod gpu;
pub mod jobs;
pub mod machines;
pub mod memory;

/// A time in Pacific time.
struct Pacific;

impl Kind for Pacific {
    type Value = Stamp;

    fn read(&self, cell: Cell<'_>) -> Result<Stamp, ReadError> {
        let seconds = pacific(cell.text()).ok_or_else(|| {
            let expected = "a time of the form 2017-10-03 00:08:00 PDT";
            cell.wrong(ReadError::expected(expected, quoted(cell.text())))
        })?;
        let text = cell.text().to_owned();
        Ok(Stamp { text, seconds })
    }

    fn show(&self, value: &Stamp) -> String {
        value.text.clone()
    }
}

/// The seconds since 1970 in UTC.
fn pacific(text: &str) -> Option<u64> {
    let (time, ahead) = match text.split_at_checked(19)? {
        (time, " PDT") => (time, 7),
        (time, " PST") => (time, 8),
        _ => return None,
    };
    clock::seconds(time)?.checked_add(ahead * 3600)
}

/// Of a server that was off when it was measured nothing is known: `NA`.
struct OrNotThere<K>(K);

impl<K: Kind> Kind for OrNotThere<K> {
    type Value = Option<K::Value>;

    fn read(&self, cell: Cell<'_>) -> Result<Self::Value, ReadError> {
        if cell.text() == "NA" {
            return Ok(None);
        }
        cell.maybe(|cell| self.0.read(cell))
    }

    fn show(&self, value: &Self::Value) -> String {
        let shown = value.as_ref().map(|value| self.0.show(value));
        shown.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::pacific;

    #[test]
    fn the_zone_is_that_of_the_season() {
        assert_eq!(pacific("2017-10-03 00:08:00 PDT"), Some(1_507_014_480));
        assert_eq!(pacific("2017-11-27 00:04:00 PST"), Some(1_511_769_840));
        for text in ["2017-10-03 00:08:00", "2017-10-03 00:08:00 CET", "PST", ""] {
            assert_eq!(pacific(text), None, "{text}");
        }
    }
}
