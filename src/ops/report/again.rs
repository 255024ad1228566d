//! Reading a few records again: their pictures for small copies, their names for lists.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use super::{
    content::PictureKey,
    data::Place,
    look::single,
    spot::{Again, Content, Spot},
    text,
};
use crate::{
    error::{Error, Result},
    example::ExampleView,
    ops::describe::FILE_NAMES,
    pipeline::{Bounds, Cancel, RecordPlace, Scan, Silent, Visit, ordered},
    source::{ShardFile, Spool},
    storage::Storage,
    tfrecord::{Compression, FOOTER_LEN, FRAME_LEN, HEADER_LEN, Spans, Verify, check_frame},
    units::RecordIndex,
};

/// A shard that was read once.
#[derive(Debug)]
pub(super) struct KnownShard {
    pub(super) path: PathBuf,
    /// The position of its split.
    pub(super) split: usize,
    pub(super) compression: Compression,
    pub(super) intact: Spans,
}

/// What reading again needs.
pub(super) struct Shards<'a> {
    pub(super) shards: &'a [KnownShard],
    /// The names of the splits.
    pub(super) splits: &'a [String],
    pub(super) storage: &'a dyn Storage,
    pub(super) threads: usize,
    pub(super) spool: &'a Spool<'a>,
    pub(super) cancel: &'a Cancel,
    pub(super) picture: Option<&'a PictureKey>,
    pub(super) label: Option<&'a str>,
    pub(super) name: &'a (dyn Fn(i64) -> String + Sync),
}

type Each<'e> = &'e (dyn Fn(usize, Place, Option<Content<'_>>) + Sync);

impl Shards<'_> {
    /// Tells one record.
    fn tell(&self, shard: &KnownShard, spot: Spot, at: usize, payload: &[u8], each: Each<'_>) {
        let view = ExampleView::parse(payload).unwrap_or_default();
        let filename = FILE_NAMES.iter().find_map(|key| view.get(key)?.bytes().next());
        let label = self.label.and_then(|key| single(view.get(key)?));
        let place = Place {
            split: self.splits.get(shard.split).cloned().unwrap_or_default(),
            shard: shard.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            record: u64::from(spot.record),
            filename: filename.map(|name| text::name(&String::from_utf8_lossy(name))).unwrap_or_default(),
            class: label.map(self.name).unwrap_or_default(),
        };
        each(at, place, self.picture.and_then(|key| key.content(&view)));
    }

    /// Reads records of an uncompressed shard where they are.
    fn in_place(&self, shard: &KnownShard, wanted: &[(usize, Spot)], each: Each<'_>) -> Result<()> {
        let file = ShardFile::open(self.storage, &shard.path)?;
        let bounds = Bounds { threads: self.threads.min(wanted.len()).max(1), budget: 1 << 20 };
        ordered(
            wanted.len() as u64,
            bounds,
            self.cancel,
            Vec::new,
            |job, payload: &mut Vec<u8>, done: &mut Option<Result<()>>| {
                let Some((at, spot)) = usize::try_from(job).ok().and_then(|job| wanted.get(job)) else { return };
                *done = Some(read(&file, shard, *spot, payload).map(|()| self.tell(shard, *spot, *at, payload, each)));
            },
            |_| 1,
            |done| done.unwrap_or(Ok(())).map(|()| None),
        )
    }

    /// Reads a compressed shard once more.
    fn front_to_end(&self, shard: &KnownShard, wanted: &[(usize, Spot)], each: Each<'_>) -> Result<()> {
        let paths = [shard.path.clone()];
        let Self { storage, spool, cancel, .. } = *self;
        let scan = Scan { shards: &paths, storage, threads: 1, file_crc: false, spool, cancel, progress: &Silent };
        // Damaged compressed shards are read in stretches, in which records are known by their offset only.
        let offset = |spot: Spot| shard.intact.get(RecordIndex(u64::from(spot.record))).map(|span| span.offset.0);
        let wanted = wanted.iter().filter_map(|(at, spot)| Some((offset(*spot)?, *at, *spot))).collect();
        scan.run(&Wanted { wanted, shard, shards: self, each }, |_, scanned| scanned.map(|_| ()))
    }
}

/// Reads the payload of a record, and checks it once more: the shard may have changed.
fn read(file: &ShardFile, shard: &KnownShard, spot: Spot, payload: &mut Vec<u8>) -> Result<()> {
    let span = shard.intact.get(RecordIndex(u64::from(spot.record)));
    let Some(span) = span.filter(|span| span.len as usize >= FRAME_LEN) else {
        return Err(changed(&shard.path, spot));
    };
    payload.resize(span.len as usize, 0);
    file.read_exact_at(payload, span.offset.0)?;
    let (header, rest) = payload.split_first_chunk::<HEADER_LEN>().ok_or_else(|| changed(&shard.path, spot))?;
    let (body, footer) = rest.split_last_chunk::<FOOTER_LEN>().ok_or_else(|| changed(&shard.path, spot))?;
    check_frame(header, body, *footer, Verify::All).map_err(|_| changed(&shard.path, spot))?;
    payload.truncate(span.len as usize - FOOTER_LEN);
    payload.drain(..HEADER_LEN);
    Ok(())
}

fn changed(path: &Path, spot: Spot) -> Error {
    let message = format!("record {} is not what it was when the report began", spot.record);
    Error::inputs(message).with_hint("wait until nobody writes to the shards, and run it again").of(path)
}

/// The records of one compressed shard that are wanted.
struct Wanted<'a> {
    /// Where each starts, in uncompressed bytes and in this order; and its position among the spots.
    wanted: Vec<(u64, usize, Spot)>,
    shard: &'a KnownShard,
    shards: &'a Shards<'a>,
    each: Each<'a>,
}

