//! The index of one shard: where it goes, and what keeps it from being written.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
};

use super::{
    DataSet, IndexedShard, PlacedFile,
    place::{Content, place},
};
use crate::{
    error::{Error, Result},
    index::index_text,
    ops::publish::INDEX_NAME,
    pipeline::{Progress, REPAIR, ScannedShard, damage_error},
    shard::ParsedName,
    storage::Storage,
    tfrecord::{Compression, Spans, StreamFault},
};

/// One shard to index.
#[derive(Debug)]
pub(super) struct Job {
    /// The position of its data set.
    pub(super) set: usize,
    /// The position of its split in that.
    pub(super) split: usize,
    pub(super) path: PathBuf,
    pub(super) index_dir: PathBuf,
    /// Where its indexes go.
    pub(super) indexes: Vec<PathBuf>,
    /// Its `.tfindex` is not named as the package `tfrecord` would.
    pub(super) has_long_name: bool,
}

/// All shards, in order.
pub(super) fn jobs(storage: &dyn Storage, sets: &[DataSet], tfindex: bool) -> Result<Vec<Job>> {
    let mut jobs = Vec::new();
    for (set, data) in sets.iter().enumerate() {
        let index_dir = data.dir.join(INDEX_NAME);
        let mut sharing: BTreeMap<PathBuf, u64> = BTreeMap::new();
        if tfindex {
            for name in names_beside(storage, data)? {
                *sharing.entry(Path::new(&name).with_extension("tfindex")).or_default() += 1;
            }
        }
        for (split, path) in
            data.splits.iter().enumerate().flat_map(|(at, split)| split.shards.iter().map(move |path| (at, path)))
        {
            let name = path.file_name().unwrap_or_default();
            let with = |ending: &str| {
                let mut whole = OsString::from(name);
                whole.push(ending);
                whole
            };
            let mut indexes = vec![index_dir.join(with(".idx"))];
            let short = Path::new(name).with_extension("tfindex");
            let has_long_name = sharing.get(&short).is_some_and(|shards| *shards > 1);
            if tfindex {
                indexes.push(path.with_file_name(if has_long_name { with(".tfindex") } else { short.into() }));
            }
            jobs.push(Job { set, split, path: path.clone(), index_dir: index_dir.clone(), indexes, has_long_name });
        }
    }
    Ok(jobs)
}

/// The names of all shards in the folder, those that are not to be indexed too.
fn names_beside(storage: &dyn Storage, set: &DataSet) -> Result<Vec<OsString>> {
    use std::os::unix::ffi::OsStrExt;
    let mut names: Vec<OsString> = set.shards().filter_map(|path| Some(path.file_name()?.to_owned())).collect();
    for (name, _) in storage.list(&set.dir)?.iter() {
        let name = std::ffi::OsStr::from_bytes(name);
        if ParsedName::parse(name).is_shard() {
            names.push(name.to_owned());
        }
    }
    names.sort();
    names.dedup();
    Ok(names)
}

/// Why a compressed shard has no index.
pub(super) fn refuse_compressed(path: &Path, compression: Compression) -> Error {
    let name = if compression == Compression::Zlib { "ZLIB" } else { "gzip" };
    Error::inputs(format!(
        "the shard is compressed with {name}: DALI, TFDS and the package `tfrecord` cannot seek in it, so an index is of no use"
    ))
    .with_hint("write it anew with shardify reshard --compression none")
    .of(path)
}

/// Writes the indexes of a shard whose records are known to its last byte.
pub(super) fn index_shard(
    storage: &dyn Storage,
    job: &Job,
    spans: &Spans,
    bytes: u64,
    overwrite: bool,
) -> Result<IndexedShard> {
    storage.create_dir(&job.index_dir)?;
    let content: &Content<'_> = &|each| index_text(spans, each);
    let put = |path: &PathBuf| {
        let outcome =
            place(storage, path, content, overwrite, "it does not describe the shard beside it as it is now")?;
        Ok(PlacedFile { path: path.clone(), outcome })
    };
    let indexes = job.indexes.iter().map(put).collect::<Result<_>>()?;
    Ok(IndexedShard { path: job.path.clone(), records: spans.len(), bytes, indexes })
}

/// The first thing that is wrong with a shard.
pub(super) fn first_fault<P>(scanned: &ScannedShard<P>) -> Option<Error> {
    if let Some(StreamFault { what, .. }) = scanned.faults.first() {
        return Some(Error::damaged(format!("the compressed stream is damaged: {what}")).with_hint(REPAIR));
    }
    let first = scanned.damage.first()?;
    Some(damage_error(first))
}

/// Shards are what is counted, not records.
#[derive(Debug)]
pub(super) struct BytesOnly<'a>(pub(super) &'a dyn Progress);

impl Progress for BytesOnly<'_> {
    fn advance(&self, _items: u64, bytes_read: u64, bytes_written: u64) {
        self.0.advance(0, bytes_read, bytes_written);
    }
}
