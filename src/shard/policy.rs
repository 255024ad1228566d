//! Where a shard ends: a pure function of what it holds and what comes next.

use crate::units::ByteSize;

/// The default cap of one shard, framing included: large enough to stream well, small enough to lose little.
pub const DEFAULT_MAX_SHARD: ByteSize = ByteSize(256_000_000);

/// The highest cap that can be asked for: every shard stays below 2 GiB.
pub const MAX_MAX_SHARD: ByteSize = ByteSize((1 << 31) - 1);

/// What an open shard holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ShardFill {
    /// Bytes of the file so far, framing included.
    pub bytes: u64,
    /// Records so far.
    pub records: u64,
}

/// When a shard is full.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ShardPolicy {
    /// No file ever has more bytes than this.
    pub max_bytes: ByteSize,
    /// A fixed number of shards, each with an equal part of the list positions; `None` to fill each up to the cap.
    pub count: Option<u32>,
}

impl ShardPolicy {
    /// Whether a piece of `next` bytes does not fit any more. An empty shard takes any piece: whoever makes the pieces
    /// sees to it that none is larger than the cap.
    #[must_use]
    pub fn is_full(&self, fill: ShardFill, next: u64) -> bool {
        fill.records > 0 && fill.bytes.saturating_add(next) > self.max_bytes.0
    }

    /// The shard that a list position belongs to when their number is fixed: parts that differ by one at most.
    #[must_use]
    pub fn fixed_shard(&self, position: u64, positions: u64) -> Option<u32> {
        let count = u128::from(self.count?);
        let (position, positions) = (u128::from(position), u128::from(positions));
        // The inverse of "shard k starts at ceil(k * positions / count)".
        u32::try_from((position * count) / positions.max(1)).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_cap_is_exact() {
        let policy = ShardPolicy { max_bytes: ByteSize(100), count: None };
        for (bytes, records, next, full) in
            [(0, 0, 500, false), (60, 1, 40, false), (60, 1, 41, true), (100, 2, 0, false), (100, 2, 1, true)]
        {
            assert_eq!(policy.is_full(ShardFill { bytes, records }, next), full, "{bytes} + {next}");
        }
        assert!(policy.is_full(ShardFill { bytes: 1, records: 1 }, u64::MAX));
    }

    proptest! {
        #[test]
        fn a_fixed_count_gives_equal_parts(positions in 1u64..2000, count in 1u32..50) {
            prop_assume!(u64::from(count) <= positions);
            let policy = ShardPolicy { max_bytes: DEFAULT_MAX_SHARD, count: Some(count) };
            let shards: Vec<u32> = (0..positions).map(|p| policy.fixed_shard(p, positions).unwrap()).collect();
            prop_assert!(shards.is_sorted());
            let sizes: Vec<usize> = (0..count).map(|k| shards.iter().filter(|s| **s == k).count()).collect();
            let (min, max) = (sizes.iter().min().unwrap(), sizes.iter().max().unwrap());
            prop_assert!(*min >= 1 && max - min <= 1, "{:?}", sizes);
        }
    }
}
