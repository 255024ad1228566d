//! Reading every record of many shards, in parallel across and inside of them, in bounded memory.
//!
//! A shard is divided into stretches, and workers read those at once: each looks for the first header in its stretch, and reads
//! on from there. The records of a file form one chain, so where a stretch really begins is known when the one before it ends:
//! one that began elsewhere, as in a record that holds records itself, is read again from the right place. A shard in which
//! the chain breaks is surveyed with care instead ([`survey`]).

mod chunk;
mod feed;
mod shard;

use std::{
    collections::BTreeMap,
    ops::Range,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

pub(super) use shard::number_past;
pub use shard::{ScannedShard, number_among};

use self::{
    chunk::{Chunk, Start, Window, scan},
    feed::PlainFeed,
    shard::Building,
};
use super::{
    ordered::{Bounds, Cancel, ordered},
    stats::Progress,
};
use crate::{
    error::{Error, Result},
    source::{ShardFile, Spool},
    storage::Storage,
    tfrecord::{Compression, StreamFault},
};

/// The length of a stretch. Long enough that finding its start costs nothing, short enough that cores are busy to the end.
const STRETCH: u64 = 4 << 20;

/// Finished stretches may weigh this much while they wait for the ones before them.
const WAITING: u64 = 64 << 20;

/// Where a record was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordPlace {
    /// The position of its shard in the list.
    pub shard: usize,
    /// How many records came before it in this part.
    pub number: u64,
    /// Where its header starts, in uncompressed bytes.
    pub offset: u64,
    /// The CRC-32C of its payload.
    pub crc: u32,
}

/// Looks at records, in any thread, and gathers what it learns in parts.
pub trait Visit: Sync {
    /// What is known of some records of one shard that follow one another.
    type Part: Default + Send;

    /// Looks at one record whose checksums hold.
    fn record(&self, payload: &[u8], place: RecordPlace, part: &mut Self::Part);

    /// Adds what is known of the records that follow. `before` is the number of records in `into`.
    fn join(&self, into: &mut Self::Part, part: Self::Part, before: u64);

    /// The bytes that a part holds in memory, where that is worth counting: parts wait for those before them.
    fn weight(&self, _part: &Self::Part) -> u64 {
        0
    }
}

/// Only the framing is of interest.
impl Visit for () {
    type Part = ();
    fn record(&self, _payload: &[u8], _place: RecordPlace, _part: &mut ()) {}
    fn join(&self, _into: &mut (), _part: (), _before: u64) {}
}

/// Shards to be read, and with what.
#[derive(Debug, Clone, Copy)]
pub struct Scan<'a> {
    /// The shards.
    pub shards: &'a [PathBuf],
    /// Where they are.
    pub storage: &'a dyn Storage,
    /// Worker threads.
    pub threads: usize,
    /// Whether the CRC-32 of each file is computed on the way.
    pub file_crc: bool,
    /// Where damaged compressed shards are unpacked.
    pub spool: &'a Spool<'a>,
    /// Stops it.
    pub cancel: &'a Cancel,
    /// Is told records and bytes of files.
    pub progress: &'a dyn Progress,
}

/// One stretch of work.
struct Job {
    shard: usize,
    range: Range<u64>,
}

/// What a worker made of a stretch.
struct Done<P> {
    job: usize,
    outcome: Result<Stretch<P>>,
}

/// A stretch that could be read.
struct Stretch<P> {
    chunk: Chunk<P>,
    crc: crc32fast::Hasher,
    /// Why a compressed shard, which is one stretch, could not be read to its end.
    fault: Option<StreamFault>,
}

/// What a worker keeps between stretches.
#[derive(Default)]
struct Worker {
    window: Window,
    open: Option<(usize, Arc<ShardFile>)>,
}

impl Worker {
    /// The shard's file, which mostly is the one that is open already.
    fn file(&mut self, shards: &[PathBuf], shard: usize, storage: &dyn Storage) -> Result<Arc<ShardFile>> {
        if let Some((_, file)) = self.open.as_ref().filter(|(open, _)| *open == shard) {
            return Ok(Arc::clone(file));
        }
        let path = shards.get(shard).map_or(Path::new(""), PathBuf::as_path);
        let file = Arc::new(ShardFile::open(storage, path)?);
        self.open = Some((shard, Arc::clone(&file)));
        Ok(file)
    }
}

