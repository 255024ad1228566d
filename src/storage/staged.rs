//! A file that is visible under its final name only when it is complete and synced.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{
    at_once,
    lock::{Locked, lock_file},
};
use crate::error::{At, During, Error, Result};

/// A file being written under a dot-name beside its final one.
///
/// [`StagedFile::commit`] publishes it; dropping it without a commit removes it.
#[derive(Debug)]
pub struct StagedFile {
    file: File,
    temp: PathBuf,
    dest: PathBuf,
    committed: bool,
}

impl StagedFile {
    /// Starts writing. What an earlier, killed run left under the same dot-name is replaced; a link there is not followed, and
    /// what another process is writing is not touched.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the final path; [`ErrorKind::Output`](crate::ErrorKind::Output) if something
    /// is in the way.
    pub fn create(dest: &Path) -> Result<Self> {
        let name = dest
            .file_name()
            .ok_or_else(|| {
                Error::io("create", io::Error::new(io::ErrorKind::InvalidInput, "the path has no file name"))
            })
            .at(dest)?;
        // Built from the whole name: `with_extension` would map every `x.tfrecord-0000N-of-00012` to one `x.tmp`.
        let mut temp_name = OsString::from(".");
        temp_name.push(name);
        temp_name.push(".partial");
        let temp = dest.with_file_name(temp_name);
        loop {
            match OpenOptions::new().write(true).read(true).create_new(true).open(&temp) {
                // Its lock tells others that it is no leftover. Whoever took it for one before it was locked has removed it.
                Ok(file) if lock(&file).at(dest)? && is_at(&file, &temp) => {
                    return Ok(Self { file, temp, dest: dest.to_path_buf(), committed: false });
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => remove_leftover(&temp)?,
                Err(error) => return Err(error).during("create").at(dest),
            }
        }
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the final path.
    pub fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).during("write").at(&self.dest)
    }

    /// Writes bytes at an offset, from any thread. What lies before and was never written reads as zeros.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the final path.
    pub fn write_at(&self, bytes: &[u8], offset: u64) -> Result<()> {
        use std::os::unix::fs::FileExt;
        self.file.write_all_at(bytes, offset).during("write").at(&self.dest)
    }

    /// Syncs the bytes, then gives the file its final name. The name is durable after the folder is synced.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the final path; the file is then removed.
    pub fn commit(mut self) -> Result<()> {
        self.file.sync_all().during("sync").at(&self.dest)?;
        fs::rename(&self.temp, &self.dest).during("rename").at(&self.dest)?;
        self.committed = true;
        Ok(())
    }
}

/// Commits several files, all of which are tried whatever becomes of the others.
///
/// # Errors
/// Those of [`StagedFile::commit`].
pub fn commit_all(files: Vec<StagedFile>) -> Result<()> {
    at_once(files, StagedFile::commit)
}

impl Drop for StagedFile {
    fn drop(&mut self) {
        if !self.committed {
            // Best effort: a leftover dot-file is swept by the next run.
            let _ = fs::remove_file(&self.temp);
        }
    }
}

/// Removes what a killed run left. It is not written to in place: it may be a link to a file of somebody, or one more name of it.
fn remove_leftover(temp: &Path) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    match fs::symlink_metadata(temp) {
        Ok(metadata) if metadata.is_file() => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).during("read").at(temp),
        Ok(_) => {
            return Err(Error::output("it is in the way: a file is staged under this name, and this is none")
                .with_hint("move it away"))
            .at(temp);
        }
    }
    let leftover = match OpenOptions::new().write(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(temp) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened.during("replace").at(temp)?,
    };
    if !lock(&leftover).at(temp)? {
        return Err(Error::output("another run is writing this file").with_hint("wait for it to end")).at(temp);
    }
    if is_at(&leftover, temp) { fs::remove_file(temp).during("remove").at(temp) } else { Ok(()) }
}

/// Takes the lock of a file; false if another process has it. Where there are no locks, nobody has one.
fn lock(file: &File) -> Result<bool> {
    Ok(lock_file(file).during("lock")? != Locked::ByOther)
}

/// Whether a path is that of an open file.
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(open), Ok(there)) = (file.metadata(), fs::symlink_metadata(path)) else { return false };
    (open.dev(), open.ino()) == (there.dev(), there.ino())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_is_not_a_leftover_is_not_written_to() {
        let dir = tempfile::tempdir().unwrap();
        let (mine, temp, dest) = (dir.path().join("mine"), dir.path().join(".x.partial"), dir.path().join("x"));
        fs::write(&mine, "mine").unwrap();
        let put = || {
            let mut staged = StagedFile::create(&dest)?;
            staged.append(b"new")?;
            staged.commit()
        };
        for link in [&mine, &dir.path().join("nothing")] {
            symlink(link, &temp).unwrap();
            assert!(put().unwrap_err().to_string().contains(".x.partial: it is in the way"));
            assert!(temp.is_symlink() && !dir.path().join("nothing").exists() && !dest.exists());
            fs::remove_file(&temp).unwrap();
        }
        // One more name of a file is a leftover, and what it holds is not.
        fs::hard_link(&mine, &temp).unwrap();
        put().unwrap();
        assert_eq!((fs::read(&mine).unwrap(), fs::read(&dest).unwrap()), (b"mine".to_vec(), b"new".to_vec()));
        assert!(!temp.exists());
        fs::create_dir(&temp).unwrap();
        put().unwrap_err();
    }

    #[test]
    fn two_do_not_write_one_file() {
        let dir = tempfile::tempdir().unwrap();
        let dest = dir.path().join("x");
        let mut first = StagedFile::create(&dest).unwrap();
        assert!(StagedFile::create(&dest).unwrap_err().to_string().contains("another run is writing this file"));
        first.append(b"first").unwrap();
        first.commit().unwrap();
        assert_eq!(fs::read(&dest).unwrap(), b"first");
        StagedFile::create(&dest).unwrap().commit().unwrap();
    }
}
