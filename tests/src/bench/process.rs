//! CPU and memory of a process, as the kernel counts them.

use std::fs;
use std::io;
use std::time::Duration;

/// CPU time of all threads of a process so far.
///
/// # Errors
/// Where the process is gone.
pub fn cpu(pid: u32) -> io::Result<Duration> {
    let mut nanoseconds = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        // The first number of schedstat is the time on a CPU, in nanoseconds; stat counts in hundredths of a second.
        let line = fs::read_to_string(task?.path().join("schedstat"))?;
        nanoseconds += line.split_whitespace().next().and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// The most memory that a process has had resident, in MB.
///
/// # Errors
/// Where the process is gone.
pub fn peak_memory_mb(pid: u32) -> io::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.map(|kib| kib * 1024.0 / 1e6).ok_or_else(|| io::Error::other("the kernel tells no VmHWM"))
}
