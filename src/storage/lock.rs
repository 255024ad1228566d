//! A lock that the operating system drops when its holder dies, however it dies.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

use crate::error::{At, During, Error, Result};

/// Held for as long as it lives.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "closing the file releases the lock")] File);

/// What came of locking a folder.
#[derive(Debug)]
pub enum FolderLock {
    /// Nobody else has it.
    Held(Lock),
    /// Another process has it, or has removed the folder.
    Busy,
    /// The file system does not lock folders: nobody can tell.
    Unknown,
}

impl Lock {
    /// Takes the lock on a file, making the file if needed; `None` if another process holds it.
    pub(super) fn take(path: &Path) -> Result<Option<Self>> {
        loop {
            match fs::symlink_metadata(path) {
                Ok(there) if !there.is_file() => return Err(in_the_way()).at(path),
                _ => {}
            }
            let file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(false)
                // A link here would make a file elsewhere, and a pipe that took its place would be waited for.
                .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
                .open(path)
                .during("create the lock")
                .at(path)?;
            let metadata = file.metadata().during("read").at(path)?;
            if !metadata.is_file() {
                return Err(in_the_way()).at(path);
            }
            if lock_file(&file).during("lock").at(path)? == Locked::ByOther {
                return Ok(None);
            }
            // The holder before may have removed the file between our opening and locking it: then we hold nothing.
            if fs::metadata(path).is_ok_and(|there| there.ino() == metadata.ino()) {
                return Ok(Some(Self(file)));
            }
        }
    }

    /// Takes the lock on a folder, in which nothing is made for it.
    pub(super) fn of_folder(path: &Path) -> io::Result<FolderLock> {
        let opened = OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_DIRECTORY).open(path);
        let file = match opened {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(FolderLock::Busy),
            opened => opened?,
        };
        match lock_file(&file) {
            Ok(Locked::ByOther) => return Ok(FolderLock::Busy),
            Ok(Locked::Unknown) | Err(_) => return Ok(FolderLock::Unknown),
            Ok(Locked::ByUs) => {}
        }
        let ours = file.metadata()?.ino();
        let is_there = fs::symlink_metadata(path).is_ok_and(|there| there.ino() == ours);
        Ok(if is_there { FolderLock::Held(Self(file)) } else { FolderLock::Busy })
    }
}

fn in_the_way() -> Error {
    Error::output("it is in the way: shardify locks a file of this name, and this is none").with_hint("remove it")
}

/// Who has the lock of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Locked {
    /// This process.
    ByUs,
    /// Another one.
    ByOther,
    /// Nobody can tell: there are no locks here, as on Lustre mounted without them and NFS 3 without its lock daemon.
    Unknown,
}

/// Tries to take the lock of an open file.
pub(super) fn lock_file(file: &File) -> io::Result<Locked> {
    match file.try_lock() {
        Ok(()) => Ok(Locked::ByUs),
        Err(TryLockError::WouldBlock) => Ok(Locked::ByOther),
        Err(TryLockError::Error(error)) if is_without_locks(&error) => Ok(Locked::Unknown),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn is_without_locks(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Unsupported
        || error.raw_os_error().is_some_and(|code| [libc::ENOLCK, libc::ENOSYS, libc::EOPNOTSUPP].contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_file_systems_without_locks_say() {
        for (code, without) in [
            (libc::ENOLCK, true),
            (libc::ENOSYS, true),
            (libc::EOPNOTSUPP, true),
            (libc::EIO, false),
            (libc::EBADF, false),
        ] {
            assert_eq!(is_without_locks(&io::Error::from_raw_os_error(code)), without, "{code}");
        }
    }
}
