//! Writing the page: complete or not at all, and never over a file that is no report.

use std::path::Path;

use crate::{
    error::{At, Error, Printable, Result},
    storage::{EntryKind, LocalStorage, StagedFile, Storage},
    tfrecord::header,
};

/// What the head of every page says; a file that has it may be replaced by a newer report.
pub(super) const GENERATOR: &str = "<meta name=\"generator\" content=\"shardify";

/// The generator stands in the first bytes of a page.
const HEAD: u64 = 4096;

/// Whether a page may and can be written there: asked before the work begins, too, which may take long.
///
/// # Errors
/// [`ErrorKind::Output`](crate::ErrorKind::Output) if another file is there, or a folder.
pub(super) fn check(out: &Path, overwrite: bool) -> Result<()> {
    is_free(out, overwrite)?;
    // It goes at once; that there is room and permission is what counts.
    StagedFile::create(out).map(drop)
}

fn is_free(out: &Path, overwrite: bool) -> Result<()> {
    let storage = &LocalStorage;
    match storage.stat(out)? {
        None => {
            let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty());
            match parent.map(|parent| storage.stat(parent)).transpose()? {
                Some(Some(EntryKind::Dir)) | None => Ok(()),
                Some(_) => {
                    let parent = Printable(parent.unwrap_or(out)).to_string();
                    Err(Error::output(format!("there is no folder {parent}")).with_hint("make it first")).at(out)
                }
            }
        }
        Some(EntryKind::File { bytes }) if is_shard(out, bytes)? => {
            Err(Error::output("a TFRecord is there, which is not replaced by a page")
                .with_hint("name another file with --out"))
            .at(out)
        }
        Some(EntryKind::File { bytes }) if overwrite || is_report(out, bytes)? => Ok(()),
        Some(EntryKind::File { .. }) => Err(Error::output("a file is there that is no report of shardify")
            .with_hint("name another file with --out; --overwrite replaces it"))
        .at(out),
        Some(_) => {
            Err(Error::output("it is there, and is no file").with_hint("name a file, as in --out report.html")).at(out)
        }
    }
}

fn head(out: &Path, bytes: u64) -> Result<Vec<u8>> {
    let file = LocalStorage.open(out)?;
    let mut head = vec![0; usize::try_from(bytes.min(HEAD)).unwrap_or(0)];
    file.read_exact_at(&mut head, 0).at(out)?;
    Ok(head)
}

/// A valid length at the start is nothing else.
fn is_shard(out: &Path, bytes: u64) -> Result<bool> {
    let head = head(out, bytes)?;
    let length = head.first_chunk().copied().map(u64::from_le_bytes);
    Ok(length.is_some_and(|length| head.starts_with(&header(length))))
}

fn is_report(out: &Path, bytes: u64) -> Result<bool> {
    let head = head(out, bytes)?;
    Ok(memchr::memmem::find(&head, GENERATOR.as_bytes()).is_some())
}

/// Writes the page.
pub(super) fn write(out: &Path, page: &str, overwrite: bool) -> Result<()> {
    is_free(out, overwrite)?;
    let mut file = StagedFile::create(out)?;
    file.append(page.as_bytes())?;
    file.commit()?;
    let dir = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    LocalStorage.sync_dir(dir)
}
