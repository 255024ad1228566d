//! Records with images to image files.

use std::{
    ops::Range,
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
};

use serde_json::json;

use super::{
    Context, Shard,
    folder::OutFolder,
    keys::ImageFields,
    names::Names,
    place::{Asked, SplitFolders, place},
    read::{Known, records},
    taken::Taken,
};
use crate::{
    error::{Error, Result},
    example::ExampleView,
    pipeline::{Bounds, ordered},
    source::ShardFile,
    storage::StagedFile,
    transform::{Detected, SourceFormat, detect},
    units::ByteSize,
};

/// The list of files whose names are not those of their records.
pub(super) const RENAMED: &str = "renamed.jsonl";

/// Records of a shard that a worker takes at once: about this many bytes, at most so many.
const JOB_BYTES: u64 = 4 << 20;
const JOB_RECORDS: u64 = 512;

/// Finished jobs may weigh this much while they wait for their names.
const WAITING: u64 = 16 << 20;

/// What became of the images.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// For each shard, how many images.
    pub(super) records: Vec<u64>,
    pub(super) bytes: u64,
    pub(super) renamed: u64,
    /// Records without an image.
    pub(super) without: u64,
}

/// An image in the staging folder.
#[derive(Debug)]
struct Staged {
    file: PathBuf,
    bytes: u64,
    record: u64,
    path: Vec<u8>,
    /// Where name or class could not be used as they are: the name in the record, if it has one.
    changed: Option<Option<Vec<u8>>>,
}

/// What a worker made of its records.
#[derive(Debug, Default)]
struct Batch {
    shard: usize,
    images: Vec<Staged>,
    without: u64,
    read: u64,
    error: Option<Error>,
}

/// Writes every image to a file of its own.
pub(super) fn write(
    context: &Context<'_>,
    shards: &[Shard],
    fields: &[ImageFields],
    splits: SplitFolders,
    folder: &mut OutFolder<'_>,
) -> Result<Written> {
    let jobs = jobs(shards, JOB_BYTES, JOB_RECORDS);
    let names = if context.options.keep_names { Names::Kept } else { Names::Portable };
    let mut written = Written { records: vec![0; shards.len()], ..Written::default() };
    let mut taken = Taken::new(folder.folds_case()?);
    // Nobody else may have the name of the list.
    taken.give(RENAMED.as_bytes());
    let mut renamed: Option<StagedFile> = None;
    let staging: Vec<PathBuf> =
        (0..context.threads as u64).map(|worker| folder.staging_of(worker)).collect::<Result<_>>()?;
    let next_worker = AtomicU64::new(0);
    let worker = || {
        let number = usize::try_from(next_worker.fetch_add(1, Ordering::Relaxed)).unwrap_or(0);
        Worker { dir: staging.get(number % staging.len().max(1)).cloned().unwrap_or_default(), next: 0 }
    };
    let bounds = Bounds { threads: context.threads, budget: WAITING };
    ordered(
        jobs.len() as u64,
        bounds,
        context.cancel,
        worker,
        |at, worker: &mut Worker, batch: &mut Batch| {
            let Some((shard, range)) = usize::try_from(at).ok().and_then(|at| jobs.get(at)) else { return };
            *batch = Batch { shard: *shard, ..Batch::default() };
            let Some(of) = shards.get(*shard) else { return };
            let Some(fields) = fields.get(of.set) else { return };
            batch.error = worker.fill(context, of, fields, range.clone(), (splits, names), batch).err();
        },
        |batch| batch.images.iter().map(|image| 200 + image.path.len() as u64).sum(),
        |mut batch| {
            if let Some(error) = batch.error.take() {
                return Err(error);
            }
            let Some(shard) = shards.get(batch.shard) else { return Ok(batch) };
            let images = batch.images.len() as u64;
            for image in batch.images.drain(..) {
                let given = taken.give(&image.path);
                if given != image.path || image.changed.is_some() {
                    written.renamed += 1;
                    let list = match &mut renamed {
                        Some(list) => list,
                        empty => empty.insert(context.storage.stage(&folder.place(RENAMED.as_bytes())?)?),
                    };
                    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                    let line = json!({
                        "file": text(&given),
                        "name": image.changed.unwrap_or(Some(image.path)).as_deref().map(text),
                        "shard": shard.path.to_string_lossy(),
                        "record": image.record,
                    });
                    list.append(format!("{line}\n").as_bytes())?;
                }
                written.bytes += image.bytes;
                folder.take(image.file, &given, image.bytes)?;
            }
            if let Some(count) = written.records.get_mut(batch.shard) {
                *count += images;
            }
            written.without += batch.without;
            context.progress.advance(images + batch.without, batch.read, 0);
            Ok(batch)
        },
    )?;
    if let Some(list) = renamed {
        list.commit()?;
    }
    Ok(written)
}

