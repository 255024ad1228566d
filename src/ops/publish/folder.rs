//! Whether an output folder may be used: what it is, where it lies, and what is in it.

use std::{
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use super::{
    Existing, Target,
    output::{OWNED_NAME, PLAN_NAME, WORK_NAME},
};
use crate::{
    error::{At, Error, ErrorKind, Printable, Result},
    index::MANIFEST_NAME,
    pipeline::WorkDir,
    storage::{EntryKind, NameKind, Storage},
};

/// Whether the folder may be used at all, looked at from outside, without touching anything.
pub(crate) fn check(target: &Target<'_>, storage: &dyn Storage) -> Result<()> {
    refuse_file(target.out, storage)?;
    refuse_linked(&target.out.join(WORK_NAME), storage)?;
    // Before what is in the folder: an output that is the input is never empty, and that is not what is wrong with it.
    refuse_nesting(target, storage)?;
    check_folder(target, storage, &WorkDir::new(target.out.join(WORK_NAME)))
}

/// Refuses an output that is no folder, or that could only be below something that is none.
pub(super) fn refuse_file(out: &Path, storage: &dyn Storage) -> Result<()> {
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
            false => format!("no folder can be made in {}, which is {what}", Printable(path)),
        };
        return Err(Error::output(message).with_hint("name another folder: the last argument is the output")).at(out);
    }
    Ok(())
}

/// Refuses a work folder that is none: a link may lead to a folder of others, whose files would be swept away.
pub(super) fn refuse_linked(work: &Path, storage: &dyn Storage) -> Result<()> {
    match storage.kind(work)? {
        None | Some(NameKind::Dir) => Ok(()),
        Some(_) => Err(Error::output("it is in the way: shardify keeps what is unfinished in a folder of this name")
            .with_hint("remove it, or choose another output folder"))
        .at(work),
    }
}

fn is_below_file(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Io { source, .. } if source.kind() == std::io::ErrorKind::NotADirectory)
}

/// Whether what is in the folder allows this run.
fn check_folder(target: &Target<'_>, storage: &dyn Storage, work: &WorkDir) -> Result<()> {
    let out = target.out;
    if storage.stat(out)?.is_none() {
        return Ok(());
    }
    let is_there = |name| Ok(storage.stat(&work.dir().join(name))?.is_some());
    let interrupted = is_there(PLAN_NAME)? || is_there(OWNED_NAME)?;
    let complete = storage.stat(&out.join(MANIFEST_NAME))?.is_some();
    match target.existing {
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
        let name = Printable(Path::new(OsStr::from_bytes(name))).to_string();
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
fn refuse_nesting(target: &Target<'_>, storage: &dyn Storage) -> Result<()> {
    // The output may not exist yet: its nearest existing parent tells where it will be.
    let mut existing = target.out;
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
    for input in target.inputs {
        if storage.stat(input)? != Some(EntryKind::Dir) {
            continue;
        }
        let input_path = storage.canonical(input)?;
        if out.starts_with(&input_path) {
            let same = if out == input_path { "is" } else { "lies inside" };
            return Err(Error::output(format!("the output folder {same} the input {}", Printable(input)))
                .with_hint("choose an output folder outside of the inputs"))
            .at(target.out);
        }
    }
    Ok(())
}

/// The output folder and those above it, as far as they have to be made; the innermost first.
pub(super) fn missing_folders(out: &Path, storage: &dyn Storage) -> Result<Vec<PathBuf>> {
    let mut missing = Vec::new();
    for folder in out.ancestors().filter(|folder| !folder.as_os_str().is_empty()) {
        if storage.stat(folder)?.is_some() {
            break;
        }
        missing.push(folder.to_path_buf());
    }
    Ok(missing)
}
