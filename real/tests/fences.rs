//! What a task can see and do from inside.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use fairground_real::isolation::scope;
use fairground_real::isolation::spec::End;

mod support;

use support::{Ground, skipped, until};

#[test]
fn a_task_is_nobody_alone_and_without_privileges() {
    if skipped() {
        return;
    }
    let ground = Ground::new();
    let look = "id -u; id -G; echo $$; ls /proc | grep -c '^[0-9]'; \
                grep -E '^(NoNewPrivs|CapEff|CapBnd|Seccomp):' /proc/self/status; \
                ls -A /sys/fs/cgroup | wc -l; pwd; echo $HOME; ulimit -Sn; \
                unshare -U true 2>&1; mount -t tmpfs x . 2>&1; exit 0";
    let mut task = ground.shell("look", look).start();
    assert_eq!(task.wait().end, End::Exited(0), "{}", task.stderr());
    let seen = task.stdout();
    let lines: Vec<&str> = seen.lines().collect();
    assert_eq!(lines[0], "65534", "{seen}");
    assert_eq!(lines[1], "65534", "no group of the agent's: {seen}");
    assert_eq!(lines[2], "2", "the second process of its namespace: {seen}");
    assert!(
        lines[3].parse::<u32>().unwrap() <= 6,
        "sees only itself: {seen}"
    );
    for expected in [
        "NoNewPrivs:\t1",
        "CapEff:\t0000000000000000",
        "CapBnd:\t0000000000000000",
        "Seccomp:\t2",
    ] {
        assert!(seen.contains(expected), "{expected} in {seen}");
    }
    assert_eq!(lines[8], "0", "no control groups to write to: {seen}");
    assert_eq!(lines[9], task.spec.sandbox.to_str().unwrap());
    assert_eq!(lines[11], "1024", "open files: {seen}");
    assert!(
        seen.contains("unshare failed: Operation not permitted"),
        "{seen}"
    );
    ground.assert_empty();
}

#[test]
fn nobody_is_traced() {
    if skipped() {
        return;
    }
    let ground = Ground::new();
    // Being traced by one's parent is the mildest form of it.
    let look = format!(
        "perl -e 'print syscall({}, 0, 0, 0, 0), \" $!\\n\"'",
        nix::libc::SYS_ptrace
    );
    let mut task = ground.shell("trace", &look).start();
    assert_eq!(task.wait().end, End::Exited(0), "{}", task.stderr());
    assert_eq!(task.stdout(), "-1 Operation not permitted\n");
    let mut free = ground.shell("free", &look);
    free.spec.fences.seccomp = false;
    let mut free = free.start();
    free.wait();
    assert!(free.stdout().starts_with('0'), "{}", free.stdout());
}

/// Perl that listens on an abstract socket of this name, or connects to it and says how that went.
fn abstract_socket(name: &str, how: &str) -> String {
    let socket =
        format!("$|=1; socket(S, AF_UNIX, SOCK_STREAM, 0); $a = pack_sockaddr_un(\"\\0{name}\");");
    format!("perl -MSocket -e '{socket} {how}'")
}

#[test]
fn a_task_sees_nothing_of_its_neighbour() {
    if skipped() {
        return;
    }
    let ground = Ground::new();
    let work = ground.directory.path().to_owned();
    let name = work.file_name().unwrap().to_str().unwrap().to_owned();
    let listen = abstract_socket(
        &name,
        "bind(S, $a) or die; listen(S, 1); print \"ready\\n\"; sleep 1000",
    );
    let hold = "umask 0; for place in . /tmp /var/tmp /dev/shm; do echo mine > $place/key; done";
    // The same account: nothing but the cover is between them.
    let mut holder = ground.shell("holder", &format!("{hold}; {listen}"));
    holder.spec.fences.hidden = vec![work.clone()];
    let holder = holder.start();
    until("the neighbour listens", || {
        holder.stdout().contains("ready")
    });
    let pid = holder.group.processes().unwrap()[0];
    let key = holder.spec.sandbox.join("key");
    assert_eq!(std::fs::read_to_string(&key).unwrap(), "mine\n");

    let connect = abstract_socket(
        &name,
        "print connect(S, $a) ? \"connected\" : \"$!\", \"\\n\"",
    );
    let look = format!(
        "pwd; touch own; test -e {own}/own && echo here; \
         for place in {key} {holder} /tmp/key /var/tmp/key /dev/shm/key /proc/1/environ /proc/1; do \
         cat $place 2>&1; done; ls {work}; kill -0 {pid} 2>&1 | grep .; echo text > /tmp/file && cat /tmp/file; \
         {connect}",
        own = work.join("pries/sandbox").display(),
        key = key.display(),
        holder = work.join("holder").display(),
        work = work.display(),
    );
    let mut pries = ground.shell("pries", &look);
    pries.spec.fences.hidden = vec![work.clone()];
    let mut pries = pries.start();
    assert_eq!(pries.wait().end, End::Exited(0), "{}", pries.stderr());
    let seen = pries.stdout();
    let own = pries.spec.sandbox.display().to_string();
    let lines: Vec<&str> = seen.lines().collect();
    assert_eq!(
        lines[..2],
        [own.as_str(), "here"],
        "its own sandbox at its own path: {seen}"
    );
    for line in &lines[2..9] {
        assert!(line.contains("No such file"), "{seen}");
    }
    assert_eq!(
        lines[9], "pries",
        "nothing else of the work directory: {seen}"
    );
    assert!(lines[10].contains("No such process"), "{seen}");
    assert_eq!(lines[11], "text", "its /tmp is its own: {seen}");
    if scope::is_possible() {
        assert_eq!(lines[12], "Operation not permitted", "{seen}");
    }
    assert!(work.join("pries/sandbox/own").exists());
}