impl Visit for Wanted<'_> {
    type Part = ();

    fn record(&self, payload: &[u8], place: RecordPlace, (): &mut ()) {
        let from = self.wanted.partition_point(|(offset, ..)| *offset < place.offset);
        let here = self.wanted.get(from..).unwrap_or_default().iter();
        for (_, at, spot) in here.take_while(|(offset, ..)| *offset == place.offset) {
            self.shards.tell(self.shard, *spot, *at, payload, self.each);
        }
    }

    fn join(&self, (): &mut (), (): (), _before: u64) {}
}

impl Again for Shards<'_> {
    fn read(&self, spots: &[Spot], each: Each<'_>) -> Result<()> {
        let mut wanted: Vec<(usize, Spot)> = spots.iter().copied().enumerate().collect();
        wanted.sort_by_key(|(_, spot)| *spot);
        for of_shard in wanted.chunk_by(|(_, a), (_, b)| a.shard == b.shard) {
            let at = of_shard.first().and_then(|(_, spot)| usize::try_from(spot.shard).ok());
            let Some(shard) = at.and_then(|at| self.shards.get(at)) else { continue };
            match shard.compression {
                Compression::None => self.in_place(shard, of_shard, each)?,
                _ => self.front_to_end(shard, of_shard, each)?,
            }
        }
        Ok(())
    }

    fn split(&self, spot: Spot) -> usize {
        usize::try_from(spot.shard).ok().and_then(|at| self.shards.get(at)).map_or(0, |shard| shard.split)
    }

    fn places(&self, spots: &[Spot]) -> Result<Vec<Place>> {
        let places = Mutex::new(vec![Place::default(); spots.len()]);
        let lock = || places.lock().unwrap_or_else(PoisonError::into_inner);
        self.read(spots, &|at, place, _| {
            if let Some(slot) = lock().get_mut(at) {
                *slot = place;
            }
        })?;
        Ok(std::mem::take(&mut lock()))
    }
}
