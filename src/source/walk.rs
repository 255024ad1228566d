//! The walk through a folder: every file that counts as an input, links followed, nothing left out without being counted.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    rc::Rc,
};

use super::{
    filter::{ByName, by_name, is_image},
    wording::{count, show, show_path, some},
};
use crate::{
    error::{Error, ErrorKind, Result},
    storage::{EntryKind, NameKind, Storage},
};

/// Called about every thousand names with how many have been seen; the answer is whether to go on.
pub type Watch<'a> = &'a dyn Fn(u64) -> bool;

const WATCH_EVERY: u64 = 1000;

/// What was in the folders and is not an input.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ignored {
    /// Files and folders whose names start with a dot.
    pub hidden: u64,
    /// Files and folders that operating systems write for themselves, as `Thumbs.db`.
    pub system: u64,
    /// Links to folders that lead back to a folder above them.
    pub looping_links: u64,
    /// Images outside of every class or split folder, where the layout was chosen to be one of those.
    pub outside: u64,
    /// Files that are not images by name and by first bytes: how many of each kind, and the first one.
    pub kinds: BTreeMap<String, (u64, String)>,
}

impl Ignored {
    /// How many files and folders were left out.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.others() + self.hidden + self.system + self.looping_links + self.outside
    }

    /// Files that are not images.
    pub(super) fn others(&self) -> u64 {
        self.kinds.values().map(|(files, _)| files).sum()
    }

    /// The kinds of files that are not images, most frequent first.
    pub(super) fn describe_kinds(&self) -> String {
        let mut kinds: Vec<_> = self.kinds.iter().collect();
        kinds.sort_by_key(|(_, (files, _))| std::cmp::Reverse(*files));
        let total = kinds.len() as u64;
        some(kinds.into_iter().map(|(kind, (files, first))| format!("{files} {kind} (first: {first})")), total)
    }

    /// All that was left out, for the message that there is nothing else.
    pub(super) fn describe(&self) -> String {
        let mut parts = Vec::new();
        if self.others() > 0 {
            let verb = if self.others() == 1 { "is not an image" } else { "are not images" };
            parts.push(format!("{} that {verb}: {}", count(self.others(), "file"), self.describe_kinds()));
        }
        for (number, noun) in [
            (self.hidden, "hidden files or folders"),
            (self.system, "files or folders of the operating system"),
            (self.looping_links, "links in a loop"),
            (self.outside, "images outside of the folders"),
        ] {
            if number > 0 {
                parts.push(format!("{noun}: {number}"));
            }
        }
        if parts.is_empty() { "no files at all".to_owned() } else { parts.join("; ") }
    }
}

/// A folder to be listed.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    /// Its own name.
    pub(super) name: Vec<u8>,
    /// The name that its files start with: empty, or with a `/` at the end.
    pub(super) prefix: Vec<u8>,
    path: PathBuf,
    real: PathBuf,
    /// The real folders in which the links stand that led here.
    jumps: Rc<[PathBuf]>,
}

impl Folder {
    /// A folder to start from. `prefix` is empty or ends with `/`.
    pub(super) fn root(path: &Path, real: &Path, prefix: &[u8]) -> Self {
        let name = prefix.strip_suffix(b"/").unwrap_or(prefix).to_vec();
        let (path, real) = (path.to_path_buf(), real.to_path_buf());
        Self { name, prefix: prefix.to_vec(), path, real, jumps: Rc::new([]) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn below(&self, name: &[u8]) -> Self {
        let os = OsStr::from_bytes(name);
        let prefix = [&self.prefix, name, b"/"].concat();
        let (path, real) = (self.path.join(os), self.real.join(os));
        Self { name: name.to_vec(), prefix, path, real, jumps: Rc::clone(&self.jumps) }
    }
}

/// Lists folders.
pub(super) struct Walker<'a> {
    storage: &'a dyn Storage,
    watch: Watch<'a>,
    /// Real paths of files that the user named as lists: no images, and no surprise either.
    known: Vec<PathBuf>,
    seen: u64,
    pub(super) ignored: Ignored,
    pub(super) warnings: Vec<String>,
}

impl<'a> Walker<'a> {
    pub(super) fn new(storage: &'a dyn Storage, known: Vec<PathBuf>, watch: Watch<'a>) -> Self {
        Self { storage, watch, known, seen: 0, ignored: Ignored::default(), warnings: Vec::new() }
    }

