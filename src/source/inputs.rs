//! What the user gave as inputs: folders, or lists. Not both, no folder twice, and each with a name of its own.

use std::{
    os::unix::ffi::OsStrExt,
    path::{Component, Path, PathBuf},
};

use super::{
    csv_rows::is_list,
    wording::{show, show_path},
};
use crate::{
    error::{At, Error, Result},
    storage::{EntryKind, Storage},
};

/// One input.
#[derive(Debug)]
pub(super) struct Input {
    /// As given.
    pub(super) path: PathBuf,
    /// What names are relative to: the folder, or the folder of the list.
    pub(super) dir: PathBuf,
    /// The same without links.
    pub(super) real: PathBuf,
    /// What names start with, where there are several folders: the last part of `dir` and `/`.
    pub(super) prefix: Vec<u8>,
}

/// All inputs of a run.
#[derive(Debug)]
pub(super) enum Inputs {
    Folders(Vec<Input>),
    Lists(Vec<Input>),
}

/// Looks at what is there.
pub(super) fn resolve(storage: &dyn Storage, paths: &[PathBuf]) -> Result<Inputs> {
    let (mut folders, mut lists) = (Vec::new(), Vec::new());
    for path in paths {
        match storage.stat(path)? {
            Some(EntryKind::Dir) => folders.push(input(storage, path, path)?),
            Some(EntryKind::File { .. }) if is_list(path) => {
                lists.push(input(storage, path, path.parent().unwrap_or(Path::new("")))?);
            }
            Some(EntryKind::File { .. } | EntryKind::Other) => {
                let hint = "give a folder of images, or a list of them as .csv or .tsv";
                return Err(Error::inputs("neither a folder nor a list").with_hint(hint)).at(path);
            }
            None => {
                let hint = "check the spelling and the folder that you are in";
                return Err(Error::not_found("there is no such file or folder").with_hint(hint)).at(path);
            }
        }
    }
    match (folders.first(), lists.first()) {
        (None, None) => Err(Error::inputs("no inputs were given").with_hint("give a folder of images, or a list")),
        (Some(folder), Some(list)) => {
            let (folder, list) = (show_path(&folder.path), show_path(&list.path));
            Err(Error::inputs(format!("{folder} is a folder and {list} is a list: they cannot be mixed"))
                .with_hint("give only one kind; to label the images of a folder with a list, use --labels LIST.csv"))
        }
        (Some(_), None) => {
            refuse_overlap(&folders, false)?;
            Ok(Inputs::Folders(with_prefixes(folders)?))
        }
        (None, Some(_)) => {
            refuse_overlap(&lists, true)?;
            Ok(Inputs::Lists(with_prefixes(lists)?))
        }
    }
}

fn input(storage: &dyn Storage, path: &Path, dir: &Path) -> Result<Input> {
    let here = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    let real = storage.canonical(here)?;
    Ok(Input { path: path.to_path_buf(), dir: dir.to_path_buf(), real, prefix: Vec::new() })
}

/// Images that are reached by two inputs would be written twice. Several lists may share a folder: then their rows are
/// compared.
fn refuse_overlap(inputs: &[Input], may_share: bool) -> Result<()> {
    for (i, a) in inputs.iter().enumerate() {
        for b in inputs.iter().skip(i + 1) {
            let (outer, inner) = if b.real.starts_with(&a.real) { (a, b) } else { (b, a) };
            let is_same = a.real == b.real;
            if !inner.real.starts_with(&outer.real) || (is_same && may_share) {
                continue;
            }
            let (outer, inner) = (show_path(&outer.path), show_path(&inner.path));
            let message = match (is_same, may_share) {
                (true, _) => format!("the inputs {outer} and {inner} are the same folder"),
                (false, false) => format!("the input {inner} is inside the input {outer}"),
                (false, true) => format!("the list {inner} is in a folder inside that of the list {outer}"),
            };
            return Err(Error::inputs(message).with_hint("give each image once: join the lists, or drop an input"));
        }
    }
    Ok(())
}

/// Gives each input its prefix if their folders differ.
fn with_prefixes(mut inputs: Vec<Input>) -> Result<Vec<Input>> {
    let Some(first) = inputs.first().map(|input| input.real.clone()) else { return Ok(inputs) };
    if inputs.iter().all(|input| input.real == first) {
        return Ok(inputs);
    }
    for input in &mut inputs {
        let given = match input.dir.components().next_back() {
            Some(Component::Normal(name)) => Some(name),
            _ => input.real.file_name(),
        };
        let name = given.map(|name| name.as_bytes().to_vec()).unwrap_or_default();
        if name.is_empty() {
            return Err(Error::inputs("the root folder cannot be one of several inputs")).at(&input.path);
        }
        input.prefix = [&name[..], b"/"].concat();
    }
    for (i, a) in inputs.iter().enumerate() {
        if let Some(b) = inputs.iter().skip(i + 1).find(|b| b.prefix == a.prefix && b.real != a.real) {
            let name = show(a.prefix.strip_suffix(b"/").unwrap_or(&a.prefix));
            let message = format!("{} and {} are both called {name}", show_path(&a.path), show_path(&b.path));
            return Err(Error::inputs(format!("{message}, so names in them could not be told apart"))
                .with_hint("rename one of them, or give the folder above both"));
        }
    }
    Ok(inputs)
}
