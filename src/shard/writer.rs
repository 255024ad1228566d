//! Writing one shard: append, count, check, and hand over for syncing.

use std::path::Path;

use super::policy::ShardFill;
use crate::{
    error::Result,
    storage::{StagedFile, Storage},
};

/// What a finished shard file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ShardSummary {
    /// Records.
    pub records: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// CRC-32 (IEEE) of the file, as `crc32` and `zlib.crc32` compute it.
    pub crc32: u32,
}

/// A shard that is being written under its staged name.
#[derive(Debug)]
pub struct ShardWriter {
    file: StagedFile,
    crc: crc32fast::Hasher,
    fill: ShardFill,
}

impl ShardWriter {
    /// Starts a shard.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    pub fn create(storage: &dyn Storage, dest: &Path) -> Result<Self> {
        Ok(Self { file: storage.stage(dest)?, crc: crc32fast::Hasher::new(), fill: ShardFill::default() })
    }

    /// What it holds so far.
    #[must_use]
    pub fn fill(&self) -> ShardFill {
        self.fill
    }

    /// Appends whole framed records (or whole gzip members of them).
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    pub fn append(&mut self, bytes: &[u8], records: u64) -> Result<()> {
        self.file.append(bytes)?;
        self.crc.update(bytes);
        self.fill.bytes += bytes.len() as u64;
        self.fill.records += records;
        Ok(())
    }

    /// Ends the shard. The file still has to be committed, which waits for the disk.
    #[must_use]
    pub fn finish(self) -> (StagedFile, ShardSummary) {
        let ShardFill { bytes, records } = self.fill;
        (self.file, ShardSummary { records, bytes, crc32: self.crc.finalize() })
    }
}
