//! `burn`: what stands for a task of a recipe: a process that uses processors and memory as told.
//!
//! A burner of rate 250 uses a quarter of a processor, in short slices. Work of one second at that
//! rate is done when a quarter of a second of processor time is used and one second is over: where
//! processors are contended it takes longer, as real work does. Its own start counts as work.

use std::hint::black_box;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use cpu_time::{ProcessTime, ThreadTime};

/// How often a burner looks at its pace.
const SLICE: Duration = Duration::from_millis(20);
/// What an instance is told to do at a time; it goes on until it is killed.
const LONG: Duration = Duration::from_hours(1);

/// Uses processors and memory as told.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Thousandths of a processor used while there is work
    #[arg(long)]
    rate: u64,
    /// MiB of memory held
    #[arg(long, default_value_t = 0)]
    hold: usize,
    /// Who gives the work: the address of `run`, and the task's name there
    #[arg(long, num_args = 2, value_names = ["ADDRESS", "TASK"])]
    driver: Vec<String>,
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand, Debug)]
enum What {
    /// Works for so many microseconds
    Task { micros: u64 },
    /// Copies, waits until the driver says that all maps are done, then works
    Reduce { copy: u64, work: u64 },
    /// Does the work the driver gives until it gives no more
    Executor,
    /// Works until it is killed
    Instance,
}

/// Burns.
///
/// # Errors
/// When the driver cannot be reached.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut burner = Burner::new(args.rate);
    let held = hold(args.hold);
    match args.what {
        What::Task { micros } => burner.work(Duration::from_micros(micros)),
        What::Reduce { copy, work } => {
            burner.work(Duration::from_micros(copy));
            let mut driver = Driver::reach(&args.driver)?;
            if driver.next()?.is_none() {
                bail!("the driver is gone");
            }
            burner.work(Duration::from_micros(work));
        }
        What::Executor => {
            let mut driver = Driver::reach(&args.driver)?;
            while let Some(micros) = driver.next()? {
                burner.work(Duration::from_micros(micros));
                driver.say("done")?;
            }
        }
        What::Instance => loop {
            burner.work(LONG);
        },
    }
    black_box(held);
    Ok(ExitCode::SUCCESS)
}

/// Memory that is really there: every page was written.
fn hold(mebibytes: usize) -> Vec<u8> {
    let mut memory = vec![0; mebibytes << 20];
    for page in memory.chunks_mut(4096) {
        page[0] = 1;
    }
    black_box(memory)
}

/// Uses processor time at a rate.
struct Burner {
    /// Thousandths of a processor.
    rate: u64,
    /// Processor time used that no work was charged for yet.
    uncharged: Duration,
}

impl Burner {
    fn new(rate: u64) -> Self {
        Self {
            rate: rate.max(1),
            uncharged: ProcessTime::now().as_duration(),
        }
    }

    fn work(&mut self, span: Duration) {
        let threads = self.rate.div_ceil(1000);
        let rate = self.rate / threads;
        let head_start = std::mem::take(&mut self.uncharged);
        std::thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(move || keep_pace(span, rate, Duration::ZERO));
            }
            keep_pace(span, rate, head_start);
        });
    }
}

/// Uses `rate` thousandths of `span` of this thread's processor time, less a head start, and no
/// faster than that.
fn keep_pace(span: Duration, rate: u64, head_start: Duration) {
    let part = |span: Duration| Duration::from_micros(span.as_micros() as u64 * rate / 1000);
    let (begun, before) = (Instant::now(), ThreadTime::now());
    let goal = part(span);
    loop {
        let used = head_start + before.elapsed();
        let passed = begun.elapsed();
        if used >= goal {
            // Never earlier than told, also when there was a head start.
            std::thread::sleep(span.saturating_sub(passed));
            return;
        }
        if used < part(passed + SLICE).min(goal) {
            spin();
        } else {
            std::thread::sleep(SLICE);
        }
    }
}

/// Some microseconds of work.
fn spin() {
    let mut value = 1_u64;
    for step in 0..5000 {
        value = black_box(
            value
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(step),
        );
    }
}

/// The connection to whoever gives the work.
struct Driver {
    lines: BufReader<TcpStream>,
}

impl Driver {
    fn reach(address: &[String]) -> anyhow::Result<Self> {
        let [address, task] = address else {
            bail!("--driver ADDRESS TASK is missing");
        };
        let address: SocketAddr = address.parse().context("--driver")?;
        let stream = TcpStream::connect(address).with_context(|| format!("--driver {address}"))?;
        stream.set_nodelay(true)?;
        let mut driver = Self {
            lines: BufReader::new(stream),
        };
        driver.say(task)?;
        Ok(driver)
    }

    /// The microseconds of the next piece of work; `None` when there is no more.
    fn next(&mut self) -> anyhow::Result<Option<u64>> {
        let mut line = String::new();
        if self.lines.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        Ok(Some(line.trim().parse()?))
    }

    fn say(&mut self, word: &str) -> std::io::Result<()> {
        self.lines
            .get_mut()
            .write_all(format!("{word}\n").as_bytes())
    }
}

/// How much processor time `threads` threads get in `span`, together.
pub(super) fn processor_time(threads: usize, span: Duration) -> Duration {
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let burn = || {
            let before = ThreadTime::now();
            while begun.elapsed() < span {
                spin();
            }
            before.elapsed()
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(burn)).collect();
        let spent = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
        spent
            .map(|time| time.expect("threads that only count end"))
            .sum()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_done_when_its_processor_time_is_used() {
        let before = ThreadTime::now();
        let begun = Instant::now();
        let span = Duration::from_millis(300);
        keep_pace(span, 200, Duration::ZERO);
        let used = before.elapsed();
        assert!(begun.elapsed() >= span);
        // A slice more at most, however busy the machine is: 60 ms of 300 ms.
        assert!(used >= Duration::from_millis(60), "{used:?}");
        assert!(used < Duration::from_millis(60) + SLICE, "{used:?}");
    }

    #[test]
    fn a_head_start_shortens_the_work_but_not_the_time() {
        let before = ThreadTime::now();
        let begun = Instant::now();
        keep_pace(Duration::from_millis(100), 500, Duration::from_millis(50));
        assert!(begun.elapsed() >= Duration::from_millis(100));
        assert!(before.elapsed() < SLICE);
    }
}
