//! The work on one range of an ordered list: staged, synced, journaled shards.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    ops::Range,
    path::Path,
    sync::mpsc::{self, Receiver, SyncSender},
    thread,
};

use super::{
    batch::{Batch, FailedInput, ImageFacts, NO_CLASS, Piece},
    members,
    ordered::{Bounds, Cancel, ordered},
    stats::Progress,
    work::{Failure, ShardEntry, WorkDir, write_json},
};
use crate::{
    error::{During, Error, ErrorKind, Place, Printable, Result},
    index::IndexWriter,
    shard::{Cut, MAX_SHARDS, ShardPolicy, ShardWriter},
    storage::{StagedFile, Storage, commit_all},
    tfrecord::Compression,
    units::Count,
};

/// Finished shards that may wait for the disk while the next ones are written.
const SHARDS_IN_SYNC: usize = 2;

/// Makes framed records of list positions, in any thread.
pub trait RecordSource: Sync {
    /// What one worker keeps from batch to batch.
    type Scratch;

    /// A fresh one.
    fn scratch(&self) -> Self::Scratch;

    /// How many neighbouring positions make a batch. Fixed for a data set: compressed bytes depend on it.
    fn batch_len(&self) -> u64;

    /// Appends the records of these positions to an empty batch; inputs that fail go to [`Batch::failed`].
    fn fill(&self, positions: Range<u64>, scratch: &mut Self::Scratch, batch: &mut Batch);

    /// The input at a position as users know it, with its class name.
    fn describe(&self, position: u64) -> (OsString, Option<String>);
}

/// What becomes of inputs that fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnError {
    /// The first one ends the run.
    Stop,
    /// They are left out and listed, up to this many.
    Skip {
        /// More than these end the run.
        at_most: u64,
    },
}

/// A range of one split's ordered list, and what to make of it.
#[derive(Debug, Clone)]
pub struct RangeJob<'a> {
    /// The split.
    pub split: &'a str,
    /// All positions of the split: a fixed number of shards divides these.
    pub all: u64,
    /// The positions to work on.
    pub range: Range<u64>,
    /// The number of the first shard to write.
    pub first_shard: u32,
    /// Where shards end.
    pub policy: &'a ShardPolicy,
    /// How shards are compressed.
    pub compression: Compression,
    /// What becomes of inputs that fail.
    pub on_error: OnError,
    /// Threads and memory.
    pub bounds: Bounds,
}

/// Makes the shards of a range. Returns their entries, and the failures after the last of them.
///
/// # Errors
/// The first failed input, in list order, under [`OnError::Stop`]; [`ErrorKind::TooManyFailures`];
/// [`ErrorKind::Io`]; [`ErrorKind::Interrupted`]. Finished shards stay in the work folder.
pub fn run_range<S: RecordSource>(
    job: &RangeJob<'_>,
    source: &S,
    work: &WorkDir,
    storage: &dyn Storage,
    cancel: &Cancel,
    progress: &dyn Progress,
) -> Result<(Vec<ShardEntry>, Vec<Failure>)> {
    let batch_len = source.batch_len().max(1);
    // Batches lie on a grid that starts at 0, whatever the range: compressed members must not depend on where it starts.
    let grid = job.range.start / batch_len;
    let jobs = if job.range.is_empty() { 0 } else { job.range.end.div_ceil(batch_len) - grid };

    thread::scope(|scope| {
        let (to_sync, finished) = mpsc::sync_channel(SHARDS_IN_SYNC);
        let syncer = thread::Builder::new()
            .name("shardify-sync".to_owned())
            .spawn_scoped(scope, || sync_shards(finished, storage, work, job.split))
            .during("start threads")?;
        let mut writer = RangeWriter {
            job,
            source,
            work,
            storage,
            progress,
            to_sync,
            open: None,
            next_shard: job.first_shard,
            pending: Vec::new(),
            failures: 0,
        };
        let written = ordered(
            jobs,
            job.bounds,
            cancel,
            || (source.scratch(), 0),
            |at, (scratch, usual), batch: &mut Batch| {
                batch.clear(*usual);
                let start = ((grid + at) * batch_len).max(job.range.start);
                let end = ((grid + at + 1) * batch_len).min(job.range.end);
                source.fill(start..end, scratch, batch);
                *usual = batch.bytes.len().max(*usual);
                batch.positions = end - start;
                if job.compression == Compression::Gzip {
                    members::compress(batch, job.policy, job.all);
                }
            },
            Batch::weight,
            |batch| writer.take(batch),
        )
        .and_then(|()| writer.close(job.range.end));
        let trailing = std::mem::take(&mut writer.pending);
        drop(writer);
        let synced = syncer.join().unwrap_or_else(|payload| std::panic::resume_unwind(payload));
        // What the disk said explains why the writer had to stop.
        let entries = synced?;
        written?;
        Ok((entries, trailing))
    })
}

