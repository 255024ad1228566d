//! Records with images to image files.

use std::{
    ops::Range,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use serde_json::json;

use super::{
    Context, Shard,
    folder::OutFolder,
    keys::ImageFields,
    names::Names,
    place::SplitFolders,
    staged::{Batch, Worker},
    taken::Taken,
};
use crate::{
    error::Result,
    pipeline::{Bounds, ordered},
    storage::StagedFile,
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
        let number = usize::try_from(next_worker.fetch_add(1, Ordering::Relaxed)).unwrap_or(0) % staging.len().max(1);
        Worker::new(number, staging.get(number).cloned().unwrap_or_default())
    };
    let bounds = Bounds { threads: context.threads, budget: WAITING };
    ordered(
        jobs.len() as u64,
        bounds,
        context.cancel,
        worker,
        |at, worker: &mut Worker, batch: &mut Batch| {
            let Some((shard, range)) = usize::try_from(at).ok().and_then(|at| jobs.get(at)) else { return };
            worker.begin(*shard, batch);
            let Some(of) = shards.get(*shard) else { return };
            let Some(fields) = fields.get(of.set) else { return };
            batch.error = worker.fill(context, of, fields, range.clone(), (splits, names), batch).err();
        },
        Batch::weight,
        |mut batch: Batch| {
            if let Some(error) = batch.error.take() {
                return Err(error);
            }
            let Some(shard) = shards.get(batch.shard) else { return Ok(batch) };
            let images = batch.len();
            let dir = staging.get(batch.worker).map_or(Path::new(""), PathBuf::as_path);
            for image in batch.images() {
                let given = taken.give(image.path);
                if given != image.path || image.changed.is_some() {
                    written.renamed += 1;
                    let list = match &mut renamed {
                        Some(list) => list,
                        empty => empty.insert(context.storage.stage(&folder.place(RENAMED.as_bytes())?)?),
                    };
                    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                    let line = json!({
                        "file": text(&given),
                        "name": image.changed.unwrap_or(Some(image.path)).map(text),
                        "shard": shard.path.to_string_lossy(),
                        "record": image.record,
                    });
                    list.append(format!("{line}\n").as_bytes())?;
                }
                written.bytes += u64::from(image.bytes);
                folder.take(dir.join(image.file.to_string()), &given, image.bytes.into())?;
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

/// The bytes that were written.
impl Written {
    pub(super) fn size(&self) -> ByteSize {
        ByteSize(self.bytes)
    }
}