impl Scan<'_> {
    /// Reads every record of the shards and gives each shard to `consume`, in the order of the list. A shard that cannot be
    /// read does not stop the others.
    ///
    /// # Errors
    /// What `consume` returns first; [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted);
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) if threads cannot be started.
    pub fn run<V: Visit>(
        &self,
        visit: &V,
        mut consume: impl FnMut(usize, Result<ScannedShard<V::Part>>) -> Result<()>,
    ) -> Result<()> {
        let Scan { shards, storage, threads, file_crc, spool, cancel, progress } = *self;
        let (jobs, mut unopened) = plan(shards, storage);
        let broken: Vec<AtomicBool> = shards.iter().map(|_| AtomicBool::new(false)).collect();
        let mut building: Option<Building<V::Part>> = None;
        let mut own = Worker::default();
        let bounds = Bounds { threads, budget: WAITING };
        ordered(
            jobs.len() as u64,
            bounds,
            cancel,
            Worker::default,
            |at, worker: &mut Worker, done: &mut Option<Done<V::Part>>| {
                let at = usize::try_from(at).unwrap_or(usize::MAX);
                let Some(job) = jobs.get(at) else { return };
                let only_crc = broken.get(job.shard).is_some_and(|broken| broken.load(Ordering::Relaxed));
                let file = worker.file(shards, job.shard, storage);
                let work = Work { visit, job, file_crc, only_crc, cancel };
                let outcome = file.and_then(|file| work.read(&file, &mut worker.window));
                *done = Some(Done { job: at, outcome });
            },
            |done| done.as_ref().map_or(0, |done| done.weight(visit)),
            |mut done| {
                let Some(Done { job: at, outcome }) = done.take() else { return Ok(done) };
                let Some(job) = jobs.get(at) else { return Ok(done) };
                let file = own.file(shards, job.shard, storage);
                let shard = building.get_or_insert_default();
                let before = shard.records();
                // It can be opened now, perhaps, but how long it is was not known when the stretches were.
                let outcome = unopened.remove(&job.shard).map_or(outcome, Err);
                shard.add(visit, job, file.as_deref().ok(), outcome, &mut own.window);
                if let Some(flag) = broken.get(job.shard).filter(|_| shard.is_broken()) {
                    flag.store(true, Ordering::Relaxed);
                }
                progress.advance(shard.records().saturating_sub(before), job.range.end - job.range.start, 0);
                let is_last = jobs.get(at + 1).is_none_or(|next| next.shard != job.shard);
                if is_last && let Some(built) = building.take() {
                    let scanned = file.and_then(|file| built.finish(visit, job.shard, &file, file_crc, spool, cancel));
                    cancel.check()?;
                    consume(job.shard, scanned)?;
                }
                Ok(done)
            },
        )
    }
}

impl<P: Default + Send> Done<P> {
    fn weight(&self, visit: &impl Visit<Part = P>) -> u64 {
        let Ok(Stretch { chunk, .. }) = &self.outcome else { return 0 };
        (size_of::<Self>() + 4 * chunk.lens.capacity()) as u64 + visit.weight(&chunk.part)
    }
}

/// How a worker reads a stretch.
struct Work<'a, V> {
    visit: &'a V,
    job: &'a Job,
    file_crc: bool,
    /// Whether the chain of this shard broke before, so that only the checksum of the file is of use.
    only_crc: bool,
    cancel: &'a Cancel,
}

impl<V: Visit> Work<'_, V> {
    fn read(&self, file: &ShardFile, window: &mut Window) -> Result<Stretch<V::Part>> {
        match file.compression() {
            Compression::None => self.read_stretch(file, window),
            Compression::Gzip | Compression::Zlib => self.read_stream(file, window),
        }
    }

    /// Reads one stretch of an uncompressed file.
    fn read_stretch(&self, file: &ShardFile, window: &mut Window) -> Result<Stretch<V::Part>> {
        let Job { shard, range } = self.job;
        let mut crc = crc32fast::Hasher::new();
        let start = if range.start == 0 { Start::Known(0) } else { Start::Find(range.start) };
        let mut feed = PlainFeed::new(file, range.start, range, self.file_crc.then_some(&mut crc));
        let chunk = match self.only_crc {
            true => Chunk::default(),
            false => scan(self.visit, *shard, start, range.end, window, |buffer| feed.read(buffer))?,
        };
        feed.finish()?;
        Ok(Stretch { chunk, crc, fault: None })
    }

    /// Reads a compressed file from front to end.
    fn read_stream(&self, file: &ShardFile, window: &mut Window) -> Result<Stretch<V::Part>> {
        let mut inflater = file.inflate();
        let mut fill = |buffer: &mut [u8]| {
            self.cancel.check()?;
            inflater.fill(buffer)
        };
        let chunk = scan(self.visit, self.job.shard, Start::Known(0), u64::MAX, window, &mut fill)?;
        // A chain that broke may have left the stream unread, with its own faults still to come.
        let mut rest = vec![0; if chunk.is_broken { chunk::WINDOW } else { 0 }];
        while chunk.is_broken && fill(&mut rest)? > 0 {}
        let fault = inflater.fault();
        let crc = if self.file_crc { inflater.file_crc32()? } else { 0 };
        Ok(Stretch { chunk, crc: crc32fast::Hasher::new_with_initial_len(crc, file.len()), fault })
    }
}

/// Divides the shards, and says why some cannot be opened; those get a stretch too.
fn plan(shards: &[PathBuf], storage: &dyn Storage) -> (Vec<Job>, BTreeMap<usize, Error>) {
    let (mut jobs, mut unopened) = (Vec::new(), BTreeMap::new());
    for (shard, path) in shards.iter().enumerate() {
        let (len, stretch) = match ShardFile::open(storage, path) {
            Ok(file) if file.compression() == Compression::None => (file.len(), STRETCH),
            Ok(file) => (file.len(), file.len().max(1)),
            Err(error) => {
                unopened.insert(shard, error);
                (0, STRETCH)
            }
        };
        let mut start = 0;
        while start == 0 || start < len {
            let end = start.saturating_add(stretch).min(len);
            jobs.push(Job { shard, range: start..end });
            start += stretch;
        }
    }
    (jobs, unopened)
}

#[cfg(test)]
mod tests;
