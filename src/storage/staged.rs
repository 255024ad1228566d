//! A file that is visible under its final name only when it is complete and synced.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
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
    /// Starts writing. What an earlier, killed run left under the same dot-name is replaced.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the final path.
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
        let file = OpenOptions::new()
            .write(true)
            .read(true)
            .create(true)
            .truncate(true)
            .open(&temp)
            .during("create")
            .at(dest)?;
        Ok(Self { file, temp, dest: dest.to_path_buf(), committed: false })
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

impl Drop for StagedFile {
    fn drop(&mut self) {
        if !self.committed {
            // Best effort: a leftover dot-file is swept by the next run.
            let _ = fs::remove_file(&self.temp);
        }
    }
}
