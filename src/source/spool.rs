//! Scratch files for arrays whose rows cannot be read in place: compressed ones, and those in Fortran order.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    error::{At, During, Error, Result},
    storage::{LocalStorage, ReadAt, Storage, TempFolder},
    units::ByteSize,
};

/// The most memory that turning an array takes, whatever its size.
pub const DEFAULT_SPOOL_MEMORY: ByteSize = ByteSize(64 << 20);

/// What a scratch file of unknown size leaves free, or a twentieth of the disk if that is less: a small file that unpacks to
/// terabytes must not fill the disk that other programs work on.
const RESERVE: u64 = 1 << 30;

/// How often it is asked what is free, in bytes written.
const ASK_EVERY: u64 = 64 << 20;

/// Called with the bytes done since the last call; an error stops the work.
type Watch<'w> = Box<dyn Fn(ByteSize) -> Result<()> + Send + Sync + 'w>;

/// A folder for scratch files, named `spool-N-NAME.bin`, which are removed when the spool is dropped.
///
/// Keep it as long as the columns that were opened with it. Nothing is created before it is needed.
pub struct Spool<'w> {
    folder: Folder,
    memory: ByteSize,
    watch: Option<Watch<'w>>,
    next: AtomicU64,
    files: Mutex<Vec<PathBuf>>,
}

/// Where scratch files go.
#[derive(Debug)]
enum Folder {
    Given(PathBuf),
    Temporary(Mutex<Option<TempFolder>>),
}

impl<'w> Spool<'w> {
    /// Scratch files will go into `dir`, which is made when the first is needed.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self::within(Folder::Given(dir.into()))
    }

    /// Scratch files will go into the system's place for temporary files, where nobody else can look at them.
    #[must_use]
    pub fn temporary() -> Self {
        Self::within(Folder::Temporary(Mutex::default()))
    }

    fn within(folder: Folder) -> Self {
        Self {
            folder,
            memory: DEFAULT_SPOOL_MEMORY,
            watch: None,
            next: AtomicU64::new(0),
            files: Mutex::new(Vec::new()),
        }
    }

    /// Sets the most memory to use. Default [`DEFAULT_SPOOL_MEMORY`].
    #[must_use]
    pub fn memory(mut self, memory: ByteSize) -> Self {
        self.memory = memory;
        self
    }

    /// Sets what is called every few megabytes while an array is checked, unpacked or turned, with the bytes done since
    /// the last call. To stop, it returns [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted).
    #[must_use]
    pub fn watch(mut self, watch: impl Fn(ByteSize) -> Result<()> + Send + Sync + 'w) -> Self {
        self.watch = Some(Box::new(watch));
        self
    }

    /// The scratch files that exist now.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        self.lock().clone()
    }

    pub(super) fn max_memory(&self) -> u64 {
        self.memory.0
    }

    pub(super) fn tick(&self, bytes: u64) -> Result<()> {
        self.watch.as_ref().map_or(Ok(()), |watch| watch(ByteSize(bytes)))
    }

    /// Starts a scratch file that will hold `bytes` bytes of the array `name`.
    pub(super) fn create(&self, name: &str, bytes: u64) -> Result<SpoolFile<'_, 'w>> {
        let advice = format!(
            "an array that is compressed or in Fortran order needs {} ({bytes} bytes) of scratch space here while it is \
             converted; make room, or save it with np.save(\"x.npy\", np.ascontiguousarray(x))",
            ByteSize(bytes),
        );
        let out = self.create_with(name, advice)?;
        // Its size is known: that it does not fit is said before minutes are spent on it.
        let Room { all, free } = room(&out.dir)?;
        // Some file systems do not tell.
        if all > 0 && bytes > free {
            let message = format!("{} are needed, and {} are free", ByteSize(bytes), ByteSize(free));
            return Err(out.explain(io::Error::new(io::ErrorKind::StorageFull, message))).at(&out.path);
        }
        Ok(out)
    }

    /// Starts a scratch file; `advice` is for when the disk is full.
    pub(super) fn create_with(&self, name: &str, advice: String) -> Result<SpoolFile<'_, 'w>> {
        let dir = self.make_folder()?;
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let name: String =
            name.chars().take(60).map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect();
        let path = dir.join(format!("spool-{number}-{name}.bin"));
        let file = OpenOptions::new().write(true).create_new(true).open(&path).during("create").at(&path)?;
        self.lock().push(path.clone());
        Ok(SpoolFile { spool: self, file, dir, path, advice, finished: false, unasked: AtomicU64::new(0) })
    }

    fn make_folder(&self) -> Result<PathBuf> {
        match &self.folder {
            Folder::Given(dir) => LocalStorage.create_dir(dir).map(|()| dir.clone()),
            Folder::Temporary(made) => {
                let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
                let folder = match made.take() {
                    Some(folder) => folder,
                    None => TempFolder::make()?,
                };
                Ok(made.insert(folder).path().to_owned())
            }
        }
    }

    /// Removes a scratch file that is no longer needed. Best effort: the caller's folder is swept anyway.
    pub(super) fn remove(&self, path: &Path) {
        let _ = fs::remove_file(path);
        self.lock().retain(|made| made != path);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<PathBuf>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Spool<'_> {
    fn drop(&mut self) {
        for path in self.files() {
            self.remove(&path);
        }
    }
}

