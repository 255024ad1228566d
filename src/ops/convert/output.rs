//! The output folder: what is there already, whose it is, and the lock that keeps a second run out.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Component, Path, PathBuf},
};

use super::{ConvertOptions, Existing, commit::Commit, plan::Fingerprint};
use crate::{
    error::{At, Error, ErrorKind, Result},
    index::{FORMAT_VERSION, MANIFEST_NAME, Manifest},
    pipeline::{WorkDir, read_json, write_json},
    storage::{EntryKind, Lock, NameKind, Storage},
};

/// The work folder in the output folder. Its name starts with a dot, so no pattern for shards matches what is in it.
const WORK_NAME: &str = ".shardify";
pub(super) const LOCK_NAME: &str = "lock";
const PLAN_NAME: &str = "plan.json";
const OWNED_NAME: &str = "owned.json";
/// The folder of the record indexes.
pub(super) const INDEX_NAME: &str = "index";

/// An output folder that this run may write to, and nobody else meanwhile.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) out: PathBuf,
    pub(super) work: WorkDir,
    /// Files of an earlier complete run, relative to the folder, which this run may replace.
    pub(super) owned: BTreeSet<PathBuf>,
    /// Whether opening it finished a publication.
    pub(super) published: bool,
    existing: Existing,
    /// Folders that this run made, the innermost first.
    created: Vec<PathBuf>,
    _lock: Lock,
}

impl Output {
    /// Checks that the folder may be used, makes it if needed, and takes the lock. Nothing of an earlier run is touched
    /// yet, except that a publication that was interrupted is finished when resuming.
    pub(super) fn open(options: &ConvertOptions, storage: &dyn Storage) -> Result<Self> {
        let out = &options.out;
        let work = WorkDir::new(out.join(WORK_NAME));
        refuse_file(out, storage)?;
        // The lock first: what a run that is still going has written is not what an interrupted one left behind.
        let held = match storage.stat(&work.dir().join(LOCK_NAME))? {
            Some(_) => Some(take_lock(out, &work, storage)?),
            None => None,
        };
        check(options, storage)?;
        let created = missing_folders(out, storage)?;
        // Made before what is in it, so that a refusal names the folder that the user knows.
        storage.create_dir(out)?;
        let fresh = storage.stat(work.dir())?.is_none();
        let opened = Self::open_checked(options, storage, work, created.clone(), held);
        if fresh && opened.is_err() {
            // The error is what the user must hear; that cleaning up failed too adds nothing.
            let _ = clean_up(storage, &out.join(WORK_NAME), &created);
        }
        opened
    }

    fn open_checked(
        options: &ConvertOptions,
        storage: &dyn Storage,
        work: WorkDir,
        created: Vec<PathBuf>,
        held: Option<Lock>,
    ) -> Result<Self> {
        let out = &options.out;
        storage.create_dir(work.dir())?;
        let lock = match held {
            Some(lock) => lock,
            None => take_lock(out, &work, storage)?,
        };
        // The scratch files of a run that was killed; the lock says that it is gone.
        sweep(storage, work.dir(), |name| name.starts_with("spool-") || name.ends_with(".partial"))?;
        let has_index = index_is_folder(storage, out)?;
        let mut commit = Commit::read(storage, work.dir(), |path| is_ours(path) && (has_index || !in_index(path)))?;
        let published = options.existing == Existing::Resume && commit.is_some();
        if let Some(commit) = commit.take_if(|_| published) {
            // All shards are made: what is left is giving them their names.
            commit.apply(storage, out, work.dir())?;
        }
        let mut owned: BTreeSet<PathBuf> = read_manifest(storage, out)?.iter().flat_map(owned_files).collect();
        owned.extend(commit.iter().flat_map(Commit::names));
        owned.extend(read_json::<Vec<PathBuf>>(storage, &work.dir().join(OWNED_NAME))?.unwrap_or_default());
        owned.retain(|path| is_ours(path) && (has_index || !in_index(path)));
        Ok(Self { out: out.clone(), work, owned, existing: options.existing, created, published, _lock: lock })
    }

