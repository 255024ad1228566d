//! Putting a file where something may be already.

use std::path::Path;

use crate::{
    error::{At, Error, ErrorKind, Result},
    storage::{EntryKind, ReadAt, Storage},
};

/// How a file came to be where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileOutcome {
    /// It was written.
    Written,
    /// It was there, with these very bytes.
    UpToDate,
    /// It was there with other bytes, and was replaced.
    Replaced,
    /// It was there, of another program, and was left alone.
    Kept,
}

impl FileOutcome {
    /// The name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::UpToDate => "up-to-date",
            Self::Replaced => "replaced",
            Self::Kept => "kept",
        }
    }
}

/// Gives the bytes of a file piece by piece.
pub(super) type Content<'a> = dyn Fn(&mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> + 'a;

/// What is under a name, compared with what is to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Present {
    Nothing,
    Same,
    Other,
}

/// Looks at what is under a name.
pub(super) fn present(storage: &dyn Storage, path: &Path, content: &Content<'_>) -> Result<Present> {
    match storage.stat(path)? {
        None if storage.kind(path)?.is_none() => return Ok(Present::Nothing),
        // A link that leads nowhere.
        None => return Ok(Present::Other),
        Some(EntryKind::File { .. }) => {}
        Some(_) => return Err(Error::output("it is no file").with_hint("remove it, or rename it")).at(path),
    }
    let file = storage.open(path)?;
    Ok(if is_same(file.as_ref(), content).at(path)? { Present::Same } else { Present::Other })
}

fn is_same(file: &dyn ReadAt, content: &Content<'_>) -> Result<bool> {
    let (mut at, mut same, mut there) = (0, true, Vec::new());
    let compared = content(&mut |piece| {
        same = file.len() - at >= piece.len() as u64;
        if same {
            there.resize(piece.len(), 0);
            file.read_exact_at(&mut there, at)?;
            same = there == piece;
            at += piece.len() as u64;
        }
        // Ends the rest of the pieces.
        if same { Ok(()) } else { Err(Error::new(ErrorKind::Interrupted)) }
    });
    match compared {
        Err(_) if !same => Ok(false),
        Err(error) => Err(error),
        Ok(()) => Ok(at == file.len()),
    }
}

/// Puts a file there, unless it is there. Something else is replaced only with leave; `fault` says what is wrong with it.
pub(super) fn place(
    storage: &dyn Storage,
    path: &Path,
    content: &Content<'_>,
    overwrite: bool,
    fault: &str,
) -> Result<FileOutcome> {
    let outcome = match present(storage, path, content)? {
        Present::Same => return Ok(FileOutcome::UpToDate),
        Present::Other if !overwrite => return Err(refuse(fault)).at(path),
        Present::Other => FileOutcome::Replaced,
        Present::Nothing => FileOutcome::Written,
    };
    let mut staged = storage.stage(path)?;
    content(&mut |piece| staged.append(piece))?;
    staged.commit()?;
    Ok(outcome)
}

/// A file is there already that differs from what would be written.
pub(super) fn refuse(fault: &str) -> Error {
    Error::output(fault).with_hint("--overwrite replaces it")
}