/// A directory that everybody may write to; one that was made for the test is gone with it.
struct Common(&'static Path, bool);

impl Common {
    /// Nothing where the machine's own files are read-only and have no such place: nobody writes there.
    fn new(path: &'static str) -> Option<Self> {
        let path = Path::new(path);
        let is_new = !path.exists();
        if is_new {
            match std::fs::create_dir(path) {
                Err(error) if error.kind() == ErrorKind::ReadOnlyFilesystem => return None,
                made => made.unwrap(),
            }
            std::fs::set_permissions(path, PermissionsExt::from_mode(0o1777)).unwrap();
        }
        Some(Self(path, is_new))
    }
}

impl Drop for Common {
    fn drop(&mut self) {
        if self.1 {
            let _ = std::fs::remove_dir_all(self.0);
        }
    }
}

#[test]
fn what_everybody_may_write_to_is_the_tasks_own() {
    if skipped() {
        return;
    }
    let ground = Ground::new();
    let name = ground.prefix.clone();
    let (key, own) = (format!("{name}.key"), format!("{name}.own"));
    for place in [
        "/tmp",
        "/var/tmp",
        "/dev/shm",
        "/run/lock",
        "/dev/mqueue",
        "/var/crash",
    ] {
        let common = Common::new(place);
        let path = Path::new(place);
        let made = common
            .as_ref()
            .map(|_| std::fs::File::create(path.join(&key)));
        match made {
            Some(Ok(_)) => {}
            Some(Err(error)) if error.kind() != ErrorKind::ReadOnlyFilesystem => panic!("{error}"),
            Some(Err(_)) | None => {
                eprintln!("skipped: nobody writes to {place} here");
                continue;
            }
        }
        let look = format!(
            "cd {}; ls -A | grep {key}; : > {own} && ls -A | grep {own}",
            path.display()
        );
        let task = path.file_name().unwrap().to_str().unwrap();
        let mut task = ground.shell(task, &look).start();
        assert_eq!(task.wait().end, End::Exited(0), "{}", task.stderr());
        std::fs::remove_file(path.join(&key)).unwrap();
        assert_eq!(task.stdout(), format!("{own}\n"), "{}", path.display());
        assert!(!path.join(&own).exists(), "{}", path.display());
    }
}

#[test]
fn a_network_of_its_own_has_loopback_only() {
    if skipped() {
        return;
    }
    let ground = Ground::new();
    let outside = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = outside.local_addr().unwrap().port();
    let socket = "socket(S, AF_INET, SOCK_STREAM, 0)";
    let to = |port: &str| format!("sockaddr_in({port}, inet_aton(\"127.0.0.1\"))");
    let look = format!(
        "perl -MSocket -e '{socket}; print connect(S, {}) ? \"reached\" : \"$!\", \"\\n\"; \
         socket(L, AF_INET, SOCK_STREAM, 0); bind(L, {}); listen(L, 1); \
         ($own) = sockaddr_in(getsockname(L)); {socket}; print connect(S, {}) ? \"own\" : \"$!\", \"\\n\"'",
        to(&port.to_string()),
        to("0"),
        to("$own")
    );
    for (name, network, expected) in [
        ("shared", false, "reached\nown\n"),
        ("alone", true, "Connection refused\nown\n"),
    ] {
        let mut task = ground.shell(name, &look);
        task.spec.fences.network = network;
        let mut task = task.start();
        assert_eq!(task.wait().end, End::Exited(0), "{}", task.stderr());
        assert_eq!(task.stdout(), expected, "{name}: {}", task.stderr());
    }
}

#[test]
fn calls_into_quotas_and_memory_of_others_are_refused() {
    if skipped() {
        return;
    }
    let ground = Ground::new();
    for (name, call) in [
        ("quotactl_fd", nix::libc::SYS_quotactl_fd),
        ("process_madvise", nix::libc::SYS_process_madvise),
        ("migrate_pages", nix::libc::SYS_migrate_pages),
    ] {
        let look = format!("perl -e 'print syscall({call}, -1, 0, 0, 0, 0), \" $!\\n\"'");
        let mut task = ground.shell(name, &look).start();
        assert_eq!(task.wait().end, End::Exited(0), "{}", task.stderr());
        assert_eq!(task.stdout(), "-1 Operation not permitted\n", "{name}");
    }
}

#[test]
fn root_inside_writes_neither_to_the_machine_nor_to_its_group() {
    if skipped() {
        return;
    }
    let ground = Ground::new();
    let look = "id -u; umount /proc 2>&1; mknod d b 7 0 2>&1; hostname x 2>&1; \
                for file in /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname /sys/kernel/mm/transparent_hugepage/enabled \
                /proc/sysrq-trigger /proc/irq/default_smp_affinity; do (: >> $file) 2>/dev/null && echo $file opened; done; \
                (: >> /proc/sys/kernel/core_pattern); \
                echo 0 > /sys/fs/cgroup/cgroup.procs; echo end";
    let mut task = ground.shell("root", look);
    task.spec.user = Some("root".into());
    let mut task = task.start();
    assert_eq!(task.wait().end, End::Exited(0));
    let seen = task.stdout();
    assert!(seen.starts_with("0\n"), "{seen}");
    assert!(seen.contains("umount"), "{seen}");
    assert!(seen.contains("mknod: d: Operation not permitted"), "{seen}");
    assert!(!seen.contains("opened"), "{seen}");
    assert!(task.stderr().contains("Read-only"), "{}", task.stderr());
    assert!(seen.ends_with("end\n"), "{seen}");
    assert!(!task.spec.sandbox.join("d").exists());
    assert!(task.stderr().contains("cgroup.procs"), "{}", task.stderr());
}

#[test]
fn a_root_directory_is_read_only_and_its_own() {
    if skipped() {
        return;
    }
    let Some(busybox) = busybox() else {
        println!("skipped: needs a static busybox; run `apt-get install busybox-static`");
        return;
    };
    let ground = Ground::new();
    let root = ground.directory.path().join("root");
    for directory in ["bin", "proc", "dev", "tmp", "mnt/mesos/sandbox"] {
        std::fs::create_dir_all(root.join(directory)).unwrap();
    }
    std::fs::copy(busybox, root.join("bin/busybox")).unwrap();
    std::os::unix::fs::symlink("busybox", root.join("bin/sh")).unwrap();
    let look = "b=/bin/busybox; $b ls /; $b touch /here || echo read-only; \
                (: >> /proc/sys/kernel/core_pattern) || echo fixed; $b touch /tmp/t inside; \
                echo text > /dev/null; $b pwd";
    let mut task = ground.shell("rooted", look);
    task.spec.user = Some("root".into());
    task.spec.fences.root = Some(root.clone());
    let mut task = task.start();
    assert_eq!(task.wait().end, End::Exited(0), "{}", task.stderr());
    assert_eq!(
        task.stdout(),
        "bin\ndev\nmnt\nproc\ntmp\nread-only\nfixed\n/mnt/mesos/sandbox\n"
    );
    assert!(task.spec.sandbox.join("inside").exists());
    assert!(!root.join("tmp/t").exists(), "its /tmp is its own");

    std::fs::remove_dir(root.join("tmp")).unwrap();
    let mut task = ground.shell("bad-root", look);
    task.spec.fences.root = Some(root);
    let End::NotStarted(why) = task.start().wait().end else {
        panic!("it cannot have started")
    };
    assert!(why.contains("lacks the directory 'tmp'"), "{why}");
    ground.assert_empty();
}

fn busybox() -> Option<&'static str> {
    ["/bin/busybox", "/usr/bin/busybox"]
        .into_iter()
        .find(|path| Path::new(path).exists())
}
