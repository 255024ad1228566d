//! From staged shards to a published data set: names, the manifest's account of them, and what stands beside them.

use std::{collections::BTreeMap, path::PathBuf};

use super::{
    FAILURES_NAME,
    commit::{Commit, Move},
    output::Output,
    owned::{INDEX_NAME, index_file},
};
use crate::{
    error::{Error, Result},
    index::{MANIFEST_NAME, Manifest, ManifestShard, ManifestSplit, check_size},
    pipeline::{Failure, ImageFacts, ShardEntry, WorkDir},
    shard::{ShardName, ShardSummary},
    storage::Storage,
    tfrecord::Compression,
};

/// One split whose shards are all staged.
#[derive(Debug)]
pub(crate) struct StagedSplit<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// How many positions its list has: each must have become a record or a failure.
    pub(crate) positions: u64,
    /// Its shards, in order.
    pub(crate) entries: Vec<ShardEntry>,
    /// The failures after the last of them.
    pub(crate) trailing: Vec<Failure>,
}

/// Staged shards under their final names, which they are still to be given.
#[derive(Debug, Default)]
pub(crate) struct Named {
    /// From the work folder to the output folder.
    pub(crate) moves: Vec<Move>,
    /// The splits as the manifest has them.
    pub(crate) splits: Vec<ManifestSplit>,
    /// Bytes of the payloads of each split.
    pub(crate) payload_bytes: Vec<u64>,
    /// What is known of the images in all of them.
    pub(crate) images: ImageFacts,
    /// Everything that was left out, in order.
    pub(crate) failures: Vec<Failure>,
}

/// Names the shards of a data set of so many classes, now that the number of each split's shards is known. Plain shards
/// take their record indexes along.
///
/// # Errors
/// [`ErrorKind::Output`](crate::ErrorKind::Output) if positions of a split are not accounted for.
pub(crate) fn name_shards(
    work: &WorkDir,
    dataset: &str,
    compression: Compression,
    classes: usize,
    staged: Vec<StagedSplit<'_>>,
) -> Result<Named> {
    let mut named = Named::default();
    for split in staged {
        check_accounted(&split)?;
        let of = u32::try_from(split.entries.len()).unwrap_or(u32::MAX);
        let mut class_counts = BTreeMap::new();
        let mut shards = Vec::new();
        for entry in &split.entries {
            named.images.join(&entry.images);
            for (class, count) in &entry.class_counts {
                let sum: &mut u64 = class_counts.entry(*class).or_default();
                *sum = sum.saturating_add(*count);
            }
            let name = ShardName { dataset, split: split.name, index: entry.shard, of, compression }.to_string();
            let from = |path: PathBuf| path.file_name().map(Into::into).unwrap_or_default();
            named.moves.push(Move { from: from(work.shard(split.name, entry.shard)), to: name.clone().into() });
            if compression == Compression::None {
                named.moves.push(Move { from: from(work.index(split.name, entry.shard)), to: index_file(&name) });
            }
            let ShardSummary { records, bytes, crc32 } = entry.summary;
            shards.push(ManifestShard { name, records, bytes, crc32: format!("{crc32:08x}") });
        }
        // An entry of an interrupted run may have been edited.
        let payload_bytes = split.entries.iter().fold(0_u64, |sum, entry| sum.saturating_add(entry.payload_bytes));
        named.payload_bytes.push(payload_bytes);
        let class_counts = (0..classes)
            .map(|class| u32::try_from(class).ok().and_then(|c| class_counts.get(&c).copied()).unwrap_or(0));
        named.splits.push(ManifestSplit {
            name: split.name.to_owned(),
            records: shards.iter().map(|shard| shard.records).sum(),
            bytes: shards.iter().map(|shard| shard.bytes).sum(),
            class_counts: class_counts.collect(),
            shards,
        });
        named.failures.extend(split.entries.into_iter().flat_map(|entry| entry.failures));
        named.failures.extend(split.trailing);
    }
    Ok(named)
}

/// Never seen to fail: a guard against losing inputs without a word.
fn check_accounted(split: &StagedSplit<'_>) -> Result<()> {
    let accounted = split.entries.iter().map(|entry| entry.summary.records + entry.failures.len() as u64);
    let accounted = accounted.sum::<u64>() + split.trailing.len() as u64;
    if accounted == split.positions {
        return Ok(());
    }
    Err(Error::output(format!(
        "split `{}` has {} inputs, and {accounted} are accounted for",
        split.name, split.positions
    ))
    .with_hint("this is a bug: please report it, and start again with --overwrite"))
}

/// Publishes named shards with `files` beside them (name and content) and the list of `failures` if there are any. The
/// manifest comes last; its `files` and `skipped` are filled in here.
///
/// # Errors
/// [`ErrorKind::Output`](crate::ErrorKind::Output) if a name was taken meanwhile; [`ErrorKind::Io`](crate::ErrorKind::Io).
pub(crate) fn publish(
    storage: &dyn Storage,
    output: &Output,
    moves: Vec<Move>,
    mut files: Vec<(String, Vec<u8>)>,
    failures: &[Failure],
    mut manifest: Manifest,
) -> Result<Manifest> {
    if !failures.is_empty() {
        let mut lines = Vec::new();
        for failure in failures {
            serde_json::to_writer(&mut lines, failure).map_err(|error| Error::io("serialize", error.into()))?;
            lines.push(b'\n');
        }
        files.push((FAILURES_NAME.to_owned(), lines));
    }
    manifest.skipped = failures.len() as u64;
    manifest.files = files.iter().map(|(name, _)| name.clone()).collect();
    manifest.files.sort();
    let mut length = Length(0);
    serde_json::to_writer_pretty(&mut length, &manifest).map_err(|error| Error::io("serialize", error.into()))?;
    check_size(MANIFEST_NAME, length.0 + 1)?;
    for (name, content) in &files {
        check_size(name, content.len() as u64)?;
    }
    Commit::publish(storage, output, moves, files, &manifest)?;
    Ok(manifest)
}

/// Counts what is written to it.
struct Length(u64);

impl std::io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The names, or their beginnings up to a dash, that will appear in the output folder, as [`Output::begin`] wants them;
/// the files of class names have to be added.
pub(crate) fn names_to_write<'a>(
    dataset: &str,
    splits: impl IntoIterator<Item = &'a str>,
    compression: Compression,
) -> Vec<String> {
    let mut names: Vec<String> = splits.into_iter().map(|split| format!("{dataset}-{split}.tfrecord-")).collect();
    names.push(FAILURES_NAME.to_owned());
    if compression == Compression::None {
        names.extend(["dataset_info.json", "features.json", INDEX_NAME].map(str::to_owned));
    }
    names
}