    /// Decides what of an earlier run is used, now that the plan of this one is known. Returns the manifest of a complete
    /// run of the same plan, if there is one.
    pub(super) fn begin(
        &self,
        storage: &dyn Storage,
        plan: &mut Fingerprint,
        names: &[String],
    ) -> Result<Option<Manifest>> {
        let plan_path = self.work.dir().join(PLAN_NAME);
        if self.existing == Existing::Resume {
            if let Some(before) = read_json::<Fingerprint>(storage, &plan_path)? {
                if let Some(difference) = plan.difference(&before) {
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
                if let Some(difference) = plan.difference(&before) {
                    return Err(Error::output(format!("this folder holds another finished data set: {difference}"))
                        .with_hint("choose another output folder, or replace it with --overwrite"))
                    .at(&self.out);
                }
                if plan.newest > storage.modified(&self.out.join(MANIFEST_NAME))? {
                    return Err(Error::output("an array file was changed after this data set was made of it")
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
        sweep(storage, self.work.dir(), |name| !kept.contains(&name) && !name.starts_with("spool-"))?;
        write_json(storage, &plan_path, plan)?;
        storage.sync_dir(self.work.dir())?;
        storage.sync_dir(&self.out)?;
        for made in &self.created {
            let parent = made.parent().filter(|parent| !parent.as_os_str().is_empty());
            storage.sync_dir(parent.unwrap_or(Path::new(".")))?;
        }
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
                .with_hint("move it away, or choose another output folder or --name"))
                .at(&self.out);
            }
        }
        Ok(())
    }

    /// After a run that failed: leaves nothing behind unless there is something to go on from.
    pub(super) fn abandon(self, storage: &dyn Storage) -> Result<()> {
        for (name, _) in storage.list(self.work.dir())?.iter() {
            if name.ends_with(b".json") && name != PLAN_NAME.as_bytes() {
                return Ok(());
            }
        }
        clean_up(storage, self.work.dir(), &self.created)
    }
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

/// Removes the work folder, and the folders that were made for it if nothing else is in them.
fn clean_up(storage: &dyn Storage, work: &Path, created: &[PathBuf]) -> Result<()> {
    storage.remove_tree(work)?;
    created.iter().try_for_each(|folder| storage.remove_empty_dir(folder))
}

/// The output folder and those above it, as far as they have to be made; the innermost first.
fn missing_folders(out: &Path, storage: &dyn Storage) -> Result<Vec<PathBuf>> {
    let mut missing = Vec::new();
    for folder in out.ancestors().filter(|folder| !folder.as_os_str().is_empty()) {
        if storage.stat(folder)?.is_some() {
            break;
        }
        missing.push(folder.to_path_buf());
    }
    Ok(missing)
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

/// Whether the folder may be used at all, looked at from outside, without touching anything.
pub(super) fn check(options: &ConvertOptions, storage: &dyn Storage) -> Result<()> {
    refuse_file(&options.out, storage)?;
    // Before what is in the folder: an output that is the input is never empty, and that is not what is wrong with it.
    refuse_nesting(options, storage)?;
    check_folder(options, storage, &WorkDir::new(options.out.join(WORK_NAME)))
}

/// Refuses an output that is no folder, or that could only be below something that is none.
fn refuse_file(out: &Path, storage: &dyn Storage) -> Result<()> {
    for path in out.ancestors().filter(|path| !path.as_os_str().is_empty()) {
        let what = match storage.stat(path) {
            Ok(None) => continue,
            Ok(Some(EntryKind::Dir)) => return Ok(()),
            Ok(Some(EntryKind::File { .. })) => "a file",
            Ok(Some(EntryKind::Other)) => "a pipe, device or socket",
            // Below a file; what that file is, the next round says.
            Err(error) if is_below_file(&error) => continue,
            Err(error) => return Err(error),
        };
        let message = match path == out {
            true => format!("the output must be a folder, and this is {what}"),
            false => format!("no folder can be made in {}, which is {what}", crate::error::Printable(path)),
        };
        return Err(Error::output(message).with_hint("name another folder: the last argument is the output")).at(out);
    }
    Ok(())
}

fn is_below_file(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Io { source, .. } if source.kind() == std::io::ErrorKind::NotADirectory)
}

/// Whether what is in the folder allows this run.
fn check_folder(options: &ConvertOptions, storage: &dyn Storage, work: &WorkDir) -> Result<()> {
    let out = &options.out;
    if storage.stat(out)?.is_none() {
        return Ok(());
    }
    let is_there = |name| Ok(storage.stat(&work.dir().join(name))?.is_some());
    let interrupted = is_there(PLAN_NAME)? || is_there(OWNED_NAME)?;
    let complete = storage.stat(&out.join(MANIFEST_NAME))?.is_some();
    match options.existing {
        Existing::Overwrite => return Ok(()),
        Existing::Resume if interrupted || complete => return Ok(()),
        Existing::Refuse if interrupted => {
            let done = storage.list(work.dir())?.iter().filter(|(name, _)| name.ends_with(b".tfrecord")).count();
            let shards = if done == 1 { "shard" } else { "shards" };
            return Err(Error::output(format!("an interrupted run is here, with {done} {shards} finished"))
                .with_hint("go on with --resume, or start again with --overwrite"))
            .at(out);
        }
        Existing::Refuse if complete => {
            return Err(Error::output("the folder holds a finished data set already")
                .with_hint("choose another folder, or replace the data set with --overwrite"))
            .at(out);
        }
        Existing::Refuse | Existing::Resume => {}
    }
    // Names that start with a dot are no business of ours, nor of any reader.
    let names = storage.list(out)?;
    let foreign: Vec<_> = names.iter().filter(|(name, _)| !name.starts_with(b".")).collect();
    if let Some((name, _)) = foreign.first() {
        let name = crate::error::Printable(Path::new(OsStr::from_bytes(name))).to_string();
        return Err(Error::output(format!(
            "the output folder is not empty: it holds `{name}`{}",
            others(foreign.len() - 1)
        ))
        .with_hint(
            "name a new or empty folder as the last argument; --overwrite goes on beside foreign files and leaves them alone",
        ))
        .at(out);
    }
    Ok(())
}

fn others(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => " and one other".to_owned(),
        _ => format!(" and {count} others"),
    }
}

/// Output inside an input would be read as input the next time, or even this time.
fn refuse_nesting(options: &ConvertOptions, storage: &dyn Storage) -> Result<()> {
    // The output may not exist yet: its nearest existing parent tells where it will be.
    let mut existing = options.out.as_path();
    let mut rest = PathBuf::new();
    while storage.stat(existing)?.is_none() {
        let Some(name) = existing.file_name() else { break };
        rest = Path::new(name).join(&rest);
        existing = existing.parent().unwrap_or(Path::new(""));
        if existing.as_os_str().is_empty() {
            existing = Path::new(".");
        }
    }
    let out = storage.canonical(existing)?.join(rest);
    for input in &options.inputs {
        if storage.stat(input)? != Some(EntryKind::Dir) {
            continue;
        }
        let input_path = storage.canonical(input)?;
        if out.starts_with(&input_path) {
            let same = if out == input_path { "is" } else { "lies inside" };
            return Err(Error::output(format!(
                "the output folder {same} the input {}",
                crate::error::Printable(input)
            ))
            .with_hint("choose an output folder outside of the inputs"))
            .at(&options.out);
        }
    }
    Ok(())
}

fn read_manifest(storage: &dyn Storage, out: &Path) -> Result<Option<Manifest>> {
    let path = out.join(MANIFEST_NAME);
    let manifest: Option<Manifest> = read_json(storage, &path)?;
    if manifest.is_none() && storage.stat(&path)?.is_some() {
        return Err(Error::output("it is not a manifest that this version of shardify can read")
            .with_hint("if the folder may be replaced, remove the file first"))
        .at(path);
    }
    if let Some(found) = manifest.as_ref().filter(|manifest| manifest.format_version > FORMAT_VERSION) {
        return Err(Error::output(format!(
            "the manifest has format version {}, and this shardify knows versions up to {FORMAT_VERSION}",
            found.format_version
        ))
        .with_hint("use the version of shardify that wrote it, or a newer one"))
        .at(path);
    }
    Ok(manifest)
}

/// The files that a finished run wrote, relative to its folder.
fn owned_files(manifest: &Manifest) -> Vec<PathBuf> {
    let shards = manifest.splits.iter().flat_map(|split| &split.shards);
    let mut files: Vec<PathBuf> = vec![PathBuf::from(MANIFEST_NAME)];
    files.extend(shards.flat_map(|shard| [PathBuf::from(&shard.name), index_file(&shard.name)]));
    files.extend(manifest.files.iter().map(PathBuf::from));
    files
}

/// Where the record index of a shard is, relative to the output folder.
pub(super) fn index_file(shard: &str) -> PathBuf {
    Path::new(INDEX_NAME).join(format!("{shard}.idx"))
}

fn in_index(path: &Path) -> bool {
    path.starts_with(INDEX_NAME)
}

/// Whether the folder of the indexes is one, or is still to be made: a link might lead anywhere.
fn index_is_folder(storage: &dyn Storage, out: &Path) -> Result<bool> {
    let names = storage.list(out)?;
    Ok(names.iter().all(|(name, kind)| name != INDEX_NAME.as_bytes() || kind == NameKind::Dir))
}

/// Whether a path in the output folder can be that of a file of ours. Manifests and lists of things to do are files that
/// anyone may have edited: they may not lead out of the folder, nor to what shardify never writes.
fn is_ours(path: &Path) -> bool {
    let mut names = path.components().map(|component| match component {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    match (names.next().flatten(), names.next(), names.next()) {
        (Some(name), None, None) => {
            [MANIFEST_NAME, "dataset_info.json", "features.json", super::FAILURES_NAME].contains(&name)
                || name.ends_with(".labels.txt")
                || name.contains(".tfrecord-")
        }
        (Some(INDEX_NAME), Some(Some(name)), None) => name.ends_with(".idx"),
        _ => false,
    }
}
