//! The output folder: new, empty, or one whose files of the same names may be replaced; and files in it that appear whole.
//!
//! Small files are written under numbers in a folder of their own, synced many at once, and only then renamed. So a file that
//! has its name is complete, whatever happens, without a wait for the disk at each of them. Of what is not yet renamed when a
//! run ends nothing is left.

use std::{
    collections::HashSet,
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use super::inputs::Inputs;
use crate::{
    error::{At, Error, Printable, Result},
    ops::publish::{Existing, Target, Words, check},
    storage::{Lock, NameKind, Storage},
};

/// Where files are before they have their names.
const STAGING: &str = ".shardify-export";

/// Who has the lock on it may write there.
const LOCK: &str = "lock";

/// Files that are synced and renamed together.
const BATCH: usize = 8192;
const BATCH_BYTES: u64 = 512 << 20;

/// The folder that is exported to.
#[derive(Debug)]
pub(super) struct OutFolder<'a> {
    storage: &'a dyn Storage,
    out: &'a Path,
    inputs: Inputs,
    overwrite: bool,
    is_new: bool,
    staging: PathBuf,
    folders: HashSet<PathBuf>,
    pending: Vec<(PathBuf, PathBuf)>,
    pending_bytes: u64,
    lock: Option<Lock>,
}

impl<'a> OutFolder<'a> {
    /// Checks a folder, without touching anything.
    pub(super) fn check(storage: &dyn Storage, out: &Path, inputs: &[PathBuf], overwrite: bool) -> Result<()> {
        let words = Words { stamped: "a shard", elsewhere: "another output folder" };
        check(&Target { out, existing: Existing::Overwrite, inputs, words }, storage)?;
        if overwrite || storage.stat(out)?.is_none() {
            return Ok(());
        }
        let names = storage.list(out)?;
        let mut found = names.iter().filter(|(name, _)| *name != STAGING.as_bytes());
        let Some((first, _)) = found.next() else { return Ok(()) };
        let more = match found.count() {
            0 => String::new(),
            1 => " and one other".to_owned(),
            others => format!(" and {others} others"),
        };
        let first = Printable(Path::new(OsStr::from_bytes(first))).to_string();
        Err(Error::output(format!("the output folder is not empty: it holds `{first}`{more}")).with_hint(
            "name a new or empty folder as the last argument; --overwrite replaces files of the same names and leaves all others",
        ))
        .at(out)
    }

    /// Makes the folder, and sweeps what a killed export left in it.
    pub(super) fn open(storage: &'a dyn Storage, out: &'a Path, inputs: Inputs, overwrite: bool) -> Result<Self> {
        let staging = out.join(STAGING);
        let is_new = storage.stat(out)?.is_none();
        storage.create_dir(out)?;
        if matches!(storage.kind(&staging)?, Some(kind) if kind != NameKind::Dir) {
            return Err(Error::output("it is in the way: shardify stages files in a folder of this name")).at(staging);
        }
        storage.create_dir(&staging)?;
        let Some(lock) = storage.lock(&staging.join(LOCK))? else {
            return Err(Error::output("another export is writing to this folder")
                .with_hint("wait for it, or choose another folder"))
            .at(out);
        };
        for (name, kind) in storage.list(&staging)?.iter() {
            let path = staging.join(OsStr::from_bytes(name));
            match kind {
                NameKind::Dir => storage.remove_tree(&path)?,
                // The lock.
                NameKind::File => {}
                // What it leads to would be written to.
                NameKind::Link | NameKind::Other => return Err(in_the_way(kind, "staged files")).at(path),
            }
        }
        Ok(Self {
            storage,
            out,
            inputs,
            overwrite,
            is_new,
            staging,
            folders: HashSet::new(),
            pending: Vec::new(),
            pending_bytes: 0,
            lock: Some(lock),
        })
    }

    /// Whether names that differ in case only are one name in this folder.
    pub(super) fn folds_case(&self) -> Result<bool> {
        Ok(self.storage.kind(&self.out.join(STAGING.to_ascii_uppercase()))?.is_some())
    }

    /// A folder for the staged files of one worker.
    pub(super) fn staging_of(&self, worker: u64) -> Result<PathBuf> {
        let dir = self.staging.join(worker.to_string());
        self.storage.create_private_dir(&dir)?;
        Ok(dir)
    }

    /// Where a file goes, once its folders are there. Nothing that stands there already is followed or replaced, unless it is
    /// a file and may be.
    pub(super) fn place(&mut self, relative: &[u8]) -> Result<PathBuf> {
        let relative = Path::new(OsStr::from_bytes(relative));
        if let Some(above) = relative.parent().filter(|above| !self.folders.contains(*above)) {
            let mut folder = PathBuf::new();
            for part in above.components() {
                folder.push(part);
                self.folder(&folder)?;
            }
            self.folders.insert(above.to_path_buf());
        }
        let dest = self.out.join(relative);
        match self.storage.kind(&dest)? {
            None => Ok(dest),
            Some(NameKind::File) if self.overwrite && self.inputs.hold(self.storage, &dest)? => {
                Err(Error::output("it belongs to the shards that are exported, which are never changed")
                    .with_hint("choose another output folder"))
                .at(dest)
            }
            Some(NameKind::File) if self.overwrite => Ok(dest),
            Some(kind) => Err(in_the_way(kind, "a file")).at(dest),
        }
    }

    fn folder(&mut self, relative: &Path) -> Result<()> {
        if self.folders.contains(relative) {
            return Ok(());
        }
        let dir = self.out.join(relative);
        match self.storage.kind(&dir)? {
            None => self.storage.create_dir(&dir)?,
            Some(NameKind::Dir) => {}
            Some(kind) => return Err(in_the_way(kind, "a folder")).at(dir),
        }
        self.folders.insert(relative.to_path_buf());
        Ok(())
    }

    /// Gives a staged file its name, soon.
    pub(super) fn take(&mut self, staged: PathBuf, relative: &[u8], bytes: u64) -> Result<()> {
        let dest = self.place(relative)?;
        self.pending.push((staged, dest));
        self.pending_bytes += bytes;
        if self.pending.len() >= BATCH || self.pending_bytes >= BATCH_BYTES { self.commit() } else { Ok(()) }
    }

    fn commit(&mut self) -> Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        self.storage.sync_all(self.out)?;
        for (staged, dest) in self.pending.drain(..) {
            self.storage.rename(&staged, &dest)?;
        }
        self.pending_bytes = 0;
        Ok(())
    }

    /// Gives every staged file its name and makes all of them durable.
    pub(super) fn finish(mut self) -> Result<()> {
        self.commit()?;
        if let Some(lock) = self.lock.take() {
            self.storage.remove_locked(&self.staging, LOCK, lock)?;
        }
        self.is_new = false;
        self.storage.sync_all(self.out)
    }
}

impl Drop for OutFolder<'_> {
    fn drop(&mut self) {
        if let Some(lock) = self.lock.take() {
            // Why the run ended is what the user must hear; that cleaning up failed too adds nothing.
            let _ = self.storage.remove_locked(&self.staging, LOCK, lock);
            if self.is_new {
                let _ = self.storage.remove_empty_dir(self.out);
            }
        }
    }
}

fn in_the_way(kind: NameKind, wanted: &str) -> Error {
    let what = match kind {
        NameKind::File => "a file",
        NameKind::Dir => "a folder",
        NameKind::Link => "a link",
        NameKind::Other => "a pipe, device or socket",
    };
    Error::output(format!("{what} is in the way of {wanted}"))
        .with_hint("move it away, or choose another output folder")
}
