//! How a user names an array, and what kind of file that is.

use std::{
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
};

use super::{memory::MemoryArray, npy};
use crate::{
    error::{At, Printable, Result},
    storage::{EntryKind, ReadAt, Storage},
};

/// One array: a `.npy` file, a member of an `.npz` file, written `FILE.npz:member`, or an array in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrayRef<'a> {
    /// The file, or what stands for it.
    pub path: PathBuf,
    /// The member, without `.npy`. May be left out when the archive has only one.
    pub member: Option<String>,
    memory: Option<MemoryArray<'a>>,
}

impl<'a> ArrayRef<'a> {
    /// Reads what a user typed. A file whose name contains a colon wins over a member.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) when a path cannot be looked up. That nothing is there is found on opening.
    pub fn parse(storage: &dyn Storage, typed: &Path) -> Result<Self> {
        let is_file = |path: &Path| Ok(matches!(storage.stat(path)?, Some(EntryKind::File { .. })));
        if let Some(text) = typed.to_str()
            && text.contains(':')
            && !is_file(typed)?
        {
            for (colon, _) in text.match_indices(':') {
                let (path, member) = (text.get(..colon).unwrap_or_default(), text.get(colon + 1..).unwrap_or_default());
                if !member.is_empty() && is_file(Path::new(path))? {
                    return Ok(Self::member(path, member));
                }
            }
        }
        Ok(Self::from(typed))
    }

    /// A member of an `.npz` file.
    pub fn member(path: impl Into<PathBuf>, member: impl Into<String>) -> Self {
        let member = member.into();
        let member = member.strip_suffix(".npy").map(str::to_owned).unwrap_or(member);
        Self { path: path.into(), member: Some(member), memory: None }
    }

    /// An array in memory.
    #[must_use]
    pub fn in_memory(array: &MemoryArray<'a>) -> Self {
        Self { path: array.path().to_path_buf(), member: None, memory: Some(array.clone()) }
    }

    /// Opens what holds the array.
    pub(super) fn open(&self, storage: &dyn Storage) -> Result<Box<dyn ReadAt + 'a>> {
        match &self.memory {
            Some(array) => Ok(Box::new(array.clone())),
            None => storage.open(&self.path).map(|file| file as Box<dyn ReadAt + 'a>),
        }
    }

    /// What errors name: the path, with `:member` after it.
    pub(super) fn place(&self) -> PathBuf {
        match &self.member {
            Some(member) => {
                let mut place = OsString::from(&self.path);
                place.push(":");
                place.push(member);
                place.into()
            }
            None => self.path.clone(),
        }
    }
}

impl<P: AsRef<Path> + ?Sized> From<&P> for ArrayRef<'_> {
    fn from(path: &P) -> Self {
        Self { path: path.as_ref().to_path_buf(), member: None, memory: None }
    }
}

impl fmt::Display for ArrayRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Printable(&self.place()).fmt(f)
    }
}

/// The two kinds of file that hold arrays, told by their first bytes, never by their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArrayKind {
    /// One array, as `np.save` writes it.
    Npy,
    /// A zip archive, as `np.savez` writes it. Whether it holds arrays is found by opening it.
    Npz,
}

impl ArrayKind {
    /// How many first bytes are needed.
    pub const MAGIC_LEN: usize = npy::MAGIC.len();

    /// Tells the kind by the first bytes of a file.
    #[must_use]
    pub fn of(first: &[u8]) -> Option<Self> {
        if first.starts_with(npy::MAGIC) {
            Some(Self::Npy)
        } else if first.starts_with(b"PK\x03\x04") || first.starts_with(b"PK\x05\x06") {
            Some(Self::Npz)
        } else {
            None
        }
    }

    /// Tells the kind of a file; `None` if it is neither.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    pub fn sniff(storage: &dyn Storage, path: &Path) -> Result<Option<Self>> {
        let file = storage.open(path)?;
        Self::of_file(&*file).at(path)
    }

    pub(super) fn of_file(file: &dyn ReadAt) -> Result<Option<Self>> {
        let mut first = [0; Self::MAGIC_LEN];
        let len = usize::try_from(file.len()).map_or(first.len(), |len| len.min(first.len()));
        let first = first.get_mut(..len).unwrap_or_default();
        file.read_exact_at(first, 0)?;
        Ok(Self::of(first))
    }
}
