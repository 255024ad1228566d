//! Where the records of a shard are: four bytes a record instead of sixteen, found by number without a walk.

use crate::units::{ByteOffset, RecordIndex};

/// Every so many records the offset is noted, and the lengths from there are added up.
const STRIDE: usize = 32;

/// A record in its file, framing included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordSpan {
    /// Where its header starts.
    pub offset: ByteOffset,
    /// Its bytes, framing included.
    pub len: u32,
}

/// The places of records in one file, in their order. Records mostly follow one another; gaps are allowed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spans {
    lens: Vec<u32>,
    /// The offset of every `STRIDE`th record.
    marks: Vec<u64>,
    /// The records that do not start where the one before ends, with their offsets.
    jumps: Vec<(usize, u64)>,
    /// Where the last record ends.
    end: u64,
}

impl Spans {
    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.lens.len() as u64
    }

    /// Whether there is no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lens.is_empty()
    }

    /// Where the last record ends; 0 without records.
    #[must_use]
    pub const fn end(&self) -> ByteOffset {
        ByteOffset(self.end)
    }

    /// The bytes of all records, framing included.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.lens.iter().copied().map(u64::from).sum()
    }

    /// Adds a record behind the last one. `offset` is not before the end of that.
    pub fn push(&mut self, offset: u64, len: u32) {
        debug_assert!(offset >= self.end, "records are added in their order");
        if offset != self.end {
            self.jumps.push((self.lens.len(), offset));
        }
        if self.lens.len().is_multiple_of(STRIDE) {
            self.marks.push(offset);
        }
        self.lens.push(len);
        self.end = offset + u64::from(len);
    }

    /// Adds records that directly follow one another, the first at `offset`.
    pub fn extend(&mut self, mut offset: u64, lens: &[u32]) {
        self.lens.reserve(lens.len());
        for len in lens {
            self.push(offset, *len);
            offset += u64::from(*len);
        }
    }

    /// Forgets all but the first records.
    pub fn truncate(&mut self, records: u64) {
        let records = usize::try_from(records).unwrap_or(usize::MAX);
        if records >= self.lens.len() {
            return;
        }
        let last = records.checked_sub(1).and_then(|last| self.get(RecordIndex(last as u64)));
        self.end = last.map_or(0, |span| span.offset.0 + u64::from(span.len));
        self.lens.truncate(records);
        self.marks.truncate(records.div_ceil(STRIDE));
        self.jumps.truncate(self.jumps.partition_point(|jump| jump.0 < records));
    }

    /// Where a record is.
    #[must_use]
    pub fn get(&self, record: RecordIndex) -> Option<RecordSpan> {
        let record = usize::try_from(record.0).ok()?;
        let len = *self.lens.get(record)?;
        let mark = record / STRIDE;
        let mut from = (mark * STRIDE, *self.marks.get(mark)?);
        if let Some(jump) = self.jumps.partition_point(|jump| jump.0 <= record).checked_sub(1) {
            from = from.max(*self.jumps.get(jump)?);
        }
        let between: u64 = self.lens.get(from.0..record)?.iter().copied().map(u64::from).sum();
        Some(RecordSpan { offset: ByteOffset(from.1 + between), len })
    }

    /// All records, in their order.
    pub fn iter(&self) -> impl Iterator<Item = RecordSpan> {
        let mut jumps = self.jumps.iter().peekable();
        let mut at = 0;
        self.lens.iter().enumerate().map(move |(record, len)| {
            if let Some((_, offset)) = jumps.next_if(|jump| jump.0 == record) {
                at = *offset;
            }
            let offset = ByteOffset(at);
            at += u64::from(*len);
            RecordSpan { offset, len: *len }
        })
    }

    /// The bytes that it takes in memory.
    #[must_use]
    pub fn weight(&self) -> u64 {
        (self.lens.capacity() * 4 + self.marks.capacity() * 8 + self.jumps.capacity() * 16) as u64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_record_is_found_where_it_was_put(
            records in proptest::collection::vec((prop_oneof![9 => Just(0u64), 1 => 1u64..1000], 16u32..100), 0..300),
            keep: prop::sample::Index,
        ) {
            let mut spans = Spans::default();
            let mut expected = Vec::new();
            let mut at = 0;
            for (gap, len) in records {
                at += gap;
                spans.push(at, len);
                expected.push(RecordSpan { offset: ByteOffset(at), len });
                at += u64::from(len);
            }
            let keep = keep.index(expected.len() + 1);
            for kept in [expected.len(), keep] {
                spans.truncate(kept as u64);
                expected.truncate(kept);
                prop_assert!(spans.iter().eq(expected.iter().copied()));
                for (record, span) in expected.iter().enumerate() {
                    prop_assert_eq!(spans.get(RecordIndex(record as u64)), Some(*span));
                }
                prop_assert_eq!(spans.get(RecordIndex(kept as u64)), None);
                prop_assert_eq!(spans.end().0, expected.last().map_or(0, |last| last.offset.0 + u64::from(last.len)));
                prop_assert_eq!(spans.len(), kept as u64);
            }
            // What is added after a cut is found too.
            let next = spans.end().0 + 7;
            spans.extend(next, &[20, 30]);
            prop_assert_eq!(spans.get(RecordIndex(keep as u64 + 1)).unwrap().offset.0, next + 20);
        }
    }
}
