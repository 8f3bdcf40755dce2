//! What abstract workflows tell: tasks, profiles, files, who waits for whom, and what is wrong with them.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use fairground_readers::Format;
use fairground_readers::canonical::Opened;
use fairground_readers::canonical::import::import;
use fairground_readers::canonical::tables::{Edge, Job, Stage, Tasks};
use fairground_readers::formats::validate;

use crate::common::{folder, told, write};
use crate::rows;

/// A line a task, then what is assumed.
fn check(format: Format, text: &str, expected: &Expect) {
    let folder = folder();
    let path = write(&folder, "file", text);
    assert_eq!(Format::detect(&path).unwrap(), format);
    let place = folder.path().join("form");
    let (manifest, report) = import(&path, format, &place, false).unwrap();
    report.account.check().unwrap();
    let trace = Opened::open(&place).unwrap();
    let (stages, tasks, edges) = (
        rows::<Stage>(&trace),
        rows::<Tasks>(&trace),
        rows::<Edge>(&trace),
    );
    let mut shown = String::new();
    for job in rows::<Job>(&trace) {
        writeln!(shown, "{}", job.name).unwrap();
        for stage in stages.iter().filter(|stage| stage.job == job.id) {
            let parents = edges.iter().filter(|edge| edge.stage == stage.stage);
            let parents: Vec<u64> = parents.map(|edge| edge.parent).collect();
            write!(shown, "  {} after {parents:?}", stage.name).unwrap();
            for one in tasks.iter().filter(|one| one.stage == stage.stage) {
                let amounts = [
                    ("tasks", Some(one.count)),
                    ("run", one.run),
                    ("cpus", one.cpus),
                    ("mem", one.memory),
                    ("gpus", one.gpus),
                    ("read", one.read),
                    ("write", one.write),
                ];
                for (name, amount) in amounts {
                    amount
                        .map_or(Ok(()), |amount| write!(shown, ", {name} {amount}"))
                        .unwrap();
                }
            }
            shown.push('\n');
        }
    }
    for assumed in manifest.assumptions {
        writeln!(shown, "{}: {}", assumed.about, assumed.model).unwrap();
    }
    expected.assert_eq(&shown);
}

