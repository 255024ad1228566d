//! Records of existing shards as they are: copied, never encoded again, and checked on the way.

use std::{
    collections::HashMap,
    ffi::OsString,
    fmt,
    ops::Range,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    batch::{Batch, FailedInput, NO_CLASS, Piece},
    members::too_large,
    range::RecordSource,
    scan::number_past,
};
use crate::{
    error::{At, Error, Fault, Result},
    shard::Order,
    storage::{ReadAt, Storage},
    tfrecord::{DEFAULT_MAX_RECORD, FRAME_LEN, Frame, RecordSpan, Spans, Verify, parse_frame},
    units::{ByteSize, RecordIndex},
};

/// Shards that are open at once, at most; processes may often open no more than 256 files.
const MAX_OPEN: usize = 64;

/// Bytes that make a good batch.
const BATCH: u64 = 1 << 20;

/// Bytes that a batch never goes beyond, unless one record does.
const LARGEST_BATCH: u64 = 16 << 20;

/// A shard that records are read from.
#[derive(Debug)]
pub struct ShardInput {
    /// Its name, for messages.
    pub path: PathBuf,
    /// Where its uncompressed bytes are: the same, or a scratch file.
    pub file: PathBuf,
    /// The records to be read.
    pub records: Spans,
    /// The numbers in the shard of records that are damaged and not among these, ascending: messages count them too.
    pub damaged: Vec<RecordIndex>,
}

impl ShardInput {
    /// The number in the shard of one of the records to be read.
    fn number_of(&self, record: RecordIndex) -> RecordIndex {
        number_past(&self.damaged, |damaged| *damaged, record.0)
    }
}

/// A record of a list of shards, and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Located {
    /// The position of its shard in the list.
    pub shard: usize,
    /// Its number in the shard.
    pub number: RecordIndex,
    /// Where it is in the shard, in uncompressed bytes.
    pub span: RecordSpan,
}

/// A record that is to be copied.
struct Found {
    position: u64,
    /// Its number in the list of all records.
    item: u64,
    shard: usize,
    span: RecordSpan,
}

impl Found {
    /// Where it ends in its shard.
    fn end(&self) -> u64 {
        self.span.offset.0 + u64::from(self.span.len)
    }
}

/// The records of a list of shards, in any order.
pub struct ShardRecords<'a> {
    storage: &'a dyn Storage,
    shards: &'a [ShardInput],
    /// The number of the first record of each shard, in the list of all records.
    firsts: Vec<u64>,
    order: &'a Order,
    /// The class of each record, in the list of all records; empty where there are none.
    classes: &'a [u32],
    cap: ByteSize,
    batch_len: u64,
    open: Mutex<Open>,
}

/// The open files; the one that was opened first is closed first.
#[derive(Default)]
struct Open {
    files: HashMap<usize, Arc<dyn ReadAt>>,
    order: std::collections::VecDeque<usize>,
}

impl<'a> ShardRecords<'a> {
    /// Reads the records that `order` names by their numbers in the list of all records, for shards of at most `cap` bytes.
    #[must_use]
    pub fn new(
        storage: &'a dyn Storage,
        shards: &'a [ShardInput],
        order: &'a Order,
        classes: &'a [u32],
        cap: ByteSize,
    ) -> Self {
        let (mut firsts, mut records, mut bytes, mut largest) = (Vec::new(), 0, 0, 0);
        for shard in shards {
            firsts.push(records);
            records += shard.records.len();
            for span in shard.records.iter() {
                bytes += u64::from(span.len);
                largest = largest.max(u64::from(span.len));
            }
        }
        // The same for the same shards: compressed members follow it. Records may differ much, and large ones be neighbours.
        let most = (LARGEST_BATCH / largest.max(1)).max(1);
        let batch_len = (BATCH / (bytes / records.max(1)).max(1)).clamp(1, 4096).min(most);
        Self { storage, shards, firsts, order, classes, cap, batch_len, open: Mutex::default() }
    }

    /// The shard and the number in it of a record in the list of all.
    fn find(&self, record: u64) -> Option<(usize, RecordIndex)> {
        // Shards without records share their first number with the next one.
        let shard = self.firsts.partition_point(|first| *first <= record).checked_sub(1)?;
        Some((shard, RecordIndex(record - self.firsts.get(shard)?)))
    }

    fn span(&self, record: u64) -> Option<(usize, RecordSpan)> {
        let (shard, index) = self.find(record)?;
        Some((shard, self.shards.get(shard)?.records.get(index)?))
    }

    /// The record at a position of the order.
    #[must_use]
    pub fn locate(&self, position: u64) -> Option<Located> {
        let (shard, index) = self.find(self.order.item(position))?;
        let input = self.shards.get(shard)?;
        Some(Located { shard, number: input.number_of(index), span: input.records.get(index)? })
    }

