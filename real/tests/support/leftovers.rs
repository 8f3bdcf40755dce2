//! What a cluster on this machine leaves, looked for without the program's help.

use std::process::Command;

/// Everything of the cluster of this name that is on this machine.
pub fn leftovers(name: &str) -> Vec<String> {
    let script = format!(
        "ls -d /var/lib/fairground/{name} 2>/dev/null; \
         ls /run/netns 2>/dev/null | grep fg-{name}-; \
         ip -o link | grep fg-{name}; find /sys/fs/cgroup -name 'fg-{name}-*'; \
         grep /fairground/{name}/ /proc/self/mountinfo; true"
    );
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let processes = processes(name).into_iter().map(|(_, line)| line);
    lines.lines().map(str::to_owned).chain(processes).collect()
}

/// The processes of the cluster and of tasks that name it.
pub fn processes(name: &str) -> Vec<(i32, String)> {
    let marks = [
        format!("/var/lib/fairground/{name}/"),
        format!("leftover-{name}"),
    ];
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse() else {
            continue;
        };
        // A process can end while it is looked at.
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        if marks.iter().any(|mark| line.contains(mark)) {
            found.push((pid, line));
        }
    }
    found
}