#[test]
fn tasks_have_run_times_profiles_and_files() {
    let [generated, planned] = Format::Dax.samples() else {
        panic!("two samples")
    };
    check(
        Format::Dax,
        generated,
        &expect![[r"
        test
          ID00000 after [], tasks 1, run 13390000, read 304, write 4222081
          ID00001 after [0], tasks 1, run 12000000, cpus 2000
          ID00002 after [0, 1], tasks 1, run 0
        not read: job.namespace, job.version, uses.file, uses.optional, uses.register, uses.transfer, uses.type
        stages: every task of the workflow is one
    "]],
    );
    check(
        Format::Dax,
        planned,
        &expect![[r"
        a & b
          1 after [], tasks 2, run 3600000000, cpus 16000, mem 1024, gpus 2000, read 10, write 10
          2 after [0], tasks 1
        nested workflows: 1 tasks are workflows of their own in other files: their tasks are not in the source
        not read: <argument>, <file>, <metadata>, parent.edge-label, profile globus.maxwalltime, uses.name
        run times: 1 tasks run as long as their profiles (pegasus.runtime) expect
        run times that the source does not tell: 1 of 3 tasks
        stages: every task of the workflow is one
        tasks over nodes: 1 tasks that ask for several nodes are one task a node, each with an equal part
    "]],
    );
    check(
        Format::Pegasus,
        Format::Pegasus.samples()[0],
        &expect![[r"
            diamond
              ID0000001 after [], tasks 1, run 60000000, cpus 4000, mem 2048, gpus 1000, read 1024, write 2048
              ID2 after [0], tasks 1
            nested workflows: 1 tasks are workflows of their own in other files: their tasks are not in the source
            not read: jobs.arguments, jobs.uses, profile condor.request_memory
            run times: 1 tasks run as long as their profiles (pegasus.runtime) expect
            run times that the source does not tell: 1 of 2 tasks
            stages: every task of the workflow is one
        "]],
    );
}

#[test]
fn what_is_wrong_with_a_workflow_is_told() {
    let folder = folder();
    let mut shown = String::new();
    let mut wrong = |format: Format, text: &str| {
        let path = write(&folder, "file", text);
        let check = validate(&path, format, 9);
        for problem in &check.problems {
            writeln!(shown, "{}", told(folder.path(), &problem.to_string())).unwrap();
        }
    };
    let xml = |inner: &str| format!("<adag name=\"w\">\n{inner}\n</adag>\n");
    for inner in [
        "",
        "<job id=\"a\" runtime=\"soon\"/>",
        "<job id=\"a\" runtime=\"-1\"/>",
        "<job name=\"x\"/>",
        "<job id=\"a\"/><job id=\"a\"/>",
        "<job id=\"a\"/><child ref=\"a\"><parent ref=\"b\"/></child>",
        "<job id=\"a\"/><child ref=\"a\"><parent ref=\"a\"/></child>",
        "<job id=\"a\"><profile namespace=\"pegasus\" key=\"cores\">x</profile></job>",
        "<job id=\"a\"></jab>",
        "<job id=\"&lol;\"/>",
        "<job id=\"a\"",
    ] {
        wrong(Format::Dax, &xml(inner));
    }
    wrong(Format::Dax, &format!("<adag>{}", "<a>".repeat(80)));
    wrong(Format::Dax, "<html></html>");
    wrong(Format::Dax, "<adag><job id=\"a\"/>");
    wrong(Format::Dax, "");
    for text in [
        "pegasus: 5.0\njobs: []\n",
        "pegasus: 5.0\njobs:\n- {id: a, uses: [{lfn: f, size: many}]}\n",
        "jobs:\n- &x {id: a}\n- *x\n",
        "jobs:\n- {id: a}\njobDependencies:\n- {id: a, children: [b]}\n",
        "jobs: [\n",
        "{{{{",
        "[[a]]: 1\n",
        "just text\n",
        "a: b: c\n",
        "",
    ] {
        wrong(Format::Pegasus, text);
    }
    expect![[r"
        file:3: the workflow: expected at least one task, found none
        file:2: <job>, attribute runtime: expected a number of seconds, found `soon`
          hint: digits with at most one point and exponent: no sign, blank or unit
        file:2: <job>, attribute runtime: expected a number of seconds, found `-1`
          hint: digits with at most one point and exponent: no sign, blank or unit
        file:2: task `x`: expected the id of a task, found none
        file:2: task `a`: expected every task once, found it twice
        file:3: dependencies: expected the id of a task, found `b`
        file:3: dependencies: expected tasks that wait for others, and not for themselves, found a loop
        file:2: profile pegasus.cores: expected a number of cores, found `x`
          hint: digits with at most one point and exponent: no sign, blank or unit
        file:2: expected a workflow in XML; ill-formed document: expected `</job>`, but `</jab>` was found
          hint: the file is damaged or truncated, or no XML
        file:2: <job>: expected attributes; at 1..4: unrecognized entity `lol`
        file:3: <job>: expected attributes; position 17: attribute key must be directly followed by `=` or space
        file:1: expected a workflow, found elements within elements within elements
        file:1: expected a workflow, <adag>, found `html`
          hint: an abstract workflow of Pegasus, DAX 2 or 3
        file:1: expected the end of the workflow, </adag>, found the end of the file
          hint: the file is truncated
        file:1: expected at least one workflow, found none
        file:3: the workflow: expected at least one task, found none
        file:3: key `size`: expected a number of bytes, found `many`
          hint: digits with at most one point and exponent: no sign, blank or unit
        file:3: expected a value, found an alias of one
          hint: write the workflow without anchors and aliases
        file:5: dependencies: expected the id of a task, found `b`
        file:2: expected a workflow in YAML; while parsing a node, did not find expected node content
          hint: the file is damaged, truncated, or no YAML
        file:1: expected a key that is text, found a list or map
        file:1: expected a key that is text, found a list or map
        file:1: expected a workflow, found `just text`
          hint: keys: pegasus, name, jobs, jobDependencies
        file:1: expected a workflow in YAML; mapping values are not allowed in this context
          hint: the file is damaged, truncated, or no YAML
        file:1: expected at least one workflow, found none
    "]].assert_eq(&shown);
}

#[test]
fn a_folder_has_several_workflows() {
    let folder = folder();
    let parts = folder.path().join("parts");
    std::fs::create_dir(&parts).unwrap();
    std::fs::write(parts.join("a.dax"), Format::Dax.samples()[0]).unwrap();
    std::fs::write(parts.join("b.dax"), Format::Dax.samples()[1]).unwrap();
    assert_eq!(Format::detect(&parts).unwrap(), Format::Dax);
    let place = folder.path().join("form");
    let (manifest, _) = import(&parts, None, &place, false).unwrap();
    assert!(manifest.rows.contains(&("jobs".to_owned(), 2)));
    // Documents of one file are workflows, too.
    let two = Format::Pegasus.samples()[0]
        .repeat(2)
        .replace("x-pegasus", "---\nx-pegasus");
    let path = write(&folder, "two.yml", two);
    let place = folder.path().join("two");
    let (manifest, _) = import(&path, None, &place, false).unwrap();
    assert!(manifest.rows.contains(&("jobs".to_owned(), 2)));
}
