//! Records that repeat an earlier one of the data set, byte for byte.
//!
//! During the look at all records four bytes of each are kept, the CRC-32C of its payload; its length is known anyway. Sorted,
//! these show which records may be equal, and only those are read again: equal are those whose SHA-256 is equal. The sorting
//! takes eight bytes a record for a moment, so that in all it is 16 with the places of the records.

use sha2::{Digest, Sha256};

use super::{
    finding::FindingKind,
    looked::{Looked, Shards},
    report::Gathered,
};
use crate::{
    error::{Printable, Result},
    pipeline::{Bounds, Cancel, RecordPlace, Scan, ScannedShard, Silent, Visit, ordered},
    source::{ShardFile, Spool},
    storage::Storage,
    tfrecord::{Compression, FOOTER_LEN, HEADER_LEN},
    units::RecordIndex,
};

/// Records that are read again in one go.
const BATCH: usize = 256;

/// A record that may repeat another: its checksum and length, its number in the data set, and the start of its SHA-256.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    key: u64,
    record: u64,
    sha: [u8; 16],
}

/// What reading records again needs.
pub(super) struct Again<'a> {
    pub(super) storage: &'a dyn Storage,
    pub(super) threads: usize,
    pub(super) spool: &'a Spool<'a>,
    pub(super) cancel: &'a Cancel,
}

/// Reports every record that repeats an earlier one.
pub(super) fn findings(again: &Again<'_>, shards: &Shards, crcs: &[u32], gathered: &mut Gathered<'_>) -> Result<()> {
    let mut candidates = candidates(shards, crcs);
    if candidates.is_empty() {
        return Ok(());
    }
    again.read(shards, &mut candidates)?;
    candidates.sort_unstable_by_key(|it| (it.key, it.sha, it.record));
    // Of each group the first is the original.
    let mut repeats: Vec<(u64, u64)> = Vec::new();
    for group in candidates.chunk_by(|a, b| (a.key, a.sha) == (b.key, b.sha)) {
        if let Some((first, rest)) = group.split_first() {
            repeats.extend(rest.iter().map(|it| (it.record, first.record)));
        }
    }
    repeats.sort_unstable();
    let kind = FindingKind::DuplicateRecord;
    let room = usize::try_from(gathered.room(kind)).unwrap_or(usize::MAX);
    for (record, first) in repeats.iter().take(room) {
        let Some(original) = shards.place(*first) else { continue };
        let of = match shards.list.get(original.shard) {
            Some(shard) if original.shard != shards.shard_of(*record) => {
                format!(" of {}", Printable(shard.name().as_ref()))
            }
            _ => String::new(),
        };
        let message = format!("the same payload as record {}{of}", original.record);
        if let Some((shard, finding)) = shards.finding(kind, *record, message) {
            gathered.add(Some(shard), finding);
        }
    }
    gathered.count(kind, kind.severity(), repeats.len().saturating_sub(room) as u64);
    Ok(())
}

/// The records that share checksum and length with another one.
fn candidates(shards: &Shards, crcs: &[u32]) -> Vec<Candidate> {
    let keys = || {
        let intact = shards.list.iter().filter_map(|shard| shard.scanned.as_ref()).map(|scanned| &scanned.intact);
        let lens = intact.flat_map(|intact| intact.iter()).map(|span| u64::from(span.len));
        crcs.iter().zip(lens).map(|(crc, len)| u64::from(*crc) << 32 | len)
    };
    let mut sorted: Vec<u64> = keys().collect();
    sorted.sort_unstable();
    let mut repeated: Vec<u64> = sorted
        .chunk_by(|a, b| a == b)
        .filter(|group| group.len() > 1)
        .filter_map(|group| group.first())
        .copied()
        .collect();
    drop(sorted);
    repeated.shrink_to_fit();
    if repeated.is_empty() {
        return Vec::new();
    }
    let is_repeated = |key: &u64| repeated.binary_search(key).is_ok();
    let numbered = (0..).zip(keys()).filter(|(_, key)| is_repeated(key));
    numbered.map(|(record, key)| Candidate { key, record, sha: [0; 16] }).collect()
}

fn sha(payload: &[u8]) -> [u8; 16] {
    Sha256::digest(payload).first_chunk().copied().unwrap_or_default()
}

