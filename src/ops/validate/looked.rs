//! The shards of a data set after they were read, and where in them a record of the data set is.

use std::{path::Path, sync::Arc};

use super::{
    finding::{Finding, FindingKind},
    visit::Part,
};
use crate::{
    pipeline::ScannedShard,
    units::{ByteOffset, RecordIndex},
};

/// One shard.
pub(super) struct Looked {
    pub(super) path: Arc<Path>,
    /// The bytes of the file, as far as they are known.
    pub(super) bytes: u64,
    /// What is in it; `None` if it cannot be read or is something else.
    pub(super) scanned: Option<ScannedShard<Part>>,
    /// The number of its first intact record among those of the data set.
    pub(super) first: u64,
}

/// A record that is intact.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// The position of its shard.
    pub(super) shard: usize,
    pub(super) record: RecordIndex,
    pub(super) offset: ByteOffset,
    /// Its bytes, framing included.
    pub(super) len: u32,
}

/// All shards of a data set, in order.
#[derive(Default)]
pub(super) struct Shards {
    pub(super) list: Vec<Looked>,
}

impl Looked {
    pub(super) fn name(&self) -> &str {
        self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }

    pub(super) fn records(&self) -> u64 {
        self.scanned.as_ref().map_or(0, |scanned| scanned.intact.len())
    }
}

impl Shards {
    /// The intact records of all shards.
    pub(super) fn records(&self) -> u64 {
        self.list.last().map_or(0, |last| last.first + last.records())
    }

    /// The position of the shard in which a record is.
    pub(super) fn shard_of(&self, record: u64) -> usize {
        self.list.partition_point(|shard| shard.first <= record).saturating_sub(1)
    }

    /// Where an intact record of the data set is.
    pub(super) fn place(&self, record: u64) -> Option<Place> {
        let shard = self.shard_of(record);
        let looked = self.list.get(shard)?;
        let scanned = looked.scanned.as_ref()?;
        let intact = record.checked_sub(looked.first)?;
        let span = scanned.intact.get(RecordIndex(intact))?;
        Some(Place { shard, record: scanned.number_of(intact), offset: span.offset, len: span.len })
    }

    /// A finding at a record of the data set, with the position of its shard.
    pub(super) fn finding(&self, kind: FindingKind, record: u64, message: String) -> Option<(usize, Finding)> {
        let place = self.place(record)?;
        let path = Arc::clone(&self.list.get(place.shard)?.path);
        let mut finding = Finding::of_file(kind, path, message);
        (finding.record, finding.offset) = (Some(place.record), Some(place.offset));
        finding.bytes = Some(u64::from(place.len));
        Some((place.shard, finding))
    }
}
