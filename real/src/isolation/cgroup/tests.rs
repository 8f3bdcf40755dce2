//! On plain directories that look like a host's: what was written is read back.

use fairground_policies::resources::{Mebibytes, Millicores};
use tempfile::TempDir;

use super::*;

fn limits() -> Limits {
    Limits {
        cpus: Millicores(500),
        cpu_limit: Some(Millicores(1500)),
        mem: Mebibytes(64),
        mem_limit: Some(Mebibytes(128)),
        pids: Some(9),
    }
}

/// A host of version 1, `cpu` and `cpuacct` mounted together as `together` says.
fn host_v1(together: bool, hybrid: bool) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let make = |name: &str| fs::create_dir(root.path().join(name)).unwrap();
    if together {
        make("cpu,cpuacct");
        for name in ["cpu", "cpuacct"] {
            std::os::unix::fs::symlink("cpu,cpuacct", root.path().join(name)).unwrap();
        }
    } else {
        make("cpu");
        make("cpuacct");
    }
    for name in ["cpuset", "memory", "pids"] {
        make(name);
    }
    if hybrid {
        make("unified");
        fs::write(root.path().join("unified/cgroup.controllers"), "hugetlb\n").unwrap();
    } else {
        make("freezer");
    }
    root
}

fn host_v2(controllers: &str) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("cgroup.controllers"), controllers).unwrap();
    root
}

