//! The output folder: what is there already, whose it is, and the lock that keeps a second run out.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use super::{
    Existing, Fingerprint, Target, Words,
    commit::Commit,
    folder::{check, missing_folders, refuse_file, refuse_linked},
    owned::{INDEX_NAME, in_index, index_is_folder, is_ours, owned_files, read_manifest},
};
use crate::{
    error::{At, Error, ErrorKind, Result},
    index::{MANIFEST_NAME, Manifest},
    pipeline::{WorkDir, read_json, write_json},
    storage::{Lock, NameKind, Storage},
};

/// The work folder in the output folder. Its name starts with a dot, so no pattern for shards matches what is in it.
pub(crate) const WORK_NAME: &str = ".shardify";
pub(super) const LOCK_NAME: &str = "lock";
pub(super) const PLAN_NAME: &str = "plan.json";
pub(super) const OWNED_NAME: &str = "owned.json";

/// An output folder that this run may write to, and nobody else meanwhile.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) out: PathBuf,
    pub(crate) work: WorkDir,
    /// Files of an earlier complete run, relative to the folder, which this run may replace.
    pub(crate) owned: BTreeSet<PathBuf>,
    /// Whether opening it finished a publication.
    pub(crate) published: bool,
    existing: Existing,
    words: Words,
    /// Folders that this run made, the innermost first.
    created: Vec<PathBuf>,
    lock: Lock,
}

impl Output {
    /// Checks that the folder may be used, makes it if needed, and takes the lock. Nothing of an earlier run is touched
    /// yet, except that a publication that was interrupted is finished when resuming.
    pub(crate) fn open(target: &Target<'_>, storage: &dyn Storage) -> Result<Self> {
        let out = target.out;
        let work = WorkDir::new(out.join(WORK_NAME));
        refuse_file(out, storage)?;
        refuse_linked(work.dir(), storage)?;
        // The lock first: what a run that is still going has written is not what an interrupted one left behind.
        let held = match storage.kind(&work.dir().join(LOCK_NAME))? {
            Some(_) => Some(take_lock(out, &work, storage)?),
            None => None,
        };
        check(target, storage)?;
        let created = missing_folders(out, storage)?;
        // Made before what is in it, so that a refusal names the folder that the user knows.
        storage.create_dir(out)?;
        let lock = match held {
            Some(lock) => lock,
            None => make_work(out, &work, storage).inspect_err(|_| {
                // What is in the work folder belongs to who has the lock: only if there is nothing, it goes.
                let _ = remove_if_empty(storage, work.dir(), &created);
            })?,
        };
        match Self::open_locked(target, storage, &work) {
            Ok((owned, published)) => {
                let (out, existing, words) = (out.to_path_buf(), target.existing, target.words);
                Ok(Self { out, work, owned, existing, words, created, published, lock })
            }
            Err(error) => {
                // While the lock is held, or it might be the work of the next run that goes. The error is what the user must
                // hear; that cleaning up failed too adds nothing.
                if has_only_lock(storage, work.dir()) {
                    let _ = clean_up(storage, work.dir(), lock, &created);
                }
                Err(error)
            }
        }
    }

    /// The files in the folder that are ours, and whether a publication was finished.
    fn open_locked(target: &Target<'_>, storage: &dyn Storage, work: &WorkDir) -> Result<(BTreeSet<PathBuf>, bool)> {
        let out = target.out;
        // Another run may have ended between the first look and the lock.
        check(target, storage)?;
        // The scratch files of a run that was killed; the lock says that it is gone.
        sweep(storage, work.dir(), |name| is_scratch(name) || name.ends_with(".partial"))?;
        let has_index = index_is_folder(storage, out)?;
        let mut commit = Commit::read(storage, work.dir(), |path| is_ours(path) && (has_index || !in_index(path)))?;
        let published = target.existing == Existing::Resume && commit.is_some();
        if let Some(commit) = commit.take_if(|_| published) {
            // All shards are made: what is left is giving them their names. If the manifest is gone already, that must be
            // durable before more of them change, and who removed it may have been killed before it was.
            storage.sync_dir(out)?;
            commit.apply(storage, out, work.dir())?;
        }
        let mut owned: BTreeSet<PathBuf> = read_manifest(storage, out)?.iter().flat_map(owned_files).collect();
        owned.extend(commit.iter().flat_map(Commit::names));
        owned.extend(read_json::<Vec<PathBuf>>(storage, &work.dir().join(OWNED_NAME))?.unwrap_or_default());
        owned.retain(|path| is_ours(path) && (has_index || !in_index(path)));
        Ok((owned, published))
    }