/// A shard that is full: its file, its index and its journal entry, still to be made durable.
type Finished = (StagedFile, StagedFile, ShardEntry);

/// Syncs finished shards in their order, each before its journal entry. The name of an entry becomes durable with the next
/// shard, or with the publication: where it is lost, a shard is made again.
fn sync_shards(
    finished: Receiver<Finished>,
    storage: &dyn Storage,
    work: &WorkDir,
    split: &str,
) -> Result<Vec<ShardEntry>> {
    let mut entries = Vec::new();
    for (shard, index, entry) in finished {
        commit_all(vec![shard, index])?;
        storage.sync_dir(work.dir())?;
        write_json(storage, &work.entry(split, entry.shard), &entry)?;
        entries.push(entry);
    }
    Ok(entries)
}

struct OpenShard {
    file: ShardWriter,
    index: IndexWriter,
    /// The part of the list that it is of.
    part: u64,
    entry: ShardEntry,
}

struct RangeWriter<'a, S> {
    job: &'a RangeJob<'a>,
    source: &'a S,
    work: &'a WorkDir,
    storage: &'a dyn Storage,
    progress: &'a dyn Progress,
    to_sync: SyncSender<Finished>,
    open: Option<OpenShard>,
    next_shard: u32,
    /// Failures while no shard is open.
    pending: Vec<Failure>,
    failures: u64,
}

