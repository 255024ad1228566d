//! Runs the command with a limit on its memory, and tells how much it took.

use std::{fs, path::Path, process::Command, thread::sleep, time::Duration};

use crate::console::Ran;

/// How a run ended, and the most memory that it had at any time.
pub(crate) struct Bounded {
    pub(crate) ran: Ran,
    pub(crate) peak: u64,
}

/// Runs in `dir`. What asks for more than `limit` bytes of address space is refused them by the kernel, and aborts.
pub(crate) fn bounded(dir: &Path, arguments: &[&str], limit: u64) -> Bounded {
    // A thread of Rust takes 2 MB of addresses, one arena of the allocator 64 MB, used or not.
    let script = format!("ulimit -v {}; exec \"$0\" \"$@\"", limit >> 10);
    let mut child = Command::new("sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_shardify")])
        .args(arguments)
        .args(["--threads", "2"])
        .env("MALLOC_ARENA_MAX", "1")
        .current_dir(dir)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let kib = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        peak = kib.map_or(peak, |kib: u64| peak.max(kib << 10));
        sleep(Duration::from_millis(2));
    }
    Bounded { ran: child.wait_with_output().unwrap().into(), peak }
}
