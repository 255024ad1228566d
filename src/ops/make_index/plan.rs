//! The metadata of one data set: all is looked at before anything is written.

use std::path::{Path, PathBuf};

use super::{
    PlacedFile,
    place::{FileOutcome, Present, place, present, refuse},
};
use crate::{
    error::{At, Result},
    storage::Storage,
};

/// What is wrong with a file that is there and differs.
const FAULT: &str = "it says something else than the shards do now";

/// Files that are to stand in a folder.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    storage: &'a dyn Storage,
    dir: &'a Path,
    overwrite: bool,
    files: Vec<(PathBuf, Vec<u8>)>,
}

impl<'a> Plan<'a> {
    pub(super) const fn new(storage: &'a dyn Storage, dir: &'a Path, overwrite: bool) -> Self {
        Self { storage, dir, overwrite, files: Vec::new() }
    }

    /// Adds files, all or none, and returns their names, sorted: those that will be there with these bytes. If they were not
    /// asked for (`is_wanted`), these are the ones that are there already.
    ///
    /// # Errors
    /// One of them is there, is wanted and differs, and may not be replaced.
    pub(super) fn add_all(&mut self, files: Vec<(String, Vec<u8>)>, is_wanted: bool) -> Result<Vec<String>> {
        let (mut names, mut added) = (Vec::new(), Vec::new());
        for (name, bytes) in files {
            let path = self.dir.join(&name);
            let found = present(self.storage, &path, &|each| each(&bytes))?;
            if is_wanted && found == Present::Other && !self.overwrite {
                return Err(refuse(FAULT)).at(path);
            }
            if is_wanted || found == Present::Same {
                names.push(name);
            }
            added.push((path, bytes));
        }
        if is_wanted {
            self.files.append(&mut added);
        }
        names.sort();
        Ok(names)
    }

    /// Files of others that are left where they are.
    pub(super) fn kept(&self, names: &[&str]) -> Vec<PlacedFile> {
        let kept = |name: &&str| PlacedFile { path: self.dir.join(name), outcome: FileOutcome::Kept };
        names.iter().map(kept).collect()
    }

    /// Writes the files that are not there yet, in their order.
    pub(super) fn place(self) -> Result<Vec<PlacedFile>> {
        let mut placed = Vec::new();
        for (path, bytes) in self.files {
            let outcome = place(self.storage, &path, &|each| each(&bytes), self.overwrite, FAULT)?;
            placed.push(PlacedFile { path, outcome });
            self.storage.sync_dir(self.dir)?;
        }
        Ok(placed)
    }
}
