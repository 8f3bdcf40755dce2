//! What an agent is told on the command line.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args as ClapArgs, ValueEnum};

use super::accounts::Uids;
use crate::protocol::{Amounts, PortRange};

/// Runs the tasks of a cluster on this machine.
///
/// SIGTERM ends the agent and leaves its tasks running; the next agent with the same work
/// directory takes them over. SIGUSR1 ends the tasks too and leaves nothing.
#[derive(ClapArgs, Clone, Debug)]
pub struct Args {
    /// The master, as HOST:PORT
    #[arg(long, value_name = "HOST:PORT")]
    pub master: String,
    /// Who the agent is to its master: a file with a principal and its secret, which nobody else may
    /// read
    #[arg(long, value_name = "FILE")]
    pub credential: Option<PathBuf>,
    /// Where sandboxes and checkpoints are kept
    #[arg(long, value_name = "DIR")]
    pub work_dir: PathBuf,
    /// Where to listen for requests about files and metrics; port 0 takes any
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:5051")]
    pub listen: SocketAddr,
    /// Listen on an address others can reach, although nobody may be asked who they are
    #[arg(long)]
    pub insecure: bool,
    /// The name people know this machine by; its host name when absent
    #[arg(long)]
    pub hostname: Option<String>,
    /// What the machine gives to tasks, for instance 'cpus:2;mem:1024;ports:[31000-32000]';
    /// what is not named is taken from the machine
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub resources: Capacity,
    /// What the machine is like, for instance 'rack:a;kernel:6.1'
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub attributes: Attributes,
    /// The fences around tasks; at least cgroups or namespaces, or a task could not be ended
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "cgroups,namespaces,seccomp"
    )]
    pub isolation: Vec<Fence>,
    /// Where the hierarchies of control groups are mounted
    #[arg(long, value_name = "DIR", default_value = "/sys/fs/cgroup")]
    pub cgroup_root: PathBuf,
    /// The agent's own part of the hierarchies; made from the work directory when absent
    #[arg(long, value_name = "NAME")]
    pub cgroup_prefix: Option<String>,
    /// Who a task runs as that names nobody; an account of its own for an agent of root
    #[arg(long, value_name = "USER")]
    pub task_user: Option<String>,
    /// The numbers of users and groups that tasks have for themselves, as in 1900000000-1900065535;
    /// made from the work directory when absent. Nobody else on the machine may have one of them
    #[arg(long, value_name = "FIRST-LAST", conflicts_with = "task_user")]
    pub task_uids: Option<Uids>,
    /// A directory that tasks do not see, beside the work directory; can be given several times
    #[arg(long, value_name = "DIR")]
    pub hide: Vec<PathBuf>,
    /// Let tasks run as root, which can change the machine's files
    #[arg(long)]
    pub allow_root: bool,
    /// Whether a task's processors are a hard limit, not only a weight
    #[arg(long)]
    pub cpu_hard_limit: bool,
    /// How many processes and threads a task may have
    #[arg(long, value_name = "COUNT", default_value_t = 4096)]
    pub pids_limit: u64,
    /// Time between SIGTERM and SIGKILL when the task does not say
    #[arg(long, value_name = "MS", default_value_t = 3000)]
    pub kill_grace: u64,
    /// First wait before a status is sent again; doubled up to ten minutes
    #[arg(long, value_name = "MS", default_value_t = 10_000)]
    pub status_retry: u64,
    /// A task's output file that is longer than this is put aside
    #[arg(long, value_name = "BYTES", default_value_t = 10 << 20)]
    pub output_bytes: u64,
    /// How many such files are kept
    #[arg(long, value_name = "COUNT", default_value_t = 2)]
    pub output_aside: u32,
    /// How long a sandbox is kept after its task ended
    #[arg(long, value_name = "HOURS", default_value_t = 168)]
    pub sandbox_hours: u64,
}

/// One kind of fence.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub enum Fence {
    /// Limits by control groups
    Cgroups,
    /// Own processes, mounts, queues and host name
    Namespaces,
    /// A filter on system calls
    Seccomp,
    /// A network with nothing but loopback, a task; needs namespaces
    Network,
}

/// What a machine gives to tasks; what is not named is `None`.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Capacity {
    millicores: Option<u64>,
    mem_mib: Option<u64>,
    disk_mib: Option<u64>,
    milligpus: Option<u64>,
    ports: Option<Vec<PortRange>>,
}

impl FromStr for Capacity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut capacity = Self::default();
        for (name, value) in pairs(text)? {
            match name {
                "cpus" => capacity.millicores = Some(thousandths(name, value)?),
                "gpus" => capacity.milligpus = Some(thousandths(name, value)?),
                "mem" => capacity.mem_mib = Some(thousandths(name, value)? / 1000),
                "disk" => capacity.disk_mib = Some(thousandths(name, value)? / 1000),
                "ports" => capacity.ports = Some(ranges(value)?),
                _ => return Err(format!("'{name}' is none of cpus, mem, disk, gpus, ports")),
            }
        }
        Ok(capacity)
    }
}

