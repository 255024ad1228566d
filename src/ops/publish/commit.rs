//! Publishing a finished run: staged files get their final names, the manifest last.
//!
//! What is to be done is written down first. A crash at any moment leaves either the list, from which the rest is done by
//! the next `--resume`, or the finished data set.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    output::{LOCK_NAME, Output, sweep},
    owned::INDEX_NAME,
};
use crate::{
    error::{At, Error, Printable, Result},
    index::{MANIFEST_NAME, Manifest},
    pipeline::{read_json, stage_json, write_json},
    storage::{EntryKind, NameKind, Storage, commit_all},
};

const COMMIT_NAME: &str = "commit.json";
const STAGED_MANIFEST: &str = "manifest.json";

/// What is left to do, all paths relative: `from` to the work folder, the others to the output folder.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Commit {
    removes: Vec<PathBuf>,
    moves: Vec<Move>,
}

/// One file and its final name.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Move {
    pub(crate) from: PathBuf,
    pub(crate) to: PathBuf,
}

impl Commit {
    /// The publication that an interrupted run had begun, if any. `is_ours` tells whether a name can be one of ours.
    ///
    /// # Errors
    /// A list that names other files is not followed: it came with the folder from somewhere else.
    pub(crate) fn read(storage: &dyn Storage, work: &Path, is_ours: impl Fn(&Path) -> bool) -> Result<Option<Self>> {
        let path = work.join(COMMIT_NAME);
        let Some(commit) = read_json::<Self>(storage, &path)? else { return Ok(None) };
        let stray = commit.moves.iter().map(|it| &it.from).find(|from| from.file_name() != Some(from.as_os_str()));
        match commit.removes.iter().chain(commit.moves.iter().map(|it| &it.to)).find(|it| !is_ours(it)).or(stray) {
            None => Ok(Some(commit)),
            Some(name) => Err(Error::output(format!(
                "`{}` is to be moved or removed, and is no file of shardify",
                Printable(name)
            ))
            .with_hint("the folder was tampered with: choose another output folder"))
            .at(path),
        }
    }

    /// Drops a publication that is not to be finished.
    pub(crate) fn forget(storage: &dyn Storage, work: &Path) -> Result<()> {
        let path = work.join(COMMIT_NAME);
        if storage.kind(&path)?.is_none() {
            return Ok(());
        }
        storage.remove(&path)?;
        storage.sync_dir(work)
    }

    /// The names in the output folder that it publishes or removes.
    pub(crate) fn names(&self) -> impl Iterator<Item = PathBuf> {
        self.removes.iter().chain(self.moves.iter().map(|it| &it.to)).cloned()
    }

    /// Publishes: `moves` are synced files in the work folder, `files` are small ones to be written. The files of an
    /// earlier run that have no successor are removed.
    pub(crate) fn publish(
        storage: &dyn Storage,
        output: &Output,
        mut moves: Vec<Move>,
        files: Vec<(String, Vec<u8>)>,
        manifest: &Manifest,
    ) -> Result<()> {
        let work = output.work.dir();
        let mut staged = Vec::new();
        for (name, content) in files {
            let from = PathBuf::from(format!("meta-{name}"));
            let mut file = storage.stage(&work.join(&from))?;
            file.append(&content)?;
            staged.push(file);
            moves.push(Move { from, to: PathBuf::from(name) });
        }
        for it in &moves {
            if !output.owned.contains(&it.to) && storage.stat(&output.out.join(&it.to))?.is_some() {
                return Err(Error::output(
                    "a file of this name appeared while the data set was made; it is not replaced",
                )
                .with_hint("move it away and run the same command with --resume"))
                .at(output.out.join(&it.to));
            }
        }
        let new: BTreeSet<&PathBuf> = moves.iter().map(|it| &it.to).collect();
        let removes =
            output.owned.iter().filter(|old| !new.contains(old) && **old != Path::new(MANIFEST_NAME)).cloned();
        let commit = Self { removes: removes.collect(), moves };
        staged.push(stage_json(storage, &work.join(STAGED_MANIFEST), manifest)?);
        commit_all(staged)?;
        storage.sync_dir(work)?;
        write_json(storage, &work.join(COMMIT_NAME), &commit)?;
        storage.sync_dir(work)?;
        commit.apply(storage, &output.out, work)
    }

    /// Does what is left to do, and leaves only the lock in the work folder. May be repeated after a crash at any point.
    pub(crate) fn apply(&self, storage: &dyn Storage, out: &Path, work: &Path) -> Result<()> {
        let manifest = out.join(MANIFEST_NAME);
        let staged = work.join(STAGED_MANIFEST);
        if storage.stat(&staged)?.is_some() {
            self.check_room(storage, out, work)?;
            // While names change, no manifest may say that the folder is complete.
            if storage.kind(&manifest)?.is_some() {
                storage.remove(&manifest)?;
                storage.sync_dir(out)?;
            }
            for old in &self.removes {
                storage.remove(&out.join(old))?;
            }
            let mut folders = BTreeSet::from([out.to_path_buf()]);
            for Move { from, to } in &self.moves {
                let (from, to) = (work.join(from), out.join(to));
                if let Some(folder) = to.parent()
                    && folders.insert(folder.to_path_buf())
                {
                    storage.create_dir(folder)?;
                }
                if storage.stat(&from)?.is_some() {
                    storage.rename(&from, &to)?;
                } else if storage.stat(&to)?.is_none() {
                    return Err(Error::output(
                        "a finished file is gone from the work folder and has not arrived either",
                    )
                    .with_hint("start again with --overwrite"))
                    .at(to);
                }
            }
            let folders: Vec<&Path> = folders.iter().map(PathBuf::as_path).collect();
            storage.sync_dirs(&folders)?;
            storage.rename(&staged, &manifest)?;
            storage.sync_dir(out)?;
        }
        if self.removes.iter().any(|old| old.starts_with(INDEX_NAME)) {
            storage.remove_empty_dir(&out.join(INDEX_NAME))?;
            storage.sync_dir(out)?;
        }
        // The list goes last: as long as it is there, a crash costs nothing.
        sweep(storage, work, |name| name != LOCK_NAME && name != COMMIT_NAME)?;
        storage.sync_dir(work)?;
        Self::forget(storage, work)
    }

    /// Refuses what can be neither replaced nor removed, while all is still as it was.
    fn check_room(&self, storage: &dyn Storage, out: &Path, work: &Path) -> Result<()> {
        let in_the_way = |path: &Path, what, wanted| {
            let message = format!("it is {what}, where {wanted} of the data set has its place");
            Err(Error::output(message).with_hint("move it away and run the same command with --resume")).at(path)
        };
        let mut folders = BTreeSet::new();
        for Move { from, to } in &self.moves {
            let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
            if let Some(folder) = folder.filter(|folder| folders.insert(folder.to_path_buf()))
                && !matches!(storage.stat(&out.join(folder))?, None | Some(EntryKind::Dir))
            {
                return in_the_way(&out.join(folder), "no folder", "a folder");
            }
            if storage.kind(&out.join(to))? == Some(NameKind::Dir) && storage.kind(&work.join(from))?.is_some() {
                return in_the_way(&out.join(to), "a folder", "a file");
            }
        }
        let manifest = Path::new(MANIFEST_NAME);
        for old in self.removes.iter().map(PathBuf::as_path).chain([manifest]).map(|old| out.join(old)) {
            if storage.kind(&old)? == Some(NameKind::Dir) {
                return in_the_way(&old, "a folder", "an old file");
            }
        }
        Ok(())
    }
}
