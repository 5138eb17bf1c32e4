//! Limits of the configuration, with those that are built in where it names none.

use std::num::NonZeroUsize;
use std::time::Duration;

use crate::config::Limits;
use crate::index::IndexLimits;
use crate::source::WheelLimits;

/// How many wheels are read at once at most. More than there are cores, because small wheels wait for
/// the index most of the time; not many more, because each one being scanned takes memory.
const MOST_PARALLEL: usize = 8;

/// Bounds on what fetching one wheel may cost.
pub fn wheel(limits: &Limits) -> WheelLimits {
    let built_in = WheelLimits::default();
    WheelLimits {
        wheel_bytes: limits.wheel_bytes.unwrap_or(built_in.wheel_bytes),
        time: limits
            .wheel_seconds
            .map_or(built_in.time, Duration::from_secs),
        resumes: limits.resumes.unwrap_or(built_in.resumes),
        second_looks: limits.second_looks.unwrap_or(built_in.second_looks),
    }
}

/// Bounds on what an index may say.
pub fn index(limits: &Limits) -> IndexLimits {
    let built_in = IndexLimits::default();
    IndexLimits {
        page_bytes: limits.index_page_bytes.unwrap_or(built_in.page_bytes),
        files: limits.index_files.unwrap_or(built_in.files),
    }
}

/// Bound on what a feed of OpenSSL may say at once, in bytes.
pub fn feed_bytes(limits: &Limits) -> u64 {
    limits.feed_bytes.unwrap_or(64 << 20)
}

/// How many wheels are read at once.
pub fn parallel(limits: &Limits) -> usize {
    limits.parallel.unwrap_or_else(|| {
        std::thread::available_parallelism()
            .map_or(2, NonZeroUsize::get)
            .saturating_mul(2)
            .clamp(4, MOST_PARALLEL)
    })
}

/// How many projects are looked at at once: waiting for pages costs little.
pub fn parallel_projects(limits: &Limits) -> usize {
    limits.parallel_projects.unwrap_or(16)
}

/// How long a cycle of the daemon waits for the look at one project.
pub fn project_time(limits: &Limits) -> Duration {
    Duration::from_secs(limits.project_seconds.unwrap_or(120))
}

/// How many bytes of wheels one cycle of the daemon receives: as much as the largest wheel may have,
/// unless that is said.
pub fn bytes_per_cycle(limits: &Limits) -> u64 {
    limits.bytes_per_cycle.unwrap_or(2 << 30)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The documented defaults of `[limits]`, read as a configuration.
    #[test]
    fn the_documented_limits_are_the_defaults() {
        let mut text = String::new();
        for line in include_str!("../../docs/configuration.md").lines() {
            if let Some((key, rest)) = line
                .strip_prefix("| `limits.")
                .and_then(|line| line.split_once("` | `"))
            {
                let (default, _) = rest.split_once('`').unwrap();
                text.push_str(&format!("limits.{key} = {default}\n"));
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rewheel.toml");
        std::fs::write(&path, &text).unwrap();
        let limits = crate::config::load(Some(&path), []).unwrap().limits;
        assert!(limits.wheel_bytes.is_some() && limits.index_files.is_some());
        assert_eq!(wheel(&limits), WheelLimits::default());
        assert_eq!(index(&limits), IndexLimits::default());
        assert!(text.contains("limits.evidence-bytes"));
        assert_eq!(limits.scan, crate::scan::Limits::default());
        assert_eq!(limits.feed_bytes, Some(feed_bytes(&Limits::default())));
        let built_in = Limits::default();
        assert_eq!(limits.bytes_per_cycle, Some(bytes_per_cycle(&built_in)));
        assert_eq!(
            limits.project_seconds,
            Some(project_time(&built_in).as_secs())
        );
        assert_eq!(limits.parallel_projects, Some(parallel_projects(&built_in)));
    }
}
