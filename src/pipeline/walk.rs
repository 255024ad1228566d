//! Where the records of many shards are, by their headers alone. To step from header to header is to wait for the disk at each
//! of them, so large shards are walked through in many stretches at once: each guesses where its first record starts, and the
//! guess is checked against the end of the stretch before. A wrong one costs its stretch a second walk; nothing is ever decided
//! by it.

use std::{
    ops::Range,
    path::{Path, PathBuf},
};

use super::{Bounds, Cancel, ordered};
use crate::{
    error::{At, Error, Result},
    source::ShardFile,
    storage::{EntryKind, Storage},
    tfrecord::{Compression, DEFAULT_MAX_RECORD, Damage, DamageKind, Spans, Walked, walk, walk_guessed, walk_stretch},
};

/// Bytes of a shard that one worker walks through.
const STRETCH: u64 = 32 << 20;

/// Workers, if their number is not given: so many reads are under way at once.
const READERS: usize = 16;

/// Places of records may take this many bytes while they wait for the stretches before them.
const WAITING: u64 = 32 << 20;

/// Shards to be walked through, and with what.
#[derive(Debug, Clone, Copy)]
pub struct Walk<'a> {
    /// The shards.
    pub shards: &'a [PathBuf],
    /// Where they are.
    pub storage: &'a dyn Storage,
    /// Worker threads; if `None`, more than there are cores, because they mostly wait.
    pub threads: Option<usize>,
    /// Stops it.
    pub cancel: &'a Cancel,
}

/// A shard that was walked through to its last byte.
#[derive(Debug)]
pub struct WalkedShard {
    /// Where its records are.
    pub spans: Spans,
    /// The bytes of the file.
    pub bytes: u64,
}

/// What a worker takes at once.
struct Piece {
    /// The position of the shard.
    shard: usize,
    /// A stretch of it, and its bytes; the whole shard if it is small.
    stretch: Option<(Range<u64>, u64)>,
}

/// What a worker made of a piece.
#[derive(Default)]
enum Done<T> {
    #[default]
    Nothing,
    Shard(Result<T>),
    Stretch(Result<Walked>),
}

/// A shard of which the first stretches are there.
#[derive(Default)]
struct Joined {
    spans: Spans,
    /// Where the next record has to start.
    at: u64,
    error: Option<Error>,
    /// Whether there was an error, which was told.
    is_told: bool,
}

