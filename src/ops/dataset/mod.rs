//! What the paths hold that a user names: data sets of shards, whoever wrote them, with what stands beside the shards.

mod expected;
mod find;
mod glob;
mod metadata;
mod splits;

use std::path::PathBuf;

pub(crate) use self::metadata::{LabelNames, Metadata, label_names};
use crate::{
    error::{Error, Result},
    index::{Manifest, TfdsFeatures, TfdsInfo},
    item::split_name_fault,
    storage::Storage,
};

/// The shards in one folder, and what is known of them.
#[derive(Debug)]
pub(crate) struct DataSet {
    /// The folder.
    pub(crate) dir: PathBuf,
    /// Whether the folder was named, so that what is missing in it is missing; otherwise some of its files were.
    pub(crate) is_whole: bool,
    /// The shards, split by split, each in order.
    pub(crate) splits: Vec<SplitShards>,
    /// `shardify.json`.
    pub(crate) manifest: Metadata<Manifest>,
    /// `dataset_info.json`.
    pub(crate) info: Metadata<TfdsInfo>,
    /// `features.json`.
    pub(crate) features: Metadata<TfdsFeatures>,
    /// The class names of each label.
    pub(crate) labels: Vec<LabelNames>,
    /// Staged files, and the work folder of an interrupted run.
    pub(crate) leftovers: Vec<PathBuf>,
}

/// The shards of one split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SplitShards {
    /// Its name.
    pub(crate) name: String,
    /// Its shards, in order.
    pub(crate) shards: Vec<PathBuf>,
}

impl SplitShards {
    /// A name for it that every reader accepts, and that is the name of a file: names come from files that anyone may have
    /// written.
    pub(crate) fn writable(&self) -> String {
        if split_name_fault(&self.name).is_none() {
            return self.name.clone();
        }
        let is_fine = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let clean = self.name.chars().take(50).map(|c| if is_fine(c) { c } else { '_' });
        format!("part_{}", clean.collect::<String>())
    }
}

impl DataSet {
    /// Every shard, in order.
    pub(crate) fn shards(&self) -> impl Iterator<Item = &PathBuf> {
        self.splits.iter().flat_map(|split| &split.shards)
    }

    /// Why metadata that are there cannot be used.
    pub(crate) fn broken(&self) -> impl Iterator<Item = &Error> {
        [self.manifest.broken(), self.info.broken(), self.features.broken()].into_iter().flatten()
    }

    /// Why metadata could not even be read, which says nothing of what they hold.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io).
    pub(crate) fn check_read(&mut self) -> Result<()> {
        self.manifest.check_read()?;
        self.info.check_read()?;
        self.features.check_read()
    }

    /// A name for what is made of it: what its metadata or its shards say, or that of the folder.
    pub(crate) fn name(&self, storage: &dyn Storage) -> String {
        splits::name_of(self, storage)
    }
}

/// Sorts out what the paths hold: shards by themselves, patterns (`out/*.tfrecord*`), and folders, which are searched for shards
/// by their names. Data sets come in the order of the paths, folders inside a folder in the order of their names.
///
/// # Errors
/// A path that does not exist or cannot be listed, also inside of a folder; a folder or pattern without shards. Broken
/// metadata are no error: see [`Metadata`].
pub(crate) fn find(storage: &dyn Storage, paths: &[PathBuf]) -> Result<Vec<DataSet>> {
    let Found { sets, unlisted } = find_all(storage, paths)?;
    unlisted.into_iter().next().map_or(Ok(sets), Err)
}

/// What paths hold, as far as it can be looked at.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The data sets.
    pub(crate) sets: Vec<DataSet>,
    /// Why folders inside of those that were named cannot be listed.
    pub(crate) unlisted: Vec<Error>,
}

/// As [`find`], but a folder inside of another one that cannot be listed does not keep the others from being found.
///
/// # Errors
/// As [`find`], but for those folders.
pub(crate) fn find_all(storage: &dyn Storage, paths: &[PathBuf]) -> Result<Found> {
    if paths.is_empty() {
        return Err(Error::options("no path is given: name a folder of shards, or shards"));
    }
    let mut found = Found::default();
    for folder in find::folders(storage, paths)? {
        match folder.unlisted {
            Some(error) => found.unlisted.push(error),
            None => found.sets.push(metadata::describe(storage, folder)?),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