    fn file(&self, shard: usize) -> Result<Arc<dyn ReadAt>> {
        let lock = || self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = lock().files.get(&shard) {
            return Ok(Arc::clone(file));
        }
        let path = self.shards.get(shard).map(|input| input.file.clone()).unwrap_or_default();
        let file: Arc<dyn ReadAt> = self.storage.open(&path)?.into();
        let mut open = lock();
        if open.files.insert(shard, Arc::clone(&file)).is_none() {
            open.order.push_back(shard);
        }
        if open.order.len() > MAX_OPEN
            && let Some(first) = open.order.pop_front()
        {
            open.files.remove(&first);
        }
        Ok(file)
    }

    /// Copies records that follow one another in a shard to the end of a batch. An error means that none of them could be
    /// read.
    fn copy(&self, run: &[Found], batch: &mut Batch) -> Result<()> {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { return Ok(()) };
        let (shard, bytes) = (first.shard, first.span.offset.0..last.end());
        let path = self.shards.get(shard).map(|input| input.path.clone()).unwrap_or_default();
        let start = batch.bytes.len();
        batch.bytes.resize(start + usize::try_from(bytes.end - bytes.start).unwrap_or(usize::MAX), 0);
        let read = self
            .file(shard)
            .and_then(|file| file.read_exact_at(batch.bytes.get_mut(start..).unwrap_or_default(), bytes.start));
        if let Err(error) = read {
            batch.bytes.truncate(start);
            return Err(error).at(path);
        }
        batch.read += bytes.end - bytes.start;
        // Records that are left out are closed up over.
        let (mut from, mut to) = (start, start);
        for Found { position, item, span, .. } in run {
            let len = span.len as usize;
            let record = batch.bytes.get(from..from + len).unwrap_or_default();
            let verdict = match parse_frame(record, DEFAULT_MAX_RECORD, Verify::All) {
                Frame::Record { end, .. } if end == len => match u64::from(span.len) > self.cap.0 {
                    false => Ok(()),
                    true => Err(too_large(u64::from(span.len), self.cap).with_hint("raise --max-shard (below 2 GiB)")),
                },
                _ => Err(Error::input(Fault::Corrupt, "the record changed after it was checked")
                    .with_hint("nothing may write to the shards meanwhile: run it again")),
            };
            match verdict {
                Ok(()) => {
                    if from != to {
                        batch.bytes.copy_within(from..from + len, to);
                    }
                    to += len;
                    let payload = u64::from(span.len).saturating_sub(FRAME_LEN as u64);
                    batch.pieces.push(Piece { position: *position, len: u64::from(span.len), records: 1, payload });
                    if !self.classes.is_empty() {
                        let record = usize::try_from(*item).unwrap_or(usize::MAX);
                        batch.classes.push(self.classes.get(record).copied().unwrap_or(NO_CLASS));
                    }
                }
                Err(error) => {
                    let error = Err::<(), _>(error.at_place(span.offset.into())).at(&path);
                    batch.failed.extend(error.err().map(|error| FailedInput { position: *position, error }));
                }
            }
            from += len;
        }
        batch.bytes.truncate(to);
        Ok(())
    }
}

impl RecordSource for ShardRecords<'_> {
    type Scratch = ();

    fn scratch(&self) {}

    fn batch_len(&self) -> u64 {
        self.batch_len
    }

    fn fill(&self, positions: Range<u64>, (): &mut (), batch: &mut Batch) {
        let mut found: Vec<Found> = Vec::new();
        for position in positions {
            let item = self.order.item(position);
            if let Some((shard, span)) = self.span(item) {
                found.push(Found { position, item, shard, span });
            } else {
                let error = Error::inputs("the order names a record that is not there")
                    .with_hint("this is a bug: please report it");
                batch.failed.push(FailedInput { position, error });
            }
        }
        // In one piece: records that stay neighbours are one read.
        batch.bytes.reserve(found.iter().map(|found| found.span.len as usize).sum());
        for run in found.chunk_by(|a, b| a.shard == b.shard && a.end() == b.span.offset.0) {
            if let (Err(error), Some(first)) = (self.copy(run, batch), run.first()) {
                // Not of one record only: the others of the run are not there either.
                batch.failed.push(FailedInput { position: first.position, error: error.into_fatal() });
            }
        }
        batch.failed.sort_by_key(|failed| failed.position);
        batch.trim();
    }

    fn describe(&self, position: u64) -> (OsString, Option<String>) {
        let name = self.locate(position).and_then(|found| {
            let mut text = self.shards.get(found.shard)?.path.as_os_str().to_owned();
            text.push(format!(" record {}", found.number));
            Some(text)
        });
        (name.unwrap_or_default(), None)
    }
}

impl fmt::Debug for ShardRecords<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShardRecords").field("shards", &self.shards.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
