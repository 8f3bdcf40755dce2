//! Huawei's functions in its private and public clouds, 2023 and 2025: how often each was called, and single
//! requests.
//!
//! Source: github.com/sir-lab/data-release (Joosen et al., `SoCC` 2023 and `EuroSys` 2025). A folder a metric with a
//! file a day; times in seconds from the beginning of the data.

pub mod requests;
pub mod series;

/// The CPU in thousandths of a core and the memory in MB of a pool: `pool22-300-128`, perhaps with a pod behind.
fn pool(text: &str) -> Option<(u64, u64)> {
    let mut parts = text.strip_prefix("pool")?.split('-').skip(1);
    let mut number = || parts.next()?.parse::<u32>().ok().map(u64::from);
    Some((number()?, number()?))
}

#[cfg(test)]
mod tests {
    use super::pool;

    #[test]
    fn pools_tell_sizes() {
        assert_eq!(pool("pool22-300-128"), Some((300, 128)));
        assert_eq!(pool("pool26-1000-1024-0000618412"), Some((1000, 1024)));
        for text in ["pool22", "pool22-300", "22-300-128", "pool-a-b", ""] {
            assert_eq!(pool(text), None, "{text}");
        }
    }
}
