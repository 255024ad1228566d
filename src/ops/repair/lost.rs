//! What cannot be saved, and why: the lines of `lost.jsonl`.

use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer, ser::SerializeStruct as _};

use crate::{
    error::Error,
    ops::other_kind::OtherKind,
    pipeline::ScannedShard,
    tfrecord::{Damage, StreamFault},
    units::{ByteOffset, Count, RecordIndex},
};

/// One damaged place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lost {
    /// The shard.
    pub shard: PathBuf,
    /// The number of the record in its shard, where it is known.
    pub record: Option<RecordIndex>,
    /// Where the damage starts, in uncompressed bytes.
    pub offset: Option<ByteOffset>,
    /// The uncompressed bytes that are lost there.
    pub bytes: Option<u64>,
    /// A stable name of what is wrong, as `validate` has it.
    pub kind: &'static str,
    /// What was found and what was expected.
    pub message: String,
    /// The records that are lost, as far as they can be counted.
    pub records: u64,
}

impl Lost {
    fn at(shard: &Path, damage: &Damage) -> Self {
        Self {
            shard: shard.to_path_buf(),
            record: Some(damage.record),
            offset: Some(damage.offset),
            bytes: Some(damage.bytes),
            kind: damage.kind.code(),
            message: damage.to_string(),
            records: u64::from(damage.kind.is_record()),
        }
    }

    fn stream(shard: &Path, fault: &StreamFault) -> Self {
        let message = format!("byte {} of the compressed file: {}", fault.offset.0, fault.what);
        Self { records: 0, ..Self::of_shard(shard, "bad-compression", message) }
    }

    fn of_shard(shard: &Path, kind: &'static str, message: String) -> Self {
        Self { shard: shard.to_path_buf(), record: None, offset: None, bytes: None, kind, message, records: 0 }
    }

    /// So many shards are not there; this is the first of them.
    pub(super) fn missing_shards(first: &Path, shards: u64) -> Self {
        let message = match shards {
            1 => "the shard is missing".to_owned(),
            more => format!("{} shards are missing; this is the first of them", Count(more)),
        };
        Self::of_shard(first, "missing-shard", message)
    }

    /// Records are gone without a trace, as after a cut between two of them.
    fn fewer_records(shard: &Path, found: u64, expected: u64) -> Self {
        let message = format!("the metadata say that it has {} records, and it has {}", Count(expected), Count(found));
        Self { records: expected - found, ..Self::of_shard(shard, "record-count", message) }
    }

    /// The place and what is wrong there, for people.
    #[must_use]
    pub fn describe(&self) -> String {
        match (self.record, self.offset) {
            (Some(record), Some(offset)) => format!("record {}, byte {}: {}", record.0, offset.0, self.message),
            _ => self.message.clone(),
        }
    }
}

/// Everything that is wrong with a shard, in its order.
pub(super) fn of_shard<P>(
    path: &Path,
    shard: &ScannedShard<P>,
    other: Option<&OtherKind>,
    expected: Option<u64>,
) -> Vec<Lost> {
    if let Some(OtherKind { what, .. }) = other {
        let message = format!("this is {what}, not a TFRecord");
        return vec![Lost { bytes: Some(shard.bytes), ..Lost::of_shard(path, "not-tfrecord", message) }];
    }
    let mut lost: Vec<Lost> = shard.damage.iter().map(|damage| Lost::at(path, damage)).collect();
    lost.extend(shard.faults.iter().map(|fault| Lost::stream(path, fault)));
    match expected {
        Some(expected) if lost.is_empty() && shard.intact.len() < expected => {
            lost.push(Lost::fewer_records(path, shard.intact.len(), expected));
        }
        _ => {}
    }
    lost
}

/// A line of `lost.jsonl`.
impl Serialize for Lost {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut line = serializer.serialize_struct("Lost", 6)?;
        line.serialize_field("shard", &self.shard.to_string_lossy())?;
        line.serialize_field("record", &self.record.map(|record| record.0))?;
        line.serialize_field("offset", &self.offset.map(|offset| offset.0))?;
        line.serialize_field("bytes", &self.bytes)?;
        line.serialize_field("kind", self.kind)?;
        line.serialize_field("message", &self.message)?;
        line.end()
    }
}

/// The text of `lost.jsonl`.
pub(super) fn lines<'a>(lost: impl Iterator<Item = &'a Lost>) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    for line in lost {
        serde_json::to_writer(&mut text, line).map_err(|error| Error::io("serialize", error.into()))?;
        text.push(b'\n');
    }
    Ok(text)
}