impl Walk<'_> {
    /// Walks through every shard. `refuse` says why a compressed shard cannot be used, `make` is given the number and the
    /// records of a shard, mostly on a worker, and `each` what that returned, in the order of the shards.
    ///
    /// # Errors
    /// What `each` returns first; [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted). A shard that cannot be read to its
    /// last byte is given to `each` as an error.
    pub fn run<T: Send>(
        &self,
        refuse: impl Fn(&Path, Compression) -> Error + Sync,
        make: impl Fn(usize, WalkedShard) -> Result<T> + Sync,
        mut each: impl FnMut(usize, Result<T>) -> Result<()>,
    ) -> Result<()> {
        let pieces = self.pieces();
        let cores = || std::thread::available_parallelism().map_or(1, usize::from).max(READERS);
        let threads = self.threads.unwrap_or_else(cores).clamp(1, 1024);
        let mut joined = Joined::default();
        let mut next = 0;
        let open = |path: &Path| self.open(path, &refuse);
        ordered(
            pieces.len() as u64,
            Bounds { threads, budget: WAITING },
            self.cancel,
            Vec::new,
            |at, buffer, done: &mut Done<T>| {
                let piece = usize::try_from(at).ok().and_then(|at| pieces.get(at));
                let of = piece.and_then(|piece| Some((piece.shard, self.shards.get(piece.shard)?, &piece.stretch)));
                *done = match of {
                    None => Done::Nothing,
                    Some((at, path, None)) => {
                        Done::Shard(open(path).and_then(|file| self.whole(&file)).and_then(|walked| make(at, walked)))
                    }
                    Some((_, path, Some((range, bytes)))) => {
                        Done::Stretch(open(path).and_then(|file| self.stretch(&file, range, *bytes, buffer)))
                    }
                };
            },
            |done| if let Done::Stretch(Ok(walked)) = done { walked.lens.capacity() as u64 * 4 } else { 0 },
            |done| {
                let piece = pieces.get(next);
                next += 1;
                match (done, piece) {
                    (Done::Shard(done), Some(piece)) => each(piece.shard, done)?,
                    (Done::Stretch(walked), Some(Piece { shard, stretch: Some((range, bytes)) })) => {
                        let Some(path) = self.shards.get(*shard) else { return Ok(Done::Nothing) };
                        let again = |at: u64| self.known(&open(path)?, at..range.end, *bytes, &mut Vec::new());
                        joined.add(walked, again, *bytes);
                        // At once: who stops at it need not wait for the rest of a large shard.
                        if let Some(error) = joined.error.take() {
                            joined.is_told = true;
                            each(*shard, Err(error).at(path))?;
                        }
                        if range.end == *bytes {
                            let Joined { spans, is_told, .. } = std::mem::take(&mut joined);
                            if !is_told {
                                each(*shard, make(*shard, WalkedShard { spans, bytes: *bytes }))?;
                            }
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
        for (shard, path) in self.shards.iter().enumerate() {
            match self.storage.stat(path) {
                Ok(Some(EntryKind::File { bytes })) if bytes > 2 * STRETCH => {
                    let starts = (0..bytes.div_ceil(STRETCH)).map(|number| number * STRETCH);
                    pieces.extend(starts.map(|start| {
                        let range = start..bytes.min(start + STRETCH);
                        Piece { shard, stretch: Some((range, bytes)) }
                    }));
                }
                // That it cannot be read is found out when it is opened.
                _ => pieces.push(Piece { shard, stretch: None }),
            }
        }
        pieces
    }

    fn open(&self, path: &Path, refuse: impl Fn(&Path, Compression) -> Error) -> Result<ShardFile> {
        let file = ShardFile::open(self.storage, path)?;
        match file.compression() {
            Compression::None => Ok(file),
            compression => Err(refuse(path, compression)),
        }
    }

    fn read<'a>(&'a self, file: &'a ShardFile) -> impl FnMut(&mut [u8], u64) -> Result<()> + 'a {
        |buffer, offset| {
            self.cancel.check()?;
            file.read_exact_at(buffer, offset)
        }
    }

    fn whole(&self, file: &ShardFile) -> Result<WalkedShard> {
        let (spans, damage) = walk(file.len(), DEFAULT_MAX_RECORD, self.read(file))?;
        match damage {
            None => Ok(WalkedShard { spans, bytes: file.len() }),
            Some(damage) => Err(damage_error(&damage)).at(file.path()),
        }
    }

    fn stretch(&self, file: &ShardFile, range: &Range<u64>, bytes: u64, buffer: &mut Vec<u8>) -> Result<Walked> {
        if range.start == 0 {
            return self.known(file, range.clone(), bytes, buffer);
        }
        walk_guessed(bytes, range.clone(), DEFAULT_MAX_RECORD, buffer, self.read(file))
    }

    fn known(&self, file: &ShardFile, range: Range<u64>, bytes: u64, buffer: &mut Vec<u8>) -> Result<Walked> {
        if file.len() != bytes {
            return Err(Error::inputs("the shard changed while it was read")
                .with_hint("run it again when nothing writes to the shard"))
            .at(file.path());
        }
        walk_stretch(bytes, range, DEFAULT_MAX_RECORD, buffer, self.read(file))
    }
}

impl Joined {
    /// Adds the next stretch of a shard of `bytes`; `again` walks through it from another place on.
    fn add(&mut self, walked: Result<Walked>, again: impl FnOnce(u64) -> Result<Walked>, bytes: u64) {
        if self.is_told {
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

/// What to do about a shard that is damaged.
pub const REPAIR: &str = "shardify validate tells all that is wrong with it, shardify repair saves the intact records";

/// Damage as an error, with the record and the byte.
#[must_use]
pub fn damage_error(damage: &Damage) -> Error {
    let Damage { record, offset, kind, .. } = *damage;
    let is_foreign = offset.0 == 0 && matches!(kind, DamageKind::LengthCrc { .. } | DamageKind::TruncatedHeader);
    let hint = if is_foreign { "is it a TFRecord file at all? shardify validate tells what it is" } else { REPAIR };
    Error::damaged(damage.to_string()).at_record(record).at_place(offset.into()).with_hint(hint)
}
