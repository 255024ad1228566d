//! Shards by their headers alone. To step from header to header is to wait for the disk at each of them, so large shards are
//! walked through in many stretches at once: each guesses where its first record starts, and the guess is checked against the
//! end of the stretch before. A wrong one costs its stretch a second walk; nothing is ever decided by it.

use std::ops::Range;

use super::{
    IndexReport, IndexedShard, Indexer,
    shard::{Job, damage_error, index_shard, refuse_compressed},
};
use crate::{
    error::{At, Error, Result},
    ops::publish::threads,
    pipeline::{Bounds, ordered},
    source::ShardFile,
    storage::EntryKind,
    tfrecord::{Compression, DEFAULT_MAX_RECORD, Spans, Walked, walk, walk_guessed, walk_stretch},
};

/// Bytes of a shard that one worker walks through.
const STRETCH: u64 = 32 << 20;

/// Workers, if their number is not given: so many reads are under way at once.
const READERS: usize = 16;

/// Places of records may take this many bytes while they wait for the stretches before them.
const WAITING: u64 = 32 << 20;

/// What a worker takes at once.
struct Piece {
    /// The position of the shard.
    job: usize,
    /// A stretch of it, and its bytes; the whole shard if it is small.
    stretch: Option<(Range<u64>, u64)>,
}

/// What a worker made of a piece.
#[derive(Default)]
enum Done {
    #[default]
    Nothing,
    Shard(Result<IndexedShard>),
    Stretch(Result<Walked>),
}

/// A shard of which the first stretches are there.
#[derive(Default)]
struct Joined {
    spans: Spans,
    /// Where the next record has to start.
    at: u64,
    error: Option<Error>,
}

impl Indexer<'_> {
    /// Indexes every shard by its headers.
    pub(super) fn walk(&self, report: &mut IndexReport) -> Result<()> {
        let pieces = self.pieces();
        let threads = self.options.threads.unwrap_or_else(|| threads(None).max(READERS));
        let mut joined = Joined::default();
        let mut next = 0;
        ordered(
            pieces.len() as u64,
            Bounds { threads, budget: WAITING },
            self.cancel,
            Vec::new,
            |at, buffer, done: &mut Done| {
                let piece = usize::try_from(at).ok().and_then(|at| pieces.get(at));
                let of = piece.and_then(|piece| Some((self.jobs.get(piece.job)?, &piece.stretch)));
                *done = match of {
                    None => Done::Nothing,
                    Some((job, None)) => Done::Shard(self.shard(job)),
                    Some((job, Some((range, bytes)))) => Done::Stretch(self.stretch(job, range, *bytes, buffer)),
                };
            },
            |done| if let Done::Stretch(Ok(walked)) = done { walked.lens.capacity() as u64 * 4 } else { 0 },
            |done| {
                let piece = pieces.get(next);
                next += 1;
                match (done, piece) {
                    (Done::Shard(done), _) => self.take(done, report)?,
                    (Done::Stretch(walked), Some(Piece { job, stretch: Some((range, bytes)) })) => {
                        let Some(job) = self.jobs.get(*job) else { return Ok(Done::Nothing) };
                        joined.add(walked, |at| self.known(job, at..range.end, *bytes, &mut Vec::new()), *bytes);
                        if range.end == *bytes {
                            let Joined { spans, error, .. } = std::mem::take(&mut joined);
                            let done = error.map_or_else(
                                || index_shard(self.storage, job, &spans, *bytes, self.options.overwrite),
                                |error| Err(error).at(&job.path),
                            );
                            self.take(done, report)?;
                        }
                    }
                    _ => {}
                }
                Ok(Done::Nothing)
            },
        )
    }

    fn pieces(&self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for (at, job) in self.jobs.iter().enumerate() {
            match self.storage.stat(&job.path) {
                Ok(Some(EntryKind::File { bytes })) if bytes > 2 * STRETCH => {
                    let starts = (0..bytes.div_ceil(STRETCH)).map(|number| number * STRETCH);
                    pieces.extend(starts.map(|start| {
                        let range = start..bytes.min(start + STRETCH);
                        Piece { job: at, stretch: Some((range, bytes)) }
                    }));
                }
                // That it cannot be read is found out when it is opened.
                _ => pieces.push(Piece { job: at, stretch: None }),
            }
        }
        pieces
    }

    fn open(&self, job: &Job) -> Result<ShardFile> {
        let file = ShardFile::open(self.storage, &job.path)?;
        if file.compression() == Compression::None {
            Ok(file)
        } else {
            refuse_compressed(&job.path, file.compression())
        }
    }

    fn read<'a>(&'a self, file: &'a ShardFile) -> impl FnMut(&mut [u8], u64) -> Result<()> + 'a {
        |buffer, offset| {
            self.cancel.check()?;
            file.read_exact_at(buffer, offset)
        }
    }

    fn shard(&self, job: &Job) -> Result<IndexedShard> {
        let file = self.open(job)?;
        let (spans, damage) = walk(file.len(), DEFAULT_MAX_RECORD, self.read(&file))?;
        match damage {
            None => index_shard(self.storage, job, &spans, file.len(), self.options.overwrite),
            Some(damage) => Err(damage_error(&damage)).at(&job.path),
        }
    }

    fn stretch(&self, job: &Job, range: &Range<u64>, bytes: u64, buffer: &mut Vec<u8>) -> Result<Walked> {
        if range.start == 0 {
            return self.known(job, range.clone(), bytes, buffer);
        }
        let file = self.open(job)?;
        walk_guessed(bytes, range.clone(), DEFAULT_MAX_RECORD, buffer, self.read(&file))
    }

    fn known(&self, job: &Job, range: Range<u64>, bytes: u64, buffer: &mut Vec<u8>) -> Result<Walked> {
        let file = self.open(job)?;
        if file.len() != bytes {
            return Err(Error::inputs("the shard changed while it was read")
                .with_hint("run it again when nothing writes to the shard"))
            .at(&job.path);
        }
        walk_stretch(bytes, range, DEFAULT_MAX_RECORD, buffer, self.read(&file))
    }
}

impl Joined {
    /// Adds the next stretch of a shard of `bytes`; `again` walks through it from another place on.
    fn add(&mut self, walked: Result<Walked>, again: impl FnOnce(u64) -> Result<Walked>, bytes: u64) {
        if self.error.is_some() {
            return;
        }
        let is_next = |walked: &Walked| walked.first == Some(self.at);
        let walked = match walked {
            Ok(walked) if !is_next(&walked) => again(self.at),
            walked => walked,
        };
        match walked {
            Ok(walked) => {
                self.error = walked.damage(self.spans.len(), bytes).map(|damage| damage_error(&damage));
                self.spans.extend(self.at, &walked.lens);
                self.at = walked.end;
            }
            Err(error) => self.error = Some(error),
        }
    }
}
