//! Runs the command with a limit on its memory, and tells how much it took.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use crate::support::{Ran, with_peak};

/// How a run ended, and the most memory that it had at any time.
pub(crate) struct Bounded {
    pub(crate) ran: Ran,
    pub(crate) peak: u64,
}

/// Runs in `dir`. What asks for more than `limit` bytes of address space is refused them by the kernel, and aborts.
pub(crate) fn bounded(dir: &Path, arguments: &[&str], limit: u64) -> Bounded {
    // A thread of Rust takes 2 MB of addresses, one arena of the allocator 64 MB, used or not.
    let script = format!("ulimit -v {}; exec \"$0\" \"$@\"", limit >> 10);
    let child = Command::new("sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_shardify")])
        .args(arguments)
        .args(["--threads", "2"])
        .env("MALLOC_ARENA_MAX", "1")
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (ran, peak) = with_peak(child);
    Bounded { ran, peak }
}
