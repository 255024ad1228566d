//! From paths to folders with shards.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use super::glob;
use crate::{
    error::{At, Error, Printable, Result},
    ops::publish::{INDEX_NAME, WORK_NAME},
    shard::ParsedName,
    storage::{EntryKind, NameKind, Storage},
};

/// Folders inside folders are searched this deep.
const MAX_DEPTH: usize = 32;

/// A folder, and the files of it that are shards.
#[derive(Debug, Default)]
pub(super) struct Folder {
    pub(super) dir: PathBuf,
    pub(super) is_whole: bool,
    pub(super) shards: Vec<PathBuf>,
    pub(super) leftovers: Vec<PathBuf>,
    /// Why nothing of this is known.
    pub(super) unlisted: Option<Error>,
}

/// The folders that the paths are or lie in, each once.
pub(super) fn folders(storage: &dyn Storage, paths: &[PathBuf]) -> Result<Vec<Folder>> {
    let mut found: Vec<Folder> = Vec::new();
    // A folder may be named in several ways, as `out`, `./out` and by a link.
    let mut real_dirs: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
    let mut positions = BTreeMap::new();
    let mut names: Vec<BTreeSet<OsString>> = Vec::new();
    let mut take = |mut folder: Folder| {
        let real = real_dirs.entry(folder.dir.clone()).or_insert_with_key(|dir| real(storage, dir));
        let at = *positions.entry(real.clone()).or_insert(found.len());
        if names.len() <= at {
            names.push(BTreeSet::new());
        }
        if let Some(names) = names.get_mut(at) {
            folder.shards.retain(|path| names.insert(path.file_name().unwrap_or_default().to_owned()));
        }
        match found.get_mut(at) {
            None => found.push(folder),
            Some(there) => {
                there.is_whole |= folder.is_whole;
                // One spelling of the folder for all that is in it.
                let moved = folder.shards.into_iter().map(|path| match path.file_name() {
                    Some(name) if folder.dir != there.dir => there.dir.join(name),
                    _ => path,
                });
                there.shards.extend(moved.collect::<Vec<_>>());
                if there.leftovers.is_empty() {
                    there.leftovers = folder.leftovers;
                }
            }
        }
    };
    for path in paths {
        // A file may be called like a pattern.
        let is_pattern = glob::is_pattern(path) && storage.stat(path)?.is_none();
        let named = if is_pattern { glob::expand(storage, path)? } else { vec![path.clone()] };
        if named.is_empty() {
            return Err(Error::not_found("no file matches this pattern").with_hint("check the path")).at(path);
        }
        let mut files: Vec<Folder> = Vec::new();
        for path in named {
            match storage.stat(&path)? {
                None => {
                    return Err(Error::not_found("there is no such file or folder").with_hint("check the path"))
                        .at(path);
                }
                Some(EntryKind::Dir) => {
                    let inside = walk(storage, &path)?;
                    if inside.is_empty() && !is_pattern {
                        return Err(no_shards(format!("no file in `{}` has the name of a shard", Printable(&path))));
                    }
                    inside.into_iter().for_each(&mut take);
                }
                // A pattern picks up what stands beside the shards; what is named by itself is meant.
                Some(_) if is_pattern && !is_shard(&path) => {}
                Some(_) => {
                    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
                    match files.last_mut().filter(|folder| folder.dir == dir) {
                        Some(folder) => folder.shards.push(path),
                        None => files.push(Folder { dir: dir.to_owned(), shards: vec![path], ..Folder::default() }),
                    }
                }
            }
        }
        files.into_iter().for_each(&mut take);
    }
    if found.is_empty() {
        return Err(no_shards("no file that matches has the name of a shard"));
    }
    Ok(found)
}

/// What a folder is called without links; its name as it is if that cannot be found out.
fn real(storage: &dyn Storage, dir: &Path) -> PathBuf {
    storage.canonical(dir).unwrap_or_else(|_| dir.to_path_buf())
}

fn is_shard(path: &Path) -> bool {
    // A name that is no UTF-8 may be that of a shard all the same.
    let is_shard = |name: &OsStr| ParsedName::parse(name.to_string_lossy().as_ref().as_ref()).is_shard();
    path.file_name().is_some_and(is_shard)
}

fn no_shards(message: impl Into<String>) -> Error {
    Error::inputs(message).with_hint(
        "shards are known by their names, as in x.tfrecord or train-00000-of-00010; name the files themselves if theirs are \
         different",
    )
}

/// A folder and those in it, as far as they hold shards or a manifest.
fn walk(storage: &dyn Storage, dir: &Path) -> Result<Vec<Folder>> {
    let mut found = Vec::new();
    let mut todo = vec![(dir.to_path_buf(), 0)];
    // Links come last: what they lead to is shown under its own name if it is in here too, and none runs in circles.
    let mut links = VecDeque::new();
    let mut seen = BTreeSet::new();
    while let Some((dir, depth)) = todo.pop().or_else(|| links.pop_front()) {
        if !seen.insert(real(storage, &dir)) {
            continue;
        }
        let mut folder = Folder { dir: dir.clone(), is_whole: true, ..Folder::default() };
        let mut inner = Vec::new();
        let mut has_manifest = false;
        let names = match storage.list(&dir) {
            Ok(names) => names,
            // What was named must be there; a folder somewhere inside must not hide the others.
            Err(error) if depth > 0 => {
                found.push(Folder { unlisted: Some(error), ..folder });
                continue;
            }
            Err(error) => return Err(error),
        };
        for (name, kind) in names.iter() {
            let (path, text) = (dir.join(OsStr::from_bytes(name)), String::from_utf8_lossy(name));
            let is_link = kind == NameKind::Link;
            let kind = match kind {
                NameKind::Link => match storage.stat(&path) {
                    Ok(Some(EntryKind::Dir)) => NameKind::Dir,
                    Ok(Some(EntryKind::File { .. })) => NameKind::File,
                    // A link to nowhere under the name of a shard is a shard that cannot be read.
                    Ok(None) | Err(_) if is_shard(&path) => NameKind::File,
                    _ => continue,
                },
                kind => kind,
            };
            match kind {
                NameKind::Dir if text == WORK_NAME => folder.leftovers.push(path),
                NameKind::Dir if text != INDEX_NAME && !text.starts_with('.') && depth < MAX_DEPTH => match is_link {
                    true => links.push_back((path, depth + 1)),
                    false => inner.push((path, depth + 1)),
                },
                NameKind::File if text.starts_with('.') && text.ends_with(".partial") => folder.leftovers.push(path),
                NameKind::File if !text.starts_with('.') => {
                    has_manifest |= text == crate::index::MANIFEST_NAME;
                    if is_shard(&path) {
                        folder.shards.push(path);
                    }
                }
                _ => {}
            }
        }
        if !folder.shards.is_empty() || has_manifest || !folder.leftovers.is_empty() {
            found.push(folder);
        }
        todo.extend(inner.into_iter().rev());
    }
    found.sort_by(|a, b| a.dir.cmp(&b.dir));
    Ok(found)
}
