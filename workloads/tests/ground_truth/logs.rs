//! Logs of parallel machines.

use fairground_policies::time::Span;
use fairground_workloads::Format;
use fairground_workloads::formats::{swf, validate};
use fairground_workloads::trace::Work;

use crate::{built, check, files, traces};

#[test]
fn swf_logs_are_read_exactly() {
    let mut logs = files("swf", ".gz");
    logs.extend(files("swf", ".zst"));
    for (file, known) in logs {
        check(&file, Format::Swf, &known, &["header"]);
        assert_eq!(Format::detect(&file).unwrap(), Format::Swf);
        assert_eq!(validate(&file, Format::Swf, 3).warnings, []);
        let mut records = swf::records(&file).unwrap();
        records.next().unwrap().unwrap();
        for (key, value) in known["header"].as_object().unwrap() {
            assert_eq!(records.layout().get(key), value.as_str(), "{key}");
        }
    }
}

#[test]
fn a_log_becomes_gangs() {
    let Some((folder, _)) = traces() else { return };
    let recipe = "work.swf.file = 'swf/NASA-iPSC-1993-3.1-cln.swf.gz'";
    let Work::Batch(jobs) = built(&folder, recipe, Span::from_secs(7_948_937)) else {
        panic!("jobs of a log are a batch");
    };
    assert_eq!(jobs.len(), 18_066, "all that ran for a second or more");
    assert!(
        jobs.iter()
            .all(|job| job.spec.gang && job.spec.stages.len() == 1)
    );
}
