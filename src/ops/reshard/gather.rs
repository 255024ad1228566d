//! Looking at every record before anything is written: where it is, whether it is whole, its class, whether it is kept.

use super::{
    filter::{Filter, floats},
    inputs::Inputs,
    merge::Labels,
};
use crate::{
    error::{At, Error, Result},
    example::ExampleView,
    ops::publish::threads,
    pipeline::{Cancel, NO_CLASS, Progress, RecordPlace, Scan, Visit},
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
    /// The labels, if the class of each record is needed.
    pub(super) classes: Option<&'a Labels>,
}

/// What was learned of some records of a shard.
#[derive(Debug, Default)]
pub(super) struct Part {
    classes: Vec<u32>,
    kept: Vec<u32>,
    /// A list of floats that was to be compared.
    floats: Option<String>,
}

impl Visit for Wanted<'_> {
    type Part = Part;

    fn record(&self, payload: &[u8], place: RecordPlace, part: &mut Part) {
        if self.filter.is_none() && self.classes.is_none() {
            return;
        }
        // What is no Example has neither labels nor keys.
        let view = ExampleView::parse(payload).unwrap_or_default();
        if let Some(labels) = self.classes {
            let stored = view.get(&labels.key).and_then(|feature| feature.ints().next());
            let class = stored.and_then(|stored| u32::try_from(stored.checked_sub(i64::from(labels.offset))?).ok());
            part.classes.push(class.unwrap_or(NO_CLASS));
        }
        match self.filter.map(|filter| filter.keeps(&view)) {
            // A file of more records than that is refused afterwards.
            Some(Ok(true)) => part.kept.push(u32::try_from(place.number).unwrap_or(u32::MAX)),
            Some(Err(key)) => part.floats = Some(key.to_owned()),
            Some(Ok(false)) | None => {}
        }
    }

    fn join(&self, into: &mut Part, part: Part, before: u64) {
        let before = u32::try_from(before).unwrap_or(u32::MAX);
        into.classes.extend(part.classes);
        into.kept.extend(part.kept.into_iter().map(|number| number.saturating_add(before)));
        into.floats = into.floats.take().or(part.floats);
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
    let mut all = Gathered { kept: wanted.filter.map(|_| Vec::new()), ..Gathered::default() };
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
