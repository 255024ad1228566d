//! Patterns in paths, for shells that leave them alone and for calls from programs.

use std::{
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Component, Path, PathBuf},
};

use glob::{MatchOptions, Pattern};

use crate::{
    error::{Error, Result},
    storage::{EntryKind, Storage},
};

/// Names that start with a dot are only matched by a pattern that does.
const MATCHING: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// Whether a path holds the marks of a pattern.
pub(super) fn is_pattern(path: &Path) -> bool {
    path.as_os_str().as_bytes().iter().any(|byte| b"*?[".contains(byte))
}

/// The existing paths that a pattern matches, component by component, sorted.
pub(super) fn expand(storage: &dyn Storage, pattern: &Path) -> Result<Vec<PathBuf>> {
    let mut found = vec![PathBuf::new()];
    for component in pattern.components() {
        let Component::Normal(name) = component else {
            found.iter_mut().for_each(|path| path.push(component));
            continue;
        };
        if name.as_bytes().windows(2).any(|two| two == b"**") {
            return Err(Error::options(format!("`**` is not understood in `{}`", crate::error::Printable(pattern)))
                .with_hint("name the folder: it is searched with all folders in it"));
        }
        let mut next = Vec::new();
        if !is_pattern(Path::new(name)) {
            next = found.into_iter().map(|path| path.join(name)).collect();
        } else {
            let matcher = name.to_str().and_then(|name| Pattern::new(name).ok()).ok_or_else(|| {
                Error::options(format!("`{}` is no pattern of file names", crate::error::Printable(pattern)))
                    .with_hint("`*` stands for any letters, `?` for one, `[a-c]` for one of these")
            })?;
            for folder in found {
                let here = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
                if storage.stat(here)? != Some(EntryKind::Dir) {
                    continue;
                }
                for (name, _) in storage.list(here)?.iter() {
                    let name = OsStr::from_bytes(name);
                    if matcher.matches_with(&name.to_string_lossy(), MATCHING) {
                        next.push(folder.join(name));
                    }
                }
            }
        }
        found = next;
    }
    let exists = |path: &PathBuf| matches!(storage.stat(path), Ok(Some(_)) | Err(_));
    found.retain(exists);
    Ok(found)
}