impl Again<'_> {
    /// Reads the candidates, which stand in the order of the data set, and fills in what they are.
    fn read(&self, shards: &Shards, candidates: &mut [Candidate]) -> Result<()> {
        let mut rest = candidates;
        while let Some(first) = rest.first() {
            let at = shards.shard_of(first.record);
            let Some(shard) = shards.list.get(at) else { break };
            let end = shard.first + shard.records();
            let (here, behind) = rest.split_at_mut(rest.partition_point(|it| it.record < end).max(1));
            rest = behind;
            match shard.scanned.as_ref() {
                Some(scanned) if scanned.compression == Compression::None => self.in_place(shard, scanned, here)?,
                _ => self.front_to_end(shard, here)?,
            }
        }
        Ok(())
    }

    /// Reads records of an uncompressed shard where they are.
    fn in_place<P: Sync>(&self, shard: &Looked, scanned: &ScannedShard<P>, candidates: &mut [Candidate]) -> Result<()> {
        let file = ShardFile::open(self.storage, &shard.path)?;
        let batches: Vec<&[Candidate]> = candidates.chunks(BATCH).collect();
        let bounds = Bounds { threads: self.threads.min(batches.len()), budget: 1 << 20 };
        let mut found = Vec::with_capacity(candidates.len());
        ordered(
            batches.len() as u64,
            bounds,
            self.cancel,
            Vec::new,
            |at, record: &mut Vec<u8>, done: &mut Option<Result<Vec<[u8; 16]>>>| {
                let batch = usize::try_from(at).ok().and_then(|at| batches.get(at)).copied().unwrap_or_default();
                let read = |it: &Candidate| {
                    self.cancel.check()?;
                    let span = scanned.intact.get(RecordIndex(it.record - shard.first)).unwrap_or(EMPTY);
                    record.resize(span.len as usize, 0);
                    file.read_exact_at(record, span.offset.0)?;
                    let payload = record.get(HEADER_LEN..record.len().saturating_sub(FOOTER_LEN)).unwrap_or_default();
                    Ok(sha(payload))
                };
                *done = Some(batch.iter().map(read).collect());
            },
            |_| (16 * BATCH) as u64,
            |done| {
                found.extend(done.transpose()?.unwrap_or_default());
                Ok(None)
            },
        )?;
        for (candidate, sha) in candidates.iter_mut().zip(found) {
            candidate.sha = sha;
        }
        Ok(())
    }

    /// Reads a compressed shard once more.
    fn front_to_end(&self, shard: &Looked, candidates: &mut [Candidate]) -> Result<()> {
        let Self { storage, threads: _, spool, cancel } = *self;
        let paths = [shard.path.to_path_buf()];
        let scan = Scan { shards: &paths, storage, threads: 1, file_crc: false, spool, cancel, progress: &Silent };
        let wanted = Wanted { candidates: &*candidates, first: shard.first };
        let mut found = Vec::new();
        scan.run(&wanted, |_, scanned| {
            found = scanned?.part;
            Ok(())
        })?;
        for (record, sha) in found {
            let at = candidates.binary_search_by_key(&(shard.first + record), |it| it.record);
            if let Some(candidate) = at.ok().and_then(|at| candidates.get_mut(at)) {
                candidate.sha = sha;
            }
        }
        Ok(())
    }
}

const EMPTY: crate::tfrecord::RecordSpan = crate::tfrecord::RecordSpan { offset: crate::units::ByteOffset(0), len: 0 };

/// Remembers what some records of one shard are.
struct Wanted<'a> {
    candidates: &'a [Candidate],
    first: u64,
}

impl Visit for Wanted<'_> {
    type Part = Vec<(u64, [u8; 16])>;

    fn record(&self, payload: &[u8], place: RecordPlace, part: &mut Self::Part) {
        // A compressed shard is one part.
        if self.candidates.binary_search_by_key(&(self.first + place.number), |it| it.record).is_ok() {
            part.push((place.number, sha(payload)));
        }
    }

    fn join(&self, into: &mut Self::Part, part: Self::Part, before: u64) {
        into.extend(part.into_iter().map(|(number, sha)| (before + number, sha)));
    }
}
