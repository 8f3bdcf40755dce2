//! Executes a program that traces others, and tells it that the processor has no extended state.
//!
//! User Mode Linux saves its guests' registers in a buffer of fixed size, which is too small on
//! processors with large ones (AMX): the host refuses it and the guest dies with its first process.
//! Told at its start that there is nothing beyond SSE, it does without. `.ci/guests` uses this.
//!
//! The guest's programs still see AVX, and a page fault in the middle of an AVX instruction's work
//! loses the upper halves of its registers: copies of memory come out wrong. So every program there
//! has to be told, by `tests/guests/tunables`, that its libc is to do without.

use std::collections::BTreeMap;
use std::env::{args_os, consts::ARCH};
use std::error::Error;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use nix::libc;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter,
};

/// The set of registers in question, as `ptrace` names it.
const NT_X86_XSTATE: u64 = 0x202;

fn main() -> Result<(), Box<dyn Error>> {
    let equal = |argument, value| {
        SeccompCondition::new(argument, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, value)
    };
    let asks = equal(0, u64::from(libc::PTRACE_GETREGSET))?;
    let rule = SeccompRule::new(vec![asks, equal(2, NT_X86_XSTATE)?])?;
    let refuse = SeccompAction::Errno(libc::EIO as u32);
    let rules = BTreeMap::from([(libc::SYS_ptrace, vec![rule])]);
    let program: BpfProgram =
        SeccompFilter::new(rules, SeccompAction::Allow, refuse, ARCH.try_into()?)?.try_into()?;
    apply_filter(&program)?;
    let mut arguments = args_os().skip(1);
    let name = arguments.next().ok_or("which program?")?;
    Err(Command::new(name).args(arguments).exec().into())
}
