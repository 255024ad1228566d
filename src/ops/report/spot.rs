//! Where records are, in few bytes, and reading a few of them again.

use super::data::Place;
use crate::error::Result;

/// A record, in eight bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Spot {
    /// The position of its shard in the list of shards.
    pub(super) shard: u32,
    /// Its number among the intact records of its shard, from 0. While parts are not joined, it counts from the start of its part.
    pub(super) record: u32,
}

impl Spot {
    /// The same record, when `before` others of its shard turn out to come before its part.
    pub(super) fn behind(self, before: u64) -> Self {
        Self { record: u32::try_from(u64::from(self.record) + before).unwrap_or(u32::MAX), ..self }
    }
}

/// What is known of a record besides its content, in 16 bytes: there may be many millions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct About {
    /// Where it is.
    pub(super) spot: Spot,
    /// Its label as it is stored; [`NO_LABEL`] if it has none.
    label: i64,
}

/// No class has this number.
const NO_LABEL: i64 = i64::MIN;

impl About {
    pub(super) fn new(spot: Spot, label: Option<i64>) -> Self {
        Self { spot, label: label.unwrap_or(NO_LABEL) }
    }

    /// Its label as it is stored, if it has one.
    pub(super) fn label(self) -> Option<i64> {
        Some(self.label).filter(|label| *label != NO_LABEL)
    }

    /// The same record, when `before` others of its shard turn out to come before its part.
    pub(super) fn behind(self, before: u64) -> Self {
        Self { spot: self.spot.behind(before), ..self }
    }
}

/// The picture of a record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Content<'a> {
    /// The file, or the pixels row by row.
    pub(super) bytes: &'a [u8],
    /// Rows, columns and channels of pixels that are stored without a header.
    pub(super) raw: Option<[u32; 3]>,
}

/// Reads records again.
pub(super) trait Again: Sync {
    /// Calls `each`, in any thread, with the position in `spots`, where the record is in words, and its picture; that is `None`
    /// if there is none any more.
    fn read(&self, spots: &[Spot], each: &(dyn Fn(usize, Place, Option<Content<'_>>) + Sync)) -> Result<()>;

    /// The position of the split that a record stands in.
    fn split(&self, spot: Spot) -> usize;

    /// Where records are, in words.
    fn places(&self, spots: &[Spot]) -> Result<Vec<Place>>;
}
