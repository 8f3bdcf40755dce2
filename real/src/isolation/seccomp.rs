//! The default filter on system calls: what could change the machine, or look into others, is
//! refused; everything a program needs for its own work is not.

use std::collections::BTreeMap;
use std::env::consts::ARCH;

use nix::libc;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};

use super::error::{IsolationError, Result};

/// Calls nobody in a container needs.
const REFUSED: &[libc::c_long] = &[
    // Mounts and roots.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_mount_setattr,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    // Namespaces.
    libc::SYS_unshare,
    libc::SYS_setns,
    // The machine: its kernel, clock, name, log.
    libc::SYS_reboot,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_syslog,
    libc::SYS_acct,
    libc::SYS_vhangup,
    // Parts of the kernel that were the way out before.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_fanotify_init,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    // Files and processes of others.
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    libc::SYS_ptrace,
    libc::SYS_pidfd_getfd,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_kcmp,
    libc::SYS_move_pages,
    libc::SYS_migrate_pages,
    libc::SYS_lookup_dcookie,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_modify_ldt,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_uselib,
];

/// Processes are made with `clone` too, so only its flags for namespaces are refused.
const NAMESPACES: [libc::c_int; 7] = [
    libc::CLONE_NEWNS,
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
];

/// Puts the caller and everything it executes behind the filter.
pub(super) fn install() -> Result<()> {
    for program in programs()? {
        apply_filter(&program).map_err(|error| IsolationError::Seccomp(error.to_string()))?;
    }
    Ok(())
}

fn programs() -> Result<[BpfProgram; 2]> {
    let mut refused: BTreeMap<i64, Vec<SeccompRule>> =
        REFUSED.iter().map(|call| (*call, Vec::new())).collect();
    let flags = NAMESPACES.map(|flag| Ok(SeccompRule::new(vec![has_flag(flag as u64)?])?));
    let flags: seccompiler::Result<Vec<_>> = flags.into_iter().collect();
    refused.insert(
        libc::SYS_clone,
        flags.map_err(|e| IsolationError::Seccomp(e.to_string()))?,
    );
    if cfg!(target_arch = "x86_64") {
        // The same calls have a second set of numbers there.
        const X32: i64 = 0x4000_0000;
        let again: Vec<_> = refused
            .iter()
            .map(|(call, rules)| (call | X32, rules.clone()))
            .collect();
        refused.extend(again);
        refused.extend((512..=547).map(|call| (call | X32, Vec::new())));
    }
    // `clone3` keeps its flags in memory, where no filter can look; a libc that is told that the
    // kernel does not have it takes `clone` instead.
    let clone3 = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    Ok([
        program(refused, libc::EPERM)?,
        program(clone3, libc::ENOSYS)?,
    ])
}

fn has_flag(flag: u64) -> seccompiler::Result<SeccompCondition> {
    let operator = SeccompCmpOp::MaskedEq(flag);
    Ok(SeccompCondition::new(
        0,
        SeccompCmpArgLen::Qword,
        operator,
        flag,
    )?)
}

fn program(rules: BTreeMap<i64, Vec<SeccompRule>>, errno: i32) -> Result<BpfProgram> {
    let refuse = SeccompAction::Errno(errno as u32);
    let make = || -> seccompiler::Result<BpfProgram> {
        let arch = TargetArch::try_from(ARCH)?;
        Ok(SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch)?.try_into()?)
    };
    make().map_err(|error| IsolationError::Seccomp(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_it_says_and_nothing_else() {
        // Filters cannot be taken off again, so they get a thread of their own.
        let seen = std::thread::spawn(|| {
            install().unwrap();
            let unshared = nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWUTS);
            let named = nix::unistd::sethostname("x");
            let read = std::fs::read_to_string("/proc/self/status").unwrap();
            let spawned = std::thread::spawn(|| 7).join().unwrap();
            (unshared, named, read.contains("Seccomp:"), spawned)
        });
        let refused = Err(nix::errno::Errno::EPERM);
        assert_eq!(seen.join().unwrap(), (refused, refused, true, 7));
    }
}
