//! Bytes that a run read, for its report.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::pipeline::Progress;

/// Counts what is read on its way to the caller's progress.
#[derive(Debug)]
pub(crate) struct CountRead<'a> {
    pub(crate) inner: &'a dyn Progress,
    pub(crate) read: &'a AtomicU64,
}

impl Progress for CountRead<'_> {
    fn step(&self, name: &str, total: Option<u64>) {
        self.inner.step(name, total);
    }

    fn resumed(&self, items: u64) {
        self.inner.resumed(items);
    }

    fn advance(&self, items: u64, bytes_read: u64, bytes_written: u64) {
        self.read.fetch_add(bytes_read, Ordering::Relaxed);
        self.inner.advance(items, bytes_read, bytes_written);
    }

    fn skipped(&self, input: &str, reason: &str) {
        self.inner.skipped(input, reason);
    }

    fn shard(&self, name: &str) {
        self.inner.shard(name);
    }
}
