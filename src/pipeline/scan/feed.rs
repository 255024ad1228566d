//! The bytes of a stretch on their way to a worker, and into the checksum of the file.

use std::ops::Range;

use crate::{error::Result, source::ShardFile};

/// Bytes read at once where they are only counted.
const BLOCK: usize = 256 << 10;

/// Reads an uncompressed file from the start of a stretch on.
pub(super) struct PlainFeed<'a> {
    file: &'a ShardFile,
    next: u64,
    stretch: Range<u64>,
    crc: Option<&'a mut crc32fast::Hasher>,
}

impl<'a> PlainFeed<'a> {
    /// From `start` on. With a checksum `start` is the start of the stretch, and all bytes of the stretch go into it.
    pub(super) fn new(
        file: &'a ShardFile,
        start: u64,
        stretch: &Range<u64>,
        crc: Option<&'a mut crc32fast::Hasher>,
    ) -> Self {
        Self { file, next: start, stretch: stretch.clone(), crc }
    }

    /// Fills a buffer as far as it goes without reading what another worker reads. Returns the bytes; 0 at the end.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let inside = self.next < self.stretch.end;
        let end = if inside { self.stretch.end } else { self.file.len() };
        let take = usize::try_from(end.saturating_sub(self.next)).unwrap_or(usize::MAX).min(buffer.len());
        let part = buffer.get_mut(..take).unwrap_or_default();
        self.file.read_exact_at(part, self.next)?;
        if let Some(crc) = self.crc.as_mut().filter(|_| inside) {
            crc.update(part);
        }
        self.next += take as u64;
        Ok(take)
    }

    /// Reads what is left of the stretch for the checksum, if there is one to compute.
    pub(super) fn finish(mut self) -> Result<()> {
        if self.crc.is_none() || self.next >= self.stretch.end {
            return Ok(());
        }
        let mut block = vec![0; BLOCK];
        while self.next < self.stretch.end {
            self.read(&mut block)?;
        }
        Ok(())
    }
}