impl Capacity {
    /// The amounts, taken from the machine where nothing was said: all processors, memory less
    /// 1 GiB or half of it for the machine itself, no disk, no accelerators, a thousand ports.
    ///
    /// # Errors
    /// When the machine does not tell.
    pub fn amounts(&self) -> std::io::Result<Amounts> {
        let millicores = match self.millicores {
            Some(millicores) => millicores,
            None => std::thread::available_parallelism()?.get() as u64 * 1000,
        };
        let mem_mib = match self.mem_mib {
            Some(mem_mib) => mem_mib,
            None => memory().map(|all| all - (all / 2).min(1024))?,
        };
        let ports = [PortRange {
            begin: 31000,
            end: 32000,
        }];
        Ok(Amounts {
            millicores,
            mem_mib,
            disk_mib: self.disk_mib.unwrap_or(0),
            milligpus: self.milligpus.unwrap_or(0),
            ports: self.ports.clone().unwrap_or_else(|| ports.to_vec()),
        })
    }
}

/// The machine's memory in MiB.
fn memory() -> std::io::Result<u64> {
    let text = std::fs::read_to_string("/proc/meminfo")?;
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = total.and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kib.map(|kib| kib / 1024)
        .ok_or_else(|| std::io::Error::other("/proc/meminfo has no line 'MemTotal: ... kB'"))
}

/// What a machine is like.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Attributes(pub BTreeMap<String, String>);

impl FromStr for Attributes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let pairs = pairs(text)?.into_iter();
        Ok(Self(
            pairs
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        ))
    }
}

fn pairs(text: &str) -> Result<Vec<(&str, &str)>, String> {
    let parts = text
        .split(';')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    let pair = |part: &'_ str| format!("'{part}' is not NAME:VALUE");
    parts
        .map(|part| part.split_once(':').ok_or_else(|| pair(part)))
        .collect()
}

fn thousandths(name: &str, value: &str) -> Result<u64, String> {
    let wrong = || format!("{name}: '{value}' is not an amount like 2 or 0.5");
    let (whole, part) = value.trim().split_once('.').unwrap_or((value.trim(), ""));
    if part.len() > 3 {
        return Err(format!("{name}: '{value}' has more than three decimals"));
    }
    let digits = format!("{whole}{part:0<3}");
    let number = digits.bytes().all(|byte| byte.is_ascii_digit()) && !whole.is_empty();
    number
        .then(|| digits.parse().ok())
        .flatten()
        .ok_or_else(wrong)
}

fn ranges(value: &str) -> Result<Vec<PortRange>, String> {
    let wrong = || format!("ports: '{value}' is not like [31000-31999,32100-32100]");
    let inner = value
        .trim()
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let mut ranges = Vec::new();
    for part in inner
        .ok_or_else(wrong)?
        .split(',')
        .filter(|part| !part.trim().is_empty())
    {
        let (begin, end) = part.trim().split_once('-').ok_or_else(wrong)?;
        let port = |text: &str| text.trim().parse::<u16>().map_err(|_| wrong());
        ranges.push(PortRange {
            begin: port(begin)?,
            end: port(end)?,
        });
    }
    ranges.sort();
    let disjoint = ranges.windows(2).all(|pair| pair[0].end < pair[1].begin);
    let forward = ranges.iter().all(|range| range.begin <= range.end);
    if disjoint && forward {
        Ok(ranges)
    } else {
        Err(wrong())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_exact() {
        let text = "cpus:0.25; mem:1024;disk:10;gpus:2;ports:[31000-31010, 32000-32000]";
        let amounts = text.parse::<Capacity>().unwrap().amounts().unwrap();
        assert_eq!(
            (amounts.millicores, amounts.mem_mib, amounts.disk_mib),
            (250, 1024, 10)
        );
        assert_eq!(amounts.milligpus, 2000);
        assert_eq!(
            amounts.ports[1],
            PortRange {
                begin: 32000,
                end: 32000
            }
        );
    }

    #[test]
    fn what_is_not_said_is_the_machines() {
        let amounts = Capacity::default().amounts().unwrap();
        assert!(amounts.millicores >= 1000 && amounts.mem_mib > 0);
    }

    #[test]
    fn wrong_words_are_named() {
        for (text, error) in [
            ("cpu:1", "'cpu' is none of cpus, mem, disk, gpus, ports"),
            ("cpus", "'cpus' is not NAME:VALUE"),
            ("cpus:-1", "cpus: '-1' is not an amount like 2 or 0.5"),
            ("cpus:1.2345", "cpus: '1.2345' has more than three decimals"),
            (
                "ports:[2-1]",
                "ports: '[2-1]' is not like [31000-31999,32100-32100]",
            ),
        ] {
            assert_eq!(text.parse::<Capacity>().unwrap_err(), error);
        }
    }
}