fn text(root: &TempDir, file: &str) -> String {
    fs::read_to_string(root.path().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn version_1_gets_each_limit_in_its_own_hierarchy() {
    let root = host_v1(false, false);
    let groups = Cgroups::discover(root.path(), "fair/ground").unwrap();
    assert_eq!(groups.version(), 1);
    let memory = root.path().join("memory/fair/ground/task");
    fs::create_dir_all(&memory).unwrap();
    fs::write(memory.join("memory.memsw.limit_in_bytes"), "-1").unwrap();
    groups.create("task", &limits()).unwrap();

    assert_eq!(text(&root, "cpu/fair/ground/task/cpu.shares"), "512");
    assert_eq!(
        text(&root, "cpu/fair/ground/task/cpu.cfs_period_us"),
        "100000"
    );
    assert_eq!(
        text(&root, "cpu/fair/ground/task/cpu.cfs_quota_us"),
        "150000"
    );
    let memory = |file: &str| text(&root, &format!("memory/fair/ground/task/memory.{file}"));
    assert_eq!(memory("soft_limit_in_bytes"), "67108864");
    assert_eq!(memory("limit_in_bytes"), "134217728");
    assert_eq!(memory("memsw.limit_in_bytes"), "134217728");
    assert_eq!(text(&root, "pids/fair/ground/task/pids.max"), "10");
}

#[test]
fn no_limit_is_written_as_the_kernel_says_it() {
    let none = Limits {
        cpu_limit: None,
        mem_limit: None,
        pids: None,
        ..limits()
    };
    let one = host_v1(false, false);
    Cgroups::discover(one.path(), "f")
        .unwrap()
        .create("t", &none)
        .unwrap();
    assert_eq!(text(&one, "cpu/f/t/cpu.cfs_quota_us"), "-1");
    assert_eq!(text(&one, "memory/f/t/memory.limit_in_bytes"), "-1");
    assert_eq!(text(&one, "pids/f/t/pids.max"), "max");
    assert!(
        !one.path()
            .join("memory/f/t/memory.memsw.limit_in_bytes")
            .exists()
    );

    let two = host_v2("cpu memory pids");
    Cgroups::discover(two.path(), "f")
        .unwrap()
        .create("t", &none)
        .unwrap();
    assert_eq!(text(&two, "f/t/cpu.max"), "max 100000");
    assert_eq!(text(&two, "f/t/memory.max"), "max");
    assert_eq!(text(&two, "f/t/pids.max"), "max");
}

#[test]
fn a_process_joins_every_hierarchy_of_version_1_even_those_mounted_apart() {
    for (together, hybrid, expected) in [
        (
            false,
            false,
            vec!["cpu", "cpuacct", "memory", "pids", "freezer"],
        ),
        (true, true, vec!["cpu,cpuacct", "memory", "pids", "unified"]),
    ] {
        let root = host_v1(together, hybrid);
        let group = Cgroups::discover(root.path(), "f")
            .unwrap()
            .create("t", &limits())
            .unwrap();
        group.join().unwrap();
        for hierarchy in &expected {
            assert_eq!(text(&root, &format!("{hierarchy}/f/t/cgroup.procs")), "0");
        }
        assert_eq!(group.directories().len(), expected.len());
        assert!(
            !root.path().join("cpuset/f").exists(),
            "only what limits need"
        );
    }
}

#[test]
fn version_2_hands_its_controllers_down_to_the_group() {
    let root = host_v2("cpuset cpu io memory pids\n");
    let groups = Cgroups::discover(root.path(), "fair/ground").unwrap();
    assert_eq!(groups.version(), 2);
    let group = groups.create("task", &limits()).unwrap();
    group.join().unwrap();
    for above in ["", "fair/", "fair/ground/"] {
        let given = text(&root, &format!("{above}cgroup.subtree_control"));
        assert_eq!(given, "+cpu +memory +pids");
    }
    let read = |file: &str| text(&root, &format!("fair/ground/task/{file}"));
    assert_eq!(read("cpu.weight"), "50");
    assert_eq!(read("cpu.max"), "150000 100000");
    assert_eq!(read("memory.low"), "67108864");
    assert_eq!(read("memory.max"), "134217728");
    assert_eq!(read("memory.oom.group"), "1");
    assert_eq!(read("pids.max"), "10");
    assert_eq!(read("cgroup.procs"), "0");
    assert!(
        !root
            .path()
            .join("fair/ground/task/cgroup.subtree_control")
            .exists()
    );
}

#[test]
fn only_missing_controllers_are_handed_down() {
    let root = host_v2("cpu memory pids");
    fs::write(root.path().join("cgroup.subtree_control"), "cpu pids\n").unwrap();
    Cgroups::discover(root.path(), "f")
        .unwrap()
        .create("t", &limits())
        .unwrap();
    assert_eq!(text(&root, "cgroup.subtree_control"), "+memory");
}

#[test]
fn a_missing_controller_is_named() {
    let root = host_v1(false, true);
    fs::remove_dir(root.path().join("pids")).unwrap();
    let error = Cgroups::discover(root.path(), "f").unwrap_err();
    assert!(matches!(
        error,
        IsolationError::MissingController {
            controller: "pids",
            ..
        }
    ));
    let root = host_v1(false, false);
    fs::remove_dir(root.path().join("freezer")).unwrap();
    let error = Cgroups::discover(root.path(), "f").unwrap_err();
    assert!(matches!(
        error,
        IsolationError::MissingController {
            controller: "freezer",
            ..
        }
    ));
    let error = Cgroups::discover(host_v2("cpu pids").path(), "f").unwrap_err();
    assert!(matches!(
        error,
        IsolationError::MissingController {
            controller: "memory",
            ..
        }
    ));
}

#[test]
fn names_do_not_lead_elsewhere() {
    let root = host_v2("cpu memory pids");
    for bad in ["", "/", "..", "a/../b", "/sys"] {
        assert!(matches!(
            Cgroups::discover(root.path(), bad),
            Err(IsolationError::BadName(_))
        ));
    }
    let groups = Cgroups::discover(root.path(), "f").unwrap();
    assert!(matches!(
        groups.group("../g"),
        Err(IsolationError::BadName(_))
    ));
}

#[test]
fn groups_are_stopped_where_the_host_can() {
    let (old, hybrid, two) = (
        host_v1(false, false),
        host_v1(false, true),
        host_v2("cpu memory pids"),
    );
    for (root, file, before, after) in [
        (&old, "freezer/f/t/freezer.state", "FROZEN", "THAWED"),
        (&hybrid, "unified/f/t/cgroup.freeze", "1", "0"),
        (&two, "f/t/cgroup.freeze", "1", "0"),
    ] {
        let groups = Cgroups::discover(root.path(), "f").unwrap();
        let group = groups.create("t", &limits()).unwrap();
        fs::write(root.path().join(file), "").unwrap();
        group.freeze(true).unwrap();
        assert_eq!(text(root, file), before);
        group.kill_by_hand().unwrap();
        assert_eq!(text(root, file), after);
    }
}

#[test]
fn usage_is_the_kernels_own_count() {
    let one = host_v1(false, false);
    let group = Cgroups::discover(one.path(), "f")
        .unwrap()
        .create("t", &limits())
        .unwrap();
    for (file, text) in [
        (
            "cpu/f/t/cpu.stat",
            "nr_periods 40\nnr_throttled 20\nthrottled_time 5000000\n",
        ),
        ("cpuacct/f/t/cpuacct.usage", "2000000\n"),
        ("memory/f/t/memory.usage_in_bytes", "4096\n"),
        ("memory/f/t/memory.max_usage_in_bytes", "8192\n"),
        (
            "memory/f/t/memory.oom_control",
            "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
        ),
        ("pids/f/t/pids.current", "3\n"),
        ("pids/f/t/pids.events", "max 7\n"),
    ] {
        fs::write(one.path().join(file), text).unwrap();
    }
    let expected = Usage {
        cpu_us: 2000,
        periods: 40,
        throttled: 20,
        throttled_us: 5000,
        mem_bytes: 4096,
        mem_peak_bytes: Some(8192),
        oom_kills: 1,
        pids: 3,
        pids_refused: 7,
    };
    assert_eq!(group.usage().unwrap(), expected);

    let two = host_v2("cpu memory pids");
    let group = Cgroups::discover(two.path(), "f")
        .unwrap()
        .create("t", &limits())
        .unwrap();
    for (file, text) in [
        (
            "cpu.stat",
            "usage_usec 2000\nnr_periods 40\nnr_throttled 20\nthrottled_usec 5000\n",
        ),
        ("memory.current", "4096\n"),
        ("memory.events", "low 0\nhigh 0\nmax 3\noom 1\noom_kill 1\n"),
        ("pids.current", "3\n"),
    ] {
        fs::write(two.path().join("f/t").join(file), text).unwrap();
    }
    // An older kernel tells neither the peak nor what was refused.
    let expected = Usage {
        mem_peak_bytes: None,
        pids_refused: 0,
        ..expected
    };
    assert_eq!(group.usage().unwrap(), expected);
}

#[test]
fn orphans_are_seen_in_whatever_hierarchy_they_are() {
    let root = host_v1(false, false);
    let groups = Cgroups::discover(root.path(), "f").unwrap();
    assert!(groups.names().unwrap().is_empty());
    fs::create_dir_all(root.path().join("freezer/f/half-removed")).unwrap();
    fs::create_dir_all(root.path().join("cpu/f/whole")).unwrap();
    fs::create_dir_all(root.path().join("memory/f/whole")).unwrap();
    assert_eq!(groups.names().unwrap(), ["half-removed", "whole"]);
    groups.group("half-removed").unwrap().destroy().unwrap();
    groups.group("whole").unwrap().destroy().unwrap();
    assert!(groups.names().unwrap().is_empty());
    groups.remove().unwrap();
    assert!(!root.path().join("cpu/f").exists());
}
