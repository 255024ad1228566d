//! Putting the stretches of one shard together, and surveying it when they do not fit.

use super::{
    Job, Stretch, Visit,
    chunk::{Chunk, Start, Window, scan, stored_crc},
    feed::PlainFeed,
};
use crate::{
    error::{At, Error, Result},
    pipeline::{ordered::Cancel, scan::RecordPlace},
    source::{ShardFile, Spool},
    storage::{LocalStorage, Storage},
    tfrecord::{
        Compression, DEFAULT_MAX_RECORD, Damage, DamageKind, FOOTER_LEN, HEADER_LEN, Spans, StreamFault, survey,
    },
    units::RecordIndex,
};

/// Everything that was found in one shard.
#[derive(Debug)]
pub struct ScannedShard<P> {
    /// How it is compressed.
    pub compression: Compression,
    /// The first bytes of the file.
    pub head: Vec<u8>,
    /// The bytes of the file.
    pub bytes: u64,
    /// The CRC-32 (IEEE) of the file, if it was asked for.
    pub crc32: Option<u32>,
    /// The intact records, in uncompressed bytes.
    pub intact: Spans,
    /// What is damaged, in uncompressed bytes.
    pub damage: Vec<Damage>,
    /// Why a compressed file could not be read in one go.
    pub faults: Vec<StreamFault>,
    /// What is known of the intact records.
    pub part: P,
}

impl<P> ScannedShard<P> {
    /// The number in the file of an intact record: every damage before it counts as a record.
    #[must_use]
    pub fn number_of(&self, intact: u64) -> RecordIndex {
        number_among(&self.damage, intact)
    }
}

/// The number in the file of an intact record of a shard with these damages.
#[must_use]
pub fn number_among(damage: &[Damage], intact: u64) -> RecordIndex {
    number_past(damage, |damage| damage.record, intact)
}

/// The same for anything that tells the numbers of what is damaged, in their order.
pub(in crate::pipeline) fn number_past<T>(
    damaged: &[T],
    number: impl Fn(&T) -> RecordIndex,
    intact: u64,
) -> RecordIndex {
    // A damage of number `n` has `n` less its own position intact records before it, a number that only grows.
    let (mut low, mut high) = (0, damaged.len());
    while low < high {
        let middle = low.midpoint(high);
        match damaged.get(middle).map(&number) {
            Some(damage) if damage.0.saturating_sub(middle as u64) <= intact => low = middle + 1,
            _ => high = middle,
        }
    }
    RecordIndex(intact + low as u64)
}

/// A shard of which the first stretches are there.
pub(super) struct Building<P> {
    spans: Spans,
    part: P,
    /// Where the next record must start.
    at: u64,
    crc: crc32fast::Hasher,
    broken: bool,
    fault: Option<StreamFault>,
    error: Option<Error>,
}

impl<P: Default> Default for Building<P> {
    fn default() -> Self {
        Self {
            spans: Spans::default(),
            part: P::default(),
            at: 0,
            crc: crc32fast::Hasher::new(),
            broken: false,
            fault: None,
            error: None,
        }
    }
}

impl<P: Default> Building<P> {
    pub(super) fn records(&self) -> u64 {
        self.spans.len()
    }

    /// Whether the chain of records does not hold, so that nothing but the checksum of the file is still of use.
    pub(super) fn is_broken(&self) -> bool {
        self.broken || self.error.is_some()
    }

    /// Adds the next stretch.
    pub(super) fn add<V: Visit<Part = P>>(
        &mut self,
        visit: &V,
        job: &Job,
        file: Option<&ShardFile>,
        outcome: Result<Stretch<P>>,
        window: &mut Window,
    ) {
        match outcome {
            Ok(Stretch { chunk, crc, fault }) => {
                self.crc.combine(&crc);
                self.fault = self.fault.or(fault);
                let rest = file.map(|file| self.chain(visit, job, file, chunk, window));
                if let Some(Err(error)) = rest {
                    self.error.get_or_insert(error);
                }
            }
            Err(error) => {
                self.error.get_or_insert(error);
            }
        }
    }