impl fmt::Debug for Spool<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spool").field("folder", &self.folder).field("memory", &self.memory).finish_non_exhaustive()
    }
}

/// A scratch file being written. Dropped before [`SpoolFile::finish`], it is removed.
#[derive(Debug)]
pub(super) struct SpoolFile<'a, 'w> {
    spool: &'a Spool<'w>,
    file: File,
    /// Where it is.
    dir: PathBuf,
    path: PathBuf,
    advice: String,
    finished: bool,
    /// Bytes since it was asked what is free.
    unasked: AtomicU64,
}

/// The bytes of a file system, and those that are free.
struct Room {
    all: u64,
    free: u64,
}

fn room(dir: &Path) -> Result<Room> {
    let stat = rustix::fs::statvfs(dir).map_err(io::Error::from).during("ask for the free space of").at(dir)?;
    let bytes = |blocks: u64| blocks.saturating_mul(stat.f_frsize);
    Ok(Room { all: bytes(stat.f_blocks), free: bytes(stat.f_bavail) })
}

impl SpoolFile<'_, '_> {
    /// Writes at any offset.
    pub(super) fn write_at(&self, bytes: &[u8], offset: u64) -> Result<()> {
        self.file.write_all_at(bytes, offset).map_err(|error| self.explain(error)).at(&self.path)
    }

    /// Goes on behind what is there, as long as that leaves room for others.
    pub(super) fn append(&self, bytes: &[u8], offset: u64) -> Result<()> {
        let unasked = self.unasked.fetch_add(bytes.len() as u64, Ordering::Relaxed) + bytes.len() as u64;
        if unasked >= ASK_EVERY {
            self.unasked.store(0, Ordering::Relaxed);
            let Room { all, free } = room(&self.dir)?;
            let reserve = RESERVE.min(all / 20);
            if free < reserve {
                let message = format!(
                    "{} are unpacked so far, {} are free, and {} of them stay so",
                    ByteSize(offset),
                    ByteSize(free),
                    ByteSize(reserve)
                );
                return Err(self.explain(io::Error::new(io::ErrorKind::StorageFull, message))).at(&self.path);
            }
        }
        self.write_at(bytes, offset)
    }

    /// Drops what was written from an offset on.
    pub(super) fn cut(&self, len: u64) -> Result<()> {
        self.file.set_len(len).map_err(|error| self.explain(error)).at(&self.path)
    }

    /// The finished file for reading, and its path.
    pub(super) fn finish(mut self) -> Result<(Box<dyn ReadAt>, PathBuf)> {
        let file = LocalStorage.open(&self.path)?;
        self.finished = true;
        Ok((Box::new(Named { file, path: self.path.clone() }), self.path.clone()))
    }

    fn explain(&self, source: io::Error) -> Error {
        Error::io("write", source).with_hint(self.advice.as_str())
    }
}

/// A scratch file whose errors name it: who reads it would name what it was made from, which is not at fault.
#[derive(Debug)]
struct Named {
    file: Box<dyn ReadAt>,
    path: PathBuf,
}

impl ReadAt for Named {
    fn len(&self) -> u64 {
        self.file.len()
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> Result<()> {
        self.file.read_exact_at(buf, offset).at(&self.path)
    }

    fn read_exact_vectored_at(&self, bufs: &mut [io::IoSliceMut<'_>], offset: u64) -> Result<()> {
        self.file.read_exact_vectored_at(bufs, offset).at(&self.path)
    }
}

impl Drop for SpoolFile<'_, '_> {
    fn drop(&mut self) {
        if !self.finished {
            self.spool.remove(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scratch_files_are_listed_and_removed_on_drop() {
        let dir = tempfile::tempdir().unwrap();
        let work = dir.path().join("work");
        let spool = Spool::new(&work);
        assert!(!work.exists());
        let file = spool.create("../x train\n", 3).unwrap();
        file.write_at(b"abc", 0).unwrap();
        let (read, path) = file.finish().unwrap();
        assert_eq!(path, work.join("spool-0----x-train-.bin"));
        assert_eq!(read.len(), 3);
        drop(spool.create("given-up", 1).unwrap());
        assert_eq!(spool.files(), [path.as_path()]);
        drop(spool);
        assert_eq!(fs::read_dir(&work).unwrap().count(), 0);
    }

    #[test]
    fn a_full_disk_names_the_file_and_the_scratch_space_needed() {
        let dir = tempfile::tempdir().unwrap();
        let spool = Spool::new(dir.path());
        let mut file = spool.create("x", 1_234_567_890).unwrap();
        file.file = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let error = file.write_at(&[0; 10], 0).unwrap_err();
        assert!(error.to_string().ends_with("spool-0-x.bin: cannot write: no space left on device"), "{error}");
        assert!(error.hint().unwrap().contains("1.23 GB (1234567890 bytes)"), "{error:?}");
    }
}