    /// Decides what of an earlier run is used, now that the plan of this one is known. Returns the manifest of a complete
    /// run of the same plan, if there is one.
    pub(crate) fn begin(
        &self,
        storage: &dyn Storage,
        plan: &mut Fingerprint,
        names: &[String],
    ) -> Result<Option<Manifest>> {
        let plan_path = self.work.dir().join(PLAN_NAME);
        if self.existing == Existing::Resume {
            if let Some(before) = read_json::<Fingerprint>(storage, &plan_path)? {
                if let Some(difference) = plan.difference(&before, self.words.stamped) {
                    return Err(Error::output(format!(
                        "the interrupted run in this folder was another one: {difference}"
                    ))
                    .with_hint("repeat the earlier command with --resume, or start again with --overwrite"))
                    .at(&self.out);
                }
                // Compressed bytes depend on it, and the files that it was judged by may have changed.
                plan.batch_len = before.batch_len;
                return Ok(None);
            }
            if storage.stat(&plan_path)?.is_some() {
                return Err(Error::output(
                    "the interrupted run in this folder was made by another version of shardify",
                )
                .with_hint("resume it with that version, or start again with --overwrite"))
                .at(&self.out);
            }
            if let Some(manifest) = read_manifest(storage, &self.out)? {
                let before = Fingerprint {
                    tool: manifest.tool.clone(),
                    options: manifest.options.clone(),
                    inputs: plan.inputs,
                    inputs_sha256: manifest.inputs_sha256.clone(),
                    stamp: plan.stamp.clone(),
                    newest: plan.newest,
                    batch_len: plan.batch_len,
                };
                if let Some(difference) = plan.difference(&before, self.words.stamped) {
                    return Err(Error::output(format!("this folder holds another finished data set: {difference}"))
                        .with_hint("choose another output folder, or replace it with --overwrite"))
                    .at(&self.out);
                }
                if plan.newest > storage.modified(&self.out.join(MANIFEST_NAME))? {
                    return Err(Error::output(format!(
                        "{} was changed after this data set was made of it",
                        self.words.stamped
                    ))
                    .with_hint("make it anew with --overwrite"))
                    .at(&self.out);
                }
                return Ok(Some(manifest));
            }
        }
        self.refuse_clashes(storage, names)?;
        self.remember_owned(storage)?;
        // Without the list no half of it is ever done: it goes before what it speaks of.
        Commit::forget(storage, self.work.dir())?;
        let kept = [LOCK_NAME, OWNED_NAME];
        sweep(storage, self.work.dir(), |name| !kept.contains(&name) && !is_scratch(name))?;
        write_json(storage, &plan_path, plan)?;
        let mut folders = vec![self.work.dir(), &self.out];
        for made in &self.created {
            let parent = made.parent().filter(|parent| !parent.as_os_str().is_empty());
            folders.push(parent.unwrap_or(Path::new(".")));
        }
        storage.sync_dirs(&folders)?;
        Ok(None)
    }

    /// Writes down which files in the folder are ours, where no manifest says so: those of a publication that was
    /// interrupted and is not to be finished. If this run is interrupted too, the next one must still know.
    fn remember_owned(&self, storage: &dyn Storage) -> Result<()> {
        let listed: BTreeSet<PathBuf> = read_manifest(storage, &self.out)?.iter().flat_map(owned_files).collect();
        if self.owned.is_subset(&listed) {
            return Ok(());
        }
        write_json(storage, &self.work.dir().join(OWNED_NAME), &self.owned)?;
        storage.sync_dir(self.work.dir())
    }

    /// Refuses, before the work starts, to meet files of others at its end. `names` are the beginnings of the names of
    /// shards, or whole names.
    fn refuse_clashes(&self, storage: &dyn Storage, names: &[String]) -> Result<()> {
        for (name, kind) in storage.list(&self.out)?.iter() {
            let text = String::from_utf8_lossy(name);
            if text == INDEX_NAME && kind == NameKind::Dir {
                continue;
            }
            let clashes = names
                .iter()
                .any(|ours| if ours.ends_with('-') { text.starts_with(ours.as_str()) } else { text == ours.as_str() });
            if clashes && !self.owned.contains(Path::new(OsStr::from_bytes(name))) {
                return Err(Error::output(format!(
                    "`{}` is there already, and no earlier run of shardify is known to have written it",
                    crate::error::Printable(Path::new(OsStr::from_bytes(name)))
                ))
                .with_hint(format!("move it away, or choose {}", self.words.elsewhere)))
                .at(&self.out);
            }
        }
        Ok(())
    }

