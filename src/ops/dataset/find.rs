//! From paths to folders with shards.

use std::{
    collections::{BTreeMap, BTreeSet},
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

/// Folders inside folders are searched this deep: links may run in circles.
const MAX_DEPTH: usize = 32;

/// A folder, and the files of it that are shards.
#[derive(Debug, Default)]
pub(super) struct Folder {
    pub(super) dir: PathBuf,
    pub(super) is_whole: bool,
    pub(super) shards: Vec<PathBuf>,
    pub(super) leftovers: Vec<PathBuf>,
}

/// The folders that the paths are or lie in, each once.
pub(super) fn folders(storage: &dyn Storage, paths: &[PathBuf]) -> Result<Vec<Folder>> {
    let mut found: Vec<Folder> = Vec::new();
    let mut positions = BTreeMap::new();
    let mut take = |folder: Folder| {
        // `d`, `./d` and a link to it are one folder: no record may come twice because its shard was named twice.
        let place = storage.canonical(&folder.dir).unwrap_or_else(|_| folder.dir.clone());
        let at = *positions.entry(place).or_insert(found.len());
        match found.get_mut(at) {
            None => found.push(folder),
            Some(there) => {
                there.is_whole |= folder.is_whole;
                let known: BTreeSet<OsString> = there.shards.iter().filter_map(|path| name_of(path)).collect();
                for path in folder.shards {
                    match name_of(&path).filter(|name| !known.contains(name)) {
                        Some(name) if folder.dir != there.dir => there.shards.push(there.dir.join(name)),
                        Some(_) => there.shards.push(path),
                        None => {}
                    }
                }
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
            return Err(Error::inputs("no file matches this pattern").with_hint("check the path")).at(path);
        }
        let mut files: Vec<Folder> = Vec::new();
        for path in named {
            match storage.stat(&path)? {
                None => {
                    return Err(Error::inputs("there is no such file or folder").with_hint("check the path")).at(path);
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

fn name_of(path: &Path) -> Option<OsString> {
    path.file_name().map(OsStr::to_os_string)
}

fn is_shard(path: &Path) -> bool {
    path.file_name().is_some_and(|name| ParsedName::parse(name).is_shard())
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
    while let Some((dir, depth)) = todo.pop() {
        let mut folder = Folder { dir: dir.clone(), is_whole: true, ..Folder::default() };
        let mut inner = Vec::new();
        let mut has_manifest = false;
        for (name, kind) in storage.list(&dir)?.iter() {
            let (path, text) = (dir.join(OsStr::from_bytes(name)), String::from_utf8_lossy(name));
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
                NameKind::Dir if text != INDEX_NAME && !text.starts_with('.') && depth < MAX_DEPTH => {
                    inner.push((path, depth + 1));
                }
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
    Ok(found)
}
