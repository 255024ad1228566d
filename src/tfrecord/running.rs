//! Bytes that can be read anywhere, with the checksum of any stretch of them at the price of its two ends.

use super::{crc::shift, frame::HEADER_LEN};
use crate::error::Result;

/// The distance between two entries of the table of running checksums, in bytes. The table takes a thousandth of the file.
const STEP: u64 = 4 << 10;

/// Bytes read at once while the table is made.
const PASS: usize = 1 << 20;

/// Bytes read at once to look at a place: what follows it is mostly looked at next.
pub(super) const WINDOW: u64 = 64 << 10;

/// A reader with one window, and the CRC-32C of everything up to each multiple of `STEP`.
pub(super) struct RunningCrc<F> {
    len: u64,
    read: F,
    window: Vec<u8>,
    start: u64,
    /// `table[i]` is the CRC-32C of the first `i * STEP` bytes.
    table: Vec<u32>,
    /// How far the table goes, and the CRC-32C of everything up to there.
    indexed: u64,
    crc: u32,
    block: Vec<u8>,
    spare: Vec<u8>,
}

impl<F: FnMut(&mut [u8], u64) -> Result<()>> RunningCrc<F> {
    pub(super) fn new(len: u64, read: F) -> Self {
        Self {
            len,
            read,
            window: Vec::new(),
            start: 0,
            table: vec![0],
            indexed: 0,
            crc: 0,
            block: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// Makes the table as far as an offset and somewhat further. Each byte is read once for it, and none before it is needed.
    fn index(&mut self, to: u64) -> Result<()> {
        let step = usize::try_from(STEP).unwrap_or(PASS);
        while self.indexed < to.min(self.len) {
            let take = usize::try_from(self.len - self.indexed).unwrap_or(PASS).min(PASS);
            self.block.resize(take, 0);
            (self.read)(&mut self.block, self.indexed)?;
            self.indexed += take as u64;
            for part in self.block.chunks(step) {
                self.crc = crc32c::crc32c_append(self.crc, part);
                if part.len() == step {
                    self.table.push(self.crc);
                }
            }
        }
        Ok(())
    }

    /// The bytes from `at` on: at least `want` of them, or all that are left.
    pub(super) fn view(&mut self, at: u64, want: u64) -> Result<&[u8]> {
        let left = self.len.saturating_sub(at);
        let want = want.min(left);
        let has = self.window.len() as u64;
        if at < self.start || at + want > self.start + has {
            let ahead = want.max(WINDOW).min(left);
            self.window.resize(usize::try_from(ahead).unwrap_or(usize::MAX), 0);
            self.start = at;
            (self.read)(&mut self.window, at)?;
        }
        let from = usize::try_from(at - self.start).unwrap_or(usize::MAX);
        Ok(self.window.get(from..).unwrap_or_default())
    }

    /// The four bytes at an offset, as a little-endian number; 0 past the end.
    pub(super) fn u32_at(&mut self, at: u64) -> Result<u32> {
        let mut bytes = [0; 4];
        if at.saturating_add(4) <= self.len {
            (self.read)(&mut bytes, at)?;
        }
        Ok(u32::from_le_bytes(bytes))
    }

    /// The CRC-32C of the bytes in `from..to`, which are not past the end.
    pub(super) fn crc(&mut self, from: u64, to: u64) -> Result<u32> {
        let len = to.saturating_sub(from);
        if len <= 2 * STEP {
            return self.append(0, from, len);
        }
        let (before, all) = (self.up_to(from)?, self.up_to(to)?);
        Ok(between(before, all, len))
    }

    /// The CRC-32C of everything before an offset.
    pub(super) fn up_to(&mut self, at: u64) -> Result<u32> {
        self.index(at)?;
        let step = usize::try_from(at / STEP).unwrap_or(usize::MAX);
        let crc = self.table.get(step).copied().unwrap_or_default();
        self.append(crc, at - at % STEP, at % STEP)
    }

    /// Goes on with a CRC over `len` bytes, which are at most two steps.
    fn append(&mut self, crc: u32, from: u64, len: u64) -> Result<u32> {
        self.spare.resize(usize::try_from(len).unwrap_or(usize::MAX), 0);
        if len > 0 {
            (self.read)(&mut self.spare, from)?;
        }
        Ok(crc32c::crc32c_append(crc, &self.spare))
    }

    /// Whether there are at least twelve bytes from `at` on, all of them zero.
    pub(super) fn is_zero_from(&mut self, at: u64) -> Result<bool> {
        if self.len.saturating_sub(at) < HEADER_LEN as u64 {
            return Ok(false);
        }
        let mut at = at;
        while at < self.len {
            let window = self.view(at, 1)?;
            if window.iter().any(|byte| *byte != 0) {
                return Ok(false);
            }
            at += window.len() as u64;
        }
        Ok(true)
    }
}

/// The CRC-32C of `len` bytes, from those of everything before them and of everything up to their end. A CRC is linear: what
/// stands before is taken out of the whole.
pub(super) fn between(before: u32, all: u32, len: u64) -> u32 {
    all ^ shift(before, len)
}