    /// Ends a run: the work folder goes. After one that failed it stays if there is something to go on from.
    ///
    /// # Errors
    /// The one of the run; [`ErrorKind::Io`](crate::ErrorKind::Io) if the work folder cannot be removed after a good one.
    pub(crate) fn end<T>(self, storage: &dyn Storage, outcome: Result<T>) -> Result<T> {
        match outcome {
            Ok(value) => {
                storage.remove_locked(self.work.dir(), LOCK_NAME, self.lock)?;
                storage.sync_dir(&self.out)?;
                Ok(value)
            }
            Err(error) => {
                // The reason for the end is what the user must hear; that cleaning up failed too adds nothing.
                let _ = self.abandon(storage);
                Err(error)
            }
        }
    }

    fn abandon(self, storage: &dyn Storage) -> Result<()> {
        for (name, _) in storage.list(self.work.dir())?.iter() {
            if name.ends_with(b".json") && name != PLAN_NAME.as_bytes() {
                return Ok(());
            }
        }
        clean_up(storage, self.work.dir(), self.lock, &self.created)
    }
}

/// Whether a name is that of a scratch file, and not of a shard of a split called `spool`.
fn is_scratch(name: &str) -> bool {
    name.starts_with("spool-") && name.ends_with(".bin")
}

/// Makes the work folder and takes the lock. Who is turned away, or ends, removes a folder in which nothing is yet.
fn make_work(out: &Path, work: &WorkDir, storage: &dyn Storage) -> Result<Lock> {
    let mut tries = 0..100;
    loop {
        storage.create_dir(work.dir())?;
        match take_lock(out, work, storage) {
            Err(error) if is_gone(&error) && tries.next().is_some() => {}
            taken => return taken,
        }
    }
}

fn is_gone(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound)
}

/// Keeps other runs out of the folder.
fn take_lock(out: &Path, work: &WorkDir, storage: &dyn Storage) -> Result<Lock> {
    match storage.lock(&work.dir().join(LOCK_NAME))? {
        Some(lock) => Ok(lock),
        None => Err(Error::output("another shardify is writing to this folder")
            .with_hint("wait until it is done, or choose another output folder"))
        .at(out),
    }
}

/// Whether a work folder holds nothing yet.
fn has_only_lock(storage: &dyn Storage, work: &Path) -> bool {
    storage.list(work).is_ok_and(|names| names.iter().all(|(name, _)| name == LOCK_NAME.as_bytes()))
}

/// Removes the work folder, and the folders that were made for it if nothing else is in them. Only who has the lock may.
fn clean_up(storage: &dyn Storage, work: &Path, lock: Lock, created: &[PathBuf]) -> Result<()> {
    storage.remove_locked(work, LOCK_NAME, lock)?;
    remove_if_empty(storage, work, created)
}

/// Removes those of the work folder and the folders that were made for it in which nothing is.
fn remove_if_empty(storage: &dyn Storage, work: &Path, created: &[PathBuf]) -> Result<()> {
    storage.remove_empty_dir(work)?;
    created.iter().try_for_each(|folder| storage.remove_empty_dir(folder))
}

/// Removes files of ours from the work folder.
pub(super) fn sweep(storage: &dyn Storage, work: &Path, unwanted: impl Fn(&str) -> bool) -> Result<()> {
    for (name, kind) in storage.list(work)?.iter() {
        if kind == NameKind::File && unwanted(&String::from_utf8_lossy(name)) {
            storage.remove(&work.join(OsStr::from_bytes(name)))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_scratch;

    #[test]
    fn shards_of_a_split_called_spool_are_no_scratch_files() {
        for (name, scratch) in
            [("spool-0-x-tfrecord-gz.bin", true), ("spool-00000.tfrecord", false), ("spool-00000.json", false)]
        {
            assert_eq!(is_scratch(name), scratch, "{name}");
        }
    }
}
