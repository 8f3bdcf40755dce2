//! What logs look like, against the formulas of textbooks over all numbers in memory.

use fairground_readers::Format;
use fairground_readers::canonical::Opened;
use fairground_readers::canonical::import::import;
use fairground_readers::canonical::profile::Profile;
use fairground_readers::canonical::tables::{Job, Table, Tasks};

use super::traces;

fn rows<T: Table>(trace: &Opened) -> Vec<T> {
    trace.rows().unwrap().map(Result::unwrap).collect()
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len().max(1) as f64
}

/// The deviation over the mean.
fn variation(numbers: &[f64]) -> f64 {
    let mean = mean(numbers);
    let squares = numbers.iter().map(|number| (number - mean).powi(2));
    (squares.sum::<f64>() / numbers.len() as f64).sqrt() / mean
}

fn near(found: f64, expected: f64, part: f64, what: &str) {
    let off = (found - expected).abs();
    assert!(
        off <= part * expected,
        "{what}: {found}, expected {expected}"
    );
}

/// Jobs are one row of tasks each in a log.
fn check(trace: &Opened, name: &str) {
    let local = |time: u64| {
        let hours = time as usize / 3_600_000_000;
        Some((hours / 24 % 7, hours % 24))
    };
    let profile = Profile::of(trace, trace, Some(&local)).unwrap();
    let (jobs, tasks) = (rows::<Job>(trace), rows::<Tasks>(trace));
    assert_eq!(jobs.len(), tasks.len());
    let all: Vec<(&Job, &Tasks)> = jobs.iter().zip(&tasks).collect();

    let mut submits: Vec<u64> = jobs.iter().filter_map(|job| job.submit).collect();
    submits.sort_unstable();
    let gaps: Vec<f64> = submits.windows(2).map(|w| (w[1] - w[0]) as f64).collect();
    let found = &profile.submits;
    assert_eq!(found.standing, 0, "{name}");
    near(
        found.gaps.variation().unwrap(),
        variation(&gaps),
        1e-9,
        name,
    );
    let together = gaps.iter().filter(|gap| **gap == 0.0).count();
    assert_eq!(found.together, together as u64, "{name}");
    let week = found.week.as_ref().unwrap();
    let nine: u64 = week.iter().map(|day| day[9].0).sum();
    let at_nine = submits.iter().filter(|time| local(**time).unwrap().1 == 9);
    assert_eq!(nine, at_nine.count() as u64, "{name}");

    let waits: Vec<f64> = jobs
        .iter()
        .filter_map(|job| Some(job.wait? as f64))
        .collect();
    near(profile.sizes.wait.mean(), mean(&waits), 1e-9, name);
    let known = |tasks: &Tasks| tasks.run.filter(|_| tasks.unknown.is_none());
    let slowdowns = all.iter().filter_map(|(job, tasks)| {
        let (wait, run) = (job.wait? as f64, known(tasks)? as f64);
        Some(((wait + run) / run.max(1e7)).max(1.0))
    });
    let slowdowns: Vec<f64> = slowdowns.collect();
    // It is counted in thousandths.
    near(
        profile.sizes.slowdown.mean() / 1e3,
        mean(&slowdowns),
        1e-3,
        name,
    );
    let parts = all.iter().filter_map(|(job, tasks)| {
        let estimate = job.estimate.filter(|estimate| *estimate > 0)?;
        Some(known(tasks)? as f64 / estimate as f64)
    });
    let parts: Vec<f64> = parts.collect();
    assert_eq!(profile.sizes.accuracy.parts.n, parts.len() as u64, "{name}");
    let over = parts.iter().filter(|part| **part > 1.0).count();
    assert_eq!(profile.sizes.accuracy.over, over as u64, "{name}");

    let mut runs: Vec<u64> = tasks.iter().filter_map(known).collect();
    runs.sort_unstable();
    let middle = runs[(runs.len() - 1) / 2] as f64;
    near(
        profile.sizes.longest.0.quantile(500) as f64,
        middle,
        0.02,
        name,
    );
    let tail = profile.sizes.longest.1.tail().unwrap();
    let above: Vec<f64> = runs
        .iter()
        .filter(|run| u128::from(**run) >= tail.from)
        .map(|run| *run as f64)
        .collect();
    let low = tail.from as f64;
    let logs = above.iter().map(|run| (run / low).ln()).sum::<f64>();
    assert_eq!(tail.n, above.len() as u64, "{name}");
    near(tail.index, above.len() as f64 / logs, 1e-9, name);
    let most = above.iter().enumerate().map(|(below, run)| {
        let law = (run / low).powf(-tail.index);
        let at_least = above.len()
            - above[..below]
                .iter()
                .rposition(|r| r < run)
                .map_or(0, |b| b + 1);
        let more = above.len() - below - 1;
        let share = |count: usize| count as f64 / above.len() as f64;
        // Of equal numbers only the last tells how many are larger.
        let more = if above.get(below + 1) == Some(run) {
            at_least
        } else {
            more
        };
        (share(at_least) - law).abs().max((share(more) - law).abs())
    });
    near(tail.distance, most.fold(0.0, f64::max), 1e-6, name);

    let work = tasks
        .iter()
        .map(|t| t.run.unwrap_or(0) as f64 * t.count as f64 * 1000.0);
    let span = (submits[submits.len() - 1] - submits[0]) as f64;
    let capacity = profile.capacity[0] as f64;
    let (offered, _) = profile.offered(0).unwrap();
    near(offered, work.sum::<f64>() / capacity / span, 1e-9, name);
}

#[test]
fn logs_look_like_their_numbers() {
    let Some((folder, _)) = traces() else {
        return;
    };
    for name in ["hpc2n.swf.zst", "LLNL-Atlas-2006-2.1-cln.swf.zst"] {
        let place = tempfile::tempdir().unwrap();
        let place = place.path().join("trace");
        import(&folder.join("swf").join(name), Format::Swf, &place, false).unwrap();
        check(&Opened::open(&place).unwrap(), name);
    }
}
