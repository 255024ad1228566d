//! Where records are, in few bytes, and reading a few of them again.

use super::data::Place;
use crate::error::Result;

/// A record, in 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Spot {
    /// The position of its shard in the list of shards.
    pub(super) shard: u32,
    /// Its number among the intact records of its shard, from 0.
    pub(super) record: u32,
    /// Where its header starts, in uncompressed bytes.
    pub(super) offset: u64,
}

/// What is known of a record besides its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct About {
    /// Where it is. While parts are not joined, `record` counts from the start of its part.
    pub(super) spot: Spot,
    /// The position of its split in the list of splits.
    pub(super) split: u16,
    /// Its label as it is stored, if it has one.
    pub(super) label: Option<i64>,
}

/// Reads records again, in the order of the shards.
pub(super) trait Again: Sync {
    /// Calls `each`, in any thread, with the position in `spots`, where the record is in words, and the content that matters:
    /// the picture, or the value of the first array. A record that cannot be read any more is an error.
    fn read(&self, spots: &[Spot], each: &(dyn Fn(usize, Place, &[u8]) + Sync)) -> Result<()>;

    /// Where records are, in words.
    fn places(&self, spots: &[Spot]) -> Result<Vec<Place>>;
}
