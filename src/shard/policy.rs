//! Where a shard ends: a pure function of what it holds and what comes next.

use crate::units::ByteSize;

/// The default cap of one shard, framing included: large enough to stream well, small enough to lose little.
pub const DEFAULT_MAX_SHARD: ByteSize = ByteSize(256_000_000);

/// The highest cap that can be asked for: every shard stays below 2 GiB.
pub const MAX_MAX_SHARD: ByteSize = ByteSize((1 << 31) - 1);

/// The most shards of a split: a quarter of a million names in a folder, and what a manifest says of them, are still read.
pub const MAX_SHARDS: u32 = 1 << 18;

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
    /// Where shards end besides.
    pub cut: Cut,
}

/// How list positions are divided into shards.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Cut {
    /// Each shard is filled up to the cap.
    Fill,
    /// A fixed number of shards, each with an equal part of the list positions; one that does not fit is an error.
    Count(u32),
    /// Each of these positions, which are sorted, begins a new shard. What lies between two of them fills as many shards as
    /// it needs.
    At(Vec<u64>),
}

impl ShardPolicy {
    /// Whether a piece of `next` bytes does not fit any more. An empty shard takes any piece: whoever makes the pieces
    /// sees to it that none is larger than the cap.
    #[must_use]
    pub fn is_full(&self, fill: ShardFill, next: u64) -> bool {
        fill.records > 0 && fill.bytes.saturating_add(next) > self.max_bytes.0
    }

    /// The part that one of `positions` list positions belongs to: no shard holds records of two parts. With a fixed number
    /// of shards that is the shard, and parts differ by one position at most.
    #[must_use]
    pub fn part(&self, position: u64, positions: u64) -> u64 {
        match &self.cut {
            Cut::Fill => 0,
            Cut::Count(count) => {
                let (position, positions) = (u128::from(position), u128::from(positions));
                // The inverse of "shard k starts at ceil(k * positions / count)".
                u64::try_from((position * u128::from(*count)) / positions.max(1)).unwrap_or(u64::MAX)
            }
            Cut::At(borders) => borders.partition_point(|border| *border <= position) as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_cap_is_exact() {
        let policy = ShardPolicy { max_bytes: ByteSize(100), cut: Cut::Fill };
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
            let policy = ShardPolicy { max_bytes: DEFAULT_MAX_SHARD, cut: Cut::Count(count) };
            let shards: Vec<u64> = (0..positions).map(|p| policy.part(p, positions)).collect();
            prop_assert!(shards.is_sorted());
            let sizes: Vec<usize> = (0..u64::from(count)).map(|k| shards.iter().filter(|s| **s == k).count()).collect();
            let (min, max) = (sizes.iter().min().unwrap(), sizes.iter().max().unwrap());
            prop_assert!(*min >= 1 && max - min <= 1, "{:?}", sizes);
        }
    }
}
