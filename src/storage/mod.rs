//! Where bytes come from and go to. Everything that reads inputs or writes outputs goes through [`Storage`], so that an
//! object store can take the place of the local file system without any other layer knowing.

mod at_once;
mod local;
mod lock;
mod staged;
mod temp_folder;

use std::{
    ffi::OsStr,
    fmt::Debug,
    io::IoSliceMut,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

pub use at_once::at_once;
pub use local::LocalStorage;
pub use lock::{FolderLock, Lock};
pub use staged::{StagedFile, commit_all};
pub use temp_folder::TempFolder;

use crate::error::Result;

/// A file that is read at any offset, by any number of threads.
#[expect(clippy::len_without_is_empty, reason = "an empty file is nothing special here")]
pub trait ReadAt: Send + Sync + Debug {
    /// The size in bytes when the file was opened.
    fn len(&self) -> u64;

    /// Fills `buf` from `offset` on.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io), also when the file ends before `buf` is full.
    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> Result<()>;

    /// Fills several buffers one after the other from `offset` on; what they are afterwards is not said.
    ///
    /// # Errors
    /// Those of [`ReadAt::read_exact_at`].
    fn read_exact_vectored_at(&self, bufs: &mut [IoSliceMut<'_>], offset: u64) -> Result<()> {
        let mut at = offset;
        for buf in bufs {
            self.read_exact_at(buf, at)?;
            at += buf.len() as u64;
        }
        Ok(())
    }

    /// Appends the whole file, as long as it was when it was opened, to `out`, which is as it was after an error.
    ///
    /// # Errors
    /// Those of [`ReadAt::read_exact_at`].
    fn append_to(&self, out: &mut Vec<u8>) -> Result<()> {
        let start = out.len();
        out.resize(start + usize::try_from(self.len()).unwrap_or(usize::MAX), 0);
        let read = self.read_exact_at(out.get_mut(start..).unwrap_or_default(), 0);
        if read.is_err() {
            out.truncate(start);
        }
        read
    }
}

/// What a name stands for, links followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file of this many bytes.
    File {
        /// The size in bytes.
        bytes: u64,
    },
    /// A folder.
    Dir,
    /// A pipe, device or socket.
    Other,
}

/// One name in a folder, as cheaply as the folder gives it: links are not followed yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// A regular file.
    File,
    /// A folder.
    Dir,
    /// A symbolic link, to be asked for with [`Storage::stat`].
    Link,
    /// A pipe, device or socket.
    Other,
}

/// The names in one folder, sorted by their bytes, in two allocations however many they are.
#[derive(Debug, Default)]
pub struct Names {
    bytes: Vec<u8>,
    entries: Vec<(u64, u16, NameKind)>,
}

impl Names {
    pub(crate) fn push(&mut self, name: &[u8], kind: NameKind) {
        let len = u16::try_from(name.len()).unwrap_or(u16::MAX);
        self.entries.push((self.bytes.len() as u64, len, kind));
        self.bytes.extend_from_slice(name.get(..usize::from(len)).unwrap_or(name));
    }

    pub(crate) fn sort(&mut self) {
        let bytes = &self.bytes;
        self.entries.sort_unstable_by(|a, b| slice(bytes, a).cmp(slice(bytes, b)));
    }

    /// The names, in byte order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], NameKind)> {
        self.entries.iter().map(|entry| (slice(&self.bytes, entry), entry.2))
    }

    /// How many names there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether the folder is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

fn slice<'a>(bytes: &'a [u8], entry: &(u64, u16, NameKind)) -> &'a [u8] {
    usize::try_from(entry.0).ok().and_then(|start| bytes.get(start..start + usize::from(entry.1))).unwrap_or_default()
}

/// A place that holds files by path.
pub trait Storage: Send + Sync + Debug {
    /// Opens a regular file for reading. A pipe, device or folder is refused without waiting on it.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    fn open(&self, path: &Path) -> Result<Box<dyn ReadAt>>;

    /// The names in a folder, sorted by their bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    fn list(&self, dir: &Path) -> Result<Names>;

    /// What a path stands for, links followed; `None` if there is nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    fn stat(&self, path: &Path) -> Result<Option<EntryKind>>;

    /// What a name itself is, a link not followed; `None` if there is nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    fn kind(&self, path: &Path) -> Result<Option<NameKind>>;

    /// The one true name of an existing file or folder: absolute, links resolved.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    fn canonical(&self, path: &Path) -> Result<PathBuf>;

    /// Starts a file that appears under `dest` only when it is committed.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    fn stage(&self, dest: &Path) -> Result<StagedFile>;

    /// Writes a whole file, whose name must be free. It is durable only after [`Storage::sync_all`].
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    fn write_new(&self, path: &Path, bytes: &[u8]) -> Result<()>;

    /// Gives a finished file another name, replacing what has that name. Durable after [`Storage::sync_dir`] of both
    /// folders.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    fn rename(&self, from: &Path, to: &Path) -> Result<()>;

    /// Removes a file; that there is none is no error.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    fn remove(&self, path: &Path) -> Result<()>;

    /// Removes a folder with everything in it; that there is none is no error.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    fn remove_tree(&self, dir: &Path) -> Result<()>;

    /// Removes a folder that is locked by a file in it, with everything in it. From the moment on that the lock is gone, what is in
    /// the folder is that of another run, and stays.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    fn remove_locked(&self, dir: &Path, name: &str, lock: Lock) -> Result<()> {
        for (found, kind) in self.list(dir)?.iter().filter(|(found, _)| *found != name.as_bytes()) {
            let path = dir.join(OsStr::from_bytes(found));
            if kind == NameKind::Dir { self.remove_tree(&path)? } else { self.remove(&path)? }
        }
        self.remove(&dir.join(name))?;
        // Network file systems keep a file that is removed, under another name, for as long as somebody has it open.
        drop(lock);
        self.remove_empty_dir(dir)
    }

    /// Removes a folder if it is empty; otherwise nothing happens.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    fn remove_empty_dir(&self, dir: &Path) -> Result<()>;

    /// When a file was last changed, in nanoseconds since 1970; 0 if the place does not know.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    fn modified(&self, path: &Path) -> Result<u64>;

    /// Takes the lock that keeps a second run out, for as long as the returned value lives; `None` if another process has
    /// it. The file appears and goes with its folder.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    fn lock(&self, path: &Path) -> Result<Option<Lock>>;

    /// Takes the lock on a folder itself, in which nothing is made for it.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    fn lock_folder(&self, dir: &Path) -> Result<FolderLock>;

    /// Makes a folder and those above it.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    fn create_dir(&self, dir: &Path) -> Result<()>;

    /// Makes a folder that nobody else can look into.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path, also if it is there already.
    fn create_private_dir(&self, dir: &Path) -> Result<()>;

    /// Makes the names in a folder durable.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    fn sync_dir(&self, dir: &Path) -> Result<()>;

    /// The same for several folders.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    fn sync_dirs(&self, dirs: &[&Path]) -> Result<()> {
        at_once(dirs.to_vec(), |dir| self.sync_dir(dir))
    }

    /// Makes everything durable that was written to the place where a folder is, all files and names at once: cheaper than one
    /// by one where they are many and small.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    fn sync_all(&self, dir: &Path) -> Result<()>;
}
