//! The order of records: a seeded global shuffle that takes no memory.
//!
//! A shuffled list of 10^8 rows would cost 400 MB as numbers. A keyed permutation gives the item at any position instead:
//! a Feistel network over the smallest power of two that holds all positions, walked until it lands inside (at most two
//! steps on average). The rounds and constants are part of the format of a seed: the same seed gives the same order in
//! every version, and a test with fixed values keeps it so.

use std::ops::Range;

/// Enough rounds that small lists are well mixed too.
const ROUNDS: u64 = 12;

/// A seeded bijection of `0..len`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permutation {
    len: u64,
    key: u64,
    /// Bits of the left and the right half.
    left: u32,
    right: u32,
}

impl Permutation {
    /// The permutation of `0..len` that belongs to a seed and a purpose: other purposes give unrelated orders.
    #[must_use]
    pub fn new(len: u64, seed: u64, purpose: &str) -> Self {
        let key = purpose.bytes().fold(mix(seed ^ 0x5368_6172_6469_6679), |key, byte| mix(key ^ u64::from(byte)));
        let bits = (64 - len.saturating_sub(1).leading_zeros()).max(2);
        Self { len, key, left: bits / 2, right: bits - bits / 2 }
    }

    /// The item at a position. Positions at or above the length are returned as they are.
    #[must_use]
    pub fn item(&self, position: u64) -> u64 {
        if position >= self.len {
            return position;
        }
        let mut value = position;
        loop {
            value = self.scramble(value);
            if value < self.len {
                return value;
            }
        }
    }

    fn scramble(&self, value: u64) -> u64 {
        let (mut left_bits, mut right_bits) = (self.left, self.right);
        let (mut left, mut right) = (value >> right_bits, value & ones(right_bits));
        for round in 0..ROUNDS {
            let hash = mix(self.key ^ right ^ round.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (right << 32));
            (left, right) = (right, (left ^ hash) & ones(left_bits));
            (left_bits, right_bits) = (right_bits, left_bits);
        }
        left << right_bits | right
    }
}

const fn ones(bits: u32) -> u64 {
    if bits >= 64 { u64::MAX } else { (1 << bits) - 1 }
}

/// A bijective mix of all 64 bits (the finalizer of SplitMix64, by Steele, Lea and Flood).
const fn mix(mut value: u64) -> u64 {
    value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Which item of the list stands at each position of one split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// A run of the list, as it is.
    Run(Range<u64>),
    /// A run of the list, shuffled.
    ShuffledRun(u64, Permutation),
    /// A run of positions of a shuffle of the whole list.
    Window(Range<u64>, Permutation),
    /// Chosen items, as they stand here.
    List(Vec<u32>),
    /// Chosen items, shuffled.
    ShuffledList(Vec<u32>, Permutation),
}

impl Order {
    /// How many positions there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        match self {
            Self::Run(run) | Self::Window(run, _) => run.end - run.start,
            Self::ShuffledRun(_, permutation) => permutation.len,
            Self::List(items) | Self::ShuffledList(items, _) => items.len() as u64,
        }
    }

    /// Whether there is no position.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item of the list at a position below [`Order::len`].
    #[must_use]
    pub fn item(&self, position: u64) -> u64 {
        let listed = |items: &[u32], at: u64| {
            usize::try_from(at).ok().and_then(|at| items.get(at)).copied().map_or(u64::MAX, u64::from)
        };
        match self {
            Self::Run(run) => run.start + position,
            Self::ShuffledRun(start, permutation) => start + permutation.item(position),
            Self::Window(run, permutation) => permutation.item(run.start + position),
            Self::List(items) => listed(items, position),
            Self::ShuffledList(items, permutation) => listed(items, permutation.item(position)),
        }
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "small numbers")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shuffled(len: u64, seed: u64) -> Vec<u64> {
        let permutation = Permutation::new(len, seed, "order");
        (0..len).map(|position| permutation.item(position)).collect()
    }

    proptest! {
        #[test]
        fn every_item_once(len in 0u64..3000, seed: u64) {
            let mut items = shuffled(len, seed);
            items.sort_unstable();
            prop_assert!(items.into_iter().eq(0..len));
        }
    }

    #[test]
    fn large_lists_too() {
        for len in [(1 << 32) + 7, u64::MAX, 1 << 63] {
            let permutation = Permutation::new(len, 1, "order");
            for position in [0, 1, len / 2, len - 1] {
                assert!(permutation.item(position) < len);
            }
        }
    }

    /// Fixed for ever: users keep seeds.
    #[test]
    fn a_seed_means_the_same_order_in_every_version() {
        assert_eq!(shuffled(10, 0), ORDER_10_0);
        assert_eq!(shuffled(10, 1), ORDER_10_1);
    }
    const ORDER_10_0: [u64; 10] = [3, 4, 8, 9, 6, 1, 0, 5, 2, 7];
    const ORDER_10_1: [u64; 10] = [1, 6, 4, 9, 2, 8, 0, 3, 5, 7];

    /// Over many seeds every item is about equally often at every position, also in lists of a few items.
    #[test]
    fn positions_are_uniform_over_seeds() {
        for len in [2usize, 3, 5, 8, 13, 100] {
            let mut counts = vec![0u32; len * len];
            let seeds = 2000 * len as u64;
            for seed in 0..seeds {
                for (position, item) in shuffled(len as u64, seed).into_iter().enumerate() {
                    counts[position * len + item as usize] += 1;
                }
            }
            let expected = seeds as f64 / len as f64;
            let chi2: f64 = counts.iter().map(|c| (f64::from(*c) - expected).powi(2) / expected).sum();
            let freedom = ((len - 1) * (len - 1)) as f64;
            // Six standard deviations above the mean of the distribution.
            assert!(chi2 < freedom + 6.0 * (2.0 * freedom).sqrt() + 6.0, "{len}: {chi2} for {freedom}");
        }
    }

    /// Neighbours in the list do not stay neighbours, and classes (runs in the list) are spread evenly.
    #[test]
    fn runs_are_broken_up() {
        let items = shuffled(10_000, 7);
        let neighbours = items.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) == 1).count();
        assert!(neighbours < 15, "{neighbours} pairs of neighbours; two are expected");
        for part in items.chunks(1000) {
            let first_class = part.iter().filter(|item| **item < 1000).count();
            assert!((60..140).contains(&first_class), "{first_class} of about 100");
        }
    }
}
