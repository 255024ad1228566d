//! How large the shards of a split are.

use super::InspectedSplit;
use crate::units::ByteSize;

/// The least, the one in the middle, and the greatest of some numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// The least.
    pub least: u64,
    /// The one in the middle; of an even number the lower one.
    pub median: u64,
    /// The greatest.
    pub largest: u64,
}

impl Spread {
    fn of(mut numbers: Vec<u64>) -> Option<Self> {
        numbers.sort_unstable();
        let median = *numbers.get(numbers.len().saturating_sub(1) / 2)?;
        Some(Self { least: *numbers.first()?, median, largest: *numbers.last()? })
    }
}

/// The sizes of the shards of one split.
#[derive(Debug, Default)]
pub(super) struct Sizes {
    bytes: Vec<u64>,
    records: Vec<u64>,
}

impl Sizes {
    pub(super) fn add(&mut self, bytes: u64, records: u64) {
        self.bytes.push(bytes);
        self.records.push(records);
    }

    pub(super) fn finish(self, name: &str) -> InspectedSplit {
        InspectedSplit {
            name: name.to_owned(),
            records: self.records.iter().sum(),
            shards: self.bytes.len() as u64,
            bytes: ByteSize(self.bytes.iter().sum()),
            shard_bytes: Spread::of(self.bytes),
            shard_records: Spread::of(self.records),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_in_the_middle() {
        let spread = |numbers: &[u64]| Spread::of(numbers.to_vec()).map(|it| (it.least, it.median, it.largest));
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[7]), Some((7, 7, 7)));
        assert_eq!(spread(&[9, 1, 5]), Some((1, 5, 9)));
        assert_eq!(spread(&[9, 1, 5, 6]), Some((1, 5, 9)));
    }
}
