//! A lock that the operating system drops when its holder dies, however it dies.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

use crate::error::{At, During, Result};

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
            let file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(false)
                // A link here would make a file elsewhere.
                .custom_flags(libc::O_NOFOLLOW)
                .open(path)
                .during("create the lock")
                .at(path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error).during("lock").at(path),
            }
            // The holder before may have removed the file between our opening and locking it: then we hold nothing.
            let ours = file.metadata().during("read").at(path)?.ino();
            if fs::metadata(path).is_ok_and(|there| there.ino() == ours) {
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
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Ok(FolderLock::Busy),
            Err(TryLockError::Error(_)) => return Ok(FolderLock::Unknown),
            Ok(()) => {}
        }
        let ours = file.metadata()?.ino();
        let is_there = fs::symlink_metadata(path).is_ok_and(|there| there.ino() == ours);
        Ok(if is_there { FolderLock::Held(Self(file)) } else { FolderLock::Busy })
    }
}
