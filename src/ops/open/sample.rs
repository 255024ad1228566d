//! A few records, from which to tell what all hold.

use super::{OpenedShard, read};
use crate::{
    error::Result,
    pipeline::{Cancel, FieldStats},
    source::ShardFile,
    storage::Storage,
    tfrecord::Verify,
    units::RecordIndex,
};

/// So many shards are looked into, from the first to the last.
const SHARDS: usize = 4;

/// So many records of each, from the first to the last.
const RECORDS: u64 = 16;

/// No more bytes are read, but for one record.
const BYTES: u64 = 64 << 20;

/// What a few records hold. Damaged ones are passed over: that is told when they are read.
pub(super) fn sample(storage: &dyn Storage, shards: &[OpenedShard], cancel: &Cancel) -> Result<FieldStats> {
    let mut stats = FieldStats::default();
    for shard in spread(shards.len() as u64, SHARDS as u64).filter_map(|at| shards.get(usize::try_from(at).ok()?)) {
        let file = ShardFile::open(storage, &shard.path)?;
        for number in spread(shard.spans.len(), RECORDS) {
            let Some(span) = shard.spans.get(RecordIndex(number)) else { continue };
            if stats.payload_bytes > BYTES {
                return Ok(stats);
            }
            cancel.check()?;
            // Memory that nobody writes zeros to: the length is only a claim, of up to 4 GB.
            let mut payload = vec![0; read::payload_len(span)];
            if read::read(&file, span, &mut payload, Verify::All).is_ok() {
                stats.add(&payload, number, false);
            }
        }
    }
    Ok(stats)
}

/// Up to `wanted` numbers below `of`, the first and the last among them.
fn spread(of: u64, wanted: u64) -> impl Iterator<Item = u64> {
    let count = of.min(wanted);
    (0..count).map(move |at| {
        if count < 2 {
            0
        } else {
            u64::try_from(u128::from(at) * u128::from(of - 1) / u128::from(count - 1)).unwrap_or(0)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_spreads_from_the_first_to_the_last() {
        let numbers = |of, wanted| spread(of, wanted).collect::<Vec<_>>();
        assert_eq!(numbers(0, 4), [0; 0]);
        assert_eq!(numbers(1, 4), [0]);
        assert_eq!(numbers(3, 4), [0, 1, 2]);
        assert_eq!(numbers(11, 3), [0, 5, 10]);
        assert_eq!(numbers(u64::MAX, 2), [0, u64::MAX - 1]);
    }
}