impl<S: RecordSource> RangeWriter<'_, S> {
    fn take(&mut self, mut batch: Batch) -> Result<Batch> {
        let mut failed = std::mem::take(&mut batch.failed).into_iter().peekable();
        // Neighbouring pieces of one shard are appended in one call.
        let mut classes = batch.classes.iter();
        let (mut run_start, mut run_end, mut run_records) = (0, 0, 0);
        for (at, piece) in batch.pieces.iter().enumerate() {
            while let Some(failure) = failed.next_if(|failure| failure.position < piece.position) {
                self.fail(failure)?;
            }
            if self.must_roll(piece)? {
                self.append(&batch, run_start..run_end, run_records)?;
                (run_start, run_records) = (run_end, 0);
                self.close(piece.position)?;
            }
            if self.open.is_none() {
                self.open(piece)?;
            }
            if let Some(open) = &mut self.open {
                open.entry.payload_bytes += piece.payload;
                open.entry.summary.bytes += piece.len;
                open.entry.summary.records += piece.records;
                if let Some(facts) = batch.images.get(at) {
                    open.entry.images.join(facts);
                }
                for class in classes.by_ref().take(usize::try_from(piece.records).unwrap_or(usize::MAX)) {
                    if *class != NO_CLASS {
                        *open.entry.class_counts.entry(*class).or_default() += 1;
                    }
                }
                if self.job.compression == Compression::None {
                    open.index.add(piece.len)?;
                }
            }
            run_end += usize::try_from(piece.len).unwrap_or(usize::MAX);
            run_records += piece.records;
        }
        self.append(&batch, run_start..run_end, run_records)?;
        for failure in failed {
            self.fail(failure)?;
        }
        self.progress.advance(batch.positions, batch.read, batch.bytes.len() as u64);
        Ok(batch)
    }

    fn must_roll(&self, piece: &Piece) -> Result<bool> {
        let Some(open) = &self.open else { return Ok(false) };
        if self.job.policy.part(piece.position, self.job.all) != open.part {
            return Ok(true);
        }
        // The entry counts what is decided; the file may lag behind by what is not appended yet.
        let fill = crate::shard::ShardFill { bytes: open.entry.summary.bytes, records: open.entry.summary.records };
        let full = self.job.policy.is_full(fill, piece.len);
        match (full, &self.job.policy.cut) {
            (true, Cut::Count(count)) => Err(Error::options(format!(
                "with --shards {count}, shard {} of split `{}` would be larger than the cap of {} bytes",
                open.part,
                self.job.split,
                Count(self.job.policy.max_bytes.0)
            ))
            .with_hint("ask for more shards, or give --max-shard alone and let the number follow from it")),
            _ => Ok(full),
        }
    }

    fn append(&mut self, batch: &Batch, run: Range<usize>, records: u64) -> Result<()> {
        match &mut self.open {
            Some(open) if !run.is_empty() => open.file.append(batch.bytes.get(run).unwrap_or_default(), records),
            _ => Ok(()),
        }
    }

    fn open(&mut self, piece: &Piece) -> Result<()> {
        let (split, shard) = (self.job.split, self.next_shard);
        if shard >= MAX_SHARDS {
            let (cap, most) = (Count(self.job.policy.max_bytes.0), Count(MAX_SHARDS.into()));
            return Err(Error::options(format!(
                "with a cap of {cap} bytes, split `{split}` would have more than {most} shards, the most that are possible"
            ))
            .with_hint("start again with --overwrite and a larger --max-shard"));
        }
        self.next_shard += 1;
        self.progress.shard(&format!("{split}-{shard:05}"));
        let file = ShardWriter::create(self.storage, &self.work.shard(split, shard))?;
        let index = IndexWriter::create(self.storage, &self.work.index(split, shard))?;
        let entry = ShardEntry {
            shard,
            first: piece.position,
            next: piece.position,
            summary: crate::shard::ShardSummary { records: 0, bytes: 0, crc32: 0 },
            payload_bytes: 0,
            images: ImageFacts::default(),
            class_counts: BTreeMap::new(),
            failures: std::mem::take(&mut self.pending),
        };
        let part = self.job.policy.part(piece.position, self.job.all);
        self.open = Some(OpenShard { file, index, part, entry });
        Ok(())
    }

    /// Ends the open shard; the next one starts at list position `next`.
    fn close(&mut self, next: u64) -> Result<()> {
        let Some(OpenShard { file, index, mut entry, .. }) = self.open.take() else { return Ok(()) };
        let (file, summary) = file.finish();
        debug_assert_eq!((summary.bytes, summary.records), (entry.summary.bytes, entry.summary.records));
        entry.summary = summary;
        entry.next = next;
        // The other end is gone only after an error, which is reported in place of this one.
        self.to_sync
            .send((file, index.finish()?, entry))
            .map_err(|_| Error::io("sync", std::io::Error::other("an earlier shard could not be synced")))
    }

    fn fail(&mut self, failed: FailedInput) -> Result<()> {
        let FailedInput { position, error } = failed;
        self.failures += 1;
        let fault = match (error.fault(), self.job.on_error) {
            (Some(fault), OnError::Skip { .. }) => fault,
            _ => return Err(error),
        };
        let (input, label) = self.source.describe(position);
        let message = error.message();
        let reason = match error.place() {
            Some(Place::Byte(at)) => format!("byte {at}: {message}"),
            Some(Place::Line(line)) => format!("line {line}: {message}"),
            Some(Place::Row(_)) | None => message,
        };
        self.progress.skipped(&Printable(Path::new(&input)).to_string(), &reason);
        if let OnError::Skip { at_most } = self.job.on_error
            && self.failures > at_most
        {
            let message =
                format!("more inputs failed than --max-errors allows ({}); the last one: {error}", Count(at_most));
            return Err(Error::new(ErrorKind::TooManyFailures(message)).with_hint(
                "look at the inputs named above; if they are to be left out, raise --max-errors and use --resume",
            ));
        }
        let failure = Failure { label, ..Failure::new(&input, self.job.split.to_owned(), fault, reason) };
        self.open.as_mut().map_or(&mut self.pending, |open| &mut open.entry.failures).push(failure);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
