//! The work of one worker: images of some records, written under numbers, and the paths that they ask for.

use std::{ops::Range, path::PathBuf};

use super::{
    Context, Shard,
    endings::{add_ending, ending, is_kept},
    keys::ImageFields,
    names::Names,
    place::{Asked, SplitFolders, place},
    read::{Known, records},
};
use crate::{
    error::{Error, Result},
    example::ExampleView,
    source::ShardFile,
};

/// Room for this many images is kept for the next batch.
const KEEP: usize = 1024;

/// Where an image is and wants to be, in few bytes: a compressed shard is one batch, however many images are in it.
#[derive(Debug)]
struct Staged {
    bytes: u32,
    record: u64,
    /// Where its path ends among the texts of the batch.
    path_end: usize,
    /// The same for the name in the record, which stands there if it could not be used as it is.
    name_end: Option<usize>,
}

/// An image in the staging folder.
#[derive(Debug)]
pub(super) struct StagedImage<'a> {
    /// The number that it is written under.
    pub(super) file: u64,
    pub(super) bytes: u32,
    pub(super) record: u64,
    pub(super) path: &'a [u8],
    /// Where name or class could not be used as they are: the name in the record, if it has one.
    pub(super) changed: Option<Option<&'a [u8]>>,
}

/// What a worker made of its records.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Whose folder the images are in.
    pub(super) worker: usize,
    pub(super) shard: usize,
    /// Records without an image.
    pub(super) without: u64,
    /// Bytes of payloads.
    pub(super) read: u64,
    pub(super) error: Option<Error>,
    /// The number of the first image.
    first: u64,
    images: Vec<Staged>,
    text: Vec<u8>,
}

impl Batch {
    /// How many images there are.
    pub(super) fn len(&self) -> u64 {
        self.images.len() as u64
    }

    /// The bytes that it holds.
    pub(super) fn weight(&self) -> u64 {
        (self.images.capacity() * size_of::<Staged>() + self.text.capacity()) as u64
    }

    fn push(&mut self, bytes: usize, record: u64, path: &[u8], changed: Option<&[u8]>) {
        self.text.extend_from_slice(path);
        let path_end = self.text.len();
        self.text.extend_from_slice(changed.unwrap_or_default());
        let name_end = changed.map(|_| self.text.len());
        // A record is below 2 GiB.
        self.images.push(Staged { bytes: u32::try_from(bytes).unwrap_or(u32::MAX), record, path_end, name_end });
    }

    /// The images, in the order of their records.
    pub(super) fn images(&self) -> impl Iterator<Item = StagedImage<'_>> {
        let mut start = 0;
        (self.first..).zip(&self.images).map(move |(file, image)| {
            let path = self.text.get(start..image.path_end).unwrap_or_default();
            start = image.name_end.unwrap_or(image.path_end);
            let name = self.text.get(image.path_end..start).filter(|name| !name.is_empty());
            let changed = image.name_end.map(|_| name);
            StagedImage { file, bytes: image.bytes, record: image.record, path, changed }
        })
    }
}

/// What a worker keeps.
pub(super) struct Worker {
    number: usize,
    dir: PathBuf,
    next: u64,
}

impl Worker {
    /// A worker with a staging folder of its own.
    pub(super) fn new(number: usize, dir: PathBuf) -> Self {
        Self { number, dir, next: 0 }
    }

    /// Empties a batch for records of a shard.
    pub(super) fn begin(&self, shard: usize, batch: &mut Batch) {
        let Batch { mut images, mut text, .. } = std::mem::take(batch);
        images.clear();
        images.shrink_to(KEEP);
        text.clear();
        text.shrink_to(KEEP * 64);
        *batch = Batch { worker: self.number, shard, first: self.next, images, text, ..Batch::default() };
    }

    /// Writes the images of a range of records to the staging folder.
    pub(super) fn fill(
        &mut self,
        context: &Context<'_>,
        shard: &Shard,
        fields: &ImageFields,
        range: Range<u64>,
        (splits, names): (SplitFolders, Names),
        batch: &mut Batch,
    ) -> Result<()> {
        let file = ShardFile::open(context.storage, &shard.path)?;
        let known = Known { intact: &shard.intact, is_whole: shard.is_whole };
        records(&file, &known, range, context.spool, context.cancel, |number, payload| {
            batch.read += payload.len() as u64;
            let Ok(example) = ExampleView::parse(payload) else { return Ok(()) };
            let mut values = example.get(&fields.image).into_iter().flat_map(|feature| feature.bytes());
            let (Some(image), None) = (values.next().filter(|image| !image.is_empty()), values.next()) else {
                batch.without += 1;
                return Ok(());
            };
            let class = fields.class(&example);
            let name = fields.name(&example);
            let record = shard.number_of(number);
            let stem = shard.path.file_name().unwrap_or_default().to_string_lossy();
            let ending = ending(image);
            let otherwise = format!("{stem}-{record:06}.{ending}");
            let asked = Asked { split: &shard.split, class: class.as_deref(), name };
            let mut place = place(asked, splits, names, &otherwise);
            if name.is_some() && !(fields.has_own_names && is_kept(name.unwrap_or_default(), ending)) {
                add_ending(&mut place.path, ending);
            }
            let staged = self.dir.join(self.next.to_string());
            self.next += 1;
            context.storage.write_new(&staged, image)?;
            let changed = place.is_changed.then(|| name.unwrap_or_default());
            batch.push(image.len(), record, &place.path, changed);
            Ok(())
        })
    }
}
