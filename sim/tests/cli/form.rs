//! `trace import` and what is done with canonical traces; a recipe that runs any trace.

use expect_test::expect;

use crate::place::Place;

/// Two jobs of a parallel machine.
const LOG: &str = "\
; MaxProcs: 8
1 100 5 60 4 -1 -1 4 -1 -1 1 1 1 1 1 1 -1 -1
2 160 0 30 2 -1 -1 2 -1 -1 1 2 1 1 1 1 -1 -1
";

#[test]
fn a_trace_in_one_form_for_all() {
    let place = Place::with("log.swf", LOG);
    expect![[r#"
        exit 0
        --- stdout
        format: swf
        account  found  imported  merged  dropped  passed over
        records      2         2       0        0            0
        jobs         2         2       0        0            0
        tasks        6         6       0        0            0
        tenants: 2
        jobs: 2
        tasks: 2
        cpus: thousandths of a core
        memory: MiB
        assumed: job shape: rigid: as many tasks of a core as it had processors, all at the same time
        digest: 03a5d994b27ca287b1931273bdd58b26259606255ad318cb5a461e95227056c9
    "#]].assert_eq(&place.fairground("trace import log.swf --out log"));
    let counted = place.fairground("trace stat log");
    assert!(counted.contains("jobs: 2\ntasks: 2\n"), "{counted}");
    expect![[r#"
        exit 0
        --- stderr
        log.jsonl.zst: 7 rows
    "#]]
    .assert_eq(&place.fairground("trace export log --out log.jsonl.zst"));
    let again = place.fairground("trace import log.jsonl.zst --out again");
    assert_eq!(digest(&again), digest(&counted), "text and back");
    let early = place.fairground("trace slice log --to 30s --out early");
    assert!(early.contains("jobs: 1\n"), "{early}");
    let late = place.fairground("trace slice log --to 30s --rest --out late");
    assert!(late.contains("jobs: 1\n"), "{late}");
    let merged = place.fairground("trace merge late early --out merged");
    assert_eq!(
        digest(&merged),
        digest(&counted),
        "slices merge into the whole"
    );
    let first = place.fairground("trace head log -n 1");
    assert!(first.contains("{\"job\":{\"id\":0,"), "{first}");
    let whole = place.fairground("trace validate log");
    assert!(
        whole.contains("log: canonical trace, 6 records, 0 problems"),
        "{whole}"
    );
    let double = place.fairground("trace scale log --load 2 --time 0.5 --out double");
    assert!(double.contains("jobs: 4\n"), "{double}");
    let hidden = place.fairground("trace anonymise log --key secret --out hidden");
    assert!(
        hidden.contains("assumed: names: replaced by keyed hashes"),
        "{hidden}"
    );
    assert_ne!(digest(&hidden), digest(&counted));
}

/// What makes no sense is told before anything is written; what is left of it is no trace.
#[test]
fn parts_and_factors_that_make_no_sense() {
    let place = Place::with("log.swf", LOG);
    place.write("other.swf", LOG.replace("MaxProcs: 8", "MaxProcs: 9"));
    place.write("licence.swf", "Permission is hereby granted\n");
    place.fairground("trace import log.swf --out log");
    place.fairground("trace import other.swf --out other");
    for (line, code, told) in [
        (
            "slice log --from 1h --to 30m",
            2,
            "--to: expected an end not before the beginning",
        ),
        ("slice log --seed 9 --to 30s", 2, "--sample"),
        ("slice log --rest", 2, "expected a part: --from"),
        ("slice log", 2, "expected a part: --from"),
        (
            "slice log --from 9h",
            0,
            "no job and no load is in this part",
        ),
        (
            "scale log --time 0",
            2,
            "expected a number above 0 and at most 1000",
        ),
        (
            "scale log --load 0",
            2,
            "expected a number above 0 and at most 1000",
        ),
        (
            "scale log --load 4000000",
            2,
            "expected a number above 0 and at most 1000",
        ),
        (
            "scale log --cluster 0",
            2,
            "expected a number above 0 and at most 1000",
        ),
        (
            "import licence.swf --drop",
            2,
            "all records were dropped, so that nothing is left; this is the first",
        ),
    ] {
        let said = place.fairground(&format!("trace {line} --out made"));
        assert!(
            said.starts_with(&format!("exit {code}\n")) && said.contains(told),
            "{line}: {said}"
        );
        assert_eq!(place.path("made").exists(), code == 0, "{line}");
        let _ = std::fs::remove_dir_all(place.path("made"));
    }
    for (others, told) in [
        ("log log", "size of the machine: the one that each"),
        ("log other", "size of the machine: not kept"),
    ] {
        let said = place.fairground(&format!("trace merge {others} --renumber --out made"));
        assert!(said.contains(told), "{others}: {said}");
        let kept = place.read("made/manifest.json").contains("\"processors\"");
        assert_eq!(kept, others == "log log", "{others}");
        std::fs::remove_dir_all(place.path("made")).unwrap();
    }
}

/// The line of a canonical trace that tells its digest.
fn digest(said: &str) -> &str {
    let line = said.lines().find(|line| line.contains("digest: "));
    line.unwrap_or_else(|| panic!("no digest: {said}"))
}

#[test]
fn a_trace_in_one_form_that_cannot_be_made() {
    let place = Place::with("log.swf", LOG.replace(" 60 4 ", " x 4 "));
    expect![[r#"
        exit 2
        --- stderr
        error: log.swf:2: column 4 (run): expected a number of seconds, found `x`
          hint: digits with at most one point and exponent: no sign, blank or unit
    "#]]
    .assert_eq(&place.fairground("trace import log.swf --out log"));
    expect![[r#"
        exit 0
        --- stdout
        format: swf
        account  found  imported  merged  dropped  passed over
        records      2         1       0        1            0
        jobs         1         1       0        0            0
        tasks        2         2       0        0            0
        dropped: 1 records: damaged
        tenants: 1
        jobs: 1
        tasks: 1
        cpus: thousandths of a core
        memory: MiB
        assumed: job shape: rigid: as many tasks of a core as it had processors, all at the same time
        assumed: records dropped: 1: damaged
        digest: cf0bcd84991d5980bbe7c8c98a352c817ddd7bba55fea47e628360b97c68e5fb
        --- stderr
        dropped: log.swf:2: column 4 (run): expected a number of seconds, found `x`
          hint: digits with at most one point and exponent: no sign, blank or unit
    "#]].assert_eq(&place.fairground("trace import log.swf --out log --drop"));
    expect![[r#"
        exit 2
        --- stderr
        error: log: expected a new folder, found one that is there
          hint: name another folder, or remove it
    "#]]
    .assert_eq(&place.fairground("trace import log.swf --out log --drop"));
    expect![[r#"
        exit 2
        --- stderr
        error: log.swf/manifest.json: cannot be read: Not a directory (os error 20)
          hint: a canonical trace is a folder that `trace import` makes
    "#]]
    .assert_eq(&place.fairground("trace export log.swf --out text"));
    let bad = place.fairground("trace scale log --load much --out other");
    assert!(bad.contains("at most three decimal places"), "{bad}");
}

#[test]
fn any_trace_runs() {
    let place = Place::with("log.swf", LOG);
    let recipe = "name = 'log'\ntitle = 'A log'\nduration = '1h'\nseeds = 1\n\
                  policies = ['drf', 'fifo']\n\
                  [[cluster]]\nagents = 2\ncpus = 4\nmem = '8GiB'\n\
                  [[framework]]\nname = 'log'\nscheduler = 'gang'\n\
                  workload.trace.file = 'log.swf'\n";
    place.write("recipe.toml", recipe);
    let said = place.fairground("compare recipe.toml --out results");
    assert!(said.starts_with("exit 0"), "{said}");
    let jobs = place.read("results/report.html");
    assert!(
        jobs.contains("memory of tasks that do not say"),
        "assumptions are told"
    );
}
