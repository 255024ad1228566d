//! A TFRecord file that somebody wrote: what it is, its bytes at any place, and what is in it if it is compressed.

use std::{
    io::IoSliceMut,
    path::{Path, PathBuf},
};

use super::Spool;
use crate::{
    error::{At, Result},
    storage::{ReadAt, Storage},
    tfrecord::{Compression, Inflater, StreamFault},
};

/// Bytes that tell what a file is.
const HEAD: u64 = 4 << 10;

/// Unpacked bytes written at once.
const BLOCK: usize = 1 << 20;

/// An open shard.
#[derive(Debug)]
pub struct ShardFile {
    path: PathBuf,
    file: Box<dyn ReadAt>,
    head: Vec<u8>,
    compression: Compression,
}

impl ShardFile {
    /// Opens a file and looks at its first bytes. That it is no TFRecord is not found out here.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    pub fn open(storage: &dyn Storage, path: &Path) -> Result<Self> {
        let file = storage.open(path)?;
        let mut head = vec![0; usize::try_from(file.len().min(HEAD)).unwrap_or(0)];
        file.read_exact_at(&mut head, 0).at(path)?;
        let compression = Compression::detect(&head);
        Ok(Self { path: path.to_path_buf(), file, head, compression })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The bytes of the file.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "an empty file is nothing special here")]
    pub fn len(&self) -> u64 {
        self.file.len()
    }

    /// The first bytes of the file, 4 KiB at most.
    #[must_use]
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// How it is compressed, as its bytes tell.
    #[must_use]
    pub const fn compression(&self) -> Compression {
        self.compression
    }

    /// Fills a buffer from an offset of the file on.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path, also when the file became shorter.
    pub fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> Result<()> {
        self.file.read_exact_at(buffer, offset).at(&self.path)
    }

    /// Fills several buffers one after the other from an offset of the file on, in one go where that is possible.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path, also when the file became shorter.
    pub fn read_exact_vectored_at<const N: usize>(&self, buffers: [&mut [u8]; N], offset: u64) -> Result<()> {
        self.file.read_exact_vectored_at(&mut buffers.map(IoSliceMut::new), offset).at(&self.path)
    }

    /// Reads what is in a compressed file from front to end.
    #[must_use]
    pub fn inflate(&self) -> Inflater<impl FnMut(&mut [u8], u64) -> Result<()>> {
        Inflater::new(self.compression, self.len(), |buffer: &mut [u8], offset| self.read_exact_at(buffer, offset))
    }

    /// Writes what can be read of a compressed file to a scratch file, in which any place can be read. Behind a damaged gzip
    /// member it goes on with the next one.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path; what the spool's watch returns. Damage is no error.
    pub fn unpack<'s, 'w>(&self, spool: &'s Spool<'w>) -> Result<Unpacked<'s, 'w>> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let advice = "a compressed shard is unpacked here while it is looked at: make room, or let TMPDIR name a folder on \
                      another disk";
        let out = spool.create_with(&name, advice.to_owned())?;
        let mut inflater = self.inflate();
        let (mut faults, mut block, mut at) = (Vec::new(), vec![0; BLOCK], 0);
        let mut breaks: Vec<u64> = Vec::new();
        loop {
            let made = inflater.fill(&mut block)?;
            out.append(block.get(..made).unwrap_or_default(), at)?;
            at += made as u64;
            spool.tick(made as u64)?;
            if made == block.len() {
                continue;
            }
            let fault = inflater.fault();
            let resumed = breaks.last().copied();
            // Members that were found by a search and end in the middle of something are part of a record that holds a gzip
            // file: what is in them are no records of this one.
            let stored = resumed.filter(|_| inflater.ends_in_junk());
            at = stored.unwrap_or(at);
            let Some(fault) = fault else { break };
            // What only looks like a member is no fault of its own.
            if resumed.is_none_or(|resumed| at > resumed) {
                faults.push(fault);
            }
            if !inflater.resume()? {
                break;
            }
            if resumed != Some(at) {
                breaks.push(at);
            }
        }
        out.cut(at)?;
        let (_, path) = out.finish()?;
        breaks.retain(|place| (1..at).contains(place));
        Ok(Unpacked { path, faults, breaks, len: at, spool })
    }
}

/// What was in a compressed file. The scratch file goes when this is dropped.
#[derive(Debug)]
pub struct Unpacked<'s, 'w> {
    path: PathBuf,
    /// Why the compressed file could not be read to its end, or not in one go.
    pub faults: Vec<StreamFault>,
    /// The places in the uncompressed bytes where something is missing, or may be.
    pub breaks: Vec<u64>,
    /// The uncompressed bytes.
    pub len: u64,
    spool: &'s Spool<'w>,
}

impl Unpacked<'_, '_> {
    /// Where the scratch file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Unpacked<'_, '_> {
    fn drop(&mut self) {
        self.spool.remove(&self.path);
    }
}
