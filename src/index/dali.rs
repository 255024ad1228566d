//! The record index of one shard, as `tfrecord2idx` of DALI and of the `tfrecord` package write it: a line a record with
//! its offset and its length, both in bytes and framing included.
//!
//! Both readers parse whole numbers up to the first thing that is none, so there is no header and no third column.

use std::{io::Write, path::Path};

use crate::{
    error::Result,
    storage::{StagedFile, Storage},
    tfrecord::Spans,
};

/// Writes are gathered up to this many bytes.
const BUFFER: usize = 64 << 10;

/// The text of the index of a shard, piece by piece.
///
/// # Errors
/// What `each` returns first.
pub fn index_text(spans: &Spans, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut text = Vec::with_capacity(BUFFER + 64);
    for span in spans.iter() {
        line(&mut text, span.offset.0, span.len.into());
        if text.len() >= BUFFER {
            each(&text)?;
            text.clear();
        }
    }
    each(&text)
}

fn line(text: &mut Vec<u8>, offset: u64, framed: u64) {
    // Writing to memory does not fail.
    let _ = writeln!(text, "{offset} {framed}");
}

/// Writes an index line by line.
#[derive(Debug)]
pub struct IndexWriter {
    file: StagedFile,
    text: Vec<u8>,
    offset: u64,
}

impl IndexWriter {
    /// Starts an index.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    pub fn create(storage: &dyn Storage, dest: &Path) -> Result<Self> {
        Ok(Self { file: storage.stage(dest)?, text: Vec::with_capacity(BUFFER + 64), offset: 0 })
    }

    /// Adds the next record, which takes `framed` bytes of the shard.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    pub fn add(&mut self, framed: u64) -> Result<()> {
        line(&mut self.text, self.offset, framed);
        self.offset += framed;
        if self.text.len() >= BUFFER {
            self.file.append(&self.text)?;
            self.text.clear();
        }
        Ok(())
    }

    /// Ends the index. The file still has to be committed.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the path.
    pub fn finish(mut self) -> Result<StagedFile> {
        self.file.append(&self.text)?;
        Ok(self.file)
    }
}