/// Ranges of the intact records of shards, in order. What is compressed is read from front to end by one worker.
pub(super) fn jobs(shards: &[Shard], bytes: u64, most: u64) -> Vec<(usize, Range<u64>)> {
    let mut jobs = Vec::new();
    for (at, shard) in shards.iter().enumerate() {
        let all = shard.intact.len();
        if all == 0 {
            continue;
        }
        let mean = (shard.intact.bytes() / all).max(1);
        let step = if shard.is_plain() { (bytes / mean).clamp(1, most) } else { all };
        let mut start = 0;
        while start < all {
            let end = all.min(start + step);
            jobs.push((at, start..end));
            start = end;
        }
    }
    jobs
}

/// What a worker keeps.
struct Worker {
    dir: PathBuf,
    next: u64,
}

impl Worker {
    fn fill(
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
            batch.images.push(Staged {
                file: staged,
                bytes: image.len() as u64,
                record,
                path: place.path,
                changed: place.is_changed.then(|| name.map(<[u8]>::to_vec)),
            });
            Ok(())
        })
    }
}

/// The ending of a file with these bytes.
fn ending(image: &[u8]) -> &'static str {
    match detect(image) {
        Detected::Image(SourceFormat::Jpeg) => "jpg",
        Detected::Image(SourceFormat::Png) => "png",
        Detected::Image(SourceFormat::Webp) => "webp",
        Detected::Image(SourceFormat::Gif) => "gif",
        Detected::Image(SourceFormat::Tiff) => "tif",
        Detected::Image(SourceFormat::Bmp) => "bmp",
        Detected::Image(SourceFormat::Pnm) => "pnm",
        Detected::Other(_) => "bin",
    }
}

/// Endings of image files, with those of the format that they stand for.
const ENDINGS: &[(&str, &[&str])] = &[
    ("jpg", &["jpg", "jpeg", "jpe", "jfif"]),
    ("png", &["png"]),
    ("webp", &["webp"]),
    ("gif", &["gif"]),
    ("tif", &["tif", "tiff"]),
    ("bmp", &["bmp", "dib"]),
    ("pnm", &["pnm", "ppm", "pgm", "pbm", "pam"]),
];

/// The format that a file name stands for.
fn named_format(name: &[u8]) -> Option<&'static str> {
    let dot = name.iter().rposition(|byte| *byte == b'.').filter(|dot| *dot > 0)?;
    let ending = name.get(dot + 1..)?.to_ascii_lowercase();
    ENDINGS.iter().find(|(_, all)| all.iter().any(|one| one.as_bytes() == ending)).map(|(format, _)| *format)
}

/// Whether a file that `convert` stored still is under the name that it had: it keeps JPEG and PNG as they are, whatever they
/// are called, and makes PNG of all else.
fn is_kept(name: &[u8], ending: &str) -> bool {
    !matches!(named_format(name), Some(format) if format != ending && !matches!(format, "jpg" | "png"))
}

/// Adds an ending, unless the name has one that says the same.
fn add_ending(path: &mut Vec<u8>, ending: &str) {
    let file = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    if named_format(file) == Some(ending) || ending == "bin" && named_format(file).is_some() {
        return;
    }
    let above = path.len() - file.len();
    let file = [file, b".", ending.as_bytes()].concat();
    path.truncate(above);
    // Cut anew if it became too long.
    path.extend(if file.len() > 255 { super::names::numbered(&file, None) } else { file });
}

/// The bytes that were written.
impl Written {
    pub(super) fn size(&self) -> ByteSize {
        ByteSize(self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_say_what_the_bytes_are() {
        let added = |path: &str, ending| {
            let mut path = path.as_bytes().to_vec();
            add_ending(&mut path, ending);
            String::from_utf8(path).unwrap()
        };
        assert_eq!(added("a/000", "jpg"), "a/000.jpg");
        assert_eq!(added("a.b/x.JPEG", "jpg"), "a.b/x.JPEG");
        assert_eq!(added("v1.2", "png"), "v1.2.png");
        assert_eq!(added("x.jpg", "png"), "x.jpg.png");
        assert_eq!(added("x.jpg", "bin"), "x.jpg");
        // What convert kept, under whatever name, and what it made a PNG of.
        assert!(is_kept(b"x.jpg", "png") && is_kept(b"x", "jpg") && is_kept(b"x.dat", "png"));
        assert!(!is_kept(b"x.webp", "png"));
    }
}
