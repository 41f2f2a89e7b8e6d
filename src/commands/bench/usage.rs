//! CPU time and peak memory of the process, as the operating system reports them.

use anyhow::{Context, Result};
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike};

/// Bytes in a unit of `ru_maxrss`.
const UNIT: u64 = if cfg!(target_vendor = "apple") {
    1
} else {
    1024
};

/// User and system time of all threads so far, seconds.
///
/// # Errors
/// When the system does not report it.
pub(super) fn cpu_seconds() -> Result<f64> {
    let seconds = |time: TimeVal| time.num_microseconds() as f64 / 1e6;
    let usage = usage()?;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}

/// Largest resident memory so far, bytes.
///
/// # Errors
/// When the system does not report it.
pub(super) fn peak_rss_bytes() -> Result<u64> {
    Ok(u64::try_from(usage()?.max_rss())? * UNIT)
}

fn usage() -> Result<Usage> {
    getrusage(UsageWho::RUSAGE_SELF).context("the system does not tell CPU time and memory")
}
