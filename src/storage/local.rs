//! The local file system.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, IoSliceMut, Write},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use super::{EntryKind, FolderLock, Lock, NameKind, Names, ReadAt, StagedFile, Storage};
use crate::error::{At, During, Error, Result};

/// Files on this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalStorage;

#[derive(Debug)]
struct LocalFile {
    file: File,
    len: u64,
}

impl ReadAt for LocalFile {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> Result<()> {
        use std::os::unix::fs::FileExt;
        self.file.read_exact_at(buf, offset).during("read")
    }

    /// One call of the system, however many buffers: small records are read in a third of the time.
    fn read_exact_vectored_at(&self, mut bufs: &mut [IoSliceMut<'_>], mut offset: u64) -> Result<()> {
        IoSliceMut::advance_slices(&mut bufs, 0);
        while !bufs.is_empty() {
            let read = match rustix::io::preadv(&self.file, bufs, offset) {
                Err(error) if error == rustix::io::Errno::INTR => continue,
                Ok(0) => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                read => read.map_err(io::Error::from),
            };
            let read = read.during("read")?;
            offset += read as u64;
            IoSliceMut::advance_slices(&mut bufs, read);
        }
        Ok(())
    }

    /// Into memory that nobody wrote zeros to before: for photographs, that takes longer than the checksum.
    fn append_to(&self, out: &mut Vec<u8>) -> Result<()> {
        let start = out.len();
        let wanted = usize::try_from(self.len).unwrap_or(usize::MAX);
        let end = start.saturating_add(wanted);
        out.reserve(wanted);
        while out.len() < end {
            let at = (out.len() - start) as u64;
            let read = match rustix::io::pread(&self.file, rustix::buffer::spare_capacity(out), at) {
                Err(error) if error == rustix::io::Errno::INTR => continue,
                Ok(0) => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                read => read.map_err(io::Error::from),
            };
            if read.is_err() {
                out.truncate(start);
            }
            read.during("read")?;
        }
        // It may have grown since.
        out.truncate(end);
        Ok(())
    }
}

impl Storage for LocalStorage {
    fn open(&self, path: &Path) -> Result<Box<dyn ReadAt>> {
        use std::os::unix::fs::OpenOptionsExt;
        // Non-blocking, so that a pipe among the images is noticed instead of waited on; regular files do not care.
        let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path).during("open").at(path)?;
        let metadata = file.metadata().during("read").at(path)?;
        if !metadata.is_file() {
            let what = if metadata.is_dir() { "a folder" } else { "a pipe, device or socket" };
            let error = io::Error::new(io::ErrorKind::InvalidInput, format!("it is {what}, not a regular file"));
            return Err(Error::io("read", error)).at(path);
        }
        Ok(Box::new(LocalFile { file, len: metadata.len() }))
    }

    fn list(&self, dir: &Path) -> Result<Names> {
        let mut names = Names::default();
        for entry in fs::read_dir(dir).during("list").at(dir)? {
            let entry = entry.during("list").at(dir)?;
            let kind = entry.file_type().during("list").at(dir)?;
            names.push(entry.file_name().as_encoded_bytes(), name_kind(kind));
        }
        names.sort();
        Ok(names)
    }

    fn stat(&self, path: &Path) -> Result<Option<EntryKind>> {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => Ok(Some(EntryKind::File { bytes: metadata.len() })),
            Ok(metadata) if metadata.is_dir() => Ok(Some(EntryKind::Dir)),
            Ok(_) => Ok(Some(EntryKind::Other)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).during("read").at(path),
        }
    }

    fn kind(&self, path: &Path) -> Result<Option<NameKind>> {
        match fs::symlink_metadata(path) {
            Ok(metadata) => Ok(Some(name_kind(metadata.file_type()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).during("read").at(path),
        }
    }

    fn canonical(&self, path: &Path) -> Result<PathBuf> {
        fs::canonicalize(path).during("resolve").at(path)
    }

    fn stage(&self, dest: &Path) -> Result<StagedFile> {
        StagedFile::create(dest)
    }

    fn write_new(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).open(path).during("create").at(path)?;
        file.write_all(bytes).during("write").at(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        fs::rename(from, to).during("rename").at(to)
    }

    fn remove(&self, path: &Path) -> Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).during("remove").at(path),
            _ => Ok(()),
        }
    }

    fn remove_tree(&self, dir: &Path) -> Result<()> {
        match fs::remove_dir_all(dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).during("remove the folder").at(dir),
            _ => Ok(()),
        }
    }

    fn remove_empty_dir(&self, dir: &Path) -> Result<()> {
        match fs::remove_dir(dir) {
            Err(error) if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty) => {
                Err(error).during("remove the folder").at(dir)
            }
            _ => Ok(()),
        }
    }

    fn modified(&self, path: &Path) -> Result<u64> {
        let time = fs::metadata(path).and_then(|metadata| metadata.modified()).during("read").at(path)?;
        let since = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        Ok(u64::try_from(since).unwrap_or(u64::MAX))
    }

    fn lock(&self, path: &Path) -> Result<Option<Lock>> {
        Lock::take(path)
    }

    fn lock_folder(&self, dir: &Path) -> Result<FolderLock> {
        // Through a link, it is the folder that is locked.
        let dir = fs::canonicalize(dir).during("resolve").at(dir)?;
        Lock::of_folder(&dir).during("open the folder").at(dir)
    }

    fn create_dir(&self, dir: &Path) -> Result<()> {
        fs::create_dir_all(dir).during("create the folder").at(dir)
    }

    fn create_private_dir(&self, dir: &Path) -> Result<()> {
        use std::os::unix::fs::DirBuilderExt;
        fs::DirBuilder::new().mode(0o700).create(dir).during("create the folder").at(dir)
    }

    fn sync_dir(&self, dir: &Path) -> Result<()> {
        File::open(dir).and_then(|file| file.sync_all()).during("sync the folder").at(dir)
    }

    fn sync_all(&self, dir: &Path) -> Result<()> {
        #[cfg(target_os = "linux")]
        let synced = File::open(dir).and_then(|dir| Ok(rustix::fs::syncfs(dir)?));
        #[cfg(not(target_os = "linux"))]
        let synced = {
            rustix::fs::sync();
            Ok(())
        };
        synced.during("sync the file system").at(dir)
    }
}

fn name_kind(kind: fs::FileType) -> NameKind {
    if kind.is_file() {
        NameKind::File
    } else if kind.is_dir() {
        NameKind::Dir
    } else if kind.is_symlink() {
        NameKind::Link
    } else {
        NameKind::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_long_as_it_was_when_it_was_opened() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        fs::write(&path, b"12345").unwrap();
        let opened = LocalStorage.open(&path).unwrap();
        // Room for more than the file has must not be filled.
        let mut out = Vec::with_capacity(100);
        out.extend_from_slice(b"ab");
        opened.append_to(&mut out).unwrap();
        assert_eq!(out, b"ab12345");
        fs::write(&path, b"1234567890").unwrap();
        opened.append_to(&mut out).unwrap();
        assert_eq!(out, b"ab1234512345");
        fs::write(&path, b"123").unwrap();
        let error = opened.append_to(&mut out).unwrap_err();
        assert!(
            matches!(error.kind(), crate::ErrorKind::Io { source, .. } if source.kind() == io::ErrorKind::UnexpectedEof)
        );
        assert_eq!(out, b"ab1234512345");
    }
}
