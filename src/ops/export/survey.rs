//! The first look at all shards: which records are intact Examples, and what their features hold.

use crate::pipeline::{FieldStats, Fields, RecordPlace, Visit};

/// What is known of some records.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// What their features hold.
    pub(super) stats: FieldStats,
    /// Those that are no Examples, by their number among the intact ones of their shard.
    pub(super) bad: Vec<u64>,
}

/// Looks at the features of every record.
#[derive(Debug)]
pub(super) struct Look;

impl Visit for Look {
    type Part = Facts;

    fn record(&self, payload: &[u8], place: RecordPlace, part: &mut Facts) {
        let before = part.stats.malformed;
        Fields::default().record(payload, place, &mut part.stats);
        if part.stats.malformed > before {
            part.bad.push(place.number);
        }
    }

    fn join(&self, into: &mut Facts, part: Facts, before: u64) {
        into.stats.join(part.stats, before);
        into.bad.extend(part.bad.into_iter().map(|number| before + number));
    }
}