    fn chain<V: Visit<Part = P>>(
        &mut self,
        visit: &V,
        job: &Job,
        file: &ShardFile,
        mut chunk: Chunk<P>,
        window: &mut Window,
    ) -> Result<()> {
        let Job { shard, range } = job;
        let is_plain = file.compression() == Compression::None;
        if self.is_broken() || is_plain && self.at >= range.end {
            return Ok(());
        }
        if chunk.first != Some(self.at) && is_plain {
            // It began inside of a record, or found nothing because its first header is damaged.
            let mut feed = PlainFeed::new(file, self.at, range, None);
            chunk = scan(visit, *shard, Start::Known(self.at), range.end, window, |buffer| feed.read(buffer))?;
        }
        self.broken = chunk.is_broken;
        let before = self.spans.len();
        self.spans.extend(self.at, &chunk.lens);
        self.at = chunk.end;
        visit.join(&mut self.part, chunk.part, before);
        Ok(())
    }

    /// The whole shard, once all its stretches are there.
    pub(super) fn finish<V: Visit<Part = P>>(
        self,
        visit: &V,
        shard: usize,
        file: &ShardFile,
        file_crc: bool,
        spool: &Spool<'_>,
        cancel: &Cancel,
    ) -> Result<ScannedShard<P>> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let mut scanned = ScannedShard {
            compression: file.compression(),
            head: file.head().to_vec(),
            bytes: file.len(),
            crc32: file_crc.then(|| self.crc.finalize()),
            intact: self.spans,
            damage: Vec::new(),
            faults: self.fault.into_iter().collect(),
            part: self.part,
        };
        match scanned.compression {
            Compression::None if self.broken => {
                let read = |buffer: &mut [u8], offset| file.read_exact_at(buffer, offset);
                scanned.survey(visit, shard, file.len(), &[], read, cancel)?;
            }
            Compression::Gzip | Compression::Zlib if self.broken || !scanned.faults.is_empty() => {
                let unpacked = file.unpack(spool)?;
                let inside = LocalStorage.open(unpacked.path())?;
                let read = |buffer: &mut [u8], offset| inside.read_exact_at(buffer, offset).at(file.path());
                scanned.survey(visit, shard, unpacked.len, &unpacked.breaks, read, cancel)?;
                scanned.faults.clone_from(&unpacked.faults);
                // That the stream ends there is said already, and by whom.
                let is_cut = |damage: &Damage| {
                    matches!(damage.kind, DamageKind::TruncatedHeader | DamageKind::TruncatedRecord { .. })
                };
                if !scanned.faults.is_empty() {
                    scanned.damage.pop_if(|damage| is_cut(damage));
                }
            }
            _ => {}
        }
        Ok(scanned)
    }
}

impl<P: Default> ScannedShard<P> {
    /// Looks with care at `len` uncompressed bytes: which records are intact, and again at what is in them.
    fn survey<V: Visit<Part = P>>(
        &mut self,
        visit: &V,
        shard: usize,
        len: u64,
        breaks: &[u64],
        read: impl Fn(&mut [u8], u64) -> Result<()>,
        cancel: &Cancel,
    ) -> Result<()> {
        let found = survey(len, DEFAULT_MAX_RECORD, breaks, |buffer, offset| {
            cancel.check()?;
            read(buffer, offset)
        })?;
        let mut part = P::default();
        let mut record = Vec::new();
        for (number, span) in (0..).zip(found.intact.iter()) {
            cancel.check()?;
            record.resize(span.len as usize, 0);
            read(&mut record, span.offset.0)?;
            let payload = record.get(HEADER_LEN..record.len().saturating_sub(FOOTER_LEN)).unwrap_or_default();
            let crc = stored_crc(&record);
            visit.record(payload, RecordPlace { shard, number, offset: span.offset.0, crc }, &mut part);
        }
        self.part = P::default();
        visit.join(&mut self.part, part, 0);
        self.intact = found.intact;
        self.damage = found.damage;
        Ok(())
    }
}