    /// Gives every input directly in a folder to `input`, by its own name, and returns the folders in it.
    pub(super) fn level(
        &mut self,
        folder: &Folder,
        input: &mut dyn FnMut(&Folder, &[u8]) -> Result<()>,
    ) -> Result<Vec<Folder>> {
        let mut folders = Vec::new();
        for (name, kind) in self.storage.list(&folder.path)?.iter() {
            self.seen += 1;
            if self.seen.is_multiple_of(WATCH_EVERY) && !(self.watch)(self.seen) {
                return Err(Error::new(ErrorKind::Interrupted));
            }
            match by_name(name) {
                ByName::Hidden => self.ignored.hidden += 1,
                ByName::System => self.ignored.system += 1,
                verdict => match self.folder_at(folder, name, kind) {
                    Found::Folder(below) => folders.push(below),
                    Found::Loop => self.ignored.looping_links += 1,
                    Found::File => match verdict {
                        ByName::Sidecar(sidecar) if !is_image(self.storage, &folder.below(name).path) => {
                            self.ignore(folder, name, sidecar);
                        }
                        _ => input(folder, name)?,
                    },
                },
            }
        }
        Ok(folders)
    }

    /// Gives every input below a folder, at any depth, to `input`.
    pub(super) fn walk(&mut self, folder: Folder, input: &mut dyn FnMut(&Folder, &[u8]) -> Result<()>) -> Result<()> {
        // A list of what is left to do, since recursion would end a run with a stack overflow in a tree that is too deep.
        let mut left = vec![folder];
        while let Some(folder) = left.pop() {
            let below = self.level(&folder, input)?;
            left.extend(below.into_iter().rev());
        }
        Ok(())
    }

    /// What stands under a name. Everything that is no folder is a file here: what cannot be read as one (a pipe, a link
    /// to nothing) is refused when it is read, as any other broken input.
    fn folder_at(&mut self, parent: &Folder, name: &[u8], kind: NameKind) -> Found {
        match kind {
            NameKind::Dir => return Found::Folder(parent.below(name)),
            NameKind::Link => {}
            NameKind::File | NameKind::Other => return Found::File,
        }
        let mut below = parent.below(name);
        let Ok(Some(EntryKind::Dir)) = self.storage.stat(&below.path) else { return Found::File };
        let Ok(real) = self.storage.canonical(&below.path) else { return Found::File };
        if let Some(above) = parent.jumps.iter().chain([&parent.real]).find(|above| above.starts_with(&real)) {
            let (link, real, above) = (show_path(&below.path), show_path(&real), show_path(above));
            self.warnings
                .push(format!("the link {link} was not followed: it leads back to {real}, which holds {above}"));
            return Found::Loop;
        }
        below.jumps = parent.jumps.iter().chain([&parent.real]).cloned().collect();
        below.real = real;
        Found::Folder(below)
    }

    fn ignore(&mut self, folder: &Folder, name: &[u8], sidecar: &str) {
        if self.known.contains(&folder.real.join(OsStr::from_bytes(name))) {
            return;
        }
        let kind = if name.contains(&b'.') { format!(".{sidecar}") } else { sidecar.to_uppercase() };
        let first = || (0, show(&[&folder.prefix, name].concat()));
        self.ignored.kinds.entry(kind).or_insert_with(first).0 += 1;
    }
}

enum Found {
    Folder(Folder),
    File,
    Loop,
}

#[cfg(test)]
mod tests;
