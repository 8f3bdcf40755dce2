//! Folders whose files are of several formats: what is read of them as one trace, and what is refused.

use std::fmt::Write as _;
use std::fs;

use expect_test::expect;
use fairground_readers::Format;
use fairground_readers::canonical::import::import;
use fairground_readers::formats::{ReadAs, stat};

use crate::common::packing::zip;
use crate::common::{folder, told};

/// What becomes of a folder, or of a zip of the same: rows of its tables, what was passed over, or why nothing.
fn made(files: &[(&str, &str)]) -> String {
    let folder = folder();
    let path = folder.path().join("logs");
    fs::create_dir(&path).unwrap();
    for (name, text) in files {
        fs::write(path.join(name), text).unwrap();
    }
    let members: Vec<(&str, &[u8])> = files.iter().map(|(n, t)| (*n, t.as_bytes())).collect();
    let packed = folder.path().join("logs.zip");
    fs::write(&packed, zip(&members)).unwrap();
    let [one, other] = [(&path, "a"), (&packed, "b")].map(|(path, place)| {
        let how = ReadAs::default().known(path);
        let said = match how.and_then(|how| import(path, how, &folder.path().join(place), false)) {
            Ok((manifest, report)) => {
                report.account.check().unwrap();
                let rows = manifest.rows.iter().filter(|(_, rows)| *rows > 0);
                let rows: Vec<String> = rows.map(|(name, rows)| format!("{rows} {name}")).collect();
                let mut said = rows.join(", ");
                for assumed in manifest.assumptions {
                    if assumed.about == "files passed over" {
                        write!(said, "; {}: {}", assumed.about, assumed.model).unwrap();
                    }
                }
                let counted = stat(path, None).unwrap();
                let (name, fact) = &counted.facts[0];
                write!(said, "; {name} {fact}").unwrap();
                said
            }
            Err(error) => told(folder.path(), &error.to_string()),
        };
        said.replace("logs.zip", "logs")
    });
    assert_eq!(one, other, "a zip is a folder");
    one + "\n"
}

#[test]
fn work_and_machines_of_a_folder_are_one_trace() {
    let sacct = Format::Sacct.samples()[0];
    let other = "JobID|State|Start|End\n1|COMPLETED|1|2\n";
    let nodes = Format::SlurmNodes.samples()[0];
    let swf = Format::Swf.samples()[0];
    let (pods, plain) = (
        Format::Kubernetes.samples()[0],
        Format::Kubernetes.samples()[1],
    );
    let mut shown = String::new();
    for files in [
        &[("sacct.txt", sacct), ("nodes.txt", nodes)][..],
        &[
            ("sacct.txt", sacct),
            ("README.md", "# Jobs\n"),
            ("LICENSE", "MIT\n"),
            ("_SUCCESS", ""),
        ],
        &[
            ("a.txt", sacct),
            ("b.txt", other),
            ("nodes.txt", nodes),
            ("README", "x"),
        ],
        &[("nodes.json", pods), ("pods.json", plain)],
        &[("one.txt", sacct), ("two.swf", swf)],
        &[
            ("nodes.txt", nodes),
            (
                "openb_node_list_all_node.csv",
                Format::OpenbNodes.samples()[0],
            ),
        ],
        &[
            ("sacct.txt", sacct),
            ("nodes.txt", nodes),
            ("odd.bin", "\u{1}\u{2}"),
        ],
        &[("sacct.txt", sacct), ("odd.txt", "no table\n")],
        &[("nodes.txt", nodes), ("README.md", "x\n")],
        &[("README.md", "x\n")],
        &[
            ("jobs.swf", swf),
            ("throughputs.json", Format::GavelThroughputs.samples()[0]),
        ],
    ] {
        shown += &made(files);
    }
    expect![[r"
        2 machines, 2 tenants, 4 jobs, 4 tasks; jobs 4
        2 tenants, 4 jobs, 4 tasks; files passed over: LICENSE, README.md, _SUCCESS; jobs 4
        2 machines, 2 tenants, 5 jobs, 5 tasks; files passed over: README; jobs 5
        1 machines, 3 tenants, 3 jobs, 3 tasks; pods 3
        logs: the folder: expected jobs or requests in one format, found one.txt (sacct), two.swf (swf)
          hint: name the files that are meant, each with a --trace of its own, or say with --format which format all of them have
        logs: the folder: expected machines in one format, found nodes.txt (slurm-nodes), openb_node_list_all_node.csv (openb-nodes)
          hint: name the files that are meant, each with a --trace of its own, or say with --format which format all of them have
        logs/odd.bin: the name does not tell the format
          hint: the other files are of the formats slurm-nodes, sacct: move it out of the folder; say which one it is with --format (`trace stat --help` lists them)
        logs/odd.txt:1: expected a first line that names the columns, JobID among them, found `no table`
          hint: the output of sacct -P, without -n: JobID|State|Submit|Start|End|...
        2 machines; files passed over: README.md; entries 2
        logs: the name does not tell the format
          hint: say which one it is with --format (`trace stat --help` lists them)
        2 tenants, 4 jobs, 4 tasks; files passed over: throughputs.json (gavel-throughputs: it holds speeds and no jobs; import the jobs); computer Cray: the one of 1990
    "]].assert_eq(&shown);
}
