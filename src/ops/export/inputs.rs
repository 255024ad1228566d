//! The files of the data sets that are exported: they are never replaced, wherever the output folder is.

use std::{
    collections::HashSet,
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use crate::{
    error::Result,
    index::MANIFEST_NAME,
    ops::{dataset::DataSet, publish::INDEX_NAME},
    storage::Storage,
};

/// What belongs to the inputs, by the true names of its folders.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    folders: HashSet<PathBuf>,
    shards: HashSet<(PathBuf, OsString)>,
}

impl Inputs {
    /// Those of these data sets.
    pub(super) fn new(storage: &dyn Storage, sets: &[DataSet]) -> Result<Self> {
        let mut inputs = Self::default();
        for set in sets {
            let dir = storage.canonical(or_here(&set.dir))?;
            let names = set.shards().filter_map(|shard| shard.file_name());
            inputs.shards.extend(names.map(|name| (dir.clone(), name.to_owned())));
            inputs.folders.insert(dir);
        }
        Ok(inputs)
    }

    /// Whether a file that is there is a shard, or says something of the shards.
    pub(super) fn hold(&self, storage: &dyn Storage, file: &Path) -> Result<bool> {
        let (Some(parent), Some(name)) = (file.parent(), file.file_name()) else { return Ok(false) };
        let folder = storage.canonical(or_here(parent))?;
        let is_index = folder.file_name() == Some(OsStr::new(INDEX_NAME))
            && folder.parent().is_some_and(|above| self.folders.contains(above));
        let is_metadata = [MANIFEST_NAME, "dataset_info.json", "features.json"].iter().any(|it| name == *it)
            || name.as_bytes().ends_with(b".labels.txt");
        Ok(is_index
            || is_metadata && self.folders.contains(&folder)
            || self.shards.contains(&(folder, name.to_owned())))
    }
}

fn or_here(dir: &Path) -> &Path {
    if dir.as_os_str().is_empty() { Path::new(".") } else { dir }
}
