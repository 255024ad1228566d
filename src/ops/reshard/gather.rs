//! Looking at every record before anything is written: where it is, whether it is whole, its class, whether it is kept.

use super::{
    filter::{Filter, floats, label},
    inputs::Inputs,
};
use crate::{
    error::{At, Error, Result},
    example::ExampleView,
    ops::publish::threads,
    pipeline::{Cancel, FieldStats, NO_CLASS, Progress, RecordPlace, Scan, Visit},
    source::Spool,
    storage::Storage,
    tfrecord::{Compression, Damage, Spans, StreamFault},
};

/// What is known of one shard.
#[derive(Debug)]
pub(super) struct FoundShard {
    /// How it is compressed.
    pub(super) compression: Compression,
    /// The bytes of the file.
    pub(super) bytes: u64,
    /// The CRC-32 of the file.
    pub(super) crc32: u32,
    /// The intact records, in uncompressed bytes.
    pub(super) intact: Spans,
    /// What is damaged.
    pub(super) damage: Vec<Damage>,
    /// Why a compressed shard could not be read in one go.
    pub(super) faults: Vec<StreamFault>,
}

/// What is known of all shards. Items are intact records, numbered through all shards.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// The shards.
    pub(super) shards: Vec<FoundShard>,
    /// The number of the first item of each shard.
    pub(super) firsts: Vec<u64>,
    /// How many items there are.
    pub(super) items: u64,
    /// The class of each item, or [`NO_CLASS`]; empty where no classes are needed.
    pub(super) classes: Vec<u32>,
    /// The items that are kept, if not all of them are.
    pub(super) kept: Option<Vec<u32>>,
    /// What the records of each data set hold, where that is to be learned.
    pub(super) stats: Vec<Option<FieldStats>>,
}

impl Gathered {
    /// The bytes of all files.
    pub(super) fn bytes(&self) -> u64 {
        self.shards.iter().map(|shard| shard.bytes).sum()
    }
}

/// What is to be learned of each record.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    /// Which records are kept, if not all of them are.
    pub(super) filter: Option<&'a Filter>,
    /// Where the label is and what it is counted from, if the class of each record is needed.
    pub(super) classes: Option<(Vec<String>, u32)>,
    /// Of each shard, whether it is to be learned what its records hold.
    pub(super) stats: Vec<bool>,
}

/// What was learned of some records of a shard.
#[derive(Debug, Default)]
pub(super) struct Part {
    classes: Vec<u32>,
    kept: Vec<u32>,
    /// A list of floats that was to be compared.
    floats: Option<String>,
    stats: FieldStats,
}

impl Visit for Wanted<'_> {
    type Part = Part;

    fn record(&self, payload: &[u8], place: RecordPlace, part: &mut Part) {
        let learns = self.stats.get(place.shard).is_some_and(|learns| *learns);
        let mut is_kept = true;
        if self.filter.is_some() || self.classes.is_some() {
            // What is no Example has neither labels nor keys.
            let view = ExampleView::parse(payload).unwrap_or_default();
            if let Some((keys, offset)) = &self.classes {
                let class = label(&view, keys).and_then(|stored| stored.checked_sub(i64::from(*offset)));
                part.classes.push(class.and_then(|class| u32::try_from(class).ok()).unwrap_or(NO_CLASS));
            }
            match self.filter.map(|filter| filter.keeps(&view)) {
                // A file of more records than that is refused afterwards.
                Some(Ok(true)) => part.kept.push(u32::try_from(place.number).unwrap_or(u32::MAX)),
                Some(Ok(false)) => is_kept = false,
                Some(Err(key)) => part.floats = Some(key.to_owned()),
                None => {}
            }
        }
        if learns && is_kept {
            part.stats.add(payload, place.number, false);
        }
    }

    fn join(&self, into: &mut Part, part: Part, before: u64) {
        let before = u32::try_from(before).unwrap_or(u32::MAX);
        into.classes.extend(part.classes);
        into.kept.extend(part.kept.into_iter().map(|number| number.saturating_add(before)));
        into.floats = into.floats.take().or(part.floats);
        into.stats.join(part.stats, u64::from(before));
    }

    fn weight(&self, part: &Part) -> u64 {
        4 * (part.classes.capacity() + part.kept.capacity()) as u64
    }
}

/// Reads every record of the inputs once.
///
/// # Errors
/// A shard that cannot be read; [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted). Damage is no error.
pub(super) fn gather(
    inputs: &Inputs,
    wanted: &Wanted<'_>,
    asked_threads: Option<usize>,
    storage: &dyn Storage,
    spool: &Spool<'_>,
    cancel: &Cancel,
    progress: &dyn Progress,
) -> Result<Gathered> {
    let stats = inputs.sets.iter().map(|_| None).collect();
    let mut all = Gathered { stats, kept: wanted.filter.map(|_| Vec::new()), ..Gathered::default() };
    let scan = Scan {
        shards: &inputs.shards,
        storage,
        threads: threads(asked_threads),
        file_crc: true,
        spool,
        cancel,
        progress,
    };
    scan.run(wanted, |at, scanned| {
        let scanned = scanned?;
        if let Some(key) = &scanned.part.floats {
            return Err(floats(key)).at(inputs.shards.get(at).cloned().unwrap_or_default());
        }
        if wanted.stats.get(at).is_some_and(|learns| *learns)
            && let Some(stats) = inputs.set_of.get(at).and_then(|set| all.stats.get_mut(*set))
        {
            stats.get_or_insert_default().join(scanned.part.stats, 0);
        }
        all.firsts.push(all.items);
        all.classes.extend_from_slice(&scanned.part.classes);
        if let Some(kept) = &mut all.kept {
            if all.items + scanned.intact.len() > u64::from(u32::MAX) {
                return Err(Error::inputs("more than 4,294,967,295 records cannot be filtered at a time")
                    .with_hint("reshard some of the shards, and then the others"));
            }
            let first = u32::try_from(all.items).unwrap_or(u32::MAX);
            kept.extend(scanned.part.kept.iter().map(|number| first.saturating_add(*number)));
        }
        all.items += scanned.intact.len();
        all.shards.push(FoundShard {
            compression: scanned.compression,
            bytes: scanned.bytes,
            crc32: scanned.crc32.unwrap_or_default(),
            intact: scanned.intact,
            damage: scanned.damage,
            faults: scanned.faults,
        });
        Ok(())
    })?;
    Ok(all)
}
