//! What a run reports while it goes on. The library only counts; showing is for the caller.

use std::fmt::Debug;

/// Told by a run how far it is. All methods may be called from any thread.
pub trait Progress: Sync + Debug {
    /// A new step starts, as in "listing inputs"; `total` is its number of items where it is known.
    fn step(&self, _name: &str, _total: Option<u64>) {}
    /// These items were done by an earlier run that is carried on.
    fn resumed(&self, _items: u64) {}
    /// More items are done.
    fn advance(&self, _items: u64, _bytes_read: u64, _bytes_written: u64) {}
    /// An input was skipped.
    fn skipped(&self, _input: &str, _reason: &str) {}
    /// A shard is being filled, as in `train-00003`.
    fn shard(&self, _name: &str) {}
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {}
